//! Vesting in scenarios: hand-worked schedules, and terms that make no sense.

use serde_json::{Value, json};

use super::*;
use crate::amount::Quantity;
use crate::date::Date;
use crate::ocf::object::{Kind, Object};

mod balances;
mod laws;
mod published;

fn day(text: &str) -> Date {
    Date::parse(text).unwrap()
}

fn terms(allocation: &str, conditions: Value) -> Result<Terms, VestingError> {
    let fields = json!({
        "name": "Terms", "allocation_type": allocation, "vesting_conditions": conditions,
    });
    let fields = serde_json::from_value(fields).unwrap();
    Terms::of(&Object::new(Kind::VestingTerms, "terms", fields))
}

fn condition(id: &str, portion: Value, trigger: Value, next: &[&str]) -> Value {
    let mut condition = json!({ "id": id, "trigger": trigger, "next_condition_ids": next });
    let name = if portion.is_string() { "quantity" } else { "portion" };
    condition[name] = portion;
    condition
}

fn ratio(above: &str, below: &str) -> Value {
    json!({ "numerator": above, "denominator": below })
}

fn rest(above: &str, below: &str) -> Value {
    json!({ "numerator": above, "denominator": below, "remainder": true })
}

fn start(next: &[&str]) -> Value {
    condition("start", json!("0"), json!({ "type": "VESTING_START_DATE" }), next)
}

fn event(id: &str, portion: Value, next: &[&str]) -> Value {
    condition(id, portion, json!({ "type": "VESTING_EVENT" }), next)
}

fn on(id: &str, portion: Value, date: &str, next: &[&str]) -> Value {
    condition(id, portion, json!({ "type": "VESTING_SCHEDULE_ABSOLUTE", "date": date }), next)
}

fn months(length: u32, occurrences: u32, day: &str) -> Value {
    json!({ "type": "MONTHS", "length": length, "occurrences": occurrences, "day_of_month": day })
}

fn after(id: &str, portion: Value, period: Value, to: &str, next: &[&str]) -> Value {
    let trigger = json!({
        "type": "VESTING_SCHEDULE_RELATIVE", "period": period, "relative_to_condition_id": to,
    });
    condition(id, portion, trigger, next)
}

const START_DAY: &str = "VESTING_START_DAY_OR_LAST_DAY_OF_MONTH";

/// A grant of so many shares, issued and started on dates.
#[derive(Debug)]
struct Case {
    shares: u64,
    issued: Date,
    history: History,
}

impl Case {
    fn new(shares: u64, started: &str) -> Case {
        let mut history = History::default();
        history.meet("start", day(started));
        Case { shares, issued: day(started), history }
    }

    fn event(mut self, id: &str, date: &str) -> Case {
        self.history.meet(id, day(date));
        self
    }

    fn accelerated(mut self, date: &str, shares: u64) -> Case {
        self.history.accelerate(day(date), Quantity::whole(shares));
        self
    }

    fn under(&self, terms: &Terms) -> Schedule {
        let award = Award {
            quantity: Quantity::whole(self.shares),
            issued: self.issued,
            vestings: &[],
            terms: Some(terms),
            history: &self.history,
        };
        Schedule::of(&award).unwrap()
    }
}

/// What vests on each date, as text.
fn installments_of(schedule: &Schedule) -> Vec<(String, String)> {
    let mut before = Quantity::ZERO;
    let line = |step: &Step| {
        let amount = step.vested.checked_sub(before).unwrap();
        before = step.vested;
        (step.date.to_string(), amount.to_string())
    };
    schedule.steps().iter().map(line).collect()
}

fn amounts_of(schedule: &Schedule) -> Vec<String> {
    installments_of(schedule).into_iter().map(|(_, amount)| amount).collect()
}

fn cliff_and_months() -> Terms {
    let conditions = json!([
        start(&["cliff"]),
        after("cliff", ratio("12", "48"), months(12, 1, START_DAY), "start", &["monthly"]),
        after("monthly", ratio("1", "48"), months(1, 36, START_DAY), "cliff", &["sale"]),
        event("sale", rest("1", "1"), &[]),
    ]);
    terms("CUMULATIVE_ROUND_DOWN", conditions).unwrap()
}

#[test]
fn eighteen_shares_in_four_installments_are_allocated_as_the_format_says() {
    let table = [
        ("CUMULATIVE_ROUNDING", ["5", "4", "5", "4"]),
        ("CUMULATIVE_ROUND_DOWN", ["4", "5", "4", "5"]),
        ("FRONT_LOADED", ["5", "5", "4", "4"]),
        ("BACK_LOADED", ["4", "4", "5", "5"]),
        ("FRONT_LOADED_TO_SINGLE_TRANCHE", ["6", "4", "4", "4"]),
        ("BACK_LOADED_TO_SINGLE_TRANCHE", ["4", "4", "4", "6"]),
        ("FRACTIONAL", ["4.5", "4.5", "4.5", "4.5"]),
    ];
    let quarter = || ratio("1", "4");
    let four_times = json!([
        start(&["yearly"]),
        after("yearly", quarter(), months(12, 4, START_DAY), "start", &[]),
    ]);
    let one_by_one = json!([
        start(&["first"]),
        after("first", quarter(), months(12, 1, START_DAY), "start", &["second"]),
        after("second", quarter(), months(12, 1, START_DAY), "first", &["third"]),
        on("third", quarter(), "2024-01-01", &["fourth"]),
        on("fourth", quarter(), "2025-01-01", &[]),
    ]);
    for (allocation, amounts) in table {
        for conditions in [&four_times, &one_by_one] {
            let terms = terms(allocation, conditions.clone()).unwrap();
            let schedule = Case::new(18, "2021-01-01").under(&terms);
            assert_eq!(amounts_of(&schedule), amounts, "{allocation}");
        }
    }
    assert_eq!(table.len(), Allocation::ALL.len());
}

#[test]
fn a_start_on_the_thirtieth_vests_on_the_last_day_of_february() {
    let schedule = Case::new(480, "2021-01-30").under(&cliff_and_months());
    let table = [
        ("2022-01-29", 0),
        ("2022-01-30", 120),
        ("2022-02-27", 120),
        ("2022-02-28", 130),
        ("2022-03-29", 130),
        ("2022-03-30", 140),
        ("2024-02-28", 360),
        ("2024-02-29", 370),
        ("2025-01-29", 470),
        ("2025-01-30", 480),
        ("2035-01-01", 480),
    ];
    for (date, vested) in table {
        assert_eq!(schedule.vested_at(day(date)), Quantity::whole(vested), "{date}");
    }
    assert_eq!(schedule.next_after(day("2022-01-30")).unwrap().date, day("2022-02-28"));
    assert_eq!(schedule.next_after(day("2025-01-30")), None);
}

#[test]
fn the_day_of_the_month_is_that_of_the_terms() {
    let table = [
        ("15", ["2023-02-15", "2023-03-15", "2023-04-15"]),
        ("29_OR_LAST_DAY_OF_MONTH", ["2023-02-28", "2023-03-29", "2023-04-29"]),
        ("31_OR_LAST_DAY_OF_MONTH", ["2023-02-28", "2023-03-31", "2023-04-30"]),
        (START_DAY, ["2023-02-28", "2023-03-31", "2023-04-30"]),
    ];
    for (day_of_month, dates) in table {
        let conditions = json!([
            start(&["monthly"]),
            after("monthly", ratio("1", "3"), months(1, 3, day_of_month), "start", &[]),
        ]);
        let terms = terms("FRACTIONAL", conditions).unwrap();
        let schedule = Case::new(3, "2023-01-31").under(&terms);
        let found: Vec<_> = schedule.steps().iter().map(|step| step.date.to_string()).collect();
        assert_eq!(found, dates, "{day_of_month}");
    }
}

#[test]
fn days_are_counted_and_years_of_365_days_do_not_leap() {
    let period = json!({ "type": "DAYS", "length": 365, "occurrences": 2 });
    let conditions =
        json!([start(&["yearly"]), after("yearly", ratio("1", "2"), period, "start", &[])]);
    let terms = terms("CUMULATIVE_ROUNDING", conditions).unwrap();
    let schedule = Case::new(100, "2023-03-01").under(&terms);
    let expected = [("2024-02-29", "50"), ("2025-02-28", "50")];
    let found = installments_of(&schedule);
    assert_eq!(found.len(), expected.len());
    for ((date, amount), expected) in found.iter().zip(expected) {
        assert_eq!((date.as_str(), amount.as_str()), expected);
    }
}

#[test]
fn a_cliff_pays_what_the_schedule_without_it_accumulated() {
    // 10 of 1/48 of 100 shares are 20.83: the cliff pays what the running total had reached, 20.
    let with = |cliff: u32| {
        let mut period = months(1, 48, START_DAY);
        period["cliff_installment"] = json!(cliff);
        let conditions =
            json!([start(&["monthly"]), after("monthly", ratio("1", "48"), period, "start", &[])]);
        Case::new(100, "2021-01-01").under(&terms("CUMULATIVE_ROUND_DOWN", conditions).unwrap())
    };
    let (plain, cliff) = (with(0), with(10));
    assert_eq!(cliff.vested_at(day("2021-10-31")), Quantity::ZERO);
    for date in ["2021-11-01", "2021-12-01", "2022-01-01", "2024-12-31", "2025-01-01"] {
        assert_eq!(cliff.vested_at(day(date)), plain.vested_at(day(date)), "{date}");
    }
    assert_eq!(cliff.vested_at(day("2021-11-01")), Quantity::whole(20));
    assert_eq!(with(1), plain);
    assert_eq!(with(49).steps().len(), 1, "a cliff beyond the last installment is at the last");
}

#[test]
fn a_condition_reached_late_vests_at_once_what_lay_before() {
    // The cliff as a condition of its own that vests nothing, and months counted from the start.
    let conditions = json!([
        start(&["cliff"]),
        after("cliff", json!("0"), months(12, 1, START_DAY), "start", &["monthly"]),
        after("monthly", ratio("1", "48"), months(1, 48, START_DAY), "start", &[]),
    ]);
    let terms = terms("CUMULATIVE_ROUND_DOWN", conditions).unwrap();
    let schedule = Case::new(480, "2021-01-01").under(&terms);
    assert_eq!(schedule.steps()[0].date, day("2022-01-01"));
    assert_eq!(schedule.steps()[0].vested, Quantity::whole(120));
    assert_eq!(schedule.vested_at(day("2025-01-01")), Quantity::whole(480));
}

#[test]
fn nothing_vests_before_the_grant_or_without_a_start() {
    let mut case = Case::new(480, "2020-01-01");
    case.issued = day("2021-06-15");
    let schedule = case.under(&cliff_and_months());
    assert_eq!(schedule.vested_at(day("2021-06-14")), Quantity::ZERO);
    assert_eq!(schedule.vested_at(day("2021-06-15")), Quantity::whole(170));
    case.history = History::default();
    assert_eq!(case.under(&cliff_and_months()).steps(), []);
}

#[test]
fn an_event_ends_the_installments_and_vests_the_rest() {
    let before = Case::new(480, "2021-01-01").under(&cliff_and_months());
    let sold = Case::new(480, "2021-01-01").event("sale", "2022-05-01").under(&cliff_and_months());
    for date in ["2022-01-01", "2022-04-30"] {
        assert_eq!(sold.vested_at(day(date)), before.vested_at(day(date)), "{date}");
    }
    assert_eq!(sold.vested_at(day("2022-05-01")), Quantity::whole(480));
    assert_eq!(before.vested_at(day("2022-05-01")), Quantity::whole(160));
}

#[test]
fn an_event_that_ends_a_stretch_changes_no_installment_before_it() {
    for allocation in Allocation::ALL {
        let conditions = json!([
            start(&["yearly"]),
            after("yearly", ratio("1", "4"), months(12, 4, START_DAY), "start", &["sale"]),
            event("sale", rest("1", "2"), &["tail"]),
            after("tail", rest("1", "3"), months(1, 3, START_DAY), "sale", &[]),
        ]);
        let terms = terms(allocation.as_str(), conditions).unwrap();
        let before = amounts_of(&Case::new(18, "2021-01-01").under(&terms));
        let case = Case::new(18, "2021-01-01").event("sale", "2023-06-01");
        let after = installments_of(&case.under(&terms));
        let amounts: Vec<String> = after.iter().map(|(_, amount)| amount.clone()).collect();
        assert_eq!(amounts[..2], before[..2], "{}", allocation.as_str());
        assert_eq!(after.last().unwrap().0, "2023-09-01");
        assert_eq!(case.under(&terms).steps().last().unwrap().unvested, Quantity::ZERO);
    }
}

#[test]
fn of_two_conditions_the_one_met_first_is_taken_and_the_other_never() {
    let conditions = json!([
        start(&["late", "deadline", "sale"]),
        after("late", json!("0"), months(36, 1, START_DAY), "start", &[]),
        on("deadline", json!("0"), "2025-01-01", &[]),
        event("sale", ratio("1", "1"), &[]),
    ]);
    let terms = terms("CUMULATIVE_ROUND_DOWN", conditions).unwrap();
    let table = [
        ("2021-01-01", "2022-07-14", 500, "the sale comes first"),
        ("2021-01-01", "2023-12-31", 500, "on the last day"),
        ("2021-01-01", "2024-01-01", 0, "three years passed that day, and are listed first"),
        ("2023-07-01", "2024-12-31", 500, "before the deadline"),
        ("2023-07-01", "2025-01-01", 0, "on the deadline"),
        ("2023-07-01", "2025-06-01", 0, "after it"),
    ];
    for (started, sold, vested, why) in table {
        let schedule = Case::new(500, started).event("sale", sold).under(&terms);
        assert_eq!(schedule.vested_at(Date::MAX), Quantity::whole(vested), "{why}");
    }
}

#[test]
fn accelerated_shares_come_off_the_end() {
    let schedule =
        Case::new(480, "2021-01-01").accelerated("2022-01-15", 100).under(&cliff_and_months());
    assert_eq!(schedule.vested_at(day("2022-01-14")), Quantity::whole(120));
    assert_eq!(schedule.vested_at(day("2022-01-15")), Quantity::whole(220));
    assert_eq!(schedule.vested_at(day("2022-02-01")), Quantity::whole(230));
    assert_eq!(schedule.vested_at(day("2024-03-01")), Quantity::whole(480));
    assert_eq!(schedule.vested_at(day("2030-01-01")), Quantity::whole(480));
}

#[test]
fn vestings_on_the_grant_take_precedence_and_a_grant_without_any_is_vested() {
    let history = History::default();
    let terms = cliff_and_months();
    let vesting = |date, shares| Vesting { date: day(date), amount: Quantity::whole(shares) };
    let listed = [vesting("2022-01-01", 30), vesting("2023-01-01", 100)];
    let mut award = Award {
        quantity: Quantity::whole(100),
        issued: day("2021-01-01"),
        vestings: &listed,
        terms: Some(&terms),
        history: &history,
    };
    let schedule = Schedule::of(&award).unwrap();
    assert_eq!(schedule.vested_at(day("2022-12-31")), Quantity::whole(30));
    assert_eq!(
        schedule.vested_at(day("2023-01-01")),
        Quantity::whole(100),
        "never beyond the grant"
    );
    award.vestings = &[];
    award.terms = None;
    let schedule = Schedule::of(&award).unwrap();
    assert_eq!(schedule.vested_at(day("2020-12-31")), Quantity::ZERO);
    assert_eq!(schedule.vested_at(day("2021-01-01")), Quantity::whole(100));
}

#[test]
fn terms_that_make_no_sense_are_refused_by_name() {
    let one = |portion, trigger| json!([condition("one", portion, trigger, &[])]);
    let by_event = || json!({ "type": "VESTING_EVENT" });
    let every = |period| json!([after("one", ratio("1", "1"), period, "one", &[])]);
    let table = [
        ("FRACTIONAL", json!([]), "VESTING_TERMS_INVALID"),
        ("RANDOM", one(ratio("1", "1"), by_event()), "VESTING_TERMS_INVALID"),
        ("FRACTIONAL", one(ratio("1", "0"), by_event()), "VESTING_TERMS_INVALID"),
        ("FRACTIONAL", one(json!("-1"), by_event()), "VESTING_TERMS_INVALID"),
        ("FRACTIONAL", one(json!("1"), json!({ "type": "NEVER" })), "VESTING_TERMS_INVALID"),
        ("FRACTIONAL", every(months(1, 0, "01")), "VESTING_TERMS_INVALID"),
        ("FRACTIONAL", every(months(1, 1, "30")), "VESTING_TERMS_INVALID"),
        ("FRACTIONAL", every(months(1, 1, "28_OR_LAST_DAY_OF_MONTH")), "VESTING_TERMS_INVALID"),
        ("FRACTIONAL", json!([start(&["start"])]), "VESTING_CYCLE"),
        (
            "FRACTIONAL",
            json!([start(&["a"]), event("a", json!("1"), &["b"]), event("b", json!("1"), &["a"])]),
            "VESTING_CYCLE",
        ),
        ("FRACTIONAL", json!([start(&["nowhere"])]), "VESTING_CONDITION_UNKNOWN"),
        ("FRACTIONAL", json!([start(&[]), start(&[])]), "VESTING_TERMS_INVALID"),
    ];
    for (allocation, conditions, code) in table {
        let error = terms(allocation, conditions.clone()).expect_err(code);
        assert_eq!(error.code(), code, "{conditions} {error}");
    }
}

#[test]
fn absurd_schedules_are_bounded() {
    let long = |occurrences, length| {
        let period = json!({ "type": "DAYS", "length": length, "occurrences": occurrences });
        let conditions =
            json!([start(&["daily"]), after("daily", ratio("1", "10"), period, "start", &[])]);
        let terms = terms("FRONT_LOADED", conditions).unwrap();
        let history = Case::new(1, "2021-01-01").history;
        let (quantity, issued) = (Quantity::whole(1_000), day("2021-01-01"));
        let award =
            Award { quantity, issued, vestings: &[], terms: Some(&terms), history: &history };
        Schedule::of(&award).map(|schedule| schedule.steps().len())
    };
    assert_eq!(long(4_000, 1), Ok(10));
    assert_eq!(long(4_001, 1), Err(VestingError::TooLong));
    assert_eq!(long(u32::MAX, 1), Err(VestingError::TooLong));
    assert_eq!(long(2, u32::MAX), Err(VestingError::TooLong));
    assert_eq!(long(1, 3_000_000), Err(VestingError::TooLong), "beyond the year 9999");
}
