//! Small histories, as a lawyer could read them.

use serde_json::{Value, json};

use super::*;
use crate::captable::Fold;
use crate::date::Date;
use crate::ocf::source::Source;
use crate::ocf::{Code, Mode, Options, Refusal, read};
use crate::rule::Rule;

fn issue(id: &str, date: &str, holder: &str, quantity: &str) -> Value {
    json!({
        "object_type": "TX_STOCK_ISSUANCE", "id": format!("issue {id}"), "date": date,
        "security_id": id, "custom_id": format!("No. {id}"), "stakeholder_id": holder,
        "stock_class_id": "common", "quantity": quantity, "security_law_exemptions": [],
        "stock_legend_ids": [], "share_price": { "amount": "0.01", "currency": "USD" },
    })
}

fn accept(id: &str, date: &str) -> Value {
    let name = format!("accept {id}");
    json!({ "object_type": "TX_STOCK_ACCEPTANCE", "id": name, "date": date, "security_id": id })
}

fn transfer(id: &str, date: &str, quantity: &str, results: &[&str], balance: Value) -> Value {
    let mut item = json!({
        "object_type": "TX_STOCK_TRANSFER", "id": format!("transfer {id}"), "date": date,
        "security_id": id, "quantity": quantity, "resulting_security_ids": results,
    });
    if !balance.is_null() {
        item["balance_security_id"] = balance;
    }
    item
}

fn cancel(name: &str, id: &str, date: &str, quantity: &str) -> Value {
    json!({
        "object_type": "TX_STOCK_CANCELLATION", "id": name, "date": date, "security_id": id,
        "quantity": quantity, "reason_text": "by agreement",
    })
}

/// A company with 1,000 authorized common shares and the holders a, b and c.
fn source(transactions: Vec<Value>) -> Source {
    let file = |name: &str, kind: &str, items: Value| {
        let file = json!({ "file_type": format!("OCF_{kind}_FILE"), "items": items });
        (format!("{name}.json"), serde_json::to_vec(&file).unwrap())
    };
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
    let manifest = json!({
        "file_type": "OCF_MANIFEST_FILE", "ocf_version": "1.2.0", "as_of": "2024-01-01",
        "generated_at": "2024-01-01T00:00:00Z",
        "issuer": {
            "object_type": "ISSUER", "id": "issuer", "legal_name": "Small Inc.",
            "formation_date": "2020-01-01", "country_of_formation": "US",
        },
    });
    Source::from_members([
        ("0.json".to_owned(), serde_json::to_vec(&manifest).unwrap()),
        file("1", "STAKEHOLDERS", json!([holder("a"), holder("b"), holder("c")])),
        file("2", "STOCK_CLASSES", json!([class])),
        file("3", "TRANSACTIONS", Value::Array(transactions)),
    ])
    .unwrap()
}

fn enter(transactions: Vec<Value>, mode: Mode) -> Result<(Lowered, Imported), Refusal> {
    let package = read(&source(transactions), Options { mode, md5: false })?;
    let lowered = lower(&package, mode)?;
    let imported = lowered.enter(&package)?;
    assert!(imported.register.audit().is_empty());
    Ok((lowered, imported))
}

/// What each holder holds in the end.
fn held(imported: &Imported) -> Vec<(String, String)> {
    let table = Fold::of(&imported.events).unwrap();
    let table = table.cap_table(imported.issuer, Date::MAX).unwrap().unwrap();
    let holders = table.holders.iter();
    holders.map(|line| (line.source_id.clone(), line.holdings[0].quantity.to_string())).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
}

#[test]
fn the_order_of_the_file_does_not_matter_where_the_order_of_events_is_clear() {
    // On one day: issued, accepted, sold, accepted by the buyer, and sold on; written backwards.
    let (lowered, imported) = enter(
        vec![
            transfer("y", "2021-05-05", "40", &["z"], Value::Null),
            accept("y", "2021-05-05"),
            issue("z", "2021-05-05", "c", "40"),
            transfer("x", "2021-05-05", "40", &["y"], json!("rest")),
            issue("rest", "2021-05-05", "a", "60"),
            issue("y", "2021-05-05", "b", "40"),
            accept("x", "2021-05-05"),
            issue("x", "2021-05-05", "a", "100"),
        ],
        Mode::Strict,
    )
    .unwrap();
    let order: Vec<&str> = lowered.origins[4..].iter().map(|origin| origin.id.as_str()).collect();
    assert_eq!(order, ["issue x", "accept x", "transfer x", "accept y", "transfer y"]);
    assert_eq!(held(&imported), pairs(&[("a", "60"), ("c", "40")]));
    let unlisted = lowered.findings.iter().filter(|f| f.code == Code::MemberUnlisted);
    assert_eq!(unlisted.count(), 3, "the manifest names no file");
}

#[test]
fn each_broken_history_is_refused_with_its_code_and_item() {
    let x = || issue("x", "2021-01-01", "a", "100");
    let y = |quantity| issue("y", "2021-05-05", "b", quantity);
    let cases: Vec<(Vec<Value>, Code, Option<Rule>, &str)> = vec![
        (
            vec![issue("x", "2021-01-01", "a", "1001")],
            Code::RuleBroken,
            Some(Rule::AuthorizedSharesExceeded),
            "issue x",
        ),
        (
            vec![issue("x", "2019-12-31", "a", "1")],
            Code::RuleBroken,
            Some(Rule::DateBeforeFormation),
            "issue x",
        ),
        (
            vec![issue("x", "2021-01-01", "a", "0")],
            Code::RuleBroken,
            Some(Rule::QuantityZero),
            "issue x",
        ),
        (vec![issue("x", "2021-01-01", "nobody", "1")], Code::ReferenceUnknown, None, "issue x"),
        (vec![accept("x", "2021-01-01")], Code::ReferenceUnknown, None, "accept x"),
        (vec![x(), x()], Code::IdTwice, None, "issue x"),
        (
            vec![x(), y("40"), transfer("x", "2021-05-05", "30", &["y"], Value::Null)],
            Code::RuleBroken,
            Some(Rule::QuantityMismatch),
            "transfer x",
        ),
        (
            vec![x(), y("40"), transfer("x", "2021-05-05", "40", &["y"], Value::Null)],
            Code::BalanceMissing,
            None,
            "transfer x",
        ),
        (
            vec![x(), y("100"), transfer("x", "2021-05-06", "100", &["y"], Value::Null)],
            Code::ResultInvalid,
            None,
            "transfer x",
        ),
        (
            vec![x(), transfer("x", "2021-05-05", "100", &["y"], Value::Null)],
            Code::ReferenceUnknown,
            None,
            "transfer x",
        ),
        (
            vec![
                x(),
                cancel("first", "x", "2021-05-05", "100"),
                cancel("second", "x", "2021-05-06", "100"),
            ],
            Code::TerminalTwice,
            None,
            "second",
        ),
        (
            vec![x(), cancel("early", "x", "2020-06-01", "100")],
            Code::RuleBroken,
            Some(Rule::CertificateUnknown),
            "early",
        ),
        (
            vec![x(), cancel("late", "x", "2021-05-05", "100"), accept("x", "2021-06-01")],
            Code::RuleBroken,
            Some(Rule::CertificateUnknown),
            "accept x",
        ),
    ];
    for (transactions, code, rule, item) in cases {
        let refusal = enter(transactions, Mode::Strict).unwrap_err();
        assert_eq!((refusal.code, refusal.rule, &*refusal.item), (code, rule, item), "{refusal}");
        assert_eq!(refusal.file, "3.json");
    }
}

#[test]
fn lenient_has_one_reading_for_each_defect() {
    let mut sold = transfer("x", "2021-05-05", "40", &["y", "gone"], json!(""));
    sold["quantity"] = json!(40);
    sold["consideration_text"] = json!({ "omitted": true });
    sold["note"] = json!("exported");
    let mut issued = issue("x", "2021-01-01", "a", "100");
    issued["share_price"]["amount"] = json!(2);
    let transactions = vec![
        issued,
        issue("y", "2021-05-05", "b", "40"),
        sold,
        // The certificate was reduced in place: these concern what is left of it.
        accept("x", "2021-06-01"),
        cancel("in part", "x", "2021-07-01", "10"),
        cancel("the rest", "x", "2021-08-01", "50"),
        cancel("once more", "x", "2021-09-01", "50"),
    ];
    assert!(enter(transactions.clone(), Mode::Strict).is_err());
    let (lowered, imported) = enter(transactions, Mode::Lenient).unwrap();
    assert_eq!(held(&imported), pairs(&[("b", "40")]));
    let findings = lowered.findings.iter().filter(|f| f.code != Code::MemberUnlisted);
    let mut found: Vec<(&str, Code)> = findings.map(|f| (f.item.as_str(), f.code)).collect();
    found.sort();
    assert_eq!(
        found,
        [
            ("in part", Code::BalanceMissing),
            ("issue x", Code::FieldInvalid),
            ("once more", Code::TerminalTwice),
            ("transfer x", Code::FieldInvalid),
            ("transfer x", Code::FieldInvalid),
            ("transfer x", Code::FieldInvalid),
            ("transfer x", Code::FieldUnknown),
            ("transfer x", Code::ReferenceUnknown),
            ("transfer x", Code::BalanceMissing),
        ]
    );
}

#[test]
fn a_class_gets_the_decimals_that_its_quantities_need() {
    let (lowered, imported) =
        enter(vec![issue("x", "2021-01-01", "a", "0.250")], Mode::Strict).unwrap();
    assert!(matches!(&lowered.items[0], StockItem::Class(class) if class.decimals == 2));
    assert_eq!(held(&imported), pairs(&[("a", "0.25")]));
    let omitted = lowered.findings.iter().filter(|f| f.code == Code::ConsiderationOmitted);
    assert_eq!(omitted.count(), 1, "a quarter of a cent");
}

#[test]
fn every_type_of_the_schema_is_known() {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared");
    let root = std::env::var_os("COUNTERFOIL_SHARED").unwrap_or_else(|| default.into());
    let path = std::path::Path::new(&root).join("ocf/schema-1.2.0/enums/ObjectType.schema.json");
    let Ok(schema) = std::fs::read(&path) else {
        println!("skipped: {} is not there", path.display());
        return;
    };
    let schema: Value = serde_json::from_slice(&schema).unwrap();
    for name in schema["enum"].as_array().unwrap() {
        let name = name.as_str().unwrap();
        let item = json!({ "object_type": name, "id": "item" });
        let refusal = enter(vec![item], Mode::Lenient).unwrap_err();
        let known = match name {
            _ if !name.starts_with("TX_") => Code::TypeMisplaced,
            "TX_STOCK_ISSUANCE"
            | "TX_STOCK_ACCEPTANCE"
            | "TX_STOCK_TRANSFER"
            | "TX_STOCK_CANCELLATION" => Code::FieldMissing,
            _ => Code::TypeUnsupported,
        };
        assert_eq!(refusal.code, known, "{name}");
    }
    let unknown = json!({ "object_type": "TX_STOCK_LOTTERY", "id": "item" });
    assert_eq!(enter(vec![unknown], Mode::Lenient).unwrap_err().code, Code::TypeUnknown);
}
