//! The leaves of the ledger's tree, to the byte: one for each command, refused ones too, and one
//! for each block.
//!
//! Integers are big-endian, the order is fixed, and each value has one form: what decodes, encodes
//! to the same bytes. A leaf is written into a fixed buffer with the leaf prefix of RFC 6962 in place
//! and hashed there. What happened lies in *sections* outside the leaf, which holds salted
//! commitments to them: a reader gets those that he may see. Names and addresses are
//! neither in a leaf nor in a section.

mod commitment;
mod header;

pub use commitment::{
    Salt, Section, command_leaf, section_commitment, section_salt, section_salts, submission_root,
};
pub use header::{BlockHeader, HEADER_BYTES};

use counterfoil_registry::codec::{CodecError, Reader};

use super::heads::{Head, Ordinal};
use super::tree::LEAF_PREFIX;
use crate::hash::{Hash, sha256};
use crate::time::Timestamp;

/// The format version of both leaves.
const VERSION: u8 = 1;
/// The kind byte of a record.
const KIND_RECORD: u8 = 1;
/// The kind byte of a block header.
const KIND_HEADER: u8 = 2;

/// The largest number of subjects a record touches.
pub const SUBJECTS_MAX: usize = 8;
/// The length in bytes of a subject's link within a record.
pub const LINK_BYTES: usize = 44;
/// The length in bytes of a record with no subject; each subject adds [`LINK_BYTES`].
pub const RECORD_BYTES_MIN: usize = 215;
/// The length in bytes of the largest record.
pub const RECORD_BYTES_MAX: usize = RECORD_BYTES_MIN + SUBJECTS_MAX * LINK_BYTES;

/// Why bytes are not a leaf.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum LeafError {
    /// Too few or too many bytes for what they state.
    #[error("the length does not fit the content")]
    Length,
    /// A format version this code does not know.
    #[error("unknown format version {0}")]
    Version(u8),
    /// Another kind of leaf than the one sought.
    #[error("not this kind of leaf: {0}")]
    Kind(u8),
    /// More than [`SUBJECTS_MAX`] subjects.
    #[error("{0} subjects are too many")]
    TooManySubjects(u8),
    /// Ordinals of subjects that do not rise.
    #[error("the subjects are not in the order of their ordinals")]
    SubjectOrder,
    /// A first record that names a predecessor, or a later one that names none.
    #[error("the counter of a subject does not fit its previous record")]
    Link,
}

impl From<CodecError> for LeafError {
    fn from(_: CodecError) -> LeafError {
        LeafError::Length
    }
}

/// Where a record stands in the chain of one subject.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Link {
    /// The subject.
    pub ordinal: Ordinal,
    /// This record's number in the subject's chain, from 0.
    pub counter: u64,
    /// The leaf hash of the subject's previous record, [`Hash::ZERO`] for the first.
    pub previous: Hash,
}

/// The links of a record, in the order of ordinals, each subject once.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Subjects {
    links: [Link; SUBJECTS_MAX],
    count: u8,
}

impl Subjects {
    /// Adds the subject whose chain now ends at `head`. A subject that is there already stays as it
    /// is. False, and no change, when there is no room.
    #[must_use = "a record that misses a subject breaks that subject's chain"]
    pub fn insert(&mut self, ordinal: Ordinal, head: Head) -> bool {
        let count = usize::from(self.count);
        let place = self.as_slice().partition_point(|link| link.ordinal < ordinal);
        if self.as_slice().get(place).is_some_and(|link| link.ordinal == ordinal) {
            return true;
        }
        if count == SUBJECTS_MAX {
            return false;
        }
        self.links.copy_within(place..count, place + 1);
        self.links[place] = Link { ordinal, counter: head.count, previous: head.last };
        self.count += 1;
        true
    }

    /// The links, in the order of ordinals.
    pub fn as_slice(&self) -> &[Link] {
        &self.links[..usize::from(self.count)]
    }

    /// The link of one subject.
    pub fn link(&self, ordinal: Ordinal) -> Option<&Link> {
        self.as_slice().iter().find(|link| link.ordinal == ordinal)
    }
}

/// What one command did, in commitments.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Record {
    /// The block that it belongs to.
    pub height: u64,
    /// Its place within the block, from 0.
    pub place: u16,
    /// The time of the block.
    pub time: Timestamp,
    /// SHA-256 of the signed header text; [`Hash::ZERO`] for a system command.
    pub submission: Hash,
    /// The command's leaf hash under the submission's root (see [`command_leaf`]).
    pub command: Hash,
    /// 0 when the command was accepted, else the number of the rejection.
    pub outcome: u16,
    /// The chains in which the record stands.
    pub subjects: Subjects,
    /// The commitments to the sections in the order of [`Section::ALL`]; [`Hash::ZERO`] for one
    /// that is absent.
    pub sections: [Hash; 4],
}

impl Record {
    /// The commitment to one section; [`Hash::ZERO`] when it is absent.
    pub fn section(&self, section: Section) -> Hash {
        self.sections[section.place()]
    }

    /// The leaf.
    pub fn encode(&self) -> RecordLeaf {
        let mut leaf = RecordLeaf { bytes: [LEAF_PREFIX; 1 + RECORD_BYTES_MAX], length: 1 };
        leaf.put(&[VERSION, KIND_RECORD]);
        leaf.put(&self.height.to_be_bytes());
        leaf.put(&self.place.to_be_bytes());
        leaf.put(&self.time.0.to_be_bytes());
        leaf.put(&self.submission.0);
        leaf.put(&self.command.0);
        leaf.put(&self.outcome.to_be_bytes());
        leaf.put(&[self.subjects.count]);
        for link in self.subjects.as_slice() {
            leaf.put(&link.ordinal.to_be_bytes());
            leaf.put(&link.counter.to_be_bytes());
            leaf.put(&link.previous.0);
        }
        for section in &self.sections {
            leaf.put(&section.0);
        }
        leaf
    }

    /// Reads a leaf, without the prefix under which it is hashed.
    ///
    /// # Errors
    /// See [`LeafError`]: bytes that [`Record::encode`] does not write.
    pub fn decode(bytes: &[u8]) -> Result<Record, LeafError> {
        let mut reader = Reader::new(bytes);
        expect_kind(&mut reader, KIND_RECORD)?;
        let record = read_body(&mut reader)?;
        reader.end()?;
        Ok(record)
    }
}

/// The bytes of a record, with the leaf prefix before them.
#[derive(Clone, Copy)]
pub struct RecordLeaf {
    bytes: [u8; 1 + RECORD_BYTES_MAX],
    length: usize,
}

impl RecordLeaf {
    /// The leaf without its prefix: what is stored and shown.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[1..self.length]
    }

    /// The leaf hash of RFC 6962, computed where the bytes lie.
    pub fn hash(&self) -> Hash {
        sha256(&[&self.bytes[..self.length]])
    }

    fn put(&mut self, part: &[u8]) {
        let end = self.length + part.len();
        self.bytes[self.length..end].copy_from_slice(part);
        self.length = end;
    }
}

fn expect_kind(reader: &mut Reader<'_>, kind: u8) -> Result<(), LeafError> {
    match (reader.u8()?, reader.u8()?) {
        (VERSION, found) if found == kind => Ok(()),
        (VERSION, found) => Err(LeafError::Kind(found)),
        (version, _) => Err(LeafError::Version(version)),
    }
}

/// `None` when the bytes end too early.
fn read_body(reader: &mut Reader<'_>) -> Result<Record, LeafError> {
    let mut record = Record {
        height: reader.u64()?,
        place: reader.u16()?,
        time: Timestamp(reader.u64()?),
        submission: Hash(reader.array()?),
        command: Hash(reader.array()?),
        outcome: reader.u16()?,
        subjects: Subjects::default(),
        sections: [Hash::ZERO; 4],
    };
    let count = reader.u8()?;
    if usize::from(count) > SUBJECTS_MAX {
        return Err(LeafError::TooManySubjects(count));
    }
    for place in 0..usize::from(count) {
        let link = Link {
            ordinal: reader.u32()?,
            counter: reader.u64()?,
            previous: Hash(reader.array()?),
        };
        if (link.counter == 0) != link.previous.is_zero() {
            return Err(LeafError::Link);
        }
        if place > 0 && record.subjects.links[place - 1].ordinal >= link.ordinal {
            return Err(LeafError::SubjectOrder);
        }
        record.subjects.links[place] = link;
        record.subjects.count += 1;
    }
    for section in &mut record.sections {
        *section = Hash(reader.array()?);
    }
    Ok(record)
}

#[cfg(test)]
mod tests;
