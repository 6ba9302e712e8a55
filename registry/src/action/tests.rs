//! Items of each shape, and what is refused.

use super::*;
use crate::ocf::object::Fields;

fn object(text: &str) -> Object {
    let mut fields: Fields = serde_json::from_str(text).unwrap();
    let kind = Kind::parse(fields.remove("object_type").unwrap().as_str().unwrap()).unwrap();
    let id = fields.remove("id").unwrap().as_str().unwrap().to_owned();
    Object::new(kind, id, fields)
}

fn issuance(security: &str, shares: &str) -> Object {
    object(&format!(
        r#"{{"object_type":"TX_STOCK_ISSUANCE","id":"i-{security}","date":"2020-01-02",
        "security_id":"{security}","custom_id":"CS-{security}","stakeholder_id":"ada",
        "stock_class_id":"common","quantity":"{shares}",
        "share_price":{{"amount":"0.01","currency":"USD"}}}}"#
    ))
}

fn transfer() -> Object {
    object(
        r#"{"object_type":"TX_STOCK_TRANSFER","id":"t","date":"2020-01-02","security_id":"one",
        "quantity":"60","resulting_security_ids":["two"],"balance_security_id":"three"}"#,
    )
}

#[test]
fn a_transfer_takes_its_results_and_its_balance_with_it() {
    let objects = [transfer(), issuance("three", "40"), issuance("two", "60")];
    let Action::Changed { security, security_id, change, .. } = Action::of(&objects).unwrap()
    else {
        panic!("a transfer changes a certificate");
    };
    assert_eq!((security, security_id.as_str()), (Some(SecurityKind::Stock), "one"));
    let Change::Transferred { extent, results, balance } = change else { panic!("{change:?}") };
    assert_eq!(extent, Extent::Quantity(Quantity::whole(60)));
    assert_eq!(results[0].number, "CS-two");
    assert_eq!(balance.unwrap().security_id, "three");
    let named: Vec<&str> = result_ids(&objects[0]).collect();
    assert_eq!(named, ["two", "three"]);
}

#[test]
fn an_item_without_a_result_or_with_something_else_is_refused() {
    let error = |objects: &[Object]| Action::of(objects).unwrap_err().field;
    assert_eq!(error(&[]), "objects");
    assert_eq!(error(&[transfer(), issuance("two", "60")]), "balance_security_id");
    assert_eq!(error(&[transfer(), issuance("three", "40")]), "resulting_security_ids");
    let other = issuance("four", "1");
    let objects = [transfer(), issuance("three", "40"), issuance("two", "60"), other.clone()];
    assert_eq!(error(&objects), "objects");
    assert_eq!(error(&[other.clone(), other]), "objects");
}

#[test]
fn every_kind_is_read_or_names_the_field_that_it_lacks() {
    for kind in Kind::ALL {
        let bare = Object::new(*kind, "x", Default::default());
        match Action::of(std::slice::from_ref(&bare)) {
            Ok(action) => assert!(
                matches!(action, Action::Stakeholder { .. } | Action::Information { .. }),
                "{action:?}"
            ),
            Err(error) => assert!(!error.field.is_empty() && error.kind == *kind),
        }
    }
}

#[test]
fn numbers_have_bounds_and_one_spelling() {
    for shares in ["1000000000000000.1", "-1", "1e3", "01", "", "1.00000000001"] {
        assert_eq!(Action::of(&[issuance("one", shares)]).unwrap_err().field, "quantity");
    }
    assert!(Action::of(&[issuance("one", "1000000000000000")]).is_ok());
}
