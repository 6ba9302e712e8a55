//! The register folded from its effects: what the issuer's cap table says at the checkpoint.
//!
//! The fold is that of the cap table ([`counterfoil_registry::captable::Fold`]). No rule of the
//! register is evaluated, but two: shares, grants and invested amounts neither appear nor vanish
//! except where an event of that kind may make or end them, and a split gives everyone what its ratio
//! says ([`super::split`]).

use std::collections::BTreeMap;

use counterfoil_registry::amount::Quantity;
use counterfoil_registry::captable::Fold;
use counterfoil_registry::date::Date;
use counterfoil_registry::effect::{Authorized, ClassKind, Effect, Opened};
use counterfoil_registry::event::Event;
use counterfoil_registry::handle::{
    AccountId, CertificateId, ClassId, Holder, IssuerId, PartyId, PlanId, StakeholderId,
};
use counterfoil_registry::rule::Rule;

use super::signers::Entry;
use super::{Case, Fault, FaultCode, Part, split};
use crate::evidence::heads::Ordinal;
use crate::evidence::record::Section;

/// A register, folded.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Folded {
    /// The party that the issuer is.
    pub party: PartyId,
    /// Who keeps the register.
    pub registrar: PartyId,
    /// The date of formation.
    pub formed: Date,
    /// What the charter authorizes over all classes.
    pub authorized: Authorized,
    /// The classes, by handle.
    pub classes: Vec<ClassTable>,
    /// The stakeholders, by handle.
    pub stakeholders: Vec<StakeholderLine>,
    /// How many certificates were opened in all.
    pub certificates_opened: usize,
}

/// A class and who holds it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClassTable {
    /// The class.
    pub class: ClassId,
    /// Its name.
    pub name: String,
    /// Common or preferred.
    pub kind: ClassKind,
    /// Shares authorized.
    pub authorized: Authorized,
    /// Shares outstanding: the sum over the holdings.
    pub outstanding: Quantity,
    /// The holdings, by holder.
    pub holdings: Vec<Holding>,
}

/// What one holder of record has of a class.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Holding {
    /// The holder of record.
    pub holder: Holder,
    /// How many shares.
    pub quantity: Quantity,
    /// The certificates.
    pub certificates: Vec<CertificateId>,
}

/// A line of the register.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StakeholderLine {
    /// The stakeholder.
    pub stakeholder: StakeholderId,
    /// Its id in the package that it came from.
    pub source_id: String,
    /// The party that it turned out to be.
    pub party: Option<PartyId>,
}

type Refused = (FaultCode, String);

struct Judge {
    issuer: IssuerId,
    /// Whether the register is open for live commands.
    live: bool,
    fold: Fold,
    stakeholders: Vec<StakeholderLine>,
    accounts: BTreeMap<AccountId, Holder>,
    /// The record and place that the next certificate has at least.
    next: (u64, u32),
}

/// Folds the register sections of the issuer's chain, in its order.
pub(super) fn fold(case: &Case<'_>, issuer: Ordinal, entries: &[Entry]) -> Result<Folded, Fault> {
    let mut judge = Judge {
        issuer: case.bundle.issuer,
        live: false,
        fold: Fold::default(),
        stakeholders: Vec::new(),
        accounts: BTreeMap::new(),
        next: (0, 0),
    };
    for (at, entry) in entries.iter().enumerate().filter(|(at, _)| case.is_in_chain(*at, issuer)) {
        let first = judge.next;
        for event in entry.contents.events.iter().flatten() {
            let part = Part::Section(Section::Register);
            judge
                .event(event, first)
                .map_err(|(code, detail)| case.fault(at, part, code, detail))?;
        }
        judge.next = (judge.next.0.saturating_add(u64::from(judge.next != first)), 0);
    }
    if judge.fold.issuer(judge.issuer).is_none() {
        let detail = format!("no record registers {}", case.bundle.issuer);
        return Err(case.bundle_fault(FaultCode::Register, detail));
    }
    judge.end().map_err(|(code, detail)| case.bundle_fault(code, detail))
}

impl Judge {
    fn event(&mut self, event: &Event, first: (u64, u32)) -> Result<(), Refused> {
        self.balances(event)?;
        for effect in &event.effects {
            self.ours(effect)?;
            match effect {
                Effect::IssuerRegistered { draft, .. } => self.live = !draft,
                Effect::RegisterActivated { .. } => self.live = true,
                Effect::CertificateOpened(opened) => {
                    self.held(opened.account, opened.holder)?;
                    self.opens(opened, first)?;
                }
                Effect::SecurityOpened(opened) => {
                    self.held(opened.account, opened.holder)?;
                    if opened.balance {
                        self.stays(event, opened.holder)?;
                    }
                }
                _ => {}
            }
        }
        self.fold.add(event).map_err(|error| wrong(format!("{:?}: {error}", event.kind)))
    }

    /// What goes in and what comes out, class by class.
    fn balances(&self, event: &Event) -> Result<(), Refused> {
        let mut lines: BTreeMap<ClassId, (Quantity, Quantity)> = BTreeMap::new();
        for effect in &event.effects {
            match effect {
                Effect::CertificateOpened(opened) => {
                    let line = lines.entry(opened.class).or_default();
                    line.1 = sum(line.1, opened.quantity)?;
                }
                Effect::CertificateClosed { class, quantity, .. } => {
                    let line = lines.entry(*class).or_default();
                    line.0 = sum(line.0, *quantity)?;
                }
                _ => {}
            }
        }
        for (class, (closed, opened)) in lines {
            if !event.kind.balances(closed, opened) {
                let detail =
                    format!("{:?}: {closed} of {class} closed, {opened} opened", event.kind);
                return Err((FaultCode::SharesUnequal, detail));
            }
        }
        if !event.securities_balance() {
            let detail =
                format!("{:?}: a grant, warrant or convertible does not add up", event.kind);
            return Err((FaultCode::SharesUnequal, detail));
        }
        let split = split::check(&self.fold, self.issuer, self.live, event);
        split.map_err(|why| (FaultCode::SharesUnequal, format!("{:?}: {why}", event.kind)))
    }

    /// What lies in one account is one holder's.
    fn held(&mut self, account: AccountId, holder: Holder) -> Result<(), Refused> {
        let known = *self.accounts.entry(account).or_insert(holder);
        if known == holder { Ok(()) } else { Err(wrong(format!("{account} is not {holder}'s"))) }
    }

    /// What is left of a security stays with its holder, legacy defects aside.
    fn stays(&self, event: &Event, holder: Holder) -> Result<(), Refused> {
        let whose = event.effects.iter().find_map(|effect| match effect {
            Effect::SecurityClosed { account, .. } => self.accounts.get(account),
            _ => None,
        });
        let signed = |effect: &Effect| {
            matches!(effect, Effect::DefectAccepted { rule: Rule::ResultMismatch, .. })
        };
        if whose == Some(&holder) || event.effects.iter().any(signed) {
            return Ok(());
        }
        Err(wrong(format!("what is left of a security of another holder becomes {holder}'s")))
    }

    fn opens(&mut self, opened: &Opened, first: (u64, u32)) -> Result<(), Refused> {
        let Opened { certificate, quantity, .. } = opened;
        // All certificates of a record bear its index, and places from 0; later records bear later
        // indexes.
        let place = if self.next == first { 0 } else { self.next.1 };
        let record_fits = if place == 0 {
            certificate.record >= first.0
        } else {
            certificate.record == self.next.0
        };
        if !record_fits || certificate.place != place || quantity.is_zero() {
            return Err(wrong(format!("certificate {certificate} is not the next one")));
        }
        self.next = (certificate.record, place.saturating_add(1));
        Ok(())
    }

    /// Everything is of this issuer, and links lead from a stakeholder to its party.
    fn ours(&mut self, effect: &Effect) -> Result<(), Refused> {
        let of_class = |class: &ClassId| self.fold.class(*class).map(|facts| facts.issuer);
        let of_plan = |plan: &PlanId| self.fold.plan(*plan).map(|facts| facts.issuer);
        let issuer = match effect {
            Effect::IssuerRegistered { issuer, .. }
            | Effect::ClassRegistered { issuer, .. }
            | Effect::StakeholderRegistered { issuer, .. }
            | Effect::PlanRegistered { issuer, .. }
            | Effect::RegisterActivated { issuer, .. }
            | Effect::IssuerAuthorized { issuer, .. }
            | Effect::Documented { issuer, .. }
            | Effect::DefectAccepted { issuer, .. } => Some(*issuer),
            Effect::SecurityOpened(opened) => Some(opened.issuer),
            Effect::CertificateOpened(opened) => of_class(&opened.class),
            Effect::CertificateClosed { class, .. }
            | Effect::CertificateScaled { class, .. }
            | Effect::ClassAuthorized { class, .. }
            | Effect::RepurchasePolicy { class, .. }
            | Effect::ClassSplit { class, .. }
            | Effect::TreasuryKept { class, .. } => of_class(class),
            // A class is registered together with its rights, and then the fold knows neither yet.
            Effect::ConversionsSet { class, .. } => of_class(class).or(Some(self.issuer)),
            Effect::PoolReserved { plan, .. }
            | Effect::PoolDrawn { plan, .. }
            | Effect::PoolReturned { plan, .. }
            | Effect::StockOfPlan { plan, .. }
            | Effect::PoolExercised { plan, .. }
            | Effect::PoolScaled { plan, .. } => of_plan(plan),
            Effect::StakeholderLinked { stakeholder, .. } => {
                self.fold.stakeholder(*stakeholder).map(|facts| facts.issuer)
            }
            // Certificates and securities that the fold knows are of this issuer.
            Effect::CertificateAccepted { .. }
            | Effect::SecurityClosed { .. }
            | Effect::SecurityReduced { .. }
            | Effect::SecurityScaled { .. }
            | Effect::SecurityAccepted { .. }
            | Effect::SecurityRepriced { .. } => Some(self.issuer),
        };
        if issuer != Some(self.issuer) {
            return Err(wrong("it concerns another register".to_owned()));
        }
        match effect {
            Effect::StakeholderRegistered { stakeholder, account, source_id, .. } => {
                let holder = Holder::Stakeholder(*stakeholder);
                if self.accounts.insert(*account, holder).is_some() {
                    return Err(wrong(format!("{stakeholder} is registered here")));
                }
                let (stakeholder, source_id) = (*stakeholder, source_id.clone());
                self.stakeholders.push(StakeholderLine { stakeholder, source_id, party: None });
            }
            Effect::StakeholderLinked { stakeholder, party, account, .. } => {
                let mut lines = self.stakeholders.iter_mut();
                let line = lines.find(|line| line.stakeholder == *stakeholder);
                match (line, self.accounts.get_mut(account)) {
                    (Some(line), Some(holder))
                        if line.party.is_none() && *holder == Holder::Stakeholder(*stakeholder) =>
                    {
                        line.party = Some(*party);
                        *holder = Holder::Party(*party);
                    }
                    _ => return Err(wrong(format!("{stakeholder} cannot be linked so"))),
                }
            }
            Effect::ClassRegistered { class, .. } => {
                let before = self.fold.classes(self.issuer).last();
                if before.is_some_and(|(before, _)| before >= *class) {
                    return Err(wrong(format!("class {class} is registered here")));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn end(self) -> Result<Folded, Refused> {
        let mut holdings: BTreeMap<(ClassId, Holder), Holding> = BTreeMap::new();
        let open = self.fold.certificates().filter(|(_, facts)| facts.closed.is_none());
        for (id, certificate) in open {
            let holder = self.accounts.get(&certificate.account).copied().unwrap_or_default();
            let empty = || Holding { holder, quantity: Quantity::ZERO, certificates: Vec::new() };
            let holding = holdings.entry((certificate.class, holder)).or_insert_with(empty);
            holding.quantity = sum(holding.quantity, certificate.quantity_at(Date::MAX))?;
            holding.certificates.push(id);
        }
        let issuer = self.fold.issuer(self.issuer);
        let issuer = issuer.ok_or_else(|| wrong("no issuer is registered".to_owned()))?;
        let mut folded = Folded {
            party: issuer.party,
            registrar: issuer.registrar,
            formed: issuer.formed,
            authorized: *issuer.authorized.last(),
            classes: Vec::new(),
            stakeholders: self.stakeholders,
            certificates_opened: self.fold.certificates().count(),
        };
        for (class, facts) in self.fold.classes(self.issuer) {
            folded.classes.push(ClassTable {
                class,
                name: facts.name.clone(),
                kind: facts.kind,
                authorized: *facts.authorized.last(),
                outstanding: Quantity::ZERO,
                holdings: Vec::new(),
            });
        }
        for ((class, _), holding) in holdings {
            let table = folded.classes.iter_mut().find(|table| table.class == class);
            let table = table.ok_or_else(|| wrong(format!("class {class} is not registered")))?;
            table.outstanding = sum(table.outstanding, holding.quantity)?;
            table.holdings.push(holding);
        }
        Ok(folded)
    }
}

fn wrong(detail: String) -> Refused {
    (FaultCode::Register, detail)
}

fn sum(one: Quantity, other: Quantity) -> Result<Quantity, Refused> {
    one.checked_add(other).ok_or_else(|| (FaultCode::SharesUnequal, "a sum overflows".to_owned()))
}
