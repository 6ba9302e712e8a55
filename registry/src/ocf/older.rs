//! Older names: what earlier releases, and 1.2.0 beside a newer way, call what normal form calls
//! otherwise. Kinds are led on by [`Kind::parse`].

use std::borrow::Cow;

use super::Code;
use super::object::{Kind, Object, Value};
use super::tree::Tree;

type Members<'t> = Vec<(Cow<'t, str>, Tree<'t>)>;

/// Renames the fields of an object. Returns what should be said about it: the names that 1.2.0 knows
/// as well pass in silence.
pub(super) fn rename(
    kind: Kind,
    members: &mut Members<'_>,
    newer: bool,
) -> Option<(Code, &'static str)> {
    match kind {
        Kind::StockPlan => {
            in_list(members, "stock_class_id", "stock_class_ids");
            None
        }
        Kind::Stakeholder => {
            let list = members.iter().any(|(key, _)| key == "current_relationships");
            in_list(members, "current_relationship", "current_relationships");
            let what = "current_relationships: the release that the package claims has one at most";
            (list && !newer).then_some((Code::BeyondRelease, what))
        }
        _ => {
            let what = "consideration: an older name of consideration_text";
            consideration(members).then_some((Code::NameOlder, what))
        }
    }
}

/// What the drafts of 1.0 called otherwise: they gave the number of today, where the format wants the
/// first one. Returns the name, and the one under which it is read.
pub(super) fn drafted(
    kind: Kind,
    members: &mut Members<'_>,
) -> Option<(&'static str, &'static str)> {
    let (older, newer) = match kind {
        Kind::StockClass => ("current_shares_authorized", "initial_shares_authorized"),
        Kind::StockPlan => ("current_shares_reserved", "initial_shares_reserved"),
        _ => return None,
    };
    let stated = |name: &str| members.iter().any(|(key, value)| key == name && !is_void(value));
    if stated(newer) || !stated(older) {
        return None;
    }
    members.retain(|(key, _)| key != newer);
    let (key, _) = members.iter_mut().find(|(key, _)| key == older)?;
    *key = Cow::Borrowed(newer);
    Some((older, newer))
}

/// Whether a value says nothing.
fn is_void(value: &Tree<'_>) -> bool {
    *value == Tree::Null || *value == Tree::Text(Cow::Borrowed(""))
}

/// One value becomes a list of one; where the list is there too, it stands.
fn in_list(members: &mut Members<'_>, one: &str, many: &'static str) {
    let Some(at) = members.iter().position(|(key, _)| key == one) else { return };
    let list = members.iter().any(|(key, value)| key == many && *value != Tree::Null);
    if list {
        members.remove(at);
    } else {
        members.retain(|(key, _)| key != many);
        if let Some((key, value)) = members.iter_mut().find(|(key, _)| key == one) {
            *key = Cow::Borrowed(many);
            if !is_void(value) {
                *value = Tree::List(vec![std::mem::replace(value, Tree::Null)]);
            }
        }
    }
}

/// Before 1.0 was final, what was paid stood as an amount where now a text stands.
fn consideration(members: &mut Members<'_>) -> bool {
    if members.iter().any(|(key, _)| key == "consideration_text") {
        return false;
    }
    let found = members.iter_mut().find(|(key, _)| key == "consideration");
    let Some((key, value)) = found else { return false };
    let amount = match value.get("amount") {
        Some(Tree::Text(text)) => text.to_string(),
        Some(Tree::Number(number)) => (*number).to_owned(),
        _ => return false,
    };
    let Some(currency) = value.get("currency").and_then(Tree::text) else { return false };
    let text = format!("{amount} {currency}");
    *key = Cow::Borrowed("consideration_text");
    *value = Tree::Text(Cow::Owned(text));
    true
}

/// Takes out the cliffs that some systems state beside the trigger of a vesting condition, as a
/// period of their own. Returns the condition and the installment for each that the installments of
/// its trigger reach: that is what the main branch says in `cliff_installment`.
pub(super) fn cliffs(members: &mut Members<'_>) -> Vec<(usize, u64)> {
    let mut cliffs = Vec::new();
    let conditions = members.iter_mut().find(|(key, _)| key == "vesting_conditions");
    let Some((_, Tree::List(conditions))) = conditions else { return cliffs };
    for (at, condition) in conditions.iter_mut().enumerate() {
        let Some(installment) = installment(condition) else { continue };
        if let Tree::Map(members) = condition {
            members.retain(|(key, _)| key != "cliff_condition");
            cliffs.push((at, installment));
        }
    }
    cliffs
}

/// The installment on which the cliff of a condition falls, if it falls on one.
fn installment(condition: &Tree<'_>) -> Option<u64> {
    let (cliff, trigger) = (condition.get("cliff_condition")?, condition.get("trigger")?);
    let (wait, step) = (cliff.get("period")?, trigger.get("period")?);
    let length = |period: &Tree<'_>| match period.get("length") {
        Some(Tree::Number(text)) => text.parse::<u64>().ok().filter(|length| *length > 0),
        _ => None,
    };
    let same = wait.get("type")?.text()? == step.get("type")?.text()?;
    let (whole, part) = (length(wait)?, length(step)?);
    let stated = step.get("cliff_installment").is_some();
    (same && !stated && whole.is_multiple_of(part)).then(|| whole / part)
}

/// States cliffs as the main branch does.
pub(super) fn set_cliffs(object: &mut Object, cliffs: &[(usize, u64)]) {
    let (_, fields) = object.parts();
    let Some(Value::Array(conditions)) = fields.get_mut("vesting_conditions") else { return };
    for (at, installment) in cliffs {
        let Some(Value::Object(condition)) = conditions.get_mut(*at) else { continue };
        let Some(Value::Object(trigger)) = condition.get_mut("trigger") else { continue };
        if let Some(Value::Object(period)) = trigger.get_mut("period") {
            period.insert("cliff_installment", (*installment).into());
        }
    }
}
