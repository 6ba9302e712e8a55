//! The tree of heads: for each subject how many records it has and the hash of the last one, under
//! one root that stands in every block header.
//!
//! It is an RFC 6962 tree over the subjects by ordinal: 0 is the ledger itself, the others follow in
//! the order in which they were registered. With it a subject's history is proved complete: nothing
//! left out, no second chain. The tree also is the ledger's only memory of counts and last hashes, so
//! that the two cannot differ.
//!
//! A head that moves is only noted; [`Heads::root`] computes each touched node once, so that a block
//! of a thousand commands pays for the subjects it touched and not for each touch. Levels lie in
//! copy-on-write pages: a clone shares them all.

mod pages;

use std::collections::BTreeSet;

use pages::Pages;

use super::tree::{LEAF_PREFIX, empty_root, node_hash};
use crate::hash::{Hash, sha256};

/// The format version of a head's leaf.
const VERSION: u8 = 1;
/// The kind byte of a head's leaf, beside the kinds of [`super::record`].
const KIND: u8 = 3;

/// The number of a subject in the order of registration; 0 is the ledger itself.
pub type Ordinal = u32;

/// The ordinal of the ledger itself.
pub const LEDGER: Ordinal = 0;

/// Where a subject's chain of records ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Head {
    /// How many records the subject has; also the counter of its next record.
    pub count: u64,
    /// The leaf hash of the last record, [`Hash::ZERO`] before the first.
    pub last: Hash,
}

impl Head {
    /// The leaf hash of this head: `SHA-256(0x00 || 0x01 || 0x03 || ordinal u32 || count u64 ||
    /// last)`, integers big-endian.
    pub fn leaf_hash(&self, ordinal: Ordinal) -> Hash {
        let mut bytes = [0; 47];
        bytes[..3].copy_from_slice(&[LEAF_PREFIX, VERSION, KIND]);
        bytes[3..7].copy_from_slice(&ordinal.to_be_bytes());
        bytes[7..15].copy_from_slice(&self.count.to_be_bytes());
        bytes[15..].copy_from_slice(&self.last.0);
        sha256(&[&bytes])
    }
}

/// The heads of all subjects and the tree over them.
#[derive(Clone, Debug, Default)]
pub struct Heads {
    heads: Pages<Head>,
    /// `levels[k]` holds the roots of the complete subtrees of 2^k heads, once computed.
    levels: Vec<Pages<Hash>>,
    /// The ordinals whose leaf hash is out of date.
    touched: BTreeSet<Ordinal>,
}

impl Heads {
    /// How many subjects there are.
    pub fn len(&self) -> u32 {
        u32::try_from(self.heads.len()).expect("register refuses to pass u32::MAX")
    }

    /// Whether there is no subject.
    pub fn is_empty(&self) -> bool {
        self.heads.len() == 0
    }

    /// Registers the next subject, with an empty chain. `None` when u32 ordinals have run out.
    pub fn register(&mut self) -> Option<Ordinal> {
        let ordinal = self.len();
        ordinal.checked_add(1)?;
        self.heads.push(Head::default());
        self.touched.insert(ordinal);
        Some(ordinal)
    }

    /// The head of a subject; `None` for an ordinal never given.
    pub fn head(&self, ordinal: Ordinal) -> Option<Head> {
        self.heads.get(ordinal as usize).copied()
    }

    /// All heads by ordinal, for a snapshot.
    pub fn iter(&self) -> impl Iterator<Item = Head> + '_ {
        (0..self.heads.len()).filter_map(|place| self.heads.get(place).copied())
    }

    /// Adds a record to a subject's chain. False, and no change, for an ordinal never given.
    pub fn advance(&mut self, ordinal: Ordinal, record: Hash) -> bool {
        let Some(head) = self.heads.get_mut(ordinal as usize) else { return false };
        head.count = head.count.checked_add(1).expect("2^64 records cannot be made one by one");
        head.last = record;
        self.touched.insert(ordinal);
        true
    }

    /// The root, after bringing the touched nodes up to date.
    pub fn root(&mut self) -> Hash {
        self.settle();
        let mut right = None;
        for (height, level) in self.levels.iter().enumerate() {
            // The right edge holds one complete subtree for each set bit of the number of leaves.
            if self.heads.len() >> height & 1 == 1 {
                let node = level.get(level.len() - 1).expect("a set bit has a complete subtree");
                right = Some(right.map_or(*node, |right| node_hash(node, &right)));
            }
        }
        right.unwrap_or_else(empty_root)
    }

    /// The proof that the tree holds this subject's head, verified with
    /// [`super::tree::verify_inclusion`] at index `ordinal`, size [`Heads::len`]; `None` for an
    /// ordinal never given.
    pub fn inclusion(&self, ordinal: Ordinal) -> Option<Vec<Hash>> {
        self.head(ordinal)?;
        if !self.touched.is_empty() {
            let mut settled = self.clone();
            settled.settle();
            return settled.inclusion(ordinal);
        }
        let (index, size) = (ordinal as usize, self.heads.len());
        let mut proof = Vec::new();
        for height in 0..self.levels.len() {
            let sibling = (index >> height) ^ 1;
            if let Some(node) = self.levels[height].get(sibling) {
                proof.push(*node);
            } else if sibling << height < size {
                // The sibling is the incomplete right edge: the smaller subtrees, folded.
                let edge = (0..height).filter(|low| size >> low & 1 == 1);
                let nodes = edge.filter_map(|low| self.levels[low].get((size >> low) - 1));
                proof.extend(nodes.copied().reduce(|right, node| node_hash(&node, &right)));
            }
        }
        Some(proof)
    }

    /// Computes every node above a touched head, each once, level by level.
    fn settle(&mut self) {
        let touched = std::mem::take(&mut self.touched);
        let mut places: Vec<usize> = touched.iter().map(|ordinal| *ordinal as usize).collect();
        for height in 0.. {
            if places.is_empty() {
                break;
            }
            if self.levels.len() == height {
                self.levels.push(Pages::default());
            }
            for place in &places {
                let node = self.node(height, *place);
                self.levels[height].put(*place, node);
            }
            let complete = self.heads.len() >> (height + 1);
            places.iter_mut().for_each(|place| *place >>= 1);
            places.dedup();
            places.retain(|place| *place < complete);
        }
    }

    fn node(&self, height: usize, place: usize) -> Hash {
        let Some(below) = height.checked_sub(1) else {
            let head = self.heads.get(place).expect("only given ordinals are touched");
            return head.leaf_hash(u32::try_from(place).expect("ordinals are u32"));
        };
        let child = |place| self.levels[below].get(place).expect("a complete subtree's children");
        node_hash(child(place * 2), child(place * 2 + 1))
    }
}

/// Rebuilds the tree from the heads of a snapshot, in the order of ordinals.
impl FromIterator<Head> for Heads {
    fn from_iter<I: IntoIterator<Item = Head>>(heads: I) -> Self {
        let mut all = Heads::default();
        for head in heads {
            let ordinal = all.register().expect("a snapshot holds no more than u32 subjects");
            *all.heads.get_mut(ordinal as usize).expect("registered above") = head;
        }
        all.settle();
        all
    }
}

#[cfg(test)]
mod tests;
