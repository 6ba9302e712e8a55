//! Vesting: how much of a grant its holder has earned at a date (OCF 1.2.0 `VestingTerms`).
//!
//! [`Terms`] are the graph of conditions that a `VESTING_TERMS` object describes; [`Schedule`] is
//! what they give for one grant whose history ([`History`]: starts, events, accelerations) is known.
//! A list of vestings on the grant itself takes precedence over terms; a grant with neither is
//! vested from its first day.
//!
//! Readings where the format leaves a choice:
//! * Exactly one path through the graph is taken: of the conditions that may follow, the one whose
//!   trigger is met first, on equal dates the one listed first. A condition with several occurrences
//!   goes on until one that may follow is triggered; one that is relative to it counts from its last
//!   occurrence.
//! * An occurrence that would lie before the path reached its condition vests on the day on which
//!   it was reached, and nothing vests before the grant was issued: both accumulate, like a cliff.
//! * A portion of the remainder is a portion of what was unvested when its condition was reached.
//! * Shares that are accelerated come off the end of the schedule, never off its next installment.
//!
//! Invariants: a schedule never falls and never exceeds the grant; what vested by a date does not
//! depend on starts and events recorded for later dates. All sums are exact fractions of integers,
//! rounded only where the allocation type says so. Deliberately absent: cancellations and exercises,
//! which change what is outstanding and not what vested (see the positions of a cap table).

mod allocation;
mod book;
mod path;
mod schedule;
mod terms;
#[cfg(test)]
mod tests;

pub use allocation::Allocation;
pub use book::{Book, Heir};
pub use schedule::{Award, History, Schedule, Step, Vesting};
pub use terms::{Condition, DayOfMonth, Part, Period, Portion, Terms, Trigger, Unit};

/// Conditions that terms may have.
pub const MAX_CONDITIONS: usize = 200;
/// Installments that one stretch of a schedule may have: daily ones over ten years.
pub const MAX_INSTALLMENTS: usize = 4_000;

/// Why vesting terms, or the schedule of a grant under them, make no sense.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum VestingError {
    /// A field of the terms is missing or does not hold what the format asks for.
    #[error("{at} {what}")]
    TermsInvalid {
        /// The field, by its path in the object.
        at: String,
        /// What it should be.
        what: &'static str,
    },
    /// A grant names terms that were not entered.
    #[error("there are no vesting terms {0}")]
    TermsUnknown(String),
    /// A condition is named that the terms do not have.
    #[error("the vesting terms have no condition {0}")]
    ConditionUnknown(String),
    /// The conditions follow each other in a circle.
    #[error("the conditions of the vesting terms follow each other in a circle")]
    Cycle,
    /// More conditions or installments than the limit, or installments beyond the year 9999.
    #[error("the vesting terms have more conditions or installments than the limit")]
    TooLong,
    /// A quantity or fraction is beyond the representable range.
    #[error("a vested quantity is beyond the representable range")]
    Overflow,
}

impl VestingError {
    /// Every code, in the order of the variants.
    pub const CODES: [&'static str; 6] = [
        "VESTING_TERMS_INVALID",
        "VESTING_TERMS_UNKNOWN",
        "VESTING_CONDITION_UNKNOWN",
        "VESTING_CYCLE",
        "VESTING_TOO_LONG",
        "VESTING_OVERFLOW",
    ];

    /// The text code, which is stable.
    pub fn code(&self) -> &'static str {
        let at = match self {
            VestingError::TermsInvalid { .. } => 0,
            VestingError::TermsUnknown(_) => 1,
            VestingError::ConditionUnknown(_) => 2,
            VestingError::Cycle => 3,
            VestingError::TooLong => 4,
            VestingError::Overflow => 5,
        };
        VestingError::CODES[at]
    }
}
