//! From a package to the items of a draft register, and the same items carried out offline.
//!
//! [`lower`] puts the transactions in order, joins each transfer and cancellation with the
//! certificates that it opens, and yields [`StockItem`]s: exactly what the ledger's draft import
//! takes, in the order in which it must get them. [`Lowered::enter`] carries them out in one
//! [`crate::register::Register`], as the ledger's activation does, so that a file that passes here
//! passes there.
//!
//! Order: by date; within a date issuances, acceptances, then terminal events in the order of the
//! files, except that an event waits for the one that opens its certificate. A certificate that a
//! terminal event opens is accepted right after it.

use super::Finding;

mod enter;
mod item;
mod lower;
#[cfg(test)]
mod tests;

pub use enter::Imported;
pub use item::{ImportClass, ImportIssuance, ImportResult, StockItem};
pub use lower::lower;

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
    pub items: Vec<StockItem>,
    /// Where each of them stands in the package.
    pub origins: Vec<Origin>,
    /// What was found in reading and in lowering.
    pub findings: Vec<Finding>,
}
