//! The end of the log in memory: what raft-rs sees as its storage.
//!
//! raft-rs calls its storage in the middle of a step and must not wait for a disk there. So all
//! entries that are not applied yet lie here, with a window of older ones for followers that lag a
//! little; what a far follower needs is fetched from the log by the driver and asked for again.
//!
//! Invariants: `entries` is gapless and ends at the last entry of the log; no entry above
//! `applied` is ever dropped; every entry is here before raft-rs is told that it is kept.

use std::cell::RefCell;
use std::collections::VecDeque;

use protobuf::Message as _;
use raft::eraftpb::{ConfState, Entry, HardState, Snapshot};
use raft::{GetEntriesContext, RaftState, Storage, StorageError};

use super::terms::Terms;

/// What raft-rs asked for and memory does not hold.
#[derive(Debug)]
pub(super) enum Want {
    /// Entries `from .. to`, at most `max_bytes` of them but at least one.
    Entries { from: u64, to: u64, max_bytes: u64, context: GetEntriesContext },
    /// The newest snapshot, for a follower that lags behind the log.
    Snapshot,
}

/// The storage of raft-rs; see the module.
pub(super) struct Tail {
    hard_state: HardState,
    configuration: ConfState,
    terms: Terms,
    entries: VecDeque<Entry>,
    bytes: usize,
    /// Applied entries kept for followers that lag a little, in bytes.
    pub(super) window_bytes: usize,
    applied: u64,
    fetched: Vec<Entry>,
    snapshot: Option<Snapshot>,
    wants: RefCell<Vec<Want>>,
}

impl Tail {
    pub(super) fn new(
        floor: u64,
        floor_term: u64,
        applied: u64,
        hard_state: HardState,
        configuration: ConfState,
    ) -> Tail {
        Tail {
            hard_state,
            configuration,
            terms: Terms::new(floor, floor_term),
            entries: VecDeque::new(),
            bytes: 0,
            window_bytes: usize::MAX,
            applied,
            fetched: Vec::new(),
            snapshot: None,
            wants: RefCell::default(),
        }
    }

    /// Notes the term of an old entry that stays on disk. Only before any entry is appended.
    pub(super) fn note_term(&mut self, index: u64, term: u64) {
        assert!(self.entries.is_empty(), "old terms come first");
        self.terms.set(index, term);
    }

    pub(super) fn set_hard_state(&mut self, hard_state: HardState) {
        self.hard_state = hard_state;
    }

    /// Adds entries, replacing what a former leader had put in their places.
    pub(super) fn append(&mut self, entries: &[Entry]) {
        for entry in entries {
            while self.entries.back().is_some_and(|last| last.index >= entry.index) {
                let last = self.entries.pop_back().expect("seen just now");
                self.bytes -= last.data.len();
            }
            self.terms.set(entry.index, entry.term);
            self.bytes += entry.data.len();
            self.entries.push_back(entry.clone());
        }
    }

    /// Lets go of applied entries beyond the window.
    pub(super) fn applied(&mut self, index: u64) {
        self.applied = self.applied.max(index);
        while self.bytes > self.window_bytes {
            match self.entries.front() {
                Some(first) if first.index <= self.applied => self.drop_front(),
                _ => break,
            }
        }
    }

    /// The log was cut: `index` is now its last entry that is gone.
    pub(super) fn cut_below(&mut self, index: u64) {
        self.terms.cut_below(index.min(self.applied));
        while self.entries.front().is_some_and(|first| first.index <= self.terms.floor()) {
            self.drop_front();
        }
        if self.snapshot.as_ref().is_some_and(|s| s.get_metadata().index < self.terms.floor()) {
            self.snapshot = None;
        }
    }

    /// Replaces everything by the snapshot at `index`.
    pub(super) fn install(&mut self, index: u64, term: u64, configuration: ConfState) {
        self.terms = Terms::new(index, term);
        self.entries.clear();
        self.bytes = 0;
        self.applied = index;
        self.configuration = configuration;
        self.snapshot = None;
        self.hard_state.commit = self.hard_state.commit.max(index);
        self.hard_state.term = self.hard_state.term.max(term);
    }

    pub(super) fn offer_fetched(&mut self, entries: Vec<Entry>) {
        self.fetched = entries;
    }

    pub(super) fn offer_snapshot(&mut self, snapshot: Option<Snapshot>) {
        self.snapshot = snapshot;
    }

    pub(super) fn take_wants(&self) -> Vec<Want> {
        self.wants.take()
    }

    pub(super) fn first(&self) -> u64 {
        self.terms.floor() + 1
    }

    pub(super) fn last(&self) -> u64 {
        self.terms.last()
    }

    fn drop_front(&mut self) {
        if let Some(first) = self.entries.pop_front() {
            self.bytes -= first.data.len();
        }
    }

    fn slice(entries: impl Iterator<Item = Entry>, max_bytes: Option<u64>) -> Vec<Entry> {
        let mut size = 0u64;
        let mut slice = Vec::new();
        for entry in entries {
            size = size.saturating_add(u64::from(entry.compute_size()));
            if !slice.is_empty() && max_bytes.is_some_and(|max| size > max) {
                break;
            }
            slice.push(entry);
        }
        slice
    }
}

fn unavailable<T>(why: StorageError) -> raft::Result<T> {
    Err(raft::Error::Store(why))
}

impl Storage for Tail {
    fn initial_state(&self) -> raft::Result<RaftState> {
        Ok(RaftState::new(self.hard_state.clone(), self.configuration.clone()))
    }

    fn entries(
        &self,
        low: u64,
        high: u64,
        max_bytes: impl Into<Option<u64>>,
        context: GetEntriesContext,
    ) -> raft::Result<Vec<Entry>> {
        let max_bytes = max_bytes.into();
        if low < self.first() {
            return unavailable(StorageError::Compacted);
        }
        let start = self.entries.front().map_or(self.last() + 1, |first| first.index);
        if let Some(skip) = low.checked_sub(start) {
            let range = skip as usize..(high - start) as usize;
            return Ok(Self::slice(self.entries.range(range).cloned(), max_bytes));
        }
        let found = self.fetched.iter().skip_while(|entry| entry.index < low);
        let found = Self::slice(found.take_while(|e| e.index < high).cloned(), max_bytes);
        if found.first().is_some_and(|entry| entry.index == low) {
            return Ok(found);
        }
        assert!(context.can_async(), "what is not applied yet lies in memory");
        self.wants.borrow_mut().push(Want::Entries {
            from: low,
            to: high.min(start),
            max_bytes: max_bytes.unwrap_or(super::limits::MAX_MESSAGE_BYTES),
            context,
        });
        unavailable(StorageError::LogTemporarilyUnavailable)
    }

    fn term(&self, index: u64) -> raft::Result<u64> {
        match self.terms.get(index) {
            Some(term) => Ok(term),
            None if index < self.first() => unavailable(StorageError::Compacted),
            None => unavailable(StorageError::Unavailable),
        }
    }

    fn first_index(&self) -> raft::Result<u64> {
        Ok(self.first())
    }

    fn last_index(&self) -> raft::Result<u64> {
        Ok(self.last())
    }

    fn snapshot(&self, request_index: u64, _to: u64) -> raft::Result<Snapshot> {
        match &self.snapshot {
            Some(snapshot) if snapshot.get_metadata().index >= request_index => {
                Ok(snapshot.clone())
            }
            _ => {
                self.wants.borrow_mut().push(Want::Snapshot);
                unavailable(StorageError::SnapshotTemporarilyUnavailable)
            }
        }
    }
}
