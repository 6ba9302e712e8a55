//! The archive as others read it while it is written: by position, with no lock around a read.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, RwLock};

use bytes::Bytes;

use super::offsets::offset_of;
use crate::driver::store::{Blocks, StoreFault};
use crate::storage::disk::DiskFile;
use crate::storage::frame::{self, HEAD_BYTES, Kind};
use crate::storage::misuse;
use crate::storage::segment::ARCHIVE;

/// One file of blocks, open.
#[derive(Clone)]
pub(super) struct Volume {
    pub(super) number: u64,
    /// The height of its first block.
    pub(super) first: u64,
    pub(super) file: Arc<dyn DiskFile>,
}

/// What the writer and its readers share.
pub(super) struct Shared {
    /// The last block that is durable.
    pub(super) height: AtomicU64,
    volumes: RwLock<Vec<Volume>>,
    offsets: Arc<dyn DiskFile>,
}

impl Shared {
    pub(super) fn new(volumes: Vec<Volume>, offsets: Arc<dyn DiskFile>) -> Shared {
        Shared { height: AtomicU64::new(0), volumes: RwLock::new(volumes), offsets }
    }

    pub(super) fn add(&self, volume: Volume) {
        self.volumes.write().expect("nobody panics while holding it").push(volume);
    }

    /// The file that holds a block.
    fn volume(&self, height: u64) -> Option<Volume> {
        let volumes = self.volumes.read().expect("nobody panics while holding it");
        let behind = volumes.partition_point(|volume| volume.first <= height);
        volumes.get(behind.checked_sub(1)?).cloned()
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
        // What lies beyond the end of the file cannot be the block, wherever the offset leads.
        let room = volume.file.length()?.checked_sub(offset).ok_or_else(damaged)?;
        let mut bytes = vec![0; HEAD_BYTES];
        if room < HEAD_BYTES as u64 {
            return Err(damaged());
        }
        volume.file.read_at(&mut bytes, offset)?;
        let head = bytes.first_chunk().expect("so many bytes were read");
        let size = frame::size_of(head);
        if room < size as u64 {
            return Err(damaged());
        }
        bytes.resize(size, 0);
        volume.file.read_at(&mut bytes[HEAD_BYTES..], offset + HEAD_BYTES as u64)?;
        let frame = frame::decode(&bytes)
            .filter(|frame| frame.kind == Kind::Block && frame.sequence == height);
        let length = frame.ok_or_else(damaged)?.payload.len();
        Ok(Bytes::from(bytes).slice(HEAD_BYTES..HEAD_BYTES + length))
    }
}
