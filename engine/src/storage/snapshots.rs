//! The snapshots of one replica: one file each, two of them.
//!
//! ```text
//! snapshots/00000000000000001234.state
//!
//! "CFsnapst"  version u16 = 1  ledger 32  index u64  term u64
//! voters, learners, outgoing voters, learners to come: each a count u32 and ids u64
//! leave by itself u8  length u64  state ...  SHA-256 of all before it
//! ```
//!
//! Invariants: a file has its name when all of it is durable; a file whose hash does not fit is
//! passed over, and never counts as one of the two kept. Nor does one that the machine cannot read:
//! the one before a new one is the one that the machine came from, or that it wrote last.

use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use counterfoil_registry::codec::{CodecError, Reader, Writer};
use raft::eraftpb::ConfState;

use super::Damage;
use super::disk::{Disk, NEW, path, publish, read_all};
use crate::driver::store::{Snapshots, StoreFault};
use crate::hash::{Hash, sha256};
use crate::replica::StateSnapshot;

pub(super) const FOLDER: &str = "snapshots";
const MAGIC: [u8; 8] = *b"CFsnapst";
const VERSION: u16 = 1;
const HASH_BYTES: usize = 32;

/// The folder of snapshots.
pub struct DiskSnapshots {
    disk: Arc<dyn Disk>,
    ledger: Hash,
    /// The newest one known to be good; none before the machine came from one.
    good: Mutex<Option<u64>>,
}

impl DiskSnapshots {
    pub(crate) fn new(disk: Arc<dyn Disk>, ledger: Hash) -> DiskSnapshots {
        DiskSnapshots { disk, ledger, good: Mutex::new(None) }
    }

    fn good(&self) -> MutexGuard<'_, Option<u64>> {
        self.good.lock().expect("nobody panics while holding it")
    }

    /// The newest intact one but this.
    fn intact_but(&self, index: u64) -> Result<Option<u64>, StoreFault> {
        for other in self.indexes()?.into_iter().filter(|&other| other != index) {
            if self.load(other)?.is_some() {
                return Ok(Some(other));
            }
        }
        Ok(None)
    }
}

impl Snapshots for DiskSnapshots {
    fn write(&self, snapshot: &StateSnapshot) -> Result<(), StoreFault> {
        let known = *self.good();
        let before = match known {
            Some(known) if known != snapshot.index => Some(known),
            _ => self.intact_but(snapshot.index)?,
        };
        let head = encode_head(self.ledger, snapshot);
        let hash = sha256(&[&head, &snapshot.state]);
        let parts: [&[u8]; 3] = [&head, &snapshot.state, &hash.0];
        publish(&*self.disk, FOLDER, &name(snapshot.index), &parts)?;
        // A crash here leaves one more than is needed. The older ones go only now that the new
        // one is durable under its name.
        for index in indexes(&*self.disk)? {
            if index != snapshot.index && Some(index) != before {
                self.disk.remove(&path(FOLDER, &name(index)))?;
            }
        }
        self.disk.sync_folder(FOLDER)?;
        *self.good() = Some(snapshot.index);
        Ok(())
    }

    fn indexes(&self) -> Result<Vec<u64>, StoreFault> {
        let mut indexes = indexes(&*self.disk)?;
        indexes.reverse();
        Ok(indexes)
    }

    fn load(&self, index: u64) -> Result<Option<StateSnapshot>, StoreFault> {
        match load(&*self.disk, self.ledger, index) {
            Ok(snapshot) => Ok(Some(snapshot)),
            Err(damage) if damage.code == "SNAPSHOT_CORRUPT" => Ok(None),
            Err(damage) => Err(damage.into()),
        }
    }

    fn rely_on(&self, index: u64) {
        *self.good() = Some(index);
    }
}

const SUFFIX: &str = ".state";

fn name(index: u64) -> String {
    format!("{index:020}{SUFFIX}")
}

/// The indexes of the files there, ascending.
pub(super) fn indexes(disk: &dyn Disk) -> Result<Vec<u64>, StoreFault> {
    let names = disk.list(FOLDER)?;
    let index = |file: &String| {
        let index = file.strip_suffix(SUFFIX)?.parse().ok()?;
        (name(index) == *file).then_some(index)
    };
    Ok(names.iter().filter_map(index).collect())
}

/// Reads and checks one file. What is wrong with its bytes is `SNAPSHOT_CORRUPT`.
pub(super) fn load(disk: &dyn Disk, ledger: Hash, index: u64) -> Result<StateSnapshot, Damage> {
    let file_name = path(FOLDER, &name(index));
    let corrupt = |why: &str| Damage::new("SNAPSHOT_CORRUPT", &file_name, 0, why);
    let file = disk.open(&file_name)?.ok_or_else(|| corrupt("the file has gone"))?;
    let bytes = Bytes::from(read_all(&*file)?);
    let (body, hash) = bytes
        .split_last_chunk::<HASH_BYTES>()
        .ok_or_else(|| corrupt("the file is shorter than a hash"))?;
    if sha256(&[body]).0 != *hash {
        return Err(corrupt("the file does not have the hash that it ends with"));
    }
    let (found, snapshot) =
        decode(&bytes, body).map_err(|_| corrupt("the file is not a snapshot of this release"))?;
    if found != ledger {
        let why = format!("the snapshot belongs to the ledger {found}");
        return Err(Damage::new("DATA_OTHER_LEDGER", &file_name, 0, why));
    }
    if snapshot.index != index {
        return Err(corrupt("the file has the name of another snapshot"));
    }
    Ok(snapshot)
}

/// Removes what a crash left of a file that was being written.
pub(super) fn tidy(disk: &dyn Disk) -> Result<(), StoreFault> {
    disk.remove(&path(FOLDER, NEW))
}

fn encode_head(ledger: Hash, snapshot: &StateSnapshot) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    out.put_u16(VERSION);
    out.put(&ledger.0);
    out.put_u64(snapshot.index);
    out.put_u64(snapshot.term);
    let group = &snapshot.configuration;
    let lists = [
        group.get_voters(),
        group.get_learners(),
        group.get_voters_outgoing(),
        group.get_learners_next(),
    ];
    for list in lists {
        out.put_count(list.len());
        list.iter().for_each(|&id| out.put_u64(id));
    }
    out.put_bool(group.get_auto_leave());
    out.put_u64(snapshot.state.len() as u64);
    out
}

/// Reads the body, of which the state shares the bytes of the file.
fn decode(file: &Bytes, body: &[u8]) -> Result<(Hash, StateSnapshot), CodecError> {
    let mut from = Reader::new(body);
    let magic: [u8; 8] = from.array()?;
    if magic != MAGIC || from.u16()? != VERSION {
        return Err(from.invalid());
    }
    let ledger = Hash(from.array()?);
    let (index, term) = (from.u64()?, from.u64()?);
    let mut configuration = ConfState::default();
    configuration.set_voters(from.list(Reader::u64)?);
    configuration.set_learners(from.list(Reader::u64)?);
    configuration.set_voters_outgoing(from.list(Reader::u64)?);
    configuration.set_learners_next(from.list(Reader::u64)?);
    configuration.set_auto_leave(from.bool()?);
    let length = usize::try_from(from.u64()?).map_err(|_| from.invalid())?;
    let state = file.slice_ref(from.take(length)?);
    from.end()?;
    Ok((ledger, StateSnapshot { index, term, configuration, state }))
}
