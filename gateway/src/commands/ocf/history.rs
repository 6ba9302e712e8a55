//! `counterfoil ocf history`: what each certificate, grant and warrant came from and became.

use std::collections::BTreeSet;

use counterfoil_registry::amount::Quantity;
use counterfoil_registry::captable::Fold;
use counterfoil_registry::date::Date;
use counterfoil_registry::effect::Instrument;
use counterfoil_registry::event::EventKind;
use counterfoil_registry::handle::{CertificateId, SecurityId};
use serde_json::{Value, json};

use super::tree::tree;
use super::{Company, print_findings};
use crate::cli::Package;
use crate::exit::Failure;
use crate::paint::Paint;
use crate::table::{grouped, plain};

/// A certificate, or a security that is no stock.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Item {
    Security(SecurityId),
    Certificate(CertificateId),
}

/// Prints the descent of every certificate, or of one, named by its number or id.
pub(crate) fn run(asked: &Package, certificate: Option<&str>) -> Result<(), Failure> {
    let company = Company::read(asked)?;
    let history = History { company: &company };
    let roots = match certificate {
        None => history.roots(),
        Some(name) => history.roots_of(name)?,
    };
    if asked.json {
        say!("{}", history.as_json(&roots));
        return Ok(());
    }
    let paint = Paint::stdout();
    let again = |item| paint.faint(&format!("{} (above)", history.label(item)));
    let lines = tree(roots, |item| history.results(item), |item| history.line(item), again);
    for line in lines {
        say!("{line}");
    }
    print_findings(&company.findings, &[]);
    Ok(())
}

struct History<'a> {
    company: &'a Company,
}

/// What a line says about an item.
struct Told {
    number: String,
    source_id: String,
    /// Shares, units or the invested amount; none where a warrant leaves it open.
    quantity: Option<Quantity>,
    /// What is left of it, where that is less.
    left: Option<Quantity>,
    /// The class, the compensation type, `WARRANT`, or the currency of a convertible.
    of: String,
    holder: String,
    since: (Date, EventKind),
    until: Option<(Date, EventKind)>,
}

impl History<'_> {
    fn fold(&self) -> &Fold {
        &self.company.fold
    }

    /// Whatever came from nothing else.
    fn roots(&self) -> Vec<Item> {
        let securities = self.fold().securities(self.company.issuer);
        let securities = securities
            .filter(|(_, facts)| facts.preceded_by.is_none())
            .map(|(id, facts)| (facts.opened, Item::Security(id)));
        let certificates = self.fold().certificates();
        let certificates = certificates
            .filter(|(_, facts)| facts.preceded_by.is_empty() && facts.converted_from.is_none())
            .map(|(id, facts)| (facts.opened, Item::Certificate(id)));
        let mut roots: Vec<(Date, Item)> = securities.chain(certificates).collect();
        roots.sort();
        roots.into_iter().map(|(_, item)| item).collect()
    }

    /// The first ones that an item came from, which is named by its number or id.
    fn roots_of(&self, name: &str) -> Result<Vec<Item>, Failure> {
        let securities =
            self.fold().securities(self.company.issuer).map(|(id, _)| Item::Security(id));
        let certificates = self.fold().certificates().map(|(id, _)| Item::Certificate(id));
        let named = |item: &Item| {
            let told = self.told(*item);
            told.number == name || told.source_id == name || self.handle(*item) == name
        };
        let mut next: Vec<Item> = certificates.chain(securities).filter(named).collect();
        if next.is_empty() {
            let message = format!("no certificate has the number or id {name}");
            return Err(Failure::refused("CERTIFICATE_UNKNOWN", message));
        }
        let (mut seen, mut roots) = (BTreeSet::new(), BTreeSet::new());
        while let Some(item) = next.pop() {
            if seen.insert(item) {
                let sources = self.sources(item);
                if sources.is_empty() {
                    roots.insert(item);
                }
                next.extend(sources);
            }
        }
        Ok(roots.into_iter().collect())
    }

    fn sources(&self, item: Item) -> Vec<Item> {
        match item {
            Item::Security(id) => {
                let facts = self.fold().security(id);
                facts.and_then(|facts| facts.preceded_by).map(Item::Security).into_iter().collect()
            }
            Item::Certificate(id) => {
                let Some(facts) = self.fold().certificate(id) else { return Vec::new() };
                let converted = facts.converted_from.map(Item::Security).into_iter();
                facts.preceded_by.iter().copied().map(Item::Certificate).chain(converted).collect()
            }
        }
    }

    fn results(&self, item: Item) -> Vec<Item> {
        match item {
            Item::Security(id) => {
                let Some(facts) = self.fold().security(id) else { return Vec::new() };
                let stock = facts.converted_into.iter().copied().map(Item::Certificate);
                facts.resulted_in.iter().copied().map(Item::Security).chain(stock).collect()
            }
            Item::Certificate(id) => {
                let facts = self.fold().certificate(id);
                let results = facts.map(|facts| facts.resulted_in.as_slice()).unwrap_or_default();
                results.iter().copied().map(Item::Certificate).collect()
            }
        }
    }

    fn handle(&self, item: Item) -> String {
        match item {
            Item::Security(id) => id.to_string(),
            Item::Certificate(id) => id.to_string(),
        }
    }

    fn told(&self, item: Item) -> Told {
        let name = |holder| self.company.holder(holder);
        match item {
            Item::Certificate(id) => {
                let facts = self.fold().certificate(id).expect("the fold named it");
                let class = self.fold().class(facts.class).map_or("", |class| &class.name);
                Told {
                    number: facts.number.clone(),
                    source_id: facts.source_id.clone(),
                    quantity: Some(facts.quantity),
                    left: None,
                    of: class.to_owned(),
                    holder: name(self.fold().holder_at(facts, facts.opened)),
                    since: (facts.opened, facts.origin),
                    until: facts.closed,
                }
            }
            Item::Security(id) => {
                let facts = self.fold().security(id).expect("the fold named it");
                let of = match (facts.instrument, facts.currency) {
                    (Instrument::Convertible, Some(currency)) => format!("{currency} CONVERTIBLE"),
                    (instrument, _) => instrument.as_str().to_owned(),
                };
                Told {
                    number: facts.number.clone(),
                    source_id: facts.source_id.clone(),
                    quantity: facts.quantity,
                    left: facts.quantity_at(Date::MAX).filter(|left| Some(*left) != facts.quantity),
                    of,
                    holder: name(self.fold().holder_of(facts.account, facts.holder, facts.opened)),
                    since: (facts.opened, facts.origin),
                    until: facts.closed,
                }
            }
        }
    }

    fn label(&self, item: Item) -> String {
        let told = self.told(item);
        let mut names = [told.number, told.source_id].into_iter();
        let name = names.find(|name| !name.is_empty()).unwrap_or_else(|| self.handle(item));
        plain(&name).into_owned()
    }

    fn line(&self, item: Item) -> String {
        let told = self.told(item);
        let (since, origin) = told.since;
        let until = match told.until {
            None => "open".to_owned(),
            Some((date, kind)) => format!("{date} {}", closed(kind)),
        };
        let quantity = told.quantity.map_or("open number of".to_owned(), grouped);
        let left = told.left.map_or(String::new(), |left| format!(" ({} left)", grouped(left)));
        let (label, of, holder) = (self.label(item), plain(&told.of), plain(&told.holder));
        format!("{label}  {quantity} {of}{left}, {holder}  {since} {} - {until}", opened(origin))
    }

    /// Every item of the descent with what it came from and became.
    fn as_json(&self, roots: &[Item]) -> Value {
        let (mut seen, mut items) = (BTreeSet::new(), Vec::new());
        let mut next: Vec<Item> = roots.iter().rev().copied().collect();
        while let Some(item) = next.pop() {
            if !seen.insert(item) {
                continue;
            }
            let (told, results) = (self.told(item), self.results(item));
            let labels =
                |items: &[Item]| items.iter().map(|item| self.id(*item)).collect::<Vec<_>>();
            items.push(json!({
                "id": self.id(item),
                "number": told.number,
                "quantity": told.quantity.as_ref().map(Quantity::to_string),
                "of": told.of,
                "holder": told.holder,
                "opened": told.since.0.to_string(),
                "openedBy": opened(told.since.1),
                "closed": told.until.map(|(date, _)| date.to_string()),
                "closedBy": told.until.map(|(_, kind)| closed(kind)),
                "precededBy": labels(&self.sources(item)),
                "resultedIn": labels(&results),
            }));
            next.extend(results.into_iter().rev());
        }
        json!({ "certificates": items })
    }

    /// The id in the package, or the handle.
    fn id(&self, item: Item) -> String {
        let source_id = self.told(item).source_id;
        if source_id.is_empty() { self.handle(item) } else { source_id }
    }
}

/// How an event of a kind opens a certificate.
fn opened(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Issuance => "issued",
        EventKind::Transfer => "by transfer",
        EventKind::Cancellation => "left by a cancellation",
        EventKind::Repurchase => "left by a repurchase",
        EventKind::Conversion => "by conversion",
        EventKind::Reissuance => "reissued",
        EventKind::Consolidation => "by consolidation",
        EventKind::Exercise => "by exercise",
        EventKind::Release => "by release",
        _ => "recorded",
    }
}

/// How an event of a kind closes one.
fn closed(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Transfer => "transferred",
        EventKind::Cancellation => "cancelled",
        EventKind::Repurchase => "repurchased",
        EventKind::Retraction => "retracted",
        EventKind::Conversion => "converted",
        EventKind::Reissuance => "reissued",
        EventKind::Consolidation => "consolidated",
        EventKind::Exercise => "exercised",
        EventKind::Release => "released",
        EventKind::Split => "ended by a split",
        _ => "ended",
    }
}
