//! Coherent companies by chance: every kind of object, in histories that add up.
//!
//! Choices come from a list of numbers, so that a failing history shrinks with the list.

use serde_json::{Value, json};

use crate::shared::{issuer, package};
use counterfoil_registry::date::Date;
use counterfoil_registry::ocf::source::Source;

mod papers;

/// A security that is open.
#[derive(Clone)]
struct Held {
    id: String,
    kind: Paper,
    holder: String,
    class: String,
    quantity: u64,
    accepted: bool,
    /// Which type of grant it is.
    variant: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Paper {
    Stock,
    Grant,
    Unit,
    Warrant,
    Convertible,
}

impl Paper {
    fn name(self) -> &'static str {
        match self {
            Paper::Stock => "STOCK",
            Paper::Grant | Paper::Unit => "EQUITY_COMPENSATION",
            Paper::Warrant => "WARRANT",
            Paper::Convertible => "CONVERTIBLE",
        }
    }
}

/// A company in the making.
struct Company<'a> {
    choices: std::slice::Iter<'a, u16>,
    day: Date,
    open: Vec<Held>,
    issued: Vec<String>,
    objects: Vec<Value>,
    splits: usize,
    next: usize,
    holders: usize,
}

const CLASSES: [&str; 2] = ["common", "preferred"];

/// The objects of a company whose history these choices decide.
pub(crate) fn objects(choices: &[u16]) -> Vec<Value> {
    let mut company = Company {
        choices: choices.iter(),
        day: Date::parse("2020-01-02").unwrap(),
        open: Vec::new(),
        issued: Vec::new(),
        objects: Vec::new(),
        splits: 0,
        next: 0,
        holders: 3,
    };
    company.found();
    while company.choices.len() > 0 {
        company.step();
    }
    company.close();
    company.objects
}

/// The package of such a company.
pub(crate) fn source(choices: &[u16]) -> Source {
    package(issuer(), &objects(choices))
}

impl Company<'_> {
    fn choose(&mut self, among: usize) -> usize {
        usize::from(self.choices.next().copied().unwrap_or_default()) % among.max(1)
    }

    fn id(&mut self, stem: &str) -> String {
        self.next += 1;
        format!("{stem}-{}", self.next)
    }

    fn push(&mut self, object_type: &str, mut object: Value) -> String {
        let id = self.id("tx");
        object["object_type"] = object_type.into();
        object["id"] = id.as_str().into();
        object["date"] = self.day.to_string().into();
        self.objects.push(object);
        id
    }

    fn holder(&mut self) -> String {
        let holders = self.holders;
        format!("holder-{}", self.choose(holders))
    }

    fn found(&mut self) {
        let right = json!([{
            "type": "STOCK_CLASS_CONVERSION_RIGHT",
            "conversion_mechanism": {
                "type": "RATIO_CONVERSION", "rounding_type": "NORMAL",
                "ratio": { "numerator": "1.50", "denominator": "1" },
                "conversion_price": { "amount": "1.00", "currency": "USD" },
            },
            "converts_to_stock_class_id": "common",
        }]);
        for (class, kind, rights) in
            [("common", "COMMON", json!([])), ("preferred", "PREFERRED", right)]
        {
            self.objects.push(json!({
                "object_type": "STOCK_CLASS", "id": class, "name": class, "class_type": kind,
                "default_id_prefix": "", "initial_shares_authorized": "UNLIMITED",
                "votes_per_share": "+1.0", "seniority": "01", "conversion_rights": rights,
                "par_value": { "amount": "0.00010", "currency": "USD" },
            }));
        }
        for at in 0..self.holders {
            let mut holder = json!({
                "object_type": "STAKEHOLDER", "id": format!("holder-{at}"),
                "name": { "legal_name": format!("Holder {at}") }, "stakeholder_type": "INDIVIDUAL",
                "comments": [],
            });
            match self.choose(4) {
                0 => holder["current_relationship"] = "FOUNDER".into(),
                1 => holder["current_relationships"] = json!(["EMPLOYEE"]),
                2 => {
                    holder["contact_info"] = json!({
                        "emails": [{ "email_type": "BUSINESS", "email_address": "a@b.example" }],
                        "phone_numbers": [{ "phone_type": "MOBILE", "phone_number": "+1 316 555 6789" }],
                    });
                }
                _ => {}
            }
            self.objects.push(holder);
        }
        self.objects.push(json!({
            "object_type": "STOCK_PLAN", "id": "plan", "plan_name": "2020 Plan",
            "initial_shares_reserved": "1000000000", "stock_class_id": "common",
            "default_cancellation_behavior": "RETIRE",
        }));
        self.objects.push(json!({
            "object_type": "STOCK_LEGEND_TEMPLATE", "id": "legend", "name": "Legend",
            "text": "Not registered.\n\"Restricted\" \u{e9}\u{1f600}",
        }));
        self.objects.push(json!({
            "object_type": "VESTING_TERMS", "id": "terms", "name": "Four years",
            "description": "Monthly", "allocation_type": "CUMULATIVE_ROUNDING",
            "vesting_conditions": [
                { "id": "start", "quantity": "0", "trigger": { "type": "VESTING_START_DATE" },
                  "next_condition_ids": ["monthly", "event"] },
                { "id": "monthly", "portion": { "numerator": "1", "denominator": "48" },
                  "trigger": { "type": "VESTING_SCHEDULE_RELATIVE",
                    "relative_to_condition_id": "start",
                    "period": { "type": "MONTHS", "length": 1, "occurrences": 48,
                                "day_of_month": "31_OR_LAST_DAY_OF_MONTH" } },
                  "next_condition_ids": [] },
                { "id": "event", "portion": { "numerator": "1", "denominator": "2", "remainder": true },
                  "trigger": { "type": "VESTING_EVENT" }, "next_condition_ids": [] },
            ],
        }));
    }

    fn step(&mut self) {
        let days = self.choose(3);
        self.day = self.day.plus_days(u32::try_from(days).unwrap()).unwrap();
        match self.choose(12) {
            0..=3 => self.issue(),
            4 | 5 => self.remark(),
            6..=9 => self.terminal(),
            10 => self.decide(),
            _ => self.change_of_holder(),
        }
    }

    fn issue(&mut self) {
        let kinds = [
            Paper::Stock,
            Paper::Grant,
            Paper::Unit,
            Paper::Warrant,
            Paper::Convertible,
            Paper::Stock,
        ];
        let kind = kinds[self.choose(kinds.len())];
        let class = if kind == Paper::Stock { CLASSES[self.choose(2)] } else { "common" };
        let quantity = 2 + self.choose(10_000) as u64;
        let holder = self.holder();
        self.open(kind, holder, class, quantity);
    }

    fn pick(&mut self) -> Option<usize> {
        let open = self.open.len();
        (open > 0).then(|| self.choose(open))
    }

    fn remark(&mut self) {
        let Some(at) = self.pick() else { return };
        let Held { id, kind, accepted, quantity, .. } = self.open[at].clone();
        match self.choose(5) {
            0 if !accepted => {
                self.open[at].accepted = true;
                self.push(&format!("TX_{}_ACCEPTANCE", kind.name()), json!({ "security_id": id }));
            }
            1 if kind != Paper::Convertible => {
                let event = json!({ "security_id": id, "vesting_condition_id": "start" });
                self.push("TX_VESTING_START", event);
            }
            2 if kind != Paper::Convertible => {
                let event = json!({ "security_id": id, "vesting_condition_id": "event" });
                self.push("TX_VESTING_EVENT", event);
            }
            3 if kind != Paper::Convertible => {
                let quantity = (quantity / 2).max(1).to_string();
                let event =
                    json!({ "security_id": id, "quantity": quantity, "reason_text": "Sale" });
                self.push("TX_VESTING_ACCELERATION", event);
            }
            4 if kind == Paper::Grant => {
                let price = json!({ "amount": "0.5", "currency": "USD" });
                let event = json!({ "security_id": id, "new_exercise_price": price });
                self.push("TX_EQUITY_COMPENSATION_REPRICING", event);
            }
            _ => {}
        }
    }

    /// Opens what is left under a balance certificate, if anything is left.
    fn balance(&mut self, from: &Held, rest: u64, event: &mut Value) {
        if rest > 0 {
            let (kind, holder) = (from.kind, from.holder.clone());
            let balance = self.open_alike(kind, holder, &from.class, rest, from.variant);
            event["balance_security_id"] = balance.into();
        }
    }

    fn terminal(&mut self) {
        let Some(at) = self.pick() else { return };
        let from = self.open.swap_remove(at);
        let taken = 1 + self.choose(usize::try_from(from.quantity).unwrap()) as u64;
        let rest = from.quantity - taken;
        let name = from.kind.name();
        let mut event = json!({ "security_id": from.id });
        let extent = |event: &mut Value| match from.kind {
            Paper::Convertible => {
                event["amount"] = json!({ "amount": taken.to_string(), "currency": "USD" });
            }
            _ => event["quantity"] = taken.to_string().into(),
        };
        match (self.choose(6), from.kind) {
            (0, _) => {
                extent(&mut event);
                let first = 1 + self.choose(usize::try_from(taken).unwrap()) as u64;
                let mut results = Vec::new();
                for part in [first, taken - first].into_iter().filter(|part| *part > 0) {
                    let holder = self.holder();
                    let alike = self.open_alike(from.kind, holder, &from.class, part, from.variant);
                    results.push(alike);
                }
                event["resulting_security_ids"] = results.into();
                self.balance(&from, rest, &mut event);
                self.push(&format!("TX_{name}_TRANSFER"), event);
            }
            (1, _) => {
                extent(&mut event);
                event["reason_text"] = "by agreement".into();
                self.balance(&from, rest, &mut event);
                self.push(&format!("TX_{name}_CANCELLATION"), event);
                if let Paper::Grant | Paper::Unit = from.kind {
                    let event = json!({
                        "security_id": from.id, "stock_plan_id": "plan",
                        "quantity": taken.to_string(), "reason_text": "cancelled",
                    });
                    self.push("TX_STOCK_PLAN_RETURN_TO_POOL", event);
                }
            }
            (2, _) if !from.accepted => {
                event["reason_text"] = "never agreed".into();
                self.push(&format!("TX_{name}_RETRACTION"), event);
            }
            (_, Paper::Stock) => self.end_of_stock(from, taken, event),
            (_, Paper::Grant | Paper::Unit) => {
                let shares = self.open(Paper::Stock, from.holder.clone(), "common", taken);
                event["quantity"] = taken.to_string().into();
                event["resulting_security_ids"] = json!([shares]);
                if from.kind == Paper::Grant {
                    event["consideration_text"] = "cash".into();
                    self.push("TX_EQUITY_COMPENSATION_EXERCISE", event);
                } else {
                    event["settlement_date"] = "2030-01-01".into();
                    event["release_price"] = json!({ "amount": "2", "currency": "USD" });
                    self.push("TX_EQUITY_COMPENSATION_RELEASE", event);
                }
                if rest > 0 {
                    self.open.push(Held { quantity: rest, ..from });
                }
            }
            (_, Paper::Warrant) => {
                let quantity = from.quantity;
                let shares = self.open(Paper::Stock, from.holder.clone(), "common", quantity);
                event["trigger_id"] = "range".into();
                event["resulting_security_ids"] = json!([shares]);
                self.push("TX_WARRANT_EXERCISE", event);
            }
            (_, Paper::Convertible) => {
                let shares = self.open(Paper::Stock, from.holder.clone(), "preferred", taken);
                event["trigger_id"] = "maturity".into();
                event["reason_text"] = "maturity".into();
                event["resulting_security_ids"] = json!([shares]);
                event["capitalization_definition"] = json!({
                    "include_stock_class_ids": ["common"], "include_stock_plans_ids": [],
                    "include_security_ids": [], "exclude_security_ids": [],
                });
                self.balance(&from, rest, &mut event);
                self.push("TX_CONVERTIBLE_CONVERSION", event);
            }
        }
    }

    fn end_of_stock(&mut self, from: Held, taken: u64, mut event: Value) {
        let rest = from.quantity - taken;
        match self.choose(4) {
            0 => {
                event["quantity"] = taken.to_string().into();
                event["price"] = json!({ "amount": "3", "currency": "USD" });
                self.balance(&from, rest, &mut event);
                self.push("TX_STOCK_REPURCHASE", event);
            }
            1 if from.class == "preferred" => {
                event["quantity_converted"] = taken.to_string().into();
                let common = self.open(Paper::Stock, from.holder.clone(), "common", taken * 3);
                event["resulting_security_ids"] = json!([common]);
                self.balance(&from, rest, &mut event);
                self.push("TX_STOCK_CONVERSION", event);
            }
            2 => {
                let alike = |held: &Held| {
                    held.kind == Paper::Stock
                        && held.class == from.class
                        && held.holder == from.holder
                };
                let other = self.open.iter().position(alike);
                let other = other.map(|other| self.open.swap_remove(other));
                let sum = from.quantity + other.as_ref().map_or(0, |other| other.quantity);
                let ids: Vec<&str> =
                    std::iter::once(&from).chain(&other).map(|held| held.id.as_str()).collect();
                let ids = json!(ids);
                let result = self.open(Paper::Stock, from.holder.clone(), &from.class, sum);
                let event = json!({ "security_ids": ids, "resulting_security_id": result });
                self.push("TX_STOCK_CONSOLIDATION", event);
            }
            _ => {
                let mut results = Vec::new();
                for part in [taken, rest].into_iter().filter(|part| *part > 0) {
                    results.push(self.open(Paper::Stock, from.holder.clone(), &from.class, part));
                }
                event["resulting_security_ids"] = results.into();
                self.push("TX_STOCK_REISSUANCE", event);
            }
        }
    }

    /// What the issuer decides happens before everything else of its day, so it has one of its own.
    fn decide(&mut self) {
        self.day = self.day.plus_days(1).unwrap();
        let class = CLASSES[self.choose(2)];
        match self.choose(5) {
            0 => {
                let event =
                    json!({ "issuer_id": "issuer", "new_shares_authorized": "900000000000000" });
                self.push("TX_ISSUER_AUTHORIZED_SHARES_ADJUSTMENT", event);
            }
            1 => {
                let event = json!({ "stock_class_id": class, "new_shares_authorized": "400000000000000.0" });
                self.push("TX_STOCK_CLASS_AUTHORIZED_SHARES_ADJUSTMENT", event);
            }
            2 if self.splits < 3 => {
                self.splits += 1;
                let factor = 2 + self.choose(2) as u64;
                for held in &mut self.open {
                    if held.kind == Paper::Stock && held.class == class {
                        held.quantity *= factor;
                    }
                }
                let ratio = json!({ "numerator": factor.to_string(), "denominator": "1" });
                self.push(
                    "TX_STOCK_CLASS_SPLIT",
                    json!({ "stock_class_id": class, "split_ratio": ratio }),
                );
            }
            3 => {
                let event = json!({ "stock_plan_id": "plan", "shares_reserved": "2000000000" });
                self.push("TX_STOCK_PLAN_POOL_ADJUSTMENT", event);
            }
            _ => {
                let mechanism = json!({
                    "type": "RATIO_CONVERSION", "rounding_type": "CEILING",
                    "ratio": { "numerator": "2", "denominator": "1" },
                    "conversion_price": { "amount": "0.5", "currency": "USD" },
                });
                let event = json!({ "stock_class_id": "preferred",
                                    "new_ratio_conversion_mechanism": mechanism });
                self.push("TX_STOCK_CLASS_CONVERSION_RATIO_ADJUSTMENT", event);
            }
        }
        self.day = self.day.plus_days(1).unwrap();
    }

    fn change_of_holder(&mut self) {
        let holder = self.holder();
        if self.choose(2) == 0 {
            let event = json!({ "stakeholder_id": holder, "relationship_started": "ADVISOR" });
            self.push("CE_STAKEHOLDER_RELATIONSHIP", event);
        } else {
            let event = json!({ "stakeholder_id": holder, "new_status": "LEAVE_OF_ABSENCE" });
            self.push("CE_STAKEHOLDER_STATUS", event);
        }
    }

    fn close(&mut self) {
        self.objects.push(json!({
            "object_type": "VALUATION", "id": "valuation", "valuation_type": "409A",
            "price_per_share": { "amount": "1", "currency": "USD" },
            "effective_date": "2021-01-01", "stock_class_id": "common",
        }));
        if let Some(first) = self.issued.first() {
            self.objects.push(json!({
                "object_type": "FINANCING", "id": "round", "name": "Seed", "date": "2021-01-01",
                "issuance_ids": [first],
            }));
        }
        self.objects.push(json!({
            "object_type": "DOCUMENT", "id": "charter", "path": "./charter.pdf",
            "md5": "d7f1a770b4a242658565092e3005972d",
            "related_objects": [{ "object_type": "STOCK_CLASS", "object_id": "common" }],
        }));
    }
}
