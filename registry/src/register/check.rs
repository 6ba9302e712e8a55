//! Judging an event. The checks come in the order of [`Rule`], effect by effect and then for the
//! event as a whole.
//!
//! A rule that the event breaks as a legacy defect is named by one of its own effects
//! ([`Effect::DefectAccepted`]), so that who reads the event knows it.

use super::names::Space;
use super::{Limit, MAX_CLOSED_PER_EVENT, MAX_ITEMS, Register};
use crate::amount::Quantity;
use crate::date::Date;
use crate::effect::{Authorized, Effect, Opened};
use crate::event::{Event, EventKind};
use crate::handle::{CertificateId, ClassId, IssuerId};
use crate::rule::Rule;

mod charter;
mod entities;
mod securities;

use securities::Instruments;

impl Register {
    /// Whether `event` may happen now: the first rule that it would break.
    pub fn check(&self, event: &Event) -> Result<(), Rule> {
        self.tally(event, Limits::Kept).map(|_| ())
    }

    /// The same for an event of a history of which the rest of the day is not told yet: the limits
    /// beyond which it goes, signed for or not, are for the end of the day to judge.
    pub(crate) fn check_within_day(&self, event: &Event) -> Result<Vec<Limit>, Rule> {
        self.tally(event, Limits::Noted)
    }

    fn tally(&self, event: &Event, limits: Limits) -> Result<Vec<Limit>, Rule> {
        let mut tally = Tally {
            register: self,
            event,
            limits,
            issuer: None,
            lines: Vec::new(),
            opened: 0,
            instruments: Instruments::default(),
            exceeded: Vec::new(),
        };
        for (at, effect) in event.effects.iter().enumerate() {
            tally.check(at, effect)?;
        }
        tally.end()?;
        Ok(tally.exceeded)
    }

    /// The ids that an opened certificate would use up, and the rule that keeps each unique.
    pub(super) fn ids_of(&self, opened: &Opened) -> impl Iterator<Item = (u128, Rule)> {
        let issuer = self.class(opened.class).map_or(IssuerId(u32::MAX), |class| class.issuer);
        let digest = move |space: Space, text: &str, rule| {
            (!text.is_empty()).then(|| (space.digest(issuer, text), rule))
        };
        [
            digest(Space::StockNumber, &opened.number, Rule::NumberNotUnique),
            digest(Space::Security, &opened.source_id, Rule::IdNotUnique),
        ]
        .into_iter()
        .flatten()
    }
}

/// When an event has to keep within the limits of charter and plans.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Limits {
    /// At once.
    Kept,
    /// Later: they are noted.
    Noted,
}

/// What an event has done so far.
struct Tally<'a> {
    register: &'a Register,
    event: &'a Event,
    limits: Limits,
    issuer: Option<IssuerId>,
    lines: Vec<Line>,
    opened: usize,
    instruments: Instruments,
    exceeded: Vec<Limit>,
}

/// Shares of one class.
#[derive(Clone, Copy)]
struct Line {
    class: ClassId,
    closed: Quantity,
    opened: Quantity,
    treasury: Quantity,
}

impl Tally<'_> {
    fn check(&mut self, at: usize, effect: &Effect) -> Result<(), Rule> {
        let register = self.register;
        match effect {
            Effect::CertificateOpened(opened) => self.opens(at, opened),
            Effect::CertificateClosed { certificate, class, account, quantity } => {
                let found = register.certificate(*certificate).ok_or(Rule::CertificateUnknown)?;
                if self.closed_before(at, *certificate) {
                    return Err(Rule::CertificateUnknown);
                }
                if (found.class, found.account, found.quantity) != (*class, *account, *quantity) {
                    return Err(Rule::CertificateMismatch);
                }
                let line = self.line(*class)?;
                line.closed = add(line.closed, *quantity)?;
                if self.event.kind == EventKind::Retraction && found.accepted {
                    return Err(Rule::AcceptedNotRetractable);
                }
                self.dated(found.date)
            }
            Effect::CertificateAccepted { certificate } => {
                let found = register.certificate(*certificate).ok_or(Rule::CertificateUnknown)?;
                let class = register.class(found.class).ok_or(Rule::ClassUnknown)?;
                self.of(class.issuer)?;
                self.dated(found.date)?;
                if found.accepted { Err(Rule::AlreadyAccepted) } else { Ok(()) }
            }
            Effect::TreasuryKept { class, quantity } => {
                let line = self.line(*class)?;
                line.treasury = add(line.treasury, *quantity)?;
                let bought = self.event.kind == EventKind::Repurchase;
                if bought { Ok(()) } else { Err(Rule::QuantityMismatch) }
            }
            Effect::ClassSplit { .. } | Effect::CertificateScaled { .. } => {
                // Judged with the event as a whole.
                let split = self.event.kind == EventKind::Split;
                if split { Ok(()) } else { Err(Rule::QuantityMismatch) }
            }
            Effect::IssuerAuthorized { .. }
            | Effect::ClassAuthorized { .. }
            | Effect::ConversionsSet { .. }
            | Effect::RepurchasePolicy { .. } => self.charter(at, effect),
            Effect::PoolReserved { .. }
            | Effect::PoolDrawn { .. }
            | Effect::PoolReturned { .. }
            | Effect::StockOfPlan { .. }
            | Effect::PoolExercised { .. }
            | Effect::PoolScaled { .. }
            | Effect::SecurityOpened(_)
            | Effect::SecurityClosed { .. }
            | Effect::SecurityReduced { .. }
            | Effect::SecurityScaled { .. }
            | Effect::SecurityAccepted { .. }
            | Effect::SecurityRepriced { .. } => self.instrument(at, effect),
            other => self.entity(at, other),
        }
    }

    fn opens(&mut self, at: usize, opened: &Opened) -> Result<(), Rule> {
        let register = self.register;
        let class = register.class(opened.class).ok_or(Rule::ClassUnknown)?;
        let account = register.account(opened.account).ok_or(Rule::AccountUnknown)?;
        let line = self.line(opened.class)?;
        line.opened = add(line.opened, opened.quantity)?;
        if opened.holder != account.holder {
            return Err(Rule::CertificateMismatch);
        }
        let slot = register.free_slot(self.opened).ok_or(Rule::RegisterFull)?;
        if opened.certificate.slot != slot {
            return Err(Rule::CertificateMismatch);
        }
        self.opened += 1;
        for (digest, rule) in register.ids_of(opened) {
            self.unused(digest, rule)?;
        }
        for effect in &self.event.effects[..at] {
            let Effect::CertificateOpened(other) = effect else { continue };
            if !other.source_id.is_empty() && other.source_id == opened.source_id {
                return Err(Rule::IdNotUnique);
            }
            if !other.number.is_empty() && other.number == opened.number {
                self.breaks(Rule::NumberNotUnique)?;
            }
        }
        if opened.quantity.is_zero() {
            return Err(Rule::QuantityZero);
        }
        if !opened.quantity.has_granularity(class.decimals) {
            return Err(Rule::QuantityGranularity);
        }
        Ok(())
    }

    /// The line of a class, whose issuer must be that of the whole event.
    fn line(&mut self, class: ClassId) -> Result<&mut Line, Rule> {
        let facts = self.register.class(class).ok_or(Rule::ClassUnknown)?;
        self.of(facts.issuer)?;
        if self.event.date < facts.split {
            self.breaks(Rule::DateOutOfOrder)?;
        }
        let at = match self.lines.iter().position(|line| line.class == class) {
            Some(at) => at,
            None => {
                let (closed, opened) = (Quantity::ZERO, Quantity::ZERO);
                self.lines.push(Line { class, closed, opened, treasury: Quantity::ZERO });
                self.lines.len() - 1
            }
        };
        Ok(&mut self.lines[at])
    }

    /// Everything that an event names is of one issuer.
    fn of(&mut self, issuer: IssuerId) -> Result<(), Rule> {
        let same = *self.issuer.get_or_insert(issuer) == issuer;
        if same { Ok(()) } else { Err(Rule::IssuerMismatch) }
    }

    fn closed_before(&self, at: usize, id: CertificateId) -> bool {
        self.event.effects[..at].iter().any(
            |effect| matches!(effect, Effect::CertificateClosed { certificate, .. } if *certificate == id),
        )
    }

    fn dated(&self, issued: Date) -> Result<(), Rule> {
        if self.event.date < issued { self.breaks(Rule::DateBeforeIssuance) } else { Ok(()) }
    }

    fn unused(&self, digest: u128, rule: Rule) -> Result<(), Rule> {
        if self.register.is_used(digest) { self.breaks(rule) } else { Ok(()) }
    }

    /// The event breaks a rule: whether that is signed for.
    fn breaks(&self, rule: Rule) -> Result<(), Rule> {
        let accepted = |effect: &Effect| matches!(effect, Effect::DefectAccepted { rule: accepted, .. } if *accepted == rule);
        if self.event.effects.iter().any(accepted) { Ok(()) } else { Err(rule) }
    }

    /// A sum beyond a limit breaks a rule; one beyond the representable range cannot be waived.
    fn within(
        &mut self,
        sum: Option<Quantity>,
        limit: Option<Quantity>,
        of: Limit,
    ) -> Result<(), Rule> {
        let sum = sum.ok_or(of.rule())?;
        if limit.is_some_and(|limit| sum > limit) { self.exceeds(of) } else { Ok(()) }
    }

    fn exceeds(&mut self, limit: Limit) -> Result<(), Rule> {
        self.exceeded.push(limit);
        match self.limits {
            Limits::Kept => self.breaks(limit.rule()),
            Limits::Noted => Ok(()),
        }
    }

    /// The rules that hold for the event as a whole.
    fn end(&mut self) -> Result<(), Rule> {
        match self.event.kind {
            EventKind::Split => self.split()?,
            EventKind::Reissuance => self.reissued()?,
            _ => {}
        }
        let (mut closed, mut opened) = (Quantity::ZERO, Quantity::ZERO);
        for at in 0..self.lines.len() {
            let line = self.lines[at];
            closed = add(closed, line.closed)?;
            opened = add(opened, line.opened)?;
            let balanced = self.event.kind.balances(line.closed, line.opened);
            let reduced = line.closed.checked_sub(line.opened).unwrap_or_default();
            if !balanced || line.treasury > reduced {
                return Err(Rule::QuantityMismatch);
            }
            if line.opened > line.closed {
                self.authorized(&line)?;
            }
        }
        self.instruments_end()?;
        if let Some(id) = self.issuer
            && let Some(issuer) = self.register.issuer(id)
        {
            // Converted shares of one class make room for those of another one.
            if let Some(more) = opened.checked_sub(closed).filter(|more| !more.is_zero()) {
                let sum = issuer.outstanding.checked_add(more);
                self.within(sum, issuer.authorized.limit(), Limit::Issuer(id))?;
            }
            // What moves no share may speak of the time before: a valuation, or an employment.
            let speaks = matches!(self.event.kind, EventKind::Information | EventKind::Vesting);
            if !speaks && self.event.date < issuer.formed {
                self.breaks(Rule::DateBeforeFormation)?;
            }
        }
        let closes = |effect: &&Effect| matches!(effect, Effect::CertificateClosed { .. });
        // A draft is activated as a whole; the bound is for what a command costs.
        let draft = self.issuer.and_then(|id| self.register.issuer(id)).is_some_and(|of| of.draft);
        if !draft
            && self.event.kind != EventKind::Split
            && self.event.effects.iter().filter(closes).count() > MAX_CLOSED_PER_EVENT
        {
            return Err(Rule::TooManyCertificates);
        }
        Ok(())
    }

    /// A reissuance changes no holder.
    fn reissued(&self) -> Result<(), Rule> {
        let holder = self.event.effects.iter().find_map(|effect| match effect {
            Effect::CertificateClosed { account, .. } => {
                self.register.account(*account).map(|account| account.holder)
            }
            _ => None,
        });
        let other = |effect: &Effect| matches!(effect, Effect::CertificateOpened(opened) if Some(opened.holder) != holder);
        let stays = !self.event.effects.iter().any(other);
        if stays { Ok(()) } else { self.breaks(Rule::ResultMismatch) }
    }

    /// More shares than before: within what class and issuer authorize, and not before an event that
    /// changed what that is.
    fn authorized(&mut self, line: &Line) -> Result<(), Rule> {
        let class = self.register.class(line.class).ok_or(Rule::ClassUnknown)?;
        let issuer = self.register.issuer(class.issuer).ok_or(Rule::IssuerUnknown)?;
        let more = line.opened.checked_sub(line.closed).unwrap_or_default();
        let sum =
            class.outstanding.checked_add(class.treasury).and_then(|sum| sum.checked_add(more));
        self.within(sum, class.authorized.limit(), Limit::Class(line.class))?;
        let early = self.event.date < class.ruled.max(issuer.ruled);
        if early { self.breaks(Rule::DateOutOfOrder) } else { Ok(()) }
    }

    /// A split reaches each certificate of its class, as [`Register::plan_split`] says.
    fn split(&mut self) -> Result<(), Rule> {
        let split = self.event.effects.iter().find_map(|effect| match effect {
            Effect::ClassSplit { class, ratio, .. } => Some((*class, *ratio)),
            _ => None,
        });
        let (class, ratio) = split.ok_or(Rule::QuantityMismatch)?;
        let facts = self.register.class(class).ok_or(Rule::ClassUnknown)?;
        let (authorized, owner) = (facts.authorized, facts.issuer);
        self.of(owner)?;
        if self.event.date < facts.ruled.max(facts.last) {
            self.breaks(Rule::DateOutOfOrder)?;
        }
        let of_split = |effect: &&Effect| {
            !matches!(effect, Effect::Documented { .. } | Effect::DefectAccepted { .. })
        };
        let issuer = self.register.issuer(owner).ok_or(Rule::IssuerUnknown)?;
        let mut planned = Event::default();
        self.register.plan_split(&mut planned, class, ratio, !issuer.draft)?;
        let matches = planned.effects.iter().eq(self.event.effects.iter().filter(of_split));
        if !matches {
            return Err(Rule::QuantityMismatch);
        }
        let (mut before, mut after) = (Quantity::ZERO, Quantity::ZERO);
        for effect in &self.event.effects {
            let (certificate, from, to) = match effect {
                Effect::CertificateScaled { certificate, before, after, .. } => {
                    (certificate, *before, *after)
                }
                Effect::CertificateClosed { certificate, quantity, .. } => {
                    (certificate, *quantity, Quantity::ZERO)
                }
                Effect::ClassSplit { treasury, .. } => {
                    before = add(before, facts.treasury)?;
                    after = add(after, *treasury)?;
                    continue;
                }
                _ => continue,
            };
            let found = self.register.certificate(*certificate).ok_or(Rule::CertificateUnknown)?;
            self.dated(found.date)?;
            before = add(before, from)?;
            after = add(after, to)?;
        }
        self.within(Some(after), authorized.limit(), Limit::Class(class))?;
        let sum = issuer.outstanding.checked_sub(before).and_then(|rest| rest.checked_add(after));
        self.within(sum, issuer.authorized.limit(), Limit::Issuer(owner))
    }
}

fn add(sum: Quantity, quantity: Quantity) -> Result<Quantity, Rule> {
    sum.checked_add(quantity).ok_or(Rule::QuantityMismatch)
}
