//! Laws that every schedule keeps.

use proptest::prelude::*;

use super::*;

/// Terms of a start, a cliff, months, and a sale that vests a part of the rest in three installments.
fn any_case() -> impl Strategy<Value = (Terms, Case)> {
    let counts = (0usize..7, 0u32..13, 1u32..49, 1u32..4, 0u32..20);
    (counts, 1u64..5_000, 0i32..20_000, proptest::option::of(0i32..2_000)).prop_map(
        |((allocation, wait, occurrences, length, cliff), shares, started, sold)| {
            let below = (wait + occurrences).to_string();
            let mut period = months(length, occurrences, START_DAY);
            period["cliff_installment"] = json!(cliff);
            let conditions = json!([
                start(&["wait"]),
                after(
                    "wait",
                    ratio(&wait.to_string(), &below),
                    months(wait, 1, "31_OR_LAST_DAY_OF_MONTH"),
                    "start",
                    &["monthly"]
                ),
                after("monthly", ratio("1", &below), period, "wait", &["sale"]),
                event("sale", rest("2", "3"), &["tail"]),
                after("tail", rest("1", "3"), months(1, 3, "01"), "sale", &[]),
            ]);
            let allocation = Allocation::ALL[allocation].as_str();
            let mut history = History::default();
            let started = Date::from_days(started);
            history.meet("start", started);
            if let Some(days) = sold {
                history.meet("sale", Date::from_days(started.days() + days));
            }
            (terms(allocation, conditions).unwrap(), Case { shares, issued: started, history })
        },
    )
}

proptest! {
    #[test]
    fn a_schedule_never_falls_and_ends_at_the_whole_grant((terms, case) in any_case()) {
        let schedule = case.under(&terms);
        let steps = schedule.steps();
        let rises = |pair: &[Step]| pair[0].date < pair[1].date && pair[0].vested < pair[1].vested;
        prop_assert!(steps.windows(2).all(rises));
        let last = steps.last().unwrap();
        prop_assert_eq!(last.vested, Quantity::whole(case.shares));
        prop_assert_eq!(last.unvested, Quantity::ZERO);
        if terms.allocation != Allocation::Fractional {
            prop_assert!(steps.iter().all(|step| step.vested.has_granularity(0)));
        }
    }

    #[test]
    fn what_vested_does_not_depend_on_what_comes_later((terms, case) in any_case()) {
        let with = case.under(&terms);
        let Some(sold) = case.history.met("sale") else { return Ok(()) };
        let mut history = History::default();
        history.meet("start", case.history.met("start").unwrap());
        let without = Case { history, ..case }.under(&terms);
        for step in without.steps().iter().filter(|step| step.date < sold) {
            prop_assert_eq!(with.vested_at(step.date), step.vested);
        }
    }

    #[test]
    fn every_allocation_is_within_a_share_of_the_exact_fraction(
        (terms, case) in any_case(),
    ) {
        if terms.allocation != Allocation::CumulativeRoundDown {
            return Ok(());
        }
        let mut exact = terms.clone();
        exact.allocation = Allocation::Fractional;
        let (rounded, exact) = (case.under(&terms), case.under(&exact));
        for step in exact.steps() {
            let rounded = rounded.vested_at(step.date);
            prop_assert!(rounded <= step.vested);
            prop_assert!(step.vested.0 - rounded.0 < Quantity::whole(1).0 + 10);
        }
    }
}
