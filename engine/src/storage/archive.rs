//! The archive: every block for ever, in numbered files, with offsets and a durable end.
//!
//! ```text
//! archive/0000000001.blocks   head  block 1  block 2 ...
//! archive/0000000002.blocks   head  block n ...           <- appended to
//! archive/offsets             where each block begins in its file
//! archive/end                 the last block that is durable
//! ```
//!
//! A block is a frame whose sequence is the height, so block and place in the chain are one. A
//! file tells nothing of the replica that wrote it: replicas with the same sizes have the same
//! files, and one can be restored from another.
//!
//! Invariants: what `end` names was synced; what lies behind it can be made again from the log,
//! because snapshots and cuts of the log wait for it. Offsets are a shortcut and disposable: each
//! block read through them is checked.
//!
//! Deliberately absent: removal. The archive is the truth about the past.

mod offsets;
mod reader;
mod scan;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use counterfoil_registry::codec::{CodecError, Reader, Writer};

use super::disk::{Disk, DiskFile, NEW, make_sure, path};
use super::frame::{self, Kind, Link};
use super::misuse;
use super::segment::ARCHIVE;
use super::slots::Slots;
use crate::driver::store::{Archive, Blocks, StoreFault};
use crate::hash::Hash;
use offsets::Offsets;
use reader::{Shared, Volume};

pub use reader::ArchiveReader;
pub(super) use scan::{Scan, scan};

/// The file of the durable end within the folder.
const END: &str = "end";
/// Of all frames: replicas have the same files.
const MARK: u32 = 0;

/// The archive, open for writing.
pub struct DiskArchive {
    disk: Arc<dyn Disk>,
    ledger: Hash,
    /// A new file begins behind so many bytes.
    file_bytes: u64,
    shared: Arc<Shared>,
    active: Volume,
    file: Arc<dyn DiskFile>,
    length: u64,
    link: Link,
    offsets: Offsets,
    end: Slots,
    buffer: Vec<u8>,
    broken: Option<StoreFault>,
}

/// What is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct End {
    height: u64,
    hash: Hash,
}

impl End {
    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.put_u64(self.height);
        out.put(&self.hash.0);
        out
    }

    fn decode(bytes: &[u8]) -> Result<End, CodecError> {
        let mut from = Reader::new(bytes);
        let end = End { height: from.u64()?, hash: Hash(from.array()?) };
        from.end()?;
        Ok(end)
    }
}

impl DiskArchive {
    /// Creates an archive without blocks.
    pub(super) fn create(disk: &dyn Disk, ledger: Hash) -> Result<(), StoreFault> {
        let mut bytes = Vec::new();
        let link = ARCHIVE.head(&mut bytes, MARK, Link::START, ledger, 1, |_| {})?;
        let end = End { height: 0, hash: link.hash };
        Slots::create(disk, ARCHIVE.name, END, &end.encode())?;
        ARCHIVE.publish(disk, 1, &bytes)?;
        Ok(())
    }

    /// Opens the archive: reads the last file, cuts off what a crash left half written, and makes
    /// the offsets again where they are missing.
    ///
    /// # Errors
    /// `ARCHIVE_CORRUPT` and `ARCHIVE_LOST_TAIL` when a block is not there that was durable; then
    /// nothing has been changed.
    pub(super) fn open(
        disk: Arc<dyn Disk>,
        ledger: Hash,
        file_bytes: u64,
    ) -> Result<DiskArchive, StoreFault> {
        let scan = scan(&*disk, ledger)?;
        let Scan { volumes, last: file, tail, link, length, end, .. } = scan;
        let active = *volumes.last().expect("an archive has a file");
        if scan.torn > 0 {
            file.set_length(length)?;
        }
        make_sure(&*file, scan.proven, length)?;
        disk.remove(&path(ARCHIVE.name, NEW))?;
        let offsets = match Offsets::open(&*disk, ledger, active.first)? {
            Some(offsets) => offsets,
            None => Offsets::rebuild(&*disk, ledger, &volumes, active.first)?,
        };
        disk.sync_folder(ARCHIVE.name)?;
        let shared = Arc::new(Shared::new(disk.clone(), volumes, offsets.file()));
        let mut archive = DiskArchive {
            disk,
            ledger,
            file_bytes,
            shared,
            active,
            file,
            length,
            link,
            offsets,
            end,
            buffer: Vec::new(),
            broken: None,
        };
        archive.offsets.begin(archive.active.first, tail);
        archive.publish_end()?;
        Ok(archive)
    }

    /// The archive for those who read it.
    pub fn reader(&self) -> ArchiveReader {
        ArchiveReader::new(self.shared.clone())
    }

    fn guarded<T>(
        &mut self,
        step: impl FnOnce(&mut DiskArchive) -> Result<T, StoreFault>,
    ) -> Result<T, StoreFault> {
        if let Some(fault) = &self.broken {
            return Err(fault.clone());
        }
        step(self).inspect_err(|fault| self.broken = Some(fault.clone()))
    }

    /// Tells everyone of the blocks that are durable.
    fn publish_end(&mut self) -> Result<(), StoreFault> {
        self.offsets.write()?;
        let Link { sequence: height, hash } = self.link;
        self.end.write(&End { height, hash }.encode())?;
        self.shared.height.store(height, Ordering::Release);
        Ok(())
    }

    fn make_durable(&mut self) -> Result<(), StoreFault> {
        if self.shared.height.load(Ordering::Acquire) == self.link.sequence {
            return Ok(());
        }
        self.file.sync()?;
        // A crash here leaves an older end and fewer offsets: the last file is read again.
        self.publish_end()
    }

    /// Begins the next file. The offsets into the one before are durable first: they are made
    /// again at the start for the last file alone.
    fn roll(&mut self) -> Result<(), StoreFault> {
        self.make_durable()?;
        self.offsets.sync()?;
        let number = self.active.number + 1;
        let mut bytes = Vec::new();
        let link = ARCHIVE.head(&mut bytes, MARK, self.link, self.ledger, number, |_| {})?;
        self.file = ARCHIVE.publish(&*self.disk, number, &bytes)?;
        self.active = Volume { number, first: link.sequence + 1 };
        self.shared.add(self.active);
        self.length = bytes.len() as u64;
        self.link = link;
        Ok(())
    }
}

impl Archive for DiskArchive {
    fn height(&self) -> u64 {
        self.link.sequence
    }

    fn stored(&self, height: u64) -> Result<Bytes, StoreFault> {
        self.reader().block(height)
    }

    fn append(&mut self, height: u64, index: u64, block: &[u8]) -> Result<(), StoreFault> {
        self.guarded(|archive| {
            if height != archive.link.sequence + 1 {
                return Err(misuse("a block is archived out of order"));
            }
            if archive.length >= archive.file_bytes {
                archive.roll()?;
            }
            let mut bytes = std::mem::take(&mut archive.buffer);
            bytes.clear();
            let frame = frame::begin(&mut bytes, Kind::Block, MARK, archive.link, index);
            bytes.extend_from_slice(block);
            let link = frame::finish(&mut bytes, frame)?;
            archive.file.write_at(&bytes, archive.length)?;
            archive.offsets.push(archive.length);
            archive.length += bytes.len() as u64;
            archive.link = link;
            archive.buffer = bytes;
            Ok(())
        })
    }

    fn sync(&mut self) -> Result<(), StoreFault> {
        self.guarded(DiskArchive::make_durable)
    }
}

/// The name of the durable end within the tree.
pub(super) fn end_name() -> String {
    path(ARCHIVE.name, END)
}

#[cfg(test)]
mod tests;
