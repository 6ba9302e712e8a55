//! What a server answers about the past, from the archive.
//!
//! The live state is the machine's ([`counterfoil_engine::driver::View`]); all that happened before is
//! in the archive, block by block, and this is the way into it. A follower thread pulls blocks by
//! height, checks that they continue the chain of headers and the tree, and enters them into an
//! `index`: which records stand in a subject's chain, where a submission or a reference is, the hash
//! of each leaf. The rest is read from the archive when it is asked for.
//!
//! ```text
//! archive (Blocks) --follower--> index --+--> records, receipts, instructions
//!                                        +--> tree: inclusion, consistency
//!                                        +--> register: fold of an issuer's chain, cap tables
//!                                        +--> checkpoints, evidence bundles
//! ```
//!
//! Invariants:
//! * Nothing of the project's own truth is in the index: delete it at any moment, and the same answers
//!   come back after a rebuild. The one file here that is not disposable is what the signer of
//!   checkpoints signed last ([`checkpoints`]).
//! * No proof is served that was not checked against the root which the archive's headers commit to,
//!   and no checkpoint whose root is not also the machine's.
//! * Who may see what is not judged here ([`crate::who`]).
//!
//! Questions read files and some wait for the index: they are asked on threads that may block.
//!
//! Deliberately absent: the live state, HTTP, and any rule of the ledger.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use counterfoil_engine::driver::View;
use counterfoil_engine::driver::store::Blocks;
use counterfoil_engine::genesis::{Genesis, Secret};
use counterfoil_engine::key::PrivateKey;
use counterfoil_engine::machine::Machine;

mod archive;
pub mod checkpoints;
mod evidence;
mod fault;
mod follower;
mod index;
pub mod instructions;
pub mod page;
pub mod records;
pub mod register;
mod tree;

#[cfg(test)]
mod tests;

pub use fault::HistoryError;
pub use tree::{Consistency, Inclusion};

use archive::Archive;
use checkpoints::Signer;
use follower::Follower;
use index::Index;
use register::Registers;

/// The ledger as readers see it.
pub type LedgerView = View<Machine>;

/// From what a history is opened.
pub struct Setup {
    /// The data directory: the index goes to `index/` in it, what was signed last to `checkpoint`.
    pub folder: PathBuf,
    /// The genesis of the ledger.
    pub genesis: Genesis,
    /// The secret from which the salts of sections follow.
    pub secret: Secret,
    /// The archive.
    pub blocks: Arc<dyn Blocks>,
    /// The key that signs checkpoints. It is the ledger's, not one of the operator's.
    pub checkpoint_key: PrivateKey,
}

/// The read side; see the module. It is shared behind an [`Arc`].
pub struct History {
    genesis: Genesis,
    secret: Secret,
    archive: Archive,
    index: Arc<Index>,
    registers: Registers,
    signer: Signer,
    follower: Follower,
}

/// How the read side is doing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Figures {
    /// The height up to which it answers.
    pub indexed: u64,
    /// The height of the archive. The difference is the lag.
    pub archived: u64,
    /// How often the index was built from nothing since the start.
    pub rebuilds: u64,
    /// Why it goes no further, if it does not.
    pub stopped: Option<HistoryError>,
}

impl Figures {
    /// Blocks in the archive that are not indexed yet.
    pub fn lag(&self) -> u64 {
        self.archived.saturating_sub(self.indexed)
    }
}

impl History {
    /// Opens the index, or builds it anew where there is none or it is not sound, and starts to
    /// follow the archive.
    ///
    /// # Errors
    /// The disk fails, or what the signer signed last cannot be read.
    pub fn open(setup: Setup) -> Result<History, HistoryError> {
        let Setup { folder, genesis, secret, blocks, checkpoint_key } = setup;
        let archive = Archive(blocks);
        let signer = Signer::open(&folder.join("checkpoint"), &genesis.origin, checkpoint_key)?;
        let index = Arc::new(Index::open(&folder.join("index"), genesis.ledger_id(), &archive)?);
        let follower = Follower::start(index.clone(), archive.clone());
        let registers = Registers::default();
        Ok(History { genesis, secret, archive, index, registers, signer, follower })
    }

    /// How it is doing.
    pub fn figures(&self) -> Figures {
        Figures {
            indexed: self.index.height(),
            archived: self.archive.height(),
            rebuilds: self.index.rebuilds(),
            stopped: self.stopped(),
        }
    }

    /// The height up to which it answers.
    pub fn height(&self) -> u64 {
        self.index.height()
    }

    /// Why it goes no further, if it does not.
    pub fn stopped(&self) -> Option<HistoryError> {
        self.follower.fault()
    }

    /// Waits until it answers up to a height.
    ///
    /// # Errors
    /// [`HistoryError::Lagging`] when time is up; what stopped the follower, if something did.
    pub fn wait_height(&self, height: u64, timeout: Duration) -> Result<(), HistoryError> {
        self.follower.wait(&self.index, height, timeout)
    }

    /// The genesis of the ledger.
    pub fn genesis(&self) -> &Genesis {
        &self.genesis
    }
}
