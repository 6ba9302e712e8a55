//! Where each block begins in its file: a shortcut, made again when it is missing.
//!
//! ```text
//! archive/offsets   "CFoffset"  first 8 bytes of the ledger's id   offset u64 of block 1, 2, 3 ...
//! ```

use std::sync::Arc;

use counterfoil_registry::codec::Writer;

use super::reader::Volume;
use super::scan::walk_volume;
use crate::driver::store::StoreFault;
use crate::hash::Hash;
use crate::storage::disk::{Disk, DiskFile, path, publish, read_all};
use crate::storage::segment::ARCHIVE;

const NAME: &str = "offsets";
const MAGIC: [u8; 8] = *b"CFoffset";
const HEAD_BYTES: u64 = 16;
const ENTRY_BYTES: u64 = 8;

/// The open file, and what is to be written to it.
pub(super) struct Offsets {
    file: Arc<dyn DiskFile>,
    /// The height of the first offset in `pending`.
    next: u64,
    pending: Vec<u8>,
}

/// The place of a block's offset.
fn place(height: u64) -> u64 {
    HEAD_BYTES + (height - 1) * ENTRY_BYTES
}

fn head(ledger: Hash) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    out.put(&ledger.0[..8]);
    out
}

/// The offset of a block.
pub(super) fn offset_of(file: &dyn DiskFile, height: u64) -> Result<u64, StoreFault> {
    let mut bytes = [0; ENTRY_BYTES as usize];
    file.read_at(&mut bytes, place(height))?;
    Ok(u64::from_be_bytes(bytes))
}

impl Offsets {
    /// Opens the file; `None` when it is missing, another ledger's, or does not reach to the first
    /// block of the last file.
    pub(super) fn open(
        disk: &dyn Disk,
        ledger: Hash,
        first_of_last: u64,
    ) -> Result<Option<Offsets>, StoreFault> {
        let Some(file) = disk.open(&path(ARCHIVE.name, NAME))? else { return Ok(None) };
        if file.length()? < place(first_of_last) {
            return Ok(None);
        }
        let mut found = [0; HEAD_BYTES as usize];
        file.read_at(&mut found, 0)?;
        let usable = found[..] == head(ledger)[..];
        Ok(usable.then(|| Offsets { file, next: first_of_last, pending: Vec::new() }))
    }

    /// Makes the offsets of all files but the last again, from their frames.
    pub(super) fn rebuild(
        disk: &dyn Disk,
        ledger: Hash,
        volumes: &[Volume],
        first_of_last: u64,
    ) -> Result<Offsets, StoreFault> {
        let mut bytes = head(ledger);
        for pair in volumes.windows(2) {
            let content = read_all(&*pair[0].open(disk)?)?;
            walk_volume(&pair[0], &content, ledger, |offset, _| bytes.put_u64(offset))?
                .ends_before(&pair[1])?;
        }
        let file = publish(disk, ARCHIVE.name, NAME, &[&bytes])?;
        Ok(Offsets { file, next: first_of_last, pending: Vec::new() })
    }

    pub(super) fn file(&self) -> Arc<dyn DiskFile> {
        self.file.clone()
    }

    /// Starts over at a height with offsets known from the file of blocks.
    pub(super) fn begin(&mut self, first: u64, offsets: Vec<u64>) {
        self.next = first;
        self.pending.clear();
        offsets.into_iter().for_each(|offset| self.push(offset));
    }

    pub(super) fn push(&mut self, offset: u64) {
        self.pending.put_u64(offset);
    }

    /// Writes what is pending; durable by [`Offsets::sync`] only.
    pub(super) fn write(&mut self) -> Result<(), StoreFault> {
        self.file.write_at(&self.pending, place(self.next))?;
        self.next += self.pending.len() as u64 / ENTRY_BYTES;
        self.pending.clear();
        Ok(())
    }

    pub(super) fn sync(&self) -> Result<(), StoreFault> {
        self.file.sync()
    }
}

/// The place of the first offset that does not lead to its block, for those of one file.
pub(super) fn first_wrong(
    disk: &dyn Disk,
    first: u64,
    offsets: &[u64],
) -> Result<Option<u64>, StoreFault> {
    // One that is missing as a whole is made again at the next start.
    let Some(file) = disk.open(&path(ARCHIVE.name, NAME))? else { return Ok(None) };
    let wanted = offsets.len() as u64 * ENTRY_BYTES;
    let there = file.length()?.saturating_sub(place(first)).min(wanted) / ENTRY_BYTES;
    let mut bytes = vec![0; (there * ENTRY_BYTES) as usize];
    file.read_at(&mut bytes, place(first))?;
    let (found, _) = bytes.as_chunks::<{ ENTRY_BYTES as usize }>();
    let wrong = found.iter().zip(offsets).position(|(found, right)| *found != right.to_be_bytes());
    let missing = (there < offsets.len() as u64).then_some(there);
    Ok(wrong.map(|at| at as u64).or(missing).map(|at| place(first + at)))
}
