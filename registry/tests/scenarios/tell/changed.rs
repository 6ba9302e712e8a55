//! What happens to securities that were issued.
//!
//! What a transfer, a balance or a reissuance opens is written after the model of the security that
//! it comes from.

use counterfoil_registry::amount::Quantity;
use counterfoil_registry::date::Date;
use counterfoil_registry::ocf::object::Object;
use serde_json::{Value, json};

use super::{Found, Scene, Sentence, Told, money, number, with};

pub(super) const SENTENCES: &[Sentence] = &[
    ("{holder} accepts [ the {kind} ] {id}", |scene, found| {
        scene.held(found)?;
        Ok(vec![scene.of(&scene.name(found, "ACCEPTANCE")?, found.one("id"), json!({}))])
    }),
    ("[ the {kind} ] {id} is retracted", |scene, found| {
        let reason = json!({ "reason_text": "a mistake" });
        Ok(vec![scene.of(&scene.name(found, "RETRACTION")?, found.one("id"), reason)])
    }),
    (
        "{holder} transfers {#amount} [ {currency} ] of {id} to {to} as {new} \
         [ and {#amount2} to {to2} as {new2} ] [ , the balance is {balance} ]",
        transfer,
    ),
    ("{holder} transfers {id} to {to} as {new}", transfer),
    ("[ the {kind} ] {id} is cancelled", cancellation),
    ("{#amount} [ {currency} ] of {id} are cancelled [ , the balance is {balance} ]", cancellation),
    (
        "{issuer} buys back {#amount} of {id} at {#price} {currency} \
         [ , the balance is {balance} ]",
        repurchase,
    ),
    ("{issuer} buys back {id} at {#price} {currency}", repurchase),
    (
        "{holder} converts {#amount} of {id} into {#shares} {class} as {new} \
         [ , the balance is {balance} ]",
        |scene, found| {
            scene.held(found)?;
            let (taken, balance) = scene.taken(found)?;
            let results = [scene.shares(found)?].into_iter().chain(balance).collect();
            let event = json!({ "quantity_converted": taken.to_string() });
            Ok(opens(scene.of("TX_STOCK_CONVERSION", found.one("id"), event), found, results))
        },
    ),
    (
        "{id} converts into {#shares} {class} as {new} \
         [ , the balance is {balance} over {#rest} {currency} ]",
        |scene, found| {
            let mut results = vec![scene.shares(found)?];
            if let (Some(balance), Some(rest)) = (found.maybe("balance"), found.maybe("rest")) {
                let (holder, rest) = (scene.holder(found.one("id"))?, number(rest)?);
                results.push(scene.like(found.one("id"), balance, &holder, &rest)?);
            }
            let event = json!({ "trigger_id": "at will", "reason_text": "the next round" });
            Ok(opens(scene.of("TX_CONVERTIBLE_CONVERSION", found.one("id"), event), found, results))
        },
    ),
    ("{ids*} are consolidated into {new}", |scene, found| {
        let (ids, new) = (found.all("ids"), found.one("new"));
        let first = ids.first().ok_or("nothing is consolidated")?;
        let left = ids.iter().map(|id| scene.left(id)).collect::<Result<Vec<_>, _>>()?;
        let sum = left.into_iter().try_fold(Quantity::ZERO, Quantity::checked_add);
        let sum = sum.ok_or("too many shares")?.to_string();
        let result = scene.like(first, new, &scene.holder(first)?, &sum)?;
        let fields = json!({ "security_ids": ids, "resulting_security_id": new });
        Ok(vec![scene.act("TX_STOCK_CONSOLIDATION", fields), result])
    }),
    ("{id} is reissued as {new*} , each for {#shares}", |scene, found| {
        let (id, shares) = (found.one("id"), number(found.one("shares"))?);
        let holder = scene.holder(id)?;
        let results = found.all("new").iter().map(|new| scene.like(id, new, &holder, &shares));
        let event = json!({ "resulting_security_ids": found.all("new") });
        let event = scene.of("TX_STOCK_REISSUANCE", id, event);
        [Ok(event)].into_iter().chain(results).collect()
    }),
    ("{holder} exercises {#amount} of {id} into {#shares} {class} as {new}", exercise),
    ("{holder} exercises {id} into {#shares} {class} as {new}", exercise),
    ("{holder} exercises {#amount} of {id} for cash", exercise),
    ("{#amount} of {id} are released into {#shares} {class} as {new}", |scene, found| {
        let event = json!({
            "quantity": number(found.one("amount"))?, "settlement_date": scene.date.to_string(),
            "release_price": { "amount": "1", "currency": "USD" },
        });
        let event = scene.of("TX_EQUITY_COMPENSATION_RELEASE", found.one("id"), event);
        Ok(opens(event, found, vec![scene.shares(found)?]))
    }),
    ("{id} is repriced at {#price} {currency}", |scene, found| {
        let price = money(found.one("price"), found.one("currency"))?;
        let event = json!({ "new_exercise_price": price });
        Ok(vec![scene.of("TX_EQUITY_COMPENSATION_REPRICING", found.one("id"), event)])
    }),
    ("{#amount} of {id} return to {plan}", |scene, found| {
        let event = json!({
            "stock_plan_id": found.one("plan"), "quantity": number(found.one("amount"))?,
            "reason_text": "cancelled",
        });
        Ok(vec![scene.of("TX_STOCK_PLAN_RETURN_TO_POOL", found.one("id"), event)])
    }),
];

fn transfer(scene: &Scene<'_>, found: &Found) -> Told {
    scene.held(found)?;
    let id = found.one("id");
    let second = found.maybe("amount2").map(number).transpose()?;
    let (taken, balance) = scene.taken(found)?;
    let more = second.as_deref().and_then(Quantity::parse).unwrap_or_default();
    let first = taken.checked_sub(more).ok_or("the second part is larger than both")?.to_string();
    let mut results = vec![scene.like(id, found.one("new"), found.one("to"), &first)?];
    if let (Some(to), Some(new), Some(second)) = (found.maybe("to2"), found.maybe("new2"), second) {
        results.push(scene.like(id, new, to, &second)?);
    }
    results.extend(balance);
    let event = scene.of(&scene.name(found, "TRANSFER")?, id, scene.extent(found, taken));
    Ok(opens(event, found, results))
}

fn cancellation(scene: &Scene<'_>, found: &Found) -> Told {
    let (taken, balance) = scene.taken(found)?;
    let event = with(scene.extent(found, taken), json!({ "reason_text": "by agreement" }));
    let event = scene.of(&scene.name(found, "CANCELLATION")?, found.one("id"), event);
    Ok(opens(event, found, balance.into_iter().collect()))
}

fn repurchase(scene: &Scene<'_>, found: &Found) -> Told {
    let (taken, balance) = scene.taken(found)?;
    let price = money(found.one("price"), found.one("currency"))?;
    let event = json!({ "quantity": taken.to_string(), "price": price });
    let event = scene.of("TX_STOCK_REPURCHASE", found.one("id"), event);
    Ok(opens(event, found, balance.into_iter().collect()))
}

fn exercise(scene: &Scene<'_>, found: &Found) -> Told {
    scene.held(found)?;
    let name = scene.name(found, "EXERCISE")?;
    let mut event = json!({ "resulting_security_ids": [] });
    match (name.as_str(), found.maybe("amount")) {
        ("TX_WARRANT_EXERCISE", None) => event["trigger_id"] = "at will".into(),
        ("TX_WARRANT_EXERCISE", Some(amount)) => {
            event["trigger_id"] = "at will".into();
            event["quantity"] = number(amount)?.into();
        }
        (_, Some(amount)) => event["quantity"] = number(amount)?.into(),
        (_, None) => event["quantity"] = scene.left(found.one("id"))?.to_string().into(),
    }
    let shares = found.maybe("shares").map(|_| scene.shares(found)).transpose()?;
    let event = scene.of(&name, found.one("id"), event);
    Ok(opens(event, found, shares.into_iter().collect()))
}

/// Names in an event what it opens: the balance, and everything else.
fn opens(mut event: Value, found: &Found, results: Vec<Value>) -> Vec<Value> {
    let balance = found.maybe("balance");
    if let Some(balance) = balance {
        event["balance_security_id"] = balance.into();
    }
    let ids = results.iter().filter_map(|result| result["security_id"].as_str());
    let ids: Vec<&str> = ids.filter(|id| Some(*id) != balance).collect();
    if !ids.is_empty() {
        event["resulting_security_ids"] = ids.into();
    }
    [event].into_iter().chain(results).collect()
}

impl Scene<'_> {
    /// The name of a transaction: for a security of the kind that the sentence says, or of its own.
    fn name(&self, found: &Found, action: &str) -> Result<String, String> {
        let kind = match found.maybe("kind") {
            None => self.company.paper(found.one("id"))?.word(),
            Some("certificate") => "STOCK",
            Some("grant") => "EQUITY_COMPENSATION",
            Some("warrant") => "WARRANT",
            Some("convertible") => "CONVERTIBLE",
            Some(other) => return Err(format!("what is a {other}?")),
        };
        Ok(format!("TX_{kind}_{action}"))
    }

    fn model(&self, id: &str) -> Result<&Object, String> {
        self.company.issuance(id).ok_or_else(|| format!("there is no security {id}"))
    }

    fn holder(&self, id: &str) -> Result<String, String> {
        Ok(self.model(id)?.text("stakeholder_id").unwrap_or_default().to_owned())
    }

    /// Who acts holds the security; of one that there is not, the register itself speaks.
    fn held(&self, found: &Found) -> Result<(), String> {
        let (id, holder) = (found.one("id"), found.one("holder"));
        let wrong = self.holder(id).is_ok_and(|of| of != holder);
        if wrong { Err(format!("{id} is not {holder}'s")) } else { Ok(()) }
    }

    /// What is left of a security, as the register has it now.
    fn left(&self, id: &str) -> Result<Quantity, String> {
        Ok(self.company.paper(id)?.left_at(Date::MAX).unwrap_or_default())
    }

    /// How much of a security is taken, and the balance where there is one.
    fn taken(&self, found: &Found) -> Result<(Quantity, Option<Value>), String> {
        let id = found.one("id");
        let Some(amount) = found.maybe("amount") else {
            // All of it; of what the register does not have, one.
            return Ok((self.left(id).unwrap_or(Quantity::whole(1)), None));
        };
        let parts = [Some(amount), found.maybe("amount2")].into_iter().flatten();
        let parts = parts.map(|part| Ok(Quantity::parse(&number(part)?).unwrap_or_default()));
        let parts: Vec<Quantity> = parts.collect::<Result<_, String>>()?;
        let taken = parts.into_iter().try_fold(Quantity::ZERO, Quantity::checked_add);
        let taken = taken.ok_or("too many shares")?;
        let balance = found.maybe("balance").map(|balance| {
            let rest = self.left(id)?.checked_sub(taken).unwrap_or_default();
            self.like(id, balance, &self.holder(id)?, &rest.to_string())
        });
        Ok((taken, balance.transpose()?))
    }

    /// The field that says how much is taken.
    fn extent(&self, found: &Found, taken: Quantity) -> Value {
        let own = self.model(found.one("id")).ok();
        let own = own.and_then(|issuance| issuance.value("investment_amount"));
        let currency = found.maybe("currency").or(own.and_then(|own| own["currency"].as_str()));
        match currency {
            None => json!({ "quantity": taken.to_string() }),
            Some(currency) => {
                json!({ "amount": { "amount": taken.to_string(), "currency": currency } })
            }
        }
    }

    /// The issuance of a security like another one.
    fn like(&self, model: &str, id: &str, holder: &str, quantity: &str) -> Result<Value, String> {
        let issuance = self.model(model)?;
        let mut fields = issuance.fields().clone();
        fields.remove("vestings");
        let mut new = with(json!({ "object_type": issuance.kind().as_str() }), fields.into());
        new = with(
            new,
            json!({
                "id": format!("tx-{id}"), "date": self.date.to_string(), "security_id": id,
                "custom_id": id, "stakeholder_id": holder,
            }),
        );
        if let Some(price) = self.company.paper(model)?.price_at(self.date) {
            let price = price.to_string();
            let (amount, currency) = price.split_once(' ').ok_or("a price has a currency")?;
            let base = new.get("base_price").is_some();
            let field = if base { "base_price" } else { "exercise_price" };
            new[field] = money(amount, currency)?;
        }
        match new.get("investment_amount") {
            Some(_) => new["investment_amount"]["amount"] = quantity.into(),
            None => new["quantity"] = quantity.into(),
        }
        Ok(new)
    }

    /// The shares that an exercise, a release or a conversion results in.
    fn shares(&self, found: &Found) -> Result<Value, String> {
        let holder = self.holder(found.one("id"))?;
        let stock = self.stock(found.one("new"), &holder, found.one("class"));
        Ok(with(stock, json!({ "quantity": number(found.one("shares"))? })))
    }
}
