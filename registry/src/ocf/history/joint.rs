//! One certificate that several transfers open.
//!
//! The format has no such event: each transfer opens its own certificates. Where what the transfers
//! give makes up the certificate exactly, LENIENT lets each of them open its part, in the name of the
//! holder of the whole, and a consolidation on the day of the last one join the parts. Otherwise
//! nobody can say who holds what, and the package is refused ([`super::index`]).

use std::collections::{BTreeMap, BTreeSet};

use super::fresh::Fresh;
use super::lost::quantity;
use crate::amount::Quantity;
use crate::ocf::findings::Findings;
use crate::ocf::format::IDS_MAX;
use crate::ocf::normal::shown;
use crate::ocf::object::{Fields, Kind, Object};
use crate::ocf::package::{Item, Package};
use crate::ocf::{Code, Refusal};

/// Divides the certificates that several transfers of stock open.
pub(super) fn divide(package: &mut Package, findings: &mut Findings) -> Result<(), Refusal> {
    let joint = joint(package);
    if joint.is_empty() {
        return Ok(());
    }
    let mut fresh = Fresh::of(&package.items);
    let issued = issued(package);
    let mut sums = sums(package, &issued, &joint);
    for (security, transfers) in joint {
        let parts = parts(package, &issued, &sums, &security, &transfers);
        let Some((issuance, parts)) = parts else { continue };
        let whole = package.items[issuance].object.clone();
        let file = package.items[issuance].file;
        let (mut ids, mut last) = (Vec::new(), String::new());
        for (at, part) in transfers.iter().zip(parts) {
            let date = package.items[*at].object.text("date").unwrap_or_default().to_owned();
            let made = fresh.certificate(&whole, &whole, None, &date, part);
            if let Some(what) = fresh.beyond() {
                let (name, id) = (package.file(file), whole.id());
                return Err(Refusal::new(Code::PackageTooLarge, name, id, what));
            }
            let id = made.text("security_id").unwrap_or_default().to_owned();
            let results = package.items[*at].object.texts("resulting_security_ids");
            let results = results.map(|known| if known == security { &id } else { known });
            let results: Vec<String> = results.map(str::to_owned).collect();
            package.items[*at].object.set("resulting_security_ids", results.into());
            // The part has the place of the whole: nothing else that it opens can be divided.
            sums.remove(at);
            package.items.push(Item { file, object: made });
            ids.push(id);
            last = last.max(date);
        }
        let item = &package.items[transfers[transfers.len() - 1]];
        let what = format!("the security {} results from {} events", shown(&security), ids.len());
        let done = "each opens a part of it, and a consolidation joins the parts";
        let (name, id) = (package.file(item.file), item.object.id());
        findings.departure(Code::ResultInvalid, name, id, what, done)?;
        let id = fresh.after(whole.id());
        let fields = Fields::from([
            ("date", last.into()),
            ("security_ids", ids.into()),
            ("resulting_security_id", security.into()),
        ]);
        let joined = Object::new(Kind::StockConsolidation, id, fields);
        package.items.push(Item { file, object: joined });
    }
    Ok(())
}

/// Certificates that several transfers of different certificates open, and those transfers.
fn joint(package: &Package) -> BTreeMap<String, Vec<usize>> {
    let mut openers: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, item) in package.items.iter().enumerate() {
        if item.object.kind() == Kind::StockTransfer {
            for id in item.object.texts("resulting_security_ids") {
                openers.entry(id).or_default().push(at);
            }
        }
    }
    // A consolidation has no more ids than any other list.
    openers.retain(|_, openers| (2..=IDS_MAX).contains(&openers.len()));
    let source = |at: &usize| package.items[*at].object.text("security_id");
    openers.retain(|security, openers| {
        let mut sources: Vec<_> = openers.iter().map(source).collect();
        sources.sort_unstable();
        sources.dedup();
        // Two events of one certificate are told from each other later: the second is left out.
        sources.len() == openers.len() && !sources.contains(&Some(*security))
    });
    openers.into_iter().map(|(id, openers)| (id.to_owned(), openers)).collect()
}

/// Issuances of stock by the certificates that they open.
fn issued(package: &Package) -> BTreeMap<String, usize> {
    let issuances = package.items.iter().enumerate();
    let issuances = issuances.filter(|(_, item)| item.object.kind() == Kind::StockIssuance);
    issuances
        .filter_map(|(at, item)| Some((item.object.text("security_id")?.to_owned(), at)))
        .collect()
}

/// What the results of each of these transfers hold together, where all of them say it.
fn sums(
    package: &Package,
    issued: &BTreeMap<String, usize>,
    joint: &BTreeMap<String, Vec<usize>>,
) -> BTreeMap<usize, Quantity> {
    let holds = |id: &str| quantity(&package.items[*issued.get(id)?].object);
    let transfers: BTreeSet<usize> = joint.values().flatten().copied().collect();
    let sum = |at: usize| {
        let mut results = package.items[at].object.texts("resulting_security_ids");
        results.try_fold(Quantity::ZERO, |sum, id| sum.checked_add(holds(id)?))
    };
    transfers.into_iter().filter_map(|at| Some((at, sum(at)?))).collect()
}

/// The issuance of a certificate, and what each transfer gives to it; none where the parts do not
/// make up the whole.
fn parts(
    package: &Package,
    issued: &BTreeMap<String, usize>,
    sums: &BTreeMap<usize, Quantity>,
    security: &str,
    transfers: &[usize],
) -> Option<(usize, Vec<Quantity>)> {
    let issuance = *issued.get(security)?;
    let whole = quantity(&package.items[issuance].object)?;
    let part = |at: &usize| -> Option<Quantity> {
        let others = sums.get(at)?.checked_sub(whole)?;
        let part = quantity(&package.items[*at].object)?.checked_sub(others);
        part.filter(|part| !part.is_zero())
    };
    let parts: Option<Vec<Quantity>> = transfers.iter().map(part).collect();
    let parts = parts?;
    let sum = parts.iter().try_fold(Quantity::ZERO, |sum, part| sum.checked_add(*part));
    (sum == Some(whole)).then_some((issuance, parts))
}
