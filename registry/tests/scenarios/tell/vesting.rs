//! Vesting terms, and what happens under them.

use serde_json::{Value, json};

use super::{Found, Scene, Sentence, Told, constant, fit, number};

pub(super) const SENTENCES: &[Sentence] = &[
    ("{terms} are vesting terms , {allocation} : {conditions..}", terms),
    ("{id} begins to vest at {condition}", |scene, found| reached(scene, found, "START")),
    ("{condition} occurs for {id}", |scene, found| reached(scene, found, "EVENT")),
    ("{#amount} of {id} vest early", |scene, found| {
        let amount = number(found.one("amount"))?;
        let event = json!({ "quantity": amount, "reason_text": "by resolution" });
        Ok(vec![scene.of("TX_VESTING_ACCELERATION", found.one("id"), event)])
    }),
];

/// One condition of vesting terms: when it is met, what vests then, and what may follow.
const CONDITION: &str = "{id} [ {start} the vesting start ] [ by {event} event ] [ on {@date} ] \
     [ {#length} {unit} after {after} [ , on day {#day} ] [ , {#times} times ] \
       [ , the first {#cliff} together ] ] \
     : [ {none} vests ] [ {#shares} shares ] [ {#part} of the whole ] [ {#rest} of the rest ] \
     [ , then {next*} ]";

fn reached(scene: &Scene<'_>, found: &Found, how: &str) -> Told {
    let fields = json!({ "vesting_condition_id": found.one("condition") });
    Ok(vec![scene.of(&format!("TX_VESTING_{how}"), found.one("id"), fields)])
}

fn terms(scene: &Scene<'_>, found: &Found) -> Told {
    let conditions = found.all("conditions").split(|word| word == ";").map(|words| {
        let found = fit(CONDITION, words).ok_or(format!("no condition: {}", words.join(" ")))?;
        condition(&found)
    });
    let conditions: Vec<Value> = conditions.collect::<Result<_, String>>()?;
    let id = found.one("terms");
    let fields = json!({
        "name": id, "description": id, "allocation_type": constant(found.one("allocation")),
        "vesting_conditions": conditions,
    });
    Ok(vec![scene.thing("VESTING_TERMS", id, fields)])
}

fn condition(found: &Found) -> Result<Value, String> {
    let (start, event) = (found.maybe("start"), found.maybe("event"));
    let trigger = match (start, event, found.maybe("date"), found.maybe("after")) {
        (Some(_), None, None, None) => json!({ "type": "VESTING_START_DATE" }),
        (None, Some(_), None, None) => json!({ "type": "VESTING_EVENT" }),
        (None, None, Some(date), None) => {
            json!({ "type": "VESTING_SCHEDULE_ABSOLUTE", "date": date })
        }
        (None, None, None, Some(after)) => json!({
            "type": "VESTING_SCHEDULE_RELATIVE", "relative_to_condition_id": after,
            "period": period(found)?,
        }),
        _ => return Err("when is the condition met?".to_owned()),
    };
    let mut condition = json!({
        "id": found.one("id"), "trigger": trigger, "next_condition_ids": found.all("next"),
    });
    let portion = |part: &str, remainder: bool| {
        let (above, below) = part.split_once('/').ok_or("a portion is wanted, as in 1/4")?;
        let mut portion = json!({ "numerator": number(above)?, "denominator": number(below)? });
        if remainder {
            portion["remainder"] = true.into();
        }
        Ok::<Value, String>(portion)
    };
    match (found.maybe("shares"), found.maybe("part"), found.maybe("rest")) {
        (Some(shares), None, None) => condition["quantity"] = number(shares)?.into(),
        (None, Some(part), None) => condition["portion"] = portion(part, false)?,
        (None, None, Some(part)) => condition["portion"] = portion(part, true)?,
        (None, None, None) if found.maybe("none") == Some("nothing") => {
            condition["quantity"] = "0".into();
        }
        _ => return Err("what vests then?".to_owned()),
    }
    Ok(condition)
}

fn period(found: &Found) -> Result<Value, String> {
    let integer = |slot: &str| -> Result<Option<u64>, String> {
        let text = found.maybe(slot);
        text.map(|text| text.parse().map_err(|_| format!("{text} is no whole number"))).transpose()
    };
    let mut period = json!({
        "length": integer("length")?, "occurrences": integer("times")?.unwrap_or(1),
    });
    if let Some(cliff) = integer("cliff")? {
        period["cliff_installment"] = cliff.into();
    }
    match found.one("unit") {
        "days" => period["type"] = "DAYS".into(),
        "month" | "months" => {
            period["type"] = "MONTHS".into();
            period["day_of_month"] = match integer("day")? {
                None => "VESTING_START_DAY_OR_LAST_DAY_OF_MONTH".to_owned(),
                Some(day @ 29..) => format!("{day}_OR_LAST_DAY_OF_MONTH"),
                Some(day) => format!("{day:02}"),
            }
            .into();
        }
        other => return Err(format!("how long are {other}?")),
    }
    Ok(period)
}
