//! Whether an event follows from those before it.

use std::collections::{BTreeMap, BTreeSet};

use super::facts::{Flow, Totals};
use super::{CertificateFacts, Fold, FoldError, SecurityFacts};
use crate::amount::Quantity;
use crate::date::Date;
use crate::effect::{Effect, Pool};
use crate::event::{Event, EventKind};
use crate::handle::{CertificateId, ClassId, PlanId, SecurityId};
use crate::rule::Rule;

/// What an event does to the totals of each class.
pub(super) type Flows = Vec<(ClassId, Flow)>;

impl Fold {
    /// The first contradiction, or what the event does to the totals.
    pub(super) fn judge(&self, event: &Event) -> Result<Flows, FoldError> {
        let known = |known: bool| if known { Ok(()) } else { Err(FoldError::Unknown) };
        let new = |known: bool| if known { Err(FoldError::Twice) } else { Ok(()) };
        let mut touched = BTreeSet::new();
        let mut securities = BTreeSet::new();
        let mut pools: BTreeMap<PlanId, Pool> = BTreeMap::new();
        let mut registered = BTreeSet::new();
        for (at, effect) in event.effects.iter().enumerate() {
            match effect {
                Effect::IssuerRegistered { issuer, .. } => new(self.issuers.contains_key(issuer))?,
                Effect::ClassRegistered { class, issuer, .. } => {
                    known(self.issuers.contains_key(issuer))?;
                    new(self.classes.contains_key(class) || !registered.insert(*class))?;
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
                Effect::PlanRegistered { plan, issuer, .. } => {
                    known(self.issuers.contains_key(issuer))?;
                    new(self.plans.contains_key(plan))?;
                }
                Effect::CertificateOpened(opened) => {
                    known(self.classes.contains_key(&opened.class))?;
                    new(self.certificates.contains_key(&opened.certificate))?;
                    new(!touched.insert(opened.certificate))?;
                }
                Effect::CertificateClosed { certificate, class, account, quantity } => {
                    let open = self.open(event, *certificate)?;
                    if (open.class, open.account, open.last_quantity())
                        != (*class, *account, *quantity)
                    {
                        return Err(FoldError::Mismatch);
                    }
                    if !touched.insert(*certificate) {
                        return Err(FoldError::NotOpen);
                    }
                }
                Effect::CertificateScaled { certificate, class, account, before, .. } => {
                    let open = self.open(event, *certificate)?;
                    let found = (open.class, open.account, open.last_quantity());
                    if found != (*class, *account, *before) || !touched.insert(*certificate) {
                        return Err(FoldError::Mismatch);
                    }
                }
                Effect::CertificateAccepted { certificate } => {
                    new(self.open(event, *certificate)?.accepted.is_some())?;
                }
                Effect::IssuerAuthorized { issuer, .. }
                | Effect::RegisterActivated { issuer, .. }
                | Effect::Documented { issuer, .. }
                | Effect::DefectAccepted { issuer, .. } => {
                    known(self.issuers.contains_key(issuer))?;
                }
                Effect::ConversionsSet { class, .. } => {
                    known(self.classes.contains_key(class) || registered.contains(class))?;
                }
                Effect::ClassAuthorized { class, .. }
                | Effect::RepurchasePolicy { class, .. }
                | Effect::ClassSplit { class, .. }
                | Effect::TreasuryKept { class, .. } => known(self.classes.contains_key(class))?,
                Effect::PoolReserved { plan, .. }
                | Effect::PoolDrawn { plan, .. }
                | Effect::PoolReturned { plan, .. }
                | Effect::PoolExercised { plan, .. }
                | Effect::PoolScaled { plan, .. } => {
                    let facts = self.plans.get(plan).ok_or(FoldError::Unknown)?;
                    let pool = pools.entry(*plan).or_insert(facts.pool);
                    *pool = pool.after(effect).ok_or(FoldError::Overflow)?;
                }
                Effect::StockOfPlan { certificate, plan } => {
                    known(self.plans.contains_key(plan))?;
                    let opens = |effect: &Effect| match effect {
                        Effect::CertificateOpened(opened) => opened.certificate == *certificate,
                        _ => false,
                    };
                    known(event.effects[..at].iter().any(opens))?;
                    let continues = |effect: &Effect| match effect {
                        Effect::CertificateClosed { certificate, .. } => {
                            let closed = self.certificates.get(certificate);
                            closed.is_some_and(|closed| closed.plan == Some(*plan))
                        }
                        _ => false,
                    };
                    let of_plan =
                        event.kind == EventKind::Issuance || event.effects.iter().any(continues);
                    if !of_plan {
                        return Err(FoldError::Mismatch);
                    }
                }
                Effect::SecurityOpened(opened) => {
                    known(self.issuers.contains_key(&opened.issuer))?;
                    known(opened.plan.is_none_or(|plan| self.plans.contains_key(&plan)))?;
                    known(opened.class.is_none_or(|class| self.classes.contains_key(&class)))?;
                    new(self.securities.contains_key(&opened.security))?;
                    new(!securities.insert(opened.security))?;
                }
                Effect::SecurityClosed { security, account, quantity } => {
                    let open = self.open_security(event, *security)?;
                    if (open.account, open.last_quantity()) != (*account, *quantity) {
                        return Err(FoldError::Mismatch);
                    }
                    new(!securities.insert(*security)).map_err(|_| FoldError::NotOpen)?;
                }
                Effect::SecurityReduced { security, before, after } => {
                    let open = self.open_security(event, *security)?;
                    let less = before.is_none_or(|before| before > *after);
                    if open.last_quantity() != *before || !less {
                        return Err(FoldError::Mismatch);
                    }
                    new(!securities.insert(*security)).map_err(|_| FoldError::NotOpen)?;
                }
                Effect::SecurityScaled { security, before, .. } => {
                    let open = self.open_security(event, *security)?;
                    let same = open.last_quantity() == Some(*before);
                    if !same || !securities.insert(*security) {
                        return Err(FoldError::Mismatch);
                    }
                }
                Effect::SecurityAccepted { security } => {
                    new(self.open_security(event, *security)?.accepted.is_some())?;
                }
                Effect::SecurityRepriced { security, .. } => {
                    self.open_security(event, *security)?;
                }
            }
        }
        let flows = flows(event)?;
        for (class, flow) in &flows {
            let facts = self.classes.get(class).ok_or(FoldError::Unknown)?;
            facts.totals.after(*flow).ok_or(FoldError::Overflow)?;
        }
        Ok(flows)
    }

    fn open(&self, event: &Event, id: CertificateId) -> Result<&CertificateFacts, FoldError> {
        let certificate = self.certificates.get(&id).ok_or(FoldError::NotOpen)?;
        if certificate.closed.is_some() {
            return Err(FoldError::NotOpen);
        }
        in_order(event, certificate.opened)?;
        Ok(certificate)
    }

    fn open_security(&self, event: &Event, id: SecurityId) -> Result<&SecurityFacts, FoldError> {
        let security = self.securities.get(&id).ok_or(FoldError::NotOpen)?;
        if security.closed.is_some() {
            return Err(FoldError::NotOpen);
        }
        in_order(event, security.opened)?;
        Ok(security)
    }
}

/// Nothing happens before the opening, unless the event says that it is a defect.
fn in_order(event: &Event, opened: Date) -> Result<(), FoldError> {
    let accepted = |effect: &Effect| {
        matches!(effect, Effect::DefectAccepted { rule: Rule::DateBeforeIssuance, .. })
    };
    let fine = event.date >= opened || event.effects.iter().any(accepted);
    if fine { Ok(()) } else { Err(FoldError::Date) }
}

fn flows(event: &Event) -> Result<Flows, FoldError> {
    let mut lines: BTreeMap<ClassId, [Quantity; 4]> = BTreeMap::new();
    let mut add = |class: ClassId, at: usize, quantity: Quantity| {
        let sum = &mut lines.entry(class).or_default()[at];
        *sum = sum.checked_add(quantity).ok_or(FoldError::Overflow)?;
        Ok(())
    };
    let mut split = None;
    for effect in &event.effects {
        match effect {
            Effect::CertificateClosed { class, quantity, .. } => add(*class, 0, *quantity)?,
            Effect::CertificateOpened(opened) => add(opened.class, 1, opened.quantity)?,
            Effect::TreasuryKept { class, quantity } => add(*class, 2, *quantity)?,
            Effect::CertificateScaled { class, after, .. } => add(*class, 3, *after)?,
            Effect::ClassSplit { class, treasury, retired, .. } => {
                add(*class, 3, Quantity::ZERO)?;
                split = Some((*treasury, *retired));
            }
            _ => {}
        }
    }
    let flow = |[closed, opened, treasury, scaled]: [Quantity; 4]| {
        if let Some((treasury, retired)) = split {
            let kept = scaled.checked_add(treasury).and_then(|sum| sum.checked_add(retired));
            let issued = kept.ok_or(FoldError::Overflow)?;
            return Ok(Some(Flow::Split(Totals {
                issued,
                outstanding: scaled,
                treasury,
                retired,
            })));
        }
        Ok(match opened.checked_sub(closed) {
            Some(Quantity::ZERO) => None,
            Some(more) => Some(Flow::Issued(more)),
            None => {
                let quantity = closed.checked_sub(opened).ok_or(FoldError::Overflow)?;
                Some(Flow::Reduced { quantity, treasury })
            }
        })
    };
    let lines = lines.into_iter().map(|(class, line)| Ok(flow(line)?.map(|flow| (class, flow))));
    lines.filter_map(Result::transpose).collect()
}
