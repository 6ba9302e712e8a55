//! The cap table and the lineage of certificates: a fold of the register's events.
//!
//! [`Fold`] depends on [`Event`]s and nothing else, so that the offline reader of a package, the
//! ledger's read side and the verifier of evidence all reach the same figures by the same code. It
//! keeps every certificate that ever was, with the dates between which it was open, and so answers
//! for any date ([`Fold::cap_table`]). It evaluates no rule of the register; but events that
//! contradict each other (a certificate closed twice, or with another quantity) are refused, since
//! no cap table follows from them.
//!
//! Invariants: a refused event changes nothing; per class and at each date, issued = outstanding +
//! retired. Registrations have no date here: a class is shown at every date, for the format gives it
//! none. A link of a stakeholder to a party counts from its date on. Deliberately absent, because
//! no event makes them yet: treasury shares, conversion, plans, options, warrants, convertibles.

use std::collections::{BTreeMap, BTreeSet};

use crate::amount::Quantity;
use crate::date::Date;
use crate::effect::{Authorized, ClassKind, Effect};
use crate::event::{Event, EventKind};
use crate::handle::{AccountId, CertificateId, ClassId, Holder, IssuerId, PartyId, StakeholderId};

mod conversion;
mod definition;
mod json;
mod table;
#[cfg(test)]
mod tests;

pub use definition::Definition;
pub use json::CapTableJson;
pub use table::{CapTable, ClassLine, HolderLine, Holding};

/// Why an event does not follow from those before it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum FoldError {
    /// An issuer, class, stakeholder or certificate is entered twice.
    #[error("something is entered twice")]
    Twice,
    /// An effect names a class or stakeholder that no event entered.
    #[error("something is named that was not entered")]
    Unknown,
    /// A certificate is closed or accepted that is not open.
    #[error("a certificate is closed or accepted that is not open")]
    NotOpen,
    /// A certificate is closed with another class, account or quantity than it was opened with.
    #[error("a certificate is closed as another one than was opened")]
    Mismatch,
    /// An event is dated before the opening of a certificate that it closes or accepts.
    #[error("the date lies before the opening of the certificate")]
    Date,
    /// A sum is beyond the representable range.
    #[error("a sum is beyond the representable range")]
    Overflow,
}

/// An issuer, as its events describe it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IssuerFacts {
    /// The party that it is.
    pub party: PartyId,
    /// The participant who keeps the register.
    pub registrar: PartyId,
    /// Date of formation.
    pub formed: Date,
    /// Shares authorized over all classes.
    pub authorized: Authorized,
    /// Id in the package that it came from; empty where there is none.
    pub source_id: String,
}

/// A stock class, as its events describe it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClassFacts {
    /// Its issuer.
    pub issuer: IssuerId,
    /// Common or preferred.
    pub kind: ClassKind,
    /// Shares authorized.
    pub authorized: Authorized,
    /// Its name.
    pub name: String,
    /// Id in the package that it came from; empty where there is none.
    pub source_id: String,
    /// Shares ever issued, over all dates.
    ever_issued: Quantity,
}

/// A stakeholder, as its events describe it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StakeholderFacts {
    /// Its issuer.
    pub issuer: IssuerId,
    /// The account that was opened for it.
    pub account: AccountId,
    /// Id in the package that it came from; empty where there is none.
    pub source_id: String,
    /// The party that it turned out to be, and since when.
    pub linked: Option<(Date, PartyId)>,
}

/// A certificate over its whole life.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CertificateFacts {
    /// Its class.
    pub class: ClassId,
    /// The account that it lies or lay in.
    pub account: AccountId,
    /// The holder of record when it was opened.
    pub holder: Holder,
    /// Its quantity.
    pub quantity: Quantity,
    /// The printed number; empty: its id is its number.
    pub number: String,
    /// Id in the package that it came from; empty where there is none.
    pub source_id: String,
    /// The kind of event that opened it.
    pub origin: EventKind,
    /// Since when it is open.
    pub opened: Date,
    /// When its holder accepted it.
    pub accepted: Option<Date>,
    /// When and by which kind of event it was closed.
    pub closed: Option<(Date, EventKind)>,
    /// The certificates that it came from.
    pub preceded_by: Vec<CertificateId>,
    /// The certificates that came from it.
    pub resulted_in: Vec<CertificateId>,
}

impl CertificateFacts {
    /// Whether it was open at the end of a date.
    pub fn open_at(&self, date: Date) -> bool {
        self.opened <= date && self.closed.is_none_or(|(closed, _)| closed > date)
    }
}

/// What a sequence of events says; see the module.
#[derive(Clone, Debug, Default)]
pub struct Fold {
    issuers: BTreeMap<IssuerId, IssuerFacts>,
    classes: BTreeMap<ClassId, ClassFacts>,
    stakeholders: BTreeMap<StakeholderId, StakeholderFacts>,
    of_account: BTreeMap<AccountId, StakeholderId>,
    certificates: BTreeMap<CertificateId, CertificateFacts>,
}

impl Fold {
    /// Folds a whole sequence.
    pub fn of<'a>(events: impl IntoIterator<Item = &'a Event>) -> Result<Fold, FoldError> {
        let mut fold = Fold::default();
        events.into_iter().try_for_each(|event| fold.add(event))?;
        Ok(fold)
    }

    /// Adds one event. One that does not follow from those before it changes nothing.
    pub fn add(&mut self, event: &Event) -> Result<(), FoldError> {
        self.judge(event)?;
        let closed: Vec<(CertificateId, ClassId)> = closed_by(event).collect();
        for effect in &event.effects {
            self.carry_out(event, effect, &closed);
        }
        Ok(())
    }

    /// The issuer with this handle.
    pub fn issuer(&self, id: IssuerId) -> Option<&IssuerFacts> {
        self.issuers.get(&id)
    }

    /// Every issuer.
    pub fn issuers(&self) -> impl Iterator<Item = (IssuerId, &IssuerFacts)> {
        self.issuers.iter().map(|(id, issuer)| (*id, issuer))
    }

    /// The class with this handle.
    pub fn class(&self, id: ClassId) -> Option<&ClassFacts> {
        self.classes.get(&id)
    }

    /// The stakeholder with this handle.
    pub fn stakeholder(&self, id: StakeholderId) -> Option<&StakeholderFacts> {
        self.stakeholders.get(&id)
    }

    /// A certificate, open or closed, with what it came from and what came from it.
    pub fn certificate(&self, id: CertificateId) -> Option<&CertificateFacts> {
        self.certificates.get(&id)
    }

    /// Every certificate that ever was, in the order of its record.
    pub fn certificates(&self) -> impl Iterator<Item = (CertificateId, &CertificateFacts)> {
        self.certificates.iter().map(|(id, certificate)| (*id, certificate))
    }

    /// Every certificate of the same descent as `id`, itself included: all that it came from and all
    /// that came from those, in the order of their records. Empty where there is no such one.
    pub fn lineage(&self, id: CertificateId) -> Vec<(CertificateId, &CertificateFacts)> {
        let mut found = BTreeSet::new();
        let mut next = vec![id];
        while let Some(id) = next.pop() {
            if let Some(certificate) = self.certificates.get(&id)
                && found.insert(id)
            {
                next.extend(certificate.preceded_by.iter().chain(&certificate.resulted_in));
            }
        }
        found.into_iter().filter_map(|id| Some((id, self.certificates.get(&id)?))).collect()
    }

    /// Who holds what lies in a certificate's account at the end of a date.
    pub(crate) fn holder_at(&self, certificate: &CertificateFacts, date: Date) -> Holder {
        match self.of_account.get(&certificate.account) {
            None => certificate.holder,
            Some(id) => match self.stakeholders.get(id).and_then(|line| line.linked) {
                Some((since, party)) if since <= date => Holder::Party(party),
                _ => Holder::Stakeholder(*id),
            },
        }
    }

    /// Whether an event follows from those before it.
    fn judge(&self, event: &Event) -> Result<(), FoldError> {
        let known = |known: bool| if known { Ok(()) } else { Err(FoldError::Unknown) };
        let new = |known: bool| if known { Err(FoldError::Twice) } else { Ok(()) };
        let mut touched = BTreeSet::new();
        let mut issued: BTreeMap<ClassId, Quantity> = BTreeMap::new();
        for effect in &event.effects {
            match effect {
                Effect::IssuerRegistered { issuer, .. } => new(self.issuers.contains_key(issuer))?,
                Effect::ClassRegistered { class, issuer, .. } => {
                    known(self.issuers.contains_key(issuer))?;
                    new(self.classes.contains_key(class))?;
                }
                Effect::StakeholderRegistered { stakeholder, issuer, account, .. } => {
                    known(self.issuers.contains_key(issuer))?;
                    new(self.stakeholders.contains_key(stakeholder))?;
                    new(self.of_account.contains_key(account))?;
                }
                Effect::StakeholderLinked { stakeholder, .. } => {
                    let line = self.stakeholders.get(stakeholder).ok_or(FoldError::Unknown)?;
                    new(line.linked.is_some())?;
                }
                Effect::CertificateOpened(opened) => {
                    let class = self.classes.get(&opened.class).ok_or(FoldError::Unknown)?;
                    new(self.certificates.contains_key(&opened.certificate))?;
                    new(!touched.insert(opened.certificate))?;
                    let sum = issued.entry(opened.class).or_insert(class.ever_issued);
                    *sum = sum.checked_add(opened.quantity).ok_or(FoldError::Overflow)?;
                }
                Effect::CertificateClosed { certificate, class, account, quantity } => {
                    let open = self.open(*certificate, event.date)?;
                    if (open.class, open.account, open.quantity) != (*class, *account, *quantity) {
                        return Err(FoldError::Mismatch);
                    }
                    if !touched.insert(*certificate) {
                        return Err(FoldError::NotOpen);
                    }
                }
                Effect::CertificateAccepted { certificate } => {
                    new(self.open(*certificate, event.date)?.accepted.is_some())?;
                }
                Effect::RegisterActivated { issuer, .. } => {
                    known(self.issuers.contains_key(issuer))?;
                }
            }
        }
        Ok(())
    }

    fn open(&self, id: CertificateId, date: Date) -> Result<&CertificateFacts, FoldError> {
        let certificate = self.certificates.get(&id).ok_or(FoldError::NotOpen)?;
        if certificate.closed.is_some() {
            return Err(FoldError::NotOpen);
        }
        if date < certificate.opened { Err(FoldError::Date) } else { Ok(certificate) }
    }

    fn carry_out(&mut self, event: &Event, effect: &Effect, closed: &[(CertificateId, ClassId)]) {
        match effect {
            Effect::IssuerRegistered {
                issuer,
                party,
                registrar,
                formed,
                authorized,
                source_id,
                ..
            } => {
                let facts = IssuerFacts {
                    party: *party,
                    registrar: *registrar,
                    formed: *formed,
                    authorized: *authorized,
                    source_id: source_id.clone(),
                };
                self.issuers.insert(*issuer, facts);
            }
            Effect::ClassRegistered {
                class, issuer, kind, authorized, name, source_id, ..
            } => {
                let facts = ClassFacts {
                    issuer: *issuer,
                    kind: *kind,
                    authorized: *authorized,
                    name: name.clone(),
                    source_id: source_id.clone(),
                    ever_issued: Quantity::ZERO,
                };
                self.classes.insert(*class, facts);
            }
            Effect::StakeholderRegistered { stakeholder, issuer, account, source_id } => {
                let (issuer, account, source_id) = (*issuer, *account, source_id.clone());
                let facts = StakeholderFacts { issuer, account, source_id, linked: None };
                self.stakeholders.insert(*stakeholder, facts);
                self.of_account.insert(account, *stakeholder);
            }
            Effect::StakeholderLinked { stakeholder, party, .. } => {
                if let Some(line) = self.stakeholders.get_mut(stakeholder) {
                    line.linked = Some((event.date, *party));
                }
            }
            Effect::CertificateOpened(opened) => {
                let of_class = closed.iter().filter(|(_, class)| *class == opened.class);
                let preceded_by: Vec<CertificateId> = of_class.map(|(id, _)| *id).collect();
                for id in &preceded_by {
                    if let Some(before) = self.certificates.get_mut(id) {
                        before.resulted_in.push(opened.certificate);
                    }
                }
                if event.kind == EventKind::Issuance
                    && let Some(class) = self.classes.get_mut(&opened.class)
                {
                    let sum = class.ever_issued.checked_add(opened.quantity);
                    class.ever_issued = sum.expect("the event was judged");
                }
                let facts = CertificateFacts {
                    class: opened.class,
                    account: opened.account,
                    holder: opened.holder,
                    quantity: opened.quantity,
                    number: opened.number.clone(),
                    source_id: opened.source_id.clone(),
                    origin: event.kind,
                    opened: event.date,
                    accepted: None,
                    closed: None,
                    preceded_by,
                    resulted_in: Vec::new(),
                };
                self.certificates.insert(opened.certificate, facts);
            }
            Effect::CertificateClosed { certificate, .. } => {
                if let Some(certificate) = self.certificates.get_mut(certificate) {
                    certificate.closed = Some((event.date, event.kind));
                }
            }
            Effect::CertificateAccepted { certificate } => {
                if let Some(certificate) = self.certificates.get_mut(certificate) {
                    certificate.accepted = Some(event.date);
                }
            }
            Effect::RegisterActivated { .. } => {}
        }
    }
}

fn closed_by(event: &Event) -> impl Iterator<Item = (CertificateId, ClassId)> {
    event.effects.iter().filter_map(|effect| match effect {
        Effect::CertificateClosed { certificate, class, .. } => Some((*certificate, *class)),
        _ => None,
    })
}
