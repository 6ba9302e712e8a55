//! What a split leaves as it was, and what returns to a pool.

use super::*;

fn split_of(class: &str) -> Value {
    json!({
        "object_type": "TX_STOCK_CLASS_SPLIT", "id": "split", "date": "2021-03-01",
        "stock_class_id": class, "split_ratio": { "numerator": "2", "denominator": "1" },
    })
}

#[test]
fn grants_and_warrants_that_a_split_leaves_are_pointed_out() {
    let mut of_plan = grant("of-plan", "2021-01-01", "a", "100");
    of_plan.as_object_mut().unwrap().remove("stock_class_id");
    let warrant = json!({
        "object_type": "TX_WARRANT_ISSUANCE", "id": "tx-w", "date": "2021-01-01",
        "security_id": "w", "custom_id": "W-1", "stakeholder_id": "a", "quantity": "10",
        "security_law_exemptions": [], "purchase_price": { "amount": "1", "currency": "USD" },
        "exercise_triggers": [{
            "type": "ELECTIVE_AT_WILL", "trigger_id": "t",
            "conversion_right": {
                "type": "WARRANT_CONVERSION_RIGHT", "converts_to_stock_class_id": "common",
                "conversion_mechanism": {
                    "type": "FIXED_AMOUNT_CONVERSION", "converts_to_quantity": "10",
                },
            },
        }],
    });
    let ended = grant("ended", "2021-01-01", "b", "40");
    let end = json!({ "quantity": "40", "reason_text": "split" });
    let end = event("EQUITY_COMPENSATION_CANCELLATION", "ended", "2021-03-01", end);
    let again = grant("again", "2021-03-01", "b", "80");
    let named = grant("g", "2021-01-01", "a", "100");
    let history = [named, of_plan, warrant, ended, split_of("common"), end, again];
    let package = strictly(&history).unwrap();
    let [finding] = &package.findings[..] else { panic!("{:?}", package.findings) };
    assert_eq!(finding.code, Code::DerivativesNotSplit);
    let left = "it leaves 2 grants, 1 warrant for shares of the class";
    assert_eq!(finding.what, left, "one was cancelled and granted anew on the day");
}

#[test]
fn stock_returns_to_a_pool_when_it_is_no_more_held() {
    let restricted = |id: &str| {
        let mut stock = issue(id, "2021-01-01", "a", "100");
        stock["stock_plan_id"] = "plan".into();
        stock
    };
    let back = |id: &str, shares: &str| {
        let fields = json!({ "quantity": shares, "stock_plan_id": "plan", "reason_text": "left" });
        event("STOCK_PLAN_RETURN_TO_POOL", id, "2021-03-01", fields)
    };
    let repurchase = |id: &str| {
        let price = json!({ "amount": "1", "currency": "USD" });
        event("STOCK_REPURCHASE", id, "2021-02-01", json!({ "quantity": "100", "price": price }))
    };
    let history = [restricted("x"), repurchase("x"), back("x", "100")];
    assert_eq!(strictly(&history).unwrap().findings, []);
    let found = ["it returns 101, and no single cancellation covers it"];
    told(&[restricted("x"), repurchase("x"), back("x", "101")], Code::ReturnExceeded, &found, &[]);
    let found = ["it returns 1, and no single cancellation covers it"];
    told(&[restricted("x"), back("x", "1")], Code::ReturnExceeded, &found, &[("a", "100")]);
}

#[test]
fn a_pool_gets_back_what_was_cancelled_under_whatever_name() {
    let reason = |quantity: &str| json!({ "quantity": quantity, "reason_text": "left" });
    let back = |quantity: &str| json!({ "quantity": quantity, "reason_text": "left", "stock_plan_id": "plan" });
    let history = [
        grant("g", "2021-01-01", "a", "100"),
        event("EQUITY_COMPENSATION_CANCELLATION", "g", "2021-02-01", reason("30")),
        event("STOCK_PLAN_RETURN_TO_POOL", "g", "2021-02-01", back("30")),
        event("EQUITY_COMPENSATION_CANCELLATION", "g", "2021-03-01", reason("70")),
        event("STOCK_PLAN_RETURN_TO_POOL", "g", "2021-03-01", back("70")),
        event("STOCK_PLAN_RETURN_TO_POOL", "g", "2021-04-01", back("1")),
    ];
    let found = ["OCF_BALANCE_MISSING: 70 is left", "OCF_RETURN_EXCEEDED"];
    told(&history, Code::BalanceMissing, &found, &[]);
}

#[test]
fn a_return_is_of_one_cancellation() {
    let reason = |quantity: &str| json!({ "quantity": quantity, "reason_text": "left" });
    let mut stock = issue("x", "2021-01-01", "a", "50");
    stock["stock_plan_id"] = "plan".into();
    let rest = with(issue("y", "2021-02-01", "a", "10"), "stock_plan_id", "plan".into());
    let more = json!({ "quantity": "40", "reason_text": "left", "balance_security_id": "y" });
    let mut back = reason("50");
    back["stock_plan_id"] = "plan".into();
    let history = [
        stock,
        event("STOCK_CANCELLATION", "x", "2021-02-01", more),
        rest,
        cancel("y", "2021-03-01", "10"),
        event("STOCK_PLAN_RETURN_TO_POOL", "y", "2021-04-01", back),
    ];
    let found = ["it returns 50, and no single cancellation covers it"];
    told(&history, Code::ReturnExceeded, &found, &[]);
}
