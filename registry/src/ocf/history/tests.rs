//! Small histories, as a lawyer could read them: what STRICT says of each, and what LENIENT makes of
//! it. What LENIENT leaves is read strictly again, and carried out in the register.

use serde_json::{Value, json};

use crate::captable::Fold;
use crate::date::Date;
use crate::ocf::import::import;
use crate::ocf::object::Kind;
use crate::ocf::source::Source;
use crate::ocf::{Code, Mode, Options, Package, Refusal, read};
use crate::rule::Rule;

mod cost;
mod exports;
mod pools;

fn issue(id: &str, date: &str, holder: &str, quantity: &str) -> Value {
    json!({
        "object_type": "TX_STOCK_ISSUANCE", "id": format!("issue {id}"), "date": date,
        "security_id": id, "custom_id": format!("No. {id}"), "stakeholder_id": holder,
        "stock_class_id": "common", "quantity": quantity, "security_law_exemptions": [],
        "stock_legend_ids": [], "share_price": { "amount": "0.01", "currency": "USD" },
    })
}

fn grant(id: &str, date: &str, holder: &str, quantity: &str) -> Value {
    json!({
        "object_type": "TX_EQUITY_COMPENSATION_ISSUANCE", "id": format!("grant {id}"),
        "date": date, "security_id": id, "custom_id": format!("No. {id}"),
        "stakeholder_id": holder, "stock_class_id": "common", "stock_plan_id": "plan",
        "compensation_type": "OPTION_NSO", "quantity": quantity, "security_law_exemptions": [],
        "exercise_price": { "amount": "1", "currency": "USD" }, "expiration_date": null,
        "termination_exercise_windows": [], "vesting_terms_id": "terms",
    })
}

/// A transaction of one security: its kind after `TX_`, and whatever else it says.
fn event(kind: &str, id: &str, date: &str, more: Value) -> Value {
    let mut event = json!({
        "object_type": format!("TX_{kind}"), "id": format!("{} {id} {date}", kind.to_lowercase()),
        "date": date, "security_id": id,
    });
    for (key, value) in more.as_object().unwrap() {
        event[key] = value.clone();
    }
    event
}

fn transfer(id: &str, date: &str, quantity: &str, results: &[&str]) -> Value {
    let more = json!({ "quantity": quantity, "resulting_security_ids": results });
    event("STOCK_TRANSFER", id, date, more)
}

fn cancel(id: &str, date: &str, quantity: &str) -> Value {
    event("STOCK_CANCELLATION", id, date, json!({ "quantity": quantity, "reason_text": "so" }))
}

fn with(mut object: Value, field: &str, value: Value) -> Value {
    object[field] = value;
    object
}

/// A company with 1,000 authorized common shares, a pool of 500, and the holders a, b and c.
fn source(transactions: &[Value]) -> Source {
    let holder = |id: &str| {
        json!({
            "object_type": "STAKEHOLDER", "id": id, "name": { "legal_name": id },
            "stakeholder_type": "INDIVIDUAL",
        })
    };
    let class = json!({
        "object_type": "STOCK_CLASS", "id": "common", "name": "Common", "class_type": "COMMON",
        "default_id_prefix": "C-", "initial_shares_authorized": "1000.00", "votes_per_share": "1",
        "seniority": "1",
    });
    let plan = json!({
        "object_type": "STOCK_PLAN", "id": "plan", "plan_name": "Plan",
        "initial_shares_reserved": "500", "stock_class_ids": ["common"],
    });
    let terms = json!({
        "object_type": "VESTING_TERMS", "id": "terms", "name": "On start", "description": "All",
        "allocation_type": "FRACTIONAL",
        "vesting_conditions": [{
            "id": "start", "portion": { "numerator": "1", "denominator": "1" },
            "trigger": { "type": "VESTING_START_DATE" }, "next_condition_ids": [],
        }],
    });
    let empty: [Value; 0] = [];
    let lists: Vec<(&str, &str, Value)> = vec![
        ("stakeholders", "STAKEHOLDERS", json!([holder("a"), holder("b"), holder("c")])),
        ("stock_classes", "STOCK_CLASSES", json!([class])),
        ("stock_plans", "STOCK_PLANS", json!([plan])),
        ("vesting_terms", "VESTING_TERMS", json!([terms])),
        ("stock_legend_templates", "STOCK_LEGEND_TEMPLATES", json!(empty)),
        ("valuations", "VALUATIONS", json!(empty)),
        ("transactions", "TRANSACTIONS", json!(transactions)),
    ];
    let mut manifest = json!({
        "file_type": "OCF_MANIFEST_FILE", "ocf_version": "1.2.0", "as_of": "2024-01-01",
        "generated_at": "2024-01-01T00:00:00Z",
        "issuer": {
            "object_type": "ISSUER", "id": "issuer", "legal_name": "Small Inc.",
            "formation_date": "2020-01-01", "country_of_formation": "US",
        },
    });
    let mut members = Vec::new();
    for (key, kind, items) in lists {
        let name = format!("{key}.json");
        let file = json!({ "file_type": format!("OCF_{kind}_FILE"), "items": items });
        let bytes = serde_json::to_vec(&file).unwrap();
        let md5 = <md5::Md5 as md5::Digest>::digest(&bytes);
        let md5: String = md5.iter().map(|byte| format!("{byte:02x}")).collect();
        manifest[format!("{key}_files")] = json!([{ "filepath": name, "md5": md5 }]);
        members.push((name, bytes));
    }
    members.push(("0.json".to_owned(), serde_json::to_vec(&manifest).unwrap()));
    Source::from_members(members).unwrap()
}

fn strictly(transactions: &[Value]) -> Result<Package, Refusal> {
    read(&source(transactions), Options::default())
}

/// Reads leniently; what was found, and who holds how many shares in the end.
fn leniently(transactions: &[Value]) -> (Package, Vec<String>, Vec<(String, String)>) {
    let options = Options { mode: Mode::Lenient, md5: true };
    let package =
        read(&source(transactions), options).unwrap_or_else(|refusal| panic!("{refusal}"));
    let members = crate::ocf::write(&package).unwrap().members;
    let again = read(&Source::from_members(members).unwrap(), Options::default());
    let again = again.unwrap_or_else(|refusal| panic!("repaired, and still: {refusal}"));
    let imported = import(&again, Mode::Lenient).unwrap_or_else(|refusal| panic!("{refusal}"));
    assert!(imported.register.audit().is_empty());
    let table = Fold::of(&imported.events).unwrap();
    let table = table.cap_table(imported.issuer, Date::MAX).unwrap().unwrap();
    let holders = table.holders.iter().filter(|line| !line.holdings.is_empty());
    let held = holders.map(|line| (line.source_id.clone(), line.holdings[0].quantity.to_string()));
    let held = held.collect();
    let found = package.findings.iter().map(|found| format!("{}: {}", found.code, found.what));
    let found = found.collect();
    (package, found, held)
}

/// The code of STRICT, then what LENIENT finds and what the holders hold.
fn told(transactions: &[Value], strict: Code, found: &[&str], held: &[(&str, &str)]) {
    let refusal = strictly(transactions).map(drop).unwrap_err();
    assert_eq!(refusal.code, strict, "{refusal}");
    assert!(refusal.file == "transactions.json" && !refusal.item.is_empty(), "{refusal}");
    let (_, findings, holders) = leniently(transactions);
    assert_eq!(findings.len(), found.len(), "{findings:?}");
    for (found, wanted) in findings.iter().zip(found) {
        assert!(found.contains(wanted), "{found} does not say {wanted}");
    }
    let held: Vec<_> = held.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
    assert_eq!(holders, held);
}

fn refused(transactions: &[Value], code: Code, rule: Option<Rule>) {
    for mode in [Mode::Strict, Mode::Lenient] {
        let refusal = read(&source(transactions), Options { mode, md5: true }).unwrap_err();
        assert_eq!((refusal.code, refusal.rule), (code, rule), "{mode:?}: {refusal}");
    }
}

#[test]
fn a_sale_of_a_part_without_a_balance_certificate_leaves_the_rest_with_the_seller() {
    let history = [
        issue("x", "2021-01-01", "a", "100"),
        issue("y", "2021-02-01", "b", "40"),
        transfer("x", "2021-02-01", "40", &["y"]),
        // Later the file still calls the rest x.
        cancel("x", "2021-03-01", "10"),
        cancel("x", "2021-04-01", "50"),
    ];
    let found = ["OCF_BALANCE_MISSING: 60 is left", "OCF_BALANCE_MISSING: 50 is left"];
    told(&history, Code::BalanceMissing, &found, &[("b", "40")]);
    let (package, _, _) = leniently(&history);
    let ids = package.items.iter().filter_map(|item| item.object.text("security_id"));
    let ids: Vec<&str> = ids.collect();
    assert_eq!(ids, ["x", "y", "x", "x/2", "x/2", "x/3", "x/3"]);
}

#[test]
fn a_balance_that_is_named_and_not_issued_is_issued() {
    let sale = with(transfer("x", "2021-02-01", "40", &["y"]), "balance_security_id", "z".into());
    let history = [
        issue("x", "2021-01-01", "a", "100"),
        issue("y", "2021-02-01", "b", "40"),
        sale,
        cancel("z", "2021-03-01", "60"),
    ];
    let found = ["OCF_BALANCE_MISSING: 60 is left, and its balance is not"];
    told(&history, Code::BalanceMissing, &found, &[("b", "40")]);
    let (package, _, _) = leniently(&history);
    let ids = package.items.iter().filter_map(|item| item.object.text("security_id"));
    assert_eq!(ids.collect::<Vec<_>>(), ["x", "y", "x", "z", "z"]);
}

#[test]
fn of_two_events_that_end_a_certificate_the_second_is_ignored_with_what_it_opens() {
    let history = [
        issue("x", "2021-01-01", "a", "100"),
        cancel("x", "2021-02-01", "100"),
        issue("y", "2021-03-01", "b", "100"),
        transfer("x", "2021-03-01", "100", &["y"]),
        event("STOCK_ACCEPTANCE", "y", "2021-03-02", json!({})),
    ];
    let found = ["OCF_TERMINAL_TWICE", "OCF_REFERENCE_UNKNOWN: what it concerns was left out"];
    told(&history, Code::TerminalTwice, &found, &[]);
}

#[test]
fn an_exercise_without_its_stock_still_reduces_the_grant() {
    let exercise = json!({ "quantity": "30", "resulting_security_ids": ["lost"] });
    let history = [
        grant("g", "2021-01-01", "a", "100"),
        event("EQUITY_COMPENSATION_EXERCISE", "g", "2021-02-01", exercise),
    ];
    told(&history, Code::ReferenceUnknown, &["no issuance opens the resulting security lost"], &[]);
}

#[test]
fn what_happens_to_nothing_is_left_out() {
    let history = [
        issue("x", "2021-01-01", "a", "100"),
        cancel("lost", "2021-02-01", "5"),
        event("STOCK_ACCEPTANCE", "lost", "2021-02-01", json!({})),
    ];
    let found = ["no issuance opens the security lost"; 2];
    told(&history, Code::ReferenceUnknown, &found, &[("a", "100")]);
}

#[test]
fn what_is_sold_to_nobody_stays_with_the_seller_until_it_is_sold_on() {
    let history =
        [issue("x", "2021-01-01", "a", "100"), transfer("x", "2021-02-01", "100", &["lost"])];
    let lost = ["no issuance opens the resulting security lost"];
    told(&history, Code::ReferenceUnknown, &lost, &[("a", "100")]);
    // Of the parts of a sale one is known, and the unknown buyer of the other sells to c.
    let history = [
        issue("x", "2021-01-01", "a", "100"),
        issue("y", "2021-02-01", "b", "40"),
        transfer("x", "2021-02-01", "90", &["y", "lost"]),
        transfer("lost", "2021-03-01", "50", &["z"]),
        issue("z", "2021-03-01", "c", "50"),
    ];
    let found = [lost[0], "10 is left, and it names no balance"];
    let held = [("a", "10"), ("b", "40"), ("c", "50")];
    told(&history, Code::ReferenceUnknown, &found, &held);
    // A sale that names no result, and one of what another sale lost.
    let history = [
        issue("x", "2021-01-01", "a", "100"),
        transfer("x", "2021-02-01", "100", &["lost"]),
        with(transfer("lost", "2021-03-01", "100", &[]), "resulting_security_ids", Value::Null),
    ];
    let found = ["null is no value", lost[0], "it names no resulting security"];
    told(&history, Code::FieldInvalid, &found, &[("a", "100")]);
}

#[test]
fn a_class_of_which_nothing_is_known_has_holders_all_the_same() {
    let history = [with(issue("x", "2021-01-01", "a", "7"), "stock_class_id", "series a".into())];
    let found = ["stock_class_id: nothing in the package is called \"series a\""];
    told(&history, Code::ReferenceUnknown, &found, &[("a", "7")]);
    let history = [with(issue("x", "2021-01-01", "a", "7"), "stock_class_id", "".into())];
    told(&history, Code::FieldInvalid, &["an empty text is no value"], &[("a", "7")]);
}

#[test]
fn vesting_meets_a_condition_of_the_terms_or_nothing() {
    let vests = |kind: &str, condition: &str| {
        event(kind, "g", "2021-01-01", json!({ "vesting_condition_id": condition }))
    };
    let grant = with(grant("g", "2021-01-01", "a", "100"), "vesting_terms_id", "terms".into());
    let history = [grant, vests("VESTING_START", "begin"), vests("VESTING_EVENT", "sale")];
    let found = ["have no condition \"begin\"", "have no condition \"sale\""];
    told(&history, Code::ReferenceUnknown, &found, &[]);
    let (package, _, _) = leniently(&history);
    let start = package.of(Kind::VestingStart).next().unwrap();
    assert_eq!(start.text("vesting_condition_id"), Some("start"));
    assert_eq!(package.of(Kind::VestingEvent).count(), 0);
}

#[test]
fn vesting_before_the_formation_is_pointed_out_and_waives_no_rule() {
    let start = json!({ "vesting_condition_id": "start" });
    let history = [
        event("VESTING_START", "g", "2019-06-01", start),
        with(grant("g", "2021-01-01", "a", "100"), "vesting_terms_id", "terms".into()),
    ];
    let package = strictly(&history).unwrap();
    let codes: Vec<Code> = package.findings.iter().map(|found| found.code).collect();
    assert_eq!(codes, [Code::DateOrder]);
    import(&package, Mode::Strict).unwrap();
}

#[test]
fn results_bear_the_date_of_their_event_and_nothing_precedes_an_issuance() {
    let history = [
        issue("x", "2021-01-10", "a", "100"),
        event("STOCK_ACCEPTANCE", "x", "2021-01-05", json!({})),
        issue("y", "2021-02-20", "b", "100"),
        transfer("x", "2021-02-01", "100", &["y"]),
    ];
    let found = ["it is dated 2021-01-05", "it is dated 2021-02-20, and the event that opens it"];
    told(&history, Code::DateOrder, &found, &[("b", "100")]);
}

#[test]
fn vesting_may_begin_before_the_grant() {
    let start = json!({ "vesting_condition_id": "start" });
    let history =
        [event("VESTING_START", "g", "2020-06-01", start), grant("g", "2021-01-01", "a", "100")];
    let package = strictly(&history).unwrap();
    import(&package, Mode::Strict).unwrap();
}

#[test]
fn what_was_accepted_and_retracted_was_never_issued() {
    let history = [
        issue("x", "2021-01-01", "a", "100"),
        event("STOCK_ACCEPTANCE", "x", "2021-01-02", json!({})),
        event("STOCK_RETRACTION", "x", "2021-01-03", json!({ "reason_text": "an error" })),
    ];
    told(&history, Code::AcceptedRetracted, &["OCF_ACCEPTED_RETRACTED"], &[]);
}

#[test]
fn a_split_happens_at_the_start_of_its_day_with_or_without_new_certificates() {
    let split = json!({
        "object_type": "TX_STOCK_CLASS_SPLIT", "id": "split", "date": "2021-03-01",
        "stock_class_id": "common", "split_ratio": { "numerator": "3", "denominator": "2" },
    });
    let reissue = json!({ "resulting_security_ids": ["y"], "split_transaction_id": "split" });
    let history = [
        // Written backwards: the split comes first in its day, and y is after it.
        issue("y", "2021-03-01", "a", "150"),
        event("STOCK_REISSUANCE", "x", "2021-03-01", reissue),
        split,
        issue("z", "2021-01-01", "b", "11"),
        issue("x", "2021-01-01", "a", "100"),
        issue("new", "2021-03-01", "c", "7"),
    ];
    let package = strictly(&history).unwrap();
    assert_eq!(package.findings, []);
    let (_, _, held) = leniently(&history);
    let held: Vec<(&str, &str)> = held.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    assert_eq!(held, [("a", "150"), ("b", "16"), ("c", "7")], "half a share is rounded down");
}

#[test]
fn nothing_is_issued_by_an_issuance_of_nothing() {
    let history = [
        issue("x", "2021-01-01", "a", "0"),
        event("STOCK_ACCEPTANCE", "x", "2021-01-02", json!({})),
        issue("y", "2021-01-01", "b", "5"),
        cancel("y", "2021-01-05", "0.00"),
    ];
    let found = ["it issues nothing", "what it concerns was left out", "it takes nothing"];
    told(&history, Code::QuantityZero, &found, &[("b", "5")]);
}

#[test]
fn a_holder_who_is_missing_is_made() {
    let history = [issue("x", "2021-01-01", "nobody", "10")];
    let found = ["stakeholder_id: nothing in the package is called \"nobody\""];
    told(&history, Code::ReferenceUnknown, &found, &[("nobody", "10")]);
}

#[test]
fn the_same_object_twice_is_taken_once() {
    let x = issue("x", "2021-01-01", "a", "10");
    let again = with(x.clone(), "id", "another".into());
    let found = ["the same object stands", "issued twice"];
    told(&[x.clone(), x, again], Code::IdTwice, &found, &[("a", "10")]);
    let (one, two) = (issue("x", "2021-01-01", "a", "10"), issue("x", "2021-01-01", "b", "10"));
    refused(&[one, with(two, "id", "two".into())], Code::IdTwice, None);
}

#[test]
fn more_than_there_is_cannot_be_taken() {
    let history = [issue("x", "2021-01-01", "a", "10"), cancel("x", "2021-02-01", "11")];
    refused(&history, Code::RuleBroken, Some(Rule::SharesInsufficient));
    let history = [
        issue("x", "2021-01-01", "a", "10"),
        issue("y", "2021-02-01", "b", "9"),
        transfer("x", "2021-02-01", "10", &["y"]),
    ];
    refused(&history, Code::RuleBroken, Some(Rule::QuantityMismatch));
    let history = [
        issue("x", "2021-01-01", "a", "10"),
        issue("rest", "2021-02-01", "b", "9"),
        with(cancel("x", "2021-02-01", "1"), "balance_security_id", "rest".into()),
    ];
    refused(&history, Code::ResultInvalid, None);
}

#[test]
fn a_certificate_does_not_result_from_itself() {
    let history = [
        issue("x", "2021-01-01", "a", "10"),
        issue("y", "2021-01-01", "b", "10"),
        transfer("x", "2021-01-01", "10", &["y"]),
        transfer("y", "2021-01-01", "10", &["x"]),
    ];
    refused(&history, Code::ResultInvalid, None);
    refused(
        &[issue("x", "2021-01-01", "a", "10"), transfer("x", "2021-01-01", "10", &["x"])],
        Code::ResultInvalid,
        None,
    );
}

#[test]
fn vesting_is_not_started_anew_in_what_is_left_of_a_grant() {
    let start = json!({ "vesting_condition_id": "start" });
    let reason = json!({ "quantity": "30", "reason_text": "left" });
    let history = [
        grant("g", "2021-01-01", "a", "100"),
        event("VESTING_START", "g", "2021-01-01", start),
        event("EQUITY_COMPENSATION_CANCELLATION", "g", "2021-02-01", reason),
    ];
    let (package, _, _) = leniently(&history);
    let starts = package.of(Kind::VestingStart);
    let starts: Vec<_> = starts.map(|start| start.text("security_id").unwrap()).collect();
    assert_eq!(starts, ["g"]);
}

#[test]
fn a_balance_that_names_no_vesting_is_pointed_out() {
    let part = |balance: &str| {
        let fields =
            json!({ "quantity": "30", "reason_text": "left", "balance_security_id": balance });
        event("EQUITY_COMPENSATION_CANCELLATION", "g", "2021-02-01", fields)
    };
    let first = grant("g", "2021-01-01", "a", "100");
    let rest = grant("rest", "2021-02-01", "a", "70");
    let said = strictly(&[first.clone(), part("rest"), rest.clone()]).unwrap();
    assert_eq!(said.findings, []);
    let mut silent = rest;
    silent.as_object_mut().unwrap().remove("vesting_terms_id");
    let package = strictly(&[first, part("rest"), silent]).unwrap();
    let [finding] = &package.findings[..] else { panic!("{:?}", package.findings) };
    assert_eq!(finding.code, Code::VestingDropped);
    assert_eq!(finding.what, "its balance rest names no vesting");
}
