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

use std::sync::Arc;

use counterfoil_registry::amount::{Currency, Quantity};
use counterfoil_registry::codec::Writer;
use counterfoil_registry::date::Date;
use counterfoil_registry::event::Event;
use counterfoil_registry::handle::{AccountId, ClassId, IssuerId, PartyId};
use counterfoil_registry::register::{Party, Place, Register};
use counterfoil_registry::scoped;
use counterfoil_registry::store::{Cell, Index, Paged, Scoped};

use crate::command::{Command, Movement, Reference, Roles};
use crate::effects::{CashEffect, IdentityEffect, PartyEffect};
use crate::genesis::{Genesis, Secret};
use crate::handle::{AssetId, CashAccountId, InstructionId};
use crate::hash::{Hash, sha256};
use crate::key::PublicKey;
use crate::rejection::Rejection;
use crate::submission::{Mode, Submission};
use crate::time::Timestamp;
use crate::wire::v1;

mod admit;
mod audit;
mod cash;
mod draft;
mod people;
mod settle;
mod snapshot;
mod stock;

pub use admit::{Admission, ReplayedAt};

/// The newest feature level that this release executes.
pub const FEATURE_LEVEL: u32 = 1;
/// The end of a list in memory.
const NONE: u32 = u32::MAX;
/// The operator of the ledger, whose keys the genesis names.
pub const OPERATOR: PartyId = PartyId(0);

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
    live_submissions: u32,
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
    next: u32,
    prev: u32,
}

/// A joint command that waits for its second signature.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Waiting {
    command: Hash,
    signer: PartyId,
    done: bool,
}

/// Items of a draft register, as they were sent.
#[derive(Clone, PartialEq, Debug, Default)]
struct Chunk {
    issuer: IssuerId,
    items: Arc<Vec<v1::ImportItem>>,
}

/// A submission id that is remembered.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Remembered {
    id: u128,
    participant: u32,
    digest: Hash,
    valid_until: Timestamp,
    at: ReplayedAt,
    next: u32,
}

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

/// Why a command was refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// The rule that it broke.
    pub rejection: Rejection,
    /// The figures: which account, how much. Empty where the rule says it all.
    pub detail: String,
}

impl<R: Into<Rejection>> From<R> for Refusal {
    fn from(rejection: R) -> Refusal {
        Refusal { rejection: rejection.into(), detail: String::new() }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.rejection.sentence())?;
        if self.detail.is_empty() { Ok(()) } else { write!(f, " ({})", self.detail) }
    }
}

/// What one command did: the contents of the sections of its record, and whose chains it belongs to.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Effects {
    /// Ordinals of the subjects.
    pub subjects: Vec<u32>,
    /// Contents of the sections register, cash, parties, identities.
    pub sections: [Vec<u8>; 4],
    lines: u16,
}

impl Effects {
    fn subject(&mut self, ordinal: u32) {
        if !self.subjects.contains(&ordinal) {
            self.subjects.push(ordinal);
        }
    }

    fn register(&mut self, event: &Event) {
        event.encode(&mut self.sections[0]);
    }

    fn cash(&mut self, effect: CashEffect) {
        effect.encode(&mut self.sections[1]);
    }

    /// A posting, with its account where only those concerned see it.
    fn post(&mut self, account: CashAccountId, asset: AssetId, amount: i128) {
        let line = self.lines;
        self.lines += 1;
        self.cash(CashEffect::Posted { line, asset, amount });
        self.identity(IdentityEffect::PostingAccount { line, account });
    }

    fn party(&mut self, effect: PartyEffect) {
        effect.encode(&mut self.sections[2]);
    }

    fn identity(&mut self, effect: IdentityEffect) {
        effect.encode(&mut self.sections[3]);
    }
}

/// What came of one command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Done {
    /// Accepted, or why not.
    pub outcome: Result<(), Refusal>,
    /// What it did; a refused one belongs to its signer's chain and did nothing.
    pub effects: Effects,
}

/// Where and when an entry is executed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Position {
    /// Height of the block.
    pub height: u64,
    /// Index in the tree of the block's first record.
    pub first_record: u64,
}

/// Who signs a command, and where its record will be.
#[derive(Clone, Copy)]
struct Signer {
    /// Index of the participant.
    participant: u32,
    party: PartyId,
    roles: Roles,
    place: Place,
}

impl Signer {
    fn needs(&self, roles: Roles) -> Result<(), Rejection> {
        if self.roles.any(roles) { Ok(()) } else { Err(Rejection::NotAuthorized) }
    }

    fn is(&self, party: PartyId) -> Result<(), Rejection> {
        if self.party == party { Ok(()) } else { Err(Rejection::NotAuthorized) }
    }
}

/// What a handler returns.
type Handled = Result<(), Refusal>;

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

    /// Executes a submission at a time, which never runs backwards. Replayed submissions change
    /// nothing and return the place of the first execution.
    pub fn apply(
        &mut self,
        at: Timestamp,
        position: Position,
        submission: &Submission,
    ) -> Result<Vec<Done>, ReplayedAt> {
        self.advance(at);
        let participant = match self.admit(submission) {
            Ok(Admission::Replayed(at)) => return Err(at),
            Ok(Admission::Fresh(participant)) => participant,
            Err(refusal) => return Ok(self.refuse_all(submission, refusal)),
        };
        self.remember(participant, submission, position);
        Ok(match submission.header.mode {
            Mode::Independent => {
                let items = submission.items.iter().enumerate();
                items.map(|(at, _)| self.execute(participant, position, submission, at)).collect()
            }
            Mode::Atomic => self.execute_group(participant, position, submission),
        })
    }

    /// Executes what is due by itself: attempts at pending instructions whose date is reached.
    /// Attempts that fail leave no trace.
    pub fn tick(&mut self, at: Timestamp, position: Position) -> Vec<Done> {
        self.advance(at);
        self.attempt_pending(position)
    }

    /// Moves ledger time on, never back, and forgets the submission ids that expired.
    fn advance(&mut self, at: Timestamp) {
        let now = (*self.time).max(at);
        self.time.set(now);
        self.forget(now);
    }

    fn execute_group(
        &mut self,
        participant: u32,
        position: Position,
        submission: &Submission,
    ) -> Vec<Done> {
        let mut done = Vec::with_capacity(submission.items.len());
        self.begin();
        for at in 0..submission.items.len() {
            let one = self.execute(participant, position, submission, at);
            let refused = one.outcome.is_err();
            done.push(one);
            if refused {
                self.rollback();
                return self.refuse_group(participant, submission, done);
            }
        }
        self.commit();
        done
    }

    /// The commands of an atomic group of which the last in `done` was refused.
    fn refuse_group(
        &self,
        participant: u32,
        submission: &Submission,
        mut done: Vec<Done>,
    ) -> Vec<Done> {
        let culprit = done.pop().expect("the refused command was pushed");
        let at = done.len();
        let other = || Done {
            outcome: Err(Refusal {
                rejection: Rejection::GroupRefused,
                detail: format!("command {at}"),
            }),
            effects: self.own_effects(participant),
        };
        let mut all: Vec<Done> = (0..submission.items.len()).map(|_| other()).collect();
        all[at] = culprit;
        all
    }

    fn refuse_all(&self, submission: &Submission, refusal: Refusal) -> Vec<Done> {
        let known = self.participant_of.get(u64::from(submission.header.participant.0));
        // Only a valid signature lets anyone write into a participant's chain.
        let effects = match known.filter(|_| submission.signed) {
            Some(participant) => self.own_effects(participant),
            None => Effects { subjects: vec![0], ..Effects::default() },
        };
        let one = Done { outcome: Err(refusal), effects };
        submission.items.iter().map(|_| one.clone()).collect()
    }

    fn own_effects(&self, participant: u32) -> Effects {
        let ordinal = self.participants.get(participant as usize).map_or(0, |p| p.ordinal);
        Effects { subjects: vec![ordinal], ..Effects::default() }
    }

    fn execute(
        &mut self,
        participant: u32,
        position: Position,
        submission: &Submission,
        at: usize,
    ) -> Done {
        let mut effects = self.own_effects(participant);
        let outcome = match &submission.items[at].command {
            Err(error) => {
                Err(Refusal { rejection: Rejection::Malformed, detail: error.to_string() })
            }
            Ok(command) => {
                let who = self.participants.get(participant as usize);
                let who = who.expect("admitted participants exist");
                let record = position.first_record.saturating_add(at as u64);
                let place = Place { record, opened: 0 };
                let (party, roles) = (who.party, who.roles);
                let signer = Signer { participant, party, roles, place };
                self.dispatch(&signer, command, submission, &mut effects)
            }
        };
        if outcome.is_err() {
            effects = self.own_effects(participant);
        }
        Done { outcome, effects }
    }

    fn dispatch(
        &mut self,
        signer: &Signer,
        command: &Command,
        submission: &Submission,
        effects: &mut Effects,
    ) -> Handled {
        use Command::*;
        match command {
            RegisterParty { legal, details } => {
                self.register_party(signer, *legal, *details, effects)
            }
            AdmitParticipant { party, roles, keys } => {
                self.admit_participant(signer, *party, *roles, keys, effects)
            }
            AddKey { participant, key } => self.add_key(signer, *participant, *key, effects),
            RevokeKey { participant, key } => self.revoke_key(signer, *participant, *key, effects),
            OpenSecuritiesAccount { holder } => {
                self.open_securities_account(signer, *holder, effects)
            }
            CreateCashAsset { currency, bank } => {
                self.create_asset(signer, *currency, *bank, effects)
            }
            OpenCashAccount { party, asset, operator } => {
                self.open_cash_account(signer, *party, *asset, *operator, effects)
            }
            CreditCash { account, amount, reference } => {
                self.credit(signer, *account, amount, *reference, effects)
            }
            RedeemCash { account, amount, reference } => {
                self.redeem(signer, *account, amount, *reference, effects)
            }
            RegisterIssuer { .. } => self.register_issuer(signer, command, effects),
            RegisterStockClass { .. } => self.register_class(signer, command, effects),
            RegisterStakeholder { issuer, source_id } => {
                self.register_stakeholder(signer, *issuer, source_id, effects)
            }
            LinkStakeholder { stakeholder, party, operator, joint } => {
                self.link_stakeholder(signer, *stakeholder, *party, *operator, *joint, effects)
            }
            IssueStock { .. } => self.issue(signer, command, effects),
            TransferStock { .. } => self.transfer(signer, command, effects),
            InstructSettlement(instruct) => self.instruct(signer, instruct, effects),
            CancelInstruction { reference } => self.cancel(signer, *reference, effects),
            ImportRegister { issuer, items } => self.import(signer, *issuer, items, effects),
            ActivateRegister { .. } if submission.header.mode == Mode::Atomic => {
                // An activation is itself all or nothing, in a scope that cannot nest.
                let detail = "an activation is sent in the mode 'independent'".to_owned();
                Err(Refusal { rejection: Rejection::Malformed, detail })
            }
            ActivateRegister { .. } => self.activate(signer, command, effects),
            RaiseFeatureLevel { level } => self.raise_feature_level(signer, *level, effects),
        }
    }

    fn raise_feature_level(
        &mut self,
        signer: &Signer,
        level: u32,
        effects: &mut Effects,
    ) -> Handled {
        signer.needs(Roles::OPERATOR)?;
        if level <= *self.feature_level || level > FEATURE_LEVEL {
            return Err(Rejection::FeatureLevel.into());
        }
        // Past this line the command succeeds.
        self.feature_level.set(level);
        effects.subject(0);
        effects.party(PartyEffect::FeatureLevel { level });
        Ok(())
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

/// The canonical bytes of a wire message, for snapshots.
fn put_message(out: &mut Vec<u8>, message: &impl prost::Message) {
    out.put_bytes(&message.encode_to_vec());
}
