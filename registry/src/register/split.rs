//! The split of a class: one event over all its certificates.
//!
//! Fractions: in a live register the shares of one holder are scaled together and rounded down to the
//! smallest unit of the class (DGCL 155 leaves the rest to cash in lieu). Each certificate gets what
//! the sum up to it gains, so that the certificates sum to the holder's shares whatever their
//! number. A draft is replayed as files mean it: each certificate by itself, and nothing else.

use std::collections::BTreeMap;

use super::{Register, Security};
use crate::amount::{DECIMALS, Money, Quantity, Ratio};
use crate::effect::Effect;
use crate::event::Event;
use crate::handle::{CertificateId, ClassId, PlanId};
use crate::rule::Rule;

impl Register {
    /// Plans the effects of a split. A live one reaches what becomes shares of the class too: grants,
    /// pools and conversion rights. A package says each of those itself.
    pub fn plan_split(
        &self,
        event: &mut Event,
        class: ClassId,
        ratio: Ratio,
        live: bool,
    ) -> Result<(), Rule> {
        let facts = self.class(class).ok_or(Rule::ClassUnknown)?;
        let unit = 10u128.pow(u32::from(DECIMALS.saturating_sub(facts.decimals)));
        let scaled = |quantity: Quantity| {
            let scaled = ratio.of(quantity.0, unit).filter(|scaled| *scaled <= i128::MAX as u128);
            scaled.map(Quantity).ok_or(Rule::QuantityMismatch)
        };
        let (treasury, retired) = (scaled(facts.treasury)?, scaled(facts.retired)?);
        event.effects.push(Effect::ClassSplit { class, ratio, treasury, retired });
        for position in self.positions.iter().filter(|position| position.class == class) {
            let (mut sum, mut given) = (Quantity::ZERO, Quantity::ZERO);
            for certificate in self.certificates(position.account, class) {
                let before = certificate.quantity;
                sum = sum.checked_add(before).ok_or(Rule::QuantityMismatch)?;
                let after = if live {
                    let total = scaled(sum)?;
                    let gain = total.checked_sub(std::mem::replace(&mut given, total));
                    gain.ok_or(Rule::QuantityMismatch)?
                } else {
                    scaled(before)?
                };
                let (certificate, account) = (certificate.id, position.account);
                event.effects.push(if after.is_zero() {
                    Effect::CertificateClosed { certificate, class, account, quantity: before }
                } else {
                    Effect::CertificateScaled { certificate, class, account, before, after }
                });
            }
        }
        if live { self.propagate(event, class, ratio) } else { Ok(()) }
    }

    fn propagate(&self, event: &mut Event, class: ClassId, ratio: Ratio) -> Result<(), Rule> {
        let issuer = self.class(class).ok_or(Rule::ClassUnknown)?.issuer;
        let share = 10u128.pow(u32::from(DECIMALS));
        let scaled = |quantity: Quantity| {
            ratio.of(quantity.0, share).map(Quantity).ok_or(Rule::QuantityMismatch)
        };
        let lower = |price: Money| {
            let amount = ratio.inverse().of(price.amount, 1).ok_or(Rule::QuantityMismatch)?;
            Ok(Money { amount, ..price })
        };
        let only = self.classes().filter(|(_, facts)| facts.issuer == issuer).nth(1).is_none();
        let open = |facts: &Security| facts.issuer == issuer && !facts.ended;
        for (security, facts) in self.securities().filter(|(_, facts)| open(facts)) {
            let counted = facts.quantity.filter(|_| facts.currency.is_none());
            if facts.currency.is_some() || !self.follows(facts, class, only)? {
                continue;
            }
            let price = facts.price.map(lower).transpose()?;
            match (counted, price) {
                (Some(before), price) => {
                    let after = scaled(before)?;
                    event.effects.push(Effect::SecurityScaled { security, before, after, price });
                }
                (None, Some(price)) => {
                    event.effects.push(Effect::SecurityRepriced { security, price });
                }
                (None, None) => {}
            }
        }
        let granted = self.granted(event);
        for (plan, facts) in self.plans().filter(|(_, plan)| plan.issuer == issuer) {
            let pool = if facts.classes == [class] {
                facts.pool.scaled(scaled)
            } else {
                facts.pool.regranted(granted.get(&plan).map(Vec::as_slice).unwrap_or_default())
            };
            let pool = pool.ok_or(Rule::QuantityMismatch)?;
            if pool != facts.pool {
                event.effects.push(Effect::PoolScaled { plan, pool });
            }
        }
        self.scale_conversions(event, class, ratio)
    }

    /// Whether a security becomes shares of the class. One that names no class is for the only class
    /// of its plan, or of its issuer; where there are several, nobody knows whether a split of one of
    /// them reaches it, unless it does not even say for how many shares it is.
    fn follows(&self, security: &Security, class: ClassId, only: bool) -> Result<bool, Rule> {
        if let Some(own) = security.class {
            return Ok(own == class);
        }
        let plan = security.plan.and_then(|plan| self.plan(plan));
        let (reached, only) = match plan.filter(|plan| !plan.classes.is_empty()) {
            Some(plan) => (plan.classes.contains(&class), plan.classes.len() == 1),
            None => (true, only),
        };
        match (reached, only) {
            (true, false) if security.quantity.is_some() => Err(Rule::SplitUnclear),
            (reached, only) => Ok(reached && only),
        }
    }

    /// What a split makes of what each plan granted: before and after. The pool of a plan of several
    /// classes grows or shrinks by as much; what is still available is of no class yet.
    fn granted(&self, split: &Event) -> BTreeMap<PlanId, Vec<(Quantity, Quantity)>> {
        let mut granted: BTreeMap<PlanId, Vec<(Quantity, Quantity)>> = BTreeMap::new();
        let of_plan = |id: &CertificateId| self.plan_stock(*id).and_then(|stock| stock.plan);
        for effect in &split.effects {
            let (plan, change) = match effect {
                Effect::SecurityScaled { security, before, after, .. } => {
                    let security = self.security(*security);
                    (security.and_then(|security| security.plan), (*before, *after))
                }
                Effect::CertificateScaled { certificate, before, after, .. } => {
                    (of_plan(certificate), (*before, *after))
                }
                Effect::CertificateClosed { certificate, quantity, .. } => {
                    (of_plan(certificate), (*quantity, Quantity::ZERO))
                }
                _ => continue,
            };
            if let Some(plan) = plan {
                granted.entry(plan).or_default().push(change);
            }
        }
        granted
    }

    /// Who converts out of the class gets for each new share what a part of an old one got; who
    /// converts into it gets so many more.
    fn scale_conversions(
        &self,
        event: &mut Event,
        class: ClassId,
        ratio: Ratio,
    ) -> Result<(), Rule> {
        let issuer = self.class(class).ok_or(Rule::ClassUnknown)?.issuer;
        for (id, other) in self.classes().filter(|(_, other)| other.issuer == issuer) {
            let mut conversions = other.conversions.clone();
            for conversion in &mut conversions {
                let into = self.class_named(issuer, &conversion.class_id) == Some(class);
                let factor = match (id == class, into) {
                    (true, false) => ratio.inverse(),
                    (false, true) => ratio,
                    _ => continue,
                };
                let after = conversion.ratio.times(factor);
                conversion.ratio = after.ok_or(Rule::QuantityMismatch)?;
            }
            if conversions != other.conversions {
                event.effects.push(Effect::ConversionsSet { class: id, conversions });
            }
        }
        Ok(())
    }
}
