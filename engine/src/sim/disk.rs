//! A disk in memory that forgets what was not synced, and can be made to fail.
//!
//! A crash keeps of each file any set of the sectors written since the last sync, or a first part
//! of the writes with the last one torn; of each folder's changes it keeps a first part.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use super::chance::Chance;
use crate::driver::store::StoreFault;
use crate::storage::{Disk, DiskFile};

const SECTOR_BYTES: usize = 512;

/// The disk. A clone is the same disk.
#[derive(Debug, Clone, Default)]
pub struct MemoryDisk(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    names: BTreeMap<String, u64>,
    durable_names: BTreeMap<String, u64>,
    /// Changes of names that are not durable, in order.
    pending: Vec<Renaming>,
    files: BTreeMap<u64, Inode>,
    next: u64,
    /// Writing operations until one fails, and with which code.
    breaks: Option<(u64, &'static str)>,
    lies: bool,
}

#[derive(Debug, Clone)]
struct Renaming {
    gone: Option<String>,
    new: Option<(String, u64)>,
}

impl Renaming {
    fn folder(&self) -> &str {
        let name = self.gone.as_ref().or(self.new.as_ref().map(|(name, _)| name));
        name.and_then(|name| name.rsplit_once('/')).map_or("", |(folder, _)| folder)
    }

    fn apply(&self, names: &mut BTreeMap<String, u64>) {
        if let Some(gone) = &self.gone {
            names.remove(gone);
        }
        if let Some((name, file)) = &self.new {
            names.insert(name.clone(), *file);
        }
    }
}

#[derive(Debug, Clone, Default)]
struct Inode {
    current: Vec<u8>,
    durable: Vec<u8>,
    pending: Vec<Change>,
}

#[derive(Debug, Clone)]
enum Change {
    Write(u64, Vec<u8>),
    Length(u64),
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Change::Write(offset, written) => put(bytes, *offset as usize, written),
            Change::Length(length) => bytes.resize(*length as usize, 0),
        }
    }
}

fn put(bytes: &mut Vec<u8>, offset: usize, written: &[u8]) {
    if written.is_empty() {
        return;
    }
    let end = offset + written.len();
    if bytes.len() < end {
        bytes.resize(end, 0);
    }
    bytes[offset..end].copy_from_slice(written);
}

/// The pieces of a write that a disk writes whole.
fn sectors(offset: u64, written: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut rest = (offset as usize, written);
    std::iter::from_fn(move || {
        let (at, bytes) = rest;
        let room = SECTOR_BYTES - at % SECTOR_BYTES;
        let (piece, left) = bytes.split_at(room.min(bytes.len()));
        rest = (at + piece.len(), left);
        (!piece.is_empty()).then_some((at, piece))
    })
}

impl Inode {
    fn sync(&mut self) {
        for change in self.pending.drain(..) {
            change.apply(&mut self.durable);
        }
    }

    fn crash(&mut self, chance: &mut Chance) {
        let pending = std::mem::take(&mut self.pending);
        if !pending.is_empty() {
            match chance.below(3) {
                0 => self.keep_first(&pending, chance),
                1 => pending.iter().for_each(|change| self.keep_some(change, chance)),
                _ => pending.iter().for_each(|change| change.apply(&mut self.durable)),
            }
        }
        self.current = self.durable.clone();
    }

    fn keep_first(&mut self, pending: &[Change], chance: &mut Chance) {
        let whole = chance.below(pending.len() as u64) as usize;
        pending[..whole].iter().for_each(|change| change.apply(&mut self.durable));
        if let Change::Write(offset, written) = &pending[whole] {
            let count = chance.below(sectors(*offset, written).count() as u64 + 1) as usize;
            for (at, piece) in sectors(*offset, written).take(count) {
                put(&mut self.durable, at, piece);
            }
        }
    }

    fn keep_some(&mut self, change: &Change, chance: &mut Chance) {
        match change {
            Change::Write(offset, written) => {
                for (at, piece) in sectors(*offset, written) {
                    if chance.one_in(2) {
                        put(&mut self.durable, at, piece);
                    }
                }
            }
            Change::Length(_) if chance.one_in(2) => change.apply(&mut self.durable),
            Change::Length(_) => {}
        }
    }
}

impl State {
    /// One more writing operation; whether it works.
    fn step(&mut self, doing: &str) -> Result<(), StoreFault> {
        let Some((left, code)) = &mut self.breaks else { return Ok(()) };
        if *left > 0 {
            *left -= 1;
            return Ok(());
        }
        Err(StoreFault { code, detail: format!("{code}: {doing}: the disk was told to fail") })
    }

    fn rename(&mut self, renaming: Renaming) {
        renaming.apply(&mut self.names);
        self.pending.push(renaming);
    }

    fn file(&mut self, file: u64) -> &mut Inode {
        self.files.entry(file).or_default()
    }

    fn change(&mut self, file: u64, change: Change) {
        let inode = self.file(file);
        change.apply(&mut inode.current);
        inode.pending.push(change);
    }
}

impl MemoryDisk {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("nobody panics while holding it")
    }

    /// The power goes; the disk works again afterwards.
    pub fn crash(&self, chance: &mut Chance) {
        let mut state = self.state();
        let pending = std::mem::take(&mut state.pending);
        let folders: std::collections::BTreeSet<_> =
            pending.iter().map(Renaming::folder).map(str::to_owned).collect();
        for folder in folders {
            let own: Vec<_> = pending.iter().filter(|change| change.folder() == folder).collect();
            let kept = chance.below(own.len() as u64 + 1) as usize;
            own[..kept].iter().for_each(|change| change.apply(&mut state.durable_names));
        }
        state.names = state.durable_names.clone();
        let named: std::collections::BTreeSet<u64> = state.names.values().copied().collect();
        state.files.retain(|file, _| named.contains(file));
        state.files.values_mut().for_each(|inode| inode.crash(chance));
        state.breaks = None;
    }

    /// The process is killed and the power stays: all is there as it was seen last, and what was not
    /// synced is still not durable.
    pub fn kill(&self) {
        self.mend();
    }

    /// After so many more writing operations each one fails with this code, until a crash.
    pub fn break_after(&self, operations: u64, code: &'static str) {
        self.state().breaks = Some((operations, code));
    }

    /// How many of the operations of [`MemoryDisk::break_after`] are left.
    pub fn operations_left(&self) -> u64 {
        self.state().breaks.map_or(0, |(left, _)| left)
    }

    /// Takes [`MemoryDisk::break_after`] back.
    pub fn mend(&self) {
        self.state().breaks = None;
    }

    /// From now on a sync of a file does nothing and says that it did.
    pub fn lie(&self) {
        self.state().lies = true;
    }

    /// The names of all files.
    pub fn names(&self) -> Vec<String> {
        self.state().names.keys().cloned().collect()
    }

    /// The bytes of a file; none of one that is not there.
    pub fn bytes(&self, name: &str) -> Vec<u8> {
        let state = self.state();
        let inode = state.names.get(name).and_then(|file| state.files.get(file));
        inode.map(|inode| inode.current.clone()).unwrap_or_default()
    }

    /// Puts other bytes under a name, durably: what somebody or something did to the disk.
    pub fn put(&self, name: &str, bytes: Vec<u8>) {
        let mut state = self.state();
        state.next += 1;
        let file = state.next;
        let inode = Inode { current: bytes.clone(), durable: bytes, pending: Vec::new() };
        state.files.insert(file, inode);
        state.names.insert(name.to_owned(), file);
        state.durable_names.insert(name.to_owned(), file);
    }

    /// A disk of its own with the same durable and other contents.
    pub fn copy(&self) -> MemoryDisk {
        let copy = MemoryDisk::default();
        for name in self.names() {
            copy.put(&name, self.bytes(&name));
        }
        copy
    }

    fn open_file(&self, file: u64) -> Arc<dyn DiskFile> {
        Arc::new(MemoryFile { disk: self.clone(), file })
    }
}

impl Disk for MemoryDisk {
    fn open(&self, name: &str) -> Result<Option<Arc<dyn DiskFile>>, StoreFault> {
        let file = self.state().names.get(name).copied();
        Ok(file.map(|file| self.open_file(file)))
    }

    fn create(&self, name: &str) -> Result<Arc<dyn DiskFile>, StoreFault> {
        let mut state = self.state();
        state.step("creating")?;
        // A file that is there is emptied by taking another one's place: what a crash may leave of
        // the old one is not looked at, because only files without a meaning are created twice.
        state.next += 1;
        let file = state.next;
        state.files.insert(file, Inode::default());
        state.rename(Renaming { gone: None, new: Some((name.to_owned(), file)) });
        Ok(self.open_file(file))
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), StoreFault> {
        let mut state = self.state();
        state.step("renaming")?;
        let Some(&file) = state.names.get(from) else {
            let detail = format!("DISK_IO: renaming {from}: there is no such file");
            return Err(StoreFault { code: "DISK_IO", detail });
        };
        state.rename(Renaming { gone: Some(from.to_owned()), new: Some((to.to_owned(), file)) });
        Ok(())
    }

    fn remove(&self, name: &str) -> Result<(), StoreFault> {
        let mut state = self.state();
        state.step("removing")?;
        if state.names.contains_key(name) {
            state.rename(Renaming { gone: Some(name.to_owned()), new: None });
        }
        Ok(())
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, StoreFault> {
        let state = self.state();
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let own = state.names.keys().filter_map(|name| name.strip_prefix(&prefix));
        let mut names: Vec<_> =
            own.map(|name| name.split('/').next().unwrap_or(name).to_owned()).collect();
        names.dedup();
        Ok(names)
    }

    fn create_folder(&self, _: &str) -> Result<(), StoreFault> {
        self.state().step("creating a folder")
    }

    fn sync_folder(&self, folder: &str) -> Result<(), StoreFault> {
        let mut state = self.state();
        state.step("syncing a folder")?;
        for change in std::mem::take(&mut state.pending) {
            if change.folder() == folder {
                change.apply(&mut state.durable_names);
            } else {
                state.pending.push(change);
            }
        }
        Ok(())
    }
}

struct MemoryFile {
    disk: MemoryDisk,
    file: u64,
}

impl DiskFile for MemoryFile {
    fn length(&self) -> Result<u64, StoreFault> {
        Ok(self.disk.state().file(self.file).current.len() as u64)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<(), StoreFault> {
        let mut state = self.disk.state();
        let bytes = &state.file(self.file).current;
        let found = usize::try_from(offset)
            .ok()
            .and_then(|start| bytes.get(start..start.checked_add(buffer.len())?));
        let Some(found) = found else {
            let detail = "DISK_IO: reading: the file ends before".to_owned();
            return Err(StoreFault { code: "DISK_IO", detail });
        };
        buffer.copy_from_slice(found);
        Ok(())
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> Result<(), StoreFault> {
        let mut state = self.disk.state();
        let works = state.step("writing");
        // Of a write that fails some may have reached the disk.
        state.change(self.file, Change::Write(offset, bytes.to_vec()));
        works
    }

    fn set_length(&self, length: u64) -> Result<(), StoreFault> {
        let mut state = self.disk.state();
        state.step("cutting")?;
        state.change(self.file, Change::Length(length));
        Ok(())
    }

    fn sync(&self) -> Result<(), StoreFault> {
        let mut state = self.disk.state();
        let works = state.step("syncing");
        if works.is_err() {
            // The system holds the bytes for clean from now on, and a later sync passes them over.
            state.file(self.file).pending.clear();
        } else if !state.lies {
            state.file(self.file).sync();
        }
        works
    }
}
