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
        // A disk that does not answer says nothing of what lies on it.
        match fault.code {
            "DISK_IO" | "DISK_FULL" => HistoryError::Disk(fault.detail),
            _ => HistoryError::Archive(fault.detail),
        }
    }
}

impl From<SignRefusal> for HistoryError {
    fn from(refusal: SignRefusal) -> HistoryError {
        HistoryError::Regression(refusal.to_string())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use counterfoil_registry::handle::{Holder, PartyId};

    use super::*;
    use crate::people::PeopleError;

    /// Each code is in the table of the page, with the same word on whether it helps to ask again, and
    /// the table holds no other.
    #[test]
    fn each_code_is_documented() {
        let holder = Holder::Party(PartyId(1));
        let io = || std::io::Error::other("full");
        let history = [
            HistoryError::Lagging { wanted: 2, at: 1 },
            HistoryError::IndexDamaged(String::new()),
            HistoryError::Archive(String::new()),
            HistoryError::TreeMismatch(1),
            HistoryError::from(SignRefusal::OtherOrigin),
            HistoryError::CheckpointUnreadable(String::new()),
            HistoryError::Note(NoteError::Key("the name")),
            HistoryError::Register { issuer: IssuerId(0), record: 1, error: FoldError::Twice },
            HistoryError::Bundle(BuildError::BlockMissing(1)),
            HistoryError::disk(Path::new("index"), &io()),
        ];
        let people = [
            PeopleError::Malformed(holder, "too long"),
            PeopleError::Mismatch(holder),
            PeopleError::Erased(holder),
            PeopleError::Disk("people".into(), io()),
        ];
        let retry = |retry: bool| if retry { "later" } else { "never" };
        let history = history.iter().map(|error| (error.code(), retry(error.retry())));
        let people = people.iter().map(|error| (error.code(), "never"));
        let page = include_str!("../../../docs/read-side.md");
        let (_, table) = page.split_once("## Codes").unwrap();
        let rows = table.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
        let rows = rows.map(|(code, rest)| (code, rest.split(' ').next().unwrap()));
        assert_eq!(history.chain(people).collect::<BTreeSet<_>>(), rows.collect::<BTreeSet<_>>());
    }
}
