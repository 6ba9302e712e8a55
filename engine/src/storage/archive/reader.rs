//! The archive as others read it while it is written: by position, with no lock around a read.
//!
//! Files are opened when a block of theirs is read, and few of them stay open: an archive has as
//! many as it likes, and a process only so many descriptors.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, RwLock};

use bytes::Bytes;

use super::offsets::offset_of;
use crate::driver::store::{Blocks, StoreFault};
use crate::storage::disk::{Disk, DiskFile};
use crate::storage::frame::{self, HEAD_BYTES, Kind};
use crate::storage::segment::ARCHIVE;
use crate::storage::{Damage, misuse};

/// Files that stay open for the next read.
const OPEN_MAX: usize = 16;

/// One file of blocks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Volume {
    pub(super) number: u64,
    /// The height of its first block.
    pub(super) first: u64,
}

impl Volume {
    /// Opens the file.
    pub(super) fn open(&self, disk: &dyn Disk) -> Result<Arc<dyn DiskFile>, Damage> {
        let missing = || ARCHIVE.damage(self.number, 0, "the file is missing");
        disk.open(&ARCHIVE.file(self.number))?.ok_or_else(missing)
    }
}

/// What the writer and its readers share.
pub(super) struct Shared {
    /// The last block that is durable.
    pub(super) height: AtomicU64,
    disk: Arc<dyn Disk>,
    volumes: RwLock<Vec<Volume>>,
    /// Open files by number, the one used last at the end.
    open: Mutex<VecDeque<(u64, Arc<dyn DiskFile>)>>,
    offsets: Arc<dyn DiskFile>,
}

impl Shared {
    pub(super) fn new(
        disk: Arc<dyn Disk>,
        volumes: Vec<Volume>,
        offsets: Arc<dyn DiskFile>,
    ) -> Shared {
        let (height, open) = Default::default();
        Shared { height, disk, volumes: RwLock::new(volumes), open, offsets }
    }

    pub(super) fn add(&self, volume: Volume) {
        self.volumes.write().expect("nobody panics while holding it").push(volume);
    }

    /// The file that holds a block.
    fn volume(&self, height: u64) -> Option<Volume> {
        let volumes = self.volumes.read().expect("nobody panics while holding it");
        let behind = volumes.partition_point(|volume| volume.first <= height);
        volumes.get(behind.checked_sub(1)?).copied()
    }

    fn file(&self, volume: Volume) -> Result<Arc<dyn DiskFile>, StoreFault> {
        let mut open = self.open.lock().expect("nobody panics while holding it");
        let found = open.iter().position(|(number, _)| *number == volume.number);
        let used = match found.and_then(|at| open.remove(at)) {
            Some(used) => used,
            None => (volume.number, volume.open(&*self.disk)?),
        };
        let file = used.1.clone();
        open.push_back(used);
        if open.len() > OPEN_MAX {
            open.pop_front();
        }
        Ok(file)
    }
}

/// The blocks of an archive. A clone reads the same archive.
#[derive(Clone)]
pub struct ArchiveReader(Arc<Shared>);

impl ArchiveReader {
    pub(super) fn new(shared: Arc<Shared>) -> ArchiveReader {
        ArchiveReader(shared)
    }
}

impl Blocks for ArchiveReader {
    fn height(&self) -> u64 {
        self.0.height.load(Ordering::Acquire)
    }

    fn block(&self, height: u64) -> Result<Bytes, StoreFault> {
        if height == 0 || height > self.height() {
            return Err(misuse("a block is read that is not in the archive"));
        }
        let volume = self.0.volume(height).ok_or_else(|| misuse("the archive has a gap"))?;
        let offset = offset_of(&*self.0.offsets, height)?;
        let damaged = || {
            let why = format!(
                "the block {height} is not here as it was written; if the files of blocks are \
                 intact, archive/offsets may be deleted and is made again at the next start"
            );
            StoreFault::from(ARCHIVE.damage(volume.number, offset as usize, why))
        };
        let file = self.0.file(volume)?;
        // What lies beyond the end of the file cannot be the block, wherever the offset leads.
        let room = file.length()?.checked_sub(offset).ok_or_else(damaged)?;
        let mut bytes = vec![0; HEAD_BYTES];
        if room < HEAD_BYTES as u64 {
            return Err(damaged());
        }
        file.read_at(&mut bytes, offset)?;
        let head = bytes.first_chunk().expect("so many bytes were read");
        let size = frame::size_of(head);
        if room < size as u64 {
            return Err(damaged());
        }
        bytes.resize(size, 0);
        file.read_at(&mut bytes[HEAD_BYTES..], offset + HEAD_BYTES as u64)?;
        let frame = frame::decode(&bytes)
            .filter(|frame| frame.kind == Kind::Block && frame.sequence == height);
        let length = frame.ok_or_else(damaged)?.payload.len();
        Ok(Bytes::from(bytes).slice(HEAD_BYTES..HEAD_BYTES + length))
    }
}
