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
    capacity: usize,
}

struct State<B> {
    blocks: VecDeque<Shelved<B>>,
    open: bool,
}

struct Shelved<B> {
    height: u64,
    index: u64,
    block: Arc<B>,
}

impl<B> Shelf<B> {
    pub(super) fn new(capacity: usize) -> Shelf<B> {
        let state = State { blocks: VecDeque::new(), open: true };
        Shelf { state: Mutex::new(state), changed: Condvar::new(), capacity }
    }

    /// Puts a block; waits while the shelf is full. False when nobody takes any more.
    pub(super) fn put(&self, height: u64, index: u64, block: Arc<B>) -> bool {
        let mut state = self.lock();
        while state.open && state.blocks.len() >= self.capacity {
            state = self.changed.wait(state).expect("nobody panics inside");
        }
        if state.open {
            state.blocks.push_back(Shelved { height, index, block });
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
