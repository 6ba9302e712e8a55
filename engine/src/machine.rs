//! The state machine that the log drives: the ledger, and the chronicle of what it did.
//!
//! One entry closes one block. Each command leaves a record, refused ones too; a block header that
//! commits to everything so far is the leaf after them. `apply` is total: bytes that are not an entry
//! make a block without records.

use bytes::Bytes;
use counterfoil_registry::codec::{CodecError, Reader, Writer};

use crate::evidence::heads::{Head, Heads};
use crate::evidence::record::{
    BlockHeader, Record, Section, Subjects, section_commitment, section_salts,
};
use crate::evidence::tree::Frontier;
use crate::genesis::{Genesis, Secret};
use crate::hash::{Hash, sha256};
use crate::ledger::{Done, Ledger, Position, Refusal, ReplayedAt};
use crate::submission::Submission;
use crate::time::Timestamp;

/// The entry that lets what is due happen by itself.
pub const TICK: &[u8] = b"tick";

/// A record with what it commits to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Recorded {
    /// The leaf.
    pub record: Record,
    /// The leaf's bytes.
    pub leaf: Vec<u8>,
    /// The leaf's hash.
    pub hash: Hash,
    /// Contents of the sections register, cash, parties, identities; empty where absent.
    pub sections: [Vec<u8>; 4],
    /// Accepted, or why not. Not part of the evidence but for its number.
    pub outcome: Result<(), Refusal>,
}

/// What came of one entry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Block {
    /// The header.
    pub header: BlockHeader,
    /// Index in the tree of the first record, or of the header where there is none.
    pub first_record: u64,
    /// The records.
    pub records: Vec<Recorded>,
    /// The submission as it stands in the log; empty for a system entry.
    pub submission: Bytes,
    /// Where the submission was executed first, if this was a replay.
    pub replayed: Option<ReplayedAt>,
}

/// The ledger and its chronicle. A clone is cheap and shares its pages.
#[derive(Clone, Debug)]
pub struct Machine {
    ledger: Ledger,
    secret: Secret,
    frontier: Frontier,
    heads: Heads,
    height: u64,
    header_hash: Hash,
}

impl Machine {
    /// The machine of a genesis, before its first entry.
    pub fn new(genesis: &Genesis, secret: &Secret, seed: u64) -> Machine {
        let mut machine = Machine {
            ledger: Ledger::new(genesis, secret, seed),
            secret: secret.clone(),
            frontier: Frontier::default(),
            heads: Heads::default(),
            height: 0,
            header_hash: Hash::ZERO,
        };
        machine.register_subjects();
        machine
    }

    /// The ledger.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The height of the last block; zero before the first.
    pub fn height(&self) -> u64 {
        self.height
    }

    /// The hash of the last block's header.
    pub fn header_hash(&self) -> Hash {
        self.header_hash
    }

    /// The size of the tree: the last header is its last leaf.
    pub fn tree_size(&self) -> u64 {
        self.frontier.size()
    }

    /// The root of the tree.
    pub fn tree_root(&self) -> Hash {
        self.frontier.root()
    }

    /// The heads of all chains.
    pub fn heads(&self) -> &Heads {
        &self.heads
    }

    /// Executes an entry of the log: a submission in protobuf form, or [`TICK`].
    pub fn apply(&mut self, stamp: Timestamp, entry: &Bytes) -> Block {
        if entry.as_ref() == TICK {
            let done = self.ledger.tick(stamp, self.position());
            return self.close(Bytes::new(), None, done, None);
        }
        match Submission::decode(entry.clone()) {
            Ok(submission) => self.apply_submission(stamp, &submission),
            // Admission never lets such bytes into the log; the entry still has its block.
            Err(_) => self.close(Bytes::new(), None, Vec::new(), None),
        }
    }

    /// Executes a submission that was read already.
    pub fn apply_submission(&mut self, stamp: Timestamp, submission: &Submission) -> Block {
        let entry = submission.bytes.clone();
        match self.ledger.apply(stamp, self.position(), submission) {
            Ok(done) => self.close(entry, Some(submission), done, None),
            Err(replayed) => self.close(entry, None, Vec::new(), Some(replayed)),
        }
    }

    fn position(&self) -> Position {
        Position { height: self.height + 1, first_record: self.frontier.size() }
    }

    fn register_subjects(&mut self) {
        while self.heads.len() < self.ledger.subjects() {
            self.heads.register().expect("ordinals stay below 2^32");
        }
    }

    fn close(
        &mut self,
        entry: Bytes,
        submission: Option<&Submission>,
        done: Vec<Done>,
        replayed: Option<ReplayedAt>,
    ) -> Block {
        self.height += 1;
        self.register_subjects();
        let first_record = self.frontier.size();
        let time = self.ledger.time();
        let records = done.into_iter().enumerate().map(|(place, done)| {
            let command = submission.map_or(Hash::ZERO, |s| s.items[place].leaf);
            let digest = submission.map_or(Hash::ZERO, |s| s.digest);
            self.record(place, time, digest, command, done)
        });
        let records: Vec<Recorded> = records.collect();
        let header = BlockHeader {
            height: self.height,
            time,
            previous: self.header_hash,
            tree_size: self.frontier.size(),
            tree_root: self.frontier.root(),
            heads_root: self.heads.root(),
            feature_level: self.ledger.feature_level(),
        };
        self.header_hash = header.hash();
        self.frontier.append(self.header_hash);
        Block { header, first_record, records, submission: entry, replayed }
    }

    fn record(
        &mut self,
        place: usize,
        time: Timestamp,
        submission: Hash,
        command: Hash,
        done: Done,
    ) -> Recorded {
        let index = self.frontier.size();
        let mut subjects = Subjects::default();
        for ordinal in &done.effects.subjects {
            let head = self.heads.head(*ordinal).expect("every subject is registered");
            assert!(subjects.insert(*ordinal, head), "a command touches at most eight subjects");
        }
        let sections = done.effects.sections;
        let record = Record {
            height: self.height,
            place: u16::try_from(place).expect("at most 5,000 commands a submission"),
            time,
            submission,
            command,
            outcome: done.outcome.as_ref().err().map_or(0, |refusal| refusal.rejection.number()),
            subjects,
            sections: self.commit(index, &sections),
        };
        let encoded = record.encode();
        let hash = encoded.hash();
        self.frontier.append(hash);
        for link in subjects.as_slice() {
            self.heads.advance(link.ordinal, hash);
        }
        let leaf = encoded.bytes().to_vec();
        Recorded { record, leaf, hash, sections, outcome: done.outcome }
    }

    fn commit(&self, index: u64, sections: &[Vec<u8>; 4]) -> [Hash; 4] {
        let mut commitments = [Hash::ZERO; 4];
        for half in 0..2u8 {
            let both = usize::from(half) * 2..usize::from(half) * 2 + 2;
            if sections[both.clone()].iter().all(Vec::is_empty) {
                continue;
            }
            let (first, second) = section_salts(&self.secret.0, index, half);
            for (at, salt) in both.zip([first, second]) {
                if !sections[at].is_empty() {
                    commitments[at] = section_commitment(Section::ALL[at], &salt, &sections[at]);
                }
            }
        }
        commitments
    }

    /// Every law of the ledger that does not hold.
    pub fn audit(&self) -> Vec<String> {
        self.ledger.audit()
    }

    /// SHA-256 of the snapshot: equal on two replicas if and only if their states are.
    pub fn digest(&self) -> Hash {
        sha256(&[&self.encode()])
    }

    /// The snapshot.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.put_u8(1);
        out.put_u64(self.height);
        out.put(&self.header_hash.0);
        out.put_bytes(&self.frontier.encode());
        out.put_count(self.heads.len() as usize);
        for head in self.heads.iter() {
            out.put_u64(head.count);
            out.put(&head.last.0);
        }
        self.ledger.encode(&mut out);
        out
    }

    /// Reads a snapshot of the ledger of `genesis`.
    pub fn decode(
        bytes: &[u8],
        genesis: &Genesis,
        secret: &Secret,
        seed: u64,
    ) -> Result<Machine, CodecError> {
        let mut from = Reader::new(bytes);
        if from.u8()? != 1 {
            return Err(from.invalid());
        }
        let height = from.u64()?;
        let header_hash = Hash(from.array()?);
        let frontier = Frontier::decode(from.bytes()?).ok_or(from.invalid())?;
        let heads = from.list(|from| Ok(Head { count: from.u64()?, last: Hash(from.array()?) }))?;
        let ledger = Ledger::decode(&mut from, genesis, secret, seed)?;
        from.end()?;
        let (secret, heads) = (secret.clone(), heads.into_iter().collect());
        Ok(Machine { ledger, secret, frontier, heads, height, header_hash })
    }
}
