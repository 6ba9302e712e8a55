//! The Merkle tree of RFC 6962 and RFC 9162 over leaf hashes: its hashes, the frontier to which
//! leaves are appended, and the verifiers of its two proofs.
//!
//! The shape for `n > 1` leaves: the left subtree holds the largest power of two below `n`. So all
//! nodes over complete powers of two never change again, and the [`Frontier`] (one hash for each
//! set bit of the size) is all that an append or a root needs. Proofs are built by [`NodeStore`].

mod store;

pub use store::{LeafHashes, NodeStore, ProofError};

use counterfoil_registry::codec::Reader;

use crate::hash::{Hash, sha256};

/// The byte before a leaf's bytes when it is hashed (RFC 9162 2.1.1).
pub const LEAF_PREFIX: u8 = 0x00;
/// The byte before two children when a node is hashed (RFC 9162 2.1.1).
pub const NODE_PREFIX: u8 = 0x01;

/// The hash of a leaf: `SHA-256(0x00 || bytes)` (RFC 9162 2.1.1).
pub fn leaf_hash(bytes: &[u8]) -> Hash {
    sha256(&[&[LEAF_PREFIX], bytes])
}

/// The hash of a node: `SHA-256(0x01 || left || right)` (RFC 9162 2.1.1).
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut bytes = [NODE_PREFIX; 65];
    bytes[1..33].copy_from_slice(&left.0);
    bytes[33..].copy_from_slice(&right.0);
    sha256(&[&bytes])
}

/// The root of the tree without leaves: SHA-256 of nothing (RFC 9162 2.1.1).
pub fn empty_root() -> Hash {
    sha256(&[])
}

/// The root over these leaf hashes (RFC 9162 2.1.1).
pub fn root_of(leaves: &[Hash]) -> Hash {
    let mut frontier = Frontier::default();
    for leaf in leaves {
        frontier.append(*leaf);
    }
    frontier.root()
}

/// The right edge of a tree: the roots of its complete subtrees, the largest first.
///
/// Invariant: there is one node for each set bit of `size`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Frontier {
    size: u64,
    nodes: Vec<Hash>,
}

impl Frontier {
    /// The number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf by its hash; one node hash on average.
    pub fn append(&mut self, leaf: Hash) {
        self.append_with(leaf, |_, _| ());
    }

    /// Appends a leaf and shows `completed` each subtree that this completes, as (height, hash),
    /// beginning with the leaf at height 0.
    pub(crate) fn append_with(&mut self, leaf: Hash, mut completed: impl FnMut(u32, Hash)) {
        let mut node = leaf;
        completed(0, node);
        for height in 1..=self.size.trailing_ones() {
            let left = self.nodes.pop().expect("one node for each set bit of the size");
            node = node_hash(&left, &node);
            completed(height, node);
        }
        self.nodes.push(node);
        self.size = self.size.checked_add(1).expect("2^64 leaves cannot be appended one by one");
    }

    /// The root over all leaves.
    pub fn root(&self) -> Hash {
        let mut nodes = self.nodes.iter().rev();
        let Some(last) = nodes.next() else { return empty_root() };
        nodes.fold(*last, |right, left| node_hash(left, &right))
    }

    /// The bytes: size (u64, big-endian), then the nodes, the largest subtree first.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(8 + self.nodes.len() * 32);
        bytes.extend_from_slice(&self.size.to_be_bytes());
        for node in &self.nodes {
            bytes.extend_from_slice(&node.0);
        }
        bytes
    }

    /// Reads what [`Frontier::encode`] writes; bytes of any other length are `None`.
    pub fn decode(bytes: &[u8]) -> Option<Frontier> {
        let mut reader = Reader::new(bytes);
        let size = reader.u64().ok()?;
        let nodes = (0..size.count_ones()).map(|_| reader.array().map(Hash));
        let nodes = nodes.collect::<Result<Vec<_>, _>>().ok()?;
        reader.end().ok()?;
        Some(Frontier { size, nodes })
    }
}

/// The root that an inclusion proof leads to, or `None` when the proof cannot belong to this index
/// and size (RFC 9162 2.1.3.2).
pub fn root_from_inclusion(index: u64, size: u64, leaf: Hash, proof: &[Hash]) -> Option<Hash> {
    if index >= size {
        return None;
    }
    let (mut position, mut last) = (index, size - 1);
    let mut node = leaf;
    for sibling in proof {
        if last == 0 {
            return None;
        }
        if position & 1 == 1 || position == last {
            node = node_hash(sibling, &node);
            // A node at the right edge without a sibling moves up unchanged.
            while position & 1 == 0 && position != 0 {
                position >>= 1;
                last >>= 1;
            }
        } else {
            node = node_hash(&node, sibling);
        }
        position >>= 1;
        last >>= 1;
    }
    (last == 0).then_some(node)
}

/// Whether `proof` shows that the tree of `size` leaves with this root holds `leaf` at `index`
/// (RFC 9162 2.1.3.2).
pub fn verify_inclusion(index: u64, size: u64, leaf: Hash, proof: &[Hash], root: Hash) -> bool {
    root_from_inclusion(index, size, leaf, proof) == Some(root)
}

/// Whether `proof` shows that the tree of `new_size` leaves extends that of `old_size`
/// (RFC 9162 2.1.4.2). From the empty tree nothing can be shown: `old_size` 0 is always false.
pub fn verify_consistency(
    old_size: u64,
    new_size: u64,
    old_root: Hash,
    new_root: Hash,
    proof: &[Hash],
) -> bool {
    if old_size == 0 || old_size > new_size {
        return false;
    }
    if old_size == new_size {
        return proof.is_empty() && old_root == new_root;
    }
    // A complete old tree is itself the first node of the path and is left out of the proof.
    let mut path = proof.iter();
    let first = if old_size.is_power_of_two() { Some(&old_root) } else { path.next() };
    let Some(first) = first else { return false };
    let (mut position, mut last) = (old_size - 1, new_size - 1);
    while position & 1 == 1 {
        position >>= 1;
        last >>= 1;
    }
    let (mut old, mut new) = (*first, *first);
    for sibling in path {
        if last == 0 {
            return false;
        }
        if position & 1 == 1 || position == last {
            old = node_hash(sibling, &old);
            new = node_hash(sibling, &new);
            while position & 1 == 0 && position != 0 {
                position >>= 1;
                last >>= 1;
            }
        } else {
            new = node_hash(&new, sibling);
        }
        position >>= 1;
        last >>= 1;
    }
    last == 0 && old == old_root && new == new_root
}

#[cfg(test)]
mod tests;
