//! The thread that owns the archive, and the shelf from which it takes blocks.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

use super::progress::Progress;
use super::store::{Archive, StoreFault};
use crate::replica::StateMachine;

/// Blocks that are applied and not archived yet, in order of height. When it is full the applier
/// waits, and so, in the end, do the clients.
pub(super) struct Shelf<B> {
    state: Mutex<State<B>>,
    changed: Condvar,
    count_max: usize,
    bytes_max: usize,
}

struct State<B> {
    blocks: VecDeque<Shelved<B>>,
    bytes: usize,
    open: bool,
}

struct Shelved<B> {
    height: u64,
    index: u64,
    block: Arc<B>,
}

impl<B> Shelf<B> {
    /// For so many blocks and so many bytes; the last block to come may exceed the bytes.
    pub(super) fn new(count_max: usize, bytes_max: usize) -> Shelf<B> {
        let state = State { blocks: VecDeque::new(), bytes: 0, open: true };
        Shelf { state: Mutex::new(state), changed: Condvar::new(), count_max, bytes_max }
    }

    /// Puts a block of so many bytes; waits while the shelf is full. False when nobody takes any
    /// more.
    pub(super) fn put(&self, height: u64, index: u64, block: Arc<B>, bytes: usize) -> bool {
        let mut state = self.lock();
        while state.open && (state.blocks.len() >= self.count_max || state.bytes >= self.bytes_max)
        {
            state = self.changed.wait(state).expect("nobody panics inside");
        }
        if state.open {
            state.blocks.push_back(Shelved { height, index, block });
            state.bytes += bytes;
            self.changed.notify_all();
        }
        state.open
    }

    /// Nothing more is put or taken, but for what stands here already.
    pub(super) fn close(&self) {
        self.lock().open = false;
        self.changed.notify_all();
    }

    /// All blocks, at least one; none when the shelf is closed and empty.
    fn take(&self) -> VecDeque<Shelved<B>> {
        let mut state = self.lock();
        while state.open && state.blocks.is_empty() {
            state = self.changed.wait(state).expect("nobody panics inside");
        }
        let blocks = std::mem::take(&mut state.blocks);
        state.bytes = 0;
        self.changed.notify_all();
        blocks
    }

    fn lock(&self) -> MutexGuard<'_, State<B>> {
        self.state.lock().expect("nobody panics while holding it")
    }
}

/// Works until the shelf is closed and empty.
pub(super) fn run<M: StateMachine>(
    mut archive: impl Archive,
    shelf: &Shelf<M::Block>,
    progress: &Progress,
) {
    loop {
        let blocks = shelf.take();
        if blocks.is_empty() {
            return;
        }
        if let Err(fault) = store::<M>(&mut archive, blocks) {
            progress.fail("writing the archive", fault);
            shelf.close();
            return;
        }
        progress.raise(&progress.archived, archive.height());
    }
}

fn store<M: StateMachine>(
    archive: &mut impl Archive,
    blocks: VecDeque<Shelved<M::Block>>,
) -> Result<(), StoreFault> {
    for shelved in blocks {
        add::<M>(archive, shelved.height, shelved.index, &shelved.block)?;
    }
    archive.sync()
}

/// Adds a block, unless the archive has it: after a restart, blocks up to its end are made again.
/// Then it must be the same one: if not, what was acknowledged once is not what the log says now.
pub(super) fn add<M: StateMachine>(
    archive: &mut impl Archive,
    height: u64,
    index: u64,
    block: &M::Block,
) -> Result<(), StoreFault> {
    let block = M::archived(block);
    if height > archive.height() {
        reaches(archive, height - 1)?;
        return archive.append(height, index, &block);
    }
    if archive.stored(height)? == block {
        return Ok(());
    }
    let detail = format!(
        "REPLAY_DIFFERS: the block {height} that entry {index} makes is not the one in the archive"
    );
    Err(StoreFault { code: "REPLAY_DIFFERS", detail })
}

/// Whether the archive has all blocks up to a height. It always has those before the newest
/// snapshot, unless somebody took it away.
pub(super) fn reaches(archive: &impl Archive, height: u64) -> Result<(), StoreFault> {
    let archived = archive.height();
    if archived >= height {
        return Ok(());
    }
    let detail = format!("ARCHIVE_GAP: the archive ends at block {archived}, {height} is needed");
    Err(StoreFault { code: "ARCHIVE_GAP", detail })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_shelf_is_full_by_number_or_by_bytes() {
        for (count_max, bytes_max) in [(2, usize::MAX), (usize::MAX, 2_000)] {
            let shelf = Shelf::new(count_max, bytes_max);
            assert!(shelf.put(1, 11, Arc::new(()), 1_500));
            assert!(shelf.put(2, 12, Arc::new(()), 1_500));
            std::thread::scope(|scope| {
                let third = scope.spawn(|| shelf.put(3, 13, Arc::new(()), 1));
                std::thread::sleep(Duration::from_millis(20));
                assert!(!third.is_finished(), "it waits");
                let heights = |taken: VecDeque<Shelved<()>>| {
                    taken.iter().map(|shelved| shelved.height).collect::<Vec<_>>()
                };
                assert_eq!(heights(shelf.take()), [1, 2]);
                assert!(third.join().unwrap());
                assert_eq!(heights(shelf.take()), [3]);
            });
            shelf.close();
            assert!(!shelf.put(4, 14, Arc::new(()), 1));
        }
    }
}
