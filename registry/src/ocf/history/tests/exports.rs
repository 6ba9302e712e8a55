//! What production systems export and the format does not foresee: dates that contradict each other,
//! transactions for another kind of security, quantities that are left out.

use serde_json::{Value, json};

use super::{cancel, event, grant, issue, refused, source, told, transfer, with};
use crate::ocf::import::import;
use crate::ocf::{Code, Mode, Options, read};
use crate::rule::Rule;

fn exercise(id: &str, date: &str, quantity: &str, results: &[&str]) -> Value {
    let more = json!({ "quantity": quantity, "resulting_security_ids": results });
    event("EQUITY_COMPENSATION_EXERCISE", id, date, more)
}

fn lapse(id: &str, date: &str, quantity: &str) -> Value {
    let more = json!({ "quantity": quantity, "reason_text": "lapsed" });
    event("EQUITY_COMPENSATION_CANCELLATION", id, date, more)
}

#[test]
fn events_that_precede_their_issuance_keep_their_order() {
    // The export dates the grant on the day of the export, and lists the lapse before the exercise.
    let history = [
        grant("g", "2023-03-02", "a", "50"),
        lapse("g", "2022-01-02", "50"),
        issue("x", "2019-01-03", "a", "50"),
        exercise("g", "2021-01-03", "50", &["x"]),
    ];
    let found = [
        "OCF_DATE_ORDER: it is dated 2022-01-02",
        "OCF_DATE_ORDER: it is dated 2021-01-03",
        "OCF_DATE_ORDER: it is dated 2019-01-03, and the event",
        "OCF_TERMINAL_TWICE",
    ];
    told(&history, Code::DateOrder, &found, &[("a", "50")]);
}

#[test]
fn an_exercise_of_fewer_options_than_the_shares_that_it_opens_leaves_both_as_they_are_told() {
    let history = [
        grant("g", "2021-01-01", "a", "50"),
        issue("x", "2021-02-01", "a", "100"),
        exercise("g", "2021-02-01", "10", &["x"]),
        lapse("g", "2021-03-01", "40"),
    ];
    let found = ["OCF_RESULT_INVALID: it takes 10, and its results hold 100"];
    told(&history, Code::ResultInvalid, &found, &[("a", "100")]);

    let history = [
        grant("g", "2021-01-01", "a", "50"),
        issue("x", "2021-02-01", "a", "5"),
        exercise("g", "2021-02-01", "0", &["x"]),
    ];
    told(&history, Code::QuantityZero, &["OCF_QUANTITY_ZERO"], &[("a", "5")]);
}

#[test]
fn shares_that_were_issued_for_options_that_had_lapsed_are_issued_all_the_same() {
    let history = [
        grant("g", "2021-01-01", "a", "50"),
        lapse("g", "2021-02-01", "50"),
        exercise("g", "2021-02-01", "10", &["x"]),
        issue("x", "2021-02-01", "a", "10"),
        issue("y", "2021-03-01", "b", "10"),
        transfer("x", "2021-03-01", "10", &["y"]),
    ];
    let found = ["OCF_TERMINAL_TWICE: another event has closed its security"];
    told(&history, Code::TerminalTwice, &found, &[("b", "10")]);
}

#[test]
fn a_transaction_is_read_for_the_kind_of_its_security() {
    let history = [
        grant("g", "2021-01-01", "a", "10"),
        event("STOCK_ACCEPTANCE", "g", "2021-01-02", json!({})),
        event("EQUITY_COMPENSATION_ACCEPTANCE", "g", "2021-01-03", json!({})),
        with(cancel("g", "2021-02-01", "4"), "balance_security_id", "rest".into()),
        grant("rest", "2021-02-01", "a", "6"),
        issue("x", "2021-03-01", "b", "5"),
        event("EQUITY_COMPENSATION_RETRACTION", "x", "2021-03-02", json!({ "reason_text": "so" })),
        issue("y", "2021-03-01", "c", "7"),
    ];
    let found = [
        "OCF_SECURITY_KIND: TX_STOCK_ACCEPTANCE",
        "OCF_SECURITY_KIND: TX_STOCK_CANCELLATION",
        "OCF_SECURITY_KIND: TX_EQUITY_COMPENSATION_RETRACTION",
    ];
    told(&history, Code::SecurityKind, &found, &[("c", "7")]);
    let bought = json!({ "quantity": "4", "price": { "amount": "1", "currency": "USD" } });
    let history =
        [grant("g", "2021-01-01", "a", "10"), event("STOCK_REPURCHASE", "g", "2021-02-01", bought)];
    refused(&history, Code::SecurityKind, None);
}

#[test]
fn what_an_event_takes_is_shown_by_the_certificates_that_it_opens_or_not_known() {
    let sale = |results: &[&str]| {
        let mut sale = transfer("x", "2021-02-01", "0", results);
        sale.as_object_mut().unwrap().remove("quantity").unwrap();
        sale
    };
    let x = issue("x", "2021-01-01", "a", "10");
    let (y, z) = (issue("y", "2021-02-01", "b", "6"), issue("z", "2021-02-01", "c", "4"));
    let found = ["OCF_FIELD_MISSING: quantity: it is missing"];
    let history = [x.clone(), y.clone(), z.clone(), sale(&["y", "z"])];
    told(&history, Code::FieldMissing, &found, &[("b", "6"), ("c", "4")]);

    let rest = issue("rest", "2021-02-01", "a", "4");
    let history =
        [x.clone(), y.clone(), rest, with(sale(&["y"]), "balance_security_id", "rest".into())];
    told(&history, Code::FieldMissing, &found, &[("a", "4"), ("b", "6")]);

    // Whether the seller keeps the rest, or the buyer lacks a certificate, is not known.
    refused(&[x.clone(), y, sale(&["y"])], Code::FieldMissing, None);
    let mut cancelled = cancel("x", "2021-02-01", "0");
    cancelled.as_object_mut().unwrap().remove("quantity").unwrap();
    refused(&[x, cancelled], Code::FieldMissing, None);
}

#[test]
fn what_two_events_leave_under_one_name_is_left_once() {
    let leaves = |date: &str| with(cancel("x", date, "4"), "balance_security_id", "rest".into());
    let history = [issue("x", "2021-01-01", "a", "10"), leaves("2021-02-01"), leaves("2021-03-01")];
    let found = ["OCF_BALANCE_MISSING: 6 is left", "OCF_TERMINAL_TWICE: another event has left"];
    told(&history, Code::BalanceMissing, &found, &[("a", "6")]);
}

#[test]
fn the_one_certificate_that_a_reissuance_lacks_is_made() {
    let again = |results: &[&str]| {
        event("STOCK_REISSUANCE", "x", "2021-02-01", json!({ "resulting_security_ids": results }))
    };
    let history = [
        issue("x", "2021-01-01", "a", "10"),
        issue("y", "2021-02-01", "a", "6"),
        again(&["y", "lost"]),
        issue("z", "2021-03-01", "b", "3"),
        transfer("lost", "2021-03-01", "3", &["z"]),
    ];
    let found = [
        "OCF_REFERENCE_UNKNOWN: no issuance opens the resulting security lost",
        "OCF_BALANCE_MISSING: 1 is left",
    ];
    told(&history, Code::ReferenceUnknown, &found, &[("a", "7"), ("b", "3")]);

    let whole = [
        issue("x", "2021-01-01", "a", "10"),
        issue("y", "2021-02-01", "a", "10"),
        again(&["y", "lost"]),
    ];
    told(&whole, Code::ReferenceUnknown, &found[..1], &[("a", "10")]);
    let short =
        [issue("x", "2021-01-01", "a", "10"), issue("y", "2021-02-01", "a", "6"), again(&["y"])];
    refused(&short, Code::RuleBroken, Some(Rule::QuantityMismatch));
}

#[test]
fn a_certificate_that_two_transfers_open_is_joined_from_its_parts() {
    let history = [
        issue("x", "2021-01-01", "a", "60"),
        issue("y", "2021-01-01", "b", "50"),
        issue("z", "2021-02-01", "c", "100"),
        issue("rest", "2021-02-01", "b", "10"),
        transfer("x", "2021-02-01", "60", &["z"]),
        with(transfer("y", "2021-02-01", "40", &["z"]), "balance_security_id", "rest".into()),
        issue("w", "2021-03-01", "a", "30"),
        transfer("z", "2021-03-01", "30", &["w"]),
    ];
    let found =
        ["OCF_RESULT_INVALID: the security z results from 2 events", "OCF_BALANCE_MISSING: 70"];
    told(&history, Code::ResultInvalid, &found, &[("a", "30"), ("b", "10"), ("c", "70")]);

    // What the two give does not make up what the buyer is said to hold.
    let short = [
        issue("x", "2021-01-01", "a", "60"),
        issue("y", "2021-01-01", "b", "50"),
        issue("z", "2021-02-01", "c", "100"),
        transfer("x", "2021-02-01", "60", &["z"]),
        transfer("y", "2021-02-01", "50", &["z"]),
    ];
    refused(&short, Code::ResultInvalid, None);
}

#[test]
fn shares_that_two_exercises_open_are_there_once() {
    let history = [
        grant("g", "2021-01-01", "a", "50"),
        grant("h", "2021-01-01", "a", "50"),
        issue("x", "2021-02-01", "a", "30"),
        exercise("g", "2021-02-01", "20", &["x"]),
        exercise("h", "2021-02-01", "10", &["x"]),
        lapse("g", "2021-03-01", "30"),
        lapse("h", "2021-03-01", "40"),
    ];
    let found = [
        "OCF_RESULT_INVALID: the security x results from two events",
        "OCF_RESULT_INVALID: it takes 20, and its results hold 30",
    ];
    told(&history, Code::ResultInvalid, &found, &[("a", "30")]);

    let history = [
        grant("g", "2021-01-01", "a", "50"),
        issue("x", "2021-02-01", "a", "20"),
        exercise("g", "2021-02-01", "20", &["x"]),
        with(exercise("g", "2021-02-01", "10", &["x"]), "id", "again".into()),
        lapse("g", "2021-03-01", "20"),
    ];
    told(&history, Code::ResultInvalid, &found[..1], &[("a", "20")]);
}

#[test]
fn two_sales_of_parts_do_not_open_one_certificate() {
    let sale = transfer("x", "2021-02-01", "3", &["y"]);
    let history = [
        issue("x", "2021-01-01", "a", "10"),
        issue("y", "2021-02-01", "b", "3"),
        sale.clone(),
        with(sale, "id", "again".into()),
    ];
    let options = Options { mode: Mode::Lenient, md5: true };
    let refusal = read(&source(&history), options).unwrap_err();
    assert_eq!((refusal.code, &*refusal.item), (Code::ResultInvalid, "again"));
}

#[test]
fn a_conversion_that_is_told_twice_happens_once() {
    let note = |id: &str, date: &str, amount: &str| {
        let trigger = json!({
            "type": "UNSPECIFIED", "trigger_id": "any", "conversion_right": {
                "type": "CONVERTIBLE_CONVERSION_RIGHT", "conversion_mechanism": {
                    "type": "CUSTOM_CONVERSION", "custom_conversion_description": "as agreed",
                },
            },
        });
        let note = json!({
            "custom_id": format!("Note {id}"), "stakeholder_id": "a", "convertible_type": "NOTE",
            "investment_amount": { "amount": amount, "currency": "USD" }, "seniority": 1,
            "security_law_exemptions": [], "conversion_triggers": [trigger],
        });
        event("CONVERTIBLE_ISSUANCE", id, date, note)
    };
    let conversion = json!({
        "reason_text": "so", "trigger_id": "any", "resulting_security_ids": ["x"],
        "balance_security_id": "rest",
    });
    let conversion = event("CONVERTIBLE_CONVERSION", "n", "2021-02-01", conversion);
    let history = [
        note("n", "2021-01-01", "1000"),
        note("rest", "2021-02-01", "400"),
        issue("x", "2021-02-01", "a", "60"),
        conversion.clone(),
        with(conversion, "id", "again".into()),
    ];
    let found =
        ["OCF_RESULT_INVALID: the security x results from two events", "OCF_TERMINAL_TWICE"];
    told(&history, Code::ResultInvalid, &found, &[("a", "60")]);
}

#[test]
fn what_nothing_issues_is_left_of_one_certificate() {
    let leaves =
        |of: &str, date: &str| with(cancel(of, date, "40"), "balance_security_id", "rest".into());
    let history = [
        issue("x", "2021-01-01", "a", "100"),
        issue("y", "2021-01-01", "b", "100"),
        leaves("x", "2021-02-01"),
        leaves("y", "2021-03-01"),
        issue("z", "2021-04-01", "c", "60"),
        transfer("rest", "2021-04-01", "60", &["z"]),
    ];
    let options = Options { mode: Mode::Lenient, md5: true };
    let refusal = read(&source(&history), options).unwrap_err();
    assert_eq!(refusal.code, Code::ResultInvalid);
    assert!(refusal.what.starts_with("nothing issues rest, which would be left of two"));
    // Nor is something left of itself.
    let history = [
        issue("x", "2021-01-01", "a", "100"),
        leaves("x", "2021-02-01"),
        issue("z", "2021-04-01", "c", "10"),
        with(transfer("rest", "2021-04-01", "10", &["z"]), "balance_security_id", "rest".into()),
    ];
    let refusal = read(&source(&history), options).unwrap_err();
    assert_eq!(refusal.code, Code::ResultInvalid);
}

fn consolidation(date: &str, of: &[&str], into: &str) -> Value {
    json!({
        "object_type": "TX_STOCK_CONSOLIDATION", "id": format!("into {into}"), "date": date,
        "security_ids": of, "resulting_security_id": into,
    })
}

#[test]
fn what_several_certificates_became_lives_on_though_nothing_issues_it() {
    let history = [
        issue("x", "2021-01-01", "a", "100"),
        issue("y", "2021-01-01", "a", "50"),
        consolidation("2021-02-01", &["x", "y"], "whole"),
        issue("z", "2021-03-01", "b", "30"),
        transfer("whole", "2021-03-01", "30", &["z"]),
    ];
    let (package, _, held) = super::leniently(&history);
    assert_eq!(held, [("a".into(), "120".into()), ("b".into(), "30".into())]);
    assert!(package.items.iter().any(|item| item.object.text("security_id") == Some("whole")));
}

#[test]
fn a_certificate_is_consolidated_once() {
    let history = [
        issue("x", "2021-01-01", "a", "100"),
        with(cancel("x", "2021-02-01", "40"), "balance_security_id", "rest".into()),
        issue("y", "2021-01-01", "a", "50"),
        consolidation("2021-03-01", &["x", "rest", "y"], "whole"),
        issue("whole", "2021-03-01", "a", "110"),
    ];
    let (_, told, held) = super::leniently(&history);
    assert_eq!(held, [("a".into(), "110".into())]);
    assert!(told.iter().any(|told| told.contains("it consolidates rest twice")), "{told:?}");
}

#[test]
fn what_is_made_bears_no_name_that_something_else_is_given() {
    let history = [
        issue("x", "2021-01-01", "a", "100"),
        issue("y", "2021-01-01", "a", "50"),
        cancel("x", "2021-02-01", "40"),
        consolidation("2021-03-01", &["x", "y"], "x/2"),
    ];
    let (_, _, held) = super::leniently(&history);
    assert_eq!(held, [("a".into(), "110".into())]);
}

#[test]
fn of_a_joint_certificate_no_part_may_be_missing() {
    let history = [
        issue("x", "2021-01-01", "a", "100"),
        issue("y", "2021-01-01", "b", "100"),
        issue("q", "2021-01-15", "c", "100"),
        transfer("x", "2021-01-15", "100", &["q"]),
        with(transfer("x", "2021-02-01", "100", &["w"]), "id", "second sale".into()),
        with(transfer("y", "2021-03-01", "100", &["w"]), "id", "sale of y".into()),
        issue("w", "2021-03-01", "c", "200"),
    ];
    let options = Options { mode: Mode::Lenient, md5: true };
    let refusal = read(&source(&history), options).unwrap_err();
    assert_eq!(refusal.code, Code::ResultInvalid, "{refusal:?}");
}

#[test]
fn a_quantity_that_is_told_unreadably_is_not_looked_for_elsewhere() {
    let mut sale = transfer("x", "2021-02-01", "10", &["y"]);
    sale["quantity"] = "1O".into();
    let history = [issue("x", "2021-01-01", "a", "10"), issue("y", "2021-02-01", "b", "10"), sale];
    refused(&history, Code::FieldInvalid, None);
}

#[test]
fn a_reissuance_in_another_name_is_a_defect_that_is_told() {
    let again =
        event("STOCK_REISSUANCE", "x", "2021-02-01", json!({ "resulting_security_ids": ["y"] }));
    let history = [issue("x", "2021-01-01", "a", "10"), issue("y", "2021-02-01", "b", "10"), again];
    let read = read(&source(&history), Options { mode: Mode::Lenient, md5: true }).unwrap();
    let refusal = import(&read, Mode::Strict).unwrap_err();
    assert_eq!(refusal.rule, Some(Rule::ResultMismatch));
    let imported = import(&read, Mode::Lenient).unwrap();
    assert_eq!(imported.findings.last().unwrap().code, Code::RuleWaived);
    assert_eq!(imported.outstanding().to_string(), "10");
}
