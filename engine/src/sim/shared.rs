//! What all processes of a simulation share: time, chance, the network, the clients' knowledge
//! and the invariants.

use raft::eraftpb::Message;

use super::chance::Chance;
use super::invariants::durability::Durability;
use super::invariants::headers::Headers;
use super::invariants::log_matching::LogMatching;
use super::invariants::one_leader::OneLeader;
use super::mutant::Mutant;
use super::network::{Letter, Network};

/// How many replicas there are; their ids are 1, 2 and 3.
pub(super) const REPLICAS: u64 = 3;

#[derive(Debug)]
pub(super) struct Shared<W> {
    /// Simulated milliseconds.
    pub(super) now: u64,
    pub(super) seed: u64,
    pub(super) chance: Chance,
    pub(super) network: Network,
    pub(super) workload: W,
    pub(super) mutant: Option<Mutant>,
    pub(super) faulty: bool,
    pub(super) one_leader: OneLeader,
    pub(super) log_matching: LogMatching,
    pub(super) headers: Headers,
    pub(super) durability: Durability,
    pub(super) counts: Counts,
}

/// What happened, to see that a simulation did not idle.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Processes that ended with the power.
    pub crashes: u64,
    /// Processes that ended alone, while their system went on.
    pub kills: u64,
    /// Snapshots written by a replica of its own state.
    pub snapshots: u64,
    /// Snapshots taken over from a leader.
    pub installs: u64,
    /// Linearizable reads served.
    pub reads: u64,
    /// Entries read from the log for a follower.
    pub fetches: u64,
    /// Syncs of logs.
    pub syncs: u64,
    /// Processes that ended because their disk failed.
    pub failed_disks: u64,
}

impl<W> Shared<W> {
    pub(super) fn is(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }

    /// Puts messages on their way; to whom a snapshot among them was lost at once.
    pub(super) fn send(&mut self, incarnation: u64, messages: Vec<Message>) -> Vec<u64> {
        let mut lost = Vec::new();
        for message in messages {
            let snapshot_to = (!message.get_snapshot().is_empty()).then_some(message.to);
            let letter = Letter { message, incarnation };
            if !self.network.send(self.now, letter, &mut self.chance) {
                lost.extend(snapshot_to);
            }
        }
        lost
    }

    /// How long a sync takes now: a disk stalls now and then.
    pub(super) fn sync_ms(&mut self) -> u64 {
        if self.faulty && self.chance.one_in(60) {
            return self.chance.within(50, 400);
        }
        self.chance.within(1, 8)
    }
}
