//! An archive in memory, for nodes and readers that need no disk.

use std::sync::{Arc, RwLock, RwLockReadGuard, RwLockWriteGuard};

use bytes::Bytes;
use counterfoil_engine::driver::ledger::ArchivedBlock;
use counterfoil_engine::driver::store::{Archive, Blocks, StoreFault};
use counterfoil_engine::machine::Block;

/// Blocks in the order of height. A clone is the same archive, so that one end can write while the
/// other one reads.
#[derive(Clone, Debug, Default)]
pub struct MemoryArchive(Arc<RwLock<State>>);

#[derive(Debug, Default)]
struct State {
    blocks: Vec<Bytes>,
    durable: usize,
}

impl MemoryArchive {
    /// The archive of these blocks, all durable.
    pub fn of<'a>(blocks: impl IntoIterator<Item = &'a Block>) -> MemoryArchive {
        let archive = MemoryArchive::default();
        archive.extend(blocks);
        archive
    }

    /// Adds blocks durably.
    pub fn extend<'a>(&self, blocks: impl IntoIterator<Item = &'a Block>) {
        let mut state = self.write();
        state.blocks.extend(blocks.into_iter().map(|block| ArchivedBlock::write(block).into()));
        state.durable = state.blocks.len();
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.0.read().expect("nobody panics while holding it")
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.0.write().expect("nobody panics while holding it")
    }
}

impl Archive for MemoryArchive {
    fn height(&self) -> u64 {
        self.read().blocks.len() as u64
    }

    fn stored(&self, height: u64) -> Result<Bytes, StoreFault> {
        self.block(height)
    }

    fn append(&mut self, height: u64, _index: u64, block: &[u8]) -> Result<(), StoreFault> {
        let mut state = self.write();
        if height != state.blocks.len() as u64 + 1 {
            return Err(fault(height));
        }
        state.blocks.push(Bytes::copy_from_slice(block));
        Ok(())
    }

    fn sync(&mut self) -> Result<(), StoreFault> {
        let mut state = self.write();
        state.durable = state.blocks.len();
        Ok(())
    }
}

impl Blocks for MemoryArchive {
    fn height(&self) -> u64 {
        self.read().durable as u64
    }

    fn block(&self, height: u64) -> Result<Bytes, StoreFault> {
        let at = usize::try_from(height).ok().and_then(|height| height.checked_sub(1));
        at.and_then(|at| self.read().blocks.get(at).cloned()).ok_or_else(|| fault(height))
    }
}

fn fault(height: u64) -> StoreFault {
    StoreFault { code: "ARCHIVE_GAP", detail: format!("ARCHIVE_GAP: no block {height}") }
}
