//! A data directory as a whole: created once, then opened by one process at a time.
//!
//! Creation writes `identity.new` first and gives it its name last. A crash in between leaves a
//! directory in which nothing was ever acknowledged, and which a second creation takes over.
//!
//! Deliberately absent: what a ledger begins with. A new home is set up by
//! [`crate::driver::initialise`].

use std::path::Path;
use std::sync::Arc;

use thiserror::Error;

use super::archive::{ArchiveReader, DiskArchive};
use super::disk::{Disk, FileDisk, LOCK, path, read_all};
use super::identity::Identity;
use super::log::DiskLog;
use super::segment::{ARCHIVE, LOG};
use super::snapshots::{self, DiskSnapshots};
use crate::driver::Stores;
use crate::driver::store::{Archive, Log, Snapshots, StoreFault};
use crate::hash::Hash;

const IDENTITY: &str = "identity";
const IDENTITY_NEW: &str = "identity.new";
const FOLDERS: [&str; 3] = [LOG.name, snapshots::FOLDER, ARCHIVE.name];

/// How large files become, in bytes: a new one begins behind so many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// A segment of the log. The log is cut in whole segments.
    pub log_segment: u64,
    /// A file of the archive. The last one is read at each start.
    pub archive_file: u64,
}

impl Default for Sizes {
    fn default() -> Sizes {
        Sizes { log_segment: 64 << 20, archive_file: 64 << 20 }
    }
}

/// Why a data directory is not used. Nothing in it was changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OpenFault {
    /// Another process has it open.
    #[error("DATA_IN_USE: {0} is open in another process")]
    InUse(String),
    /// It was never created, or its creation was cut short.
    #[error("DATA_MISSING: {0} holds no replica; create one")]
    Missing(String),
    /// It is to be created and is there already.
    #[error("DATA_EXISTS: {0} holds a replica already")]
    Exists(String),
    /// It holds something else, or an identity that cannot be read.
    #[error("DATA_NOT_OURS: {place} is not a data directory: {why}")]
    NotOurs {
        /// The directory.
        place: String,
        /// What was found.
        why: String,
    },
    /// It belongs to another ledger.
    #[error("DATA_OTHER_LEDGER: {place} holds the ledger {found}, not {expected}")]
    OtherLedger {
        /// The directory.
        place: String,
        /// The ledger asked for.
        expected: Hash,
        /// The ledger in it.
        found: Hash,
    },
    /// The disk, or what lies on it.
    #[error(transparent)]
    Store(#[from] StoreFault),
}

impl OpenFault {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            OpenFault::InUse(_) => "DATA_IN_USE",
            OpenFault::Missing(_) => "DATA_MISSING",
            OpenFault::Exists(_) => "DATA_EXISTS",
            OpenFault::NotOurs { .. } => "DATA_NOT_OURS",
            OpenFault::OtherLedger { .. } => "DATA_OTHER_LEDGER",
            OpenFault::Store(fault) => fault.code,
        }
    }
}

/// An open data directory. It stays locked until the last of its stores and readers is dropped.
pub struct Home {
    /// Whose it is.
    pub identity: Identity,
    /// For [`crate::driver::Node::open`].
    pub stores: Stores<DiskLog, DiskSnapshots, DiskArchive>,
    /// The archive for those who read while the node writes.
    pub blocks: ArchiveReader,
}

impl Home {
    /// Creates a data directory in a place that is empty or not there yet, and opens it.
    ///
    /// # Errors
    /// `DATA_EXISTS`, `DATA_NOT_OURS`, `DATA_IN_USE`, or a fault of the disk.
    pub fn create(at: &Path, identity: Identity, sizes: Sizes) -> Result<Home, OpenFault> {
        let place = at.display().to_string();
        // Looked at before the lock is taken: that would leave a file in somebody else's folder.
        let is_ours = |name: &String| {
            [LOCK, IDENTITY, IDENTITY_NEW].iter().chain(&FOLDERS).any(|ours| name == ours)
        };
        if !FileDisk::prepare(at)?.iter().all(is_ours) {
            return Err(OpenFault::NotOurs { place, why: "it is not empty".to_owned() });
        }
        let disk = FileDisk::lock(at, true)?.ok_or_else(|| OpenFault::InUse(place.clone()))?;
        Home::create_on(Arc::new(disk), &place, identity, sizes)
    }

    /// Opens the data directory of a ledger.
    ///
    /// # Errors
    /// The faults of [`OpenFault`] but `DATA_EXISTS`.
    pub fn open(at: &Path, ledger: Hash, sizes: Sizes) -> Result<Home, OpenFault> {
        let place = at.display().to_string();
        Home::open_on(lock(at, true)?, &place, ledger, sizes)
    }

    /// Whether it was created and never set up, or not to the end: then nothing was ever
    /// acknowledged here, and [`crate::driver::initialise`] may be called, again if need be.
    pub fn is_unused(&self) -> Result<bool, StoreFault> {
        let Stores { log, snapshots, archive } = &self.stores;
        // A replica that is set up begins behind entry 1, and its leader's first entry is 2.
        Ok(log.last() <= 1 && archive.height() == 0 && snapshots.newest()?.is_none())
    }

    /// As [`Home::create`], on any disk; `place` is what messages call it.
    pub fn create_on(
        disk: Arc<dyn Disk>,
        place: &str,
        identity: Identity,
        sizes: Sizes,
    ) -> Result<Home, OpenFault> {
        let names = disk.list("")?;
        let has = |name: &str| names.iter().any(|found| found == name);
        if has(IDENTITY) {
            return Err(OpenFault::Exists(place.to_owned()));
        }
        if !has(IDENTITY_NEW) && names.iter().any(|name| name != LOCK) {
            let why = "it is not empty and has no identity".to_owned();
            return Err(OpenFault::NotOurs { place: place.to_owned(), why });
        }
        let file = disk.create(IDENTITY_NEW)?;
        file.write_at(&identity.encode(), 0)?;
        file.sync()?;
        disk.sync_folder("")?;
        for folder in FOLDERS {
            disk.create_folder(folder)?;
            for left_over in disk.list(folder)? {
                disk.remove(&path(folder, &left_over))?;
            }
            disk.sync_folder(folder)?;
        }
        DiskLog::create(&*disk, &identity)?;
        DiskArchive::create(&*disk, identity.ledger)?;
        disk.rename(IDENTITY_NEW, IDENTITY)?;
        disk.sync_folder("")?;
        Home::open_on(disk, place, identity.ledger, sizes)
    }

    /// As [`Home::open`], on any disk.
    pub fn open_on(
        disk: Arc<dyn Disk>,
        place: &str,
        ledger: Hash,
        sizes: Sizes,
    ) -> Result<Home, OpenFault> {
        let identity = read_identity(&*disk, place)?;
        if identity.ledger != ledger {
            let (place, found) = (place.to_owned(), identity.ledger);
            return Err(OpenFault::OtherLedger { place, expected: ledger, found });
        }
        // A process that was killed may have left names that its system shows and its disk lacks.
        // Those in the folders of log and archive are made durable as these are opened.
        disk.sync_folder("")?;
        disk.sync_folder(snapshots::FOLDER)?;
        let log = DiskLog::open(disk.clone(), identity, sizes.log_segment)?;
        snapshots::tidy(&*disk)?;
        let archive = DiskArchive::open(disk.clone(), ledger, sizes.archive_file)?;
        let blocks = archive.reader();
        let snapshots = DiskSnapshots::new(disk, ledger);
        Ok(Home { identity, stores: Stores { log, snapshots, archive }, blocks })
    }
}

/// Locks a data directory that is there.
pub(super) fn lock(at: &Path, may_write: bool) -> Result<Arc<dyn Disk>, OpenFault> {
    let place = at.display().to_string();
    if !at.join(IDENTITY).exists() {
        return Err(without_identity(&place, at.exists() && !at.join(IDENTITY_NEW).exists()));
    }
    let disk = FileDisk::lock(at, may_write)?;
    Ok(Arc::new(disk.ok_or(OpenFault::InUse(place))?))
}

fn without_identity(place: &str, holds_something: bool) -> OpenFault {
    if holds_something {
        let why = "it has no identity".to_owned();
        return OpenFault::NotOurs { place: place.to_owned(), why };
    }
    OpenFault::Missing(place.to_owned())
}

/// Whose directory this is.
pub(super) fn read_identity(disk: &dyn Disk, place: &str) -> Result<Identity, OpenFault> {
    let Some(file) = disk.open(IDENTITY)? else {
        let names = disk.list("")?;
        let unfinished = names.iter().any(|name| name == IDENTITY_NEW);
        return Err(without_identity(place, !names.is_empty() && !unfinished));
    };
    Identity::decode(&read_all(&*file)?).map_err(|why| {
        let why = format!("its identity cannot be read: {why}");
        OpenFault::NotOurs { place: place.to_owned(), why }
    })
}

#[cfg(test)]
mod tests;
