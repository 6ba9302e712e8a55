//! What happens to securities that were issued.

use counterfoil_registry::amount::Quantity;
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
        |scene, found| conversion(scene, found, vec![scene.shares(found)?]),
    ),
    (
        "{id} converts into the {type} {new} over {#amount} {currency} \
         [ and the warrant {new2} over {#shares2} {class2} ] \
         [ , the balance is {balance} over {#rest} {unit} ]",
        |scene, found| {
            let holder = scene.holder(found.one("id"))?;
            let amount = money(found.one("amount"), found.one("currency"))?;
            let of = found.one("type");
            let mut results = vec![scene.convertible(found.one("new"), &holder, of, amount)];
            if let (Some(new), Some(class)) = (found.maybe("new2"), found.maybe("class2")) {
                let price = json!({ "amount": "1", "currency": "USD" });
                let mut warrant = scene.warrant(new, &holder, &[class], price);
                warrant["quantity"] = number(found.one("shares2"))?.into();
                results.push(warrant);
            }
            conversion(scene, found, results)
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
    (
        "{id} is reissued as {new*} , each for {#shares} [ , after the split {split} ]",
        |scene, found| {
            let (id, shares) = (found.one("id"), number(found.one("shares"))?);
            let holder = scene.holder(id)?;
            let results = found.all("new").iter().map(|new| scene.like(id, new, &holder, &shares));
            let mut event = json!({ "resulting_security_ids": found.all("new") });
            if let Some(split) = found.maybe("split") {
                event["split_transaction_id"] = split.into();
            }
            let event = scene.of("TX_STOCK_REISSUANCE", id, event);
            [Ok(event)].into_iter().chain(results).collect()
        },
    ),
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

/// A conversion of a convertible, and the balance where it leaves one.
fn conversion(scene: &Scene<'_>, found: &Found, mut results: Vec<Value>) -> Told {
    let id = found.one("id");
    if let (Some(balance), Some(rest)) = (found.maybe("balance"), found.maybe("rest")) {
        let (holder, rest) = (scene.holder(id)?, number(rest)?);
        results.push(scene.like(id, balance, &holder, &rest)?);
    }
    let event = json!({ "trigger_id": "at will", "reason_text": "the next round" });
    Ok(opens(scene.of("TX_CONVERTIBLE_CONVERSION", id, event), found, results))
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
