//! What a cap table costs once its package was read and carried out: folding 100,000 transactions, then
//! every position at a date, with the vesting of each grant.

use counterfoil_registry::captable::Fold;
use counterfoil_registry::date::Date;
use counterfoil_registry::event::Event;
use counterfoil_registry::handle::IssuerId;
use counterfoil_registry::ocf::import::import;
use counterfoil_registry::ocf::object::{Kind, Object};
use counterfoil_registry::ocf::{Item, Mode, Package};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use serde_json::{Value, json};

const STAKEHOLDERS: usize = 5_000;
/// Each makes ten transactions.
const ROUNDS: usize = 10_000;

fn object(kind: Kind, id: String, fields: Value) -> Object {
    Object::new(kind, id, serde_json::from_value(fields).expect("a literal object"))
}

fn stock(security: &str, holder: &str, shares: &str, date: &str) -> Object {
    let fields = json!({
        "security_id": security, "custom_id": security, "stakeholder_id": holder, "date": date,
        "stock_class_id": "common", "quantity": shares, "security_law_exemptions": [],
        "stock_legend_ids": [], "share_price": { "amount": "1", "currency": "USD" },
    });
    object(Kind::StockIssuance, format!("tx {security}"), fields)
}

/// Two issuances, two transfers, two options that vest, one exercise; with what they open and the
/// starts of vesting ten transactions and more.
fn round(number: usize, objects: &mut Vec<Object>) {
    let holder = |of: usize| format!("holder {}", (number * 7 + of) % STAKEHOLDERS);
    let name = |what: &str, of: usize| format!("{what} {number}.{of}");
    for of in 0..2 {
        let (security, sold) = (name("cs", of), name("sold", of));
        objects.push(stock(&security, &holder(of), "1000", "2020-01-01"));
        objects.push(stock(&sold, &holder(of + 3), "1000", "2021-02-03"));
        let fields = json!({
            "security_id": security, "date": "2021-02-03", "quantity": "1000",
            "resulting_security_ids": [sold],
        });
        objects.push(object(Kind::StockTransfer, name("transfer", of), fields));
    }
    for of in 0..2 {
        let security = name("es", of);
        let fields = json!({
            "security_id": security, "custom_id": security, "stakeholder_id": holder(of),
            "date": "2020-05-06", "stock_plan_id": "plan", "stock_class_id": "common",
            "compensation_type": "OPTION_ISO", "quantity": "481", "vesting_terms_id": "monthly",
            "exercise_price": { "amount": "1", "currency": "USD" }, "expiration_date": "2030-05-06",
            "termination_exercise_windows": [], "security_law_exemptions": [],
        });
        objects.push(object(Kind::EquityCompensationIssuance, format!("tx {security}"), fields));
        let fields = json!({
            "security_id": security, "date": "2020-05-06", "vesting_condition_id": "start",
        });
        objects.push(object(Kind::VestingStart, name("start", of), fields));
    }
    let exercised = name("exercised", 0);
    objects.push(stock(&exercised, &holder(0), "100", "2022-07-08"));
    let fields = json!({
        "security_id": name("es", 0), "date": "2022-07-08", "quantity": "100",
        "resulting_security_ids": [exercised],
    });
    objects.push(object(Kind::EquityCompensationExercise, name("exercise", 0), fields));
}

fn terms() -> Object {
    let day = "VESTING_START_DAY_OR_LAST_DAY_OF_MONTH";
    let fields = json!({
        "name": "Four years", "description": "", "allocation_type": "CUMULATIVE_ROUNDING",
        "vesting_conditions": [
            {
                "id": "start", "quantity": "0", "trigger": { "type": "VESTING_START_DATE" },
                "next_condition_ids": ["monthly"],
            },
            {
                "id": "monthly", "portion": { "numerator": "1", "denominator": "48" },
                "trigger": {
                    "type": "VESTING_SCHEDULE_RELATIVE", "relative_to_condition_id": "start",
                    "period": { "type": "MONTHS", "length": 1, "occurrences": 48, "day_of_month": day },
                },
                "next_condition_ids": [],
            },
        ],
    });
    object(Kind::VestingTerms, "monthly".into(), fields)
}

fn events() -> (IssuerId, Vec<Event>) {
    let class = json!({
        "name": "Common", "class_type": "COMMON", "default_id_prefix": "CS-",
        "initial_shares_authorized": "UNLIMITED", "votes_per_share": 1, "seniority": "1",
    });
    let plan = json!({
        "plan_name": "Plan", "initial_shares_reserved": "100000000", "stock_class_ids": ["common"],
    });
    let mut objects = vec![
        object(Kind::StockClass, "common".into(), class),
        object(Kind::StockPlan, "plan".into(), plan),
        terms(),
    ];
    for holder in 0..STAKEHOLDERS {
        let fields = json!({ "name": { "legal_name": "A" }, "stakeholder_type": "INDIVIDUAL" });
        objects.push(object(Kind::Stakeholder, format!("holder {holder}"), fields));
    }
    (0..ROUNDS).for_each(|number| round(number, &mut objects));
    let issuer = json!({
        "legal_name": "Large", "formation_date": "2019-01-01", "country_of_formation": "US",
    });
    let package = Package {
        digest: [0; 32],
        version: "1.2.0".into(),
        as_of: Date::parse("2024-01-01").expect("a date"),
        generated_at: String::new(),
        comments: Vec::new(),
        files: vec!["Manifest.ocf.json".into()],
        issuer: object(Kind::Issuer, "large".into(), issuer),
        items: objects.into_iter().map(|object| Item { file: 0, object }).collect(),
        findings: Vec::new(),
    };
    let imported = import(&package, Mode::Strict).expect("a coherent company");
    (imported.issuer, imported.events)
}

fn cap_table(criterion: &mut Criterion) {
    let (issuer, events) = events();
    let as_of = Date::parse("2023-06-30").expect("a date");
    let mut group = criterion.benchmark_group("cap_table");
    group.sample_size(10).throughput(Throughput::Elements(10 * ROUNDS as u64));
    group.bench_function("fold", |bencher| {
        bencher.iter(|| Fold::of(&events).expect("events follow from each other"));
    });
    let fold = Fold::of(&events).expect("events follow from each other");
    group.bench_function("positions", |bencher| {
        bencher.iter(|| fold.cap_table(issuer, as_of).expect("within range"));
    });
    group.bench_function("vesting", |bencher| {
        bencher.iter(|| fold.vesting(issuer, as_of).expect("within range"));
    });
    group.finish();
}

criterion_group!(benches, cap_table);
criterion_main!(benches);
