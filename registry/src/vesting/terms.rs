//! Vesting terms as types: the graph of conditions of a `VESTING_TERMS` object.

use std::collections::BTreeMap;

use super::{Allocation, MAX_CONDITIONS, VestingError};
use crate::amount::Quantity;
use crate::date::Date;
use crate::fraction::Fraction;
use crate::ocf::object::{Fields, Object, Value};

/// Vesting terms (OCF 1.2.0 `VestingTerms`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Terms {
    /// Its id in the package.
    pub id: String,
    /// Its name.
    pub name: String,
    /// How installments become shares.
    pub allocation: Allocation,
    /// The conditions, in the order of the object. They follow each other in no circle.
    conditions: Vec<Condition>,
    /// Those that follow no other, in the order of the object.
    first: Vec<usize>,
}

/// A condition and what vests when it is met (OCF 1.2.0 `VestingCondition`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Condition {
    /// Its id within the terms.
    pub id: String,
    /// What vests at each of its occurrences.
    pub portion: Portion,
    /// When it is met.
    pub trigger: Trigger,
    /// The conditions that may follow, those with the highest priority first.
    pub next: Vec<usize>,
}

/// What vests at one occurrence of a condition.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Portion {
    /// A fraction of the grant (OCF 1.2.0 `VestingConditionPortion`).
    OfGrant(Part),
    /// A fraction of what was unvested when the condition was reached.
    OfRemainder(Part),
    /// A fixed quantity.
    Quantity(Quantity),
}

/// A ratio of two decimals, exactly; it may be zero.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Part(pub(super) Fraction);

/// When a condition is met (OCF 1.2.0 `VestingConditionTrigger`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trigger {
    /// By a `TX_VESTING_START`.
    Start,
    /// On a date.
    Absolute(Date),
    /// A period after another condition.
    Relative {
        /// The period.
        period: Period,
        /// The condition that it counts from.
        to: usize,
    },
    /// By a `TX_VESTING_EVENT`.
    Event,
}

/// A period that occurs once or several times (OCF 1.2.0 `VestingPeriod`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Period {
    /// So many units each time.
    pub length: u32,
    /// Days or calendar months.
    pub unit: Unit,
    /// So many times, at least once.
    pub occurrences: u32,
    /// The occurrence, counted from 1, at which the earlier ones vest too; below 2: no cliff
    /// (`cliff_installment` of the main branch).
    pub cliff: u32,
}

/// The unit of a [`Period`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unit {
    /// Days.
    Days,
    /// Calendar months, with the day on which they vest.
    Months(DayOfMonth),
}

/// The day of a month, or its last one where the month is shorter (OCF 1.2.0 `VestingDayOfMonth`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DayOfMonth {
    /// This day.
    Day(u32),
    /// The day of the vesting start.
    VestingStart,
}

impl Terms {
    /// Reads a `VESTING_TERMS` object in normal form.
    pub fn of(object: &Object) -> Result<Terms, VestingError> {
        let invalid = |at: &str, what| VestingError::TermsInvalid { at: at.to_owned(), what };
        let allocation = object.text("allocation_type").and_then(Allocation::parse);
        let allocation =
            allocation.ok_or_else(|| invalid("allocation_type", "is not one of the format"))?;
        let list = object.value("vesting_conditions").and_then(Value::as_array);
        let list = list.filter(|list| !list.is_empty());
        let list = list.ok_or_else(|| invalid("vesting_conditions", "is not a list of them"))?;
        if list.len() > MAX_CONDITIONS {
            return Err(VestingError::TooLong);
        }
        let mut ids = BTreeMap::new();
        for (at, value) in list.iter().enumerate() {
            let id = value.get("id").and_then(Value::as_str).filter(|id| !id.is_empty());
            let place = format!("vesting_conditions[{at}].id");
            let id = id.ok_or_else(|| invalid(&place, "is missing"))?;
            if ids.insert(id, at).is_some() {
                return Err(invalid(&place, "is used by another condition"));
            }
        }
        let read = |(at, value): (usize, &Value)| {
            let place = format!("vesting_conditions[{at}]");
            match value.as_object() {
                Some(fields) => Reader { place, fields, ids: &ids }.condition(),
                None => Err(invalid(&place, "is not an object")),
            }
        };
        let conditions: Vec<Condition> =
            list.iter().enumerate().map(read).collect::<Result<_, _>>()?;
        let first = first_of(&conditions)?;
        let name = object.text("name").unwrap_or_default().to_owned();
        Ok(Terms { id: object.id().to_owned(), name, allocation, conditions, first })
    }

    /// The conditions, in the order of the object.
    pub fn conditions(&self) -> &[Condition] {
        &self.conditions
    }

    /// The condition with this id.
    pub fn condition(&self, id: &str) -> Result<&Condition, VestingError> {
        let found = self.conditions.iter().find(|condition| condition.id == id);
        found.ok_or_else(|| VestingError::ConditionUnknown(id.to_owned()))
    }

    /// The conditions that may come first: those that follow no other.
    pub(super) fn first(&self) -> &[usize] {
        &self.first
    }
}

/// The conditions that follow no other; refuses a circle.
fn first_of(conditions: &[Condition]) -> Result<Vec<usize>, VestingError> {
    let mut before = vec![0usize; conditions.len()];
    for next in conditions.iter().flat_map(|condition| &condition.next) {
        before[*next] += 1;
    }
    let first: Vec<usize> = (0..conditions.len()).filter(|at| before[*at] == 0).collect();
    // Conditions are taken away once all before them are; what remains stands in a circle.
    let mut free = first.clone();
    let mut taken = 0;
    while let Some(at) = free.pop() {
        taken += 1;
        for next in &conditions[at].next {
            before[*next] -= 1;
            if before[*next] == 0 {
                free.push(*next);
            }
        }
    }
    if taken == conditions.len() { Ok(first) } else { Err(VestingError::Cycle) }
}

/// Reads the fields of one condition.
struct Reader<'a> {
    place: String,
    fields: &'a Fields,
    ids: &'a BTreeMap<&'a str, usize>,
}

impl Reader<'_> {
    fn condition(&self) -> Result<Condition, VestingError> {
        let mut next = Vec::new();
        for value in
            self.fields.get("next_condition_ids").and_then(Value::as_array).into_iter().flatten()
        {
            let at = self.named(value.as_str().unwrap_or_default())?;
            if next.contains(&at) {
                return Err(self.invalid("next_condition_ids", "names a condition twice"));
            }
            next.push(at);
        }
        Ok(Condition {
            id: self.fields.get("id").and_then(Value::as_str).unwrap_or_default().to_owned(),
            portion: self.portion()?,
            trigger: self.trigger()?,
            next,
        })
    }

    fn portion(&self) -> Result<Portion, VestingError> {
        let quantity = self.fields.get("quantity");
        let portion = self.fields.get("portion");
        match (quantity, portion) {
            (Some(quantity), None) => {
                let quantity = quantity.as_str().and_then(Quantity::parse);
                quantity
                    .map(Portion::Quantity)
                    .ok_or_else(|| self.invalid("quantity", "is not a quantity"))
            }
            (None, Some(portion)) => {
                let part = |field| portion.get(field)?.as_str().and_then(Quantity::parse);
                let (above, below) = (part("numerator"), part("denominator"));
                let ratio = above.zip(below).and_then(|(a, b)| Fraction::new(a.0, b.0));
                let ratio =
                    ratio.map(Part).ok_or_else(|| self.invalid("portion", "is not a ratio"))?;
                match portion.get("remainder").and_then(Value::as_bool) {
                    Some(true) => Ok(Portion::OfRemainder(ratio)),
                    _ => Ok(Portion::OfGrant(ratio)),
                }
            }
            _ => Err(self.invalid("portion", "and quantity exclude each other; one is needed")),
        }
    }

    fn trigger(&self) -> Result<Trigger, VestingError> {
        let trigger = self.fields.get("trigger");
        let text = |field| trigger?.get(field)?.as_str();
        match text("type") {
            Some("VESTING_START_DATE") => Ok(Trigger::Start),
            Some("VESTING_EVENT") => Ok(Trigger::Event),
            Some("VESTING_SCHEDULE_ABSOLUTE") => text("date")
                .and_then(Date::parse)
                .map(Trigger::Absolute)
                .ok_or_else(|| self.invalid("trigger.date", "is not a date")),
            Some("VESTING_SCHEDULE_RELATIVE") => {
                let to = self.named(text("relative_to_condition_id").unwrap_or_default())?;
                let period = trigger.and_then(|trigger| trigger.get("period"));
                let period = period
                    .and_then(period_of)
                    .ok_or_else(|| self.invalid("trigger.period", "is not a period"))?;
                Ok(Trigger::Relative { period, to })
            }
            _ => Err(self.invalid("trigger.type", "is not one of the format")),
        }
    }

    fn named(&self, id: &str) -> Result<usize, VestingError> {
        let at = self.ids.get(id).copied();
        at.ok_or_else(|| VestingError::ConditionUnknown(id.to_owned()))
    }

    fn invalid(&self, field: &str, what: &'static str) -> VestingError {
        VestingError::TermsInvalid { at: format!("{}.{field}", self.place), what }
    }
}

fn period_of(value: &Value) -> Option<Period> {
    let unit = match value.get("type")?.as_str()? {
        "DAYS" => Unit::Days,
        "MONTHS" => Unit::Months(day_of_month(value.get("day_of_month")?.as_str()?)?),
        _ => return None,
    };
    let occurrences = integer(value.get("occurrences")?).filter(|occurrences| *occurrences > 0)?;
    let cliff = value.get("cliff_installment").map_or(Some(0), integer)?;
    Some(Period { length: integer(value.get("length")?)?, unit, occurrences, cliff })
}

/// A count, which the format writes as a number and not as a text.
fn integer(value: &Value) -> Option<u32> {
    match value {
        Value::String(text) => text.parse().ok(),
        _ => value.as_u64().and_then(|count| u32::try_from(count).ok()),
    }
}

fn day_of_month(text: &str) -> Option<DayOfMonth> {
    if text == "VESTING_START_DAY_OR_LAST_DAY_OF_MONTH" {
        return Some(DayOfMonth::VestingStart);
    }
    let plain = text.strip_suffix("_OR_LAST_DAY_OF_MONTH");
    let day = plain.unwrap_or(text).parse().ok().filter(|day| (1..=31).contains(day))?;
    // Only the days that not every month has say what happens where there is none.
    (text.len() >= 2 && (day > 28) == plain.is_some()).then_some(DayOfMonth::Day(day))
}
