//! Items of draft registers: messages into the register's terms.

use counterfoil_registry::amount::{Money, parse_decimal};
use counterfoil_registry::ocf::import::{ImportClass, ImportIssuance, ImportResult, StockItem};

use super::parse::{
    Parsed, authorized, class_kind, currency, date, label, name, number, quantity, refuse,
};
use crate::limits::AMOUNT_MINOR;
use crate::wire::v1::{self, import_item::Item};

/// Reads an item; `path` is where it stands in the command.
pub(crate) fn import_item(path: &str, item: &v1::ImportItem) -> Parsed<StockItem> {
    let Some(item) = &item.item else {
        return refuse(path, "one of the documented items is wanted");
    };
    Ok(match item {
        Item::Class(class) => {
            let at = |field: &str| format!("{path}.class.{field}");
            StockItem::Class(ImportClass {
                id: name(&at("id"), class.id.clone())?,
                kind: class_kind(&at("kind"), class.kind())?,
                name: name(&at("name"), class.name.clone())?,
                authorized: authorized(&at("authorized"), &class.authorized)?,
                decimals: match number::<u8>(&at("decimals"), &class.decimals)? {
                    decimals @ 0..=10 => decimals,
                    _ => return refuse(&at("decimals"), "0 to 10 is wanted"),
                },
            })
        }
        Item::Stakeholder(stakeholder) => StockItem::Stakeholder {
            id: name(&format!("{path}.stakeholder.id"), stakeholder.id.clone())?,
        },
        Item::Issuance(issuance) => {
            let at = |field: &str| format!("{path}.issuance.{field}");
            StockItem::Issuance(ImportIssuance {
                security_id: name(&at("securityId"), issuance.security_id.clone())?,
                date: date(&at("date"), &issuance.date)?,
                class_id: name(&at("classId"), issuance.class_id.clone())?,
                stakeholder_id: name(&at("stakeholderId"), issuance.stakeholder_id.clone())?,
                quantity: quantity(&at("quantity"), &issuance.quantity)?,
                number: label(&at("number"), issuance.number.clone())?,
                consideration: consideration(&at("consideration"), issuance)?,
            })
        }
        Item::Acceptance(acceptance) => {
            let at = |field: &str| format!("{path}.acceptance.{field}");
            StockItem::Acceptance {
                security_id: name(&at("securityId"), acceptance.security_id.clone())?,
                date: date(&at("date"), &acceptance.date)?,
            }
        }
        Item::Transfer(transfer) => {
            let at = |field: &str| format!("{path}.transfer.{field}");
            let results = transfer.results.iter();
            StockItem::Transfer {
                security_id: name(&at("securityId"), transfer.security_id.clone())?,
                date: date(&at("date"), &transfer.date)?,
                results: results.map(|r| result(&at("results"), r)).collect::<Parsed<_>>()?,
            }
        }
        Item::Cancellation(cancellation) => {
            let at = |field: &str| format!("{path}.cancellation.{field}");
            let balance = cancellation.balance.as_ref();
            StockItem::Cancellation {
                security_id: name(&at("securityId"), cancellation.security_id.clone())?,
                date: date(&at("date"), &cancellation.date)?,
                balance: balance.map(|balance| result(&at("balance"), balance)).transpose()?,
            }
        }
    })
}

fn result(path: &str, result: &v1::ImportResult) -> Parsed<ImportResult> {
    let at = |field: &str| format!("{path}.{field}");
    Ok(ImportResult {
        security_id: name(&at("securityId"), result.security_id.clone())?,
        stakeholder_id: name(&at("stakeholderId"), result.stakeholder_id.clone())?,
        quantity: quantity(&at("quantity"), &result.quantity)?,
        number: label(&at("number"), result.number.clone())?,
    })
}

/// What the documents say was paid, whole in minor units; absent where no currency is given.
fn consideration(path: &str, issuance: &v1::ImportIssuance) -> Parsed<Option<Money>> {
    if issuance.currency.is_empty() && issuance.consideration.is_empty() {
        return Ok(None);
    }
    let currency = currency(path, &issuance.currency)?;
    let minor = parse_decimal(&issuance.consideration, currency.minor_decimals());
    let minor = minor.filter(|minor| *minor <= AMOUNT_MINOR);
    match minor.and_then(|minor| Money::from_minor(minor, currency)) {
        Some(money) => Ok(Some(money)),
        None => refuse(path, "an amount whole in minor units of the currency is wanted"),
    }
}
