//! Making events: which certificates are closed, which ones are opened, under which ids.
//!
//! A plan finds certificates and gives ids; whether the event may happen is for
//! [`Register::check`] to say.

use super::{Certificate, MAX_CLOSED_PER_EVENT, NONE, Register};
use crate::amount::Quantity;
use crate::date::Date;
use crate::effect::{Effect, Opened};
use crate::event::{Event, EventKind};
use crate::handle::{AccountId, CertificateId, ClassId};
use crate::rule::Rule;

/// Where an event is recorded: it names the certificates that the event opens.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Place {
    /// Index of the record in the tree.
    pub record: u64,
    /// Certificates that earlier events of the same record opened.
    pub opened: u32,
}

/// A movement out of one account, into another one or out of existence.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Transfer<'a> {
    /// The class.
    pub class: ClassId,
    /// The account that gives.
    pub from: AccountId,
    /// The account that receives; none for a cancellation.
    pub to: Option<AccountId>,
    /// How many shares.
    pub quantity: Quantity,
    /// The certificates to use, in this order; empty: the oldest first.
    pub certificates: &'a [CertificateId],
}

impl Register {
    /// Plans an issuance of `quantity` into `account` as one certificate.
    pub fn plan_issuance(
        &self,
        event: &mut Event,
        place: Place,
        date: Date,
        certificate: Opened,
    ) -> Result<(), Rule> {
        event.kind = EventKind::Issuance;
        event.date = date;
        event.effects.clear();
        self.plan_opening(event, place, certificate)
    }

    /// Plans a movement: closes certificates until `quantity` is covered, opens the result where
    /// there is a receiving account, and the balance certificate where the last one closed was
    /// larger than what was left to cover.
    pub fn plan_movement(
        &self,
        event: &mut Event,
        place: Place,
        date: Date,
        transfer: &Transfer<'_>,
    ) -> Result<(), Rule> {
        let &Transfer { class, from, to, quantity, certificates } = transfer;
        if quantity.is_zero() {
            return Err(Rule::QuantityZero);
        }
        event.kind = if to.is_some() { EventKind::Transfer } else { EventKind::Cancellation };
        event.date = date;
        event.effects.clear();
        let mut cover = Cover { rest: quantity, balance: Quantity::ZERO };
        if certificates.is_empty() {
            for certificate in self.certificates(from, class) {
                if cover.rest.is_zero() {
                    break;
                }
                if event.effects.len() >= MAX_CLOSED_PER_EVENT {
                    return Err(Rule::TooManyCertificates);
                }
                event.effects.push(cover.with(certificate));
            }
        } else {
            for id in certificates {
                let certificate = self.certificate(*id).ok_or(Rule::CertificateUnknown)?;
                if (certificate.account, certificate.class) != (from, class) {
                    return Err(Rule::CertificateMismatch);
                }
                if cover.rest.is_zero() {
                    return Err(Rule::QuantityMismatch);
                }
                event.effects.push(cover.with(certificate));
            }
        }
        if !cover.rest.is_zero() {
            return Err(Rule::SharesInsufficient);
        }
        let balance = cover.balance;
        if !balance.is_zero() {
            let account = from;
            self.plan_opening(
                event,
                place,
                Opened { class, account, quantity: balance, ..<_>::default() },
            )?;
            self.keep_plan(event);
        }
        if let Some(account) = to {
            self.plan_opening(event, place, Opened { class, account, quantity, ..<_>::default() })?;
        }
        Ok(())
    }

    /// The balance of a certificate of a plan is stock of that plan too.
    fn keep_plan(&self, event: &mut Event) {
        if self.plan_stock.is_empty() {
            return;
        }
        let (mut opened, mut plan) = (None, None);
        for effect in &event.effects {
            match effect {
                Effect::CertificateOpened(balance) => opened = Some(balance.certificate),
                Effect::CertificateClosed { certificate, .. } => {
                    plan = self.plan_stock(*certificate).and_then(|stock| stock.plan);
                }
                _ => {}
            }
        }
        if let (Some(certificate), Some(plan)) = (opened, plan)
            && self.drawn_for(event, certificate, plan).is_some()
        {
            event.effects.push(Effect::StockOfPlan { certificate, plan });
        }
    }

    /// Adds the opening of a certificate to an event, with its holder of record and its id.
    pub fn plan_opening(
        &self,
        event: &mut Event,
        place: Place,
        mut opened: Opened,
    ) -> Result<(), Rule> {
        let count = event.effects.iter().filter(|e| matches!(e, Effect::CertificateOpened(_)));
        let count = count.count();
        let nth = u32::try_from(count).map_err(|_| Rule::TooManyCertificates)?;
        opened.holder = self.account(opened.account).ok_or(Rule::AccountUnknown)?.holder;
        opened.certificate = CertificateId {
            record: place.record,
            place: place.opened.checked_add(nth).ok_or(Rule::TooManyCertificates)?,
            slot: self.free_slot(count).ok_or(Rule::RegisterFull)?,
        };
        event.effects.push(Effect::CertificateOpened(opened));
        Ok(())
    }

    /// The slot that the `nth` certificate opened from now on will take. Slots that an event frees
    /// are free only after it.
    pub(super) fn free_slot(&self, nth: usize) -> Option<u32> {
        let mut at = *self.free;
        for skipped in 0..nth {
            match self.slots.get(at as usize) {
                Some(slot) => at = slot.next,
                None => return self.fresh_slot(nth - skipped),
            }
        }
        if at == NONE { self.fresh_slot(0) } else { Some(at) }
    }

    fn fresh_slot(&self, nth: usize) -> Option<u32> {
        let at = self.slots.len().checked_add(nth)?;
        (at < super::MAX_ITEMS).then(|| super::dense(at))
    }
}

/// How far the certificates closed so far cover a movement.
struct Cover {
    /// What is still to be covered.
    rest: Quantity,
    /// What the last certificate held beyond that.
    balance: Quantity,
}

impl Cover {
    /// Closes one more certificate.
    fn with(&mut self, closed: Certificate) -> Effect {
        let Certificate { id, class, account, quantity, .. } = closed;
        self.balance = quantity.checked_sub(self.rest).unwrap_or_default();
        self.rest = self.rest.checked_sub(quantity).unwrap_or_default();
        Effect::CertificateClosed { certificate: id, class, account, quantity }
    }
}
