//! From a submission to what each of its commands did.

use counterfoil_registry::event::Event;
use counterfoil_registry::handle::PartyId;
use counterfoil_registry::register::Place;
use counterfoil_registry::store::Scoped;

use super::{Admission, FEATURE_LEVEL, Ledger, ReplayedAt};
use crate::command::{Command, Roles};
use crate::effects::{CashEffect, IdentityEffect, PartyEffect};
use crate::handle::{AssetId, CashAccountId};
use crate::rejection::Rejection;
use crate::submission::{Mode, Submission};
use crate::time::Timestamp;

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
    pub(super) fn subject(&mut self, ordinal: u32) {
        if !self.subjects.contains(&ordinal) {
            self.subjects.push(ordinal);
        }
    }

    pub(super) fn register(&mut self, event: &Event) {
        event.encode(section(&mut self.sections[0]));
    }

    pub(super) fn cash(&mut self, effect: CashEffect) {
        effect.encode(section(&mut self.sections[1]));
    }

    /// A posting, with its account where only those concerned see it.
    pub(super) fn post(&mut self, account: CashAccountId, asset: AssetId, amount: i128) {
        let line = self.lines;
        self.lines += 1;
        self.cash(CashEffect::Posted { line, asset, amount });
        self.identity(IdentityEffect::PostingAccount { line, account });
    }

    pub(super) fn party(&mut self, effect: PartyEffect) {
        effect.encode(section(&mut self.sections[2]));
    }

    pub(super) fn identity(&mut self, effect: IdentityEffect) {
        effect.encode(section(&mut self.sections[3]));
    }
}

/// A section to be written: what most settlements need at once, so that it seldom grows.
fn section(bytes: &mut Vec<u8>) -> &mut Vec<u8> {
    if bytes.is_empty() {
        bytes.reserve(256);
    }
    bytes
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
pub(super) struct Signer {
    /// Index of the participant.
    pub(super) participant: u32,
    pub(super) party: PartyId,
    pub(super) roles: Roles,
    pub(super) place: Place,
}

impl Signer {
    pub(super) fn needs(&self, roles: Roles) -> Result<(), Rejection> {
        if self.roles.any(roles) { Ok(()) } else { Err(Rejection::NotAuthorized) }
    }

    pub(super) fn is(&self, party: PartyId) -> Result<(), Rejection> {
        if self.party == party { Ok(()) } else { Err(Rejection::NotAuthorized) }
    }
}

/// What a handler returns.
pub(super) type Handled = Result<(), Refusal>;

impl Ledger {
    /// Executes a submission at a time, which never runs backwards. Replayed submissions change
    /// nothing and return the place of the first execution.
    pub fn apply(
        &mut self,
        at: Timestamp,
        position: Position,
        submission: &Submission,
    ) -> Result<Vec<Done>, ReplayedAt> {
        self.advance(at);
        let participant = match self.admit(at, submission) {
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
        let key = (submission.header.key, false);
        let participant = self.participant(submission.header.participant);
        // Only a valid signature of a key in force lets anyone write into a participant's chain.
        let own = participant.filter(|own| submission.signed && own.keys.contains(&key));
        let subject = own.map_or(0, |own| own.ordinal);
        let effects = Effects { subjects: vec![subject], ..Effects::default() };
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
            RecordTransaction { issuer, objects } => {
                self.record_transaction(signer, *issuer, objects, effects)
            }
            SetRepurchasePolicy { class, treasury } => {
                self.set_repurchase_policy(signer, *class, *treasury, effects)
            }
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
}
