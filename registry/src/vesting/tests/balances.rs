//! What the objects of a package say about grants and the balances that are left of them.

use super::*;
use crate::ocf::object::Fields;

fn transaction(kind: Kind, security: &str, date: &str, fields: Value) -> Object {
    let mut fields: Fields = serde_json::from_value(fields).unwrap();
    fields.insert("security_id", security.into());
    fields.insert("date", date.into());
    Object::new(kind, format!("{kind} {security} {date}"), fields)
}

#[test]
fn a_balance_goes_on_vesting_unless_its_vesting_is_started_anew() {
    let conditions = json!([
        start(&["yearly"]),
        after("yearly", ratio("1", "4"), months(12, 4, "01"), "start", &[])
    ]);
    let terms = json!({
        "name": "Four years", "allocation_type": "FRACTIONAL", "vesting_conditions": conditions,
    });
    let terms = serde_json::from_value(terms).unwrap();
    let grant = |security, date, terms: &str| {
        let fields = json!({ "quantity": "400", "vesting_terms_id": terms });
        transaction(Kind::EquityCompensationIssuance, security, date, fields)
    };
    let started = |security, date| {
        let fields = json!({ "vesting_condition_id": "start" });
        transaction(Kind::VestingStart, security, date, fields)
    };
    let mut objects = vec![
        Object::new(Kind::VestingTerms, "yearly", terms),
        grant("first", "2020-06-01", "yearly"),
        started("first", "2020-01-01"),
        grant("balance", "2022-02-02", "yearly"),
        grant("lost", "2020-06-01", "no such terms"),
        transaction(
            Kind::EquityCompensationIssuance,
            "listed",
            "2020-01-01",
            json!({ "vestings": [{ "date": "2021-01-01", "amount": "7" }] }),
        ),
        transaction(Kind::EquityCompensationIssuance, "plain", "2020-01-01", json!({})),
    ];
    let vested = |objects: &[Object], descent: &[&str], at: &str| {
        let heirs = descent.iter().map(|id| Heir { id, whole: Vec::new() });
        let heirs: Vec<Heir<'_>> = heirs.collect();
        let schedule = Book::of(objects).schedule(&heirs, Quantity::whole(400), Date::MIN);
        schedule.map(|schedule| schedule.vested_at(day(at)).to_string())
    };
    assert_eq!(vested(&objects, &["first"], "2021-01-01"), Ok("100".into()));
    assert_eq!(vested(&objects, &["first", "balance"], "2021-01-01"), Ok("100".into()));
    assert_eq!(vested(&objects, &["first", "balance"], "2022-06-01"), Ok("200".into()));
    assert_eq!(vested(&objects, &["balance"], "2030-01-01"), Ok("0".into()), "never started");
    assert_eq!(vested(&objects, &["listed"], "2021-01-01"), Ok("7".into()));
    assert_eq!(vested(&objects, &["plain"], "2020-01-01"), Ok("400".into()));
    assert_eq!(
        vested(&objects, &["lost"], "2020-01-01").unwrap_err().code(),
        "VESTING_TERMS_UNKNOWN"
    );
    let mut wrong = objects.clone();
    let fields = json!({ "vesting_condition_id": "no such condition" });
    wrong.push(transaction(Kind::VestingStart, "first", "2020-01-02", fields));
    assert_eq!(
        vested(&wrong, &["first"], "2021-01-01").unwrap_err().code(),
        "VESTING_CONDITION_UNKNOWN"
    );
    objects.push(started("balance", "2022-02-02"));
    assert_eq!(vested(&objects, &["first", "balance"], "2022-06-01"), Ok("0".into()));
    assert_eq!(vested(&objects, &["first", "balance"], "2023-02-01"), Ok("100".into()));
    let book = Book::of(&objects);
    assert!(book.vests("first") && book.vests("listed") && !book.vests("plain"));
    assert_eq!(book.terms_name("first"), Some("Four years"));
}
