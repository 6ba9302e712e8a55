//! What has vested, read from packages: balances, transfers, exercises and what systems leave out.

use counterfoil_registry::amount::Quantity;
use counterfoil_registry::captable::{Fold, VestingLine};
use counterfoil_registry::date::Date;
use counterfoil_registry::ocf::{Options, read};
use serde_json::{Value, json};

use crate::shared::{LENIENT, STRICT, carried_out, issuer, package, written};

/// A transaction, or an object of this type.
fn object(kind: &str, id: &str, fields: Value) -> Value {
    let mut object = json!({ "object_type": kind, "id": id });
    object.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    object
}

fn transaction(kind: &str, security: &str, date: &str, fields: Value) -> Value {
    let mut object = object(&format!("TX_{kind}"), &format!("{kind} {security} {date}"), fields);
    object["security_id"] = security.into();
    object["date"] = date.into();
    object
}

/// An issuance of options, or of stock, that says in `how` how it vests.
fn issuance(kind: &str, security: &str, date: &str, quantity: &str, how: &Value) -> Value {
    let mut fields = json!({
        "custom_id": format!("No. {security}"), "stakeholder_id": "employee",
        "stock_class_id": "common", "quantity": quantity, "security_law_exemptions": [],
    });
    let more = match kind {
        "STOCK" => json!({
            "stock_legend_ids": [], "share_price": { "amount": "1", "currency": "USD" },
        }),
        _ => json!({
            "stock_plan_id": "plan", "compensation_type": "OPTION_NSO", "expiration_date": null,
            "exercise_price": { "amount": "1", "currency": "USD" },
            "termination_exercise_windows": [],
        }),
    };
    for part in [&more, how] {
        fields.as_object_mut().unwrap().extend(part.as_object().unwrap().clone());
    }
    transaction(&format!("{kind}_ISSUANCE"), security, date, fields)
}

fn options(security: &str, date: &str, quantity: &str) -> Value {
    let how = json!({ "vesting_terms_id": "monthly" });
    issuance("EQUITY_COMPENSATION", security, date, quantity, &how)
}

fn stock(security: &str, date: &str, quantity: &str) -> Value {
    issuance("STOCK", security, date, quantity, &json!({ "vesting_terms_id": "monthly" }))
}

fn started(security: &str, date: &str) -> Value {
    transaction("VESTING_START", security, date, json!({ "vesting_condition_id": "start" }))
}

/// Terms of 48 months, with what else their period says.
fn monthly(more: Value) -> Value {
    let mut period = json!({
        "type": "MONTHS", "length": 1, "occurrences": 48,
        "day_of_month": "VESTING_START_DAY_OR_LAST_DAY_OF_MONTH",
    });
    period.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let relative = json!({
        "type": "VESTING_SCHEDULE_RELATIVE", "period": period, "relative_to_condition_id": "start",
    });
    let fields = json!({
        "name": "Four years", "description": "Monthly", "allocation_type": "CUMULATIVE_ROUND_DOWN",
        "vesting_conditions": [
            { "id": "start", "quantity": "0", "trigger": { "type": "VESTING_START_DATE" },
              "next_condition_ids": ["month"] },
            { "id": "month", "portion": { "numerator": "1", "denominator": "48" },
              "trigger": relative, "next_condition_ids": [] },
        ],
    });
    object("VESTING_TERMS", "monthly", fields)
}

/// What is known of vesting at a date in a company with these transactions. What was read is also
/// written and read again, and must say the same.
fn lines(mode: Options, terms: Value, transactions: &[Value], date: &str) -> Vec<VestingLine> {
    let holder = json!({ "name": { "legal_name": "E" }, "stakeholder_type": "INDIVIDUAL" });
    let class = json!({
        "name": "Common", "class_type": "COMMON", "default_id_prefix": "C-", "seniority": "1",
        "initial_shares_authorized": "1000000", "votes_per_share": "1",
    });
    let plan = json!({
        "plan_name": "Plan", "initial_shares_reserved": "500000", "stock_class_ids": ["common"],
    });
    let mut objects = vec![
        object("STAKEHOLDER", "employee", holder),
        object("STOCK_CLASS", "common", class),
        object("STOCK_PLAN", "plan", plan),
        terms,
    ];
    objects.extend_from_slice(transactions);
    let package = read(&package(issuer(), &objects), mode);
    let package = package.unwrap_or_else(|refusal| panic!("{refusal}"));
    written(&package);
    let imported = carried_out(&package, mode.mode).unwrap_or_else(|refusal| panic!("{refusal}"));
    let fold = Fold::of(&imported.events).unwrap();
    fold.vesting(imported.issuer, Date::parse(date).unwrap()).unwrap()
}

/// Each open security: its id, what is left of it, and what of that is vested.
fn told(lines: &[VestingLine]) -> Vec<(&str, String, String)> {
    let vested = |line: &VestingLine| line.outstanding.checked_sub(line.unvested).unwrap();
    let told = |line: &VestingLine| (line.outstanding.to_string(), vested(line).to_string());
    let lines = lines.iter().map(|line| (line.security.as_str(), told(line)));
    lines.map(|(id, (left, vested))| (id, left, vested)).collect()
}

/// A date, and of each open security its id, what is left of it, and what of that is vested.
type Row<'a> = (&'a str, &'a [(&'a str, &'a str, &'a str)]);

fn tells(mode: Options, history: &[Value], table: &[Row<'_>]) {
    for (date, expected) in table {
        let lines = lines(mode, monthly(json!({})), history, date);
        let found = told(&lines);
        let found: Vec<_> =
            found.iter().map(|(id, left, vested)| (*id, left.as_str(), vested.as_str())).collect();
        assert_eq!(found, *expected, "{date}");
    }
}

#[test]
fn a_cliff_of_the_main_branch_is_read_in_both_ways() {
    let history = [options("o", "2020-01-01", "4800"), started("o", "2020-01-01")];
    for mode in [STRICT, LENIENT] {
        let table = [("2020-12-31", 0), ("2021-01-01", 1_200), ("2021-02-01", 1_300)];
        for (date, vested) in table {
            let terms = monthly(json!({ "cliff_installment": 12 }));
            let lines = lines(mode, terms, &history, date);
            assert_eq!(lines[0].vested, Quantity::whole(vested), "{date}");
        }
        let days = json!({
            "type": "DAYS", "length": 10, "occurrences": 48, "cliff_installment": 2,
        });
        let mut terms = monthly(json!({}));
        terms["vesting_conditions"][1]["trigger"]["period"] = days;
        let lines = lines(mode, terms, &history, "2020-01-21");
        assert_eq!(lines[0].vested, Quantity::whole(200));
        assert_eq!(lines[0].schedule.as_ref().unwrap().steps().len(), 47);
    }
}

fn cancelled(security: &str, date: &str, quantity: &str) -> Value {
    let fields = json!({ "quantity": quantity, "reason_text": "left the company" });
    transaction("EQUITY_COMPENSATION_CANCELLATION", security, date, fields)
}

#[test]
fn what_is_left_in_place_keeps_what_had_vested_and_vests_no_more() {
    let grant = [options("o", "2020-01-01", "4800"), started("o", "2020-01-01")];
    let mut left = grant.to_vec();
    left.push(cancelled("o", "2022-01-01", "2400"));
    let table: [(&str, &[_]); 3] = [
        ("2021-12-31", &[("o", "4800", "2300")]),
        ("2022-01-01", &[("o/2", "2400", "2400")]),
        ("2024-06-01", &[("o/2", "2400", "2400")]),
    ];
    tells(LENIENT, &left, &table);

    let mut accelerated = grant.to_vec();
    let fields = json!({ "quantity": "1000", "reason_text": "agreed" });
    accelerated.push(transaction("VESTING_ACCELERATION", "o", "2021-06-01", fields));
    accelerated.push(cancelled("o", "2022-01-01", "1400"));
    let table: [(&str, &[_]); 2] =
        [("2022-01-01", &[("o/2", "3400", "3400")]), ("2024-06-01", &[("o/2", "3400", "3400")])];
    tells(LENIENT, &accelerated, &table);

    let fields = json!({ "quantity": "2400", "price": { "amount": "1", "currency": "USD" } });
    let restricted = [
        stock("s", "2020-01-01", "4800"),
        started("s", "2020-01-01"),
        transaction("STOCK_REPURCHASE", "s", "2022-01-01", fields),
    ];
    let table: [(&str, &[_]); 2] =
        [("2022-01-01", &[("s/2", "2400", "2400")]), ("2023-06-01", &[("s/2", "2400", "2400")])];
    tells(LENIENT, &restricted, &table);
}
