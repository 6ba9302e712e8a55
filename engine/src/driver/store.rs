//! What recovery and the drivers need of a disk, in the replica's terms.
//!
//! An implementation does not retry: what a disk holds after a failed write or sync is unknown, so
//! every fault here ends the process.

use bytes::Bytes;
use raft::eraftpb::{Entry, HardState};
use thiserror::Error;

use crate::replica::{Position, StateSnapshot};

/// The disk, or what lies on it, is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{detail}")]
pub struct StoreFault {
    /// The stable code, such as `DISK_FULL`.
    pub code: &'static str,
    /// For people; it begins with the code.
    pub detail: String,
}

/// The Raft log of one replica.
pub trait Log: Send + 'static {
    /// The last entry cut off the log.
    fn floor(&self) -> Position;

    /// The index of the last entry.
    fn last(&self) -> u64;

    /// Term, vote and commit as last written.
    fn hard_state(&self) -> HardState;

    /// The entries `from .. to`, stopping before more than `max_bytes` but not before one.
    fn entries(&self, from: u64, to: u64, max_bytes: u64) -> Result<Vec<Entry>, StoreFault>;

    /// Adds entries, replacing what lies at and behind the first one's index, and the hard state.
    /// Durable after [`Log::sync`]. What a crash leaves of several appends is a first part of
    /// them.
    fn append(
        &mut self,
        entries: &[Entry],
        hard_state: Option<&HardState>,
    ) -> Result<(), StoreFault>;

    /// Makes all appends durable.
    fn sync(&mut self) -> Result<(), StoreFault>;

    /// Starts the log anew behind `floor`, durably: what it held is covered by a snapshot.
    fn restart(
        &mut self,
        floor: Position,
        hard_state: &HardState,
        entries: &[Entry],
    ) -> Result<(), StoreFault>;

    /// Drops what lies at and below `index`, or less of it; the new floor.
    fn cut_below(&mut self, index: u64) -> Result<Position, StoreFault>;
}

/// The snapshots of one replica.
pub trait Snapshots: Send + Sync + 'static {
    /// Writes a snapshot durably, keeps the one relied on before it and removes all others.
    fn write(&self, snapshot: &StateSnapshot) -> Result<(), StoreFault>;

    /// The indexes of the snapshots on disk, the newest first. Whether they are intact shows when
    /// they are loaded.
    fn indexes(&self) -> Result<Vec<u64>, StoreFault>;

    /// A snapshot; `None` when its bytes are damaged.
    fn load(&self, index: u64) -> Result<Option<StateSnapshot>, StoreFault>;

    /// The machine came from this snapshot: the next one written does not take its place.
    fn rely_on(&self, index: u64);

    /// The newest one whose bytes are intact.
    fn newest(&self) -> Result<Option<StateSnapshot>, StoreFault> {
        for index in self.indexes()? {
            if let Some(snapshot) = self.load(index)? {
                return Ok(Some(snapshot));
            }
        }
        Ok(None)
    }
}

/// Every block for ever, in order of height.
pub trait Archive: Send + 'static {
    /// The height of the last block on disk; zero before the first.
    fn height(&self) -> u64;

    /// The block of a height up to that, as it was appended before the archive was opened.
    fn stored(&self, height: u64) -> Result<Bytes, StoreFault>;

    /// Adds the block of the next height, made by the entry `index`. Durable after
    /// [`Archive::sync`].
    fn append(&mut self, height: u64, index: u64, block: &[u8]) -> Result<(), StoreFault>;

    /// Makes all blocks durable.
    fn sync(&mut self) -> Result<(), StoreFault>;
}

/// The archive as others read it while the node writes it.
pub trait Blocks: Send + Sync + 'static {
    /// The height of the last block that is durable; zero before the first.
    fn height(&self) -> u64;

    /// The block of a height between 1 and [`Blocks::height`], as it was appended.
    fn block(&self, height: u64) -> Result<Bytes, StoreFault>;
}
