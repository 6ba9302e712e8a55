//! Draft registers: the items of a company that another system kept, and how they become events.
//!
//! Items name each other by the ids of their package. [`Draft::enter`] turns one item after another
//! into an event and carries it out under the rules of the live register. The offline reader of a
//! package and the ledger's activation both go through it, so that a file that passes in the one
//! passes in the other.

use std::collections::BTreeMap;

use crate::date::Date;
use crate::effect::{Effect, Opened};
use crate::event::{Consideration, Event, EventKind};
use crate::handle::{AccountId, CertificateId, ClassId, IssuerId, StakeholderId};
use crate::ocf::import::{ImportResult, StockItem};
use crate::ocf::object::Object;
use crate::register::{Place, Register};
use crate::rule::Rule;

/// One item of a draft register: what happens in one event.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ImportItem {
    /// The object, and the issuances of what it opens; see [`crate::action::Action::of`].
    pub objects: Vec<Object>,
    /// The rules that it is known to break, which the activation signs for: legacy defects. Only
    /// those that [`Rule::waivable`] names can be waived.
    pub waived: Vec<Rule>,
}

/// An issuer's draft on its way into a register: what the ids of its items became.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    issuer: IssuerId,
    registered_on: Date,
    classes: BTreeMap<String, ClassId>,
    stakeholders: BTreeMap<String, StakeholderId>,
    /// Certificates by id, closed ones too.
    securities: BTreeMap<String, CertificateId>,
}

impl Draft {
    /// The draft of `issuer`. Classes and stakeholders bear no date of their own; they are
    /// registered on `registered_on`.
    pub fn new(issuer: IssuerId, registered_on: Date) -> Draft {
        Draft { issuer, registered_on, ..Draft::default() }
    }

    /// Carries out one item, recorded at `place`, and returns its event. An item that breaks a rule
    /// changes nothing.
    pub fn enter(
        &mut self,
        register: &mut Register,
        place: Place,
        item: &StockItem,
    ) -> Result<Event, Rule> {
        let event = self.plan(register, place, item)?;
        register.check(&event)?;
        register.apply(&event);
        for effect in &event.effects {
            match effect {
                Effect::ClassRegistered { class, source_id, .. } => {
                    self.classes.insert(source_id.clone(), *class);
                }
                Effect::StakeholderRegistered { stakeholder, source_id, .. } => {
                    self.stakeholders.insert(source_id.clone(), *stakeholder);
                }
                Effect::CertificateOpened(opened) => {
                    self.securities.insert(opened.source_id.clone(), opened.certificate);
                }
                _ => {}
            }
        }
        Ok(event)
    }

    fn plan(&self, register: &Register, place: Place, item: &StockItem) -> Result<Event, Rule> {
        let mut event = Event::default();
        match item {
            StockItem::Class(class) => {
                event = self.registration(Effect::ClassRegistered {
                    class: register.next_class(),
                    issuer: self.issuer,
                    kind: class.kind,
                    decimals: class.decimals,
                    authorized: class.authorized,
                    name: class.name.clone(),
                    source_id: class.id.clone(),
                });
            }
            StockItem::Stakeholder { id } => {
                event = self.registration(Effect::StakeholderRegistered {
                    stakeholder: register.next_stakeholder(),
                    issuer: self.issuer,
                    account: register.next_account(),
                    source_id: id.clone(),
                });
            }
            StockItem::Issuance(item) => {
                let documented = |money| Consideration { money, settled: false };
                event.consideration = item.consideration.map(documented);
                let certificate = Opened {
                    class: *self.classes.get(&item.class_id).ok_or(Rule::ClassUnknown)?,
                    account: self.account(register, &item.stakeholder_id)?,
                    quantity: item.quantity,
                    number: item.number.clone(),
                    source_id: item.security_id.clone(),
                    ..Opened::default()
                };
                register.plan_issuance(&mut event, place, item.date, certificate)?;
            }
            StockItem::Acceptance { security_id, date } => {
                let certificate = self.certificate(security_id)?;
                (event.kind, event.date) = (EventKind::Acceptance, *date);
                event.effects.push(Effect::CertificateAccepted { certificate });
            }
            StockItem::Transfer { security_id, date, results } => {
                (event.kind, event.date) = (EventKind::Transfer, *date);
                self.replace(register, &mut event, place, security_id, results)?;
            }
            StockItem::Cancellation { security_id, date, balance } => {
                (event.kind, event.date) = (EventKind::Cancellation, *date);
                self.replace(register, &mut event, place, security_id, balance.as_slice())?;
            }
        }
        Ok(event)
    }

    /// Closes a certificate and opens those that result.
    fn replace(
        &self,
        register: &Register,
        event: &mut Event,
        place: Place,
        security_id: &str,
        results: &[ImportResult],
    ) -> Result<(), Rule> {
        let id = self.certificate(security_id)?;
        let closed = register.certificate(id).ok_or(Rule::CertificateUnknown)?;
        event.effects.push(Effect::CertificateClosed {
            certificate: id,
            class: closed.class,
            account: closed.account,
            quantity: closed.quantity,
        });
        for result in results {
            let certificate = Opened {
                class: closed.class,
                account: self.account(register, &result.stakeholder_id)?,
                quantity: result.quantity,
                number: result.number.clone(),
                source_id: result.security_id.clone(),
                ..Opened::default()
            };
            register.plan_opening(event, place, certificate)?;
        }
        Ok(())
    }

    fn certificate(&self, security_id: &str) -> Result<CertificateId, Rule> {
        self.securities.get(security_id).copied().ok_or(Rule::CertificateUnknown)
    }

    fn account(&self, register: &Register, stakeholder: &str) -> Result<AccountId, Rule> {
        let id = self.stakeholders.get(stakeholder).ok_or(Rule::StakeholderUnknown)?;
        let line = register.stakeholder(*id).ok_or(Rule::StakeholderUnknown)?;
        Ok(line.account)
    }

    fn registration(&self, effect: Effect) -> Event {
        let (kind, date) = (EventKind::Registration, self.registered_on);
        Event { kind, date, consideration: None, effects: vec![effect] }
    }
}
