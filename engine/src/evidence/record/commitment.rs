//! Salted commitments: what lets one section or one command be shown without the others.
//!
//! A salt of 16 bytes keeps the content of a small section from being guessed. The salts of sections
//! are derived from a secret of the ledger and the record's index, so that no replica draws randomness
//! and none needs to be stored; the salts of commands come from the sender. Each use of SHA-256 has
//! its own first byte beside the two of RFC 6962.

use crate::evidence::tree;
use crate::hash::{Hash, sha256};

const SECTION_PREFIX: u8 = 0x02;
const SALT_PREFIX: u8 = 0x03;

/// What keeps a commitment's content from being guessed.
pub type Salt = [u8; 16];

/// One part of what a command did.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum Section {
    /// Certificates opened and closed, classes, issuers.
    Register = 1,
    /// Cash that moved: assets and amounts.
    Cash = 2,
    /// Participants and their keys.
    Parties = 3,
    /// Who stands behind the accounts.
    Identities = 4,
}

impl Section {
    /// All sections in the order of a record's commitments.
    pub const ALL: [Section; 4] =
        [Section::Register, Section::Cash, Section::Parties, Section::Identities];

    /// The tag byte under which the section is committed to.
    pub fn tag(self) -> u8 {
        self as u8
    }

    /// The section of a tag byte.
    pub fn from_tag(tag: u8) -> Option<Section> {
        Section::ALL.into_iter().find(|section| section.tag() == tag)
    }

    /// Its place in a record's commitments, from 0.
    pub fn place(self) -> usize {
        usize::from(self.tag()) - 1
    }
}

/// The commitment to a section: `SHA-256(0x02 || tag || salt || bytes)`.
pub fn section_commitment(section: Section, salt: &Salt, bytes: &[u8]) -> Hash {
    sha256(&[&[SECTION_PREFIX, section.tag()], salt, bytes])
}

/// The salts of two sections at once: of `Register` and `Cash` for half 0, of `Parties` and
/// `Identities` for half 1. They are the halves of `SHA-256(0x03 || key || index u64 || half u8)`,
/// where `index` is the record's index in the tree.
pub fn section_salts(commitment_key: &[u8; 32], index: u64, half: u8) -> (Salt, Salt) {
    let digest = sha256(&[&[SALT_PREFIX], commitment_key, &index.to_be_bytes(), &[half]]);
    let (mut first, mut second) = (Salt::default(), Salt::default());
    first.copy_from_slice(&digest.0[..16]);
    second.copy_from_slice(&digest.0[16..]);
    (first, second)
}

/// The salt of one section, as [`section_salts`] derives it.
pub fn section_salt(commitment_key: &[u8; 32], index: u64, section: Section) -> Salt {
    let half = (section.tag() - 1) / 2;
    let (first, second) = section_salts(commitment_key, index, half);
    if section.tag() % 2 == 1 { first } else { second }
}

/// The leaf hash of a command under the root of its submission: RFC 6962 over salt and command.
pub fn command_leaf(salt: &Salt, command: &[u8]) -> Hash {
    sha256(&[&[tree::LEAF_PREFIX], salt, command])
}

/// The root that a submission's header signs: RFC 6962 over its [`command_leaf`]s.
pub fn submission_root(commands: &[Hash]) -> Hash {
    tree::root_of(commands)
}
