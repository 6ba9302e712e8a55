//! Files by name within one directory tree: all that storage knows of an operating system.
//!
//! A name is `file` or `folder/file`. What a crash leaves is what was synced, and any part of what
//! was not: of a file's bytes any set of sectors of 512 bytes, of a folder's changes a first part.
//! A sector is written whole or not at all.

mod real;

use std::sync::Arc;

pub(super) use real::{FileDisk, LOCK};

use crate::driver::store::StoreFault;

/// One directory tree.
///
/// # Errors
/// Every fault is a [`StoreFault`] with the code `DISK_FULL` or `DISK_IO`, and ends the use of the
/// disk: whoever gets one does not try again.
pub trait Disk: Send + Sync {
    /// Opens a file; `None` when there is none of that name.
    fn open(&self, name: &str) -> Result<Option<Arc<dyn DiskFile>>, StoreFault>;

    /// Creates a file, or empties the one that is there.
    fn create(&self, name: &str) -> Result<Arc<dyn DiskFile>, StoreFault>;

    /// Gives a file another name in the same folder; a file of that name is replaced.
    fn rename(&self, from: &str, to: &str) -> Result<(), StoreFault>;

    /// Removes a file. One that is not there is no fault.
    fn remove(&self, name: &str) -> Result<(), StoreFault>;

    /// The names in a folder, without the folder's and in order; the tree itself is `""`. A folder
    /// that is not there is empty.
    fn list(&self, folder: &str) -> Result<Vec<String>, StoreFault>;

    /// Creates a folder of the tree, durably, unless it is there.
    fn create_folder(&self, folder: &str) -> Result<(), StoreFault>;

    /// Makes the names in a folder durable.
    fn sync_folder(&self, folder: &str) -> Result<(), StoreFault>;
}

/// An open file. It stays usable when its name changes.
pub trait DiskFile: Send + Sync {
    /// The length in bytes.
    fn length(&self) -> Result<u64, StoreFault>;

    /// Fills the buffer from `offset` on; a file that ends before is a fault.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<(), StoreFault>;

    /// Writes, beyond the end too.
    fn write_at(&self, bytes: &[u8], offset: u64) -> Result<(), StoreFault>;

    /// Cuts the file off, or fills it up with zeros.
    fn set_length(&self, length: u64) -> Result<(), StoreFault>;

    /// Makes what was written durable, and the length.
    fn sync(&self) -> Result<(), StoreFault>;
}

/// The whole of a file.
pub(super) fn read_all(file: &dyn DiskFile) -> Result<Vec<u8>, StoreFault> {
    let length = usize::try_from(file.length()?)
        .map_err(|_| super::misuse("a file is larger than the memory can address"))?;
    let mut bytes = vec![0; length];
    file.read_at(&mut bytes, 0)?;
    Ok(bytes)
}

/// Makes bytes durable that another process may have written and failed to sync. After a failed sync
/// a system may hold bytes for clean that never reached the disk, so a further sync proves nothing:
/// they are written again first.
pub(super) fn make_sure(file: &dyn DiskFile, from: u64, to: u64) -> Result<(), StoreFault> {
    let length = usize::try_from(to.saturating_sub(from))
        .map_err(|_| super::misuse("a file is larger than the memory can address"))?;
    let mut bytes = vec![0; length];
    file.read_at(&mut bytes, from)?;
    file.write_at(&bytes, from)?;
    file.sync()
}

/// Writes a whole file so that its name shows all of it or nothing, durably. A crash before the
/// rename leaves a file `new` that nobody reads; one before the last sync leaves either.
pub(super) fn publish(
    disk: &dyn Disk,
    folder: &str,
    name: &str,
    parts: &[&[u8]],
) -> Result<Arc<dyn DiskFile>, StoreFault> {
    let (temporary, name) = (path(folder, NEW), path(folder, name));
    let file = disk.create(&temporary)?;
    let mut at = 0;
    for part in parts {
        file.write_at(part, at)?;
        at += part.len() as u64;
    }
    file.sync()?;
    disk.rename(&temporary, &name)?;
    disk.sync_folder(folder)?;
    Ok(file)
}

/// The name of a file that is being written.
pub(super) const NEW: &str = "new";

/// A name in a folder.
pub(super) fn path(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}
