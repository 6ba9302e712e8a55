//! Changes of grants, warrants, convertibles and pools.

use super::*;
use crate::effect::{Pool, SecurityOpened};
use crate::handle::{PlanId, SecurityId};
use crate::register::{Plan, Security};

impl Register {
    pub(super) fn instrument(&mut self, event: &Event, effect: &Effect) {
        match effect {
            Effect::PlanRegistered { plan, issuer, classes, reserved, returns, source_id } => {
                self.use_id(Space::Plan, *issuer, source_id, Target::Plan(*plan));
                self.plans.push(Plan {
                    issuer: *issuer,
                    classes: classes.clone(),
                    pool: Pool { reserved: *reserved, ..Pool::default() },
                    returns: *returns,
                    excess: false,
                    ruled: Date::MIN,
                    last: Date::MIN,
                    source_id: source_id.clone(),
                });
            }
            Effect::PoolReserved { plan, reserved } => {
                let pool = Pool { reserved: *reserved, ..self.pool_of(*plan) };
                self.rule_pool(event, *plan, pool);
            }
            Effect::PoolDrawn { plan, quantity } => {
                let mut pool = self.pool_of(*plan);
                pool.drawn = pool.drawn.checked_add(*quantity).expect(CHECKED);
                self.set_pool(event, *plan, pool);
            }
            Effect::PoolReturned { plan, security, quantity } => {
                let mut pool = self.pool_of(*plan);
                pool.returned = pool.returned.checked_add(*quantity).expect(CHECKED);
                self.set_pool(event, *plan, pool);
                if let Some(security) = security {
                    let security = self.touched(*security, event.date);
                    let returned = security.returned.checked_add(*quantity);
                    security.returned = returned.expect(CHECKED);
                }
            }
            Effect::PoolExercised { plan, quantity } => {
                let mut pool = self.pool_of(*plan);
                pool.exercised = pool.exercised.checked_add(*quantity).expect(CHECKED);
                self.set_pool(event, *plan, pool);
            }
            Effect::PoolScaled { plan, pool } => self.rule_pool(event, *plan, *pool),
            Effect::SecurityOpened(opened) => self.open_security(event, opened),
            Effect::SecurityClosed { security, quantity, .. } => {
                let kept = event.effects.iter().filter_map(|effect| match effect {
                    Effect::SecurityOpened(opened) => opened.quantity,
                    _ => None,
                });
                let kept = kept.fold(Quantity::ZERO, |sum, quantity| {
                    sum.checked_add(quantity).expect(CHECKED)
                });
                let security = self.touched(*security, event.date);
                security.ended = true;
                if matches!(event.kind, EventKind::Cancellation | EventKind::Retraction) {
                    let all = quantity.unwrap_or_default();
                    security.cancelled = all.checked_sub(kept).expect(CHECKED);
                }
            }
            Effect::SecurityReduced { security, after, .. } => {
                let security = self.touched(*security, event.date);
                security.quantity = Some(*after);
                security.ended = after.is_zero();
            }
            Effect::SecurityScaled { security, after, price, .. } => {
                let security = self.touched(*security, event.date);
                security.quantity = Some(*after);
                security.ended = after.is_zero();
                security.price = *price;
            }
            Effect::SecurityAccepted { security } => {
                self.touched(*security, event.date).accepted = true;
            }
            Effect::SecurityRepriced { security, price } => {
                self.touched(*security, event.date).price = Some(*price);
            }
            _ => {}
        }
    }

    fn touched(&mut self, id: SecurityId, date: Date) -> &mut Security {
        let security = self.securities.get_mut(id.index()).expect(CHECKED);
        security.last = security.last.max(date);
        security
    }

    fn open_security(&mut self, event: &Event, opened: &SecurityOpened) {
        let target = Target::Security(opened.security);
        self.use_id(Space::Security, opened.issuer, &opened.source_id, target);
        let numbers = Space::Number(opened.instrument);
        self.use_id(numbers, opened.issuer, &opened.number, target);
        self.securities.push(Security {
            issuer: opened.issuer,
            instrument: opened.instrument,
            account: opened.account,
            quantity: opened.quantity,
            currency: opened.currency,
            plan: opened.plan,
            class: opened.class,
            price: opened.price,
            date: event.date,
            last: event.date,
            ..Security::default()
        });
    }

    fn pool_of(&self, plan: PlanId) -> Pool {
        self.plans.get(plan.index()).expect(CHECKED).pool
    }

    /// A change of the pool's size: nothing is granted or returned before it from now on.
    fn rule_pool(&mut self, event: &Event, id: PlanId, pool: Pool) {
        self.set_pool(event, id, pool);
        let plan = self.plans.get_mut(id.index()).expect(CHECKED);
        plan.ruled = plan.ruled.max(event.date);
    }

    fn set_pool(&mut self, event: &Event, plan: PlanId, pool: Pool) {
        let plan = self.plans.get_mut(plan.index()).expect(CHECKED);
        plan.pool = pool;
        plan.last = plan.last.max(event.date);
        let over = pool.used() > pool.reserved;
        plan.excess = over && (plan.excess || totals::accepts_defect(event));
    }
}
