//! What the replica asks its driver to do.
//!
//! The driver carries effects out in the order in which it takes them. Effects of different kinds
//! may run at the same time on different threads, with the duties written at each of them.

use raft::eraftpb::{ConfState, Entry, HardState, Message};

/// One thing to do.
#[derive(Debug)]
pub enum Effect {
    /// Hand to the transport at once. A leader may do so before its own disk has the entries
    /// (Raft thesis, 10.2.1). A message with a snapshot is answered by
    /// [`super::Replica::snapshot_sent`].
    Send(Vec<Message>),
    /// Write, in order; see [`Append`].
    Append(Append),
    /// Apply, in order, then call [`super::Replica::applied`].
    Apply(Vec<Committed>),
    /// Read entries from the log and answer with [`super::Replica::fetched`].
    Fetch(Fetch),
    /// Read the newest snapshot and answer with [`super::Replica::snapshot_loaded`].
    LoadSnapshot,
    /// Become the snapshot; see [`Install`].
    Install(Install),
    /// The read asked for under `context` may be served once `index` is applied.
    ReadReady {
        /// What [`super::Replica::read_index`] was called with.
        context: u64,
        /// The commit index that the read must see.
        index: u64,
    },
    /// The role or the leader changed. Whoever waits for a proposal of a former term of this
    /// replica does not learn its outcome here.
    Role(Role),
}

/// What the log must hold before others may be told.
///
/// The writer takes all appends that wait, writes them in order and syncs once if one of them
/// asks for it; then `messages` leave in order; then it calls [`super::Replica::persisted`] with
/// the highest number. A message that left before the sync could promise a vote or an entry that
/// a crash takes back.
#[derive(Debug)]
pub struct Append {
    /// Ascending from one start to the next.
    pub number: u64,
    /// New entries; the first replaces what the log holds at and behind its index.
    pub entries: Vec<Entry>,
    /// Term, vote and commit, if they changed.
    pub hard_state: Option<HardState>,
    /// Whether a sync is needed before the messages leave. Without it only the commit moved,
    /// which may be lost.
    pub must_sync: bool,
    /// What to send after that.
    pub messages: Vec<Message>,
}

/// A committed entry, which this replica has on disk.
#[derive(Debug, Clone, PartialEq)]
pub struct Committed {
    /// Its index.
    pub index: u64,
    /// The term in which it was proposed.
    pub term: u64,
    /// What it holds.
    pub body: Body,
}

/// What a committed entry holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// For the state machine.
    Payload(bytes::Bytes),
    /// A new leader's first entry: nothing to do but to note the index.
    Nothing,
    /// The group is now this one; a snapshot from here on names it.
    Configuration(ConfState),
}

/// A read of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fetch {
    /// To be given back with the answer.
    pub token: u64,
    /// The first index.
    pub from: u64,
    /// The index behind the last.
    pub to: u64,
    /// Stop before more than these, but not before one entry.
    pub max_bytes: u64,
}

/// Become a snapshot that the leader sent, because its log no longer reaches back to ours.
///
/// Until [`super::Replica::installed`] is called the replica takes no input. The driver first
/// finishes the appends that wait and sends their messages; then it makes the snapshot durable,
/// then starts the log anew behind it with hard state and entries, syncs, replaces the machine,
/// drops committed entries that wait to be applied, and sends `messages`. A crash in between leaves
/// either the old log or the snapshot.
#[derive(Debug)]
pub struct Install {
    /// The last index that the snapshot covers.
    pub index: u64,
    /// Its term.
    pub term: u64,
    /// The group at that index.
    pub configuration: ConfState,
    /// The machine's state, as it encoded itself.
    pub state: bytes::Bytes,
    /// Term, vote and commit.
    pub hard_state: HardState,
    /// Entries behind the snapshot.
    pub entries: Vec<Entry>,
    /// What to send when all is durable.
    pub messages: Vec<Message>,
}

/// Who leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Role {
    /// The current term.
    pub term: u64,
    /// Whether this replica leads in it.
    pub leads: bool,
    /// The leader, if known.
    pub leader: Option<u64>,
}
