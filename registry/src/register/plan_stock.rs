//! Stock that a plan granted, and what returns of it to a pool.
//!
//! Certificates leave the register when they are closed, but what was cancelled or bought back can
//! return to a pool later: so the register remembers the certificates of plans, and of others those
//! that were cancelled or bought back. A certificate is stock of a plan where its issuance says so;
//! what a buyer gets in a settlement no longer is.

use super::{Paged, Register, dense};
use crate::amount::Quantity;
use crate::effect::{Effect, Granted};
use crate::event::{Event, EventKind};
use crate::handle::{CertificateId, PlanId};

/// What the register remembers of a certificate; see the module.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PlanStock {
    /// The certificate, open or closed.
    pub certificate: CertificateId,
    /// The plan that its issuance names.
    pub plan: Option<PlanId>,
    /// What was cancelled, bought back or retracted of it.
    pub ceased: Quantity,
    /// What of that is back in a pool.
    pub returned: Quantity,
    /// What of that moved on to the pool of another plan.
    pub moved: Quantity,
}

/// What ceases to be of each certificate that an event closes, the balance not included: the last
/// one closed leaves it.
pub(super) fn ceased(event: &Event) -> impl Iterator<Item = (CertificateId, Quantity)> {
    let ends = matches!(
        event.kind,
        EventKind::Cancellation | EventKind::Repurchase | EventKind::Retraction
    );
    let effects = || event.effects.iter().filter(move |_| ends);
    let closed = || {
        effects().filter_map(|effect| match effect {
            Effect::CertificateClosed { certificate, quantity, .. } => {
                Some((*certificate, *quantity))
            }
            _ => None,
        })
    };
    let opened = effects().filter_map(|effect| match effect {
        Effect::CertificateOpened(opened) => Some(opened.quantity),
        _ => None,
    });
    let balance =
        opened.fold(Quantity::ZERO, |sum, more| sum.checked_add(more).unwrap_or(Quantity::MAX));
    let last = closed().next_back().map(|(certificate, _)| certificate);
    closed().map(move |(certificate, quantity)| match last == Some(certificate) {
        true => (certificate, quantity.checked_sub(balance).unwrap_or_default()),
        false => (certificate, quantity),
    })
}

impl Register {
    /// What the register remembers of a certificate beside its being open.
    pub fn plan_stock(&self, certificate: CertificateId) -> Option<&PlanStock> {
        self.plan_stock.get(self.plan_stock_at.get(key(certificate))? as usize)
    }

    /// Every certificate of a plan, and every other one that was cancelled or bought back.
    pub(super) fn all_plan_stock(&self) -> impl Iterator<Item = &PlanStock> {
        self.plan_stock.iter()
    }

    /// Adds to an event what returns to a pool by itself: stock of a plan that is retracted, or that
    /// is cancelled where its plan says so.
    pub fn plan_returns(&self, event: &mut Event) {
        let returns = ceased(event).filter_map(|(certificate, quantity)| {
            let plan = self.plan_stock(certificate)?.plan?;
            let by_itself = match event.kind {
                EventKind::Retraction => true,
                EventKind::Cancellation => self.plan(plan)?.returns,
                _ => false,
            };
            let from = Granted::Stock(certificate);
            by_itself.then_some(Effect::PoolReturned { plan, from, moved: false, quantity })
        });
        let returns: Vec<Effect> = returns.collect();
        event.effects.extend(returns);
    }

    /// What ceased to be of a certificate once the event is carried out, and what of that had returned
    /// to a pool and moved on before it.
    pub(super) fn returns_of(&self, event: &Event, certificate: CertificateId) -> [Quantity; 3] {
        let stock = self.plan_stock(certificate).cloned().unwrap_or_default();
        let now = ceased(event).find(|(closed, _)| *closed == certificate);
        let ceased = now.map_or(stock.ceased, |(_, quantity)| quantity);
        [ceased, stock.returned, stock.moved]
    }

    pub(super) fn remember_ceased(&mut self, event: &Event) {
        for (certificate, quantity) in ceased(event) {
            self.plan_stock_mut(certificate).ceased = quantity;
        }
    }

    pub(super) fn plan_stock_mut(&mut self, certificate: CertificateId) -> &mut PlanStock {
        let at = match self.plan_stock_at.get(key(certificate)) {
            Some(at) => at,
            None => {
                let new = PlanStock { certificate, ..PlanStock::default() };
                let at = dense(self.plan_stock.push(new));
                self.plan_stock_at.insert(key(certificate), at);
                at
            }
        };
        self.plan_stock.get_mut(at as usize).expect("the index leads to what is there")
    }

    /// Takes over what a snapshot holds.
    pub(super) fn remember_plan_stock(&mut self, stock: Paged<PlanStock>) {
        for (at, stock) in stock.iter().enumerate() {
            self.plan_stock_at.insert(key(stock.certificate), dense(at));
        }
        self.plan_stock = stock;
    }
}

fn key(id: CertificateId) -> u128 {
    u128::from(id.record) << 64 | u128::from(id.place) << 32 | u128::from(id.slot)
}
