//! Carrying out an event that was checked. Nothing here can fail.

use super::names::Space;
use super::{
    Account, Class, Issuer, NONE, Position, Register, Slot, Stakeholder, Target, dense,
    position_key,
};
use crate::amount::Quantity;
use crate::date::Date;
use crate::effect::{Authorized, Effect, Opened};
use crate::event::{Event, EventKind};
use crate::handle::{AccountId, CertificateId, ClassId, Holder};

mod charter;
mod securities;
mod totals;

const CHECKED: &str = "Register::check accepted the event";

impl Register {
    /// Carries out an event that [`Register::check`] accepted. Another one may panic.
    pub fn apply(&mut self, event: &Event) {
        // Slots become free only after the event, so that the ids of its plan hold.
        let mut freed: Vec<u32> = Vec::new();
        // Where the last closed certificate lay: its balance takes the same place in the list.
        let mut gap = None;
        for effect in &event.effects {
            match effect {
                Effect::CertificateOpened(opened) => self.open(event, opened, &gap),
                Effect::CertificateClosed { certificate, .. } => {
                    gap = Some(self.close(*certificate));
                    freed.push(certificate.slot);
                }
                Effect::CertificateAccepted { certificate } => {
                    self.slot_mut(certificate.slot).accepted = true;
                }
                Effect::CertificateScaled { certificate, before, after, .. } => {
                    self.scale(*certificate, *before, *after);
                }
                other => self.change(event, other),
            }
        }
        for at in freed.into_iter().rev() {
            let next = *self.free;
            *self.slot_mut(at) = Slot { next, ..Slot::default() };
            self.free.set(at);
        }
        self.count(event);
        match event.kind {
            EventKind::Cancellation | EventKind::Repurchase | EventKind::Retraction => {
                self.remember_ceased(event);
            }
            EventKind::Split => self.remember_scaled(event),
            _ => {}
        }
    }

    fn change(&mut self, event: &Event, effect: &Effect) {
        match effect {
            Effect::IssuerRegistered {
                party,
                registrar,
                draft,
                formed,
                authorized,
                source_id,
                ..
            } => {
                self.issuers.push(Issuer {
                    party: *party,
                    registrar: *registrar,
                    draft: *draft,
                    formed: *formed,
                    authorized: *authorized,
                    ruled: Date::MIN,
                    last: Date::MIN,
                    source_id: source_id.clone(),
                    ..Issuer::default()
                });
            }
            Effect::ClassRegistered {
                class,
                issuer,
                kind,
                decimals,
                authorized,
                name,
                source_id,
            } => {
                if let Authorized::Shares(shares) = authorized {
                    let owner = self.issuers.get_mut(issuer.index()).expect(CHECKED);
                    owner.classes_authorized =
                        owner.classes_authorized.checked_add(*shares).expect(CHECKED);
                }
                self.use_id(Space::Class, *issuer, source_id, Target::Class(*class));
                self.classes.push(Class {
                    issuer: *issuer,
                    kind: *kind,
                    decimals: *decimals,
                    authorized: *authorized,
                    ruled: Date::MIN,
                    last: Date::MIN,
                    split: Date::MIN,
                    converts_since: Date::MIN,
                    name: name.clone(),
                    source_id: source_id.clone(),
                    ..Class::default()
                });
                self.excess(event, *issuer);
            }
            Effect::StakeholderRegistered { stakeholder, issuer, account, source_id } => {
                let operator = self.issuer(*issuer).expect(CHECKED).registrar;
                let holder = Holder::Stakeholder(*stakeholder);
                self.accounts.push(Account { holder, operator, ..Account::default() });
                let target = Target::Stakeholder(*stakeholder);
                self.use_id(Space::Stakeholder, *issuer, source_id, target);
                self.stakeholders.push(Stakeholder {
                    issuer: *issuer,
                    account: *account,
                    party: None,
                    source_id: source_id.clone(),
                });
            }
            Effect::StakeholderLinked { stakeholder, party, account, operator } => {
                let line = self.stakeholders.get_mut(stakeholder.index()).expect(CHECKED);
                line.party = Some(*party);
                let account = self.accounts.get_mut(account.index()).expect(CHECKED);
                account.holder = Holder::Party(*party);
                account.operator = *operator;
            }
            Effect::RegisterActivated { issuer, .. } => {
                self.issuers.get_mut(issuer.index()).expect(CHECKED).draft = false;
            }
            Effect::Documented { issuer, objects } => {
                for object in objects {
                    let space = Space::Object(object.kind());
                    self.use_id(space, *issuer, object.id(), Target::Known);
                }
            }
            Effect::IssuerAuthorized { .. }
            | Effect::ClassAuthorized { .. }
            | Effect::ConversionsSet { .. }
            | Effect::RepurchasePolicy { .. } => self.charter(event, effect),
            other => self.instrument(event, other),
        }
    }

    fn use_id(
        &mut self,
        space: Space,
        issuer: crate::handle::IssuerId,
        text: &str,
        target: Target,
    ) {
        if !text.is_empty() {
            self.use_name(space.digest(issuer, text), target);
        }
    }

    fn slot_mut(&mut self, at: u32) -> &mut Slot {
        self.slots.get_mut(at as usize).expect(CHECKED)
    }

    fn position_mut(&mut self, at: u32) -> &mut Position {
        self.positions.get_mut(at as usize).expect(CHECKED)
    }

    fn open(&mut self, event: &Event, opened: &Opened, gap: &Option<Gap>) {
        let CertificateId { record, place, slot: at } = opened.certificate;
        if at == *self.free {
            let next = self.slots.get(at as usize).expect(CHECKED).next;
            self.free.set(next);
        } else {
            self.slots.push(Slot::default());
        }
        let position = self.position_for(opened.account, opened.class);
        let prev = match gap {
            Some(gap) if gap.position == position => gap.prev,
            _ => self.positions.get(position as usize).expect(CHECKED).tail,
        };
        let line = self.position_mut(position);
        line.quantity = line.quantity.checked_add(opened.quantity).expect(CHECKED);
        line.certificates += 1;
        let next = if prev == NONE {
            std::mem::replace(&mut line.head, at)
        } else {
            std::mem::replace(&mut self.slot_mut(prev).next, at)
        };
        if next == NONE {
            self.position_mut(position).tail = at;
        } else {
            self.slot_mut(next).prev = at;
        }
        let (quantity, date) = (opened.quantity, event.date);
        *self.slot_mut(at) =
            Slot { quantity, record, position, next, prev, date, place, accepted: false };
        if !opened.number.is_empty() || !opened.source_id.is_empty() {
            let digests: Vec<u128> = self.ids_of(opened).map(|(digest, _)| digest).collect();
            for digest in digests {
                self.use_name(digest, Target::Certificate(opened.certificate));
            }
        }
    }

    fn scale(&mut self, id: CertificateId, before: Quantity, after: Quantity) {
        let slot = self.slot_mut(id.slot);
        slot.quantity = after;
        let position = slot.position;
        let line = self.position_mut(position);
        let others = line.quantity.checked_sub(before).expect(CHECKED);
        line.quantity = others.checked_add(after).expect(CHECKED);
    }

    fn close(&mut self, id: CertificateId) -> Gap {
        let slot = self.slots.get(id.slot as usize).expect(CHECKED);
        let (position, next, prev, quantity) = (slot.position, slot.next, slot.prev, slot.quantity);
        let line = self.position_mut(position);
        line.quantity = line.quantity.checked_sub(quantity).expect(CHECKED);
        line.certificates -= 1;
        if prev == NONE {
            line.head = next;
        }
        if next == NONE {
            line.tail = prev;
        }
        if prev != NONE {
            self.slot_mut(prev).next = next;
        }
        if next != NONE {
            self.slot_mut(next).prev = prev;
        }
        Gap { position, prev }
    }

    fn position_for(&mut self, account: AccountId, class: ClassId) -> u32 {
        let key = position_key(account, class);
        if let Some(at) = self.position_of.get(key) {
            return at;
        }
        let owner = self.accounts.get_mut(account.index()).expect(CHECKED);
        let next_of_account = owner.first_position;
        let position = Position { class, account, next_of_account, ..Position::default() };
        let at = dense(self.positions.push(position));
        self.accounts.get_mut(account.index()).expect(CHECKED).first_position = at;
        self.position_of.insert(key, at);
        at
    }
}

/// The place that a closed certificate leaves in the list of its position.
struct Gap {
    position: u32,
    prev: u32,
}
