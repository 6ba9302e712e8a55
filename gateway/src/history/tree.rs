//! Proofs of the tree: that it holds a leaf, and that a larger one extends a smaller one.
//!
//! Leaf hashes come from a file that anyone could have changed. So each proof is verified, as its
//! reader will do it, under the root that the archive's headers commit to, before it is given away.

use counterfoil_engine::evidence::tree::{
    ProofError, empty_root, verify_consistency, verify_inclusion,
};
use counterfoil_engine::hash::Hash;

use super::index::{State, damaged};
use super::{History, HistoryError, LedgerView};

/// That the tree of `size` leaves holds a leaf (RFC 9162 2.1.3).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Inclusion {
    /// The leaf's index: that of a record, or of a block's header.
    pub index: u64,
    /// The leaf's hash.
    pub leaf: Hash,
    /// The size of the tree.
    pub size: u64,
    /// Its root.
    pub root: Hash,
    /// The siblings, the lowest first.
    pub proof: Vec<Hash>,
}

/// That the tree of `new_size` leaves extends that of `old_size` (RFC 9162 2.1.4).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Consistency {
    /// The smaller size.
    pub old_size: u64,
    /// Its root.
    pub old_root: Hash,
    /// The larger size.
    pub new_size: u64,
    /// Its root.
    pub new_root: Hash,
    /// The proof.
    pub proof: Vec<Hash>,
}

impl History {
    /// The proof that the tree of `size` leaves, or the present one, holds the leaf at `index`. `None`
    /// where there is no such leaf or size yet.
    ///
    /// # Errors
    /// See [`HistoryError`].
    pub fn inclusion(
        &self,
        index: u64,
        size: Option<u64>,
    ) -> Result<Option<Inclusion>, HistoryError> {
        self.index.ask(|state| inclusion(state, index, size.unwrap_or(state.size())))
    }

    /// The proof that the tree of `new_size` leaves, or the present one, extends that of `old_size`.
    /// `None` where there are no such sizes yet.
    ///
    /// # Errors
    /// See [`HistoryError`].
    pub fn consistency(
        &self,
        old_size: u64,
        new_size: Option<u64>,
    ) -> Result<Option<Consistency>, HistoryError> {
        self.index.ask(|state| consistency(state, old_size, new_size.unwrap_or(state.size())))
    }

    /// Compares the tree of the archive with that of the machine; the index must be as far.
    pub(super) fn agrees(&self, view: &LedgerView) -> Result<(), HistoryError> {
        let (size, root) = (view.machine.tree_size(), view.machine.tree_root());
        match self.index.ask(|state| root_at(state, size))? {
            Some(found) if found == root => Ok(()),
            _ => Err(HistoryError::TreeMismatch(size)),
        }
    }

    /// The root of the tree when it had so many leaves.
    pub(super) fn root_at(&self, size: u64) -> Result<Option<Hash>, HistoryError> {
        self.index.ask(|state| root_at(state, size))
    }
}

pub(super) fn inclusion(
    state: &State,
    index: u64,
    size: u64,
) -> Result<Option<Inclusion>, HistoryError> {
    let Some(root) = root_at(state, size)? else { return Ok(None) };
    if index >= size {
        return Ok(None);
    }
    let proof = state.nodes().inclusion(index, size, state.leaves()).map_err(unreadable)?;
    let leaf = leaf(state, index)?;
    if !verify_inclusion(index, size, leaf, &proof, root) {
        return Err(damaged(format!("leaf {index} is not in the tree")));
    }
    Ok(Some(Inclusion { index, leaf, size, root, proof }))
}

fn consistency(
    state: &State,
    old_size: u64,
    new_size: u64,
) -> Result<Option<Consistency>, HistoryError> {
    if old_size == 0 || old_size > new_size {
        return Ok(None);
    }
    let (Some(old_root), Some(new_root)) = (root_at(state, old_size)?, root_at(state, new_size)?)
    else {
        return Ok(None);
    };
    let proof = state.nodes().consistency(old_size, new_size, state.leaves());
    let proof = proof.map_err(unreadable)?;
    if !verify_consistency(old_size, new_size, old_root, new_root, &proof) {
        return Err(damaged("leaves of the tree have changed"));
    }
    Ok(Some(Consistency { old_size, old_root, new_size, new_root, proof }))
}

/// The root of a former size, shown to be one that the present tree extends.
fn root_at(state: &State, size: u64) -> Result<Option<Hash>, HistoryError> {
    let nodes = state.nodes();
    if size == nodes.size() {
        return Ok(Some(nodes.root()));
    }
    if size == 0 || size > nodes.size() {
        return Ok((size == 0).then(empty_root));
    }
    let root = nodes.root_at(size, state.leaves()).map_err(unreadable)?;
    let proof = nodes.consistency(size, nodes.size(), state.leaves()).map_err(unreadable)?;
    if !verify_consistency(size, nodes.size(), root, nodes.root(), &proof) {
        return Err(damaged("leaves of the tree have changed"));
    }
    Ok(Some(root))
}

fn leaf(state: &State, index: u64) -> Result<Hash, HistoryError> {
    use counterfoil_engine::evidence::tree::LeafHashes;
    state.leaves().leaf(index).ok_or_else(|| unreadable(ProofError::LeafMissing(index)))
}

fn unreadable(error: ProofError) -> HistoryError {
    damaged(error.to_string())
}
