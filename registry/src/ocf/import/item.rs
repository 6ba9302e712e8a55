//! Items of stock, as the lowering makes them.

use crate::amount::{Money, Quantity};
use crate::date::Date;
use crate::effect::{Authorized, ClassKind};

/// One item of a draft register; ids are those of the package.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StockItem {
    /// A class of stock.
    Class(ImportClass),
    /// A stakeholder.
    Stakeholder {
        /// Its id.
        id: String,
    },
    /// Shares come into being.
    Issuance(ImportIssuance),
    /// The holder accepts a certificate.
    Acceptance {
        /// Which.
        security_id: String,
        /// When.
        date: Date,
    },
    /// Shares change hands.
    Transfer {
        /// The certificate that ends.
        security_id: String,
        /// When.
        date: Date,
        /// The certificates of the receivers and, last, that of the balance, if any.
        results: Vec<ImportResult>,
    },
    /// Shares cease to be.
    Cancellation {
        /// The certificate that ends.
        security_id: String,
        /// When.
        date: Date,
        /// What is left of it, if anything.
        balance: Option<ImportResult>,
    },
}

/// A class of stock.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ImportClass {
    /// Its id.
    pub id: String,
    /// Common or preferred.
    pub kind: ClassKind,
    /// Its name.
    pub name: String,
    /// Shares authorized.
    pub authorized: Authorized,
    /// Decimals of a share: the fewest that every quantity of the class in the package needs, since
    /// the format does not say.
    pub decimals: u8,
}

/// An issuance.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ImportIssuance {
    /// The certificate.
    pub security_id: String,
    /// When.
    pub date: Date,
    /// Its class.
    pub class_id: String,
    /// Its holder.
    pub stakeholder_id: String,
    /// How many shares.
    pub quantity: Quantity,
    /// The printed number.
    pub number: String,
    /// Price times quantity, where that is a whole number of minor units.
    pub consideration: Option<Money>,
}

/// A certificate that a transfer or cancellation opens.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ImportResult {
    /// The certificate.
    pub security_id: String,
    /// Its holder.
    pub stakeholder_id: String,
    /// How many shares.
    pub quantity: Quantity,
    /// The printed number.
    pub number: String,
}
