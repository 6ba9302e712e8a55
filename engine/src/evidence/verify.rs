//! Judges an evidence bundle offline: from its bytes and the keys that the reader trusts, to what the
//! issuer's register says.
//!
//! The verifier shares encodings, hashes, commands and the limits of amounts with the ledger, and none
//! of its rules: it checks that everything is signed, complete and in balance, and folds effects; what
//! a split does to each holder it computes by itself. In order: the one form of the bytes; the checkpoint under trusted keys; the last header in its tree; each chain
//! complete under the root of heads; each opened section under its commitment; each signature under a
//! key in force at its record; each command against what was done; both legs of each settlement; the
//! register. The first thing that is wrong is the answer ([`Fault`]), with its place.
//!
//! What it cannot show: that the ledger obeyed its other rules, or that a record of the issuer stands
//! in the issuer's chain. That is what the cosignatures of replicas are for, which recompute.

mod agree;
mod chains;
mod fault;
mod legs;
mod register;
mod sections;
mod signers;
mod split;

pub use fault::{Fault, FaultCode, Part, Place};
pub use register::{ClassTable, Folded, Holding, StakeholderLine};

use counterfoil_registry::codec::CodecError;
use counterfoil_registry::handle::IssuerId;

use super::bundle::{Bundle, Layout};
use super::heads::Ordinal;
use super::note::{Checkpoint, Note, VerifierKey};
use super::record::{BlockHeader, Record};
use super::tree::verify_inclusion;
use crate::genesis::Genesis;
use crate::hash::Hash;
use crate::time::Timestamp;

/// What a bundle proves.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Report {
    /// The id of the ledger.
    pub ledger: Hash,
    /// The checkpoint up to which the bundle speaks.
    pub checkpoint: Checkpoint,
    /// The names of the trusted keys that signed it.
    pub signers: Vec<String>,
    /// The height of the last block.
    pub height: u64,
    /// Its time.
    pub time: Timestamp,
    /// The issuer.
    pub issuer: IssuerId,
    /// How many records the issuer's chain has, all of them shown.
    pub issuer_records: u64,
    /// How many chains are shown complete.
    pub chains: usize,
    /// How many records there are in all of them.
    pub records: usize,
    /// How many submissions had their signature checked.
    pub signatures: usize,
    /// How many settlements were found, all with both legs.
    pub settlements: Settlements,
    /// How many signed commands of the issuer's chain are not shown.
    pub commands_hidden: usize,
    /// The register, folded from the effects.
    pub register: Folded,
}

/// How many settlements a bundle shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Settlements {
    /// Against payment: shares one way, cash the other.
    pub against_payment: usize,
    /// Free of payment, instructed by both sides.
    pub free_of_payment: usize,
    /// Of both, those in which the instructions of both sides are shown and agree.
    pub both_instructions: usize,
}

/// Checks a bundle against the keys that the reader trusts, and folds the register.
///
/// # Errors
/// The first thing that is wrong, with its place.
pub fn verify(bytes: &[u8], trusted: &[VerifierKey]) -> Result<Report, Fault> {
    let (bundle, layout) =
        Bundle::decode_with_layout(bytes).map_err(|error| malformed(bytes, error))?;
    if bundle.encode() != bytes {
        return Err(malformed(bytes, CodecError::Invalid(bytes.len())));
    }
    let (genesis, checkpoint, signers) = origin(&bundle, &layout, trusted)?;
    let header = last_header(&bundle, &layout, &checkpoint)?;
    let records = chains::read(&bundle, &layout, &header)?;
    let ledger = genesis.ledger_id();
    let case = Case { bundle: &bundle, layout: &layout, ledger, header, records };
    let counts = chains::check(&case)?;
    let parties = signers::Parties::fold(&case, &genesis)?;
    let issuer = parties.issuer(&case)?;
    let contents = sections::open(&case, issuer)?;
    let entries = signers::check(&case, &parties, issuer, contents)?;
    let (settlements, commands_hidden) = legs::check(&case, issuer, &entries)?;
    let register = register::fold(&case, issuer, &entries)?;
    Ok(Report {
        ledger,
        checkpoint,
        signers,
        height: header.height,
        time: header.time,
        issuer: bundle.issuer,
        issuer_records: counts.get(&issuer).copied().unwrap_or_default(),
        chains: bundle.chains.len(),
        records: bundle.records.len(),
        signatures: bundle.submissions.len(),
        settlements,
        commands_hidden,
        register,
    })
}

/// A bundle under examination.
struct Case<'a> {
    bundle: &'a Bundle,
    layout: &'a Layout,
    ledger: Hash,
    header: BlockHeader,
    /// The leaves of the bundle's records, with their hashes.
    records: Vec<(Record, Hash)>,
}

impl Case<'_> {
    /// A fault in a part of a record.
    fn fault(&self, at: usize, part: Part, code: FaultCode, detail: impl Into<String>) -> Fault {
        let (record, _) = &self.records[at];
        Fault {
            code,
            place: Place::Record { height: record.height, place: record.place, part },
            bytes: self.layout.records[at].clone(),
            detail: detail.into(),
        }
    }

    fn bundle_fault(&self, code: FaultCode, detail: impl Into<String>) -> Fault {
        let end = self.layout.records.last().map_or(self.layout.header.end, |last| last.end);
        Fault { code, place: Place::Bundle, bytes: 0..end, detail: detail.into() }
    }

    fn is_in_chain(&self, at: usize, ordinal: Ordinal) -> bool {
        self.records[at].0.subjects.link(ordinal).is_some()
    }
}

/// A wrong length shows only further on, so that the place is the bundle and the detail says where
/// reading ended.
fn malformed(bytes: &[u8], error: CodecError) -> Fault {
    let detail = format!("the bytes are not a bundle: {error}");
    Fault { code: FaultCode::Malformed, place: Place::Bundle, bytes: 0..bytes.len(), detail }
}

/// The genesis and the checkpoint, which name one origin.
fn origin(
    bundle: &Bundle,
    layout: &Layout,
    trusted: &[VerifierKey],
) -> Result<(Genesis, Checkpoint, Vec<String>), Fault> {
    let refuse = |detail: String| Fault {
        code: FaultCode::Checkpoint,
        place: Place::Checkpoint,
        bytes: layout.checkpoint.clone(),
        detail,
    };
    let note = Note::parse(&bundle.checkpoint).map_err(|error| refuse(error.to_string()))?;
    let (checkpoint, signers) =
        Checkpoint::verify(&note, trusted).map_err(|error| refuse(error.to_string()))?;
    let signers = signers.into_iter().map(|at| trusted[at].name().to_owned()).collect();
    let refuse = |detail: String| Fault {
        code: FaultCode::Genesis,
        place: Place::Genesis,
        bytes: layout.genesis.clone(),
        detail,
    };
    let genesis = Genesis::decode(&bundle.genesis).map_err(|error| refuse(error.to_string()))?;
    if genesis.encode() != bundle.genesis {
        return Err(refuse("it is not in its one form".to_owned()));
    }
    if genesis.origin != checkpoint.origin {
        let (ours, theirs) = (&genesis.origin, &checkpoint.origin);
        return Err(refuse(format!("it is of {ours}, the checkpoint of {theirs}")));
    }
    Ok((genesis, checkpoint, signers))
}

/// The header, which must be the last leaf of the checkpoint's tree.
fn last_header(
    bundle: &Bundle,
    layout: &Layout,
    checkpoint: &Checkpoint,
) -> Result<BlockHeader, Fault> {
    let refuse = |detail: String| Fault {
        code: FaultCode::Header,
        place: Place::Header,
        bytes: layout.header.clone(),
        detail,
    };
    let header = BlockHeader::decode(&bundle.header).map_err(|error| refuse(error.to_string()))?;
    if header.tree_size.checked_add(1) != Some(checkpoint.size) {
        let (before, size) = (header.tree_size, checkpoint.size);
        let detail = format!("{before} leaves stand before it in a tree of {size}");
        return Err(refuse(detail));
    }
    let (size, proof) = (checkpoint.size, &bundle.header_proof);
    if !verify_inclusion(header.tree_size, size, header.hash(), proof, checkpoint.root) {
        return Err(refuse("its proof does not lead to the checkpoint's root".to_owned()));
    }
    Ok(header)
}

#[cfg(test)]
mod tests;
