//! Which term each entry of the log has, for the whole log, in a few dozen bytes.
//!
//! raft-rs asks for terms of old entries and cannot wait for the disk. Terms never fall along the
//! log, so a run for each term is enough.
//!
//! Invariants: runs ascend in index and in term; the first entry known is `floor + 1`; `floor` is
//! the last entry that was cut off, and its term stays known.

use std::collections::VecDeque;

/// One term and the index of its first entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Run {
    first: u64,
    term: u64,
}

/// The terms of the entries `floor ..= last`.
#[derive(Debug, Clone)]
pub(super) struct Terms {
    floor: u64,
    floor_term: u64,
    last: u64,
    runs: VecDeque<Run>,
}

impl Terms {
    /// An empty log whose last entry cut off is `floor`.
    pub(super) fn new(floor: u64, floor_term: u64) -> Terms {
        Terms { floor, floor_term, last: floor, runs: VecDeque::new() }
    }

    /// The last index cut off.
    pub(super) fn floor(&self) -> u64 {
        self.floor
    }

    /// The last index of the log.
    pub(super) fn last(&self) -> u64 {
        self.last
    }

    /// The term at `index`; `None` outside `floor ..= last`.
    pub(super) fn get(&self, index: u64) -> Option<u64> {
        if index < self.floor || index > self.last {
            return None;
        }
        if index == self.floor {
            return Some(self.floor_term);
        }
        let after = self.runs.partition_point(|run| run.first <= index);
        after.checked_sub(1).map(|at| self.runs[at].term)
    }

    /// Sets the entry `index`, which must lie in `floor + 1 ..= last + 1`, and forgets what lay
    /// at and behind it.
    pub(super) fn set(&mut self, index: u64, term: u64) {
        assert!(index > self.floor && index <= self.last + 1, "the log has no gaps");
        while self.runs.back().is_some_and(|run| run.first >= index) {
            self.runs.pop_back();
        }
        if self.runs.back().is_none_or(|run| run.term != term) {
            self.runs.push_back(Run { first: index, term });
        }
        self.last = index;
    }

    /// Raises the floor to `index`, an entry known.
    pub(super) fn cut_below(&mut self, index: u64) {
        let Some(term) = self.get(index) else { return };
        while self.runs.get(1).is_some_and(|run| run.first <= index + 1) {
            self.runs.pop_front();
        }
        if let Some(first) = self.runs.front_mut() {
            first.first = first.first.max(index + 1);
        }
        self.runs.retain(|run| run.first <= self.last);
        (self.floor, self.floor_term) = (index, term);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_new_leader_shortens_the_log() {
        let mut terms = Terms::new(1, 1);
        for (index, term) in [(2, 2), (3, 2), (4, 3), (5, 3), (4, 5)] {
            terms.set(index, term);
        }
        let known: Vec<_> = (0..7).map(|index| terms.get(index)).collect();
        assert_eq!(known, [None, Some(1), Some(2), Some(2), Some(5), None, None]);
    }

    proptest! {
        #[test]
        fn runs_agree_with_a_plain_list(steps in prop::collection::vec((0u64..8, 0u64..3, any::<bool>()), 1..60)) {
            let mut terms = Terms::new(1, 1);
            let mut list = vec![1u64]; // list[i] is the term of entry floor + i
            let mut floor = 1u64;
            let mut term = 1;
            for (offset, rise, cut) in steps {
                let last = floor + list.len() as u64 - 1;
                if cut {
                    let index = (floor + offset).min(last);
                    terms.cut_below(index);
                    list.drain(..(index - floor) as usize);
                    floor = index;
                } else {
                    let index = (last + 1).saturating_sub(offset).max(floor + 1);
                    term += rise;
                    list.truncate((index - floor) as usize);
                    list.push(term);
                    terms.set(index, term);
                }
                for index in 0..floor + list.len() as u64 + 2 {
                    let expected = index.checked_sub(floor).and_then(|at| list.get(at as usize));
                    prop_assert_eq!(terms.get(index), expected.copied());
                }
            }
        }
    }
}
