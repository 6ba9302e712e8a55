//! The objects that are read, field by field (OCF 1.2.0 `schema/objects`).

use serde_json::Value;

use super::fields::Fields;
use crate::effect::ClassKind;
use crate::ocf::model::{Action, Issuance, Item, Stakeholder, StockClass, Transaction};
use crate::ocf::{Code, Refusal};

pub(super) fn stakeholder(
    fields: &mut Fields<'_>,
    file: usize,
) -> Result<Item<Stakeholder>, Refusal> {
    let id = fields.label("id")?;
    let legal_name = match fields.map("name")?.remove("legal_name") {
        Some(Value::String(name)) => name,
        _ => return Err(fields.refuse(Code::FieldInvalid, "name: a text legal_name is wanted")),
    };
    let institution = match fields.text("stakeholder_type")?.as_str() {
        "INDIVIDUAL" => false,
        "INSTITUTION" => true,
        other => {
            let what = format!("stakeholder_type: {other:?} is neither INDIVIDUAL nor INSTITUTION");
            return Err(fields.refuse(Code::FieldInvalid, what));
        }
    };
    Ok(Item { file, id, value: Stakeholder { legal_name, institution } })
}

pub(super) fn stock_class(
    fields: &mut Fields<'_>,
    file: usize,
) -> Result<Item<StockClass>, Refusal> {
    fields.require(&["default_id_prefix", "votes_per_share", "seniority"])?;
    let id = fields.label("id")?;
    let name = fields.label("name")?;
    let kind = fields.text("class_type")?;
    let kind = ClassKind::parse(&kind).ok_or_else(|| {
        let what = format!("class_type: {kind:?} is neither COMMON nor PREFERRED");
        fields.refuse(Code::FieldInvalid, what)
    })?;
    let authorized = fields.authorized("initial_shares_authorized")?;
    Ok(Item { file, id, value: StockClass { name, kind, authorized } })
}

pub(super) fn transaction(
    fields: &mut Fields<'_>,
    object_type: &str,
    file: usize,
) -> Result<Item<Transaction>, Refusal> {
    let id = fields.label("id")?;
    let date = fields.date("date")?;
    let security_id = fields.label("security_id")?;
    let action = match object_type {
        "TX_STOCK_ISSUANCE" => Action::Issuance(issuance(fields)?),
        "TX_STOCK_TRANSFER" => Action::Transfer {
            quantity: fields.quantity("quantity")?,
            results: fields.labels("resulting_security_ids")?,
            balance: fields.optional_label("balance_security_id")?,
        },
        "TX_STOCK_CANCELLATION" => {
            fields.require(&["reason_text"])?;
            Action::Cancellation {
                quantity: fields.quantity("quantity")?,
                balance: fields.optional_label("balance_security_id")?,
            }
        }
        _ => Action::Acceptance,
    };
    Ok(Item { file, id, value: Transaction { date, security_id, action } })
}

fn issuance(fields: &mut Fields<'_>) -> Result<Issuance, Refusal> {
    fields.require(&["security_law_exemptions", "stock_legend_ids"])?;
    for key in ["stock_plan_id", "vesting_terms_id", "vestings"] {
        if fields.has(key) {
            let done = "read past: the shares are issued either way";
            fields.find(Code::InformationPassed, key, done);
        }
    }
    Ok(Issuance {
        number: fields.label("custom_id")?,
        stakeholder_id: fields.label("stakeholder_id")?,
        class_id: fields.label("stock_class_id")?,
        quantity: fields.quantity("quantity")?,
        price: fields.money("share_price")?,
    })
}
