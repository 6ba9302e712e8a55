//! The split of a class: one event over all its certificates.
//!
//! Fractions: in a live register the shares of one holder are scaled together and rounded down to the
//! smallest unit of the class (DGCL 155 leaves the rest to cash in lieu). Each certificate gets what
//! the sum up to it gains, so that the certificates sum to the holder's shares whatever their
//! number. A draft is replayed as files mean it: each certificate by itself, and nothing else.

use super::{Plan, Register};
use crate::amount::{DECIMALS, Money, Quantity, Ratio};
use crate::effect::{Effect, Pool};
use crate::event::Event;
use crate::handle::ClassId;
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
        let share = 10u128.pow(u32::from(DECIMALS));
        let scaled = |quantity: Quantity| {
            ratio.of(quantity.0, share).map(Quantity).ok_or(Rule::QuantityMismatch)
        };
        let of_class = |plan: &Plan| plan.classes == [class];
        for (plan, facts) in self.plans().filter(|(_, plan)| of_class(plan)) {
            // What is used is scaled as a whole, so that it never exceeds what is reserved.
            let (used, returned) = (scaled(facts.pool.used())?, scaled(facts.pool.returned)?);
            let pool = Pool {
                reserved: scaled(facts.pool.reserved)?,
                drawn: used.checked_add(returned).ok_or(Rule::QuantityMismatch)?,
                returned,
                exercised: scaled(facts.pool.exercised)?,
            };
            event.effects.push(Effect::PoolScaled { plan, pool });
        }
        for (security, facts) in self.securities().filter(|(_, facts)| !facts.ended) {
            let by_plan = facts.plan.and_then(|plan| self.plan(plan)).is_some_and(of_class);
            let Some(before) = facts.quantity.filter(|_| facts.currency.is_none()) else {
                continue;
            };
            if facts.class == Some(class) || (facts.class.is_none() && by_plan) {
                let after = scaled(before)?;
                let price = facts.price.map(|price| {
                    let amount = ratio.inverse().of(price.amount, 1);
                    amount.map(|amount| Money { amount, ..price }).ok_or(Rule::QuantityMismatch)
                });
                let price = price.transpose()?;
                event.effects.push(Effect::SecurityScaled { security, before, after, price });
            }
        }
        self.scale_conversions(event, class, ratio)
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
