//! Vesting against published examples, which lie outside of the project.

use super::*;

#[test]
fn the_published_examples_hold() {
    let Ok(shared) = std::env::var("COUNTERFOIL_SHARED") else {
        eprintln!("skipped: COUNTERFOIL_SHARED names no folder");
        return;
    };
    let file = std::path::Path::new(&shared).join("vectors/vesting.json");
    let file: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    for (allocation, expected) in file["allocation_18_over_4"].as_object().unwrap() {
        let conditions = json!([
            start(&["yearly"]),
            after("yearly", ratio("1", "4"), months(12, 4, START_DAY), "start", &[]),
        ]);
        let found =
            amounts_of(&Case::new(18, "2021-01-01").under(&terms(allocation, conditions).unwrap()));
        let expected: Vec<String> = expected.as_array().unwrap().iter().map(text).collect();
        assert_eq!(found, expected, "{allocation}");
    }
    let example = &file["monthly_with_cliff"];
    let started = example["vesting_start"].as_str().unwrap();
    let schedule =
        Case::new(example["options"].as_u64().unwrap(), started).under(&cliff_and_months());
    for (date, vested) in example["vested"].as_object().unwrap() {
        assert_eq!(schedule.vested_at(day(date)).to_string(), text(vested), "{date}");
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[test]
fn the_samples_of_the_format_are_read_and_vest_in_full() {
    let Ok(shared) = std::env::var("COUNTERFOIL_SHARED") else {
        eprintln!("skipped: COUNTERFOIL_SHARED names no folder");
        return;
    };
    let file = std::path::Path::new(&shared).join("ocf/official-samples/VestingTerms.ocf.json");
    let file: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let mut six_years = None;
    for item in file["items"].as_array().unwrap() {
        let id = item["id"].as_str().unwrap();
        let fields = serde_json::from_value(item.clone()).unwrap();
        let terms = Terms::of(&Object::new(Kind::VestingTerms, id, fields)).unwrap();
        if id == "6-yr-option-back-loaded" {
            six_years = Some(terms);
        }
    }
    let mut case = Case::new(4_801, "2025-01-01");
    case.history.meet("vesting-start", day("2025-01-01"));
    let schedule = case.under(&six_years.expect("the samples have these terms"));
    assert_eq!(schedule.steps().len(), 49);
    assert_eq!(schedule.steps()[0].date, day("2027-01-01"));
    assert_eq!(schedule.vested_at(day("2027-01-01")), Quantity::whole(480));
    assert_eq!(schedule.vested_at(day("2030-12-31")), Quantity::whole(4_680));
    assert_eq!(schedule.vested_at(day("2031-01-01")), Quantity::whole(4_801));
}
