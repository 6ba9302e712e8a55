//! Securities that are issued.

use serde_json::{Value, json};

use super::{Found, Scene, Sentence, Told, money, number, with};

/// How a security vests that does not vest at once.
macro_rules! vesting {
    ($pattern:literal) => {
        concat!(
            $pattern,
            " [ , vesting by {terms} ] [ , vesting {#one} on {@first} [ and {#two} on {@second} ] ]"
        )
    };
}

pub(super) const SENTENCES: &[Sentence] = &[
    (
        vesting!(
            "{holder} is issued {id} : {#quantity} {class} at {#price} {currency} \
             [ out of {plan} ] [ under {legend} ] [ , printed {number} ]"
        ),
        |scene, found| {
            let price = money(found.one("price"), found.one("currency"))?;
            let stock = scene.stock(found.one("id"), found.one("holder"), found.one("class"));
            let mut stock = with(stock, json!({ "share_price": price }));
            if let Some(legend) = found.maybe("legend") {
                stock["stock_legend_ids"] = json!([legend]);
            }
            issued(found, stock)
        },
    ),
    (
        vesting!(
            "{holder} is granted {id} : {#quantity} {type} [ on {class} ] \
             [ at {#price} {currency} ] [ out of {plan} ] [ , printed {number} ]"
        ),
        grant,
    ),
    (
        vesting!(
            "{holder} is issued warrant {id} : {#quantity} {class} [ or {other} ] \
             at {#price} {currency} [ , printed {number} ]"
        ),
        warrant,
    ),
    (
        "{holder} is issued warrant {id} : {#quantity} shares of a {future} round \
         at {#price} {currency}",
        warrant,
    ),
    ("{holder} is issued warrant {id} : an open number of {class} at {#price} {currency}", warrant),
    (
        "{holder} invests {#price} {currency} in the {type} {id} [ , printed {number} ]",
        |scene, found| {
            let money = money(found.one("price"), found.one("currency"))?;
            let (id, holder) = (found.one("id"), found.one("holder"));
            issued(found, scene.convertible(id, holder, found.one("type"), money))
        },
    ),
];

impl Scene<'_> {
    /// The issuance of a security, of which nothing is said but who holds it.
    pub(super) fn issuance(&self, kind: &str, id: &str, holder: &str) -> Value {
        json!({
            "object_type": format!("TX_{kind}_ISSUANCE"), "id": format!("tx-{id}"),
            "date": self.date.to_string(), "security_id": id, "custom_id": id,
            "stakeholder_id": holder, "security_law_exemptions": [],
        })
    }

    /// The issuance of a certificate, of which neither number nor price are said yet.
    pub(super) fn stock(&self, id: &str, holder: &str, class: &str) -> Value {
        let fields = json!({
            "stock_class_id": class, "stock_legend_ids": [],
            "share_price": { "amount": "1", "currency": "USD" },
        });
        with(self.issuance("STOCK", id, holder), fields)
    }

    /// The issuance of a note, a SAFE or the like, that becomes what the next round issues.
    pub(super) fn convertible(&self, id: &str, holder: &str, of: &str, money: Value) -> Value {
        let right = json!({
            "type": "CONVERTIBLE_CONVERSION_RIGHT", "converts_to_future_round": true,
            "conversion_mechanism": {
                "type": "CUSTOM_CONVERSION", "custom_conversion_description": "as agreed",
            },
        });
        let fields = json!({
            "investment_amount": money, "convertible_type": of.to_uppercase(), "seniority": 1,
            "conversion_triggers": [trigger(right)],
        });
        with(self.issuance("CONVERTIBLE", id, holder), fields)
    }

    /// The issuance of a warrant that becomes stock of one of these classes, or, where there is
    /// none, of a future round.
    pub(super) fn warrant(&self, id: &str, holder: &str, classes: &[&str], price: Value) -> Value {
        let right = |class: Option<&str>| {
            let mut right = json!({
                "type": "WARRANT_CONVERSION_RIGHT", "conversion_mechanism": {
                    "type": "CUSTOM_CONVERSION", "custom_conversion_description": "as agreed",
                },
            });
            match class {
                Some(class) => right["converts_to_stock_class_id"] = class.into(),
                None => right["converts_to_future_round"] = true.into(),
            }
            trigger(right)
        };
        let mut triggers: Vec<Value> = classes.iter().map(|class| right(Some(class))).collect();
        if triggers.is_empty() {
            triggers.push(right(None));
        }
        let fields = json!({
            "exercise_price": price, "exercise_triggers": triggers,
            "purchase_price": { "amount": "0", "currency": "USD" },
        });
        with(self.issuance("WARRANT", id, holder), fields)
    }
}

/// What every issuance may say beside.
fn issued(found: &Found, mut issuance: Value) -> Told {
    let texts = [
        ("stock_plan_id", found.maybe("plan")),
        ("custom_id", found.maybe("number")),
        ("vesting_terms_id", found.maybe("terms")),
    ];
    for (field, text) in texts {
        if let Some(text) = text {
            issuance[field] = text.into();
        }
    }
    if let Some(quantity) = found.maybe("quantity") {
        issuance["quantity"] = number(quantity)?.into();
    }
    let mut vestings = Vec::new();
    for (amount, date) in [("one", "first"), ("two", "second")] {
        if let (Some(amount), Some(date)) = (found.maybe(amount), found.maybe(date)) {
            vestings.push(json!({ "date": date, "amount": number(amount)? }));
        }
    }
    if !vestings.is_empty() {
        issuance["vestings"] = vestings.into();
    }
    Ok(vec![issuance])
}

/// Options, units and rights by the names of the trade.
fn grant(scene: &Scene<'_>, found: &Found) -> Told {
    let (name, price) = match found.one("type").trim_end_matches('s') {
        "option" => ("OPTION", "exercise_price"),
        "NSO" => ("OPTION_NSO", "exercise_price"),
        "ISO" => ("OPTION_ISO", "exercise_price"),
        "RSU" => ("RSU", ""),
        "SSAR" => ("SSAR", "base_price"),
        "CSAR" => ("CSAR", "base_price"),
        other => return Err(format!("what are {other}?")),
    };
    let mut grant = json!({ "compensation_type": name, "termination_exercise_windows": [] });
    if let Some(class) = found.maybe("class") {
        grant["stock_class_id"] = class.into();
    }
    match (price, found.maybe("price"), found.maybe("currency")) {
        ("", None, None) => {}
        ("", ..) => return Err("units have no price".to_owned()),
        (field, Some(amount), Some(currency)) => grant[field] = money(amount, currency)?,
        _ => return Err("a price is wanted".to_owned()),
    }
    let (id, holder) = (found.one("id"), found.one("holder"));
    issued(found, with(scene.issuance("EQUITY_COMPENSATION", id, holder), grant))
}

fn warrant(scene: &Scene<'_>, found: &Found) -> Told {
    let classes = [found.maybe("class"), found.maybe("other")];
    let classes: Vec<&str> = classes.into_iter().flatten().collect();
    let price = money(found.one("price"), found.one("currency"))?;
    issued(found, scene.warrant(found.one("id"), found.one("holder"), &classes, price))
}

fn trigger(right: Value) -> Value {
    json!({ "type": "ELECTIVE_AT_WILL", "trigger_id": "at will", "conversion_right": right })
}
