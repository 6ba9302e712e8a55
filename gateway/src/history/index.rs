//! The index over the archive: disposable, rebuilt from it whenever it is missing or not sound.
//!
//! ```text
//! index/leaves         leaf hashes of the tree, 32 bytes each
//! index/blocks         per block its first record and its time, 16 bytes
//! index/instructions   per instruction the records of its life, 32 bytes
//! index/closings       per record those that closed the certificates it opened, 32 bytes
//! index/sled/          by name: submissions, issuers; posting chunks
//! ```
//!
//! Flat files are written block by block and hold what has a dense number. What is sought by name, and
//! the postings (which records stand in a subject's chain), gather in memory and go to sled once for
//! each 65,536 leaves, in one batch with the cursor; so sled has one value for each subject and chunk
//! of 65,536 leaves. After a crash the follower reads the archive from the cursor on again.
//!
//! At the start the tree is built from the leaf hashes and compared with the archive, and everything
//! else with its sum under the cursor: sled in particular can lose items without a word.
//!
//! Invariant: at a height, the root of the tree is the one to which the archive's next header commits.
//! A damage that is found while serving makes the follower build everything anew; until then the
//! question is refused, never answered from a damaged index.

mod entries;
mod flat;
mod marks;
mod shelf;
mod state;
mod sums;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

use counterfoil_engine::driver::ledger::ArchivedBlock;
use counterfoil_engine::hash::Hash;

use super::HistoryError;
use super::archive::Archive;
use entries::Entries;
pub(super) use entries::{Life, key};
pub(super) use state::State;

/// Rebuilds in one process beyond which something else must be wrong.
const REBUILDS_MAX: u64 = 3;

/// The index, shared by its one writer and many readers.
pub(super) struct Index {
    folder: PathBuf,
    ledger: Hash,
    /// None while a rebuild has failed half way.
    state: RwLock<Option<State>>,
    height: AtomicU64,
    /// Below it nothing is answered: what is not entered yet would seem not to exist.
    floor: AtomicU64,
    damaged: AtomicBool,
    rebuilds: AtomicU64,
}

impl Index {
    /// Opens the index in `folder`, or an empty one where there is none or it is not sound.
    pub(super) fn open(
        folder: &Path,
        ledger: Hash,
        archive: &Archive,
    ) -> Result<Index, HistoryError> {
        let opened = match State::open(folder, ledger, archive) {
            Ok(Some(state)) => (state, 0),
            Ok(None) => (State::create(folder, ledger)?, 0),
            Err(error @ HistoryError::IndexDamaged(_)) => {
                tracing::warn!(%error, "the index is built anew");
                (State::create(folder, ledger)?, 1)
            }
            Err(error) => return Err(error),
        };
        let (state, rebuilds) = opened;
        Ok(Index {
            folder: folder.to_owned(),
            ledger,
            height: AtomicU64::new(state.height()),
            floor: AtomicU64::new(archive.height()),
            state: RwLock::new(Some(state)),
            damaged: AtomicBool::new(false),
            rebuilds: AtomicU64::new(rebuilds),
        })
    }

    /// The height of the last block that it holds.
    pub(super) fn height(&self) -> u64 {
        self.height.load(Ordering::Acquire)
    }

    /// How often it was built from nothing since the start.
    pub(super) fn rebuilds(&self) -> u64 {
        self.rebuilds.load(Ordering::Acquire)
    }

    /// Asks something. An answer that shows a damage leads to a rebuild, and until the index is back
    /// where it was, or where the archive was at the start, every question is refused.
    pub(super) fn ask<T>(
        &self,
        question: impl FnOnce(&State) -> Result<T, HistoryError>,
    ) -> Result<T, HistoryError> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let state = state.as_ref().filter(|_| !self.is_damaged());
        let state = state.ok_or_else(|| damaged("it is being built anew"))?;
        let (at, wanted) = (state.height(), self.floor.load(Ordering::Acquire));
        if at < wanted {
            return Err(HistoryError::Lagging { wanted, at });
        }
        let answer = question(state);
        if let Err(error) = &answer {
            self.notice(error);
        }
        answer
    }

    /// Notes a damage that an answer showed.
    pub(super) fn notice(&self, error: &HistoryError) {
        if matches!(error, HistoryError::IndexDamaged(_)) {
            self.damaged.store(true, Ordering::Release);
        }
    }

    /// Enters the blocks that continue it, up to the first that does not. For the follower alone.
    pub(super) fn add(&self, blocks: &[ArchivedBlock]) -> Result<(), HistoryError> {
        // What can be computed without the state is, so that readers wait less.
        let (mut entries, mut fault) = (Vec::with_capacity(blocks.len()), None);
        for block in blocks {
            match Entries::of(block) {
                Ok(of_block) => entries.push(of_block),
                Err(error) => {
                    fault = Some(error);
                    break;
                }
            }
        }
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let state = state.as_mut().ok_or_else(|| damaged("it is being built anew"))?;
        for (block, entries) in blocks.iter().zip(entries) {
            let added = state.add(block, entries);
            // It can be entered although the disk then failed: the next one to enter is behind it.
            self.height.store(state.height(), Ordering::Release);
            added?;
        }
        fault.map_or(Ok(()), Err)
    }

    /// Whether a damage was found that only a rebuild repairs.
    pub(super) fn is_damaged(&self) -> bool {
        self.damaged.load(Ordering::Acquire)
    }

    /// Deletes it and begins with an empty one. For the follower alone.
    pub(super) fn rebuild(&self) -> Result<(), HistoryError> {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        self.floor.fetch_max(self.height.swap(0, Ordering::AcqRel), Ordering::AcqRel);
        if self.rebuilds() >= REBUILDS_MAX {
            return Err(damaged("again and again; something else is wrong"));
        }
        // The database has to be closed before another one can be opened in its place.
        *state = None;
        *state = Some(State::create(&self.folder, self.ledger)?);
        self.rebuilds.fetch_add(1, Ordering::AcqRel);
        self.damaged.store(false, Ordering::Release);
        Ok(())
    }

    /// Writes what waits in memory, so that the next start reads less of the archive again.
    pub(super) fn store(&self) -> Result<(), HistoryError> {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        state.as_mut().map_or(Ok(()), State::store)
    }
}

pub(super) fn damaged(why: impl Into<String>) -> HistoryError {
    HistoryError::IndexDamaged(why.into())
}
