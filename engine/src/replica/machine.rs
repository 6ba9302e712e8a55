//! What the replica needs from the state machine that it replicates.
//!
//! The ledger is one implementation; tests bring a tiny one, so that a fault of consensus or of
//! recovery shows without the ledger's own rules in the way.

use bytes::Bytes;
use thiserror::Error;

use crate::hash::Hash;
use crate::time::Timestamp;

/// A deterministic state machine: the same entries in the same order leave the same state, the
/// same blocks and the same replies on each replica.
///
/// A clone must be cheap (copy-on-write): it is the view that readers hold and the source of the
/// snapshot that another thread writes while the machine goes on.
pub trait StateMachine: Clone + Send + Sync + 'static {
    /// What a machine is made from and a snapshot is read with, such as a genesis.
    type Origin: Send + Sync + 'static;
    /// What one entry leaves: for the proposer, and for the archive.
    type Block: Send + Sync + 'static;

    /// The machine before its first entry.
    fn new(origin: &Self::Origin) -> Self;

    /// Executes one entry and closes one block. Total: no input panics, and each call raises the
    /// height by exactly one.
    fn apply(&mut self, stamp: Timestamp, submission: &Bytes) -> Self::Block;

    /// The block as the archive keeps it.
    fn archived(block: &Self::Block) -> Vec<u8>;

    /// About how many bytes a block takes.
    fn size(block: &Self::Block) -> usize;

    /// Blocks closed so far.
    fn height(&self) -> u64;

    /// The hash of the header of the latest block.
    fn header_hash(&self) -> Hash;

    /// A digest over the whole state, equal on replicas of equal height.
    fn digest(&self) -> Hash;

    /// What is wrong with the state by its own conservation laws; empty when all is well.
    fn audit(&self) -> Vec<String>;

    /// The whole state as bytes, for a snapshot.
    fn encode(&self) -> Vec<u8>;

    /// Reads back what [`StateMachine::encode`] wrote. Total and bounded, for the bytes may come
    /// from a peer.
    fn decode(origin: &Self::Origin, bytes: &[u8]) -> Result<Self, MachineError>;
}

/// The bytes of a snapshot are not a state of the machine.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("SNAPSHOT_UNREADABLE: the snapshot does not hold a state of the machine: {0}")]
pub struct MachineError(pub String);
