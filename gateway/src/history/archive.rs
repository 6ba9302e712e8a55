//! The archive, read block by block.

use std::sync::Arc;

use counterfoil_engine::driver::ledger::ArchivedBlock;
use counterfoil_engine::driver::store::Blocks;
use counterfoil_engine::evidence::record::Record;

use super::HistoryError;

/// The archive of the ledger. A clone reads the same one.
#[derive(Clone)]
pub(super) struct Archive(pub(super) Arc<dyn Blocks>);

impl Archive {
    /// The height of the last block that is durable.
    pub(super) fn height(&self) -> u64 {
        self.0.height()
    }

    /// The block of a height up to [`Archive::height`].
    pub(super) fn block(&self, height: u64) -> Result<ArchivedBlock, HistoryError> {
        let bytes = self.0.block(height)?;
        let block = ArchivedBlock::read(&bytes)
            .map_err(|error| HistoryError::Archive(format!("block {height}: {error}")))?;
        if block.header.height != height {
            let found = block.header.height;
            return Err(HistoryError::Archive(format!("block {found} in the place of {height}")));
        }
        Ok(block)
    }
}

/// The leaf of a record in terms of the ledger.
pub(super) fn record(height: u64, leaf: &[u8]) -> Result<Record, HistoryError> {
    Record::decode(leaf)
        .map_err(|error| HistoryError::Archive(format!("a record of block {height}: {error}")))
}

/// What to say of a section or submission that is not one.
pub(super) fn malformed(height: u64, error: impl std::fmt::Display) -> HistoryError {
    HistoryError::Archive(format!("block {height}: {error}"))
}
