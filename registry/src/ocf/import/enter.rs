//! Carrying the items out offline, in a register of their own.
//!
//! The handles are those of an empty ledger: issuer 0, classes and stakeholders in the order of the
//! items. Item number `n` is recorded in record `n + 1`, after the issuer's own. Registrations are
//! dated on the formation of the issuer.

use std::collections::BTreeMap;

use super::{ImportItem, ImportResult, Lowered};
use crate::amount::Quantity;
use crate::date::Date;
use crate::effect::{Effect, Opened};
use crate::event::{Consideration, Event, EventKind};
use crate::handle::{AccountId, CertificateId, ClassId, IssuerId, StakeholderId};
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
    /// What the ids of the package became.
    pub names: Names,
}

/// What the ids of a package became.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// Classes by id.
    pub classes: BTreeMap<String, ClassId>,
    /// Stakeholders by id.
    pub stakeholders: BTreeMap<String, StakeholderId>,
    /// Certificates by id, closed ones too.
    pub securities: BTreeMap<String, CertificateId>,
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
        let mut imported =
            Imported { register, issuer, events: Vec::new(), names: Names::default() };
        let formed = package.issuer.formed;
        let registered = Effect::IssuerRegistered {
            issuer,
            party,
            registrar: party,
            draft: false,
            formed,
            authorized: package.issuer.authorized,
            source_id: package.issuer.id.clone(),
        };
        let refuse = |rule: Rule, file: &str, id: &str| {
            Refusal::rule(rule, file, id, rule.sentence().to_owned())
        };
        imported
            .carry_out(registration(formed, registered))
            .map_err(|rule| refuse(rule, package.file(0), &package.issuer.id))?;
        for (at, (item, origin)) in self.items.iter().zip(&self.origins).enumerate() {
            let record = u64::try_from(at).unwrap_or(u64::MAX).saturating_add(1);
            imported
                .plan(Place { record, opened: 0 }, formed, item)
                .and_then(|event| imported.carry_out(event))
                .map_err(|rule| refuse(rule, package.file(origin.file), &origin.id))?;
        }
        Ok(imported)
    }
}

impl Imported {
    fn carry_out(&mut self, event: Event) -> Result<(), Rule> {
        self.register.check(&event)?;
        self.register.apply(&event);
        for effect in &event.effects {
            match effect {
                Effect::ClassRegistered { class, source_id, .. } => {
                    self.names.classes.insert(source_id.clone(), *class);
                }
                Effect::StakeholderRegistered { stakeholder, source_id, .. } => {
                    self.names.stakeholders.insert(source_id.clone(), *stakeholder);
                }
                Effect::CertificateOpened(opened) => {
                    let id = opened.source_id.clone();
                    self.names.securities.insert(id, opened.certificate);
                }
                _ => {}
            }
        }
        self.events.push(event);
        Ok(())
    }

    fn plan(&self, place: Place, formed: Date, item: &ImportItem) -> Result<Event, Rule> {
        let mut event = Event::default();
        match item {
            ImportItem::Class(class) => {
                event = registration(
                    formed,
                    Effect::ClassRegistered {
                        class: self.register.next_class(),
                        issuer: self.issuer,
                        kind: class.kind,
                        decimals: class.decimals,
                        authorized: class.authorized,
                        name: class.name.clone(),
                        source_id: class.id.clone(),
                    },
                );
            }
            ImportItem::Stakeholder { id } => {
                event = registration(
                    formed,
                    Effect::StakeholderRegistered {
                        stakeholder: self.register.next_stakeholder(),
                        issuer: self.issuer,
                        account: self.register.next_account(),
                        source_id: id.clone(),
                    },
                );
            }
            ImportItem::Issuance(item) => {
                let documented = |money| Consideration { money, settled: false };
                event.consideration = item.consideration.map(documented);
                let certificate = Opened {
                    class: *self.names.classes.get(&item.class_id).ok_or(Rule::ClassUnknown)?,
                    account: self.account(&item.stakeholder_id)?,
                    quantity: item.quantity,
                    number: item.number.clone(),
                    source_id: item.security_id.clone(),
                    ..Opened::default()
                };
                self.register.plan_issuance(&mut event, place, item.date, certificate)?;
            }
            ImportItem::Acceptance { security_id, date } => {
                let certificate = self.certificate(security_id)?;
                event.kind = EventKind::Acceptance;
                event.date = *date;
                event.effects.push(Effect::CertificateAccepted { certificate });
            }
            ImportItem::Transfer { security_id, date, results } => {
                (event.kind, event.date) = (EventKind::Transfer, *date);
                self.replace(&mut event, place, security_id, results)?;
            }
            ImportItem::Cancellation { security_id, date, balance } => {
                (event.kind, event.date) = (EventKind::Cancellation, *date);
                self.replace(&mut event, place, security_id, balance.as_slice())?;
            }
        }
        Ok(event)
    }

    /// Closes a certificate and opens those that result.
    fn replace(
        &self,
        event: &mut Event,
        place: Place,
        security_id: &str,
        results: &[ImportResult],
    ) -> Result<(), Rule> {
        let id = self.certificate(security_id)?;
        let closed = self.register.certificate(id).ok_or(Rule::CertificateUnknown)?;
        event.effects.push(Effect::CertificateClosed {
            certificate: id,
            class: closed.class,
            account: closed.account,
            quantity: closed.quantity,
        });
        for result in results {
            let certificate = Opened {
                class: closed.class,
                account: self.account(&result.stakeholder_id)?,
                quantity: result.quantity,
                number: result.number.clone(),
                source_id: result.security_id.clone(),
                ..Opened::default()
            };
            self.register.plan_opening(event, place, certificate)?;
        }
        Ok(())
    }

    fn certificate(&self, security_id: &str) -> Result<CertificateId, Rule> {
        self.names.securities.get(security_id).copied().ok_or(Rule::CertificateUnknown)
    }

    fn account(&self, stakeholder: &str) -> Result<AccountId, Rule> {
        let id = self.names.stakeholders.get(stakeholder).ok_or(Rule::StakeholderUnknown)?;
        let line = self.register.stakeholder(*id).ok_or(Rule::StakeholderUnknown)?;
        Ok(line.account)
    }
}

fn registration(date: Date, effect: Effect) -> Event {
    Event { kind: EventKind::Registration, date, consideration: None, effects: vec![effect] }
}
