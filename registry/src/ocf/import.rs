//! From a package to the items of a draft register, and the same items carried out offline.
//!
//! [`lower`] puts the transactions in order, joins each transfer and cancellation with the
//! certificates that it opens, and yields [`ImportItem`]s: exactly what the ledger's draft import
//! takes, in the order in which it must get them. [`Lowered::enter`] carries them out in one
//! [`crate::register::Register`], as the ledger's activation does, so that a file that passes here
//! passes there.
//!
//! Order: by date; within a date issuances, acceptances, then terminal events in the order of the
//! files, except that an event waits for the one that opens its certificate. A certificate that a
//! terminal event opens is accepted right after it.

use super::Finding;
use crate::amount::{Money, Quantity};
use crate::date::Date;
use crate::effect::{Authorized, ClassKind};

mod enter;
mod lower;
#[cfg(test)]
mod tests;

pub use enter::{Imported, Names};
pub use lower::lower;

/// One item of a draft register; ids are those of the package.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ImportItem {
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

/// Where an item stands in the package.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Origin {
    /// Index in [`super::model::Package::files`].
    pub file: usize,
    /// The id of the object.
    pub id: String,
}

/// A package as a list of items.
#[derive(Clone, Debug, Default)]
pub struct Lowered {
    /// The items, in the order in which they are to be carried out.
    pub items: Vec<ImportItem>,
    /// Where each of them stands in the package.
    pub origins: Vec<Origin>,
    /// What was found in reading and in lowering.
    pub findings: Vec<Finding>,
}
