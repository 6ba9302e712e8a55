//! The part of the index that lies in sled: what is sought by name, and posting chunks.
//!
//! This is the one place that touches sled. On Linux its flush promises nothing after a power cut, a
//! flipped bit can make it panic, and it can lose items in silence: so a panic becomes an error, and
//! every error leads to a rebuild from the archive. Batches are written once for each 65,536 leaves.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use counterfoil_engine::hash::Hash;
use counterfoil_registry::codec::{CodecError, Reader, Writer};

use super::sums::Sum;
use crate::history::HistoryError;

/// The format of the whole index. Another one is deleted and built anew.
const VERSION: u8 = 1;
const CURSOR: &[u8] = b"cursor";
/// What sled may keep in memory.
const CACHE_BYTES: u64 = 64 << 20;
/// How long another holder of the database is waited for.
const LOCK_PATIENCE: Duration = Duration::from_secs(5);

/// Up to where the index is complete on disk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Cursor {
    /// The height of the last block.
    pub(super) height: u64,
    /// How many leaves the tree has up to and with its header.
    pub(super) leaves: u64,
    /// The hash of its header.
    pub(super) header: Hash,
    /// Over the items in sled.
    pub(super) named: Sum,
    /// Over the file of blocks.
    pub(super) blocks: Sum,
    /// Over the file of instructions.
    pub(super) lives: Sum,
    /// Over the file of closings.
    pub(super) closings: Sum,
}

/// An open database.
pub(super) struct Shelf(sled::Db);

impl Shelf {
    /// Opens or creates the database. The cursor is `None` where it is new, or of another ledger or
    /// format.
    pub(super) fn open(
        folder: &Path,
        ledger: Hash,
    ) -> Result<(Shelf, Option<Cursor>), HistoryError> {
        let shelf = Shelf(open(folder)?);
        let cursor = shelf.get(CURSOR)?.and_then(|bytes| read_cursor(&bytes, ledger).ok());
        Ok((shelf, cursor))
    }

    pub(super) fn get(&self, key: &[u8]) -> Result<Option<sled::IVec>, HistoryError> {
        guarded(|| self.0.get(key))
    }

    /// The items whose keys begin with `prefix` and lie from `from` on, in order, while `take` wants
    /// more.
    pub(super) fn ascend(
        &self,
        prefix: &[u8],
        from: &[u8],
        mut take: impl FnMut(&[u8], &[u8]) -> bool,
    ) -> Result<(), HistoryError> {
        guarded(|| {
            for item in self.0.range(from..) {
                let (key, value) = item?;
                if !key.starts_with(prefix) || !take(&key, &value) {
                    break;
                }
            }
            Ok(())
        })
    }

    /// The same from `from` on downwards.
    pub(super) fn descend(
        &self,
        prefix: &[u8],
        from: &[u8],
        mut take: impl FnMut(&[u8], &[u8]) -> bool,
    ) -> Result<(), HistoryError> {
        guarded(|| {
            for item in self.0.range(..=from).rev() {
                let (key, value) = item?;
                if !key.starts_with(prefix) || !take(&key, &value) {
                    break;
                }
            }
            Ok(())
        })
    }

    /// The sum over all items but the cursor.
    pub(super) fn sum(&self) -> Result<Sum, HistoryError> {
        let mut sum = Sum::default();
        self.ascend(&[], &[], |key, value| {
            if key != CURSOR {
                sum.add(key, value);
            }
            true
        })?;
        Ok(sum)
    }

    /// Writes items and the cursor that covers them.
    pub(super) fn write(
        &self,
        items: Vec<(Vec<u8>, Vec<u8>)>,
        ledger: Hash,
        cursor: Cursor,
    ) -> Result<(), HistoryError> {
        guarded(|| {
            let mut batch = sled::Batch::default();
            for (key, value) in items {
                batch.insert(key, value);
            }
            batch.insert(CURSOR, write_cursor(ledger, cursor));
            self.0.apply_batch(batch)?;
            self.0.flush().map(drop)
        })
    }
}

impl Drop for Shelf {
    fn drop(&mut self) {
        // What sled still wants to write may panic on a damaged file; nobody needs it.
        let _ = catch_unwind(AssertUnwindSafe(|| self.0.flush()));
    }
}

/// Opens sled, and waits for a former holder of its lock that is just ending: its own threads hold it a
/// little longer than the database that was dropped.
fn open(folder: &Path) -> Result<sled::Db, HistoryError> {
    let end = Instant::now() + LOCK_PATIENCE;
    loop {
        let opened = guarded(|| {
            let config = sled::Config::new().path(folder).cache_capacity(CACHE_BYTES);
            config.flush_every_ms(None).open()
        });
        match opened {
            Err(HistoryError::Disk(_)) if Instant::now() < end => {
                std::thread::sleep(Duration::from_millis(10));
            }
            opened => return opened,
        }
    }
}

fn guarded<T>(call: impl FnOnce() -> sled::Result<T>) -> Result<T, HistoryError> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(sled::Error::Io(error))) if is_elsewhere(&error) => {
            Err(HistoryError::Disk(format!("index: {error}")))
        }
        Ok(Err(error)) => Err(HistoryError::IndexDamaged(error.to_string())),
        Err(_) => Err(HistoryError::IndexDamaged("sled panicked".to_owned())),
    }
}

/// Whether the fault lies beside the database: another process has it, or the disk takes nothing. Then
/// nothing is damaged, and nothing must be deleted.
fn is_elsewhere(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    let beside = [PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull];
    beside.contains(&error.kind()) || error.to_string().contains("could not acquire lock")
}

fn write_cursor(ledger: Hash, cursor: Cursor) -> Vec<u8> {
    let mut out = vec![VERSION];
    out.put(&ledger.0);
    out.put_u64(cursor.height);
    out.put_u64(cursor.leaves);
    out.put(&cursor.header.0);
    let sums = [cursor.named, cursor.blocks, cursor.lives, cursor.closings];
    sums.iter().for_each(|sum| out.put_u64(sum.0));
    out
}

fn read_cursor(bytes: &[u8], ledger: Hash) -> Result<Cursor, CodecError> {
    let mut from = Reader::new(bytes);
    if from.u8()? != VERSION || from.array()? != ledger.0 {
        return Err(from.invalid());
    }
    let cursor = Cursor {
        height: from.u64()?,
        leaves: from.u64()?,
        header: Hash(from.array()?),
        named: Sum(from.u64()?),
        blocks: Sum(from.u64()?),
        lives: Sum(from.u64()?),
        closings: Sum(from.u64()?),
    };
    from.end()?;
    Ok(cursor)
}
