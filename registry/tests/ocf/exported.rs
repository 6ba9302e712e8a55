//! A company as systems of the trade export it: some 150 objects that depart from the format in many
//! ways. LENIENT reads each departure in its one way and says so; STRICT names the first.

use std::collections::BTreeMap;

use counterfoil_registry::captable::CapTable;
use counterfoil_registry::ocf::source::Source;
use counterfoil_registry::ocf::{Code, Mode, Package, archive, read};
use serde_json::{Value, json};

use crate::shared::{STRICT, carried_out, repaired, table};

/// An export in the making, and what is to be found in it.
#[derive(Default)]
struct Export {
    files: BTreeMap<&'static str, Vec<Value>>,
    expected: Vec<(Code, String)>,
}

impl Export {
    /// An object that the format knows.
    fn sound(&mut self, file: &'static str, object: Value) {
        self.files.entry(file).or_default().push(object);
    }

    /// An object that departs from the format, once for each code.
    fn departs(&mut self, file: &'static str, object: Value, codes: &[Code]) {
        let id = object["id"].as_str().unwrap().to_owned();
        self.expected.extend(codes.iter().map(|code| (*code, id.clone())));
        self.sound(file, object);
    }

    fn tx(&mut self, kind: &str, id: &str, date: &str, more: Value, codes: &[Code]) {
        let tx = json!({ "object_type": format!("TX_{kind}"), "id": id, "date": date });
        self.departs("Transactions", with(tx, more), codes);
    }

    /// A sound issuance of common stock under a security that is called like the transaction.
    fn stock(&mut self, id: &str, date: &str, holder: &str, quantity: &str) {
        self.tx("STOCK_ISSUANCE", id, date, stock(id, holder, quantity), &[]);
    }

    fn grant(&mut self, id: &str, date: &str, holder: &str, quantity: &str) {
        self.tx("EQUITY_COMPENSATION_ISSUANCE", id, date, grant(id, holder, quantity), &[]);
    }
}

fn with(mut object: Value, more: Value) -> Value {
    for (key, value) in more.as_object().unwrap() {
        object[key] = value.clone();
    }
    object
}

fn without(mut object: Value, fields: &[&str]) -> Value {
    for field in fields {
        object.as_object_mut().unwrap().remove(*field).unwrap();
    }
    object
}

fn stock(id: &str, holder: &str, quantity: &str) -> Value {
    json!({
        "security_id": id, "custom_id": format!("CS-{id}"), "stakeholder_id": holder,
        "stock_class_id": "common", "quantity": quantity, "security_law_exemptions": [],
        "stock_legend_ids": [], "share_price": { "amount": "0.01", "currency": "USD" },
    })
}

fn grant(id: &str, holder: &str, quantity: &str) -> Value {
    json!({
        "security_id": id, "custom_id": format!("ES-{id}"), "stakeholder_id": holder,
        "stock_class_id": "common", "stock_plan_id": "plan", "compensation_type": "OPTION_NSO",
        "quantity": quantity, "security_law_exemptions": [], "vesting_terms_id": "four years",
        "exercise_price": { "amount": "1", "currency": "USD" }, "expiration_date": null,
        "termination_exercise_windows": [],
    })
}

fn of(security: &str) -> Value {
    json!({ "security_id": security })
}

fn taken(security: &str, quantity: &str) -> Value {
    json!({ "security_id": security, "quantity": quantity, "reason_text": "so" })
}

fn sale(security: &str, quantity: &str, results: &[&str]) -> Value {
    json!({ "security_id": security, "quantity": quantity, "resulting_security_ids": results })
}

fn entities(export: &mut Export) {
    use Code::{FieldInvalid as Invalid, FieldMissing as Missing, FieldUnknown, ReferenceUnknown};
    for at in 0..24 {
        let holder = json!({ "object_type": "STAKEHOLDER", "id": format!("holder-{at}"),
            "name": { "legal_name": format!("Holder {at}") }, "stakeholder_type": "INDIVIDUAL" });
        export.sound("Stakeholders", holder);
    }
    let holder = |id: &str, more: Value| {
        let holder = json!({ "object_type": "STAKEHOLDER", "id": id,
            "name": { "legal_name": id }, "stakeholder_type": "INSTITUTION" });
        with(holder, more)
    };
    let relationship = json!({ "current_relationship": "FRIEND_OF_THE_FOUNDER" });
    export.departs("Stakeholders", holder("fund", relationship), &[Invalid]);
    export.departs(
        "Stakeholders",
        holder("lower", json!({ "stakeholder_type": "institution" })),
        &[Invalid],
    );
    export.departs("Stakeholders", without(holder("nameless", json!({})), &["name"]), &[Missing]);
    export.departs("Stakeholders", holder("plain", json!({ "name": "Plain Name" })), &[Invalid]);
    let omitted = json!({ "omitted": true, "comment": "personal data" });
    export.departs("Stakeholders", holder("shy", json!({ "tax_ids": omitted })), &[Invalid]);
    // Twice, with another description.
    export.departs(
        "Stakeholders",
        holder("fund", json!({ "issuer_assigned_id": "7" })),
        &[Code::IdTwice],
    );
    let class = |id: &str, more: Value| {
        let class = json!({ "object_type": "STOCK_CLASS", "id": id, "name": id,
            "class_type": "COMMON", "default_id_prefix": "CS-", "votes_per_share": "1",
            "initial_shares_authorized": "100000", "seniority": "1" });
        with(class, more)
    };
    export.sound("StockClasses", class("common", json!({})));
    let numbers = json!({ "class_type": "PREFERRED", "votes_per_share": 1, "seniority": 2 });
    export.departs("StockClasses", class("preferred", numbers), &[Invalid, Invalid]);
    let sparse = json!({ "object_type": "STOCK_CLASS", "id": "sparse" });
    // Its name, type, prefix, limit, votes and seniority.
    export.departs("StockClasses", sparse, &[Missing; 6]);
    let plan = json!({ "object_type": "STOCK_PLAN", "id": "plan", "plan_name": "Plan",
        "initial_shares_reserved": "5000", "stock_class_id": "common" });
    export.sound("StockPlans", plan);
    let sparse = json!({ "object_type": "STOCK_PLAN", "id": "sparse plan", "plan_name": "Old" });
    export.departs("StockPlans", sparse, &[Missing; 2]);
    let lost = json!({ "object_type": "STOCK_PLAN", "id": "lost plan", "plan_name": "Lost",
        "initial_shares_reserved": 10, "stock_class_ids": ["lost"], "created_at": "2021" });
    export.departs("StockPlans", lost, &[Invalid, FieldUnknown, ReferenceUnknown]);
    let conditions = |more: Value| {
        let monthly = json!({ "id": "monthly", "portion": { "numerator": "1", "denominator": "48" },
            "trigger": { "type": "VESTING_SCHEDULE_RELATIVE", "relative_to_condition_id": "start",
                "period": { "type": "MONTHS", "length": 1, "occurrences": 48,
                    "day_of_month": "VESTING_START_DAY_OR_LAST_DAY_OF_MONTH" } },
            "next_condition_ids": [] });
        json!([{ "id": "start", "quantity": "0", "trigger": { "type": "VESTING_START_DATE" },
            "next_condition_ids": ["monthly"] }, with(monthly, more)])
    };
    let terms = |id: &str, conditions: Value| {
        json!({ "object_type": "VESTING_TERMS", "id": id, "name": id, "description": id,
            "allocation_type": "CUMULATIVE_ROUND_DOWN", "vesting_conditions": conditions })
    };
    let cliff = json!({ "cliff_condition": { "id": "cliff", "period": { "type": "MONTHS", "length": 12 } } });
    export.departs("VestingTerms", terms("four years", conditions(cliff)), &[FieldUnknown]);
    export.departs("VestingTerms", terms("empty", json!([])), &[Invalid]);
    let legend = json!({ "object_type": "STOCK_LEGEND_TEMPLATE", "id": "legend", "name": "144" });
    export.departs("StockLegends", legend, &[Missing]);
    let valuation = json!({ "object_type": "VALUATION", "id": "409A", "stock_class_id": "common",
        "price_per_share": { "amount": 0.333333333333, "currency": "usd" },
        "effective_date": "2019-12-31T00:00:00.000Z", "valuation_type": "409A" });
    // The amount as a number of twelve decimals, the currency in lower case, the date with a time,
    // before the formation.
    export.departs("Valuations", valuation, &[Invalid; 4]);
    export.expected.push((Code::DateOrder, "409A".into()));
    let board = json!({ "object_type": "BOARD_CONSENT", "id": "consent" });
    export.departs("Documents", board, &[Code::TypeUnknown]);
    let deed = json!({ "object_type": "DOCUMENT", "id": "deed", "path": "./deed.pdf" });
    export.departs("Documents", deed, &[Missing]);
}

fn certificates(export: &mut Export) {
    use Code::{BalanceMissing, FieldInvalid as Invalid, FieldMissing as Missing};
    use Code::{DateOrder, ReferenceUnknown, TerminalTwice};
    for at in 0..20 {
        let (id, holder) = (format!("plain-{at}"), format!("holder-{at}"));
        export.stock(&id, "2021-01-04", &holder, "100");
        export.tx("STOCK_ACCEPTANCE", &format!("accept-{at}"), "2021-01-04", of(&id), &[]);
    }
    // Fields.
    let fields = ["custom_id", "security_law_exemptions", "stock_legend_ids", "share_price"];
    let sparse = without(stock("sparse-1", "fund", "1"), &fields);
    export.tx("STOCK_ISSUANCE", "sparse-1", "2021-02-01", sparse, &[Missing; 4]);
    let typed = with(stock("typed", "fund", ""), json!({ "quantity": 1.5e1, "comments": "one" }));
    export.tx("STOCK_ISSUANCE", "typed", "2021-02-01T09:30:00Z", typed, &[Invalid; 3]);
    let nulls = json!({ "cost_basis": null, "vesting_terms_id": "", "stock_plan_id": null,
        "board_approval_date": { "omitted": true }, "stock_legend_ids": ["lost"] });
    let codes = [Invalid, Invalid, Invalid, Invalid, ReferenceUnknown];
    export.tx(
        "STOCK_ISSUANCE",
        "nulls",
        "2021-02-01",
        with(stock("nulls", "fund", "2"), nulls),
        &codes,
    );
    export.tx(
        "STOCK_ISSUANCE",
        "absent",
        "2021-02-01",
        stock("absent", "nobody", "3"),
        &[ReferenceUnknown],
    );
    let old = json!({ "stock_class_id": "series a" });
    export.tx(
        "STOCK_ISSUANCE",
        "class",
        "2021-02-01",
        with(stock("class", "fund", "4"), old),
        &[ReferenceUnknown],
    );
    let number = json!({ "custom_id": "CS-plain-0" });
    export.tx(
        "STOCK_ISSUANCE",
        "twin",
        "2021-02-01",
        with(stock("twin", "fund", "5"), number),
        &[Code::RuleWaived],
    );
    export.tx(
        "STOCK_ISSUANCE",
        "zero",
        "2021-02-01",
        stock("zero", "fund", "0"),
        &[Code::QuantityZero],
    );
    export.tx(
        "STOCK_ISSUANCE",
        "plain-1",
        "2021-02-01",
        stock("same id", "fund", "6"),
        &[Code::IdTwice],
    );
    // Parts without balances.
    export.tx(
        "STOCK_REPURCHASE",
        "buy",
        "2021-03-01",
        with(taken("plain-0", "10"), json!({ "price": { "amount": "1" } })),
        &[Missing, BalanceMissing],
    );
    export.expected.push((Code::FieldUnknown, "buy".into()));
    let left = json!({ "balance_security_id": "" });
    export.tx(
        "STOCK_CANCELLATION",
        "cancel",
        "2021-03-02",
        with(taken("plain-0", "20"), left),
        &[Invalid, BalanceMissing],
    );
    let named = json!({ "balance_security_id": "rest of 1" });
    export.tx(
        "STOCK_CANCELLATION",
        "cancel 1",
        "2021-03-02",
        with(taken("plain-1", "30"), named),
        &[BalanceMissing],
    );
    export.tx("STOCK_CANCELLATION", "cancel again", "2021-03-03", taken("rest of 1", "70"), &[]);
    export.tx(
        "STOCK_CANCELLATION",
        "too late",
        "2021-03-04",
        taken("rest of 1", "1"),
        &[TerminalTwice],
    );
    export.tx(
        "STOCK_CANCELLATION",
        "of nothing",
        "2021-03-04",
        taken("lost", "1"),
        &[ReferenceUnknown],
    );
    export.tx(
        "STOCK_CANCELLATION",
        "nothing",
        "2021-03-04",
        taken("plain-2", "0.00"),
        &[Code::QuantityZero],
    );
    export.tx("STOCK_ACCEPTANCE", "again", "2021-03-04", of("plain-2"), &[Code::AcceptedTwice]);
    // Sales: to nobody, to nothing, in part to somebody, and on from there.
    export.tx(
        "STOCK_TRANSFER",
        "sale 3",
        "2021-04-01",
        sale("plain-3", "100", &["lost 3"]),
        &[ReferenceUnknown],
    );
    export.tx(
        "STOCK_TRANSFER",
        "sale 4",
        "2021-04-01",
        sale("plain-4", "40", &[]),
        &[Invalid, ReferenceUnknown, BalanceMissing],
    );
    export.tx(
        "STOCK_ISSUANCE",
        "bought 5",
        "2021-04-02",
        stock("bought 5", "fund", "60"),
        &[DateOrder],
    );
    export.tx(
        "STOCK_TRANSFER",
        "sale 5",
        "2021-04-01",
        sale("plain-5", "100", &["bought 5", "lost 5"]),
        &[ReferenceUnknown],
    );
    export.stock("bought 6", "2021-05-01", "fund", "40");
    export.tx("STOCK_TRANSFER", "sale on", "2021-05-01", sale("lost 5", "40", &["bought 6"]), &[]);
    export.tx(
        "STOCK_TRANSFER",
        "undated",
        "2021-04-01",
        sale("lost 7", "1", &[]),
        &[Invalid, ReferenceUnknown],
    );
    // Certificates that end in other ways.
    export.tx(
        "STOCK_REISSUANCE",
        "reissue",
        "2021-06-01",
        json!({ "security_id": "plain-7" }),
        &[Missing, ReferenceUnknown],
    );
    export.tx(
        "STOCK_RETRACTION",
        "retract",
        "2021-06-01",
        json!({ "security_id": "plain-8" }),
        &[Missing],
    );
    export.expected.push((Code::AcceptedRetracted, "accept-8".into()));
    let preferred = json!({ "stock_class_id": "preferred" });
    export.tx(
        "STOCK_ISSUANCE",
        "P-1",
        "2021-01-05",
        with(stock("P-1", "fund", "50"), preferred.clone()),
        &[],
    );
    let converted = json!({ "security_id": "P-1", "quantity_converted": "20" });
    export.tx("STOCK_CONVERSION", "convert", "2021-07-01", converted, &[Missing, BalanceMissing]);
    // A split in place, and one with new certificates for some.
    let ratio =
        json!({ "stock_class_id": "common", "split_ratio": { "numerator": 2, "denominator": 1 } });
    export.tx("STOCK_CLASS_SPLIT", "split", "2022-01-01", ratio, &[Invalid, Invalid]);
    export.expected.push((Code::DerivativesNotSplit, "split".into()));
    export.stock("new 9", "2022-01-01", "holder-9", "200");
    let reissued = json!({ "security_id": "plain-9", "resulting_security_ids": ["new 9"], "split_transaction_id": "splt" });
    export.tx("STOCK_REISSUANCE", "split 9", "2022-01-01", reissued, &[ReferenceUnknown]);
    export.tx("STOCK_MERGER", "merger", "2022-02-01", of("plain-10"), &[Code::TypeUnknown]);
    export.tx(
        "STOCK_ISSUANCE",
        "many",
        "2022-03-01",
        stock("many", "fund", "200000"),
        &[Code::RuleWaived],
    );
}

fn derivatives(export: &mut Export) {
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

const FILES: [(&str, &str, &str); 8] = [
    ("Stakeholders", "stakeholders", "STAKEHOLDERS"),
    ("StockClasses", "stock_classes", "STOCK_CLASSES"),
    ("StockLegends", "stock_legend_templates", "STOCK_LEGEND_TEMPLATES"),
    ("StockPlans", "stock_plans", "STOCK_PLANS"),
    ("VestingTerms", "vesting_terms", "VESTING_TERMS"),
    ("Valuations", "valuations", "VALUATIONS"),
    ("Documents", "documents", "DOCUMENTS"),
    ("Transactions", "transactions", "TRANSACTIONS"),
];

/// The export as a zip: in a folder, with what a Macintosh adds and a readme, wrong MD5s, and a
/// manifest that says neither its version nor its date; the issuer's formation is not known.
fn zip() -> (Source, Vec<(Code, String)>) {
    let mut export = Export::default();
    entities(&mut export);
    certificates(&mut export);
    derivatives(&mut export);
    let mut manifest = json!({
        "file_type": "OCF_MANIFEST_FILE",
        "issuer": { "object_type": "ISSUER", "id": "", "legal_name": "Exported, Inc.",
            "country_of_formation": "us", "formation_date": { "omitted": true } },
    });
    export.expected.extend([
        (Code::FieldMissing, String::new()),   // ocf_version
        (Code::FieldMissing, String::new()),   // as_of
        (Code::FieldMissing, String::new()),   // generated_at
        (Code::FieldMissing, String::new()),   // the id of the issuer
        (Code::FieldInvalid, String::new()),   // the country of the issuer
        (Code::FieldInvalid, String::new()),   // its formation
        (Code::MemberForeign, String::new()),  // README.json
        (Code::MemberUnlisted, String::new()), // the second file of transactions
    ]);
    let mut members = Vec::new();
    for (name, key, file_type) in FILES {
        let items = export.files.remove(name).unwrap();
        let parts = if name == "Transactions" { 2 } else { 1 };
        for (nth, items) in items.chunks(items.len().div_ceil(parts)).enumerate() {
            let file = json!({ "file_type": format!("OCF_{file_type}_FILE"), "items": items });
            let name = format!("{name}{nth}.ocf.json");
            members.push((format!("export/{name}"), serde_json::to_vec(&file).unwrap()));
            if nth == 0 {
                manifest[format!("{key}_files")] =
                    json!([{ "filepath": format!("./{name}"), "md5": "0" }]);
                export.expected.push((Code::Md5Mismatch, String::new()));
            }
        }
    }
    members.push(("export/Manifest.ocf.json".to_owned(), serde_json::to_vec(&manifest).unwrap()));
    members.push(("export/README.json".to_owned(), br#"{ "name": "an export" }"#.to_vec()));
    members.push(("__MACOSX/export/._Manifest.ocf.json".to_owned(), b"\0\x05\x16\x07".to_vec()));
    let bytes = archive::zip(&members).unwrap();
    (Source::from_zip(std::io::Cursor::new(bytes)).unwrap(), export.expected)
}

fn counted<T: Ord>(list: impl IntoIterator<Item = T>) -> BTreeMap<T, usize> {
    let mut counts = BTreeMap::new();
    list.into_iter().for_each(|one| *counts.entry(one).or_default() += 1);
    counts
}

#[test]
fn an_export_is_brought_in_with_one_finding_for_each_departure() {
    let (source, expected) = zip();
    let package = repaired(&source).unwrap_or_else(|refusal| panic!("{refusal}"));
    let imported =
        carried_out(&package, Mode::Lenient).unwrap_or_else(|refusal| panic!("{refusal}"));
    let found = imported.findings.iter().map(|found| (found.code, found.item.clone()));
    let (found, expected) = (counted(found), counted(expected));
    let extra: Vec<_> =
        found.iter().filter(|(key, count)| expected.get(key) != Some(count)).collect();
    let missing: Vec<_> =
        expected.iter().filter(|(key, count)| found.get(key) != Some(count)).collect();
    let told: Vec<String> = imported.findings.iter().map(ToString::to_string).collect();
    assert!(
        extra.is_empty() && missing.is_empty(),
        "found {extra:#?}\nexpected {missing:#?}\n{told:#?}"
    );
    held(&package, &table(&imported, "2023-01-01"));
}

/// What the holders hold in the end, all classes together.
fn held(package: &Package, table: &CapTable) {
    assert_eq!(package.formed().to_string(), "2021-01-04", "the day of the first transaction");
    assert!(package.items.len() > 150, "{}", package.items.len());
    let held = |holder: &str| -> u64 {
        let lines = table.holders.iter().filter(|line| line.source_id == holder);
        let holdings = lines.flat_map(|line| &line.holdings);
        holdings.map(|holding| holding.quantity.to_string().parse::<u64>().unwrap()).sum()
    };
    for (holder, shares) in [
        ("holder-0", 140), // 10 bought back and 20 cancelled of 100, and split
        ("holder-1", 40),  // all cancelled; exercised after the split
        ("holder-3", 200), // sold to nobody
        ("holder-4", 200), // a part sold to nobody
        ("holder-5", 0),   // sold, in part by way of a certificate that is missing
        ("holder-8", 0),   // retracted
        ("holder-9", 200), // split by a new certificate
        ("nobody", 6),     // a holder who is missing
        ("fund", 200_292), // among them 30 preferred, and 4 of a class that is missing
    ] {
        assert_eq!(held(holder), shares, "{holder}");
    }
}

#[test]
fn strictly_the_export_is_refused_for_its_first_departure() {
    let (source, _) = zip();
    let refusal = read(&source, STRICT).unwrap_err();
    assert_eq!(
        (refusal.code, &*refusal.file),
        (Code::FieldMissing, "Manifest.ocf.json"),
        "{refusal}"
    );
    assert!(refusal.what.starts_with("ocf_version"), "{refusal}");
}
