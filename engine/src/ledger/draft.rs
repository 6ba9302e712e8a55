//! From a file into the ledger: items gather in a draft register, and one activation that registrar
//! and operator both sign validates all of them and opens it, or does nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use counterfoil_registry::amount::{Currency, Money, Quantity};
use counterfoil_registry::date::Date;
use counterfoil_registry::effect::{Authorized, Effect, Opened};
use counterfoil_registry::event::{Consideration, Event, EventKind};
use counterfoil_registry::handle::{
    AccountId, CertificateId, ClassId, Holder, IssuerId, StakeholderId,
};
use counterfoil_registry::register::Place;
use counterfoil_registry::rule::Rule;
use counterfoil_registry::store::Scoped;

use super::cash::minor_units;
use super::{Chunk, Effects, Handled, Ledger, OPERATOR, Refusal, Signer};
use crate::command::{AmountText, Command};
use crate::effects::IdentityEffect;
use crate::limits::{DRAFT_ITEMS, TEXT_BYTES};
use crate::rejection::Rejection;
use crate::wire::v1::{self, import_item::Item};

/// What the ids of a package became.
#[derive(Default)]
struct Names {
    classes: BTreeMap<String, ClassId>,
    stakeholders: BTreeMap<String, StakeholderId>,
    securities: BTreeMap<String, CertificateId>,
    /// Certificates opened so far: the place of the next one.
    opened: u32,
}

impl Ledger {
    pub(super) fn import(
        &mut self,
        signer: &Signer,
        issuer: IssuerId,
        items: &Arc<Vec<v1::ImportItem>>,
        effects: &mut Effects,
    ) -> Handled {
        let draft = self.register.issuer(issuer).ok_or(Rule::IssuerUnknown)?;
        signer.is(draft.registrar)?;
        if !draft.draft {
            return Err(Rule::RegisterStatus.into());
        }
        if self.draft_items(issuer).count().saturating_add(items.len()) > DRAFT_ITEMS {
            return Err(Rejection::DraftTotals.into());
        }
        // Past this line the command succeeds.
        self.chunks.push(Chunk { issuer, items: Arc::clone(items) });
        self.touch_issuer(issuer, effects);
        let items = u32::try_from(items.len()).unwrap_or(u32::MAX);
        effects.identity(IdentityEffect::Drafted { items });
        Ok(())
    }

    fn draft_items(&self, issuer: IssuerId) -> impl Iterator<Item = &v1::ImportItem> {
        let chunks = self.chunks.iter().filter(move |chunk| chunk.issuer == issuer);
        chunks.flat_map(|chunk| chunk.items.iter())
    }

    pub(super) fn activate(
        &mut self,
        signer: &Signer,
        command: &Command,
        effects: &mut Effects,
    ) -> Handled {
        let Command::ActivateRegister { issuer, package, findings, items, outstanding, joint } =
            command
        else {
            return Err(Rejection::Malformed.into());
        };
        let issuer = *issuer;
        let draft = self.register.issuer(issuer).ok_or(Rule::IssuerUnknown)?;
        let registrar = draft.registrar;
        if signer.party != registrar && signer.party != OPERATOR {
            return Err(Rejection::NotAuthorized.into());
        }
        if !draft.draft {
            return Err(Rule::RegisterStatus.into());
        }
        let found = self.draft_items(issuer).count();
        if usize::try_from(*items) != Ok(found) {
            let detail = format!("{found} items were imported, {items} were signed");
            return Err(Refusal { rejection: Rejection::DraftTotals, detail });
        }
        // The first signature validates too, so that the second one meets no surprise.
        self.begin();
        let events = match self.enter_draft(signer.place, issuer, *outstanding) {
            Ok(events) => events,
            Err(refusal) => {
                self.rollback();
                return Err(refusal);
            }
        };
        let first = self.first_signer(*joint);
        if registrar != OPERATOR && first.is_none_or(|first| first == signer.party) {
            self.rollback();
            self.joined(signer, *joint, effects)?;
            self.touch_issuer(issuer, effects);
            return Ok(());
        }
        // Past this line the command succeeds.
        self.joined_done(*joint);
        let activated =
            Effect::RegisterActivated { issuer, package: *package, findings: *findings };
        let activated = self.registration(activated);
        self.register.apply(&activated);
        self.drop_draft(issuer);
        self.commit();
        for event in events.iter().chain([&activated]) {
            effects.register(event);
        }
        self.touch(registrar, effects);
        self.touch(OPERATOR, effects);
        self.touch_issuer(issuer, effects);
        Ok(())
    }

    /// Forgets the items of a draft that became a register.
    fn drop_draft(&mut self, issuer: IssuerId) {
        for at in 0..self.chunks.len() {
            if self.chunks.get(at).is_some_and(|chunk| chunk.issuer == issuer) {
                *self.chunks.get_mut(at).expect("within the length") = Chunk::default();
            }
        }
    }

    /// Carries out every item in order, under the same rules as live commands.
    fn enter_draft(
        &mut self,
        place: Place,
        issuer: IssuerId,
        outstanding: Quantity,
    ) -> Result<Vec<Event>, Refusal> {
        let items: Vec<v1::ImportItem> = self.draft_items(issuer).cloned().collect();
        let mut names = Names::default();
        let mut events = Vec::with_capacity(items.len());
        for (at, item) in items.into_iter().enumerate() {
            let refuse = |refusal: Refusal| Refusal {
                rejection: match refusal.rejection {
                    Rejection::Register(rule) => Rejection::Register(rule),
                    _ => Rejection::DraftItem,
                },
                detail: format!("item {at}: {refusal}"),
            };
            let place = Place { opened: names.opened, ..place };
            let event = self.draft_event(place, issuer, item, &mut names).map_err(refuse)?;
            self.register.check(&event).map_err(|rule| refuse(rule.into()))?;
            self.register.apply(&event);
            names.note(&event);
            events.push(event);
        }
        let found = self.register.issuer(issuer).map(|issuer| issuer.outstanding);
        if found != Some(outstanding) {
            let found = found.unwrap_or_default();
            let detail = format!("{found} shares are outstanding, {outstanding} were signed");
            return Err(Refusal { rejection: Rejection::DraftTotals, detail });
        }
        Ok(events)
    }

    fn draft_event(
        &self,
        place: Place,
        issuer: IssuerId,
        item: v1::ImportItem,
        names: &mut Names,
    ) -> Result<Event, Refusal> {
        let item = item.item.ok_or_else(|| malformed("no documented item"))?;
        let mut event = Event::default();
        match item {
            Item::Class(item) => {
                let class = self.register.next_class();
                event = self.registration(Effect::ClassRegistered {
                    class,
                    issuer,
                    kind: match item.kind() {
                        v1::ClassKind::Common => counterfoil_registry::effect::ClassKind::Common,
                        v1::ClassKind::Preferred => {
                            counterfoil_registry::effect::ClassKind::Preferred
                        }
                        v1::ClassKind::Unspecified => return Err(malformed("class.kind")),
                    },
                    decimals: match item.decimals.parse() {
                        Ok(decimals @ 0..=10) => decimals,
                        _ => return Err(malformed("class.decimals")),
                    },
                    authorized: Authorized::parse(&item.authorized)
                        .ok_or_else(|| malformed("class.authorized"))?,
                    name: label(item.name)?,
                    source_id: label(item.id.clone())?,
                });
                names.classes.insert(item.id, class);
            }
            Item::Stakeholder(item) => {
                let stakeholder = self.register.next_stakeholder();
                event = self.registration(Effect::StakeholderRegistered {
                    stakeholder,
                    issuer,
                    account: self.register.next_account(),
                    source_id: label(item.id.clone())?,
                });
                names.stakeholders.insert(item.id, stakeholder);
            }
            Item::Issuance(item) => {
                let account = self.account_of(names, &item.stakeholder_id)?;
                let class = *names.classes.get(&item.class_id).ok_or(Rule::ClassUnknown)?;
                if !item.currency.is_empty() {
                    let money = consideration(item.consideration, &item.currency)?;
                    event.consideration = Some(Consideration { money, settled: false });
                }
                let certificate = Opened {
                    class,
                    account,
                    quantity: quantity(&item.quantity)?,
                    number: label(item.number)?,
                    source_id: label(item.security_id)?,
                    ..Opened::default()
                };
                let date = date(&item.date)?;
                self.register.plan_issuance(&mut event, place, date, certificate)?;
            }
            Item::Acceptance(item) => {
                let certificate = names.security(&item.security_id)?;
                event.kind = EventKind::Acceptance;
                event.date = date(&item.date)?;
                event.effects.push(Effect::CertificateAccepted { certificate });
            }
            Item::Transfer(item) => {
                event.kind = EventKind::Transfer;
                event.date = date(&item.date)?;
                self.replace(&mut event, place, names, &item.security_id, item.results)?;
            }
            Item::Cancellation(item) => {
                event.kind = EventKind::Cancellation;
                event.date = date(&item.date)?;
                let balance = item.balance.into_iter().collect();
                self.replace(&mut event, place, names, &item.security_id, balance)?;
            }
        }
        Ok(event)
    }

    /// Closes a certificate and opens those that result.
    fn replace(
        &self,
        event: &mut Event,
        place: Place,
        names: &Names,
        security_id: &str,
        results: Vec<v1::ImportResult>,
    ) -> Result<(), Refusal> {
        let id = names.security(security_id)?;
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
                account: self.account_of(names, &result.stakeholder_id)?,
                quantity: quantity(&result.quantity)?,
                number: label(result.number)?,
                source_id: label(result.security_id)?,
                ..Opened::default()
            };
            self.register.plan_opening(event, place, certificate)?;
        }
        Ok(())
    }

    fn account_of(&self, names: &Names, stakeholder: &str) -> Result<AccountId, Refusal> {
        let id = names.stakeholders.get(stakeholder).ok_or(Rule::StakeholderUnknown)?;
        let line = self.register.stakeholder(*id).ok_or(Rule::StakeholderUnknown)?;
        debug_assert!(matches!(
            self.register.account(line.account).map(|account| account.holder),
            Some(Holder::Stakeholder(_))
        ));
        Ok(line.account)
    }
}

impl Names {
    fn security(&self, id: &str) -> Result<CertificateId, Rule> {
        self.securities.get(id).copied().ok_or(Rule::CertificateUnknown)
    }

    fn note(&mut self, event: &Event) {
        for effect in &event.effects {
            if let Effect::CertificateOpened(opened) = effect {
                self.opened += 1;
                self.securities.insert(opened.source_id.clone(), opened.certificate);
            }
        }
    }
}

fn malformed(what: &str) -> Refusal {
    Refusal { rejection: Rejection::Malformed, detail: what.to_owned() }
}

fn label(text: String) -> Result<String, Refusal> {
    let sound = !text.is_empty() && text.len() <= TEXT_BYTES && !text.chars().any(char::is_control);
    if sound { Ok(text) } else { Err(malformed("a text of 1 to 200 bytes is wanted")) }
}

fn date(text: &str) -> Result<Date, Refusal> {
    Date::parse(text).ok_or_else(|| malformed("date"))
}

fn quantity(text: &str) -> Result<Quantity, Refusal> {
    Quantity::parse(text).ok_or_else(|| malformed("quantity"))
}

fn consideration(amount: String, currency: &str) -> Result<Money, Refusal> {
    let currency = Currency::parse(currency).ok_or_else(|| malformed("currency"))?;
    let minor = minor_units(&AmountText(amount), currency)?;
    Money::from_minor(minor, currency).ok_or_else(|| malformed("consideration"))
}
