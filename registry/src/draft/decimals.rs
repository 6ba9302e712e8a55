//! To how many decimals the shares of each class are divided. The format does not say; it is the
//! fewest that every quantity of the class in the package needs.

use std::collections::BTreeMap;

use crate::amount::{DECIMALS, Quantity};
use crate::effect::Authorized;
use crate::ocf::object::{Kind, Object};

/// Decimals by the id of the class.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Decimals(BTreeMap<String, u8>);

impl Decimals {
    /// Those of all these objects together.
    pub fn of<'a>(objects: impl IntoIterator<Item = &'a Object>) -> Decimals {
        let mut decimals = Decimals::default();
        for object in objects {
            let quantity = match object.kind() {
                Kind::StockIssuance => object.text("quantity"),
                Kind::StockClassAuthorizedSharesAdjustment => object.text("new_shares_authorized"),
                _ => continue,
            };
            let Some(class) = object.text("stock_class_id") else { continue };
            let Some(needed) = quantity.and_then(Quantity::parse).map(needed) else { continue };
            match decimals.0.get_mut(class) {
                Some(known) => *known = needed.max(*known),
                None => {
                    decimals.0.insert(class.to_owned(), needed);
                }
            }
        }
        decimals
    }

    /// Those of a class that authorizes so many shares at first.
    pub(crate) fn of_class(&self, id: &str, authorized: Authorized) -> u8 {
        let known = self.0.get(id).copied().unwrap_or_default();
        authorized.limit().map_or(0, needed).max(known)
    }
}

/// The fewest decimals that a quantity can be written with.
fn needed(quantity: Quantity) -> u8 {
    (0..DECIMALS).find(|decimals| quantity.has_granularity(*decimals)).unwrap_or(DECIMALS)
}
