//! From what the disk holds to a machine and a replica that may vote: the same code for the
//! server and for the simulator.
//!
//! The machine comes from the newest snapshot that can be read and is brought up to the commit by
//! the log; entries beyond the commit, and those behind a change of the group, go through
//! consensus again.
//!
//! Invariants: nothing is applied here that was not committed; each entry of the log between the
//! snapshot and the end is either applied here or handed to the replica.

use bytes::Bytes;
use raft::eraftpb::{ConfState, Entry, EntryType};
use thiserror::Error;

use super::store::{Log, Snapshots, StoreFault};
use crate::replica::{
    MachineError, Position, Replica, Settings, Start, StartError, StateMachine, StateSnapshot,
    unstamped,
};

/// Read from the log at once, in bytes.
const STRIDE_BYTES: u64 = 4 << 20;

/// A replica and its machine, ready to go on.
pub struct Recovered<M> {
    /// The consensus core.
    pub replica: Replica,
    /// The machine.
    pub machine: M,
    /// The last entry applied to the machine.
    pub applied: Position,
    /// The group at that entry.
    pub configuration: ConfState,
    /// The newest snapshot on disk covers the log up to here.
    pub snapshot: Position,
    /// Blocks that the log holds beyond the machine: consensus has to commit their entries again.
    pub pending: u64,
    /// Bytes of the entries between the snapshot and the machine.
    pub replayed_bytes: u64,
}

/// Why a replica cannot come back.
#[derive(Debug, Error)]
pub enum RecoveryError {
    /// The disk, the log or a snapshot.
    #[error(transparent)]
    Store(#[from] StoreFault),
    /// No snapshot can be read as a state of the machine.
    #[error(transparent)]
    Machine(#[from] MachineError),
    /// The disk holds no snapshot; a replica is set up with one.
    #[error("SNAPSHOT_MISSING: no intact snapshot was found")]
    NoSnapshot,
    /// The log begins after the newest readable snapshot ends.
    #[error("LOG_GAP: the snapshot ends at {snapshot}, the log begins after {floor}")]
    Gap {
        /// The last index that the snapshot covers.
        snapshot: u64,
        /// The last index that the log no longer holds.
        floor: u64,
    },
    /// Consensus cannot start from it.
    #[error(transparent)]
    Start(#[from] StartError),
}

/// Recovers. `on_block` sees each block that is made on the way, with the index of its entry.
pub fn recover<M: StateMachine>(
    settings: Settings,
    origin: &M::Origin,
    log: &mut impl Log,
    snapshots: &impl Snapshots,
    mut on_block: impl FnMut(u64, &M, M::Block) -> Result<(), StoreFault>,
) -> Result<Recovered<M>, RecoveryError> {
    let (snapshot, mut machine) = newest::<M>(origin, snapshots)?;
    let base = Position { index: snapshot.index, term: snapshot.term };
    finish_install(settings.id, log, &snapshot)?;
    let floor = log.floor();
    if floor.index > base.index {
        return Err(RecoveryError::Gap { snapshot: base.index, floor: floor.index });
    }
    let hard_state = log.hard_state();
    let (mut applied, mut pending, mut replayed_bytes) = (base, 0, 0);
    let mut replay = Replay { commit: hard_state.commit, over: false };
    let mut start = Start::new(floor, base.index, snapshot.configuration.clone(), hard_state);
    let mut next = floor.index + 1;
    while next <= log.last() {
        let entries = log.entries(next, log.last() + 1, STRIDE_BYTES)?;
        for entry in entries {
            next = entry.index + 1;
            let position = Position { index: entry.index, term: entry.term };
            if entry.index <= base.index {
                start.note(position);
            } else if replay.takes(&entry) {
                start.note(position);
                applied = position;
                replayed_bytes += entry.data.len() as u64;
                if !entry.data.is_empty() {
                    let block = apply(&mut machine, &entry.data);
                    on_block(entry.index, &machine, block)?;
                }
            } else {
                pending += u64::from(is_normal(&entry) && !entry.data.is_empty());
                start.push(entry);
            }
        }
    }
    let replica = Replica::start(settings, start)?;
    let configuration = snapshot.configuration;
    Ok(Recovered {
        replica,
        machine,
        applied,
        configuration,
        snapshot: base,
        pending,
        replayed_bytes,
    })
}

/// Whether an entry is none that changes the group.
fn is_normal(entry: &Entry) -> bool {
    entry.get_entry_type() == EntryType::EntryNormal
}

/// Applies the payload of one entry.
pub(crate) fn apply<M: StateMachine>(machine: &mut M, payload: &Bytes) -> M::Block {
    let (stamp, submission) = unstamped(payload);
    machine.apply(stamp, &submission)
}

/// Which entries recovery applies by itself.
struct Replay {
    commit: u64,
    over: bool,
}

impl Replay {
    /// Committed entries up to the first change of the group: that one needs consensus to carry
    /// it out.
    fn takes(&mut self, entry: &Entry) -> bool {
        self.over |= entry.index > self.commit || !is_normal(entry);
        !self.over
    }
}

/// The newest snapshot that the machine can read.
fn newest<M: StateMachine>(
    origin: &M::Origin,
    snapshots: &impl Snapshots,
) -> Result<(StateSnapshot, M), RecoveryError> {
    let mut unreadable = RecoveryError::NoSnapshot;
    for index in snapshots.indexes()? {
        let Some(snapshot) = snapshots.load(index)? else { continue };
        match M::decode(origin, &snapshot.state) {
            Ok(machine) => {
                snapshots.rely_on(index);
                // The machine holds the state from now on; its bytes may go.
                return Ok((StateSnapshot { state: Bytes::new(), ..snapshot }, machine));
            }
            Err(error) => unreadable = error.into(),
        }
    }
    Err(unreadable)
}

/// A crash between writing a leader's snapshot and starting the log anew behind it leaves a log
/// that ends before the snapshot or took another way. The snapshot holds only what was committed,
/// so that log has nothing to add.
///
/// A sole voter never gets one: its log reached the snapshot once and does no more, and what was
/// acknowledged behind it is gone too.
fn finish_install(
    id: u64,
    log: &mut impl Log,
    snapshot: &StateSnapshot,
) -> Result<(), RecoveryError> {
    let base = Position { index: snapshot.index, term: snapshot.term };
    let floor = log.floor();
    let covered = if log.last() < base.index {
        false
    } else if base.index <= floor.index {
        true
    } else {
        let at = log.entries(base.index, base.index + 1, 0)?;
        at.first().is_some_and(|entry| entry.term == base.term)
    };
    if covered {
        return Ok(());
    }
    if snapshot.configuration.get_voters() == [id] {
        let from = base.index.min(log.last() + 1);
        return Err(StartError::Lost { from, to: base.index }.into());
    }
    let mut hard_state = log.hard_state();
    hard_state.commit = base.index;
    // A vote holds for its term alone: in a higher one this replica has not voted yet.
    if base.term > hard_state.term {
        hard_state.term = base.term;
        hard_state.vote = 0;
    }
    Ok(log.restart(base, &hard_state, &[])?)
}

#[cfg(test)]
mod tests;
