//! What a live split reaches, and what it cannot know.

use super::*;

/// A warrant with one trigger for each class, none for a future round.
fn warrant_for(id: &str, shares: &str, classes: &[Option<&str>]) -> Value {
    let trigger = |class: &Option<&str>| {
        let mut right = json!({ "type": "WARRANT_CONVERSION_RIGHT" });
        match class {
            Some(class) => right["converts_to_stock_class_id"] = (*class).into(),
            None => right["converts_to_future_round"] = true.into(),
        }
        json!({ "type": "ELECTIVE_AT_WILL", "trigger_id": "t", "conversion_right": right })
    };
    let triggers: Vec<Value> = classes.iter().map(trigger).collect();
    with(warrant(id, "bob", Some(shares), "2020-01-01"), json!({ "exercise_triggers": triggers }))
}

fn split(class: &str, new: &str, old: &str, date: &str) -> Value {
    let ratio = json!({ "numerator": new, "denominator": old });
    act("TX_STOCK_CLASS_SPLIT", date, json!({ "stock_class_id": class, "split_ratio": ratio }))
}

/// A plan over both classes.
pub(super) fn shared_plan() -> Value {
    json!({
        "object_type": "STOCK_PLAN", "id": "both", "plan_name": "both",
        "initial_shares_reserved": "500", "stock_class_ids": ["common", "preferred"],
        "default_cancellation_behavior": "RETURN_TO_POOL",
    })
}

const BOTH: PlanId = PlanId(2);

#[test]
fn a_warrant_is_for_the_class_that_all_its_triggers_name() {
    let mut company = Company::with(false);
    let preferred = Some("preferred");
    company.tell([warrant_for("w", "100", &[preferred, preferred])]).unwrap();
    company.tell([warrant_for("open", "100", &[preferred, None])]).unwrap();
    company.tell([warrant_for("either", "100", &[preferred, Some("common")])]).unwrap();
    let class = |id: &str| company.register.security(company.security(id)).unwrap().class;
    assert_eq!([class("w"), class("open"), class("either")], [Some(PREFERRED), None, None]);
    let unknown = warrant_for("x", "1", &[Some("no such class")]);
    assert_eq!(company.tell([unknown]), Err(Rule::ClassUnknown));
    // The class may be named by its handle; who reads the format is told its id.
    let handle = COMMON.to_string();
    company.tell([warrant_for("h", "1", &[Some(handle.as_str())])]).unwrap();
    assert_eq!(company.register.security(company.security("h")).unwrap().class, Some(COMMON));
    let told = company.fold.export(company.entry.issuer, Date::MAX).objects;
    let told = told.iter().find(|object| object.text("security_id") == Some("h")).unwrap();
    let right = &told.value("exercise_triggers").unwrap()[0]["conversion_right"];
    assert_eq!(right["converts_to_stock_class_id"], "common");
    // It is exercised into shares of that class and no other.
    let exercise = |result: &str| {
        let fields = json!({ "trigger_id": "t", "resulting_security_ids": [result] });
        tx("TX_WARRANT_EXERCISE", "w", "2020-02-01", fields)
    };
    let common = stock("c", "bob", "10", "2020-02-01");
    assert_eq!(company.tell([exercise("c"), common]), Err(Rule::ResultMismatch));
    let shares = json!({ "stock_class_id": "preferred" });
    let shares = with(stock("p", "bob", "10", "2020-02-01"), shares);
    company.tell([exercise("p"), shares]).unwrap();
    assert_eq!(company.left("w").as_deref(), Some("90"));
}

#[test]
fn a_warrant_counts_as_what_its_class_converts_into() {
    let mut company = Company::new();
    company.tell([warrant_for("w", "1000", &[Some("preferred")])]).unwrap();
    let fields = json!({
        "stock_class_id": "preferred",
        "new_ratio_conversion_mechanism": {
            "type": "RATIO_CONVERSION", "rounding_type": "FLOOR",
            "ratio": { "numerator": "2", "denominator": "1" },
        },
    });
    let kind = "TX_STOCK_CLASS_CONVERSION_RATIO_ADJUSTMENT";
    company.tell([act(kind, "2020-03-01", fields)]).unwrap();
    let counted = |date: &str| {
        let table = company.fold.cap_table(company.entry.issuer, day(date)).unwrap().unwrap();
        let bob = table.holders.iter().find(|line| line.source_id == "bob").unwrap();
        (bob.warrants.to_string(), bob.dilution.warrants.to_string())
    };
    assert_eq!(counted("2020-02-29"), ("1000".into(), "1000".into()));
    assert_eq!(counted("2020-03-01"), ("1000".into(), "2000".into()));
}

#[test]
fn a_live_split_reaches_the_warrants_of_its_class() {
    let mut company = Company::with(false);
    company.tell([warrant_for("w", "100", &[Some("common")])]).unwrap();
    company.tell([warrant_for("p", "100", &[Some("preferred")])]).unwrap();
    company.tell([split("common", "3", "1", "2020-02-01")]).unwrap();
    assert_eq!(company.left("w").as_deref(), Some("300"));
    assert_eq!(company.left("p").as_deref(), Some("100"));
    let price = |id: &str| {
        let security = company.register.security(company.security(id)).unwrap();
        security.price.unwrap().to_string()
    };
    assert_eq!([price("w"), price("p")], ["0.6666666666 USD", "2 USD"]);
}

#[test]
fn a_live_split_does_not_pass_by_what_may_be_of_its_class() {
    let mut company = Company::with(false);
    company.tell([warrant("w", "bob", Some("100"), "2020-01-01")]).unwrap();
    company.tell([warrant("open", "bob", None, "2020-01-01")]).unwrap();
    let halve = || split("common", "1", "2", "2020-02-01");
    assert_eq!(company.tell([halve()]), Err(Rule::SplitUnclear));
    company
        .tell([tx("TX_WARRANT_CANCELLATION", "w", "2020-01-02", json!({ "quantity": "100" }))])
        .unwrap();
    company.tell([shared_plan()]).unwrap();
    let mut unnamed =
        with(grant("g", "eve", "10", "2020-01-02"), json!({ "stock_plan_id": "both" }));
    unnamed.as_object_mut().unwrap().remove("stock_class_id");
    company.tell([unnamed]).unwrap();
    assert_eq!(company.tell([halve()]), Err(Rule::SplitUnclear));
    let fields = json!({ "quantity": "10" });
    company.tell([tx("TX_EQUITY_COMPENSATION_CANCELLATION", "g", "2020-01-03", fields)]).unwrap();
    company.tell([halve()]).unwrap();
    // A warrant that does not say for how many shares it is has nothing to scale.
    assert_eq!(company.left("open").as_deref(), Some("open"));
}

#[test]
fn where_an_issuer_has_one_class_everything_is_for_it() {
    let mut company = Company::bare(false);
    let class = json!({
        "object_type": "STOCK_CLASS", "id": "common", "name": "common", "class_type": "COMMON",
        "initial_shares_authorized": "8000",
    });
    let bob = json!({ "object_type": "STAKEHOLDER", "id": "bob", "name": { "legal_name": "bob" } });
    company.tell([class]).unwrap();
    company.tell([bob]).unwrap();
    company.tell([warrant("w", "bob", Some("100"), "2020-01-01")]).unwrap();
    company.tell([split("common", "2", "1", "2020-02-01")]).unwrap();
    assert_eq!(company.left("w").as_deref(), Some("200"));
}

#[test]
fn a_split_of_one_class_of_a_plan_grows_the_pool_by_what_it_made_of_its_grants() {
    let mut company = Company::with(false);
    company.tell([shared_plan()]).unwrap();
    let of = |value: Value, class: &str| {
        with(value, json!({ "stock_plan_id": "both", "stock_class_id": class }))
    };
    company.tell([of(grant("g", "eve", "100", "2020-01-01"), "common")]).unwrap();
    company.tell([of(grant("h", "eve", "60", "2020-01-01"), "preferred")]).unwrap();
    company.tell([of(stock("1", "ada", "40", "2020-01-01"), "common")]).unwrap();
    company.tell([stock("2", "ada", "500", "2020-01-01")]).unwrap();
    assert_eq!(company.pool(BOTH), [500, 200, 0, 0]);
    company.tell([split("common", "3", "1", "2020-02-01")]).unwrap();
    assert_eq!(company.left("g").as_deref(), Some("300"));
    assert_eq!(company.left("h").as_deref(), Some("60"));
    assert_eq!(company.shares("1").as_deref(), Some("120"));
    assert_eq!(company.pool(BOTH), [780, 480, 0, 0], "as much as before is available");
    company.tell([split("common", "1", "6", "2020-03-01")]).unwrap();
    assert_eq!(company.pool(BOTH), [430, 130, 0, 0]);
}
