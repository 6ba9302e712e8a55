//! Values that fit, values that have one reading, and values that have none.

use serde_json::json;

use super::text::{cut, decimal, hundredths, is_email, is_moment, is_phone, percentage, plain};
use super::*;
use crate::ocf::tree::Parser;

#[test]
fn a_number_has_one_spelling() {
    for (text, spelled) in [
        ("100", "100"),
        ("+100.00", "100"),
        ("007.50", "7.5"),
        ("-0", "0"),
        ("-0.50", "-0.5"),
        ("0.0000000001", "0.0000000001"),
    ] {
        assert_eq!(decimal(text).as_deref(), Some(spelled), "{text}");
    }
    for text in ["", "1.", ".5", "1e3", "1,000", "0.00000000001", "--1", " 1", "1.5.2", "-", "+"] {
        assert_eq!(decimal(text), None, "{text:?}");
    }
    for (number, text) in [
        ("1e3", "1000"),
        ("1.5e3", "1500"),
        ("1.25E1", "12.5"),
        ("-12.5e-3", "-0.0125"),
        ("5e-1", "0.5"),
        ("0.1", "0.1"),
    ] {
        assert_eq!(plain(number).as_deref(), Some(text), "{number}");
    }
    assert_eq!(plain("1e999999999"), None);
    assert_eq!(plain("1e99999999999999"), None);
    assert_eq!(cut("0.333333333333").as_deref(), Some("0.3333333333"));
    assert_eq!(cut("0.3"), None);
    for (text, spelled) in [("0.125", "0.125"), (".5", "0.5"), ("1.000", "1"), ("0", "0")] {
        assert_eq!(percentage(text).as_deref(), Some(spelled), "{text}");
    }
    for text in ["1.5", "-0.1", "+0.1", "20", "", "."] {
        assert_eq!(percentage(text), None, "{text}");
    }
    assert_eq!(hundredths("8.5").as_deref(), Some("0.085"));
    assert_eq!(hundredths("100").as_deref(), Some("1"));
    assert_eq!(hundredths("101"), None);
}

#[test]
fn closed_forms_are_told_apart() {
    for sound in
        ["2024-01-01T00:00:00Z", "2024-01-01T00:00:00.123+05:30", "2022-03-22T01:23:45-06:00"]
    {
        assert!(is_moment(sound), "{sound}");
    }
    for bad in
        ["2024-01-01", "2024-01-01T00:00:00", "2024-01-01T24:00:00Z", "2024-01-01T00:00:00.Z"]
    {
        assert!(!is_moment(bad), "{bad}");
    }
    for sound in [
        "+1 617 333 4444",
        "+44 20 79 4444",
        "+1 617 333 4444 ext. 100",
        "+1 800 333 1212 extension 2",
    ] {
        assert!(is_phone(sound), "{sound}");
    }
    for bad in [
        "617 333 4444",
        "+1 6173334444",
        "+1 617 333 4444 x1",
        "+1 617 333 4444 ext.",
        "+1 617 333 4444 ",
    ] {
        assert!(!is_phone(bad), "{bad}");
    }
    assert!(is_email("ceo@acme.io") && is_email("a.b+c@d-e.example"));
    assert!(
        !is_email("ceo@") && !is_email("a b@c.d") && !is_email("a@-b.c") && !is_email("a..b@c")
    );
}

/// Reads one object in both modes: what STRICT says, and the fields and findings of LENIENT.
fn read(kind: Kind, json: serde_json::Value) -> (Result<Object, String>, Object, Vec<String>) {
    let text: Arc<str> = json.to_string().into();
    let members = || match Parser::new("a", &text).value().unwrap() {
        Tree::Map(members) => members,
        _ => panic!("an object"),
    };
    let mut strict = Findings::new(Mode::Strict);
    let strict = Normal::new(&mut strict, ("a", &text), true).object(kind, "x", members());
    let mut findings = Findings::new(Mode::Lenient);
    let lenient =
        Normal::new(&mut findings, ("a", &text), true).object(kind, "x", members()).unwrap();
    let found = findings.into_list().iter().map(ToString::to_string).collect();
    (strict.map_err(|refusal| refusal.to_string()), lenient, found)
}

#[test]
fn each_departure_has_one_reading() {
    let sound = json!({
        "id": "t", "date": "2024-01-01", "security_id": "s", "quantity": "10", "reason_text": "so",
    });
    let with = |change: serde_json::Value| {
        let mut object = sound.clone();
        for (key, value) in change.as_object().unwrap() {
            object[key] = value.clone();
        }
        object
    };
    // What stands there; what STRICT says; what LENIENT makes of which field; what it says was done.
    let table = [
        (
            json!({ "quantity": 10 }),
            "a number where a text belongs",
            ("quantity", json!("10")),
            "read as the same digits",
        ),
        (
            json!({ "quantity": " 10.0 " }),
            "ten decimals",
            ("quantity", json!("10")),
            "read without the spaces",
        ),
        (
            json!({ "date": "2024-01-01T10:00:00Z" }),
            "a date YYYY-MM-DD",
            ("date", json!("2024-01-01")),
            "the time is left out",
        ),
        (
            json!({ "balance_security_id": "" }),
            "no value",
            ("balance_security_id", json!(null)),
            "left out",
        ),
        (
            json!({ "balance_security_id": null }),
            "null is no value",
            ("balance_security_id", json!(null)),
            "left out",
        ),
        (
            json!({ "reason_text": null }),
            "null is no value",
            ("reason_text", json!("not stated")),
            "not stated",
        ),
        (
            json!({ "comments": { "omitted": true } }),
            "an omission",
            ("comments", json!(null)),
            "left out",
        ),
        (
            json!({ "comments": "one" }),
            "one value where a list",
            ("comments", json!(["one"])),
            "a list of one",
        ),
        (
            json!({ "comments": ["one", null] }),
            "comments",
            ("comments", json!(["one"])),
            "left out",
        ),
        (json!({ "_id": 7 }), "no such field", ("_id", json!(null)), "left out"),
    ];
    for (change, strictly, (field, value), done) in table {
        let (strict, lenient, found) = read(Kind::StockCancellation, with(change.clone()));
        let refused = strict.unwrap_err();
        assert!(refused.contains(strictly), "{change}: {refused}");
        assert_eq!(json!(lenient.value(field)), value, "{change}");
        assert!(found.len() == 1 && found[0].contains(done), "{change}: {found:?}");
    }
    let (strict, lenient, found) = read(Kind::StockCancellation, sound);
    assert_eq!((strict.unwrap(), found), (lenient, vec![]));
}

#[test]
fn prices_and_kinds_of_options_have_one_name() {
    let grant = json!({
        "id": "t", "date": "2024-01-01", "security_id": "s", "quantity": "10", "custom_id": "1",
        "stakeholder_id": "h", "security_law_exemptions": [], "compensation_type": "option",
        "option_grant_type": "ISO", "expiration_date": null, "termination_exercise_windows": [],
    });
    let (strict, lenient, found) = read(Kind::EquityCompensationIssuance, grant);
    assert!(strict.unwrap_err().contains("is no spelling of the format"));
    assert_eq!(lenient.text("compensation_type"), Some("OPTION_ISO"));
    assert_eq!(lenient.value("option_grant_type"), None);
    assert_eq!(lenient.value("expiration_date"), None);
    let price = json!(lenient.value("exercise_price"));
    assert_eq!(price, json!({ "amount": "0", "currency": "XXX" }));
    assert_eq!(found.len(), 2, "{found:?}");
}

#[test]
fn what_a_holding_depends_on_is_never_left_out() {
    let take = |kind, json: serde_json::Value| {
        let text: Arc<str> = json.to_string().into();
        let Tree::Map(members) = Parser::new("a", &text).value().unwrap() else {
            panic!("an object")
        };
        let mut findings = Findings::new(Mode::Lenient);
        Normal::new(&mut findings, ("a", &text), true)
            .object(kind, "x", members)
            .unwrap_err()
            .to_string()
    };
    let exercise = |quantity: serde_json::Value| json!({ "id": "t", "date": "2024-01-01", "security_id": "s", "quantity": quantity });
    for quantity in
        [json!("ten"), json!(null), json!("1,000"), json!(1e-11), json!({ "omitted": true })]
    {
        let refused = take(Kind::EquityCompensationExercise, exercise(quantity.clone()));
        assert!(refused.starts_with("OCF_FIELD_INVALID in a, item x: quantity: "), "{refused}");
    }
    let warrant = json!({
        "id": "t", "date": "2024-01-01", "security_id": "s", "custom_id": "1",
        "stakeholder_id": "h", "quantity": "many",
    });
    assert!(take(Kind::WarrantIssuance, warrant).contains("quantity: "));
    let balance = json!({ "id": "t", "date": "2024-01-01", "security_id": "s", "quantity": "1",
                          "balance_security_id": ["a"] });
    assert!(take(Kind::StockCancellation, balance).contains("balance_security_id: "));
}

#[test]
fn the_way_to_a_value_is_told() {
    let text = json!({
        "id": "t", "date": "2024-01-01", "security_id": "s", "custom_id": "1", "seniority": 1,
        "stakeholder_id": "h", "security_law_exemptions": [], "convertible_type": "SAFE",
        "investment_amount": { "amount": "1", "currency": "USD" },
        "conversion_triggers": [{
            "type": "ELECTIVE_AT_WILL", "trigger_id": "a",
            "conversion_right": {
                "type": "CONVERTIBLE_CONVERSION_RIGHT",
                "conversion_mechanism": { "type": "SAFE_CONVERSION", "conversion_mfn": "no" },
            },
        }],
    });
    let (strict, lenient, found) = read(Kind::ConvertibleIssuance, text);
    let place = "conversion_triggers[0].conversion_right.conversion_mechanism.conversion_mfn: ";
    assert!(strict.unwrap_err().contains(place));
    assert!(found[0].contains(place), "{found:?}");
    let triggers = json!(lenient.value("conversion_triggers"));
    let mechanism = &triggers[0]["conversion_right"];
    assert_eq!(mechanism["conversion_mechanism"]["conversion_mfn"], false);
}

#[test]
fn a_long_list_is_looked_through_once() {
    let next: Vec<String> = (0..99_000).map(|at| format!("c{at}")).collect();
    let terms = |next: &[String]| {
        json!({
            "id": "x", "name": "n", "description": "d", "allocation_type": "FRACTIONAL",
            "vesting_conditions": [{
                "id": "s", "portion": { "numerator": "1", "denominator": "1" },
                "trigger": { "type": "VESTING_START_DATE" }, "next_condition_ids": next,
            }],
        })
    };
    let (strict, lenient, found) = read(Kind::VestingTerms, terms(&next));
    assert_eq!((strict.unwrap(), found), (lenient, vec![]));
    let twice = [&next[..2], &next[..1]].concat();
    let (strict, lenient, found) = read(Kind::VestingTerms, terms(&twice));
    assert!(strict.unwrap_err().contains("next_condition_ids[2]: it occurs twice"));
    let conditions = json!(lenient.value("vesting_conditions"));
    assert_eq!(conditions[0]["next_condition_ids"], json!(["c0", "c1"]));
    assert!(found.len() == 1 && found[0].contains("taken once"), "{found:?}");
}

#[test]
fn a_whole_number_is_one_that_every_reader_of_json_takes_for_the_same() {
    let strictly = |period: i64| {
        let grant = json!({
            "id": "x", "date": "2024-01-01", "security_id": "s", "quantity": "10",
            "custom_id": "1", "stakeholder_id": "h", "security_law_exemptions": [],
            "compensation_type": "OPTION_NSO", "expiration_date": null,
            "exercise_price": { "amount": "1", "currency": "USD" },
            "termination_exercise_windows": [{
                "reason": "VOLUNTARY_OTHER", "period": period, "period_type": "DAYS",
            }],
        });
        let text: Arc<str> = grant.to_string().into();
        let Tree::Map(members) = Parser::new("a", &text).value().unwrap() else {
            panic!("an object")
        };
        let mut findings = Findings::new(Mode::Strict);
        let mut normal = Normal::new(&mut findings, ("a", &text), true);
        normal.object(Kind::EquityCompensationIssuance, "x", members)
    };
    for period in [9_007_199_254_740_991, -9_007_199_254_740_991] {
        assert!(strictly(period).unwrap().to_json().contains(&format!(":{period},")));
    }
    for beyond in [9_007_199_254_740_992, i64::MIN] {
        let refused = strictly(beyond).unwrap_err().to_string();
        assert!(refused.contains("period: a whole number within the bounds"), "{refused}");
    }
}
