//! Stock that a plan granted, and what returns of it to a pool.
//!
//! Certificates leave the register when they are closed, but what was cancelled or bought back can
//! return to a pool later: so the register remembers the certificates of plans, and of others those
//! that were cancelled or bought back.
//!
//! A certificate is stock of a plan where its issuance draws on the pool, or where it continues such a
//! one and says so: a balance, or what a reissuance opens. What stands for it in the pool is counted
//! apart from its own shares, since a package that splits a class need not say what becomes of pools.
//! Invariant: what returns to a pool for a certificate is no more than was drawn for it.

use std::collections::BTreeSet;

use super::{Paged, Register, dense};
use crate::amount::{Quantity, Ratio};
use crate::date::Date;
use crate::effect::{Effect, Granted};
use crate::event::{Event, EventKind};
use crate::handle::{CertificateId, ClassId, IssuerId, PlanId};

/// What the register remembers of a certificate; see the module.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PlanStock {
    /// The certificate, open or closed.
    pub certificate: CertificateId,
    /// Its issuer.
    pub issuer: IssuerId,
    /// The plan that granted it.
    pub plan: Option<PlanId>,
    /// What stands for it in the pool; once it has ceased, for the part that did.
    pub drawn: Quantity,
    /// What was cancelled, bought back or retracted of it, in its own shares.
    pub ceased: Quantity,
    /// When.
    pub last: Date,
    /// What of `drawn` is back in a pool.
    pub returned: Quantity,
    /// Whether it returned by itself.
    pub by_itself: bool,
    /// What of that moved on to the pool of another plan.
    pub moved: Quantity,
}

/// What ceases to be of each certificate that an event closes, the balance not included: the last
/// one closed leaves it. The class and what the certificate stood for come with it.
fn ceased(event: &Event) -> impl Iterator<Item = (CertificateId, ClassId, Quantity, Quantity)> {
    let ends = matches!(
        event.kind,
        EventKind::Cancellation | EventKind::Repurchase | EventKind::Retraction
    );
    let effects = || event.effects.iter().filter(move |_| ends);
    let closed = || {
        effects().filter_map(|effect| match effect {
            Effect::CertificateClosed { certificate, class, quantity, .. } => {
                Some((*certificate, *class, *quantity))
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
    let last = closed().next_back().map(|(certificate, ..)| certificate);
    closed().map(move |(certificate, class, whole)| {
        let kept = if last == Some(certificate) { balance } else { Quantity::ZERO };
        (certificate, class, whole, whole.checked_sub(kept).unwrap_or_default())
    })
}

/// A part of what stands for so many shares.
fn part(of: Quantity, shares: Quantity, whole: Quantity) -> Option<Quantity> {
    if shares == whole {
        return Some(of);
    }
    Ratio::new(shares, whole)?.of(of.0, 1).map(Quantity)
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

    /// What stands in the pool of a plan for a certificate that an event opens; none where it is no
    /// stock of that plan.
    pub(crate) fn drawn_for(
        &self,
        event: &Event,
        certificate: CertificateId,
        plan: PlanId,
    ) -> Option<Quantity> {
        let opened = event.effects.iter().find_map(|effect| match effect {
            Effect::CertificateOpened(opened) if opened.certificate == certificate => Some(opened),
            _ => None,
        })?;
        if event.kind == EventKind::Issuance {
            return Some(opened.quantity);
        }
        let (mut shares, mut drawn) = (Quantity::ZERO, Quantity::ZERO);
        for effect in &event.effects {
            let Effect::CertificateClosed { certificate, class, quantity, .. } = effect else {
                continue;
            };
            let stock = self.plan_stock(*certificate).filter(|stock| stock.plan == Some(plan));
            if let Some(stock) = stock.filter(|_| *class == opened.class) {
                shares = shares.checked_add(*quantity)?;
                drawn = drawn.checked_add(stock.drawn)?;
            }
        }
        part(drawn, opened.quantity.min(shares), shares).filter(|drawn| !drawn.is_zero())
    }

    /// Adds to an event what returns to a pool by itself: stock of a plan that is retracted, or that
    /// is cancelled where its plan says so.
    pub(crate) fn plan_returns(&self, event: &mut Event) {
        let returns = ceased(event).filter_map(|(certificate, _, whole, gone)| {
            let stock = self.plan_stock(certificate)?;
            let plan = stock.plan?;
            let by_itself = match event.kind {
                EventKind::Retraction => true,
                EventKind::Cancellation => self.plan(plan)?.returns,
                _ => false,
            };
            let quantity = part(stock.drawn, gone, whole).filter(|quantity| !quantity.is_zero())?;
            let from = Granted::Stock(certificate);
            by_itself.then_some(Effect::PoolReturned { plan, from, moved: false, quantity })
        });
        let returns: Vec<Effect> = returns.collect();
        event.effects.extend(returns);
    }

    /// A certificate as it will stand when an event has closed it, or as it stands.
    pub(super) fn plan_stock_after(&self, event: &Event, id: CertificateId) -> Option<PlanStock> {
        let now = ceased(event).find(|(closed, ..)| *closed == id);
        let Some((_, class, whole, gone)) = now else { return self.plan_stock(id).cloned() };
        let issuer = self.class(class)?.issuer;
        let new = PlanStock { certificate: id, issuer, drawn: whole, ..PlanStock::default() };
        let before = self.plan_stock(id).cloned().unwrap_or(new);
        let drawn = part(before.drawn, gone, whole)?;
        Some(PlanStock { drawn, ceased: gone, last: event.date, ..before })
    }

    /// Remembers the certificates that an event opens as stock of a plan.
    pub(super) fn remember_stock_of(
        &mut self,
        event: &Event,
        certificate: CertificateId,
        plan: PlanId,
    ) {
        let Some(drawn) = self.drawn_for(event, certificate, plan) else { return };
        let Some(issuer) = self.plan(plan).map(|plan| plan.issuer) else { return };
        let plan = Some(plan);
        self.remember(PlanStock { certificate, issuer, plan, drawn, ..PlanStock::default() });
    }

    /// Remembers what an event ends, before anything of it returns.
    pub(super) fn remember_ceased(&mut self, event: &Event) {
        let ids: Vec<CertificateId> = ceased(event).map(|(id, ..)| id).collect();
        let stock: Vec<_> =
            ids.into_iter().filter_map(|id| self.plan_stock_after(event, id)).collect();
        stock.into_iter().for_each(|stock| self.remember(stock));
    }

    /// What stands in pools follows them in a split.
    pub(super) fn remember_scaled(&mut self, event: &Event) {
        let split = event.effects.iter().find_map(|effect| match effect {
            Effect::ClassSplit { ratio, .. } => Some(*ratio),
            _ => None,
        });
        let Some(ratio) = split else { return };
        let scaled = |effect: &Effect| match effect {
            Effect::PoolScaled { plan, .. } => Some(*plan),
            _ => None,
        };
        let plans: BTreeSet<PlanId> = event.effects.iter().filter_map(scaled).collect();
        for effect in &event.effects {
            let Effect::CertificateScaled { certificate, before, after, .. } = effect else {
                continue;
            };
            let Some(stock) = self.plan_stock(*certificate) else { continue };
            if stock.plan.is_some_and(|plan| plans.contains(&plan))
                && let Some(drawn) = part(stock.drawn, *after, *before)
            {
                self.plan_stock_mut(*certificate).drawn = drawn;
            }
        }
        // What ceased before the split, and may return after it, counts in the shares of the pool.
        let whole: BTreeSet<PlanId> = plans
            .into_iter()
            .filter(|id| self.plan(*id).is_some_and(|p| p.classes.len() == 1))
            .collect();
        let by = |quantity: Quantity| ratio.of(quantity.0, 1).map_or(quantity, Quantity);
        for at in 0..self.plan_stock.len() {
            let Some(stock) = self.plan_stock.get(at) else { continue };
            if !stock.ceased.is_zero() && stock.plan.is_some_and(|plan| whole.contains(&plan)) {
                let stock = self.plan_stock.get_mut(at).expect("it was there");
                for quantity in
                    [&mut stock.drawn, &mut stock.ceased, &mut stock.returned, &mut stock.moved]
                {
                    *quantity = by(*quantity);
                }
            }
        }
        for at in 0..self.securities.len() {
            let Some(security) = self.securities.get(at) else { continue };
            let of_plan = security.plan.is_some_and(|plan| whole.contains(&plan));
            if !security.cancelled.is_zero() && of_plan {
                let security = self.securities.get_mut(at).expect("it was there");
                for quantity in
                    [&mut security.cancelled, &mut security.returned, &mut security.moved]
                {
                    *quantity = by(*quantity);
                }
            }
        }
    }

    pub(super) fn plan_stock_mut(&mut self, certificate: CertificateId) -> &mut PlanStock {
        let at = self.plan_stock_at.get(key(certificate));
        let at = at.expect("the register remembers what it is asked to change");
        self.plan_stock.get_mut(at as usize).expect("the index leads to what is there")
    }

    fn remember(&mut self, stock: PlanStock) {
        let certificate = stock.certificate;
        if self.plan_stock_at.get(key(certificate)).is_some() {
            *self.plan_stock_mut(certificate) = stock;
        } else {
            let at = dense(self.plan_stock.push(stock));
            self.plan_stock_at.insert(key(certificate), at);
        }
    }

    /// Takes over what a snapshot holds.
    pub(super) fn take_over_plan_stock(&mut self, stock: Paged<PlanStock>) {
        for (at, stock) in stock.iter().enumerate() {
            self.plan_stock_at.insert(key(stock.certificate), dense(at));
        }
        self.plan_stock = stock;
    }
}

fn key(id: CertificateId) -> u128 {
    u128::from(id.record) << 64 | u128::from(id.place) << 32 | u128::from(id.slot)
}
