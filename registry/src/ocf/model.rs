//! What a package says, in types: the objects and transactions of OCF 1.2.0 that move stock.
//!
//! Numbers are exact and in canonical form, dates are dates; references are still texts, which
//! [`super::import`] resolves. Everything keeps the file and the id that it came from, so that a
//! refusal can name the place. Information that moves no share is not kept.

use std::collections::BTreeMap;

use super::Finding;
use crate::amount::{Money, Quantity};
use crate::date::Date;
use crate::effect::{Authorized, ClassKind};

/// A package, read.
#[derive(Clone, Debug)]
pub struct Package {
    /// SHA-256 of its members; see [`super::source::Source::digest`].
    pub digest: [u8; 32],
    /// The version of the format that it claims.
    pub version: String,
    /// The date that it speaks about.
    pub as_of: Date,
    /// The names of its members of the format, in the order of reading.
    pub files: Vec<String>,
    /// The issuer.
    pub issuer: Issuer,
    /// The stakeholders.
    pub stakeholders: Vec<Item<Stakeholder>>,
    /// The stock classes.
    pub classes: Vec<Item<StockClass>>,
    /// The transactions, in the order of the files.
    pub transactions: Vec<Item<Transaction>>,
    /// What was found on the way.
    pub findings: Vec<Finding>,
}

/// An object and where it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Item<T> {
    /// Index in [`Package::files`].
    pub file: usize,
    /// `id`.
    pub id: String,
    /// The object.
    pub value: T,
}

/// The issuer (OCF 1.2.0 `Issuer`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Issuer {
    /// `id`.
    pub id: String,
    /// `legal_name`.
    pub legal_name: String,
    /// `formation_date`.
    pub formed: Date,
    /// `initial_shares_authorized`; where it is absent, no number applies.
    pub authorized: Authorized,
}

/// A holder of securities (OCF 1.2.0 `Stakeholder`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stakeholder {
    /// `name.legal_name`.
    pub legal_name: String,
    /// Whether `stakeholder_type` is `INSTITUTION`.
    pub institution: bool,
}

/// A class of stock (OCF 1.2.0 `StockClass`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StockClass {
    /// `name`.
    pub name: String,
    /// `class_type`.
    pub kind: ClassKind,
    /// `initial_shares_authorized`.
    pub authorized: Authorized,
}

/// A transaction of one security.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Transaction {
    /// `date`.
    pub date: Date,
    /// `security_id`: the certificate that it opens, concerns or closes.
    pub security_id: String,
    /// What happens.
    pub action: Action,
}

/// What a transaction does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Action {
    /// `TX_STOCK_ISSUANCE`.
    Issuance(Issuance),
    /// `TX_STOCK_ACCEPTANCE`.
    Acceptance,
    /// `TX_STOCK_TRANSFER`.
    Transfer {
        /// `quantity`: what is transferred, the balance not included.
        quantity: Quantity,
        /// `resulting_security_ids`.
        results: Vec<String>,
        /// `balance_security_id`.
        balance: Option<String>,
    },
    /// `TX_STOCK_CANCELLATION`.
    Cancellation {
        /// `quantity`: what is cancelled, the balance not included.
        quantity: Quantity,
        /// `balance_security_id`.
        balance: Option<String>,
    },
}

/// A certificate as it is issued (OCF 1.2.0 `StockIssuance`). The certificates that a transfer or
/// a balance opens are written as issuances too; [`super::import`] tells them apart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Issuance {
    /// `custom_id`: the printed number.
    pub number: String,
    /// `stakeholder_id`.
    pub stakeholder_id: String,
    /// `stock_class_id`.
    pub class_id: String,
    /// `quantity`.
    pub quantity: Quantity,
    /// `share_price`, for one share.
    pub price: Money,
}

impl Package {
    /// The name of the file with this index; empty where there is none.
    pub fn file(&self, at: usize) -> &str {
        self.files.get(at).map_or("", String::as_str)
    }

    /// The legal names of the stakeholders by their ids.
    pub fn legal_names(&self) -> BTreeMap<&str, &str> {
        let names = self.stakeholders.iter();
        names.map(|item| (item.id.as_str(), item.value.legal_name.as_str())).collect()
    }
}
