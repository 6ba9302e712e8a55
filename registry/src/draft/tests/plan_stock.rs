//! Stock that a plan grants: how it is drawn from the pool, and what returns.

use super::*;

const PLAN: PlanId = PlanId(0);
const OLD: PlanId = PlanId(1);

/// Restricted stock: an issuance that names its plan.
fn restricted(id: &str, shares: &str, plan: &str, date: &str) -> Value {
    with(stock(id, "ada", shares, date), json!({ "stock_plan_id": plan }))
}

fn back(security: &str, shares: &str, plan: &str, date: &str) -> Value {
    let fields = json!({ "quantity": shares, "stock_plan_id": plan, "reason_text": "left" });
    tx("TX_STOCK_PLAN_RETURN_TO_POOL", security, date, fields)
}

#[test]
fn stock_that_is_cancelled_returns_to_its_pool_as_the_plan_says() {
    let mut company = Company::new();
    company.tell([restricted("1", "300", "plan", "2020-01-01")]).unwrap();
    company.tell([restricted("2", "50", "old plan", "2020-01-01")]).unwrap();
    assert_eq!(company.pool(PLAN), [1000, 300, 0, 0]);
    let cancel = |id: &str, fields: Value| tx("TX_STOCK_CANCELLATION", id, "2020-02-01", fields);
    let part = cancel("1", json!({ "quantity": "100", "balance_security_id": "3" }));
    company.tell([part, restricted("3", "200", "plan", "2020-02-01")]).unwrap();
    assert_eq!(company.pool(PLAN), [1000, 300, 100, 0], "a balance is not granted once more");
    company.tell([back("1", "100", "plan", "2020-02-02")]).unwrap();
    assert_eq!(company.pool(PLAN), [1000, 300, 100, 0], "what has returned is not counted twice");
    // The balance is stock of the plan too.
    company.tell([cancel("3", json!({ "quantity": "200" }))]).unwrap();
    assert_eq!(company.pool(PLAN), [1000, 300, 300, 0]);

    company.tell([cancel("2", json!({ "quantity": "50" }))]).unwrap();
    assert_eq!(company.pool(OLD), [1000, 50, 0, 0], "this plan says otherwise");
    let more = back("2", "51", "old plan", "2020-02-02");
    assert_eq!(company.tell([more]), Err(Rule::PoolReturnExceeded));
    company.tell([back("2", "30", "old plan", "2020-02-02")]).unwrap();
    assert_eq!(company.pool(OLD), [1000, 50, 30, 0]);
    let again = with(back("2", "21", "old plan", "2020-02-02"), json!({ "id": "again" }));
    assert_eq!(company.tell([again]), Err(Rule::PoolReturnExceeded));
}

#[test]
fn stock_that_is_retracted_was_never_granted() {
    let mut company = Company::new();
    company.tell([restricted("1", "300", "old plan", "2020-01-01")]).unwrap();
    company.tell([tx("TX_STOCK_RETRACTION", "1", "2020-01-02", json!({}))]).unwrap();
    assert_eq!(company.pool(OLD), [1000, 300, 300, 0]);
}

#[test]
fn stock_that_is_bought_back_returns_when_it_is_said_to() {
    let mut company = Company::new();
    company.tell([restricted("1", "300", "plan", "2020-01-01")]).unwrap();
    company.tell([stock("2", "bob", "40", "2020-01-01")]).unwrap();
    let buy = |id: &str, shares: &str| {
        let price = json!({ "amount": "0.5", "currency": "USD" });
        let fields = json!({ "quantity": shares, "price": price });
        tx("TX_STOCK_REPURCHASE", id, "2020-02-01", fields)
    };
    company.tell([buy("1", "300")]).unwrap();
    assert_eq!(company.pool(PLAN), [1000, 300, 0, 0], "it was paid for");
    company.tell([back("1", "300", "plan", "2020-02-02")]).unwrap();
    assert_eq!(company.pool(PLAN), [1000, 300, 300, 0]);
    // What was not granted by a plan, and nothing that is still held, makes no room in it.
    company.tell([restricted("3", "100", "plan", "2020-03-01")]).unwrap();
    let held = back("3", "1", "plan", "2020-03-02");
    assert_eq!(company.tell([held]), Err(Rule::PoolReturnExceeded));
    company.tell([buy("2", "40")]).unwrap();
    let beyond = back("2", "41", "plan", "2020-03-02");
    assert_eq!(company.tell([beyond]), Err(Rule::PoolReturnExceeded));
}
