//! The ledger: one deterministic state machine that holds participants, cash, instructions and the
//! register of certificates.
//!
//! [`Ledger::apply`] is a pure function of the state, the time and a submission: no clock, no
//! randomness, no hash order can be reached from it, and no input makes it panic. Each handler has
//! the same paragraphs: shape of the input (done by [`crate::command`]), checks of the state in the
//! order of [`Rejection`], the line `// Past this line the command succeeds.`, and the changes with
//! their effects.
//!
//! Where to look: `admit` (who may submit), `people` (parties, keys, accounts), `cash`, `stock` (the
//! register's commands), `draft` (imports), `settle` (instructions: **a settlement happens in
//! `settle::Ledger::settle`**), `audit` (the conservation laws).

use counterfoil_registry::codec::Writer;
use counterfoil_registry::handle::{IssuerId, PartyId};
use counterfoil_registry::register::{Party, Register};
use counterfoil_registry::scoped;
use counterfoil_registry::store::{Cell, Index, Paged};

use crate::command::{Reference, Roles};
use crate::effects::IdentityEffect;
use crate::genesis::{Genesis, Secret};
use crate::handle::{AssetId, CashAccountId, InstructionId};
use crate::hash::{Hash, sha256};
use crate::rejection::Rejection;
use crate::time::Timestamp;

mod admit;
mod audit;
mod cash;
mod draft;
mod execute;
mod people;
mod settle;
mod snapshot;
mod state;
mod stock;

pub use admit::{Admission, ReplayedAt};
pub use execute::{Done, Effects, Position, Refusal};
pub use state::{Asset, CashAccount, Instruction, Participant, State};

use execute::{Handled, Signer};
use state::{Chunk, Remembered, Waiting};

/// The newest feature level that this release executes.
pub const FEATURE_LEVEL: u32 = 1;
/// The end of a list in memory.
const NONE: u32 = u32::MAX;
/// The operator of the ledger, whose keys the genesis names.
pub const OPERATOR: PartyId = PartyId(0);

/// The state; see the module.
#[derive(Clone, Debug)]
pub struct Ledger {
    id: Hash,
    /// Keys the digests of references, so that nobody can choose where they fall in an index.
    reference_key: [u8; 16],
    time: Cell<Timestamp>,
    feature_level: Cell<u32>,
    next_ordinal: Cell<u32>,
    register: Register,
    participants: Paged<Participant>,
    participant_of: Index<u64>,
    key_of: Index<u128>,
    issuer_ordinals: Paged<u32>,
    assets: Paged<Asset>,
    asset_of: Index<u64>,
    cash_accounts: Paged<CashAccount>,
    instructions: Paged<Instruction>,
    /// Digests of references that participants used, in the order of their use.
    references: Paged<(u128, u32)>,
    reference_of: Index<u128>,
    /// First unmatched instruction of those that are alike but for amount and reference.
    unmatched: Index<u128>,
    /// First and last delivering side of the matched pairs that pend.
    pending: Cell<(u32, u32)>,
    waiting: Paged<Waiting>,
    waiting_of: Index<u128>,
    chunks: Paged<Chunk>,
    remembered: Paged<Remembered>,
    remembered_of: Index<u128>,
    /// First and last of the ids that live for minutes, and of those that live for a day.
    queues: Cell<[(u32, u32); 2]>,
    free_remembered: Cell<u32>,
}

scoped!(Ledger {
    time,
    feature_level,
    next_ordinal,
    register,
    participants,
    participant_of,
    key_of,
    issuer_ordinals,
    assets,
    asset_of,
    cash_accounts,
    instructions,
    references,
    reference_of,
    unmatched,
    pending,
    waiting,
    waiting_of,
    chunks,
    remembered,
    remembered_of,
    queues,
    free_remembered,
});

impl Ledger {
    /// The ledger of a genesis, before its first entry. `seed` orders hash indexes; nothing can
    /// observe it.
    pub fn new(genesis: &Genesis, secret: &Secret, seed: u64) -> Ledger {
        let mut ledger = Ledger::empty(genesis, secret, seed);
        ledger.register.add_party(Party { legal: true, details: [0; 32] });
        let keys = genesis.operator_keys.iter().map(|key| (*key, false)).collect();
        let ordinal = ledger.new_ordinal();
        let roles = Roles::OPERATOR;
        ledger.add_participant(Participant {
            party: OPERATOR,
            ordinal,
            roles,
            keys,
            ..Participant::default()
        });
        ledger
    }

    fn empty(genesis: &Genesis, secret: &Secret, seed: u64) -> Ledger {
        let key = sha256(&[b"counterfoil references\0", &secret.0]).0;
        Ledger {
            id: genesis.ledger_id(),
            reference_key: key[..16].try_into().expect("half of a hash"),
            time: Cell::new(genesis.created),
            feature_level: Cell::new(FEATURE_LEVEL),
            // Ordinal 0 is the ledger itself.
            next_ordinal: Cell::new(1),
            register: Register::new(seed),
            participants: Paged::default(),
            participant_of: Index::new(seed),
            key_of: Index::new(seed),
            issuer_ordinals: Paged::default(),
            assets: Paged::default(),
            asset_of: Index::new(seed),
            cash_accounts: Paged::default(),
            instructions: Paged::default(),
            references: Paged::default(),
            reference_of: Index::new(seed),
            unmatched: Index::new(seed),
            pending: Cell::new((NONE, NONE)),
            waiting: Paged::default(),
            waiting_of: Index::new(seed),
            chunks: Paged::default(),
            remembered: Paged::default(),
            remembered_of: Index::new(seed),
            queues: Cell::new([(NONE, NONE); 2]),
            free_remembered: Cell::new(NONE),
        }
    }

    /// The id of the ledger.
    pub fn id(&self) -> Hash {
        self.id
    }

    /// Ledger time: that of the last entry.
    pub fn time(&self) -> Timestamp {
        *self.time
    }

    /// The feature level in force.
    pub fn feature_level(&self) -> u32 {
        *self.feature_level
    }

    /// How many subjects have a chain of records: the ledger, participants and issuers.
    pub fn subjects(&self) -> u32 {
        *self.next_ordinal
    }

    /// The register.
    pub fn register(&self) -> &Register {
        &self.register
    }

    /// The participant that a party is, if it is one.
    pub fn participant(&self, party: PartyId) -> Option<&Participant> {
        let at = self.participant_of.get(u64::from(party.0))?;
        self.participants.get(at as usize)
    }

    /// Every participant.
    pub fn participants(&self) -> impl Iterator<Item = &Participant> {
        self.participants.iter()
    }

    /// The ordinal of an issuer's chain.
    pub fn issuer_ordinal(&self, issuer: IssuerId) -> Option<u32> {
        self.issuer_ordinals.get(issuer.index()).copied()
    }

    /// The handle of the next cash asset.
    pub fn next_asset(&self) -> AssetId {
        AssetId(dense(self.assets.len()))
    }

    /// The handle of the next cash account.
    pub fn next_cash_account(&self) -> CashAccountId {
        CashAccountId(dense(self.cash_accounts.len()))
    }

    /// The handle of the next instruction.
    pub fn next_instruction(&self) -> InstructionId {
        InstructionId(dense(self.instructions.len()))
    }

    /// The cash asset with this handle.
    pub fn asset(&self, id: AssetId) -> Option<&Asset> {
        self.assets.get(id.index())
    }

    /// Every cash asset with its handle.
    pub fn assets(&self) -> impl Iterator<Item = (AssetId, &Asset)> {
        (0..).map(AssetId).zip(self.assets.iter())
    }

    /// The cash account with this handle.
    pub fn cash_account(&self, id: CashAccountId) -> Option<&CashAccount> {
        self.cash_accounts.get(id.index())
    }

    /// Every cash account with its handle.
    pub fn cash_accounts(&self) -> impl Iterator<Item = (CashAccountId, &CashAccount)> {
        (0..).map(CashAccountId).zip(self.cash_accounts.iter())
    }

    /// The instruction with this handle.
    pub fn instruction(&self, id: InstructionId) -> Option<&Instruction> {
        self.instructions.get(id.index())
    }

    /// Every instruction with its handle, in the order of arrival.
    pub fn instructions(&self) -> impl Iterator<Item = (InstructionId, &Instruction)> {
        (0..).map(InstructionId).zip(self.instructions.iter())
    }

    /// The instruction that `owner` gave this reference.
    pub fn instruction_of(&self, owner: PartyId, reference: Reference) -> Option<InstructionId> {
        let at = self.reference_of.get(self.reference_digest(1, owner, reference))?;
        let (_, instruction) = self.references.get(at as usize)?;
        (*instruction != NONE).then_some(InstructionId(*instruction))
    }

    /// Notes the first signature of a joint command, or takes the second: whether both are there.
    fn joined(
        &mut self,
        signer: &Signer,
        command: Hash,
        effects: &mut Effects,
    ) -> Result<bool, Refusal> {
        let key = u128::from_be_bytes(command.0[..16].try_into().expect("half of a hash"));
        if let Some(at) = self.waiting_of.get(key) {
            let waiting = self.waiting.get(at as usize).expect("indexed");
            return match waiting.signer == signer.party {
                true => Err(Rejection::AlreadySigned.into()),
                false => Ok(true),
            };
        }
        if self.waiting_of.len() >= crate::limits::WAITING_COMMANDS {
            return Err(Rejection::TooManyWaiting.into());
        }
        let waiting = Waiting { command, signer: signer.party, done: false };
        let at = self.waiting.push(waiting);
        self.waiting_of.insert(key, u32::try_from(at).unwrap_or(NONE - 1));
        effects.identity(IdentityEffect::Waiting { command: command.0 });
        Ok(false)
    }

    /// Ends the waiting of a joint command that was executed.
    fn joined_done(&mut self, command: Hash) {
        let key = u128::from_be_bytes(command.0[..16].try_into().expect("half of a hash"));
        if let Some(at) = self.waiting_of.remove(key)
            && let Some(waiting) = self.waiting.get_mut(at as usize)
        {
            waiting.done = true;
        }
    }

    fn new_ordinal(&mut self) -> u32 {
        let ordinal = *self.next_ordinal;
        self.next_ordinal.set(ordinal + 1);
        ordinal
    }

    /// Makes a participant's chain a subject of the record, if the party is one.
    fn touch(&self, party: PartyId, effects: &mut Effects) {
        if let Some(participant) = self.participant(party) {
            effects.subject(participant.ordinal);
        }
    }

    fn touch_issuer(&self, issuer: IssuerId, effects: &mut Effects) {
        if let Some(ordinal) = self.issuer_ordinal(issuer) {
            effects.subject(ordinal);
        }
    }

    /// 128 bits of SHA-256 over a key, the kind, the owner and a reference: one block of SHA-256.
    fn reference_digest(&self, kind: u8, owner: PartyId, reference: Reference) -> u128 {
        let text = reference.as_str().as_bytes();
        let digest = sha256(&[&self.reference_key[..15], &[kind], &owner.0.to_be_bytes(), text]).0;
        u128::from_be_bytes(digest[..16].try_into().expect("half of a hash"))
    }

    /// Uses up a reference of `owner`, for an instruction or for something else.
    fn use_reference(&mut self, digest: u128, instruction: u32) {
        let at = self.references.push((digest, instruction));
        self.reference_of.insert(digest, u32::try_from(at).unwrap_or(NONE - 1));
    }
}

/// The handle of what comes behind so many. Limits keep every arena below `u32::MAX` items.
fn dense(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(NONE)
}

/// The canonical bytes of a wire message, for snapshots.
fn put_message(out: &mut Vec<u8>, message: &impl prost::Message) {
    out.put_bytes(&message.encode_to_vec());
}
