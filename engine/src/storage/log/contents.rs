//! What the log holds, in memory: where each entry lies, the hard state and the floor.

use std::collections::VecDeque;

use raft::eraftpb::HardState;

use super::batch::{Batch, ReadBatch};
use crate::driver::store::StoreFault;
use crate::replica::Position;
use crate::storage::misuse;

/// Where an entry lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) segment: u64,
    pub(super) offset: u64,
    pub(super) length: u32,
    pub(super) term: u64,
}

impl Place {
    pub(super) fn end(&self) -> u64 {
        self.offset + u64::from(self.length)
    }
}

/// The same on disk and in memory once all batches are written.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::storage) struct Contents {
    pub(in crate::storage) floor: Position,
    pub(in crate::storage) hard_state: HardState,
    /// Entries at and below this index lie in segments that are gone. Equal to the floor but
    /// while old segments are being read.
    absent: u64,
    /// Those of `absent + 1` and on.
    places: VecDeque<Place>,
}

impl Default for Contents {
    fn default() -> Contents {
        Contents::begun(Position { index: 0, term: 0 }, 0, HardState::default())
    }
}

impl Contents {
    /// A log whose entries up to `last` are not to be had.
    pub(super) fn begun(floor: Position, last: u64, hard_state: HardState) -> Contents {
        Contents { floor, hard_state, absent: last, places: VecDeque::new() }
    }

    pub(in crate::storage) fn last(&self) -> u64 {
        self.absent + self.places.len() as u64
    }

    /// Whether each entry behind the floor is there.
    pub(super) fn is_complete(&self) -> bool {
        self.absent == self.floor.index
    }

    /// The segment of the first entry.
    pub(super) fn first_segment(&self) -> Option<u64> {
        self.places.front().map(|place| place.segment)
    }

    /// The term of an entry.
    pub(super) fn term(&self, index: u64) -> Option<u64> {
        self.place(index).map(|place| place.term)
    }

    fn place(&self, index: u64) -> Option<&Place> {
        let at = index.checked_sub(self.absent)?.checked_sub(1)?;
        self.places.get(usize::try_from(at).ok()?)
    }

    /// The places of the entries `from .. to`, for not more than `max_bytes` unless it is one.
    pub(super) fn places(
        &self,
        from: u64,
        to: u64,
        max_bytes: u64,
    ) -> Result<Vec<Place>, StoreFault> {
        if from <= self.absent {
            return Err(misuse("entries are read that were cut off"));
        }
        let mut bytes = 0;
        let mut places = Vec::new();
        for index in from..to.min(self.last() + 1) {
            let place = self.place(index).expect("it lies between the first and the last");
            bytes += u64::from(place.length);
            if bytes > max_bytes && !places.is_empty() {
                break;
            }
            places.push(*place);
        }
        Ok(places)
    }

    /// Whether a batch may be written: its entries follow one another and what is there.
    pub(super) fn admits(&self, batch: &Batch<'_>) -> Result<(), StoreFault> {
        let Some(first) = batch.entries.first() else { return Ok(()) };
        let in_order = (first.index..).zip(batch.entries).all(|(index, e)| e.index == index);
        if in_order && self.takes(first.index) {
            return Ok(());
        }
        Err(misuse("entries are appended that do not follow the log"))
    }

    fn takes(&self, first: u64) -> bool {
        first > self.floor.index && first <= self.last() + 1
    }

    /// Takes a batch over that was read; false, if it cannot have been written here.
    #[must_use]
    pub(super) fn read(&mut self, batch: ReadBatch) -> bool {
        let possible = batch.first.is_none_or(|first| self.takes(first))
            && batch.floor.is_none_or(|floor| {
                let behind = floor.index > self.floor.index && floor.index <= self.last();
                let same_term = self.term(floor.index).is_none_or(|term| term == floor.term);
                batch.first.is_none() && behind && same_term
            });
        if possible {
            self.write(batch.first, batch.places, batch.hard_state, batch.floor);
        }
        possible
    }

    /// Takes over what was written.
    pub(super) fn write(
        &mut self,
        first: Option<u64>,
        places: Vec<Place>,
        hard_state: Option<HardState>,
        floor: Option<Position>,
    ) {
        if let Some(first) = first {
            match first.checked_sub(self.absent + 1) {
                Some(kept) => self.places.truncate(kept as usize),
                None => {
                    self.absent = first - 1;
                    self.places.clear();
                }
            }
            self.places.extend(places);
        }
        if let Some(hard_state) = hard_state {
            self.hard_state = hard_state;
        }
        if let Some(floor) = floor {
            if let Some(gone) = floor.index.checked_sub(self.absent) {
                self.places.drain(..gone as usize);
                self.absent = floor.index;
            }
            self.floor = floor;
        }
    }
}
