//! Judging an event. The checks come in the order of [`Rule`].

use super::{MAX_CLOSED_PER_EVENT, MAX_ITEMS, Register, id_digest};
use crate::amount::Quantity;
use crate::date::Date;
use crate::effect::{Authorized, Effect, Opened};
use crate::event::{Event, EventKind};
use crate::handle::{CertificateId, ClassId, IssuerId};
use crate::rule::Rule;

/// Kinds of ids that are unique within an issuer, in [`id_digest`].
pub(super) const ISSUED_NUMBER: u8 = 1;
pub(super) const ISSUED_SOURCE: u8 = 2;
pub(super) const CLASS_SOURCE: u8 = 3;
pub(super) const STAKEHOLDER_SOURCE: u8 = 4;

impl Register {
    /// Whether `event` may happen now: the first rule that it would break.
    pub fn check(&self, event: &Event) -> Result<(), Rule> {
        let mut tally = Tally { register: self, event, issuer: None, lines: Vec::new(), opened: 0 };
        for (at, effect) in event.effects.iter().enumerate() {
            tally.check(at, effect)?;
        }
        tally.end()
    }

    /// The ids that an opened certificate would use up.
    pub(super) fn ids_of(&self, opened: &Opened) -> impl Iterator<Item = u128> {
        let issuer = self.class(opened.class).map_or(IssuerId(u32::MAX), |class| class.issuer);
        let digest =
            move |kind, text: &str| (!text.is_empty()).then(|| id_digest(issuer, kind, text));
        [digest(ISSUED_NUMBER, &opened.number), digest(ISSUED_SOURCE, &opened.source_id)]
            .into_iter()
            .flatten()
    }

    fn unused(&self, digest: u128) -> Result<(), Rule> {
        if self.used_id_at.get(digest).is_some() { Err(Rule::IdNotUnique) } else { Ok(()) }
    }
}

/// What an event has done so far.
struct Tally<'a> {
    register: &'a Register,
    event: &'a Event,
    issuer: Option<IssuerId>,
    lines: Vec<Line>,
    opened: usize,
}

/// Shares of one class.
struct Line {
    class: ClassId,
    closed: Quantity,
    opened: Quantity,
}

impl Tally<'_> {
    fn check(&mut self, at: usize, effect: &Effect) -> Result<(), Rule> {
        let register = self.register;
        match effect {
            Effect::IssuerRegistered { issuer, party, registrar, .. } => {
                register.party(*party).ok_or(Rule::PartyUnknown)?;
                register.party(*registrar).ok_or(Rule::PartyUnknown)?;
                expect_next(*issuer == register.next_issuer(), register.issuers.len())
            }
            Effect::ClassRegistered { class, issuer, authorized, decimals, source_id, .. } => {
                let owner = register.issuer(*issuer).ok_or(Rule::IssuerUnknown)?;
                expect_next(*class == register.next_class(), register.classes.len())?;
                if !source_id.is_empty() {
                    register.unused(id_digest(*issuer, CLASS_SOURCE, source_id))?;
                }
                if let Authorized::Shares(shares) = authorized {
                    if !shares.has_granularity(*decimals) {
                        return Err(Rule::QuantityGranularity);
                    }
                    let sum = owner.classes_authorized.checked_add(*shares);
                    within(sum, owner.authorized, Rule::IssuerAuthorizedExceeded)?;
                }
                Ok(())
            }
            Effect::StakeholderRegistered { stakeholder, issuer, account, source_id } => {
                register.issuer(*issuer).ok_or(Rule::IssuerUnknown)?;
                let next = *stakeholder == register.next_stakeholder();
                expect_next(next, register.stakeholders.len())?;
                expect_next(*account == register.next_account(), register.accounts.len())?;
                if source_id.is_empty() {
                    return Ok(());
                }
                register.unused(id_digest(*issuer, STAKEHOLDER_SOURCE, source_id))
            }
            Effect::StakeholderLinked { stakeholder, party, account, operator } => {
                register.party(*party).ok_or(Rule::PartyUnknown)?;
                register.party(*operator).ok_or(Rule::PartyUnknown)?;
                let line = register.stakeholder(*stakeholder).ok_or(Rule::StakeholderUnknown)?;
                if line.account != *account {
                    return Err(Rule::AccountUnknown);
                }
                if line.party.is_some() { Err(Rule::StakeholderLinked) } else { Ok(()) }
            }
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
                self.dated(found.date)
            }
            Effect::CertificateAccepted { certificate } => {
                let found = register.certificate(*certificate).ok_or(Rule::CertificateUnknown)?;
                self.line(found.class)?;
                self.dated(found.date)?;
                if found.accepted { Err(Rule::AlreadyAccepted) } else { Ok(()) }
            }
            Effect::RegisterActivated { issuer, .. } => {
                let issuer = register.issuer(*issuer).ok_or(Rule::IssuerUnknown)?;
                if issuer.draft { Ok(()) } else { Err(Rule::RegisterStatus) }
            }
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
        for digest in register.ids_of(opened) {
            register.unused(digest)?;
        }
        let again = self.event.effects[..at].iter().any(|effect| match effect {
            Effect::CertificateOpened(other) => {
                (!other.number.is_empty() && other.number == opened.number)
                    || (!other.source_id.is_empty() && other.source_id == opened.source_id)
            }
            _ => false,
        });
        if again {
            return Err(Rule::IdNotUnique);
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
        let issuer = self.register.class(class).ok_or(Rule::ClassUnknown)?.issuer;
        if *self.issuer.get_or_insert(issuer) != issuer {
            return Err(Rule::IssuerMismatch);
        }
        let at = match self.lines.iter().position(|line| line.class == class) {
            Some(at) => at,
            None => {
                self.lines.push(Line { class, closed: Quantity::ZERO, opened: Quantity::ZERO });
                self.lines.len() - 1
            }
        };
        Ok(&mut self.lines[at])
    }

    fn closed_before(&self, at: usize, id: CertificateId) -> bool {
        self.event.effects[..at].iter().any(
            |effect| matches!(effect, Effect::CertificateClosed { certificate, .. } if *certificate == id),
        )
    }

    fn dated(&self, issued: Date) -> Result<(), Rule> {
        if self.event.date < issued { Err(Rule::DateBeforeIssuance) } else { Ok(()) }
    }

    /// The rules that hold for the event as a whole.
    fn end(&self) -> Result<(), Rule> {
        for line in &self.lines {
            let (closed, opened) = (line.closed, line.opened);
            let balanced = match self.event.kind {
                EventKind::Registration | EventKind::Acceptance => {
                    closed.is_zero() && opened.is_zero()
                }
                EventKind::Issuance => closed.is_zero() && !opened.is_zero(),
                EventKind::Transfer => closed == opened && !closed.is_zero(),
                EventKind::Cancellation => closed > opened,
            };
            if !balanced {
                return Err(Rule::QuantityMismatch);
            }
            if self.event.kind == EventKind::Issuance {
                self.authorized(line)?;
            }
        }
        if let Some(issuer) = self.issuer.and_then(|id| self.register.issuer(id))
            && self.event.date < issuer.formed
        {
            return Err(Rule::DateBeforeFormation);
        }
        let closes = |effect: &&Effect| matches!(effect, Effect::CertificateClosed { .. });
        if self.event.effects.iter().filter(closes).count() > MAX_CLOSED_PER_EVENT {
            return Err(Rule::TooManyCertificates);
        }
        Ok(())
    }

    fn authorized(&self, line: &Line) -> Result<(), Rule> {
        let class = self.register.class(line.class).ok_or(Rule::ClassUnknown)?;
        let outstanding = class.outstanding.checked_add(line.opened);
        within(outstanding, class.authorized, Rule::AuthorizedSharesExceeded)?;
        let issuer = self.register.issuer(class.issuer).ok_or(Rule::IssuerUnknown)?;
        let outstanding = issuer.outstanding.checked_add(line.opened);
        within(outstanding, issuer.authorized, Rule::IssuerAuthorizedExceeded)
    }
}

fn expect_next(is_next: bool, len: usize) -> Result<(), Rule> {
    if is_next && len < MAX_ITEMS { Ok(()) } else { Err(Rule::RegisterFull) }
}

fn within(sum: Option<Quantity>, authorized: Authorized, rule: Rule) -> Result<(), Rule> {
    let sum = sum.ok_or(rule)?;
    match authorized.limit() {
        Some(limit) if sum > limit => Err(rule),
        _ => Ok(()),
    }
}

fn add(sum: Quantity, quantity: Quantity) -> Result<Quantity, Rule> {
    sum.checked_add(quantity).ok_or(Rule::QuantityMismatch)
}
