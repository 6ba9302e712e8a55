//! Whatever is told, in whatever order, the laws hold; and what is undone leaves no trace.

use proptest::prelude::*;

use super::*;
use crate::store::Scoped;

/// A plan over both classes.
fn shared_plan() -> Value {
    json!({
        "object_type": "STOCK_PLAN", "id": "both", "plan_name": "both",
        "initial_shares_reserved": "500", "stock_class_ids": ["common", "preferred"],
        "default_cancellation_behavior": "RETURN_TO_POOL",
    })
}

/// Certificates, grants, warrants and convertibles that a history may name, opened or not.
const NAMES: u8 = 12;

#[derive(Clone, Debug)]
struct Step {
    kind: u8,
    name: u8,
    other: u8,
    holder: u8,
    quantity: u16,
    part: u16,
    day: u8,
}

fn step() -> impl Strategy<Value = Step> {
    (0u8..21, 0..NAMES, 0..NAMES, 0u8..3, 1u16..900, 0u16..900, 0u8..20).prop_map(
        |(kind, name, other, holder, quantity, part, day)| Step {
            kind,
            name,
            other,
            holder,
            quantity,
            part,
            day,
        },
    )
}

/// A transaction with the issuances that it names; `nth` keeps ids apart.
fn told(step: &Step, nth: usize) -> Vec<Value> {
    let date = format!("2020-{:02}-{:02}", 1 + nth / 20, 1 + step.day);
    let date = date.as_str();
    let holder = ["ada", "bob", "eve"][usize::from(step.holder)];
    let (quantity, part) = (step.quantity.to_string(), step.part.to_string());
    let kinds = ["s", "g", "w", "n"];
    let name = |kind: usize, name: u8| format!("{}{name}", kinds[kind]);
    // Of which class and plan something is follows from its name: what comes from it is of the same.
    let class = ["common", "preferred"][usize::from(step.name % 2)];
    let plan = ["plan", "old plan", "both"][usize::from(step.name % 3)];
    let open = |kind: usize, id: &str, holder: &str, quantity: &str| match kind {
        0 if step.name >= NAMES / 2 => {
            let own = json!({ "stock_class_id": class, "stock_plan_id": plan });
            with(stock(id, holder, quantity, date), own)
        }
        0 => stock(id, holder, quantity, date),
        1 => {
            let own = json!({ "stock_class_id": class, "stock_plan_id": plan });
            let mut grant = with(grant(id, holder, quantity, date), own);
            if step.name == 0 {
                grant.as_object_mut().unwrap().remove("stock_class_id");
            }
            grant
        }
        2 => {
            let right = json!({ "converts_to_stock_class_id": class });
            let triggers = json!([{ "trigger_id": "t", "conversion_right": right }]);
            let named =
                if step.name == 1 { json!({}) } else { json!({ "exercise_triggers": triggers }) };
            with(warrant(id, holder, Some(quantity), date), named)
        }
        _ => note(id, holder, quantity, date),
    };
    let own = ["STOCK", "EQUITY_COMPENSATION", "WARRANT", "CONVERTIBLE"];
    let unique = |value: Value| with(value, json!({ "id": format!("{nth}") }));
    let dollars = |amount: &str| json!({ "amount": amount, "currency": "USD" });
    let kind = usize::from(step.kind % 4);
    let source = name(kind, step.name);
    let (result, balance) = (format!("{source}.{nth}"), format!("{source}:{nth}"));
    match step.kind {
        0..4 => vec![open(kind, &source, holder, &quantity)],
        4..8 => {
            let amount = if kind == 3 { dollars(&part) } else { part.clone().into() };
            let field = if kind == 3 { "amount" } else { "quantity" };
            let mut fields = json!({ "resulting_security_ids": [result] });
            fields[field] = amount;
            let mut told = vec![open(kind, &result, holder, &part)];
            if step.quantity > step.part {
                fields["balance_security_id"] = balance.clone().into();
                let rest = (step.quantity - step.part).to_string();
                told.push(open(
                    kind,
                    &balance,
                    ["ada", "bob", "eve"][usize::from(step.other % 3)],
                    &rest,
                ));
            }
            told.insert(
                0,
                unique(tx(&format!("TX_{}_TRANSFER", own[kind]), &source, date, fields)),
            );
            told
        }
        8..12 => {
            let amount = if kind == 3 { dollars(&quantity) } else { quantity.into() };
            let field = if kind == 3 { "amount" } else { "quantity" };
            let mut fields = json!({});
            fields[field] = amount;
            let mut told = Vec::new();
            if step.part > 0 {
                fields["balance_security_id"] = balance.clone().into();
                told.push(open(kind, &balance, holder, &part));
            }
            let cancel = tx(&format!("TX_{}_CANCELLATION", own[kind]), &source, date, fields);
            told.insert(0, unique(cancel));
            told
        }
        12 => {
            let ratio =
                json!({ "numerator": 1 + step.name % 4, "denominator": 1 + step.other % 4 });
            let text = |part: &Value| Value::from(part.to_string());
            let ratio = json!({
                "numerator": text(&ratio["numerator"]), "denominator": text(&ratio["denominator"]),
            });
            let fields = json!({ "stock_class_id": class, "split_ratio": ratio });
            vec![unique(act("TX_STOCK_CLASS_SPLIT", date, fields))]
        }
        13 => {
            let source = name(1, step.name);
            let fields = json!({ "quantity": part, "resulting_security_ids": [result] });
            let exercise = tx("TX_EQUITY_COMPENSATION_EXERCISE", &source, date, fields);
            vec![unique(exercise), stock(&result, holder, &part, date)]
        }
        14 => {
            let fields = json!({ "stock_plan_id": plan, "shares_reserved": quantity });
            vec![unique(act("TX_STOCK_PLAN_POOL_ADJUSTMENT", date, fields))]
        }
        15 => {
            let fields = json!({ "quantity": part, "stock_plan_id": plan });
            let source = name(usize::from(step.other % 2), step.name);
            vec![unique(tx("TX_STOCK_PLAN_RETURN_TO_POOL", &source, date, fields))]
        }
        16 => {
            let source = name(3, step.name);
            let fields = json!({ "resulting_security_ids": [result], "trigger_id": "t" });
            let convert = tx("TX_CONVERTIBLE_CONVERSION", &source, date, fields);
            vec![unique(convert), stock(&result, holder, &part, date)]
        }
        19 => {
            let source = name(3, step.name);
            let fields = json!({
                "resulting_security_ids": [result], "trigger_id": "t",
                "balance_security_id": balance,
            });
            let convert = tx("TX_CONVERTIBLE_CONVERSION", &source, date, fields);
            let rest = open(3, &balance, holder, &quantity);
            vec![
                unique(convert),
                rest,
                open(2 + usize::from(step.other % 2), &result, holder, &part),
            ]
        }
        20 => {
            let source = name(0, step.name);
            let fields = json!({ "quantity": quantity, "price": dollars("1") });
            vec![unique(tx("TX_STOCK_REPURCHASE", &source, date, fields))]
        }
        17 => {
            let ids = [name(0, step.name), name(0, step.other)];
            let fields = json!({ "security_ids": ids, "resulting_security_id": result });
            let whole = (u32::from(step.quantity) + u32::from(step.part)).to_string();
            vec![
                unique(act("TX_STOCK_CONSOLIDATION", date, fields)),
                stock(&result, holder, &whole, date),
            ]
        }
        _ => {
            let kind = format!("TX_{}_RETRACTION", own[usize::from(step.other % 4)]);
            let source = name(usize::from(step.other % 4), step.name);
            vec![unique(tx(&kind, &source, date, json!({})))]
        }
    }
}

proptest! {
    /// [`Company::tell_all`] compares the register, its fold and their bytes after each item.
    #[test]
    fn whatever_is_told_the_laws_hold(
        draft: bool,
        steps in proptest::collection::vec(step(), 1..60),
    ) {
        let mut company = Company::with(draft);
        company.tell([shared_plan()]).unwrap();
        for (nth, step) in steps.iter().enumerate() {
            let objects = told(step, nth);
            // A dry run changes nothing, whatever came of it.
            let before = company.bytes();
            company.register.begin();
            let item = ImportItem {
                objects: objects.iter().cloned().map(object).collect(),
                waived: Vec::new(),
            };
            let place = Place { record: 1000, opened: 0 };
            let dry = company.entry.enter(&mut company.register, place, &item).is_ok();
            company.register.rollback();
            prop_assert_eq!(company.bytes(), before);
            prop_assert_eq!(company.tell_all(objects).is_ok(), dry);
        }
        for date in ["2019-12-31", "2020-01-10", "2020-02-10", "2021-01-01"] {
            super::positions::agree(&company, day(date));
        }
    }
}
