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

/// A security, what is left of it, and what of that is vested.
type Told = (&'static str, &'static str, &'static str);

/// What is left of each open security, and what of that is vested, on dates.
fn tells(mode: Options, history: &[Value], table: &[(&str, &[Told])]) {
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

fn accelerated(security: &str, date: &str, quantity: &str) -> Value {
    let fields = json!({ "quantity": quantity, "reason_text": "agreed" });
    transaction("VESTING_ACCELERATION", security, date, fields)
}

fn exercised(security: &str, date: &str, quantity: &str) -> [Value; 2] {
    let shares = format!("shares of {security}");
    let fields = json!({ "quantity": quantity, "resulting_security_ids": [shares] });
    [
        issuance("STOCK", &shares, date, quantity, &json!({})),
        transaction("EQUITY_COMPENSATION_EXERCISE", security, date, fields),
    ]
}

#[test]
fn a_transfer_makes_no_vested_options() {
    let sale = |quantity: &str| {
        let fields = json!({
            "quantity": quantity, "resulting_security_ids": ["sold"],
            "balance_security_id": "kept",
        });
        transaction("EQUITY_COMPENSATION_TRANSFER", "o", "2022-01-02", fields)
    };
    let grant = [options("o", "2020-01-01", "4800"), started("o", "2020-01-01")];
    let mut history = grant.to_vec();
    history.extend(exercised("o", "2022-01-01", "2400"));
    history.extend([
        options("sold", "2022-01-02", "1200"),
        options("kept", "2022-01-02", "1200"),
        sale("1200"),
    ]);
    let table: [(&str, &[_]); 3] = [
        ("2022-01-02", &[("kept", "1200", "0"), ("sold", "1200", "0")]),
        ("2023-01-01", &[("kept", "1200", "600"), ("sold", "1200", "600")]),
        ("2024-01-01", &[("kept", "1200", "1200"), ("sold", "1200", "1200")]),
    ];
    tells(STRICT, &history, &table);

    let mut history = grant.to_vec();
    history.extend([
        accelerated("o", "2020-06-01", "1000"),
        options("sold", "2022-01-02", "1800"),
        options("kept", "2022-01-02", "3000"),
        sale("1800"),
        accelerated("sold", "2022-01-15", "100"),
    ]);
    // 3,400 of 4,800 had vested: 1,275 and 2,125 of the parts; then 100 of the one part alone.
    let table: [(&str, &[_]); 3] = [
        ("2022-01-02", &[("kept", "3000", "2125"), ("sold", "1800", "1275")]),
        ("2022-01-15", &[("kept", "3000", "2125"), ("sold", "1800", "1375")]),
        ("2023-03-01", &[("kept", "3000", "3000"), ("sold", "1800", "1800")]),
    ];
    tells(STRICT, &history, &table);
}

#[test]
fn certificates_of_one_share_an_acceleration() {
    let fields = json!({ "resulting_security_ids": ["a", "b"], "reason_text": "two papers" });
    let history = [
        stock("s", "2020-01-01", "4800"),
        started("s", "2020-01-01"),
        accelerated("s", "2020-01-15", "1000"),
        stock("a", "2020-01-20", "1200"),
        stock("b", "2020-01-20", "3600"),
        transaction("STOCK_REISSUANCE", "s", "2020-01-20", fields),
    ];
    let table: [(&str, &[_]); 2] = [
        ("2020-01-20", &[("a", "1200", "250"), ("b", "3600", "750")]),
        ("2021-01-01", &[("a", "1200", "550"), ("b", "3600", "1650")]),
    ];
    tells(STRICT, &history, &table);
}

#[test]
fn a_balance_that_lists_all_its_vestings_is_a_life_of_its_own() {
    let yearly = |years: std::ops::Range<u32>| {
        let vesting = |year| json!({ "date": format!("{year}-01-01"), "amount": "100" });
        json!({ "vestings": years.map(vesting).collect::<Vec<_>>() })
    };
    let listed = |security, date, quantity, years| {
        issuance("EQUITY_COMPENSATION", security, date, quantity, &yearly(years))
    };
    let mut history = vec![listed("o", "2020-01-01", "400", 2021..2025)];
    history.extend(exercised("o", "2021-06-01", "100"));
    let mut cancellation = cancelled("o", "2022-06-01", "100");
    cancellation["balance_security_id"] = "rest".into();
    history.extend([listed("rest", "2022-06-01", "200", 2022..2024), cancellation]);
    let table: [(&str, &[_]); 2] =
        [("2022-06-01", &[("rest", "200", "100")]), ("2023-01-01", &[("rest", "200", "200")])];
    tells(STRICT, &history, &table);
}

#[test]
fn nothing_vests_under_terms_that_are_not_there() {
    let mut grant = options("o", "2020-01-01", "4800");
    grant["vesting_terms_id"] = "lost".into();
    let table: [(&str, &[_]); 1] = [("2029-01-01", &[("o", "4800", "0")])];
    tells(LENIENT, &[grant], &table);
}

#[test]
fn what_vests_next_is_what_will_stand_there() {
    let left = [
        options("o", "2020-01-01", "4800"),
        started("o", "2020-01-01"),
        cancelled("o", "2022-01-01", "2400"),
    ];
    let lines_at = |history: &[Value], date| lines(LENIENT, monthly(json!({})), history, date);
    let date = Date::parse("2022-01-15").unwrap();
    let all = lines_at(&left, "2022-01-15");
    let schedule = all[0].schedule.as_ref().unwrap();
    assert_eq!(schedule.next_after(date), None, "all that is left has vested");
    assert_eq!(schedule.steps().last().unwrap().date.to_string(), "2022-01-01");

    let split = json!({
        "stock_class_id": "common", "split_ratio": { "numerator": "2", "denominator": "1" },
    });
    let mut split = object("TX_STOCK_CLASS_SPLIT", "split", split);
    split["date"] = "2022-01-15".into();
    let history = [stock("s", "2020-01-01", "4800"), started("s", "2020-01-01"), split];
    let doubled = lines_at(&history, "2022-01-15");
    assert_eq!(doubled[0].vested, Quantity::whole(4_800));
    let next = *doubled[0].schedule.as_ref().unwrap().next_after(date).unwrap();
    assert_eq!(
        (next.date.to_string().as_str(), next.vested),
        ("2022-02-01", Quantity::whole(5_000))
    );
    assert_eq!(lines_at(&history, "2022-02-01")[0].vested, next.vested);
}
