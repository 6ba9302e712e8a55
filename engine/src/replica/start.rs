//! From what recovery found on disk to a running replica.

use raft::eraftpb::{ConfState, Entry, HardState};
use raft::{Config, RawNode, ReadOnlyOption};
use slog::Discard;
use thiserror::Error;

use super::election::{ELECTION_TICKS, HEARTBEAT_TICKS};
use super::filter::is_plain;
use super::limits::{
    MAX_COMMITTED_BYTES, MAX_MESSAGE_BYTES, MAX_MESSAGES_IN_FLIGHT, MAX_UNCOMMITTED_BYTES,
};
use super::tail::Tail;
use super::{Position, Replica};
use crate::hash::Hash;

/// Who this replica is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Its id in the group: not zero, never used again for another replica or after data loss.
    pub id: u64,
    /// The group.
    pub cluster: Hash,
    /// From what the election timeouts follow.
    pub seed: u64,
    /// Applied entries kept in memory for followers that lag a little, in bytes.
    pub window_bytes: usize,
}

/// What recovery found, in the order in which it finds it: first the state, then the log from its
/// first entry to its last.
pub struct Start {
    tail: Tail,
    applied: u64,
    commit: u64,
}

impl Start {
    /// A log whose last entry cut off is `floor`, and a snapshot at `applied`, which names the
    /// group.
    pub fn new(
        floor: Position,
        applied: u64,
        configuration: ConfState,
        mut hard_state: HardState,
    ) -> Start {
        // What a snapshot covers was committed, though the commit index itself may not have
        // reached the disk.
        hard_state.commit = hard_state.commit.max(applied);
        // A vote holds for its term alone.
        if floor.term > hard_state.term {
            hard_state.term = floor.term;
            hard_state.vote = 0;
        }
        let commit = hard_state.commit;
        let tail = Tail::new(floor.index, floor.term, applied, hard_state, configuration);
        Start { tail, applied, commit }
    }

    /// An entry of the log that the machine has applied by now: only its term is kept in memory.
    pub fn note(&mut self, position: Position) {
        self.tail.note_term(position.index, position.term);
        self.applied = self.applied.max(position.index);
        self.tail.applied(self.applied);
    }

    /// An entry of the log to keep in memory: each one that is not applied.
    pub fn push(&mut self, entry: Entry) {
        self.tail.append(&[entry]);
    }
}

/// Why a replica cannot start from what its disk holds.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StartError {
    /// The log ends before entries that were known to be committed, or applied.
    #[error("LOG_LOST: entries {from} to {to} were committed and are missing from the log")]
    Lost {
        /// The first index missing.
        from: u64,
        /// The last index missing.
        to: u64,
    },
    /// No group has this configuration.
    #[error("CONFIGURATION_IMPOSSIBLE: the snapshot names no possible group")]
    Configuration,
    /// raft-rs refused, in its words.
    #[error("CONSENSUS_REFUSED: {0}")]
    Refused(String),
}

impl Replica {
    /// Starts from what recovery found, all of which must be synced. The sole voter of a group
    /// stands for election at once.
    pub fn start(settings: Settings, mut start: Start) -> Result<Replica, StartError> {
        let last = start.tail.last();
        let known = start.commit.max(start.applied);
        if last < known {
            return Err(StartError::Lost { from: last + 1, to: known });
        }
        let configuration = raft::Storage::initial_state(&start.tail)
            .map_err(|error| StartError::Refused(error.to_string()))?
            .conf_state;
        if !is_plain(&configuration) {
            return Err(StartError::Configuration);
        }
        let alone = configuration.get_voters() == [settings.id];
        start.tail.window_bytes = settings.window_bytes;
        let logger = slog::Logger::root(Discard, slog::o!());
        let config = config(&settings, start.applied);
        let node = RawNode::new(&config, start.tail, &logger)
            .map_err(|error| StartError::Refused(error.to_string()))?;
        let mut replica = Replica {
            settings,
            node,
            campaigns: 0,
            installing: None,
            fetching: Default::default(),
            next_token: 0,
            effects: Vec::new(),
        };
        replica.settle();
        if alone {
            replica.node.campaign().map_err(|error| StartError::Refused(error.to_string()))?;
            replica.settle();
        }
        Ok(replica)
    }
}

fn config(settings: &Settings, applied: u64) -> Config {
    Config {
        id: settings.id,
        applied,
        election_tick: ELECTION_TICKS,
        heartbeat_tick: HEARTBEAT_TICKS,
        min_election_tick: ELECTION_TICKS,
        max_election_tick: 2 * ELECTION_TICKS,
        // A replica that was cut off does not disturb the group when it comes back.
        pre_vote: true,
        // A leader without a quorum stands back, so that its clients go elsewhere.
        check_quorum: true,
        // A lease would serve stale reads after a pause of the process.
        read_only_option: ReadOnlyOption::Safe,
        max_size_per_msg: MAX_MESSAGE_BYTES,
        max_inflight_msgs: MAX_MESSAGES_IN_FLIGHT,
        max_uncommitted_size: MAX_UNCOMMITTED_BYTES,
        max_committed_size_per_ready: MAX_COMMITTED_BYTES,
        ..Config::default()
    }
}
