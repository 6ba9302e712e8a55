//! The numbered files of a chain: how they are named, found and begun.
//!
//! A file gets its name when its head is durable, so a head that cannot be read under a file's own
//! name was damaged later. Files are removed from the oldest on, so those that are left have no gap.

use std::sync::Arc;

use counterfoil_registry::codec::{CodecError, Reader, Writer};

use super::Damage;
use super::disk::{Disk, DiskFile, path, publish};
use super::frame::{self, Frame, Kind, Link};
use crate::driver::store::StoreFault;
use crate::hash::Hash;

/// The version of the formats of log and archive.
const VERSION: u16 = 1;

/// A folder of numbered files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Folder {
    pub(super) name: &'static str,
    suffix: &'static str,
    /// What a file says it is.
    tag: u8,
}

/// The segments of the log.
pub(super) const LOG: Folder = Folder { name: "log", suffix: "segment", tag: 1 };
/// The files of the archive.
pub(super) const ARCHIVE: Folder = Folder { name: "archive", suffix: "blocks", tag: 2 };

impl Folder {
    /// A file's name within the tree.
    pub(super) fn file(&self, number: u64) -> String {
        path(self.name, &self.own_name(number))
    }

    fn own_name(&self, number: u64) -> String {
        format!("{number:010}.{}", self.suffix)
    }

    /// The numbers of its files, ascending.
    pub(super) fn numbers(&self, disk: &dyn Disk) -> Result<Vec<u64>, StoreFault> {
        let names = disk.list(self.name)?;
        let number = |name: &String| {
            let number = name.strip_suffix(self.suffix)?.strip_suffix('.')?.parse().ok()?;
            (self.own_name(number) == *name).then_some(number)
        };
        let mut numbers: Vec<u64> = names.iter().filter_map(number).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// Begins a file with its head and, for a whole that must not be torn apart, more frames
    /// behind it. Durable when it returns.
    pub(super) fn publish(
        &self,
        disk: &dyn Disk,
        number: u64,
        frames: &[u8],
    ) -> Result<Arc<dyn DiskFile>, StoreFault> {
        publish(disk, self.name, &self.own_name(number), &[frames])
    }

    /// Writes a file's head behind `link`; what it says beyond the common part is written by
    /// `particulars`.
    pub(super) fn head(
        &self,
        out: &mut Vec<u8>,
        mark: u32,
        link: Link,
        ledger: Hash,
        number: u64,
        particulars: impl FnOnce(&mut Vec<u8>),
    ) -> Result<Link, StoreFault> {
        let head = frame::begin(out, Kind::Head, mark, link, number);
        out.put_u16(VERSION);
        out.put_u8(self.tag);
        out.put(&ledger.0);
        particulars(out);
        frame::finish(out, head)
    }

    /// Checks the common part of a head and reads the particulars.
    pub(super) fn read_head<T>(
        &self,
        head: &Frame<'_>,
        ledger: Hash,
        number: u64,
        particulars: impl FnOnce(&mut Reader<'_>) -> Result<T, CodecError>,
    ) -> Result<T, Damage> {
        let name = self.file(number);
        let mut from = Reader::new(head.payload);
        let mut common = || Ok::<_, CodecError>((from.u16()?, from.u8()?, Hash(from.array()?)));
        let unreadable = |_| self.damage(number, 0, "the head of the file does not have its form");
        let (version, tag, found) = common().map_err(unreadable)?;
        if found != ledger {
            let why = format!("the file belongs to the ledger {found}");
            return Err(Damage::new("DATA_OTHER_LEDGER", &name, 0, why));
        }
        if version != VERSION || tag != self.tag || head.note != number {
            return Err(self.damage(number, 0, "the head of the file is that of another file"));
        }
        let read = particulars(&mut from).map_err(unreadable)?;
        from.end().map_err(unreadable)?;
        Ok(read)
    }

    /// Something in one of its files that was durable once and is not what was written.
    pub(super) fn damage(&self, number: u64, offset: usize, why: impl Into<String>) -> Damage {
        let code = if *self == LOG { "LOG_CORRUPT" } else { "ARCHIVE_CORRUPT" };
        Damage::new(code, &self.file(number), offset as u64, why)
    }
}
