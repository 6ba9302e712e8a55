//! The conservation laws of the register.

use super::{NONE, Register};
use crate::amount::Quantity;

impl Register {
    /// Every law that does not hold, as a sentence; empty on a sound register.
    pub fn audit(&self) -> Vec<String> {
        let mut broken = Vec::new();
        let mut held = vec![Quantity::ZERO; self.classes.len()];
        let mut open = 0usize;
        for (at, position) in self.positions.iter().enumerate() {
            let (mut sum, mut count, mut last) = (Quantity::ZERO, 0u32, NONE);
            // A damaged list could be a ring: never look at more certificates than there are.
            for (slot_at, slot) in self.list(position.head).take(self.slots.len() + 1) {
                if slot.prev != last || slot.position as usize != at || slot.quantity.is_zero() {
                    broken
                        .push(format!("certificate slot {slot_at} is not linked to its position"));
                }
                sum = sum.checked_add(slot.quantity).unwrap_or_default();
                count = count.saturating_add(1);
                last = slot_at;
            }
            let (account, class) = (position.account, position.class);
            if (sum, count, last) != (position.quantity, position.certificates, position.tail) {
                broken.push(format!("position of {account} in {class} is not the sum of its list"));
            }
            if self.position_of.get(super::position_key(account, class)) != u32::try_from(at).ok() {
                broken.push(format!("position of {account} in {class} is not indexed"));
            }
            open = open.saturating_add(count as usize);
            match held.get_mut(class.index()) {
                Some(held) => *held = held.checked_add(sum).unwrap_or_default(),
                None => broken.push(format!("position of {account} is of an unknown class")),
            }
        }
        self.audit_classes(&held, &mut broken);
        self.audit_plans(&mut broken);
        let free = self.list(*self.free).take(self.slots.len() + 1).count();
        if free + open != self.slots.len() {
            broken.push(format!("{} slots are neither open nor free", self.slots.len()));
        }
        broken
    }

    fn audit_classes(&self, held: &[Quantity], broken: &mut Vec<String>) {
        let mut by_issuer = vec![(Quantity::ZERO, Quantity::ZERO); self.issuers.len()];
        for (at, class) in self.classes() {
            if held[at.index()] != class.outstanding {
                broken
                    .push(format!("class {at}: certificates do not sum to the outstanding shares"));
            }
            let kept = class.outstanding.checked_add(class.treasury);
            if kept.and_then(|kept| kept.checked_add(class.retired)) != Some(class.issued) {
                broken.push(format!(
                    "class {at}: issued differs from outstanding, treasury and retired"
                ));
            }
            let over = class.authorized.limit().is_some_and(|limit| kept > Some(limit));
            if over != class.excess {
                broken
                    .push(format!("class {at}: more outstanding than authorized, or no longer so"));
            }
            let Some((outstanding, authorized)) = by_issuer.get_mut(class.issuer.index()) else {
                broken.push(format!("class {at}: its issuer is unknown"));
                continue;
            };
            let sum = kept.and_then(|kept| outstanding.checked_add(kept));
            *outstanding = sum.unwrap_or_default();
            let numeric = class.authorized.limit().unwrap_or_default();
            *authorized = authorized.checked_add(numeric).unwrap_or_default();
        }
        for ((at, issuer), sums) in self.issuers().zip(by_issuer) {
            if (issuer.outstanding, issuer.classes_authorized) != sums {
                broken.push(format!("issuer {at}: its totals are not those of its classes"));
            }
            let sum = issuer.outstanding.max(issuer.classes_authorized);
            let over = issuer.authorized.limit().is_some_and(|limit| sum > limit);
            if over != issuer.excess {
                broken.push(format!("issuer {at}: more than it authorizes, or no longer so"));
            }
        }
    }

    fn audit_plans(&self, broken: &mut Vec<String>) {
        for (at, plan) in self.plans() {
            let pool = &plan.pool;
            if (pool.used() > pool.reserved) != plan.excess {
                broken.push(format!("plan {at}: more granted than reserved, or no longer so"));
            }
            if self.issuer(plan.issuer).is_none() {
                broken.push(format!("plan {at}: its issuer is unknown"));
            }
        }
        for stock in self.all_plan_stock() {
            if stock.returned > stock.drawn || stock.moved > stock.returned {
                broken.push(format!("{}: more returned than was drawn", stock.certificate));
            }
            if stock.plan.is_some_and(|plan| self.plan(plan).is_none()) {
                broken.push(format!("{}: its plan is unknown", stock.certificate));
            }
            if !stock.ceased.is_zero() && self.certificate(stock.certificate).is_some() {
                broken.push(format!("{}: open although it ceased", stock.certificate));
            }
        }
        for (at, security) in self.securities() {
            let known = self.account(security.account).is_some()
                && security.plan.is_none_or(|plan| self.plan(plan).is_some());
            if !known {
                broken.push(format!("security {at}: its account or plan is unknown"));
            }
            if !security.ended && security.quantity.is_some_and(Quantity::is_zero) {
                broken.push(format!("security {at}: open with nothing left"));
            }
            if security.returned > security.cancelled || security.moved > security.returned {
                broken.push(format!("security {at}: more returned than was cancelled"));
            }
        }
    }
}
