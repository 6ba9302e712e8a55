//! The desk at which the people of the demo sign: one ledger in this process, and what each
//! submission did.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use counterfoil_engine::effects::{IdentityEffect, PartyEffect, decode_all};
use counterfoil_engine::evidence::bundle::Bundle;
use counterfoil_engine::evidence::bundle::build::{
    Closing, Disclosure, History, HistoryBlock, build,
};
use counterfoil_engine::evidence::heads::Ordinal;
use counterfoil_engine::evidence::note::{self, Checkpoint, KeyKind, Note, VerifierKey};
use counterfoil_engine::evidence::tree::NodeStore;
use counterfoil_engine::genesis::{Genesis, Secret};
use counterfoil_engine::hash::Hash;
use counterfoil_engine::key::PrivateKey;
use counterfoil_engine::ledger::OPERATOR;
use counterfoil_engine::machine::{Block, Machine, Recorded};
use counterfoil_engine::submission::{Author, Mode, Submission};
use counterfoil_engine::time::Timestamp;
use counterfoil_engine::wire::Encoding;
use counterfoil_engine::wire::v1::{self, command::Command};
use counterfoil_registry::event::{Event, decode_events};
use counterfoil_registry::handle::{Holder, IssuerId, PartyId};

use crate::exit::Failure;
use crate::keys::random;

/// The name under which checkpoints are signed.
pub(super) const ORIGIN: &str = "demo.counterfoil.example/ledger";

/// Someone with a key.
#[derive(Clone)]
pub(super) struct Person {
    pub(super) party: PartyId,
    key: PrivateKey,
}

/// A ledger and everything that it did.
pub(super) struct Desk {
    pub(super) genesis: Genesis,
    pub(super) secret: Secret,
    pub(super) machine: Machine,
    pub(super) blocks: Vec<Block>,
    pub(super) operator: Person,
    checkpoint_key: PrivateKey,
    /// Names of holders, which stay outside the ledger.
    names: BTreeMap<Holder, String>,
    sent: u64,
}

impl Desk {
    /// A new ledger with its operator.
    pub(super) fn open() -> Result<Desk, Failure> {
        let secret = Secret(random()?);
        let key = PrivateKey::from_seed(random()?);
        let genesis = Genesis {
            origin: ORIGIN.to_owned(),
            created: now(),
            operator_keys: vec![key.public()],
            secret_hash: secret.hash(),
        };
        let machine = Machine::new(&genesis, &secret, u64::from_be_bytes(eight(random()?)));
        let operator = Person { party: OPERATOR, key };
        Ok(Desk {
            genesis,
            secret,
            machine,
            blocks: Vec::new(),
            operator,
            checkpoint_key: PrivateKey::from_seed(random()?),
            names: BTreeMap::new(),
            sent: 0,
        })
    }

    /// Signs commands for a person and executes them; each must be accepted.
    pub(super) fn send(
        &mut self,
        person: &Person,
        commands: Vec<Command>,
    ) -> Result<&[Recorded], Failure> {
        self.sent += 1;
        let author = Author {
            ledger: self.genesis.ledger_id(),
            participant: person.party,
            key: person.key.clone(),
            encoding: Encoding::Json,
        };
        let mut salted = Vec::with_capacity(commands.len());
        for command in commands {
            let salt = random()?[..16].try_into().expect("half of 32 bytes");
            salted.push((salt, command));
        }
        let (id, until) = (format!("demo-{}", self.sent), now().plus_ms(60_000));
        let submission = author.sign(&id, until, Mode::Independent, salted);
        let submission = Submission::from_wire(submission)
            .map_err(|error| Failure::refused("SUBMISSION_MALFORMED", error.to_string()))?;
        let block = self.machine.apply_submission(now(), &submission);
        let refused = block.records.iter().find_map(|record| record.outcome.as_ref().err());
        if let Some(refusal) = refused {
            return Err(Failure::refused(refusal.rejection.code(), refusal.to_string()));
        }
        self.blocks.push(block);
        Ok(&self.blocks.last().expect("just pushed").records)
    }

    /// Enters a party; its name stays outside the ledger, behind a salted hash.
    pub(super) fn party(
        &mut self,
        by: &Person,
        name: &str,
        legal: bool,
    ) -> Result<PartyId, Failure> {
        let kind = if legal { v1::PartyKind::Legal } else { v1::PartyKind::Natural };
        let details = counterfoil_engine::hash::sha256(&[&random()?, name.as_bytes()]);
        let details = details.0.to_vec().into();
        let command = Command::RegisterParty(v1::RegisterParty { kind: kind.into(), details });
        let records = self.send(by, vec![command])?;
        let effects = decode_all(&records[0].sections[2], PartyEffect::decode);
        match effects.as_deref() {
            Ok([PartyEffect::Registered { party, .. }]) => {
                let party = *party;
                self.learn(Holder::Party(party), name);
                Ok(party)
            }
            other => Err(unexpected(&other)),
        }
    }

    /// Learns the name of a holder.
    pub(super) fn learn(&mut self, holder: Holder, name: &str) {
        self.names.insert(holder, name.to_owned());
    }

    /// The name of a holder, or its handle.
    pub(super) fn name(&self, holder: Holder) -> String {
        self.names.get(&holder).cloned().unwrap_or_else(|| holder.to_string())
    }

    /// Enters a party and admits it with a new key.
    pub(super) fn participant(&mut self, name: &str, role: v1::Role) -> Result<Person, Failure> {
        let operator = self.operator.clone();
        let party = self.party(&operator, name, true)?;
        let key = PrivateKey::from_seed(random()?);
        let admit = Command::AdmitParticipant(v1::AdmitParticipant {
            party: party.to_string(),
            roles: vec![role.into()],
            keys: vec![key.public().0.to_vec().into()],
        });
        self.send(&operator, vec![admit])?;
        Ok(Person { party, key })
    }

    /// Sends a command that opens an account, and returns the account's handle.
    pub(super) fn account(&mut self, by: &Person, open: Command) -> Result<String, Failure> {
        let records = self.send(by, vec![open])?;
        let effects = decode_all(&records[0].sections[3], IdentityEffect::decode);
        match effects.as_deref() {
            Ok([IdentityEffect::SecuritiesAccountOpened { account, .. }]) => {
                Ok(account.to_string())
            }
            Ok([IdentityEffect::CashAccountOpened { account, .. }]) => Ok(account.to_string()),
            other => Err(unexpected(&other)),
        }
    }

    /// The evidence bundle of an issuer, everything in it shown, and the key that signed it.
    pub(super) fn bundle(&self, issuer: IssuerId) -> Result<(Bundle, VerifierKey), Failure> {
        let mut leaves: Vec<Hash> = Vec::new();
        for block in &self.blocks {
            leaves.extend(block.records.iter().map(|record| record.hash));
            leaves.push(block.header.hash());
        }
        let mut nodes = NodeStore::default();
        leaves.iter().for_each(|leaf| nodes.append(*leaf));
        let header = self.blocks.last().ok_or_else(|| unexpected(&"no block"))?.header;
        let checkpoint = Checkpoint {
            origin: ORIGIN.to_owned(),
            size: self.machine.tree_size(),
            root: self.machine.tree_root(),
        };
        let signature = note::sign(&checkpoint, ORIGIN, &self.checkpoint_key);
        let signature = signature.map_err(|error| unexpected(&error))?;
        let trusted = VerifierKey::new(ORIGIN, KeyKind::Log, self.checkpoint_key.public());
        let trusted = trusted.map_err(|error| unexpected(&error))?;
        let proof = nodes.inclusion(header.tree_size, checkpoint.size, &leaves);
        let closing = Closing {
            header,
            header_proof: proof.map_err(|error| unexpected(&error))?,
            heads: self.machine.heads(),
            checkpoint: Note { text: checkpoint.text(), signatures: vec![signature] },
        };
        let shown = Disclosure { instructions: true };
        let bundle =
            build(&self.genesis, &self.secret, &Blocks(&self.blocks), &closing, issuer, shown);
        Ok((bundle.map_err(|error| unexpected(&error))?, trusted))
    }

    /// Every event of the registers so far, in order.
    pub(super) fn events(&self) -> Result<Vec<Event>, Failure> {
        let mut events = Vec::new();
        for record in self.blocks.iter().flat_map(|block| &block.records) {
            events.extend(decode_events(&record.sections[0]).map_err(|error| unexpected(&error))?);
        }
        Ok(events)
    }
}

/// The blocks of this process as the history that a bundle is made from.
struct Blocks<'a>(&'a [Block]);

impl History for Blocks<'_> {
    fn chain(&self, ordinal: Ordinal) -> Vec<u64> {
        let touches = |block: &&Block| {
            block.records.iter().any(|record| record.record.subjects.link(ordinal).is_some())
        };
        self.0.iter().filter(touches).map(|block| block.header.height).collect()
    }

    fn block(&self, height: u64) -> Option<HistoryBlock> {
        let at = usize::try_from(height.checked_sub(1)?).ok()?;
        self.0.get(at).map(HistoryBlock::from)
    }
}

fn unexpected(what: &dyn std::fmt::Debug) -> Failure {
    Failure::refused("RECORD_UNEXPECTED", format!("{what:?}"))
}

fn eight(bytes: [u8; 32]) -> [u8; 8] {
    bytes[..8].try_into().expect("a quarter of 32 bytes")
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
