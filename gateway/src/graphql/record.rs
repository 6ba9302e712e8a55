//! The evidence: records with their proofs, checkpoints, and what became of submissions.

use std::sync::Arc;

use async_graphql::{ComplexObject, Enum, ID, Result, SimpleObject};
use counterfoil_registry::handle::{PartyId, format_handle, parse_handle};

use super::page::{Page, Paging};
use super::rejection_code::RejectionCode;
use super::scalar::{DateTime, Hash, Height, Hex, HexText};
use super::sight::{Sight, id};
use super::submission::{Receipt, rejection};
use crate::fault::Fault;
use crate::history::checkpoints::Signed;
use crate::history::records::{RecordAt, SubmissionAt};
use crate::history::{Consistency, Inclusion};

/// The record of a command: a leaf of the tree, in the format of `docs/formats/evidence.md`.
#[derive(SimpleObject, Clone)]
#[graphql(complex)]
pub(crate) struct Record {
    /// The id, such as `R52-J`.
    pub(super) id: ID,
    /// Its index in the tree.
    index: Height,
    /// The height of its block.
    height: Height,
    /// Its place within the block, from 0.
    place: u16,
    /// Ledger time of its block.
    time: DateTime,
    /// Why the command was refused; null if it was accepted.
    refused: Option<RejectionCode>,
    /// SHA-256 of the signed header; zeros for what happened by itself.
    submission_digest: Hash,
    /// The leaf hash of the command under the root of the submission.
    command_hash: Hash,
    /// The bytes of the leaf.
    leaf: Hex,
    /// The hash of the leaf (RFC 6962).
    record_hash: Hash,
    /// The sections that the reader may see, opened.
    sections: Vec<RecordSection>,
    #[graphql(skip)]
    at: u64,
    #[graphql(skip)]
    sight: Sight,
}

/// What a section is about.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum SectionKind {
    /// Events of registers.
    Register,
    /// Effects on cash, without accounts.
    Cash,
    /// Parties, participants and keys.
    Parties,
    /// What only those concerned may see: accounts and instructions.
    Identities,
}

/// A section of a record: the leaf commits to SHA-256 over salt and content.
#[derive(SimpleObject, Clone)]
pub(crate) struct RecordSection {
    /// What it is about.
    kind: SectionKind,
    /// The salt of the commitment.
    salt: Hex,
    /// The content.
    content: Hex,
}

/// The index of a record by its id.
pub(super) fn index(id: &str) -> Option<u64> {
    parse_handle(id, 'R')
}

impl Record {
    /// The record of an index, if the reader may know of it.
    pub(crate) async fn find(sight: &Sight, index: u64) -> Result<Option<Record>, Fault> {
        let view = sight.clone();
        let found = sight.past(move |history, height| {
            let Some(at) = history.record(index)? else { return Ok(None) };
            let eyes = view.eyes();
            if at.record.height > height || !eyes.record(&at.record) {
                return Ok(None);
            }
            let contents = at.sections.each_ref().map(|section| section.as_ref());
            let shown = history.opened(&at, eyes.sections(&at.record, contents));
            Ok(Some((at, shown)))
        });
        Ok(found.await?.map(|(at, shown)| {
            let kinds = [
                SectionKind::Register,
                SectionKind::Cash,
                SectionKind::Parties,
                SectionKind::Identities,
            ];
            let shown = kinds.into_iter().zip(shown);
            let sections = shown.filter_map(|(kind, section)| {
                let section = section?;
                let salt = Hex(HexText(section.salt.to_vec()));
                Some(RecordSection { kind, salt, content: Hex(HexText(section.bytes)) })
            });
            Record::of(sight, &at, sections.collect())
        }))
    }

    fn of(sight: &Sight, at: &RecordAt, sections: Vec<RecordSection>) -> Record {
        let record = &at.record;
        Record {
            id: id(format_handle('R', at.index)),
            index: Height(at.index),
            height: Height(record.height),
            place: record.place,
            time: DateTime(record.time),
            refused: rejection(record.outcome).map(RejectionCode),
            submission_digest: Hash(record.submission),
            command_hash: Hash(record.command),
            leaf: Hex(HexText(at.leaf.to_vec())),
            record_hash: Hash(at.hash()),
            sections,
            at: at.index,
            sight: sight.clone(),
        }
    }
}

#[ComplexObject]
impl Record {
    /// The proof that a tree holds it; null where the tree is smaller, or larger than the present one.
    async fn inclusion(
        &self,
        #[graphql(
            desc = "The size of the tree, such as a checkpoint's; without it the present one."
        )]
        tree_size: Option<Height>,
    ) -> Result<Option<InclusionProof>> {
        let (index, size) = (self.at, tree_size.map(|size| size.0));
        let size = size.unwrap_or(self.sight.view.machine.tree_size());
        let proof = self.sight.past(move |history, _| history.inclusion(index, Some(size)));
        Ok(proof.await?.map(InclusionProof::from))
    }
}

/// That a tree holds a leaf (RFC 9162 section 2.1.3).
#[derive(SimpleObject, Clone)]
pub(crate) struct InclusionProof {
    /// The index of the leaf.
    leaf_index: Height,
    /// The hash of the leaf.
    leaf_hash: Hash,
    /// The size of the tree.
    tree_size: Height,
    /// The root of the tree.
    tree_root: Hash,
    /// The siblings on the way to the root, the lowest first.
    path: Vec<Hash>,
}

impl From<Inclusion> for InclusionProof {
    fn from(proof: Inclusion) -> InclusionProof {
        InclusionProof {
            leaf_index: Height(proof.index),
            leaf_hash: Hash(proof.leaf),
            tree_size: Height(proof.size),
            tree_root: Hash(proof.root),
            path: proof.proof.into_iter().map(Hash).collect(),
        }
    }
}

/// That a tree extends a smaller one (RFC 9162 section 2.1.4).
#[derive(SimpleObject, Clone)]
pub(crate) struct ConsistencyProof {
    /// The size of the smaller tree.
    old_size: Height,
    /// Its root.
    old_root: Hash,
    /// The size of the larger tree.
    new_size: Height,
    /// Its root.
    new_root: Hash,
    /// The proof.
    path: Vec<Hash>,
}

impl From<Consistency> for ConsistencyProof {
    fn from(proof: Consistency) -> ConsistencyProof {
        ConsistencyProof {
            old_size: Height(proof.old_size),
            old_root: Hash(proof.old_root),
            new_size: Height(proof.new_size),
            new_root: Hash(proof.new_root),
            path: proof.proof.into_iter().map(Hash).collect(),
        }
    }
}

/// A signed statement of the ledger about its tree (C2SP tlog-checkpoint).
#[derive(SimpleObject, Clone)]
#[graphql(complex)]
pub(crate) struct Checkpoint {
    /// The origin.
    origin: String,
    /// The size of the tree.
    tree_size: Height,
    /// The root of the tree.
    tree_root: Hash,
    /// The signed note as it can be verified offline.
    note: String,
    /// The key that verifies it, `name+hash+key` (C2SP signed-note).
    verifier_key: String,
    #[graphql(skip)]
    sight: Sight,
}

impl Checkpoint {
    /// The latest checkpoint.
    pub(crate) async fn latest(sight: &Sight) -> Result<Checkpoint, Fault> {
        let view = sight.view.clone();
        let found = sight.past(move |history, _| {
            let signed: Arc<Signed> = history.checkpoint(&view)?;
            Ok((signed, history.verifier_key()?))
        });
        let (signed, key) = found.await?;
        Ok(Checkpoint {
            origin: signed.checkpoint.origin.clone(),
            tree_size: Height(signed.checkpoint.size),
            tree_root: Hash(signed.checkpoint.root),
            note: signed.note.to_string(),
            verifier_key: key.to_string(),
            sight: sight.clone(),
        })
    }
}

#[ComplexObject]
impl Checkpoint {
    /// The proof that its tree extends a smaller one; null where that was none.
    async fn consistency(
        &self,
        #[graphql(desc = "The size of the smaller tree, such as an earlier checkpoint's.")]
        old_size: Height,
    ) -> Result<Option<ConsistencyProof>> {
        let size = self.tree_size.0;
        let proof = self.sight.past(move |history, _| history.consistency(old_size.0, Some(size)));
        Ok(proof.await?.map(ConsistencyProof::from))
    }
}

/// What became of a submission.
#[derive(SimpleObject, Clone)]
#[graphql(complex)]
pub(crate) struct Submission {
    /// SHA-256 of the signed header.
    digest: Hash,
    /// The height of its block.
    height: Height,
    #[graphql(skip)]
    at: Arc<SubmissionAt>,
}

/// What came of one command of a submission.
#[derive(SimpleObject, Clone)]
pub(crate) struct CommandOutcome {
    /// Where it is recorded.
    receipt: Receipt,
    /// Why it was refused; null if it was accepted.
    refused: Option<RejectionCode>,
}

impl Submission {
    /// The submission of a participant, if the reader may see it.
    pub(crate) async fn find(
        sight: &Sight,
        participant: PartyId,
        submission_id: String,
    ) -> Result<Option<Submission>, Fault> {
        if !sight.eyes().submission(participant) {
            return Ok(None);
        }
        let found = move |history: &crate::history::History, _| {
            history.submission(participant, &submission_id)
        };
        Ok(sight.past(found).await?.map(|at| Submission {
            digest: Hash(at.digest),
            height: Height(at.height),
            at: Arc::new(at),
        }))
    }
}

#[ComplexObject]
impl Submission {
    /// The outcome of each command, in order.
    async fn outcomes(
        &self,
        #[graphql(desc = "So many from the beginning, at most 100.")] first: Option<i32>,
        #[graphql(desc = "Behind this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end, at most 100.")] last: Option<i32>,
        #[graphql(desc = "In front of this cursor.")] before: Option<String>,
    ) -> Result<Page<CommandOutcome>> {
        let receipts = &self.at.receipts;
        let paging = Paging { first, after, last, before };
        Ok(paging.of(0..receipts.len() as u64, |at| {
            let receipt = receipts.get(usize::try_from(at).ok()?)?;
            Some(CommandOutcome {
                receipt: Receipt::new(*receipt, true),
                refused: rejection(receipt.outcome).map(RejectionCode),
            })
        })?)
    }
}
