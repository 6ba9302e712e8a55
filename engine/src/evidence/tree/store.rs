//! Builds the proofs of a growing tree.
//!
//! Kept in memory are the roots of complete subtrees of 2^8 leaves and more, one for each 128
//! leaves at most (a quarter of a byte for each leaf): a billion leaves need 256 MB. The leaf
//! hashes below lie in the archive and are read through [`LeafHashes`]; a proof reads at most two
//! runs of 256. Any size up to the present one can be proved, since complete subtrees never change.

use super::{Frontier, node_hash};
use crate::hash::Hash;

/// Subtrees of 2^8 leaves are the smallest whose roots are kept: the height of a C2SP tile.
const TILE_HEIGHT: u32 = 8;

/// Where leaf hashes are read: the archive, or memory.
pub trait LeafHashes {
    /// The hash of the leaf at `index`; `None` when it cannot be read.
    fn leaf(&self, index: u64) -> Option<Hash>;
}

impl LeafHashes for [Hash] {
    fn leaf(&self, index: u64) -> Option<Hash> {
        self.get(usize::try_from(index).ok()?).copied()
    }
}

impl LeafHashes for Vec<Hash> {
    fn leaf(&self, index: u64) -> Option<Hash> {
        self.as_slice().leaf(index)
    }
}

/// Why a proof was not built.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ProofError {
    /// The index or size asked for lies beyond the tree, or the old size is 0.
    #[error("no such index or size in this tree")]
    OutOfRange,
    /// A leaf of the tree could not be read.
    #[error("leaf {0} cannot be read")]
    LeafMissing(u64),
}

/// The roots of complete subtrees of a growing tree, fed one leaf hash after the other.
#[derive(Clone, Debug)]
pub struct NodeStore {
    frontier: Frontier,
    /// The height of the smallest subtrees whose roots are kept.
    lowest: u32,
    /// `levels[k][i]` is the root over `1 << (k + lowest)` leaves, of which that of index
    /// `i << (k + lowest)` is the first.
    levels: Vec<Vec<Hash>>,
}

impl Default for NodeStore {
    fn default() -> NodeStore {
        NodeStore { frontier: Frontier::default(), lowest: TILE_HEIGHT, levels: Vec::new() }
    }
}

impl NodeStore {
    /// A store that keeps every node and the leaves too, 64 bytes for each: for trees that are small
    /// and of which many leaves are proved. Its proofs read no leaf from elsewhere.
    pub fn with_every_node() -> NodeStore {
        NodeStore { lowest: 0, ..NodeStore::default() }
    }

    /// The number of leaves.
    pub fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// The root over all leaves.
    pub fn root(&self) -> Hash {
        self.frontier.root()
    }

    /// Appends a leaf by its hash.
    pub fn append(&mut self, leaf: Hash) {
        let (levels, lowest) = (&mut self.levels, self.lowest);
        self.frontier.append_with(leaf, |height, node| {
            let Some(level) = height.checked_sub(lowest) else { return };
            let level = level as usize;
            if level == levels.len() {
                levels.push(Vec::new());
            }
            levels[level].push(node);
        });
    }

    /// The root of the tree when it had `size` leaves.
    ///
    /// # Errors
    /// See [`ProofError`].
    pub fn root_at<L: LeafHashes + ?Sized>(
        &self,
        size: u64,
        leaves: &L,
    ) -> Result<Hash, ProofError> {
        if size > self.size() {
            return Err(ProofError::OutOfRange);
        }
        if size == 0 { Ok(super::empty_root()) } else { self.subtree(0, size, leaves) }
    }

    /// The proof that the tree of `size` leaves holds the leaf at `index` (RFC 9162 2.1.3.1), the
    /// lowest sibling first.
    ///
    /// # Errors
    /// See [`ProofError`].
    pub fn inclusion<L: LeafHashes + ?Sized>(
        &self,
        index: u64,
        size: u64,
        leaves: &L,
    ) -> Result<Vec<Hash>, ProofError> {
        if index >= size || size > self.size() {
            return Err(ProofError::OutOfRange);
        }
        let (mut from, mut to) = (0, size);
        let mut proof = Vec::new();
        while to - from > 1 {
            let middle = from + split(to - from);
            if index < middle {
                proof.push(self.subtree(middle, to, leaves)?);
                to = middle;
            } else {
                proof.push(self.subtree(from, middle, leaves)?);
                from = middle;
            }
        }
        proof.reverse();
        Ok(proof)
    }

    /// The proof that the tree of `new_size` leaves extends that of `old_size` (RFC 9162 2.1.4.1).
    ///
    /// # Errors
    /// See [`ProofError`].
    pub fn consistency<L: LeafHashes + ?Sized>(
        &self,
        old_size: u64,
        new_size: u64,
        leaves: &L,
    ) -> Result<Vec<Hash>, ProofError> {
        if old_size == 0 || old_size > new_size || new_size > self.size() {
            return Err(ProofError::OutOfRange);
        }
        let (mut from, mut to) = (0, new_size);
        let mut proof = Vec::new();
        while to != old_size {
            let middle = from + split(to - from);
            if old_size <= middle {
                proof.push(self.subtree(middle, to, leaves)?);
                to = middle;
            } else {
                proof.push(self.subtree(from, middle, leaves)?);
                from = middle;
            }
        }
        // The old tree itself, where it is one complete subtree, is known to the reader.
        if from != 0 {
            proof.push(self.subtree(from, to, leaves)?);
        }
        proof.reverse();
        Ok(proof)
    }

    /// The root over the leaves `from..to`, a subtree of the tree: `from` is a multiple of the
    /// smallest power of two that is at least `to - from`. Recursion goes down one level a step.
    fn subtree<L: LeafHashes + ?Sized>(
        &self,
        from: u64,
        to: u64,
        leaves: &L,
    ) -> Result<Hash, ProofError> {
        let count = to - from;
        if count.is_power_of_two() {
            let height = count.trailing_zeros();
            let level = height.checked_sub(self.lowest).and_then(|k| self.levels.get(k as usize));
            let place = usize::try_from(from >> height).ok();
            if let Some(node) = level.and_then(|nodes| nodes.get(place?)) {
                return Ok(*node);
            }
        }
        if count == 1 {
            return leaves.leaf(from).ok_or(ProofError::LeafMissing(from));
        }
        let middle = from + split(count);
        let left = self.subtree(from, middle, leaves)?;
        Ok(node_hash(&left, &self.subtree(middle, to, leaves)?))
    }
}

/// The largest power of two below `count`, which is at least 2 (RFC 9162 2.1.1).
fn split(count: u64) -> u64 {
    1 << (count - 1).ilog2()
}
