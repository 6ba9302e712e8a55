//! What recovery and the drivers need of a disk, in the replica's terms.

use raft::eraftpb::{Entry, HardState};

use crate::replica::{Position, StateSnapshot};

/// The log and the snapshots of one replica.
pub trait Durable {
    /// What can go wrong: nothing that a retry would mend.
    type Error;

    /// The last entry cut off the log.
    fn floor(&self) -> Position;

    /// The last entry of the log.
    fn last(&self) -> u64;

    /// Term, vote and commit as last written.
    fn hard_state(&self) -> HardState;

    /// The entries `from .. to`, stopping before more than `max_bytes` but not before one.
    fn entries(&self, from: u64, to: u64, max_bytes: u64) -> Result<Vec<Entry>, Self::Error>;

    /// Adds entries, replacing what lies at and behind the first one's index, and the hard state.
    /// Durable after [`Durable::sync`]. What a crash leaves of several appends is a first part
    /// of them.
    fn append(
        &mut self,
        entries: &[Entry],
        hard_state: Option<&HardState>,
    ) -> Result<(), Self::Error>;

    /// Makes all appends durable.
    fn sync(&mut self) -> Result<(), Self::Error>;

    /// Starts the log anew behind `floor`, durably: what it held is covered by a snapshot.
    fn restart(
        &mut self,
        floor: Position,
        hard_state: &HardState,
        entries: &[Entry],
    ) -> Result<(), Self::Error>;

    /// Drops what lies at and below `index`, or less; the new floor.
    fn cut_below(&mut self, index: u64) -> Result<Position, Self::Error>;

    /// Writes a snapshot durably and keeps the one before it.
    fn write_snapshot(&mut self, snapshot: &StateSnapshot) -> Result<(), Self::Error>;

    /// The snapshots whose bytes are intact, the newest first.
    fn snapshots(&self) -> Result<Vec<StateSnapshot>, Self::Error>;
}
