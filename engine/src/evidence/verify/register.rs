//! The register folded from its effects: what the issuer's cap table says at the checkpoint.
//!
//! No rule of the register is evaluated, but one: shares neither appear nor vanish except where an
//! event says so.

use std::collections::BTreeMap;

use counterfoil_registry::amount::Quantity;
use counterfoil_registry::date::Date;
use counterfoil_registry::effect::{Authorized, ClassKind, Effect, Opened};
use counterfoil_registry::event::{Event, EventKind};
use counterfoil_registry::handle::{
    AccountId, CertificateId, ClassId, Holder, IssuerId, PartyId, StakeholderId,
};

use super::signers::Entry;
use super::{Case, Fault, FaultCode, Part};
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

/// A certificate that is open.
struct Certificate {
    class: ClassId,
    account: AccountId,
    quantity: Quantity,
}

type Refused = (FaultCode, String);

struct Fold {
    issuer: IssuerId,
    registered: bool,
    folded: Folded,
    certificates: BTreeMap<CertificateId, Certificate>,
    accounts: BTreeMap<AccountId, Holder>,
    /// The record and place that the next certificate has at least.
    next: (u64, u32),
}

/// Folds the register sections of the issuer's chain, in its order.
pub(super) fn fold(case: &Case<'_>, issuer: Ordinal, entries: &[Entry]) -> Result<Folded, Fault> {
    let mut fold = Fold {
        issuer: case.bundle.issuer,
        registered: false,
        folded: Folded::default(),
        certificates: BTreeMap::new(),
        accounts: BTreeMap::new(),
        next: (0, 0),
    };
    for (at, entry) in entries.iter().enumerate().filter(|(at, _)| case.is_in_chain(*at, issuer)) {
        let first = fold.next;
        for event in entry.contents.events.iter().flatten() {
            let part = Part::Section(Section::Register);
            fold.event(event, first)
                .map_err(|(code, detail)| case.fault(at, part, code, detail))?;
        }
        fold.next = (fold.next.0.saturating_add(u64::from(fold.next != first)), 0);
    }
    if !fold.registered {
        let detail = format!("no record registers {}", case.bundle.issuer);
        return Err(case.bundle_fault(FaultCode::Register, detail));
    }
    fold.end().map_err(|(code, detail)| case.bundle_fault(code, detail))
}

impl Fold {
    fn event(&mut self, event: &Event, first: (u64, u32)) -> Result<(), Refused> {
        let mut lines: BTreeMap<ClassId, (Quantity, Quantity)> = BTreeMap::new();
        let mut closed = Vec::new();
        for effect in &event.effects {
            match effect {
                Effect::CertificateOpened(opened) => {
                    let line = lines.entry(opened.class).or_default();
                    line.1 = sum(line.1, opened.quantity)?;
                    self.open(opened, first)?;
                }
                Effect::CertificateClosed { certificate, class, account, quantity } => {
                    let line = lines.entry(*class).or_default();
                    line.0 = sum(line.0, *quantity)?;
                    let found = self.certificates.remove(certificate);
                    let fits = found.is_some_and(|found| {
                        (found.class, found.account, found.quantity)
                            == (*class, *account, *quantity)
                    });
                    if !fits {
                        return Err(wrong(format!("certificate {certificate} is not open so")));
                    }
                    closed.push(*certificate);
                }
                Effect::CertificateAccepted { certificate } => {
                    if !self.certificates.contains_key(certificate) {
                        return Err(wrong(format!("certificate {certificate} is not open")));
                    }
                }
                other => self.register(other)?,
            }
        }
        for (class, (closed, opened)) in lines {
            let balanced = match event.kind {
                EventKind::Registration | EventKind::Acceptance => false,
                EventKind::Issuance => closed.is_zero() && !opened.is_zero(),
                EventKind::Transfer => closed == opened && !closed.is_zero(),
                EventKind::Cancellation => closed > opened,
            };
            if !balanced {
                let detail =
                    format!("{:?}: {closed} of {class} closed, {opened} opened", event.kind);
                return Err((FaultCode::SharesUnequal, detail));
            }
        }
        Ok(())
    }

    fn open(&mut self, opened: &Opened, first: (u64, u32)) -> Result<(), Refused> {
        let Opened { certificate, class, account, holder, quantity, .. } = opened;
        if !self.folded.classes.iter().any(|known| known.class == *class) {
            return Err(wrong(format!("class {class} is none of this issuer")));
        }
        if *self.accounts.entry(*account).or_insert(*holder) != *holder {
            return Err(wrong(format!("account {account} is not {holder}'s")));
        }
        // All certificates of a record bear its index, and places from 0; later records bear later
        // indexes.
        let place = if self.next == first { 0 } else { self.next.1 };
        let record_fits = if place == 0 {
            certificate.record >= first.0
        } else {
            certificate.record == self.next.0
        };
        if !record_fits || certificate.place != place {
            return Err(wrong(format!("certificate {certificate} is not the next one")));
        }
        self.next = (certificate.record, place.saturating_add(1));
        self.folded.certificates_opened += 1;
        let value = Certificate { class: *class, account: *account, quantity: *quantity };
        if quantity.is_zero() || self.certificates.insert(*certificate, value).is_some() {
            return Err(wrong(format!("certificate {certificate} cannot be opened so")));
        }
        Ok(())
    }

    fn register(&mut self, effect: &Effect) -> Result<(), Refused> {
        let ours = |issuer: IssuerId| issuer == self.issuer;
        match effect {
            Effect::IssuerRegistered { issuer, party, registrar, formed, authorized, .. } => {
                if !ours(*issuer) || self.registered {
                    return Err(wrong(format!("issuer {issuer} is registered here")));
                }
                self.registered = true;
                self.folded.party = *party;
                self.folded.registrar = *registrar;
                self.folded.formed = *formed;
                self.folded.authorized = *authorized;
            }
            Effect::ClassRegistered { class, issuer, kind, authorized, name, .. } => {
                let before = self.folded.classes.last().is_none_or(|last| last.class < *class);
                if !ours(*issuer) || !before {
                    return Err(wrong(format!("class {class} of {issuer} is registered here")));
                }
                self.folded.classes.push(ClassTable {
                    class: *class,
                    name: name.clone(),
                    kind: *kind,
                    authorized: *authorized,
                    outstanding: Quantity::ZERO,
                    holdings: Vec::new(),
                });
            }
            Effect::StakeholderRegistered { stakeholder, issuer, account, source_id } => {
                let holder = Holder::Stakeholder(*stakeholder);
                if !ours(*issuer) || self.accounts.insert(*account, holder).is_some() {
                    return Err(wrong(format!("{stakeholder} of {issuer} is registered here")));
                }
                let line = (*stakeholder, source_id.clone());
                let (stakeholder, source_id) = line;
                self.folded.stakeholders.push(StakeholderLine {
                    stakeholder,
                    source_id,
                    party: None,
                });
            }
            Effect::StakeholderLinked { stakeholder, party, account, .. } => {
                let lines = &mut self.folded.stakeholders;
                let line = lines.iter_mut().find(|line| line.stakeholder == *stakeholder);
                let held = self.accounts.get_mut(account);
                match (line, held) {
                    (Some(line), Some(holder))
                        if line.party.is_none() && *holder == Holder::Stakeholder(*stakeholder) =>
                    {
                        line.party = Some(*party);
                        *holder = Holder::Party(*party);
                    }
                    _ => return Err(wrong(format!("{stakeholder} cannot be linked so"))),
                }
            }
            Effect::RegisterActivated { issuer, .. } if ours(*issuer) => {}
            _ => return Err(wrong("it concerns another register".to_owned())),
        }
        Ok(())
    }

    fn end(mut self) -> Result<Folded, Refused> {
        let mut holdings: BTreeMap<(ClassId, Holder), Holding> = BTreeMap::new();
        for (id, certificate) in &self.certificates {
            let holder = self.accounts.get(&certificate.account).copied().unwrap_or_default();
            let empty = || Holding { holder, quantity: Quantity::ZERO, certificates: Vec::new() };
            let holding = holdings.entry((certificate.class, holder)).or_insert_with(empty);
            holding.quantity = sum(holding.quantity, certificate.quantity)?;
            holding.certificates.push(*id);
        }
        for ((class, _), holding) in holdings {
            let table = self.folded.classes.iter_mut().find(|table| table.class == class);
            let table = table.ok_or_else(|| wrong(format!("class {class} is not registered")))?;
            table.outstanding = sum(table.outstanding, holding.quantity)?;
            table.holdings.push(holding);
        }
        Ok(self.folded)
    }
}

fn wrong(detail: String) -> Refused {
    (FaultCode::Register, detail)
}

fn sum(one: Quantity, other: Quantity) -> Result<Quantity, Refused> {
    one.checked_add(other).ok_or_else(|| (FaultCode::SharesUnequal, "a sum overflows".to_owned()))
}
