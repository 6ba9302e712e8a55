//! The vesting schedule of one grant.

use std::collections::BTreeMap;

use super::path::{Installment, installments};
use super::{Terms, VestingError};
use crate::amount::{Quantity, Ratio};
use crate::date::Date;

/// A grant, as far as its vesting depends on it.
#[derive(Clone, Copy, Debug)]
pub struct Award<'a> {
    /// The quantity granted.
    pub quantity: Quantity,
    /// The date of its issuance, before which nothing vests.
    pub issued: Date,
    /// The vestings listed on the grant itself, which take precedence over terms.
    pub vestings: &'a [Vesting],
    /// Its vesting terms.
    pub terms: Option<&'a Terms>,
    /// What was recorded about its vesting.
    pub history: &'a History,
}

/// An exact vesting (OCF 1.2.0 `Vesting`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Vesting {
    /// When.
    pub date: Date,
    /// How much.
    pub amount: Quantity,
}

/// What transactions recorded about the vesting of one grant.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct History {
    met: BTreeMap<String, Date>,
    accelerations: Vec<(Date, Quantity)>,
}

impl History {
    /// Records a `TX_VESTING_START` or `TX_VESTING_EVENT`. A condition is met once: of several
    /// dates the first counts.
    pub fn meet(&mut self, condition: &str, date: Date) {
        let met = self.met.entry(condition.to_owned()).or_insert(date);
        *met = date.min(*met);
    }

    /// Records a `TX_VESTING_ACCELERATION`.
    pub fn accelerate(&mut self, date: Date, quantity: Quantity) {
        self.accelerations.push((date, quantity));
    }

    /// Whether nothing was recorded.
    pub fn is_empty(&self) -> bool {
        self.met.is_empty() && self.accelerations.is_empty()
    }

    /// Adds what another history records, in shares of which each stands, from the dates of `whole`
    /// on, for so many of these.
    pub fn extend(&mut self, other: &History, whole: &[(Date, Ratio)]) -> Result<(), VestingError> {
        for (condition, date) in &other.met {
            self.meet(condition, *date);
        }
        for (date, quantity) in &other.accelerations {
            let mut quantity = quantity.0;
            let then = whole.iter().rev().find(|(since, _)| since <= date);
            if let Some((_, whole)) = then {
                let more = whole.of(quantity, 1).ok_or(VestingError::Overflow)?;
                // Up, so that the part of it is again what was accelerated, and not a share less.
                let exact = whole.inverse().of(more, 1) == Some(quantity);
                quantity = more.checked_add(u128::from(!exact)).ok_or(VestingError::Overflow)?;
            }
            self.accelerate(*date, Quantity(quantity));
        }
        Ok(())
    }

    /// The conditions that were met.
    pub(super) fn conditions(&self) -> impl Iterator<Item = &str> {
        self.met.keys().map(String::as_str)
    }

    /// When a start or an event met a condition.
    pub(super) fn met(&self, condition: &str) -> Option<Date> {
        self.met.get(condition).copied()
    }

    /// What was accelerated until the end of a date.
    pub(super) fn accelerated_by(&self, date: Date) -> Result<u128, VestingError> {
        let until = self.accelerations.iter().filter(|(accelerated, _)| *accelerated <= date);
        let sum = until.map(|(_, quantity)| quantity.0);
        sum.into_iter().try_fold(0u128, u128::checked_add).ok_or(VestingError::Overflow)
    }
}

/// A date on which something vests, and what is vested from then on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Step {
    /// The date.
    pub date: Date,
    /// Vested from this date on, in all.
    pub vested: Quantity,
    /// Of the grant, what is still unvested.
    pub unvested: Quantity,
}

/// How a grant vests; see the module [`crate::vesting`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Schedule {
    steps: Vec<Step>,
}

impl Schedule {
    /// The schedule of a grant, as far as it is known: starts and events that are not recorded yet
    /// vest nothing.
    pub fn of(award: &Award<'_>) -> Result<Schedule, VestingError> {
        let planned: Vec<Installment> = match award.terms {
            _ if !award.vestings.is_empty() => {
                award.vestings.iter().map(|vesting| (vesting.date, vesting.amount.0)).collect()
            }
            Some(terms) => installments(award, terms)?,
            None => vec![(award.issued, award.quantity.0)],
        };
        let accelerated = award.history.accelerations.iter();
        let accelerated = accelerated.map(|(date, quantity)| (*date, quantity.0));
        let all = planned.into_iter().chain(accelerated);
        let mut all: Vec<Installment> =
            all.map(|(date, amount)| (date.max(award.issued), amount)).collect();
        all.sort_by_key(|(date, _)| *date);
        let mut vested = 0u128;
        let mut steps: Vec<Step> = Vec::with_capacity(all.len());
        for (date, amount) in all {
            let until = vested.checked_add(amount).ok_or(VestingError::Overflow)?;
            let until = until.min(award.quantity.0);
            if until == vested {
                continue;
            }
            vested = until;
            let unvested = Quantity(award.quantity.0 - vested);
            let step = Step { date, vested: Quantity(vested), unvested };
            match steps.last_mut().filter(|last| last.date == date) {
                Some(last) => *last = step,
                None => steps.push(step),
            }
        }
        Ok(Schedule { steps })
    }

    /// This schedule where other figures stand for what is vested, which rise with those.
    pub(crate) fn told<E>(
        &self,
        figure: impl Fn(Quantity) -> Result<Quantity, E>,
    ) -> Result<Schedule, E> {
        let whole = self.steps.last().map_or(Ok(Quantity::ZERO), |step| figure(step.vested))?;
        let mut steps = Vec::with_capacity(self.steps.len());
        let mut before = Quantity::ZERO;
        for step in &self.steps {
            let vested = figure(step.vested)?;
            if vested > before {
                let unvested = whole.checked_sub(vested).unwrap_or_default();
                steps.push(Step { date: step.date, vested, unvested });
                before = vested;
            }
        }
        Ok(Schedule { steps })
    }

    /// The dates on which something vests, in order.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// What is vested at the end of a date.
    pub fn vested_at(&self, date: Date) -> Quantity {
        let until = self.steps.partition_point(|step| step.date <= date);
        until.checked_sub(1).map_or(Quantity::ZERO, |last| self.steps[last].vested)
    }

    /// The next step after a date.
    pub fn next_after(&self, date: Date) -> Option<&Step> {
        self.steps.get(self.steps.partition_point(|step| step.date <= date))
    }
}
