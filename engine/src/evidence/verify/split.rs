//! What a split did, computed again from the register as it stood before it.
//!
//! A split touches everyone who holds of a class, so that a sum over the class proves nothing to a
//! single holder. Each figure is compared: what each account holds, what the issuer keeps, and, in a
//! live register, the grants, pools and conversion rights that follow the class. In a draft each
//! certificate is scaled by itself and nothing follows, since a package says the rest itself.

use std::collections::{BTreeMap, BTreeSet};

use counterfoil_registry::action::Action;
use counterfoil_registry::amount::{DECIMALS, Money, Quantity, Ratio};
use counterfoil_registry::captable::{CertificateFacts, Fold, SecurityFacts};
use counterfoil_registry::effect::{Conversion, Effect, Pool};
use counterfoil_registry::event::{Event, EventKind};
use counterfoil_registry::handle::{
    AccountId, CertificateId, ClassId, IssuerId, PlanId, SecurityId,
};

/// Judges the effects that only a split may have; the answer says what is wrong with them.
pub(super) fn check(
    fold: &Fold,
    issuer: IssuerId,
    live: bool,
    event: &Event,
) -> Result<(), &'static str> {
    let mut splits = event.effects.iter().filter_map(|effect| match effect {
        Effect::ClassSplit { class, ratio, treasury, retired } => {
            Some((*class, *ratio, [*treasury, *retired]))
        }
        _ => None,
    });
    let Some((class, ratio, kept)) = splits.next() else {
        let scales = |effect: &Effect| {
            matches!(
                effect,
                Effect::CertificateScaled { .. }
                    | Effect::SecurityScaled { .. }
                    | Effect::PoolScaled { .. }
            )
        };
        if event.kind == EventKind::Split || event.effects.iter().any(scales) {
            return Err("something is scaled and no class is split");
        }
        return Ok(());
    };
    if event.kind != EventKind::Split || splits.next().is_some() {
        return Err("a class is split that this event cannot split");
    }
    let split = Split { fold, issuer, class, ratio };
    if !split.is_documented(event) {
        return Err("a split is another one than its document says");
    }
    split.kept(kept)?;
    split.certificates(event, live)?;
    split.followers(event, live)
}

struct Split<'a> {
    fold: &'a Fold,
    issuer: IssuerId,
    class: ClassId,
    ratio: Ratio,
}

/// What follows a class: grants and warrants with their prices, pools, conversion rights.
#[derive(PartialEq, Default)]
struct Followers {
    securities: BTreeMap<SecurityId, (Quantity, Quantity, Option<Money>)>,
    /// The prices of warrants that leave their number of shares open.
    prices: BTreeMap<SecurityId, Money>,
    pools: BTreeMap<PlanId, Pool>,
    rights: BTreeMap<ClassId, Vec<Conversion>>,
}

const BEYOND: &str = "a split leads beyond the representable range";

impl Split<'_> {
    /// The document names this class, and this ratio.
    fn is_documented(&self, event: &Event) -> bool {
        let mut documents = event.effects.iter().filter_map(|effect| match effect {
            Effect::Documented { objects, .. } => Some(objects),
            _ => None,
        });
        let (Some(objects), None) = (documents.next(), documents.next()) else { return false };
        let objects: Vec<_> = objects.iter().map(|object| object.as_ref().clone()).collect();
        let Ok(Action::Split { class_id, ratio, .. }) = Action::of(&objects) else { return false };
        ratio == self.ratio && self.named(&class_id) == Some(self.class)
    }

    /// The class that a text names: by its id in the package, or by its handle.
    fn named(&self, text: &str) -> Option<ClassId> {
        let mut classes = self.fold.classes(self.issuer);
        let by_id = classes.find(|(_, facts)| !text.is_empty() && facts.source_id == text);
        let id = by_id.map(|(id, _)| id).or_else(|| ClassId::parse(text))?;
        self.fold.class(id).filter(|facts| facts.issuer == self.issuer).map(|_| id)
    }

    fn scaled(&self, quantity: Quantity, unit: u128) -> Result<Quantity, &'static str> {
        self.ratio.of(quantity.0, unit).map(Quantity).ok_or(BEYOND)
    }

    /// The smallest part of a share of the class.
    fn unit(&self) -> u128 {
        let decimals = self.fold.class(self.class).map_or(0, |facts| facts.decimals);
        10u128.pow(u32::from(DECIMALS.saturating_sub(decimals)))
    }

    /// Treasury and retired shares are scaled each as a whole.
    fn kept(&self, told: [Quantity; 2]) -> Result<(), &'static str> {
        let totals = self.fold.class(self.class).map(|facts| facts.totals()).unwrap_or_default();
        for (before, after) in [totals.treasury, totals.retired].into_iter().zip(told) {
            if self.scaled(before, self.unit())? != after {
                return Err("a split makes other treasury or retired shares than its ratio says");
            }
        }
        Ok(())
    }

    /// Each open certificate is scaled once. In a live register the shares of an account are scaled
    /// together: a certificate gains what the sum up to it gains.
    fn certificates(&self, event: &Event, live: bool) -> Result<(), &'static str> {
        let unit = self.unit();
        let mut seen = BTreeSet::new();
        let mut sums: BTreeMap<AccountId, (Quantity, Quantity)> = BTreeMap::new();
        for effect in &event.effects {
            let (certificate, class, account, before, after) = match effect {
                Effect::CertificateScaled { certificate, class, account, before, after } => {
                    (certificate, class, account, *before, *after)
                }
                Effect::CertificateClosed { certificate, class, account, quantity } => {
                    (certificate, class, account, *quantity, Quantity::ZERO)
                }
                _ => continue,
            };
            let closes = matches!(effect, Effect::CertificateClosed { .. });
            if *class != self.class || !seen.insert(*certificate) || closes != after.is_zero() {
                return Err("a split does not reach each certificate of its class once");
            }
            let wanted = if live {
                let (sum, given) = sums.entry(*account).or_default();
                *sum = sum.checked_add(before).ok_or(BEYOND)?;
                let total = self.scaled(*sum, unit)?;
                total.checked_sub(std::mem::replace(given, total)).ok_or(BEYOND)?
            } else {
                self.scaled(before, unit)?
            };
            if wanted != after {
                return Err("a split gives a holder more or fewer shares than its ratio says");
            }
        }
        let open = |facts: &CertificateFacts| facts.class == self.class && facts.closed.is_none();
        if self.fold.certificates().filter(|(_, facts)| open(facts)).count() != seen.len() {
            return Err("a split does not reach each certificate of its class once");
        }
        Ok(())
    }

    /// What follows the class is scaled with it, and nothing else happens.
    fn followers(&self, event: &Event, live: bool) -> Result<(), &'static str> {
        let mut told = Followers::default();
        for effect in &event.effects {
            let first = match effect {
                Effect::SecurityScaled { security, before, after, price } => {
                    told.securities.insert(*security, (*before, *after, *price)).is_none()
                }
                Effect::SecurityRepriced { security, price } => {
                    told.prices.insert(*security, *price).is_none()
                }
                Effect::PoolScaled { plan, pool } => told.pools.insert(*plan, *pool).is_none(),
                Effect::ConversionsSet { class, conversions } => {
                    told.rights.insert(*class, conversions.clone()).is_none()
                }
                Effect::ClassSplit { .. }
                | Effect::CertificateScaled { .. }
                | Effect::CertificateClosed { .. }
                | Effect::Documented { .. }
                | Effect::DefectAccepted { .. } => true,
                _ => return Err("a split does something else too"),
            };
            if !first {
                return Err("a split scales something twice");
            }
        }
        let wanted = if live { self.wanted(event)? } else { Followers::default() };
        if told == wanted {
            return Ok(());
        }
        Err("a split scales other grants, pools or conversion rights than its ratio says")
    }

    /// Whether a security becomes shares of the class, which it may say itself, or its plan or issuer
    /// by having no other.
    fn follows(&self, security: &SecurityFacts, only: bool) -> Result<bool, &'static str> {
        if let Some(own) = security.class {
            return Ok(own == self.class);
        }
        let plan = security.plan.and_then(|plan| self.fold.plan(plan));
        let (reached, only) = match plan.filter(|plan| !plan.classes.is_empty()) {
            Some(plan) => (plan.classes.contains(&self.class), plan.classes.len() == 1),
            None => (true, only),
        };
        match (reached, only) {
            (true, false) if security.last_quantity().is_some() => {
                Err("a split passes by something that may be of its class")
            }
            (reached, only) => Ok(reached && only),
        }
    }

    /// What the split makes of what each plan granted: before and after.
    fn granted(
        &self,
        wanted: &Followers,
        event: &Event,
    ) -> BTreeMap<PlanId, Vec<(Quantity, Quantity)>> {
        let of_plan = |id: &CertificateId| self.fold.certificate(*id).and_then(|facts| facts.plan);
        let stock = event.effects.iter().filter_map(|effect| match effect {
            Effect::CertificateScaled { certificate, before, after, .. } => {
                Some((of_plan(certificate)?, (*before, *after)))
            }
            Effect::CertificateClosed { certificate, quantity, .. } => {
                Some((of_plan(certificate)?, (*quantity, Quantity::ZERO)))
            }
            _ => None,
        });
        let grants = wanted.securities.iter().filter_map(|(id, (before, after, _))| {
            Some((self.fold.security(*id)?.plan?, (*before, *after)))
        });
        let mut granted: BTreeMap<PlanId, Vec<(Quantity, Quantity)>> = BTreeMap::new();
        for (plan, change) in stock.chain(grants) {
            granted.entry(plan).or_default().push(change);
        }
        granted
    }

    fn wanted(&self, event: &Event) -> Result<Followers, &'static str> {
        let mut wanted = Followers::default();
        let share = 10u128.pow(u32::from(DECIMALS));
        let scaled = |quantity| self.scaled(quantity, share);
        let only = self.fold.classes(self.issuer).nth(1).is_none();
        for (security, facts) in self.fold.securities(self.issuer) {
            let open = facts.closed.is_none() && facts.currency.is_none();
            if !open || !self.follows(facts, only)? {
                continue;
            }
            let lower = |price: Money| {
                let amount = self.ratio.inverse().of(price.amount, 1).ok_or(BEYOND)?;
                Ok::<_, &'static str>(Money { amount, ..price })
            };
            let price = facts.price.newest().map(lower).transpose()?;
            match (facts.last_quantity(), price) {
                (Some(before), price) => {
                    wanted.securities.insert(security, (before, scaled(before)?, price));
                }
                (None, Some(price)) => {
                    wanted.prices.insert(security, price);
                }
                (None, None) => {}
            }
        }
        let granted = self.granted(&wanted, event);
        for (plan, facts) in self.fold.plans(self.issuer) {
            let pool = if facts.classes == [self.class] {
                facts.pool().scaled(scaled)
            } else {
                facts.pool().regranted(granted.get(&plan).map(Vec::as_slice).unwrap_or_default())
            };
            let pool = pool.ok_or(BEYOND)?;
            if pool != facts.pool() {
                wanted.pools.insert(plan, pool);
            }
        }
        for (id, facts) in self.fold.classes(self.issuer) {
            let before = facts.conversions.newest();
            let mut rights = before.clone();
            for right in &mut rights {
                let into = self.named(&right.class_id) == Some(self.class);
                right.ratio = match (id == self.class, into) {
                    (true, false) => right.ratio.times(self.ratio.inverse()).ok_or(BEYOND)?,
                    (false, true) => right.ratio.times(self.ratio).ok_or(BEYOND)?,
                    _ => continue,
                };
            }
            if rights != *before {
                wanted.rights.insert(id, rights);
            }
        }
        Ok(wanted)
    }
}
