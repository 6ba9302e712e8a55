//! Carrying the items out offline, in a register of their own.
//!
//! The handles are those of an empty ledger: issuer 0, classes and stakeholders in the order of the
//! items. Item number `n` is recorded in record `n + 1`, after the issuer's own. Registrations are
//! dated on the formation of the issuer.

use super::Lowered;
use crate::amount::Quantity;
use crate::draft::Draft;
use crate::effect::Effect;
use crate::event::{Event, EventKind};
use crate::handle::IssuerId;
use crate::ocf::Refusal;
use crate::ocf::model::Package;
use crate::register::{Party, Place, Register};
use crate::rule::Rule;

/// A package in a register.
#[derive(Debug)]
pub struct Imported {
    /// The register that the package alone makes.
    pub register: Register,
    /// Its issuer there.
    pub issuer: IssuerId,
    /// The events, in their order, for [`crate::captable::Fold`].
    pub events: Vec<Event>,
}

impl Imported {
    /// Shares outstanding over all classes, which an activation in the ledger has to sign.
    pub fn outstanding(&self) -> Quantity {
        self.register.issuer(self.issuer).map(|issuer| issuer.outstanding).unwrap_or_default()
    }
}

impl Lowered {
    /// Carries every item out under the rules of the register. The first rule that one breaks is
    /// named with the file and the id of the object.
    pub fn enter(&self, package: &Package) -> Result<Imported, Refusal> {
        let mut register = Register::new(0);
        let party = register.add_party(Party { legal: true, details: [0; 32] });
        let issuer = register.next_issuer();
        let formed = package.issuer.formed;
        let registered = Event {
            kind: EventKind::Registration,
            date: formed,
            consideration: None,
            effects: vec![Effect::IssuerRegistered {
                issuer,
                party,
                registrar: party,
                draft: false,
                formed,
                authorized: package.issuer.authorized,
                source_id: package.issuer.id.clone(),
            }],
        };
        let refuse = |rule: Rule, file: &str, id: &str| {
            Refusal::rule(rule, file, id, rule.sentence().to_owned())
        };
        register
            .check(&registered)
            .map_err(|rule| refuse(rule, package.file(0), &package.issuer.id))?;
        register.apply(&registered);
        let mut draft = Draft::new(issuer, formed);
        let mut events = vec![registered];
        for (at, (item, origin)) in self.items.iter().zip(&self.origins).enumerate() {
            let record = u64::try_from(at).unwrap_or(u64::MAX).saturating_add(1);
            let event = draft
                .enter(&mut register, Place { record, opened: 0 }, item)
                .map_err(|rule| refuse(rule, package.file(origin.file), &origin.id))?;
            events.push(event);
        }
        Ok(Imported { register, issuer, events })
    }
}
