//! Carrying the items out offline, in a register of their own.
//!
//! The handles are those of an empty ledger: issuer 0, classes and stakeholders in the order of the
//! items. Item number `n` is recorded in record `n + 1`, after the issuer's own. What bears no date
//! is dated on the formation of the issuer.

use super::{Items, Mode, Origin, Package, Refusal, items};
use crate::action::Action;
use crate::amount::Quantity;
use crate::draft::{Decimals, Entry, EntryError, Unsigned};
use crate::effect::Effect;
use crate::event::{Event, EventKind};
use crate::handle::IssuerId;
use crate::ocf::findings::Findings;
use crate::ocf::{Code, Finding};
use crate::register::{Party, Place, Register};
use crate::rule::Rule;

/// A package in a register.
#[derive(Debug)]
pub struct Imported {
    /// Its items, each with the rules that had to be waived for it.
    pub items: Items,
    /// The register that the package alone makes.
    pub register: Register,
    /// Its issuer there.
    pub issuer: IssuerId,
    /// The events, in their order, for [`crate::captable::Fold`].
    pub events: Vec<Event>,
    /// What was found in reading, and the rules that were waived.
    pub findings: Vec<Finding>,
}

impl Imported {
    /// Shares outstanding over all classes, which an activation in the ledger has to sign.
    pub fn outstanding(&self) -> Quantity {
        self.register.issuer(self.issuer).map(|issuer| issuer.outstanding).unwrap_or_default()
    }
}

/// Carries a package out under the rules of the register. STRICT refuses the first item that breaks
/// one; LENIENT waives what a legacy defect may break, with a finding, and refuses everything else.
pub fn import(package: &Package, mode: Mode) -> Result<Imported, Refusal> {
    let mut items = items(package)?;
    let mut findings = Findings::of(mode, package.findings.clone());
    let mut register = Register::new(0);
    let party = register.add_party(Party { legal: true, details: [0; 32] });
    let issuer = register.next_issuer();
    let registered = registration(package, &register, party)?;
    register.check(&registered).map_err(|rule| broken(package, &items.origins[0], rule))?;
    register.apply(&registered);
    let objects = items.items.iter().flat_map(|item| &item.objects);
    let entry = Entry { issuer, today: package.formed(), decimals: Decimals::of(objects) };
    let mut events = vec![registered];
    let place = |at: usize, _| {
        let record = u64::try_from(at).unwrap_or(u64::MAX).saturating_add(1);
        Place { record, opened: 0 }
    };
    let unsigned = match mode {
        Mode::Strict => Unsigned::Refuse,
        Mode::Lenient => Unsigned::Waive,
    };
    let entered = entry.enter_all(&mut register, place, &mut items.items, unsigned);
    events.extend(entered.map_err(|(at, error)| refused(package, &items.origins[at], error))?);
    for (item, origin) in items.items.iter().zip(&items.origins) {
        for rule in &item.waived {
            findings.waived(*rule, package.file(origin.file), &origin.id)?;
        }
    }
    let findings = findings.into_list();
    Ok(Imported { items, register, issuer, events, findings })
}

fn registration(
    package: &Package,
    register: &Register,
    party: crate::handle::PartyId,
) -> Result<Event, Refusal> {
    let action = Action::of(std::slice::from_ref(&package.issuer));
    let terms = match action {
        Ok(Action::Issuer(terms)) => terms,
        Ok(_) => return Err(Refusal::new(Code::FieldInvalid, package.file(0), "", "issuer")),
        Err(error) => {
            let id = package.issuer.id();
            return Err(Refusal::new(Code::FieldInvalid, package.file(0), id, error.to_string()));
        }
    };
    Ok(Event {
        kind: EventKind::Registration,
        date: terms.formed,
        consideration: None,
        effects: vec![Effect::IssuerRegistered {
            issuer: register.next_issuer(),
            party,
            registrar: party,
            draft: true,
            formed: terms.formed,
            authorized: terms.authorized,
            source_id: terms.id,
        }],
    })
}

fn refused(package: &Package, origin: &Origin, error: EntryError) -> Refusal {
    match error {
        EntryError::Rule(rule) => broken(package, origin, rule),
        EntryError::Item(error) => {
            let what = format!("{}: {}", error.field, error.why);
            Refusal::new(Code::FieldInvalid, package.file(origin.file), &origin.id, what)
        }
    }
}

fn broken(package: &Package, origin: &Origin, rule: Rule) -> Refusal {
    let refusal =
        Refusal::new(Code::RuleBroken, package.file(origin.file), &origin.id, rule.sentence());
    Refusal { rule: Some(rule), ..refusal }
}
