//! What the ledger holds, item by item.

use std::sync::Arc;

use counterfoil_registry::amount::{Currency, Quantity};
use counterfoil_registry::date::Date;
use counterfoil_registry::handle::{AccountId, ClassId, IssuerId, PartyId};

use super::ReplayedAt;
use crate::command::{Movement, Reference, Roles};
use crate::handle::{AssetId, CashAccountId, InstructionId};
use crate::hash::Hash;
use crate::key::PublicKey;
use crate::time::Timestamp;
use crate::wire::v1;

/// A party that may act.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Participant {
    /// The party.
    pub party: PartyId,
    /// The ordinal of its chain of records.
    pub ordinal: u32,
    /// What it may do.
    pub roles: Roles,
    /// Its keys, and whether each was revoked.
    pub keys: Vec<(PublicKey, bool)>,
    pub(super) live_submissions: u32,
}

/// A currency and the bank that owes it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Asset {
    /// The currency.
    pub currency: Currency,
    /// The bank.
    pub bank: PartyId,
    /// What the bank owes, in minor units.
    pub issued: u128,
}

/// One party's money at one bank.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CashAccount {
    /// Whose money.
    pub party: PartyId,
    /// Which money.
    pub asset: AssetId,
    /// Who may instruct payments.
    pub operator: PartyId,
    /// How much, in minor units.
    pub balance: u128,
}

/// How far an instruction has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum State {
    /// No counterpart yet.
    #[default]
    Unmatched,
    /// Matched, and irrevocable by one side; it settles when it can.
    Matched {
        /// The other side.
        with: InstructionId,
        /// The number of the rejection that settling would be; zero: its date is not reached.
        reason: u16,
    },
    /// Posted, irrevocably.
    Settled {
        /// The other side.
        with: InstructionId,
    },
    /// Cancelled.
    Cancelled,
}

/// A settlement instruction.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Instruction {
    /// Who instructed.
    pub owner: PartyId,
    /// The owner's reference.
    pub reference: Reference,
    /// Which way.
    pub movement: Movement,
    /// The class.
    pub class: ClassId,
    /// How many shares.
    pub quantity: Quantity,
    /// When it was traded.
    pub trade_date: Date,
    /// From when on it may settle.
    pub settlement_date: Date,
    /// Who delivers.
    pub delivering_party: PartyId,
    /// Who receives.
    pub receiving_party: PartyId,
    /// The account of the owner's side; none: unissued stock of the issuer.
    pub account: Option<AccountId>,
    /// Cash account, asset and amount in minor units; none: free of payment.
    pub payment: Option<(CashAccountId, AssetId, u128)>,
    /// A reference that both sides agreed on, or empty.
    pub common: Reference,
    /// When it was accepted.
    pub entered: Timestamp,
    /// How far it has come.
    pub state: State,
    /// Whether its owner asks for its cancellation.
    pub cancellation_requested: bool,
    pub(super) next: u32,
    pub(super) prev: u32,
}

/// A joint command that waits for its second signature.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Waiting {
    pub(super) command: Hash,
    pub(super) signer: PartyId,
    pub(super) done: bool,
}

/// Items of a draft register, as they were sent.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Chunk {
    pub(super) issuer: IssuerId,
    pub(super) items: Arc<Vec<v1::ImportItem>>,
}

/// A submission id that is remembered.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Remembered {
    pub(super) id: u128,
    pub(super) participant: u32,
    pub(super) digest: Hash,
    pub(super) valid_until: Timestamp,
    pub(super) at: ReplayedAt,
    pub(super) next: u32,
}
