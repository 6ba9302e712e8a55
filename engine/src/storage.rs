//! What a replica keeps on disk: its log, its snapshots and the archive, in one directory.
//!
//! ```text
//! identity            whose directory this is
//! lock                held while a process has it open
//! log/                segments of the Raft log, and the watermark beside them
//! snapshots/          the two newest states of the machine
//! archive/            every block for ever, offsets into it, and its durable end
//! ```
//!
//! Log and archive are chains of `frame`s: each names the hash of the one before it, so a
//! changed, missing or misplaced one is found. All goes through the [`Disk`] trait, so that the
//! simulator runs the code that recovers the server. The bytes are described in
//! `docs/formats/storage.md`.
//!
//! Invariants:
//! * What was synced is found again, or its loss is noticed: a replica that lost or doubts what it
//!   promised does not start.
//! * What a crash left half written was promised to nobody, and is cut off in silence.
//! * A failed write, sync or rename is never retried.
//!
//! Deliberately absent: repair. What is damaged is named, and comes back from an intact copy.

mod archive;
mod disk;
mod frame;
mod fsck;
mod home;
mod identity;
mod log;
mod segment;
mod slots;
mod snapshots;

pub use archive::{ArchiveReader, DiskArchive};
pub use disk::{Disk, DiskFile};
pub use fsck::{Finding, Report, examine, fsck};
pub use home::{Home, OpenFault, Sizes};
pub use identity::Identity;
pub use log::DiskLog;
pub use snapshots::DiskSnapshots;

use crate::driver::store::StoreFault;

/// Something on disk that is not as it must be, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Damage {
    pub(crate) code: &'static str,
    pub(crate) file: String,
    pub(crate) offset: u64,
    pub(crate) why: String,
}

impl Damage {
    fn new(code: &'static str, file: &str, offset: u64, why: impl Into<String>) -> Damage {
        Damage { code, file: file.to_owned(), offset, why: why.into() }
    }
}

impl From<Damage> for StoreFault {
    fn from(damage: Damage) -> StoreFault {
        let Damage { code, file, offset, why } = damage;
        StoreFault { code, detail: format!("{code}: {file} at byte {offset}: {why}") }
    }
}

impl From<StoreFault> for Damage {
    fn from(fault: StoreFault) -> Damage {
        let prefix = format!("{}: ", fault.code);
        let why = fault.detail.strip_prefix(&prefix).unwrap_or(&fault.detail).to_owned();
        Damage { code: fault.code, file: String::new(), offset: 0, why }
    }
}

/// A fault in the use of the storage, not of the disk: the caller has a mistake.
fn misuse(detail: &str) -> StoreFault {
    StoreFault { code: "INTERNAL", detail: format!("INTERNAL: {detail}") }
}

#[cfg(test)]
mod tests;
