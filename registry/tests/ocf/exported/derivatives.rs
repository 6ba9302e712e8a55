//! Grants, their vesting and exercise, pools, convertibles and warrants of the export.

use super::*;

pub(super) fn derivatives(export: &mut Export) {
    use Code::{BalanceMissing, FieldInvalid as Invalid, FieldMissing as Missing};
    use Code::{DateOrder, NameOlder, ReferenceUnknown};
    for at in 0..10 {
        let id = format!("grant-{at}");
        export.grant(&id, "2021-01-10", &format!("holder-{at}"), "100");
        let start = json!({ "security_id": id, "vesting_condition_id": "start" });
        export.tx("VESTING_START", &format!("start-{at}"), "2021-01-10", start, &[]);
    }
    let older = without(grant("older", "fund", "5"), &["compensation_type"]);
    let older = with(older, json!({ "option_grant_type": "NSO" }));
    export.tx("PLAN_SECURITY_ISSUANCE", "older", "2021-01-10", older, &[NameOlder, Missing]);
    export.tx(
        "PLAN_SECURITY_ACCEPTANCE",
        "older accepted",
        "2021-01-10",
        of("older"),
        &[NameOlder],
    );
    let sparse = without(
        grant("bare", "fund", "6"),
        &[
            "security_law_exemptions",
            "expiration_date",
            "termination_exercise_windows",
            "exercise_price",
            "stock_plan_id",
            "vesting_terms_id",
        ],
    );
    export.tx("EQUITY_COMPENSATION_ISSUANCE", "bare", "2021-01-10", sparse, &[Missing; 4]);
    let lost = json!({ "vesting_terms_id": "lost", "stock_plan_id": "lost" });
    export.tx(
        "EQUITY_COMPENSATION_ISSUANCE",
        "lost links",
        "2021-01-10",
        with(grant("lost links", "fund", "7"), lost),
        &[ReferenceUnknown; 2],
    );
    export.tx(
        "EQUITY_COMPENSATION_ISSUANCE",
        "over",
        "2021-01-11",
        grant("over", "fund", "5000"),
        &[Code::RuleWaived],
    );
    // Vesting.
    let begun = |security: &str, condition: &str| json!({ "security_id": security, "vesting_condition_id": condition });
    export.tx("VESTING_START", "begun", "2021-01-10", begun("older", "begin"), &[ReferenceUnknown]);
    export.tx("VESTING_EVENT", "sold", "2021-01-10", begun("older", "sale"), &[ReferenceUnknown]);
    export.tx(
        "VESTING_START",
        "bare begun",
        "2021-01-10",
        begun("bare", "start"),
        &[ReferenceUnknown],
    );
    export.tx(
        "VESTING_START",
        "lost begun",
        "2021-01-10",
        begun("lost", "start"),
        &[ReferenceUnknown],
    );
    export.tx("VESTING_START", "mute", "2021-01-10", of("older"), &[Missing]);
    // Exercises: without their stock, with stock of the day before, without any.
    export.tx(
        "EQUITY_COMPENSATION_EXERCISE",
        "exercise 0",
        "2022-02-01",
        sale("grant-0", "30", &["lost"]),
        &[ReferenceUnknown],
    );
    export.tx(
        "STOCK_ISSUANCE",
        "exercised 1",
        "2022-01-31",
        stock("exercised 1", "holder-1", "40"),
        &[DateOrder],
    );
    export.tx(
        "EQUITY_COMPENSATION_EXERCISE",
        "exercise 1",
        "2022-02-01",
        sale("grant-1", "40", &["exercised 1"]),
        &[],
    );
    export.tx(
        "EQUITY_COMPENSATION_EXERCISE",
        "exercise 2",
        "2022-02-01",
        json!({ "security_id": "grant-2", "quantity": 10 }),
        &[Invalid, Missing],
    );
    // Cancellations and the pool.
    export.tx(
        "EQUITY_COMPENSATION_CANCELLATION",
        "cancel 3",
        "2022-03-01",
        taken("grant-3", "60"),
        &[BalanceMissing],
    );
    let back = |security: &str, quantity: &str| {
        with(taken(security, quantity), json!({ "stock_plan_id": "plan" }))
    };
    export.tx("STOCK_PLAN_RETURN_TO_POOL", "back 3", "2022-03-01", back("grant-3", "60"), &[]);
    export.tx(
        "STOCK_PLAN_RETURN_TO_POOL",
        "back lost",
        "2022-03-01",
        back("lost", "60"),
        &[ReferenceUnknown],
    );
    export.tx(
        "STOCK_PLAN_RETURN_TO_POOL",
        "back more",
        "2022-03-01",
        back("grant-3", "1"),
        &[Code::ReturnExceeded],
    );
    let pool = json!({ "stock_plan_id": "lost", "shares_reserved": "1" });
    export.tx("STOCK_PLAN_POOL_ADJUSTMENT", "pool", "2022-03-01", pool, &[ReferenceUnknown]);
    // Convertibles and warrants.
    let safe = json!({ "security_id": "safe", "custom_id": "SAFE-1", "stakeholder_id": "fund",
        "security_law_exemptions": [], "investment_amount": { "amount": 100000, "currency": "USD" },
        "convertible_type": "safe", "conversion_triggers": [] });
    export.tx(
        "CONVERTIBLE_ISSUANCE",
        "safe",
        "2021-01-15",
        safe,
        &[Invalid, Invalid, Invalid, Missing],
    );
    export.tx("CONVERTIBLE_CONVERSION", "safe converts", "2022-06-01", of("safe"), &[Missing; 3]);
    let warrant = json!({ "security_id": "warrant", "custom_id": "W-1", "stakeholder_id": "fund",
        "security_law_exemptions": [], "quantity": "50", "exercise_triggers": {},
        "exercise_price": { "amount": "2", "currency": "USD" } });
    export.tx("WARRANT_ISSUANCE", "warrant", "2021-01-15", warrant, &[Invalid, Missing]);
    export.expected.push((Invalid, "warrant".into()));
    export.tx(
        "WARRANT_CANCELLATION",
        "warrant ends",
        "2022-06-01",
        taken("warrant", "20"),
        &[BalanceMissing],
    );
    // An object among those of another type.
    let stray = json!({ "object_type": "TX_STOCK_ACCEPTANCE", "id": "stray", "date": "2021-02-01", "security_id": "sparse-1" });
    export.departs("StockPlans", stray, &[Code::TypeMisplaced]);
}
