//! A disk that forgets: log, snapshots and archive in memory.

use std::sync::{Arc, Mutex, MutexGuard};

use raft::eraftpb::{Entry, HardState};

use super::chance::Chance;
use crate::driver::store::{Log, Snapshots, StoreFault};
use crate::replica::{Position, StateSnapshot};

#[derive(Debug, Clone)]
struct State {
    floor: Position,
    entries: Vec<Entry>,
    hard_state: HardState,
}

#[derive(Debug, Clone)]
struct Write {
    entries: Vec<Entry>,
    hard_state: Option<HardState>,
}

impl State {
    fn write(&mut self, write: &Write) {
        if let Some(first) = write.entries.first() {
            self.entries.truncate((first.index - self.floor.index - 1) as usize);
            self.entries.extend_from_slice(&write.entries);
        }
        if let Some(hard_state) = &write.hard_state {
            self.hard_state = hard_state.clone();
        }
    }
}

/// A log in memory; what is not synced survives a crash in part.
#[derive(Debug, Clone)]
pub(crate) struct MemoryLog {
    durable: State,
    unsynced: Vec<Write>,
    current: State,
}

impl MemoryLog {
    pub(crate) fn new(floor: Position) -> MemoryLog {
        let state = State { floor, entries: Vec::new(), hard_state: HardState::default() };
        MemoryLog { durable: state.clone(), unsynced: Vec::new(), current: state }
    }

    pub(crate) fn crash(&mut self, chance: &mut Chance) {
        let kept = chance.below(self.unsynced.len() as u64 + 1) as usize;
        for write in self.unsynced.drain(..).take(kept) {
            self.durable.write(&write);
        }
        self.current = self.durable.clone();
    }

    /// Forgets up to `count` entries at the end, synced ones too.
    pub(super) fn lose_tail(&mut self, count: u64) {
        let state = &mut self.durable;
        let kept = state.entries.len().saturating_sub(count as usize);
        state.entries.truncate(kept);
        let last = state.floor.index + kept as u64;
        state.hard_state.commit = state.hard_state.commit.min(last);
        self.current = self.durable.clone();
    }
}

impl Log for MemoryLog {
    fn floor(&self) -> Position {
        self.current.floor
    }

    fn last(&self) -> u64 {
        self.current.floor.index + self.current.entries.len() as u64
    }

    fn hard_state(&self) -> HardState {
        self.current.hard_state.clone()
    }

    fn entries(&self, from: u64, to: u64, max_bytes: u64) -> Result<Vec<Entry>, StoreFault> {
        let skip = from.checked_sub(self.floor().index + 1).ok_or_else(|| fault("cut off"))?;
        let mut bytes = 0;
        let wanted = self.current.entries.iter().skip(skip as usize).take((to - from) as usize);
        let within = wanted.enumerate().take_while(|(at, entry)| {
            bytes += entry.data.len() as u64;
            *at == 0 || bytes <= max_bytes
        });
        Ok(within.map(|(_, entry)| entry.clone()).collect())
    }

    fn append(
        &mut self,
        entries: &[Entry],
        hard_state: Option<&HardState>,
    ) -> Result<(), StoreFault> {
        let write = Write { entries: entries.to_vec(), hard_state: hard_state.cloned() };
        self.current.write(&write);
        self.unsynced.push(write);
        Ok(())
    }

    fn sync(&mut self) -> Result<(), StoreFault> {
        for write in self.unsynced.drain(..) {
            self.durable.write(&write);
        }
        Ok(())
    }

    fn restart(
        &mut self,
        floor: Position,
        hard_state: &HardState,
        entries: &[Entry],
    ) -> Result<(), StoreFault> {
        self.unsynced.clear();
        let (entries, hard_state) = (entries.to_vec(), hard_state.clone());
        self.durable = State { floor, entries, hard_state };
        self.current = self.durable.clone();
        Ok(())
    }

    fn cut_below(&mut self, index: u64) -> Result<Position, StoreFault> {
        self.sync()?;
        if let Some(count) = index.checked_sub(self.durable.floor.index).filter(|&n| n > 0) {
            let gone: Vec<_> = self.durable.entries.drain(..count as usize).collect();
            let last = gone.last().ok_or_else(|| fault("cut beyond the log"))?;
            self.durable.floor = Position { index: last.index, term: last.term };
            self.current = self.durable.clone();
        }
        Ok(self.floor())
    }
}

/// Snapshots in memory. A clone is the same disk.
#[derive(Debug, Clone, Default)]
pub(crate) struct MemorySnapshots(Arc<Mutex<Vec<StateSnapshot>>>);

impl MemorySnapshots {
    fn all(&self) -> MutexGuard<'_, Vec<StateSnapshot>> {
        self.0.lock().expect("nobody panics while holding it")
    }
}

impl Snapshots for MemorySnapshots {
    fn write(&self, snapshot: &StateSnapshot) -> Result<(), StoreFault> {
        self.all().insert(0, snapshot.clone());
        self.all().truncate(2);
        Ok(())
    }

    fn read(&self) -> Result<Vec<StateSnapshot>, StoreFault> {
        Ok(self.all().clone())
    }
}

fn fault(detail: &str) -> StoreFault {
    StoreFault { code: "DISK_IO", detail: format!("DISK_IO: {detail}") }
}
