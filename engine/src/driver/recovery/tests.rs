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

/// Recovery from a snapshot beside that log.
fn recover_from(
    log: &mut DiskLog,
    snapshots: &DiskSnapshots,
    at: Position,
    voters: Vec<u64>,
) -> Result<Recovered<Tally>, RecoveryError> {
    let configuration = ConfState::from((voters, Vec::new()));
    let state = Tally::new(&()).encode().into();
    let Position { index, term } = at;
    snapshots.write(&StateSnapshot { index, term, configuration, state }).unwrap();
    let settings = Settings { id: 1, cluster: LEDGER, seed: 1, window_bytes: 1 << 20 };
    recover(settings, &(), log, snapshots, |_, _, _| Ok(()))
}

/// What the log says after recovery from a leader's snapshot of entry 40.
fn recovered(term: u64, snapshot_term: u64) -> (Position, HardState) {
    let (mut log, snapshots) = voted(term);
    let at = Position { index: 40, term: snapshot_term };
    let recovered = recover_from(&mut log, &snapshots, at, vec![1, 2, 3]);
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

#[test]
fn the_log_of_a_sole_voter_never_ends_before_its_snapshot() {
    for (index, term, from) in [(40, 9, 6), (6, 9, 6), (4, 8, 4)] {
        let (mut log, snapshots) = voted(9);
        let before = (log.floor(), log.last(), log.hard_state());
        let recovered = recover_from(&mut log, &snapshots, Position { index, term }, vec![1]);
        let error = recovered.map(drop).unwrap_err().to_string();
        assert!(error.starts_with(&format!("LOG_LOST: entries {from} to {index}")), "{error}");
        assert_eq!((log.floor(), log.last(), log.hard_state()), before, "nothing is changed");
    }
}
