//! Changes of grants, warrants, convertibles and pools.

use super::*;
use crate::effect::{Granted, Pool, SecurityOpened};
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
            Effect::PoolReserved { plan, .. } | Effect::PoolScaled { plan, .. } => {
                self.change_pool(event, *plan, effect);
                // Nothing is granted or returned before it from now on.
                let plan = self.plans.get_mut(plan.index()).expect(CHECKED);
                plan.ruled = plan.ruled.max(event.date);
            }
            Effect::PoolDrawn { plan, .. } | Effect::PoolExercised { plan, .. } => {
                self.change_pool(event, *plan, effect);
            }
            Effect::PoolReturned { plan, from, moved, quantity } => {
                self.change_pool(event, *plan, effect);
                let (returned, on, by_itself) = match from {
                    Granted::Security(id) => {
                        let security = self.touched(*id, event.date);
                        (&mut security.returned, &mut security.moved, &mut security.by_itself)
                    }
                    Granted::Stock(id) => {
                        let stock = self.plan_stock_mut(*id);
                        (&mut stock.returned, &mut stock.moved, &mut stock.by_itself)
                    }
                };
                *by_itself |= event.kind != EventKind::ReturnToPool;
                let sum = if *moved { on } else { returned };
                *sum = sum.checked_add(*quantity).expect(CHECKED);
            }
            Effect::StockOfPlan { certificate, plan } => {
                self.remember_stock_of(event, *certificate, *plan);
            }
            Effect::SecurityOpened(opened) => self.open_security(event, opened),
            Effect::SecurityClosed { security, quantity, .. } => {
                let security = self.touched(*security, event.date);
                security.ended = true;
                if matches!(event.kind, EventKind::Cancellation | EventKind::Retraction) {
                    let all = quantity.unwrap_or_default();
                    let kept = event.effects.iter().filter_map(|effect| match effect {
                        Effect::SecurityOpened(opened) if opened.balance => opened.quantity,
                        _ => None,
                    });
                    let kept = kept.fold(Quantity::ZERO, |sum, quantity| {
                        sum.checked_add(quantity).expect(CHECKED)
                    });
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

    fn change_pool(&mut self, event: &Event, plan: PlanId, effect: &Effect) {
        let plan = self.plans.get_mut(plan.index()).expect(CHECKED);
        plan.pool = plan.pool.after(effect).expect(CHECKED);
        plan.last = plan.last.max(event.date);
        let over = plan.pool.used() > plan.pool.reserved;
        plan.excess = over && (plan.excess || totals::accepts_defect(event));
    }
}
