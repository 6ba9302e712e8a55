//! The order of the items.

use serde_json::{Value, json};

use super::*;
use crate::ocf::{Options, read, source::Source};

/// The ids of the items of a package with these transactions, entities aside.
fn order(transactions: &[(&str, &str, Value)]) -> Vec<String> {
    let objects: Vec<Value> = transactions
        .iter()
        .map(|(id, kind, more)| {
            let mut object = json!({ "id": id, "object_type": format!("TX_{kind}"),
                                     "date": "2021-05-05" });
            if kind.ends_with("ISSUANCE") && *kind != "STOCK_REISSUANCE" {
                let issuance = json!({
                    "custom_id": id, "stakeholder_id": "a", "stock_class_id": "common",
                    "security_law_exemptions": [], "stock_legend_ids": [],
                    "share_price": { "amount": "1", "currency": "USD" },
                });
                object.as_object_mut().unwrap().extend(issuance.as_object().unwrap().clone());
            }
            object.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            object
        })
        .collect();
    let file = |kind: &str, items: Value| {
        let file = json!({ "file_type": format!("OCF_{kind}_FILE"), "items": items });
        (format!("{kind}.json"), serde_json::to_vec(&file).unwrap())
    };
    let list = |kind: &str| json!([{ "filepath": format!("{kind}.json"), "md5": "" }]);
    let manifest = json!({
        "file_type": "OCF_MANIFEST_FILE", "ocf_version": "1.2.0", "as_of": "2024-01-01",
        "generated_at": "2024-01-01T00:00:00Z",
        "issuer": {
            "object_type": "ISSUER", "id": "issuer", "legal_name": "Small Inc.",
            "formation_date": "2020-01-01", "country_of_formation": "US",
        },
        "stakeholders_files": list("STAKEHOLDERS"), "stock_classes_files": list("STOCK_CLASSES"),
        "transactions_files": list("TRANSACTIONS"), "stock_plans_files": [],
        "stock_legend_templates_files": [], "vesting_terms_files": [], "valuations_files": [],
    });
    let holder = json!([{
        "object_type": "STAKEHOLDER", "id": "a", "name": { "legal_name": "A" },
        "stakeholder_type": "INDIVIDUAL",
    }]);
    let class = json!([{
        "object_type": "STOCK_CLASS", "id": "common", "name": "Common", "class_type": "COMMON",
        "default_id_prefix": "", "initial_shares_authorized": "UNLIMITED", "votes_per_share": "1",
        "seniority": "1",
    }]);
    let source = Source::from_members([
        ("0.json".to_owned(), serde_json::to_vec(&manifest).unwrap()),
        file("STAKEHOLDERS", holder),
        file("STOCK_CLASSES", class),
        file("TRANSACTIONS", json!(objects)),
    ]);
    let package = read(&source.unwrap(), Options::default());
    let package = package.unwrap_or_else(|refusal| panic!("{refusal}"));
    let items = items(&package).unwrap();
    import(&package, Mode::Strict).unwrap_or_else(|refusal| panic!("{refusal}"));
    let ids = items.origins.iter().map(|origin| origin.id.clone());
    ids.skip_while(|id| ["issuer", "common", "a"].contains(&id.as_str())).collect()
}

#[test]
fn the_order_of_the_file_does_not_matter_where_the_order_of_events_is_clear() {
    // On one day: split, issued, accepted, sold, accepted by the buyer, and sold on; written
    // backwards.
    let transfer = |security: &str, results: &[&str]| json!({ "security_id": security, "quantity": "40", "resulting_security_ids": results });
    let mut first = transfer("x", &["y"]);
    first["balance_security_id"] = "rest".into();
    let history = [
        ("sells on", "STOCK_TRANSFER", transfer("y", &["z"])),
        ("accepts y", "STOCK_ACCEPTANCE", json!({ "security_id": "y" })),
        ("opens z", "STOCK_ISSUANCE", json!({ "security_id": "z", "quantity": "40" })),
        ("sells", "STOCK_TRANSFER", first),
        ("opens rest", "STOCK_ISSUANCE", json!({ "security_id": "rest", "quantity": "60" })),
        ("opens y", "STOCK_ISSUANCE", json!({ "security_id": "y", "quantity": "40" })),
        ("accepts x", "STOCK_ACCEPTANCE", json!({ "security_id": "x" })),
        ("opens x", "STOCK_ISSUANCE", json!({ "security_id": "x", "quantity": "100" })),
        (
            "splits",
            "STOCK_CLASS_SPLIT",
            json!({ "stock_class_id": "common",
                    "split_ratio": { "numerator": "2", "denominator": "1" } }),
        ),
    ];
    let expected = ["splits", "opens x", "accepts x", "sells", "accepts y", "sells on"];
    assert_eq!(order(&history), expected);
}
