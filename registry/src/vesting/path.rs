//! The one path that a grant takes through the conditions of its terms.
//!
//! The path consists of stretches. A stretch begins with a start or an event, which a transaction
//! records, and is planned to its end as if no other would ever be recorded; so its installments
//! have their shares from the beginning, and an event that ends it changes none of those that vested
//! before.

use super::allocation::Amount;
use super::schedule::Award;
use super::terms::{DayOfMonth, Period, Portion, Terms, Trigger, Unit};
use super::{MAX_INSTALLMENTS, VestingError};
use crate::date::Date;
use crate::fraction::Fraction;

/// An installment: its date, and the shares that vest on it in units of 10^-10.
pub(super) type Installment = (Date, u128);

/// A condition that may follow, and the date on which the path would reach it.
#[derive(Clone, Copy)]
struct Candidate {
    condition: usize,
    date: Date,
    /// Whether the calendar reaches it; otherwise a transaction does.
    scheduled: bool,
}

/// A condition that the path reached.
struct Stage {
    condition: usize,
    reached: Date,
    /// Its occurrences until the next condition is reached.
    occurrences: Vec<Occurrence>,
}

/// One occurrence of a condition.
struct Occurrence {
    date: Date,
    amount: Amount,
}

/// What is known of the path up to a condition.
#[derive(Clone)]
struct Position {
    /// When each condition on the path was last met.
    met: Vec<Option<Date>>,
    /// The date of the vesting start.
    start: Option<Date>,
    /// What vested, as an exact fraction.
    exact: Fraction,
}

/// The installments of a grant under its terms, in the order of their dates.
pub(super) fn installments(
    award: &Award<'_>,
    terms: &Terms,
) -> Result<Vec<Installment>, VestingError> {
    let met = vec![None; terms.conditions().len()];
    let mut walk = Walk {
        award,
        terms,
        position: Position { met, start: None, exact: Fraction::ZERO },
        allocated: 0,
        paid: Vec::new(),
    };
    let mut next = walk.soonest(&walk.position, terms.first(), Date::MIN)?.0;
    while let Some(reached) = next {
        next = walk.stretch(reached)?;
    }
    Ok(walk.paid)
}

struct Walk<'a> {
    award: &'a Award<'a>,
    terms: &'a Terms,
    position: Position,
    /// The shares of the installments paid, in units of 10^-10.
    allocated: u128,
    paid: Vec<Installment>,
}

impl Walk<'_> {
    /// Plans the stretch that begins with a condition and pays it up to the transaction that ends
    /// it, which is returned if there is one.
    fn stretch(&mut self, first: Candidate) -> Result<Option<Candidate>, VestingError> {
        let mut position = self.position.clone();
        let mut stages: Vec<Stage> = Vec::new();
        let mut ended: Option<(usize, Candidate, Position)> = None;
        let (mut reached, mut planned) = (Some(first), 0);
        while let Some(candidate) = reached {
            let mut stage = self.reach(&mut position, candidate, &mut planned)?;
            let follow = &self.terms.conditions()[stage.condition].next;
            let (soonest, scheduled) = self.soonest(&position, follow, stage.reached)?;
            if let Some(event) = soonest.filter(|event| !event.scheduled && ended.is_none()) {
                let mut until = position.clone();
                stage.leave(&mut until, event.date);
                ended = Some((stages.len(), event, until));
            }
            if let Some(next) = scheduled {
                let kept = stage.leave(&mut position, next.date);
                stage.occurrences.truncate(kept);
            }
            if let Some(last) = stage.occurrences.last() {
                position.exact = last.amount.sum;
            }
            stages.push(stage);
            reached = scheduled;
        }
        self.pay(&stages, ended.as_ref().map(|(at, event, _)| (*at, event.date)))?;
        Ok(ended.map(|(_, event, until)| {
            self.position = Position { exact: self.position.exact, ..until };
            event
        }))
    }

    /// Gives the planned occurrences their shares and pays those that come before the end: the
    /// stage that is ended, and the date.
    fn pay(&mut self, stages: &[Stage], end: Option<(usize, Date)>) -> Result<(), VestingError> {
        let grant = self.award.quantity.0;
        let occurrences = || {
            let numbered = stages.iter().enumerate();
            numbered.flat_map(|(at, stage)| stage.occurrences.iter().map(move |one| (at, one)))
        };
        let amounts: Vec<Amount> = occurrences().map(|(_, one)| one.amount).collect();
        let allocation = self.terms.allocation;
        let shares =
            allocation.shares(&amounts, self.allocated, grant).ok_or(VestingError::Overflow)?;
        for ((at, one), shares) in occurrences().zip(shares) {
            if end.is_some_and(|(last, ends)| at > last || (at == last && one.date > ends)) {
                break;
            }
            self.position.exact = one.amount.sum;
            self.allocated = self.allocated.checked_add(shares).ok_or(VestingError::Overflow)?;
            self.paid.push((one.date, shares));
        }
        Ok(())
    }

    /// Moves a position to a condition, whose planned occurrences become a stage.
    fn reach(
        &self,
        position: &mut Position,
        candidate: Candidate,
        planned: &mut usize,
    ) -> Result<Stage, VestingError> {
        let condition = &self.terms.conditions()[candidate.condition];
        let reached = candidate.date;
        let dates = match condition.trigger {
            Trigger::Relative { period, to } => {
                *planned = planned.saturating_add(period.occurrences as usize);
                if *planned > MAX_INSTALLMENTS {
                    return Err(VestingError::TooLong);
                }
                let base = position.met[to].unwrap_or(reached);
                occurrences(period, base, position.start, reached)?
            }
            Trigger::Start => {
                position.start = Some(reached);
                vec![reached]
            }
            Trigger::Absolute(_) | Trigger::Event => vec![reached],
        };
        let grant = self.award.quantity.0;
        let part = match condition.portion {
            Portion::OfGrant(ratio) => {
                Fraction::whole(grant).times(ratio.0).ok_or(VestingError::Overflow)?
            }
            Portion::Quantity(quantity) => Fraction::whole(quantity.0),
            Portion::OfRemainder(ratio) => {
                let accelerated = self.award.history.accelerated_by(reached)?;
                let open = position
                    .exact
                    .missing_to(grant.saturating_sub(accelerated))
                    .ok_or(VestingError::Overflow)?;
                open.times(ratio.0).ok_or(VestingError::Overflow)?
            }
        };
        position.met[candidate.condition] = Some(dates.last().copied().unwrap_or(reached));
        let mut sum = position.exact;
        let mut occurrences = Vec::with_capacity(dates.len());
        for date in dates {
            let before = sum;
            sum = before.plus(part).ok_or(VestingError::Overflow)?;
            let mut amount = Amount { part, sum };
            if sum.down_to(1) >= grant {
                // Portions that add up to more than the grant stop where it is vested.
                sum = Fraction::whole(grant);
                let part = before.missing_to(grant).ok_or(VestingError::Overflow)?;
                amount = Amount { part, sum };
            }
            occurrences.push(Occurrence { date, amount });
        }
        Ok(Stage { condition: candidate.condition, reached, occurrences })
    }

    /// Of the conditions that may follow one reached on `since`, the one that is reached first, and
    /// the one that the calendar reaches first. On equal dates the one listed first.
    fn soonest(
        &self,
        position: &Position,
        follow: &[usize],
        since: Date,
    ) -> Result<(Option<Candidate>, Option<Candidate>), VestingError> {
        let (mut soonest, mut scheduled) = (None::<Candidate>, None::<Candidate>);
        for at in follow.iter().filter(|at| position.met[**at].is_none()) {
            let Some(candidate) = self.candidate(position, *at, since)? else { continue };
            let sooner =
                |than: Option<Candidate>| than.is_none_or(|than| candidate.date < than.date);
            if sooner(soonest) {
                soonest = Some(candidate);
            }
            if candidate.scheduled && sooner(scheduled) {
                scheduled = Some(candidate);
            }
        }
        Ok((soonest, scheduled))
    }

    /// When a condition is reached by a path that may go on to it from `since`; `None`: never, as
    /// far as is known.
    fn candidate(
        &self,
        position: &Position,
        at: usize,
        since: Date,
    ) -> Result<Option<Candidate>, VestingError> {
        let condition = &self.terms.conditions()[at];
        let (date, scheduled) = match condition.trigger {
            Trigger::Start | Trigger::Event => (self.award.history.met(&condition.id), false),
            Trigger::Absolute(date) => (Some(date), true),
            Trigger::Relative { period, to } => match position.met[to] {
                Some(base) => {
                    let first = Counted::of(period, base, position.start).occurrence(1);
                    (Some(first.ok_or(VestingError::TooLong)?), true)
                }
                None => (None, true),
            },
        };
        Ok(date.map(|date| Candidate { condition: at, date: date.max(since), scheduled }))
    }
}

impl Stage {
    /// Ends this stage on a date: the position then knows the last occurrence that came. Returns how
    /// many did; one on the date itself comes before the end.
    fn leave(&self, position: &mut Position, date: Date) -> usize {
        let kept = self.occurrences.partition_point(|one| one.date <= date);
        let last = kept.checked_sub(1).and_then(|at| self.occurrences.get(at));
        position.met[self.condition] = Some(last.map_or(self.reached, |one| one.date));
        kept
    }
}

/// The dates on which the occurrences of a period vest, in order, none before `reached`.
fn occurrences(
    period: Period,
    base: Date,
    start: Option<Date>,
    reached: Date,
) -> Result<Vec<Date>, VestingError> {
    let cliff = period.cliff.min(period.occurrences);
    let counted = Counted::of(period, base, start);
    let dates = (1..=period.occurrences).map(|number| {
        let date = counted.occurrence(number.max(cliff)).ok_or(VestingError::TooLong)?;
        Ok(date.max(reached))
    });
    dates.collect()
}

/// A period counted from a date.
enum Counted {
    Days { base: Date, length: u32 },
    Months { year: i32, month: u32, day: u32, length: u32 },
}

impl Counted {
    fn of(period: Period, base: Date, start: Option<Date>) -> Counted {
        let length = period.length;
        let day = match period.unit {
            Unit::Days => return Counted::Days { base, length },
            Unit::Months(DayOfMonth::Day(day)) => day,
            Unit::Months(DayOfMonth::VestingStart) => start.unwrap_or(base).ymd().2,
        };
        let (year, month, _) = base.ymd();
        Counted::Months { year, month, day, length }
    }

    /// The date of an occurrence, counted from 1; `None` beyond the year 9999.
    fn occurrence(&self, number: u32) -> Option<Date> {
        match *self {
            Counted::Days { base, length } => base.plus_days(length.checked_mul(number)?),
            Counted::Months { year, month, day, length } => {
                let months = length.checked_mul(number)?.checked_add(month - 1)?;
                let year = year.checked_add(i32::try_from(months / 12).ok()?)?;
                // The last day of a month is at most three days before the 31st.
                let mut days = (day.saturating_sub(3)..=day).rev();
                days.find_map(|day| Date::from_ymd(year, months % 12 + 1, day))
            }
        }
    }
}
