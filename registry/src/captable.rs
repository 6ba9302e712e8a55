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
//! treasury + retired. Registrations have no date here: a class is shown at every date, for the
//! format gives it none. A link of a stakeholder to a party counts from its date on. What was known
//! at a moment is the fold of the events recorded until then.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::date::Date;
use crate::event::Event;
use crate::handle::{
    AccountId, CertificateId, ClassId, Holder, IssuerId, PlanId, SecurityId, StakeholderId,
};
use crate::ocf::Finding;
use crate::ocf::object::Object;

mod carry;
mod conversion;
mod defects;
mod definition;
mod export;
mod facts;
mod json;
mod judge;
mod table;
#[cfg(test)]
mod tests;
mod vesting;
mod words;

pub use definition::Definition;
pub use export::Export;
pub use facts::{
    CertificateFacts, ClassFacts, Dated, IssuerFacts, PlanFacts, SecurityFacts, StakeholderFacts,
    Totals,
};
pub use json::CapTableJson;
pub use table::{
    CapTable, ClassLine, ConvertibleLine, Dilution, GrantLine, HolderLine, Holding, Note, PlanLine,
    WarrantLine,
};
pub use vesting::VestingLine;

/// Why an event does not follow from those before it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum FoldError {
    /// An issuer, class, stakeholder or certificate is entered twice.
    #[error("something is entered twice")]
    Twice,
    /// An effect names a class, plan or stakeholder that no event entered.
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

/// What a sequence of events says; see the module.
#[derive(Clone, Debug, Default)]
pub struct Fold {
    issuers: BTreeMap<IssuerId, IssuerFacts>,
    classes: BTreeMap<ClassId, ClassFacts>,
    stakeholders: BTreeMap<StakeholderId, StakeholderFacts>,
    of_account: BTreeMap<AccountId, StakeholderId>,
    plans: BTreeMap<PlanId, PlanFacts>,
    certificates: BTreeMap<CertificateId, CertificateFacts>,
    securities: BTreeMap<SecurityId, SecurityFacts>,
    /// By issuer, in the order of the events.
    told: BTreeMap<IssuerId, Vec<Told>>,
    /// Ids of packages that look like handles.
    handle_like: BTreeSet<(IssuerId, String)>,
    /// What events did that their words do not say, with their dates.
    untold: BTreeMap<IssuerId, Vec<(Date, Finding)>>,
}

/// How an event can be told in the words of the format.
#[derive(Clone, Debug)]
enum Told {
    /// As it was entered.
    Documented(Date, Vec<Arc<Object>>),
    /// Not in those words: from what it did.
    Bare(Event),
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
        let flows = self.judge(event)?;
        match self.counts_from(event) {
            Some(date) => self.carry_out(&Event { date, ..event.clone() }, flows),
            None => self.carry_out(event, flows),
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

    /// Every class of an issuer, in the order of registration.
    pub fn classes(&self, issuer: IssuerId) -> impl Iterator<Item = (ClassId, &ClassFacts)> {
        let classes = self.classes.iter().filter(move |(_, class)| class.issuer == issuer);
        classes.map(|(id, class)| (*id, class))
    }

    /// The stakeholder with this handle.
    pub fn stakeholder(&self, id: StakeholderId) -> Option<&StakeholderFacts> {
        self.stakeholders.get(&id)
    }

    /// Every stakeholder of an issuer, in the order of registration.
    pub fn stakeholders(
        &self,
        issuer: IssuerId,
    ) -> impl Iterator<Item = (StakeholderId, &StakeholderFacts)> {
        let lines = self.stakeholders.iter().filter(move |(_, line)| line.issuer == issuer);
        lines.map(|(id, line)| (*id, line))
    }

    /// The plan with this handle.
    pub fn plan(&self, id: PlanId) -> Option<&PlanFacts> {
        self.plans.get(&id)
    }

    /// Every plan of an issuer, in the order of registration.
    pub fn plans(&self, issuer: IssuerId) -> impl Iterator<Item = (PlanId, &PlanFacts)> {
        let plans = self.plans.iter().filter(move |(_, plan)| plan.issuer == issuer);
        plans.map(|(id, plan)| (*id, plan))
    }

    /// A certificate, open or closed, with what it came from and what came from it.
    pub fn certificate(&self, id: CertificateId) -> Option<&CertificateFacts> {
        self.certificates.get(&id)
    }

    /// Every certificate that ever was, in the order of its record.
    pub fn certificates(&self) -> impl Iterator<Item = (CertificateId, &CertificateFacts)> {
        self.certificates.iter().map(|(id, certificate)| (*id, certificate))
    }

    /// A grant, warrant or convertible, open or ended.
    pub fn security(&self, id: SecurityId) -> Option<&SecurityFacts> {
        self.securities.get(&id)
    }

    /// Every grant, warrant and convertible of an issuer that ever was, in the order of the events.
    pub fn securities(
        &self,
        issuer: IssuerId,
    ) -> impl Iterator<Item = (SecurityId, &SecurityFacts)> {
        let securities = self.securities.iter().filter(move |(_, facts)| facts.issuer == issuer);
        securities.map(|(id, facts)| (*id, facts))
    }

    /// What an issuer's events say in the words of the format, each with the date of its event, in
    /// the order of the events. Personal data is not among it, and events that were not entered in
    /// those words are passed; [`Fold::export`] tells them too.
    pub fn documents(&self, issuer: IssuerId) -> impl Iterator<Item = (Date, &Arc<Object>)> {
        let told = self.told.get(&issuer).map(Vec::as_slice).unwrap_or_default();
        told.iter().flat_map(|told| {
            let (date, objects) = match told {
                Told::Documented(date, objects) => (*date, objects.as_slice()),
                Told::Bare(event) => (event.date, [].as_slice()),
            };
            objects.iter().map(move |object| (date, object))
        })
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

    /// Who holds a certificate at the end of a date.
    pub fn holder_at(&self, certificate: &CertificateFacts, date: Date) -> Holder {
        self.holder_of(certificate.account, certificate.holder, date)
    }

    /// Who holds what lies in an account at the end of a date. `opened_for` held it at its opening.
    pub fn holder_of(&self, account: AccountId, opened_for: Holder, date: Date) -> Holder {
        match self.of_account.get(&account) {
            None => opened_for,
            Some(id) => match self.stakeholders.get(id).and_then(|line| line.linked) {
                Some((since, party)) if since <= date => Holder::Party(party),
                _ => Holder::Stakeholder(*id),
            },
        }
    }
}
