//! A small value that is written often: two places in turn, so that one of them is always whole.
//!
//! ```text
//! file   slot 0 (4,096 bytes)  slot 1 (4,096 bytes)
//! slot   "CFsl"  counter  length  value ...  CRC-32C        zeros
//!        4       u64      u16                u32
//! ```
//!
//! The slot with the higher counter holds the value; both are filled when the file is made. The
//! used part lies within one sector, so a crash leaves the old one or the new one. It is not synced
//! by itself: a crash of the machine may leave an older value, which promises less, and a crash of
//! the process leaves the newest.

use std::sync::Arc;

use counterfoil_registry::codec::{Reader, Writer};

use super::disk::{Disk, DiskFile, publish, read_all};
use super::misuse;
use crate::driver::store::StoreFault;

const MAGIC: [u8; 4] = *b"CFsl";
const SLOT_BYTES: usize = 4096;
/// The smallest piece that a disk writes whole.
const SECTOR_BYTES: usize = 512;

/// The open file, and how often it was written.
pub(super) struct Slots {
    file: Arc<dyn DiskFile>,
    counter: u64,
}

/// What was found in it.
pub(super) struct Found {
    pub(super) slots: Slots,
    /// The newest value.
    pub(super) value: Vec<u8>,
    /// One slot is damaged: the newest value may have been another one.
    pub(super) is_doubtful: bool,
}

impl Slots {
    /// Creates the file with its first value, durably.
    pub(super) fn create(
        disk: &dyn Disk,
        folder: &str,
        name: &str,
        value: &[u8],
    ) -> Result<Slots, StoreFault> {
        let both = [0, 1].map(|counter| {
            let mut slot = encode(counter, value);
            slot.resize(SLOT_BYTES, 0);
            slot
        });
        let file = publish(disk, folder, name, &[&both[0], &both[1]])?;
        Ok(Slots { file, counter: 1 })
    }

    /// Reads the file; `None` when it is not there or holds no value.
    pub(super) fn open(disk: &dyn Disk, name: &str) -> Result<Option<Found>, StoreFault> {
        let Some(file) = disk.open(name)? else { return Ok(None) };
        if file.length()? != 2 * SLOT_BYTES as u64 {
            return Ok(None);
        }
        let bytes = read_all(&*file)?;
        let (first, second) = bytes.split_at(SLOT_BYTES);
        let both = [decode(0, first), decode(1, second)];
        let is_doubtful = both.iter().any(Option::is_none);
        Ok(both.into_iter().flatten().max().map(|(counter, value)| Found {
            slots: Slots { file, counter },
            value,
            is_doubtful,
        }))
    }

    /// Writes the next value over the older one.
    pub(super) fn write(&mut self, value: &[u8]) -> Result<(), StoreFault> {
        self.counter = self.counter.checked_add(1).ok_or_else(|| misuse("2^64 writes"))?;
        let offset = self.counter % 2 * SLOT_BYTES as u64;
        self.file.write_at(&encode(self.counter, value), offset)
    }
}

fn encode(counter: u64, value: &[u8]) -> Vec<u8> {
    let mut slot = Vec::with_capacity(SECTOR_BYTES);
    slot.put(&MAGIC);
    slot.put_u64(counter);
    slot.put_u16(u16::try_from(value.len()).expect("a value fits a sector"));
    slot.put(value);
    slot.put_u32(crc32c::crc32c(&slot));
    assert!(slot.len() <= SECTOR_BYTES, "a slot lies within one sector");
    slot.resize(SECTOR_BYTES, 0);
    slot
}

/// Counter and value; `None` when the slot is damaged.
fn decode(place: u64, slot: &[u8]) -> Option<(u64, Vec<u8>)> {
    let mut from = Reader::new(slot);
    let magic: [u8; 4] = from.array().ok()?;
    let counter = from.u64().ok()?;
    let length = usize::from(from.u16().ok()?);
    let value = from.take(length).ok()?;
    let covered = &slot[..from.position()];
    let crc = from.u32().ok()?;
    let rest = &slot[from.position()..];
    let intact = magic == MAGIC && crc == crc32c::crc32c(covered) && counter % 2 == place;
    (intact && rest.iter().all(|&byte| byte == 0)).then(|| (counter, value.to_vec()))
}
