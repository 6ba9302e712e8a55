//! Items of an Open Cap Format package in the vocabulary of the ledger's draft registers.

use counterfoil_engine::wire::v1;
use counterfoil_registry::draft::ImportItem;

/// The message of an item. Personal data stays behind: the ledger would refuse it.
pub(crate) fn message(item: &ImportItem) -> v1::ImportItem {
    let public = item.objects.iter().map(|object| object.clone().split_personal().0);
    v1::ImportItem {
        objects: public.map(|object| object.to_json()).collect(),
        waived: item.waived.iter().map(|rule| rule.code().to_owned()).collect(),
    }
}
