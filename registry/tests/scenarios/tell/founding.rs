//! The company: its charter, its holders, what it decides, and what is known about it.

use counterfoil_registry::date::Date;
use counterfoil_registry::effect::Authorized;
use counterfoil_registry::ocf::object::Kind;
use serde_json::{Value, json};

use super::{Company, Found, Scene, Sentence, Told, authorized, constant, fit, money, number};

const FORMED: &str = "{issuer} is formed on {@formed} [ , authorized to issue {#shares} shares ] \
                      [ , authorized {without} limit ] [ , its register is {open} ]";

pub(super) const SENTENCES: &[Sentence] = &[
    (FORMED, |scene, found| {
        let mut issuer = json!({
            "legal_name": found.one("issuer"), "formation_date": found.one("formed"),
            "country_of_formation": "US",
        });
        match limit(found)? {
            Authorized::NotApplicable => {}
            limit => issuer["initial_shares_authorized"] = limit.to_string().into(),
        }
        Ok(vec![scene.thing("ISSUER", found.one("issuer"), issuer)])
    }),
    (
        "{class} is {kind} stock [ , {#shares} shares authorized ] [ , authorized {without} limit ] \
         [ , with {#votes} votes a share ] \
         [ , {#old} convertible into {#new} {into} [ or {#new2} {into2} ] \
           [ , fractions rounded {rounding} ] ]",
        class,
    ),
    (
        "{plan} is a plan over {classes*} , {#shares} shares reserved \
         [ , what is cancelled {returns} to it ] [ , what is cancelled is {retired} ]",
        |scene, found| {
            let mut plan = json!({
                "plan_name": found.one("plan"), "stock_class_ids": found.all("classes"),
                "initial_shares_reserved": number(found.one("shares"))?,
            });
            if found.maybe("returns").is_some() {
                plan["default_cancellation_behavior"] = "RETURN_TO_POOL".into();
            } else if found.maybe("retired").is_some() {
                plan["default_cancellation_behavior"] = "RETIRE".into();
            }
            Ok(vec![scene.thing("STOCK_PLAN", found.one("plan"), plan)])
        },
    ),
    ("{holder} is a holder", |scene, found| holder(scene, found, "INDIVIDUAL")),
    ("{holder} is an institution", |scene, found| holder(scene, found, "INSTITUTION")),
    ("{legend} is a legend : {text..}", |scene, found| {
        let text = found.all("text").join(" ");
        let legend = json!({ "name": found.one("legend"), "text": text });
        Ok(vec![scene.thing("STOCK_LEGEND_TEMPLATE", found.one("legend"), legend)])
    }),
    // What the company decides.
    ("{name} is authorized to issue {#shares} shares", |scene, found| {
        let (name, shares) = (found.one("name"), number(found.one("shares"))?);
        Ok(vec![if scene.company.has(Kind::StockClass, name) {
            let fields = json!({ "stock_class_id": name, "new_shares_authorized": shares });
            scene.act("TX_STOCK_CLASS_AUTHORIZED_SHARES_ADJUSTMENT", fields)
        } else {
            let fields = json!({ "issuer_id": name, "new_shares_authorized": shares });
            scene.act("TX_ISSUER_AUTHORIZED_SHARES_ADJUSTMENT", fields)
        }])
    }),
    ("{class} is split {#new} for {#old} [ , as {id} ]", |scene, found| {
        let fields = json!({ "stock_class_id": found.one("class"), "split_ratio": ratio(found, found.one("new"))? });
        let mut split = scene.act("TX_STOCK_CLASS_SPLIT", fields);
        if let Some(id) = found.maybe("id") {
            split["id"] = id.into();
        }
        Ok(vec![split])
    }),
    ("{class} converts from now on {#old} into {#new}", |scene, found| {
        let fields = json!({
            "stock_class_id": found.one("class"),
            "new_ratio_conversion_mechanism": mechanism(found, found.one("new"))?,
        });
        Ok(vec![scene.act("TX_STOCK_CLASS_CONVERSION_RATIO_ADJUSTMENT", fields)])
    }),
    ("{plan} reserves {#shares} shares", |scene, found| {
        let shares = number(found.one("shares"))?;
        let fields = json!({ "stock_plan_id": found.one("plan"), "shares_reserved": shares });
        Ok(vec![scene.act("TX_STOCK_PLAN_POOL_ADJUSTMENT", fields)])
    }),
    // What becomes of holders.
    ("{holder} becomes {what}", |scene, found| relationship(scene, found, "started")),
    ("{holder} ceases to be {what}", |scene, found| relationship(scene, found, "ended")),
    ("{holder} has the status {what}", |scene, found| {
        let status = constant(found.one("what"));
        let fields = json!({ "stakeholder_id": found.one("holder"), "new_status": status });
        Ok(vec![scene.act("CE_STAKEHOLDER_STATUS", fields)])
    }),
    // What is known.
    ("{class} is valued at {#price} {currency} a share , in {id}", |scene, found| {
        let fields = json!({
            "price_per_share": money(found.one("price"), found.one("currency"))?,
            "effective_date": scene.date.to_string(), "stock_class_id": found.one("class"),
            "valuation_type": "409A",
        });
        Ok(vec![scene.thing("VALUATION", found.one("id"), fields)])
    }),
    ("{id} is the financing of {papers*}", |scene, found| {
        let issuances = found.all("papers").iter().map(|id| scene.company.issuance(id));
        let issuances: Option<Vec<&str>> = issuances.map(|object| Some(object?.id())).collect();
        let issuances = issuances.ok_or("a financing names what was issued")?;
        let date = scene.date.to_string();
        let fields = json!({ "name": found.one("id"), "issuance_ids": issuances, "date": date });
        Ok(vec![scene.thing("FINANCING", found.one("id"), fields)])
    }),
    ("{id} is the document on {class}", |scene, found| {
        let related = json!([{ "object_type": "STOCK_CLASS", "object_id": found.one("class") }]);
        let fields = json!({
            "path": format!("{}.pdf", found.one("id")), "related_objects": related,
            "md5": "d7f1a770b4a242658565092e3005972d",
        });
        Ok(vec![scene.thing("DOCUMENT", found.one("id"), fields)])
    }),
];

/// The company that the first sentence of a file forms.
pub(super) fn formed(sentence: &[String]) -> Result<Company, String> {
    let found = fit(FORMED, sentence).ok_or("a file begins with the formation of its company")?;
    let on = Date::parse(found.one("formed")).ok_or("a date is wanted")?;
    let open = found.maybe("open").is_some();
    Ok(Company::formed(found.one("issuer"), on, limit(&found)?, open))
}

fn limit(found: &Found) -> Result<Authorized, String> {
    authorized(found.maybe("shares"), found.maybe("without").is_some())
}

fn class(scene: &Scene<'_>, found: &Found) -> Told {
    let mut class = json!({
        "name": found.one("class"), "class_type": constant(found.one("kind")),
        "default_id_prefix": "", "initial_shares_authorized": limit(found)?.to_string(),
        "votes_per_share": number(found.maybe("votes").unwrap_or("1"))?, "seniority": "1",
    });
    let mut rights = Vec::new();
    for (into, new) in [("into", "new"), ("into2", "new2")] {
        if let (Some(into), Some(new)) = (found.maybe(into), found.maybe(new)) {
            rights.push(json!({
                "type": "STOCK_CLASS_CONVERSION_RIGHT", "converts_to_stock_class_id": into,
                "conversion_mechanism": mechanism(found, new)?,
            }));
        }
    }
    if !rights.is_empty() {
        class["conversion_rights"] = rights.into();
    }
    Ok(vec![scene.thing("STOCK_CLASS", found.one("class"), class)])
}

fn ratio(found: &Found, new: &str) -> Result<Value, String> {
    let (new, old) = (number(new)?, number(found.one("old"))?);
    Ok(json!({ "numerator": new, "denominator": old }))
}

fn mechanism(found: &Found, new: &str) -> Result<Value, String> {
    let rounding = match found.maybe("rounding") {
        None | Some("down") => "FLOOR",
        Some("up") => "CEILING",
        Some("half-up") => "NORMAL",
        Some(other) => return Err(format!("how is rounded {other}?")),
    };
    Ok(json!({
        "type": "RATIO_CONVERSION", "ratio": ratio(found, new)?, "rounding_type": rounding,
        "conversion_price": { "amount": "1", "currency": "USD" },
    }))
}

fn holder(scene: &Scene<'_>, found: &Found, of: &str) -> Told {
    let name = found.one("holder");
    let fields = json!({ "name": { "legal_name": name }, "stakeholder_type": of });
    Ok(vec![scene.thing("STAKEHOLDER", name, fields)])
}

fn relationship(scene: &Scene<'_>, found: &Found, how: &str) -> Told {
    let mut fields = json!({ "stakeholder_id": found.one("holder") });
    fields[format!("relationship_{how}")] = constant(found.one("what")).into();
    Ok(vec![scene.act("CE_STAKEHOLDER_RELATIONSHIP", fields)])
}
