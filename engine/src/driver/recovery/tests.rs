//! A leader's snapshot is on disk and a crash came before the log was started anew behind it.

use std::sync::Arc;

use raft::eraftpb::HardState;

use super::*;
use crate::driver::Stores;
use crate::hash::Hash;
use crate::sim::{MemoryDisk, Tally};
use crate::storage::{DiskLog, DiskSnapshots, Home, Identity, Sizes};

const LEDGER: Hash = Hash([7; 32]);

/// A log that ends at entry 5, of which replica 3 was elected in `term` with this one's vote.
fn voted(term: u64) -> (DiskLog, DiskSnapshots) {
    let identity = Identity { ledger: LEDGER, replica: 1, incarnation: 1 };
    let disk = Arc::new(MemoryDisk::default());
    let home = Home::create_on(disk, "here", identity, Sizes::default()).unwrap();
    let Stores { mut log, snapshots, .. } = home.stores;
    let entries: Vec<_> = (1..=5).map(|index| Entry { index, term, ..Entry::default() }).collect();
    let hard_state = HardState { term, vote: 3, commit: 2, ..HardState::default() };
    log.append(&entries, Some(&hard_state)).unwrap();
    log.sync().unwrap();
    (log, snapshots)
}

/// What the log says after recovery from a leader's snapshot of entry 40.
fn recovered(term: u64, snapshot_term: u64) -> (Position, HardState) {
    let (mut log, snapshots) = voted(term);
    let configuration = ConfState::from((vec![1, 2, 3], Vec::new()));
    let state = Tally::new(&()).encode().into();
    let snapshot = StateSnapshot { index: 40, term: snapshot_term, configuration, state };
    snapshots.write(&snapshot).unwrap();
    let settings = Settings { id: 1, cluster: LEDGER, seed: 1, window_bytes: 1 << 20 };
    let recovered = recover::<Tally>(settings, &(), &mut log, &snapshots, |_, _, _| Ok(()));
    assert_eq!(recovered.unwrap().applied, Position { index: 40, term: snapshot_term });
    assert_eq!((log.floor(), log.last()), (Position { index: 40, term: snapshot_term }, 40));
    (log.floor(), log.hard_state())
}

#[test]
fn a_vote_is_kept_in_its_own_term() {
    let (_, hard_state) = recovered(9, 8);
    assert_eq!((hard_state.term, hard_state.vote, hard_state.commit), (9, 3, 40));
    let (_, hard_state) = recovered(8, 8);
    assert_eq!((hard_state.term, hard_state.vote, hard_state.commit), (8, 3, 40));
}

#[test]
fn a_vote_of_an_earlier_term_is_not_carried_into_a_later_one() {
    let (_, hard_state) = recovered(8, 9);
    assert_eq!((hard_state.term, hard_state.vote, hard_state.commit), (9, 0, 40));
}
