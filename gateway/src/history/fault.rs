//! Why the read side does not answer. Each has a stable code; `docs/read-side.md` lists them.

use std::path::Path;

use counterfoil_engine::driver::store::StoreFault;
use counterfoil_engine::evidence::bundle::build::BuildError;
use counterfoil_engine::evidence::note::{NoteError, SignRefusal};
use counterfoil_registry::captable::FoldError;
use counterfoil_registry::handle::IssuerId;

/// Why a question about the past has no answer now. What does not exist is `None`, not an error.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum HistoryError {
    /// The index is not as far yet. It helps to ask again.
    #[error("the index is at height {at}, not yet at {wanted}")]
    Lagging {
        /// The height asked for.
        wanted: u64,
        /// The height reached.
        at: u64,
    },
    /// The index contradicts the archive; it is being built anew. It helps to ask again.
    #[error("the index is damaged and is built anew: {0}")]
    IndexDamaged(String),
    /// The archive cannot be read, or its blocks do not continue each other.
    #[error("the archive: {0}")]
    Archive(String),
    /// The tree of the archive is not the machine's.
    #[error("the archive's tree of {0} leaves has another root than the machine's")]
    TreeMismatch(u64),
    /// A checkpoint was signed that this one would contradict.
    #[error("not signed: {0}")]
    Regression(String),
    /// What was signed last cannot be read, and so nothing can be signed.
    #[error("what was signed last cannot be read: {0}")]
    CheckpointUnreadable(String),
    /// A key or name with which no checkpoint can be signed.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The recorded events of a register contradict each other.
    #[error("the register of {issuer}, record {record}: {error}")]
    Register {
        /// Whose register.
        issuer: IssuerId,
        /// The record.
        record: u64,
        /// What is wrong.
        error: FoldError,
    },
    /// No bundle can be made.
    #[error(transparent)]
    Bundle(#[from] BuildError),
    /// A file cannot be written or read.
    #[error("{0}")]
    Disk(String),
}

impl HistoryError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            HistoryError::Lagging { .. } => "INDEX_LAGGING",
            HistoryError::IndexDamaged(_) => "INDEX_DAMAGED",
            HistoryError::Archive(_) => "ARCHIVE_UNREADABLE",
            HistoryError::TreeMismatch(_) => "TREE_MISMATCH",
            HistoryError::Regression(_) => "CHECKPOINT_REGRESSION",
            HistoryError::CheckpointUnreadable(_) => "CHECKPOINT_UNREADABLE",
            HistoryError::Note(_) => "CHECKPOINT_KEY",
            HistoryError::Register { .. } => "REGISTER_INCONSISTENT",
            HistoryError::Bundle(_) => "BUNDLE_UNAVAILABLE",
            HistoryError::Disk(_) => "READ_SIDE_DISK",
        }
    }

    /// Whether the same question can be answered later without anyone doing anything.
    pub fn retry(&self) -> bool {
        matches!(self, HistoryError::Lagging { .. } | HistoryError::IndexDamaged(_))
    }

    pub(crate) fn disk(path: &Path, error: &std::io::Error) -> HistoryError {
        HistoryError::Disk(format!("{}: {error}", path.display()))
    }
}

impl From<StoreFault> for HistoryError {
    fn from(fault: StoreFault) -> HistoryError {
        HistoryError::Archive(fault.detail)
    }
}

impl From<SignRefusal> for HistoryError {
    fn from(refusal: SignRefusal) -> HistoryError {
        HistoryError::Regression(refusal.to_string())
    }
}
