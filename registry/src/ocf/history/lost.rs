//! Transfers to certificates that nothing issues.
//!
//! Who bought is not in the package. The register keeps whoever it knows as the holder until another
//! one is entered (UCC 8-207(a)), so LENIENT makes the missing certificate in the name of the one who
//! transfers: nothing is lost, and what the package says of that certificate later finds it.

use std::collections::BTreeMap;

use super::fresh::Fresh;
use crate::amount::Quantity;
use crate::ocf::findings::Findings;
use crate::ocf::normal::shown;
use crate::ocf::object::{Kind, Object, Value};
use crate::ocf::package::{Item, Package};
use crate::ocf::{Code, Refusal};

/// Makes what transfers lack, one certificate each at most; further links are left out as in any
/// other event.
pub(super) fn make(package: &mut Package, findings: &mut Findings) -> Result<(), Refusal> {
    let mut lost = Lost::of(package);
    // A certificate that is made may be the one that another transfer lacked.
    loop {
        let before = lost.made.len();
        for at in std::mem::take(&mut lost.transfers) {
            lost.transfer(at, package, findings)?;
        }
        if lost.made.len() == before {
            break;
        }
    }
    package.items.extend(lost.made);
    Ok(())
}

struct Lost {
    /// Transfers of which nothing was made.
    transfers: Vec<usize>,
    /// The issuance of each security: its index in the items, and after them in `made`.
    issued: BTreeMap<String, usize>,
    /// The security that a balance is left of, where nothing issues the balance.
    left_of: BTreeMap<String, String>,
    made: Vec<Item>,
    fresh: Option<Fresh>,
}

impl Lost {
    fn of(package: &Package) -> Lost {
        let transfers = package.items.iter().enumerate();
        let transfers = transfers.filter(|(_, item)| is_transfer(item.object.kind()));
        let transfers: Vec<usize> = transfers.map(|(at, _)| at).collect();
        let (mut issued, mut left_of) = (BTreeMap::new(), BTreeMap::new());
        let concerned = if transfers.is_empty() { &[] } else { &package.items[..] };
        for (at, item) in concerned.iter().enumerate() {
            let Some(security) = item.object.text("security_id") else { continue };
            if super::role(item.object.kind()) == super::Role::Issuance {
                issued.entry(security.to_owned()).or_insert(at);
            } else if let Some(balance) = item.object.text("balance_security_id") {
                left_of.entry(balance.to_owned()).or_insert(security.to_owned());
            }
        }
        Lost { transfers, issued, left_of, made: Vec::new(), fresh: None }
    }

    fn issuance<'a>(&'a self, security: &str, package: &'a Package) -> Option<&'a Object> {
        let at = *self.issued.get(security)?;
        let item = package.items.get(at).or_else(|| self.made.get(at - package.items.len()))?;
        Some(&item.object)
    }

    /// The issuance of a security, or of the one that it is left of.
    fn source<'a>(&'a self, security: &'a str, package: &'a Package) -> Option<&'a Object> {
        let before = |id: &&'a str| self.left_of.get(*id).map(String::as_str);
        // As many steps as there are balances: they might stand in a circle.
        let chain = std::iter::successors(Some(security), before).take(self.left_of.len() + 1);
        chain.into_iter().find_map(|id| self.issuance(id, package))
    }

    fn transfer(
        &mut self,
        at: usize,
        package: &mut Package,
        findings: &mut Findings,
    ) -> Result<(), Refusal> {
        let object = &package.items[at].object;
        let ids: Vec<&str> = object.texts("resulting_security_ids").collect();
        let missing =
            ids.iter().find(|id| !self.issued.contains_key(**id)).map(|id| id.to_string());
        if missing.is_none() && !ids.is_empty() {
            return Ok(());
        }
        let Some(source) = object.text("security_id").and_then(|id| self.source(id, package))
        else {
            self.transfers.push(at);
            return Ok(());
        };
        let known = ids.iter().filter_map(|id| self.issuance(id, package));
        let rest = known
            .map(quantity)
            .try_fold(quantity(object), |rest, known| Some(rest?.checked_sub(known?)));
        let Some(rest) = rest.flatten().filter(|rest| !rest.is_zero()) else { return Ok(()) };
        let (source, date) = (source.clone(), object.text("date").unwrap_or_default().to_owned());
        let what = match &missing {
            Some(id) => format!("no issuance opens the resulting security {}", shown(id)),
            None => "it names no resulting security".to_owned(),
        };
        let done =
            format!("a certificate of {rest} is made in the name of the holder who transfers");
        let item = &package.items[at];
        let (file, id) = (package.file(item.file), item.object.id());
        findings.departure(Code::ReferenceUnknown, file, id, what, done)?;
        let fresh = self.fresh.get_or_insert_with(|| Fresh::of(&package.items));
        let made = fresh.certificate(&source, &source, missing, &date, rest);
        if let Some(what) = fresh.beyond() {
            return Err(Refusal::new(Code::PackageTooLarge, file, id, what));
        }
        let security = made.text("security_id").unwrap_or_default().to_owned();
        if ids.is_empty() {
            let results = vec![security.clone()];
            package.items[at].object.set("resulting_security_ids", results.into());
        }
        self.issued.insert(security, package.items.len() + self.made.len());
        self.made.push(Item { file: package.items[at].file, object: made });
        Ok(())
    }
}

/// What a transfer takes, or an issuance opens: shares, or an amount.
pub(super) fn quantity(object: &Object) -> Option<Quantity> {
    let money = object.value("amount").or(object.value("investment_amount"));
    let text = money.map_or(object.value("quantity"), |money| money.get("amount"));
    text.and_then(Value::as_str).and_then(Quantity::parse)
}

fn is_transfer(kind: Kind) -> bool {
    use Kind::*;
    matches!(
        kind,
        StockTransfer | EquityCompensationTransfer | WarrantTransfer | ConvertibleTransfer
    )
}
