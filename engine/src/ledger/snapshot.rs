//! The ledger as canonical bytes, for snapshots and for the digest of the state.

use std::sync::Arc;

use counterfoil_registry::codec::{CodecError, Reader, Writer};
use counterfoil_registry::handle::{AccountId, ClassId, IssuerId, PartyId};
use counterfoil_registry::register::Register;
use counterfoil_registry::register::snapshot::{decode_all, encode_all};
use counterfoil_registry::store::{Cell, Index};
use prost::Message as _;

use super::cash::asset_key;
use super::{
    Asset, CashAccount, Chunk, Instruction, Ledger, NONE, Participant, Remembered, ReplayedAt,
    State, Waiting, put_message,
};
use crate::command::{Movement, Reference, Roles};
use crate::genesis::{Genesis, Secret};
use crate::handle::{AssetId, CashAccountId, InstructionId};
use crate::hash::Hash;
use crate::key::PublicKey;
use crate::time::Timestamp;
use crate::wire::v1;

impl Ledger {
    /// Writes the canonical bytes: the same state gives the same bytes, whatever the seed.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.put(&self.id.0);
        out.put_u64(self.time.0);
        out.put_u32(*self.feature_level);
        out.put_u32(*self.next_ordinal);
        self.register.encode(out);
        encode_all(out, &self.participants, encode_participant);
        encode_all(out, &self.issuer_ordinals, |out, ordinal: &u32| out.put_u32(*ordinal));
        encode_all(out, &self.assets, |out, asset: &Asset| {
            out.put(&asset.currency.bytes());
            out.put_u32(asset.bank.0);
            out.put_u128(asset.issued);
        });
        encode_all(out, &self.cash_accounts, |out, account: &CashAccount| {
            out.put_u32(account.party.0);
            out.put_u32(account.asset.0);
            out.put_u32(account.operator.0);
            out.put_u128(account.balance);
        });
        encode_all(out, &self.instructions, encode_instruction);
        encode_all(out, &self.references, |out, (digest, instruction): &(u128, u32)| {
            out.put_u128(*digest);
            out.put_u32(*instruction);
        });
        out.put_u32(self.pending.0);
        out.put_u32(self.pending.1);
        encode_all(out, &self.waiting, |out, waiting: &Waiting| {
            out.put(&waiting.command.0);
            out.put_u32(waiting.signer.0);
            out.put_bool(waiting.done);
        });
        encode_all(out, &self.chunks, |out, chunk: &Chunk| {
            let items = v1::ImportRegister { issuer: String::new(), items: chunk.items.to_vec() };
            out.put_u32(chunk.issuer.0);
            put_message(out, &items);
        });
        encode_all(out, &self.remembered, |out, entry: &Remembered| {
            out.put_u128(entry.id);
            out.put_u32(entry.participant);
            out.put(&entry.digest.0);
            out.put_u64(entry.valid_until.0);
            out.put_u64(entry.at.height);
            out.put_u64(entry.at.first_record);
            out.put_u32(entry.at.records);
            out.put_u32(entry.next);
        });
        for (first, last) in *self.queues {
            out.put_u32(first);
            out.put_u32(last);
        }
        out.put_u32(*self.free_remembered);
    }

    /// Reads the canonical bytes of the ledger of `genesis`. Whether the state is sound is for
    /// [`Ledger::audit`] to say.
    pub fn decode(
        from: &mut Reader<'_>,
        genesis: &Genesis,
        secret: &Secret,
        seed: u64,
    ) -> Result<Ledger, CodecError> {
        let mut ledger = Ledger::empty(genesis, secret, seed);
        if Hash(from.array()?) != ledger.id {
            return Err(from.invalid());
        }
        ledger.time = Cell::new(Timestamp(from.u64()?));
        ledger.feature_level = Cell::new(from.u32()?);
        ledger.next_ordinal = Cell::new(from.u32()?);
        ledger.register = Register::decode(from, seed)?;
        for participant in from.list(decode_participant)? {
            ledger.add_participant(participant);
        }
        ledger.issuer_ordinals = decode_all(from, |from| from.u32())?;
        ledger.assets = decode_all(from, |from| {
            Ok(Asset {
                currency: from.currency()?,
                bank: PartyId(from.u32()?),
                issued: from.u128()?,
            })
        })?;
        ledger.cash_accounts = decode_all(from, |from| {
            Ok(CashAccount {
                party: PartyId(from.u32()?),
                asset: AssetId(from.u32()?),
                operator: PartyId(from.u32()?),
                balance: from.u128()?,
            })
        })?;
        ledger.instructions = decode_all(from, decode_instruction)?;
        ledger.references = decode_all(from, |from| Ok((from.u128()?, from.u32()?)))?;
        ledger.pending = Cell::new((from.u32()?, from.u32()?));
        ledger.waiting = decode_all(from, |from| {
            Ok(Waiting {
                command: Hash(from.array()?),
                signer: PartyId(from.u32()?),
                done: from.bool()?,
            })
        })?;
        ledger.chunks = decode_all(from, |from| {
            let issuer = IssuerId(from.u32()?);
            let items = v1::ImportRegister::decode(from.bytes()?).map_err(|_| from.invalid())?;
            Ok(Chunk { issuer, items: Arc::new(items.items) })
        })?;
        ledger.remembered = decode_all(from, |from| {
            Ok(Remembered {
                id: from.u128()?,
                participant: from.u32()?,
                digest: Hash(from.array()?),
                valid_until: Timestamp(from.u64()?),
                at: ReplayedAt {
                    height: from.u64()?,
                    first_record: from.u64()?,
                    records: from.u32()?,
                },
                next: from.u32()?,
            })
        })?;
        ledger.queues = Cell::new([(from.u32()?, from.u32()?), (from.u32()?, from.u32()?)]);
        ledger.free_remembered = Cell::new(from.u32()?);
        ledger.index();
        Ok(ledger)
    }

    /// Builds the indexes, which no snapshot holds: their order is that of this process.
    fn index(&mut self) {
        let dense = |at: usize| u32::try_from(at).unwrap_or(NONE - 1);
        for (at, asset) in self.assets.iter().enumerate() {
            self.asset_of.insert(asset_key(asset.currency, asset.bank), dense(at));
        }
        for (at, (digest, _)) in self.references.iter().enumerate() {
            self.reference_of.insert(*digest, dense(at));
        }
        let first = |instruction: &Instruction| {
            instruction.state == State::Unmatched && instruction.prev == NONE
        };
        let firsts: Vec<InstructionId> = self
            .instructions()
            .filter(|(_, instruction)| first(instruction))
            .map(|(id, _)| id)
            .collect();
        for id in firsts {
            self.unmatched.insert(self.waits_under(id), id.0);
        }
        for (at, waiting) in self.waiting.iter().enumerate().filter(|(_, w)| !w.done) {
            let key = waiting.command.0[..16].try_into().expect("half of a hash");
            self.waiting_of.insert(u128::from_be_bytes(key), dense(at));
        }
        let mut live: Index<u128> = self.remembered_of.clone();
        for first in self.queues.iter().map(|queue| queue.0) {
            let mut at = first;
            while let Some(entry) = self.remembered.get(at as usize)
                && live.len() < self.remembered.len()
            {
                live.insert(entry.id, at);
                at = entry.next;
            }
        }
        self.remembered_of = live;
    }
}

fn encode_participant(out: &mut Vec<u8>, participant: &Participant) {
    out.put_u32(participant.party.0);
    out.put_u32(participant.ordinal);
    out.put_u16(participant.roles.0);
    out.put_count(participant.keys.len());
    for (key, revoked) in &participant.keys {
        out.put(&key.0);
        out.put_bool(*revoked);
    }
    out.put_u32(participant.live_submissions);
}

fn decode_participant(from: &mut Reader<'_>) -> Result<Participant, CodecError> {
    Ok(Participant {
        party: PartyId(from.u32()?),
        ordinal: from.u32()?,
        roles: Roles(from.u16()?),
        keys: from.list(|from| Ok((PublicKey(from.array()?), from.bool()?)))?,
        live_submissions: from.u32()?,
    })
}

fn encode_instruction(out: &mut Vec<u8>, instruction: &Instruction) {
    out.put_u32(instruction.owner.0);
    out.put_text(instruction.reference.as_str());
    out.put_bool(instruction.movement == Movement::Receive);
    out.put_u32(instruction.class.0);
    out.put_quantity(instruction.quantity);
    out.put_date(instruction.trade_date);
    out.put_date(instruction.settlement_date);
    out.put_u32(instruction.delivering_party.0);
    out.put_u32(instruction.receiving_party.0);
    out.put_option(instruction.account, |out, account| out.put_u32(account.0));
    out.put_option(instruction.payment, |out, (account, asset, minor)| {
        out.put_u32(account.0);
        out.put_u32(asset.0);
        out.put_u128(minor);
    });
    out.put_text(instruction.common.as_str());
    out.put_u64(instruction.entered.0);
    match instruction.state {
        State::Unmatched => out.put_u8(0),
        State::Matched { with, reason } => {
            out.put_u8(1);
            out.put_u32(with.0);
            out.put_u16(reason);
        }
        State::Settled { with } => {
            out.put_u8(2);
            out.put_u32(with.0);
        }
        State::Cancelled => out.put_u8(3),
    }
    out.put_bool(instruction.cancellation_requested);
    out.put_u32(instruction.next);
    out.put_u32(instruction.prev);
}

fn decode_instruction(from: &mut Reader<'_>) -> Result<Instruction, CodecError> {
    Ok(Instruction {
        owner: PartyId(from.u32()?),
        reference: decode_reference(from)?,
        movement: if from.bool()? { Movement::Receive } else { Movement::Deliver },
        class: ClassId(from.u32()?),
        quantity: from.quantity()?,
        trade_date: from.date()?,
        settlement_date: from.date()?,
        delivering_party: PartyId(from.u32()?),
        receiving_party: PartyId(from.u32()?),
        account: from.option(|from| from.u32().map(AccountId))?,
        payment: from
            .option(|from| Ok((CashAccountId(from.u32()?), AssetId(from.u32()?), from.u128()?)))?,
        common: decode_reference(from)?,
        entered: Timestamp(from.u64()?),
        state: match from.u8()? {
            0 => State::Unmatched,
            1 => State::Matched { with: InstructionId(from.u32()?), reason: from.u16()? },
            2 => State::Settled { with: InstructionId(from.u32()?) },
            3 => State::Cancelled,
            _ => return Err(from.invalid()),
        },
        cancellation_requested: from.bool()?,
        next: from.u32()?,
        prev: from.u32()?,
    })
}

fn decode_reference(from: &mut Reader<'_>) -> Result<Reference, CodecError> {
    match from.text()? {
        "" => Ok(Reference::default()),
        text => Reference::parse(text).ok_or(from.invalid()),
    }
}
