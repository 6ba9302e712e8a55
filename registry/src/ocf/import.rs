//! From a package to the items of a draft register, and the same items carried out offline.
//!
//! The issuer comes first, then classes, plans, holders, legends and vesting terms, in the order of
//! the files; then the transactions as `super::history` orders them, each together with the
//! issuances that it opens; then valuations, financings and documents, which speak about both.
//! [`import`] carries them out in a draft of their own, as the ledger does, so that a package that
//! passes here passes there.

use super::findings::Findings;
use super::history::{Index, Role, order, role};
use super::object::{Kind, Object};
use super::package::Package;
use super::{Mode, Refusal};
use crate::draft::ImportItem;

mod enter;
#[cfg(test)]
mod tests;

pub use enter::{Imported, import};

/// Where an item stands in the package.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Origin {
    /// Index in [`Package::files`].
    pub file: usize,
    /// The id of the object.
    pub id: String,
}

/// A package as a list of items.
#[derive(Clone, Debug, Default)]
pub struct Items {
    /// The items, in the order in which they are to be carried out.
    pub items: Vec<ImportItem>,
    /// Where each of them stands in the package.
    pub origins: Vec<Origin>,
}

/// The items of a package that was read; one put together otherwise may be refused here.
pub fn items(package: &Package) -> Result<Items, Refusal> {
    let index = Index::of(package, &mut Findings::new(Mode::Strict))?;
    let mut items = Items::default();
    let (issuer, id) = (package.issuer.clone(), package.issuer.id().to_owned());
    items.items.push(ImportItem { objects: vec![issuer], waived: Vec::new() });
    items.origins.push(Origin { file: 0, id });
    const FIRST: [Kind; 5] = [
        Kind::StockClass,
        Kind::StockPlan,
        Kind::Stakeholder,
        Kind::StockLegendTemplate,
        Kind::VestingTerms,
    ];
    let of = |kind: Kind| move |at: &usize| package.items[*at].object.kind() == kind;
    for kind in FIRST {
        (0..package.items.len()).filter(of(kind)).for_each(|at| items.push(package, at, &[]));
    }
    for at in order(&index) {
        let tx = &index.txs[at];
        let opened = |security: usize| index.txs[index.securities[security].issuance].item;
        let results: Vec<usize> = tx.opened().map(opened).collect();
        items.push(package, tx.item, &results);
    }
    for (at, item) in package.items.iter().enumerate() {
        let kind = item.object.kind();
        if role(kind) == Role::Entity && !FIRST.contains(&kind) {
            items.push(package, at, &[]);
        }
    }
    Ok(items)
}

impl Items {
    fn push(&mut self, package: &Package, at: usize, results: &[usize]) {
        let object = |at: usize| -> Object { package.items[at].object.clone() };
        let objects = std::iter::once(at).chain(results.iter().copied()).map(object).collect();
        self.items.push(ImportItem { objects, waived: Vec::new() });
        let (file, id) = (package.items[at].file, package.items[at].object.id().to_owned());
        self.origins.push(Origin { file, id });
    }
}
