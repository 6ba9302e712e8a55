//! Grants and their pools, warrants and convertibles over their whole lives.

use super::*;

const PLAN: PlanId = PlanId(0);
const OLD: PlanId = PlanId(1);

fn company() -> Company {
    let mut company = Company::new();
    company.tell([grant("g", "eve", "400", "2020-01-01")]).unwrap();
    company
}

fn exercise(security: &str, units: &str, date: &str, result: &str) -> Value {
    let fields = json!({ "quantity": units, "resulting_security_ids": [result] });
    tx("TX_EQUITY_COMPENSATION_EXERCISE", security, date, fields)
}

#[test]
fn an_exercise_reduces_the_grant_in_place_and_opens_shares() {
    let mut company = company();
    let shares = stock("s", "eve", "150", "2020-06-01");
    company.tell([exercise("g", "150", "2020-06-01", "s"), shares]).unwrap();
    assert_eq!(company.left("g").as_deref(), Some("250"));
    assert_eq!(company.totals(COMMON), [150, 150, 0, 0]);
    assert_eq!(company.pool(PLAN), [1000, 400, 0, 150]);
    let grant = company.fold.security(company.security("g")).unwrap();
    assert_eq!(grant.quantity_at(day("2020-05-31")), Some(Quantity::whole(400)));
    assert_eq!(grant.converted_into, [company.certificate("s").unwrap()]);
    // The rest ends it; a part of the shares may pay the price.
    let shares = stock("t", "eve", "200", "2020-07-01");
    company.tell([exercise("g", "250", "2020-07-01", "t"), shares]).unwrap();
    assert_eq!(company.left("g"), None);
    let again = exercise("g", "1", "2020-08-01", "u");
    let shares = stock("u", "eve", "1", "2020-08-01");
    assert_eq!(company.tell([again, shares]), Err(Rule::SecurityEnded));
}

#[test]
fn more_shares_than_were_exercised_are_refused() {
    let mut company = company();
    let over = [exercise("g", "401", "2020-06-01", "s"), stock("s", "eve", "401", "2020-06-01")];
    assert_eq!(company.tell(over), Err(Rule::SecurityInsufficient));
    let more = [exercise("g", "100", "2020-06-01", "s"), stock("s", "eve", "101", "2020-06-01")];
    assert_eq!(company.tell(more), Err(Rule::QuantityMismatch));
    let class = json!({ "stock_class_id": "preferred" });
    let shares = with(stock("s", "eve", "100", "2020-06-01"), class);
    let other = [exercise("g", "100", "2020-06-01", "s"), shares];
    assert_eq!(company.tell(other), Err(Rule::ResultMismatch), "the grant is for common stock");
}

#[test]
fn units_are_released_and_fewer_shares_may_result() {
    let mut company = company();
    let units = with(grant("r", "bob", "100", "2020-01-01"), json!({ "compensation_type": "RSU" }));
    company.tell([units]).unwrap();
    let fields = json!({ "quantity": "40", "resulting_security_ids": ["s"] });
    let release = tx("TX_EQUITY_COMPENSATION_RELEASE", "r", "2021-01-01", fields);
    company.tell([release, stock("s", "bob", "25", "2021-01-01")]).unwrap();
    assert_eq!(company.left("r").as_deref(), Some("60"));
    assert_eq!(company.pool(PLAN), [1000, 500, 0, 40]);
}

#[test]
fn what_is_cancelled_returns_to_a_pool_as_the_plan_says() {
    let mut company = company();
    let fields = json!({ "quantity": "300", "balance_security_id": "h" });
    let cancel = tx("TX_EQUITY_COMPENSATION_CANCELLATION", "g", "2020-03-01", fields);
    company.tell([cancel, grant("h", "eve", "100", "2020-03-01")]).unwrap();
    assert_eq!(company.pool(PLAN), [1000, 400, 300, 0]);
    let back = |security: &str, units: &str, plan: &str| {
        let fields = json!({ "quantity": units, "stock_plan_id": plan, "reason_text": "left" });
        tx("TX_STOCK_PLAN_RETURN_TO_POOL", security, "2020-03-02", fields)
    };
    company.tell([back("g", "300", "plan")]).unwrap();
    assert_eq!(company.pool(PLAN), [1000, 400, 300, 0], "what has returned is not counted twice");

    let old = json!({ "stock_plan_id": "old plan" });
    company.tell([with(grant("o", "bob", "50", "2020-03-01"), old)]).unwrap();
    let fields = json!({ "quantity": "50" });
    company.tell([tx("TX_EQUITY_COMPENSATION_CANCELLATION", "o", "2020-03-01", fields)]).unwrap();
    assert_eq!(company.pool(OLD), [1000, 50, 0, 0]);
    assert_eq!(company.tell([back("o", "51", "plan")]), Err(Rule::PoolReturnExceeded));
    company.tell([back("o", "20", "old plan")]).unwrap();
    assert_eq!(company.pool(OLD), [1000, 50, 20, 0]);
    let again = with(back("o", "31", "old plan"), json!({ "id": "again" }));
    assert_eq!(company.tell([again]), Err(Rule::PoolReturnExceeded));
}

#[test]
fn a_pool_grants_no_more_than_it_reserves() {
    let mut company = company();
    let second = grant("h", "bob", "601", "2020-02-01");
    assert_eq!(company.tell([second.clone()]), Err(Rule::PoolExceeded));
    let pool = |shares: &str| {
        let fields = json!({ "stock_plan_id": "plan", "shares_reserved": shares });
        act("TX_STOCK_PLAN_POOL_ADJUSTMENT", "2020-02-01", fields)
    };
    assert_eq!(company.tell([pool("399")]), Err(Rule::PoolExceeded));
    company.tell([pool("1001")]).unwrap();
    company.tell([second]).unwrap();
    assert_eq!(company.pool(PLAN), [1001, 1001, 0, 0]);
    // Restricted stock of a plan comes out of its pool too.
    let plan = json!({ "stock_plan_id": "plan" });
    let restricted = with(stock("s", "bob", "1", "2020-03-01"), plan);
    assert_eq!(company.tell([restricted]), Err(Rule::PoolExceeded));
}

#[test]
fn a_grant_is_transferred_repriced_and_vests() {
    let mut company = company();
    company.tell([tx("TX_EQUITY_COMPENSATION_ACCEPTANCE", "g", "2020-01-02", json!({}))]).unwrap();
    let condition = json!({ "vesting_condition_id": "cliff" });
    // Vesting may begin before the board grants.
    company.tell([tx("TX_VESTING_START", "g", "2019-09-01", condition)]).unwrap();
    let price = json!({ "new_exercise_price": { "amount": "0.4", "currency": "USD" } });
    company.tell([tx("TX_EQUITY_COMPENSATION_REPRICING", "g", "2020-02-01", price)]).unwrap();
    let facts = company.fold.security(company.security("g")).unwrap();
    let price = |date: &str| facts.price.at(day(date)).unwrap().to_string();
    assert_eq!((price("2020-01-31"), price("2020-02-01")), ("1 USD".into(), "0.4 USD".into()));
    let fields = json!({
        "quantity": "100", "resulting_security_ids": ["x"], "balance_security_id": "y",
    });
    let transfer = tx("TX_EQUITY_COMPENSATION_TRANSFER", "g", "2020-04-01", fields);
    let (sold, kept) =
        (grant("x", "bob", "100", "2020-04-01"), grant("y", "eve", "300", "2020-04-01"));
    company.tell([transfer, sold, kept]).unwrap();
    assert_eq!(company.pool(PLAN), [1000, 400, 0, 0], "a transfer draws nothing");
    let told = tx("TX_VESTING_ACCELERATION", "nothing", "2020-04-01", json!({ "quantity": "1" }));
    assert_eq!(company.tell([told]), Err(Rule::SecurityUnknown));
}

#[test]
fn a_retracted_grant_is_back_in_its_pool() {
    let mut company = company();
    let retraction = tx("TX_EQUITY_COMPENSATION_RETRACTION", "g", "2020-01-02", json!({}));
    company.tell([retraction]).unwrap();
    assert_eq!((company.left("g"), company.pool(PLAN)), (None, [1000, 400, 400, 0]));
}

#[test]
fn a_warrant_is_exercised_by_what_results() {
    let mut company = Company::new();
    company.tell([warrant("w", "bob", Some("100"), "2020-01-01")]).unwrap();
    company.tell([warrant("v", "eve", None, "2020-01-01")]).unwrap();
    let exercise = |security: &str, result: &str| {
        let fields = json!({ "resulting_security_ids": [result], "trigger_id": "t" });
        tx("TX_WARRANT_EXERCISE", security, "2020-05-01", fields)
    };
    company.tell([exercise("w", "s"), stock("s", "bob", "60", "2020-05-01")]).unwrap();
    assert_eq!(company.left("w").as_deref(), Some("40"));
    assert_eq!(company.left("v").as_deref(), Some("open"));
    company.tell([exercise("v", "t"), stock("t", "eve", "7", "2020-05-01")]).unwrap();
    assert_eq!(company.left("v"), None, "a number of shares that was open is settled");
    let fields = json!({ "quantity": "10", "balance_security_id": "x" });
    let cancel = tx("TX_WARRANT_CANCELLATION", "w", "2020-06-01", fields);
    company.tell([cancel, warrant("x", "bob", Some("30"), "2020-06-01")]).unwrap();
    let fields = json!({ "quantity": "30", "resulting_security_ids": ["y"] });
    let transfer = tx("TX_WARRANT_TRANSFER", "x", "2020-07-01", fields);
    company.tell([transfer, warrant("y", "ada", Some("30"), "2020-07-01")]).unwrap();
    assert_eq!(company.left("y").as_deref(), Some("30"));
}

#[test]
fn a_convertible_is_split_up_and_becomes_stock() {
    let mut company = Company::new();
    company.tell([note("n", "bob", "1000", "2020-01-01")]).unwrap();
    let amount = |amount: &str, currency: &str| json!({ "amount": amount, "currency": currency });
    let fields = json!({
        "amount": amount("400", "USD"), "resulting_security_ids": ["m"], "balance_security_id": "o",
    });
    let transfer = tx("TX_CONVERTIBLE_TRANSFER", "n", "2020-02-01", fields);
    let parts = (note("m", "eve", "400", "2020-02-01"), note("o", "bob", "600", "2020-02-01"));
    company.tell([transfer, parts.0, parts.1]).unwrap();
    let euros = tx(
        "TX_CONVERTIBLE_CANCELLATION",
        "m",
        "2020-03-01",
        json!({ "amount": amount("400", "EUR") }),
    );
    assert_eq!(company.tell([euros]), Err(Rule::CurrencyMismatch));
    let dollars = tx(
        "TX_CONVERTIBLE_CANCELLATION",
        "m",
        "2020-03-01",
        json!({ "amount": amount("400", "USD") }),
    );
    company.tell([dollars]).unwrap();
    let fields = json!({
        "resulting_security_ids": ["s"], "balance_security_id": "p", "trigger_id": "t",
    });
    let convert = tx("TX_CONVERTIBLE_CONVERSION", "o", "2020-04-01", fields);
    let shares =
        with(stock("s", "bob", "125", "2020-04-01"), json!({ "stock_class_id": "preferred" }));
    company.tell([convert, shares, note("p", "bob", "100", "2020-04-01")]).unwrap();
    assert_eq!((company.left("o"), company.left("p").as_deref()), (None, Some("100")));
    assert_eq!(company.totals(PREFERRED), [125, 125, 0, 0]);
    let shares = company.fold.certificate(company.certificate("s").unwrap()).unwrap();
    assert_eq!(shares.converted_from, Some(company.security("o")));
}

#[test]
fn a_convertible_becomes_a_warrant_and_another_convertible() {
    let mut company = company();
    company.tell([note("n", "bob", "1000", "2020-01-01")]).unwrap();
    let convert = |results: Value, fields: Value| {
        let own = json!({ "resulting_security_ids": results, "trigger_id": "t" });
        tx("TX_CONVERTIBLE_CONVERSION", "n", "2020-04-01", with(own, fields))
    };
    // Its terms say how much of what results; the balance is measured in its own amount.
    let left = json!({ "balance_security_id": "rest" });
    let balance = |amount: &str| note("rest", "bob", amount, "2020-04-01");
    let safe = |holder: &str| note("safe", holder, "5000", "2020-04-01");
    let results = || json!(["safe", "w"]);
    let rights = || warrant("w", "bob", Some("70"), "2020-04-01");
    let whole = [convert(results(), left.clone()), balance("1000"), safe("bob"), rights()];
    assert_eq!(company.tell(whole), Err(Rule::QuantityMismatch), "a balance of all is none");
    let elsewhere = with(balance("400"), json!({ "stakeholder_id": "eve" }));
    let moved = [convert(results(), left.clone()), elsewhere, safe("bob"), rights()];
    assert_eq!(company.tell(moved), Err(Rule::ResultMismatch), "a balance stays with its holder");
    let option = grant("g2", "bob", "10", "2020-04-01");
    let granted = [convert(json!(["g2"]), json!({})), option];
    assert_eq!(company.tell(granted), Err(Rule::ResultMismatch), "it is no compensation");
    let converted = [convert(results(), left), balance("400"), safe("bob"), rights()];
    company.tell(converted).unwrap();
    let left = |id: &str| company.left(id);
    assert_eq!((left("n"), left("rest").as_deref()), (None, Some("400")));
    assert_eq!((left("safe").as_deref(), left("w").as_deref()), (Some("5000"), Some("70")));
    let facts = company.fold.security(company.security("safe")).unwrap();
    assert_eq!(facts.preceded_by, Some(company.security("n")));
}
