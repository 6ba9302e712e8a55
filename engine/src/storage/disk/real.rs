//! The disk of a server: `std::fs` under one directory.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, FileExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::{Disk, DiskFile, path};
use crate::driver::store::StoreFault;

/// The name of the file whose lock says that the directory is in use.
pub(crate) const LOCK: &str = "lock";

/// A directory that this process alone has open. Files opened through it hold on to it.
#[derive(Debug)]
pub(crate) struct FileDisk {
    root: PathBuf,
    may_write: bool,
    lock: Option<Arc<File>>,
    /// Folders that were synced once stay open: a sync must not fail for want of a descriptor.
    folders: Mutex<BTreeMap<String, Arc<File>>>,
}

impl FileDisk {
    /// Locks the directory; `None` when another process has it. With `may_write` false nothing is
    /// changed through it, not even a lock file created.
    pub(crate) fn lock(root: &Path, may_write: bool) -> Result<Option<FileDisk>, StoreFault> {
        let file = root.join(LOCK);
        let opened = if may_write {
            OpenOptions::new().read(true).append(true).create(true).open(&file)
        } else {
            File::open(&file)
        };
        let lock = match opened {
            Ok(lock) => lock,
            // A copy of a directory is looked at; nobody can have it open for writing.
            Err(error) if error.kind() == ErrorKind::NotFound && !may_write => {
                return Ok(Some(FileDisk::new(root, may_write, None)));
            }
            Err(error) => return Err(fault("opening", LOCK, &error)),
        };
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(fault("locking", LOCK, &error)),
        }
        Ok(Some(FileDisk::new(root, may_write, Some(Arc::new(lock)))))
    }

    fn new(root: &Path, may_write: bool, lock: Option<Arc<File>>) -> FileDisk {
        FileDisk { root: root.to_owned(), may_write, lock, folders: Mutex::default() }
    }

    fn folder(&self, folder: &str) -> io::Result<Arc<File>> {
        let mut folders = self.folders.lock().expect("nobody panics while holding it");
        if let Some(open) = folders.get(folder) {
            return Ok(open.clone());
        }
        let open = Arc::new(File::open(self.in_folder(folder))?);
        folders.insert(folder.to_owned(), open.clone());
        Ok(open)
    }

    /// Creates the directory durably, for its owner alone, unless it is there; the names in it.
    pub(crate) fn prepare(root: &Path) -> Result<Vec<String>, StoreFault> {
        let place = root.display().to_string();
        let is_missing = |at: &&Path| !at.as_os_str().is_empty() && !at.exists();
        let missing: Vec<&Path> = root.ancestors().take_while(is_missing).collect();
        let made = DirBuilder::new().recursive(true).mode(0o700).create(root);
        made.map_err(|error| fault("creating", &place, &error))?;
        for parent in missing.into_iter().filter_map(Path::parent) {
            let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
            File::open(parent)
                .and_then(|folder| folder.sync_all())
                .map_err(|error| fault("syncing", &parent.display().to_string(), &error))?;
        }
        names(root).map_err(|error| fault("listing", &place, &error))
    }

    fn file(&self, name: &str, file: File) -> Arc<dyn DiskFile> {
        Arc::new(RealFile { name: name.to_owned(), file, _lock: self.lock.clone() })
    }

    fn in_folder(&self, folder: &str) -> PathBuf {
        if folder.is_empty() { self.root.clone() } else { self.root.join(folder) }
    }
}

impl Disk for FileDisk {
    fn open(&self, name: &str) -> Result<Option<Arc<dyn DiskFile>>, StoreFault> {
        let options = OpenOptions::new().read(true).write(self.may_write).clone();
        match options.open(self.root.join(name)) {
            Ok(file) => Ok(Some(self.file(name, file))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(fault("opening", name, &error)),
        }
    }

    fn create(&self, name: &str) -> Result<Arc<dyn DiskFile>, StoreFault> {
        let options = OpenOptions::new().read(true).write(true).create(true).truncate(true).clone();
        let file = options.open(self.root.join(name));
        Ok(self.file(name, file.map_err(|error| fault("creating", name, &error))?))
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), StoreFault> {
        fs::rename(self.root.join(from), self.root.join(to))
            .map_err(|error| fault("renaming", from, &error))
    }

    fn remove(&self, name: &str) -> Result<(), StoreFault> {
        match fs::remove_file(self.root.join(name)) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(fault("removing", name, &error))
            }
            _ => Ok(()),
        }
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, StoreFault> {
        match names(&self.in_folder(folder)) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            names => names.map_err(|error| fault("listing", &path(folder, "."), &error)),
        }
    }

    fn create_folder(&self, folder: &str) -> Result<(), StoreFault> {
        match fs::create_dir(self.root.join(folder)) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                Err(fault("creating", folder, &error))
            }
            _ => self.sync_folder(""),
        }
    }

    fn sync_folder(&self, folder: &str) -> Result<(), StoreFault> {
        self.folder(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(|error| fault("syncing", &path(folder, "."), &error))
    }
}

/// The names in a directory, in order. One that is no text is none of ours; it is shown as well as
/// it can be.
fn names(directory: &Path) -> io::Result<Vec<String>> {
    let name = |entry: io::Result<fs::DirEntry>| {
        entry.map(|entry| entry.file_name().to_string_lossy().into_owned())
    };
    let mut names = fs::read_dir(directory)?.map(name).collect::<io::Result<Vec<_>>>()?;
    names.sort();
    Ok(names)
}

struct RealFile {
    name: String,
    file: File,
    /// The directory stays locked while any of its files is open.
    _lock: Option<Arc<File>>,
}

impl RealFile {
    fn told<T>(&self, doing: &str, result: io::Result<T>) -> Result<T, StoreFault> {
        result.map_err(|error| fault(doing, &self.name, &error))
    }
}

impl DiskFile for RealFile {
    fn length(&self) -> Result<u64, StoreFault> {
        self.told("measuring", self.file.metadata()).map(|metadata| metadata.len())
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<(), StoreFault> {
        self.told("reading", self.file.read_exact_at(buffer, offset))
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> Result<(), StoreFault> {
        self.told("writing", self.file.write_all_at(bytes, offset))
    }

    fn set_length(&self, length: u64) -> Result<(), StoreFault> {
        self.told("cutting", self.file.set_len(length))
    }

    fn sync(&self) -> Result<(), StoreFault> {
        self.told("syncing", self.file.sync_data())
    }
}

/// What the system said, with a code: a full disk is something that its owner can help.
fn fault(doing: &str, name: &str, error: &io::Error) -> StoreFault {
    let full = [ErrorKind::StorageFull, ErrorKind::QuotaExceeded, ErrorKind::FileTooLarge];
    let code = if full.contains(&error.kind()) { "DISK_FULL" } else { "DISK_IO" };
    StoreFault { code, detail: format!("{code}: {doing} {name}: {error}") }
}
