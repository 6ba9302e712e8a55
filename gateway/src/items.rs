//! Items of an Open Cap Format package in the vocabulary of the ledger's draft registers.

use counterfoil_engine::wire::v1::{self, import_item::Item};
use counterfoil_registry::amount::{DECIMALS, format_decimal};
use counterfoil_registry::effect::ClassKind;
use counterfoil_registry::ocf::import::{ImportResult, StockItem};

/// The message of an item.
pub(crate) fn message(item: &StockItem) -> v1::ImportItem {
    let item = match item {
        StockItem::Class(class) => Item::Class(v1::ImportClass {
            id: class.id.clone(),
            kind: match class.kind {
                ClassKind::Common => v1::ClassKind::Common.into(),
                ClassKind::Preferred => v1::ClassKind::Preferred.into(),
            },
            name: class.name.clone(),
            authorized: class.authorized.to_string(),
            decimals: class.decimals.to_string(),
        }),
        StockItem::Stakeholder { id } => {
            Item::Stakeholder(v1::ImportStakeholder { id: id.clone() })
        }
        StockItem::Issuance(issuance) => {
            let paid = issuance.consideration;
            Item::Issuance(v1::ImportIssuance {
                security_id: issuance.security_id.clone(),
                date: issuance.date.to_string(),
                class_id: issuance.class_id.clone(),
                stakeholder_id: issuance.stakeholder_id.clone(),
                quantity: issuance.quantity.to_string(),
                number: issuance.number.clone(),
                consideration: paid
                    .map_or(String::new(), |money| format_decimal(money.amount, DECIMALS)),
                currency: paid.map_or(String::new(), |money| money.currency.to_string()),
            })
        }
        StockItem::Acceptance { security_id, date } => Item::Acceptance(v1::ImportAcceptance {
            security_id: security_id.clone(),
            date: date.to_string(),
        }),
        StockItem::Transfer { security_id, date, results } => Item::Transfer(v1::ImportTransfer {
            security_id: security_id.clone(),
            date: date.to_string(),
            results: results.iter().map(result).collect(),
        }),
        StockItem::Cancellation { security_id, date, balance } => {
            Item::Cancellation(v1::ImportCancellation {
                security_id: security_id.clone(),
                date: date.to_string(),
                balance: balance.as_ref().map(result),
            })
        }
    };
    v1::ImportItem { item: Some(item) }
}

fn result(result: &ImportResult) -> v1::ImportResult {
    v1::ImportResult {
        security_id: result.security_id.clone(),
        stakeholder_id: result.stakeholder_id.clone(),
        quantity: result.quantity.to_string(),
        number: result.number.clone(),
    }
}
