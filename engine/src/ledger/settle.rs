//! Instructions: matching, settlement against and free of payment, cancellation.
//!
//! The rules are those of TARGET2-Securities (UDFS R2026.JUN): mandatory fields are equal, the cash
//! amount lies within the tolerance of the deliverer's band, and a matched pair settles by one atomic
//! posting as soon as its date is reached and both resources are there. Otherwise it pends with the
//! exact reason.

use counterfoil_registry::amount::Money;
use counterfoil_registry::codec::Writer;
use counterfoil_registry::effect::Opened;
use counterfoil_registry::event::{Consideration, Event};
use counterfoil_registry::handle::Holder;
use counterfoil_registry::register::{Place, Transfer};
use counterfoil_registry::rule::Rule;

use super::cash::minor_units;
use super::{Done, Effects, Handled, Instruction, Ledger, NONE, Position, Refusal, Signer, State};
use crate::command::{Instruct, Movement, Reference};
use crate::effects::IdentityEffect;
use crate::handle::{AssetId, InstructionId};
use crate::hash::sha256;
use crate::limits::{ALIKE_UNMATCHED, ATTEMPTS_PER_TICK, amount_tolerance};
use crate::rejection::Rejection;

/// The kind of reference that an instruction uses up.
const INSTRUCTION: u8 = 1;

/// A settlement that can be posted: the event of the register, checked.
struct Posting {
    event: Event,
    payment: Option<(crate::handle::CashAccountId, crate::handle::CashAccountId, AssetId, u128)>,
}

impl Ledger {
    pub(super) fn instruct(
        &mut self,
        signer: &Signer,
        instruct: &Instruct,
        effects: &mut Effects,
    ) -> Handled {
        let issuer = self.issuer_of(instruct.class)?;
        let payment = self.own_side(signer, instruct)?;
        if instruct.settlement_date < instruct.trade_date {
            return Err(Rejection::DatesInvalid.into());
        }
        let decimals = self.register.class(instruct.class).map_or(0, |class| class.decimals);
        if !instruct.quantity.has_granularity(decimals) {
            return Err(Rule::QuantityGranularity.into());
        }
        let digest = self.reference_digest(INSTRUCTION, signer.party, instruct.reference);
        if self.reference_of.get(digest).is_some() {
            return Err(Rejection::ReferenceUsed.into());
        }
        let instruction = Instruction {
            owner: signer.party,
            reference: instruct.reference,
            movement: instruct.movement,
            class: instruct.class,
            quantity: instruct.quantity,
            trade_date: instruct.trade_date,
            settlement_date: instruct.settlement_date,
            delivering_party: instruct.delivering_party,
            receiving_party: instruct.receiving_party,
            account: instruct.account,
            payment,
            common: instruct.common,
            entered: *self.time,
            state: State::Unmatched,
            cancellation_requested: false,
            next: NONE,
            prev: NONE,
        };
        let key = self.match_key(&instruction);
        let counterpart = self.counterpart(key, &instruction)?;
        // Past this line the command succeeds.
        let at = u32::try_from(self.instructions.push(instruction)).unwrap_or(NONE - 1);
        let id = InstructionId(at);
        self.use_reference(digest, at);
        effects.identity(IdentityEffect::Instructed { instruction: id });
        let Some(other) = counterpart else {
            self.wait_unmatched(key, id);
            return Ok(());
        };
        self.leave_unmatched(key, other);
        let (deliver, receive) = match instruct.movement {
            Movement::Deliver => (id, other),
            Movement::Receive => (other, id),
        };
        effects.identity(IdentityEffect::Matched { deliver, receive });
        let counterparty = self.get(other).owner;
        self.touch(counterparty, effects);
        self.touch_issuer(issuer, effects);
        if let Err(refusal) = self.settle(signer.place, deliver, receive, effects) {
            self.pend(deliver, receive, refusal.rejection, effects);
        }
        Ok(())
    }

    /// Checks the accounts of the signer's side; returns cash account, asset and minor units.
    fn own_side(
        &self,
        signer: &Signer,
        instruct: &Instruct,
    ) -> Result<Option<(crate::handle::CashAccountId, AssetId, u128)>, Refusal> {
        let party = match instruct.movement {
            Movement::Deliver => instruct.delivering_party,
            Movement::Receive => instruct.receiving_party,
        };
        for party in [instruct.delivering_party, instruct.receiving_party] {
            self.register.party(party).ok_or(Rule::PartyUnknown)?;
        }
        match instruct.account {
            Some(account) => {
                let account = self.register.account(account).ok_or(Rule::AccountUnknown)?;
                signer.is(account.operator)?;
                if account.holder != Holder::Party(party) {
                    return Err(Rejection::AccountMismatch.into());
                }
            }
            // Primary issuance: the issuer itself delivers, and its registrar signs.
            None => {
                let issuer = self.issuer_of(instruct.class)?;
                let issuer = self.register.issuer(issuer).ok_or(Rule::IssuerUnknown)?;
                signer.is(issuer.registrar)?;
                if issuer.party != party {
                    return Err(Rejection::AccountMismatch.into());
                }
            }
        }
        let Some((account, amount)) = &instruct.payment else { return Ok(None) };
        let cash = self.cash_account(*account).ok_or(Rejection::CashAccountUnknown)?;
        // Who receives money needs no mandate over the account that receives it.
        if instruct.movement == Movement::Receive {
            signer.is(cash.operator)?;
        }
        if cash.party != party {
            return Err(Rejection::AccountMismatch.into());
        }
        let asset = self.asset(cash.asset).ok_or(Rejection::AssetUnknown)?;
        Ok(Some((*account, cash.asset, minor_units(amount, asset.currency)?)))
    }

    fn get(&self, id: InstructionId) -> &Instruction {
        self.instructions.get(id.index()).expect("handles of instructions are dense")
    }

    fn get_mut(&mut self, id: InstructionId) -> &mut Instruction {
        self.instructions.get_mut(id.index()).expect("handles of instructions are dense")
    }

    /// A digest of the mandatory matching fields but the amount, which has a tolerance.
    fn match_key(&self, instruction: &Instruction) -> u128 {
        let mut bytes = Vec::with_capacity(64);
        bytes.put(&self.reference_key);
        bytes.put_u32(instruction.class.0);
        bytes.put_quantity(instruction.quantity);
        bytes.put_date(instruction.trade_date);
        bytes.put_date(instruction.settlement_date);
        bytes.put_u32(instruction.delivering_party.0);
        bytes.put_u32(instruction.receiving_party.0);
        bytes.put_u32(instruction.payment.map_or(NONE, |(_, asset, _)| asset.0));
        let digest = sha256(&[&bytes]).0;
        u128::from_be_bytes(digest[..16].try_into().expect("half of a hash"))
    }

    /// The best unmatched counterpart: smallest difference in amount, then nearest entry time,
    /// which among those that wait is the latest, then the first in sequence.
    fn counterpart(
        &self,
        key: u128,
        instruction: &Instruction,
    ) -> Result<Option<InstructionId>, Refusal> {
        let mut best: Option<(u128, std::cmp::Reverse<u64>, u32)> = None;
        let mut at = self.unmatched.get(key).unwrap_or(NONE);
        let mut seen = 0;
        while let Some(other) = self.instructions.get(at as usize) {
            if other.movement != instruction.movement
                && agree(instruction.common, other.common)
                && instruction.account != other.account
                && let Some(difference) = self.difference(instruction, other)
            {
                let candidate = (difference, std::cmp::Reverse(other.entered.0), at);
                if best.is_none_or(|best| candidate < best) {
                    best = Some(candidate);
                }
            }
            at = other.next;
            seen += 1;
        }
        if best.is_none() && seen >= ALIKE_UNMATCHED {
            return Err(Rejection::TooManyAlike.into());
        }
        Ok(best.map(|(_, _, at)| InstructionId(at)))
    }

    /// The difference of the amounts, if it lies within the tolerance.
    fn difference(&self, one: &Instruction, other: &Instruction) -> Option<u128> {
        let (Some((_, asset, own)), Some((_, _, theirs))) = (one.payment, other.payment) else {
            return Some(0);
        };
        let deliverers = if one.movement == Movement::Deliver { own } else { theirs };
        let difference = own.abs_diff(theirs);
        let currency = self.asset(asset)?.currency;
        (difference <= amount_tolerance(currency, deliverers)).then_some(difference)
    }

    fn wait_unmatched(&mut self, key: u128, id: InstructionId) {
        let first = self.unmatched.get(key).unwrap_or(NONE);
        self.get_mut(id).next = first;
        if first != NONE {
            self.get_mut(InstructionId(first)).prev = id.0;
        }
        self.unmatched.insert(key, id.0);
    }

    fn leave_unmatched(&mut self, key: u128, id: InstructionId) {
        let (prev, next) = self.unlink(id);
        if prev == NONE {
            match next {
                NONE => drop(self.unmatched.remove(key)),
                next => self.unmatched.insert(key, next),
            }
        }
    }

    /// Takes an instruction out of the list that it is in; returns its neighbours.
    fn unlink(&mut self, id: InstructionId) -> (u32, u32) {
        let instruction = self.get_mut(id);
        let (prev, next) = (instruction.prev, instruction.next);
        (instruction.prev, instruction.next) = (NONE, NONE);
        if prev != NONE {
            self.get_mut(InstructionId(prev)).next = next;
        }
        if next != NONE {
            self.get_mut(InstructionId(next)).prev = prev;
        }
        (prev, next)
    }

    /// Posts both legs of a matched pair, or says what is missing. This is the one place where a
    /// settlement happens: SF3, final.
    fn settle(
        &mut self,
        place: Place,
        deliver: InstructionId,
        receive: InstructionId,
        effects: &mut Effects,
    ) -> Result<(), Refusal> {
        let Posting { event, payment } = self.posting(place, deliver, receive)?;
        // Past this line the settlement succeeds: both legs, or neither.
        self.register.apply(&event);
        effects.register(&event);
        if let Some((from, to, asset, minor)) = payment {
            self.pay(from, to, asset, minor, effects);
        }
        self.get_mut(deliver).state = State::Settled { with: receive };
        self.get_mut(receive).state = State::Settled { with: deliver };
        effects.identity(IdentityEffect::Settled { deliver, receive });
        Ok(())
    }

    /// What settling a pair would post, after every check.
    fn posting(
        &self,
        place: Place,
        deliver: InstructionId,
        receive: InstructionId,
    ) -> Result<Posting, Refusal> {
        let (giver, taker) = (self.get(deliver), self.get(receive));
        let today = self.time.date();
        if today < giver.settlement_date {
            return Err(Rejection::DatesInvalid.into());
        }
        self.open_register(self.issuer_of(giver.class)?)?;
        let to = taker.account.ok_or(Rule::AccountUnknown)?;
        let mut event = Event::default();
        match giver.account {
            Some(from) => {
                let transfer = Transfer {
                    class: giver.class,
                    from,
                    to: Some(to),
                    quantity: giver.quantity,
                    certificates: &[],
                };
                self.register.plan_movement(&mut event, place, today, &transfer)?;
            }
            None => {
                let certificate = Opened {
                    class: giver.class,
                    account: to,
                    quantity: giver.quantity,
                    ..Opened::default()
                };
                self.register.plan_issuance(&mut event, place, today, certificate)?;
            }
        }
        let payment = match (giver.payment, taker.payment) {
            (Some((to, asset, minor)), Some((from, _, _))) => {
                self.covered(from, minor)?;
                let currency = self.asset(asset).ok_or(Rejection::AssetUnknown)?.currency;
                let money = Money::from_minor(minor, currency);
                event.consideration = money.map(|money| Consideration { money, settled: true });
                Some((from, to, asset, minor))
            }
            _ => None,
        };
        self.register.check(&event)?;
        Ok(Posting { event, payment })
    }

    fn pend(
        &mut self,
        deliver: InstructionId,
        receive: InstructionId,
        rejection: Rejection,
        effects: &mut Effects,
    ) {
        let reason = pending_reason(rejection);
        self.get_mut(deliver).state = State::Matched { with: receive, reason };
        self.get_mut(receive).state = State::Matched { with: deliver, reason };
        self.queue(deliver);
        effects.identity(IdentityEffect::Pending { deliver, receive, reason });
    }

    fn queue(&mut self, id: InstructionId) {
        let (first, last) = *self.pending;
        if last == NONE {
            self.pending.set((id.0, id.0));
            return;
        }
        self.get_mut(InstructionId(last)).next = id.0;
        self.get_mut(id).prev = last;
        self.pending.set((first, id.0));
    }

    fn leave_queue(&mut self, id: InstructionId) {
        let (first, last) = *self.pending;
        let (prev, next) = self.unlink(id);
        let first = if first == id.0 { next } else { first };
        let last = if last == id.0 { prev } else { last };
        self.pending.set((first, last));
    }

    /// Whether a tick could settle something.
    pub fn has_pending(&self) -> bool {
        self.pending.0 != NONE
    }

    /// Attempts the pairs that pend, in turn, a bounded number of them a tick.
    pub(super) fn attempt_pending(&mut self, position: Position) -> Vec<Done> {
        let mut done = Vec::new();
        let mut last = NONE;
        for _ in 0..ATTEMPTS_PER_TICK {
            let deliver = InstructionId(self.pending.0);
            // Those that were attempted stand behind the first of them; one round is enough.
            if deliver.0 == NONE || deliver.0 == last {
                break;
            }
            let State::Matched { with: receive, .. } = self.get(deliver).state else { break };
            let record = position.first_record.saturating_add(done.len() as u64);
            let mut effects = Effects::default();
            self.leave_queue(deliver);
            match self.settle(Place { record, opened: 0 }, deliver, receive, &mut effects) {
                Ok(()) => {
                    let (giver, taker) = (self.get(deliver), self.get(receive));
                    let (one, other, class) = (giver.owner, taker.owner, giver.class);
                    self.touch(one, &mut effects);
                    self.touch(other, &mut effects);
                    if let Ok(issuer) = self.issuer_of(class) {
                        self.touch_issuer(issuer, &mut effects);
                    }
                    done.push(Done { outcome: Ok(()), effects });
                }
                Err(refusal) => {
                    let reason = pending_reason(refusal.rejection);
                    self.get_mut(deliver).state = State::Matched { with: receive, reason };
                    self.get_mut(receive).state = State::Matched { with: deliver, reason };
                    self.queue(deliver);
                    if last == NONE {
                        last = deliver.0;
                    }
                }
            }
        }
        done
    }

    pub(super) fn cancel(
        &mut self,
        signer: &Signer,
        reference: Reference,
        effects: &mut Effects,
    ) -> Handled {
        let id = self.instruction_of(signer.party, reference);
        let id = id.ok_or(Rejection::InstructionUnknown)?;
        let instruction = self.get(id);
        let with = match instruction.state {
            State::Settled { .. } | State::Cancelled => {
                return Err(Rejection::InstructionEnded.into());
            }
            State::Unmatched => None,
            State::Matched { .. } if instruction.cancellation_requested => {
                return Err(Rejection::CancellationRequested.into());
            }
            State::Matched { with, .. } => Some(with),
        };
        // Past this line the command succeeds.
        let Some(other) = with else {
            let key = self.match_key(self.get(id));
            self.leave_unmatched(key, id);
            self.get_mut(id).state = State::Cancelled;
            effects.identity(IdentityEffect::Cancelled { instruction: id });
            return Ok(());
        };
        self.get_mut(id).cancellation_requested = true;
        let counterparty = self.get(other).owner;
        self.touch(counterparty, effects);
        effects.identity(IdentityEffect::CancellationRequested { instruction: id });
        if !self.get(other).cancellation_requested {
            return Ok(());
        }
        let deliver = if self.get(id).movement == Movement::Deliver { id } else { other };
        self.leave_queue(deliver);
        for ended in [id, other] {
            self.get_mut(ended).state = State::Cancelled;
            effects.identity(IdentityEffect::Cancelled { instruction: ended });
        }
        Ok(())
    }

    /// The key under which an unmatched instruction waits, for the audit and for snapshots.
    pub(super) fn waits_under(&self, id: InstructionId) -> u128 {
        self.match_key(self.get(id))
    }
}

/// Why a pair pends, as a number: zero where only its date is not reached.
fn pending_reason(rejection: Rejection) -> u16 {
    if rejection == Rejection::DatesInvalid { 0 } else { rejection.number() }
}

/// Optional matching fields: blank goes with anything, two filled ones must be equal.
fn agree(one: Reference, other: Reference) -> bool {
    one.is_empty() || other.is_empty() || one == other
}
