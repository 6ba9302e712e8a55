//! What carries the replica's effects out on a server: threads, queues and a clock.
//!
//! ```text
//! propose ->  consensus   stamps, batches, raft-rs         -> writer, applier
//!             writer      appends what waits, one sync     -> consensus
//!             applier     the machine, replies, the view   -> consensus, archivist, photographer
//!             archivist   blocks to the archive, by height
//!             photographer  snapshots from a cheap clone
//! ```
//!
//! While one sync runs, the next batch fills. Each queue is bounded; whoever answers to a thread
//! in front of it does so without waiting (a number that rises and a bell), so that no two threads
//! ever wait for each other.
//!
//! Invariants:
//! * A reply leaves when its entry is committed, on this disk and applied, and the view shows it.
//! * A snapshot is published only when the archive is durable up to it; so a recovery from it can
//!   bring the archive up to date from the log, and the log may be cut below the older snapshot.
//! * A fault of the disk ends the process: nothing is retried on a disk of unknown contents.
//!
//! Deliberately absent: a transport. A node opens a group of one voter.

mod applier;
mod archivist;
mod clock;
mod consensus;
mod fatal;
mod in_flight;
pub mod ledger;
mod node;
mod photographer;
mod progress;
pub mod recovery;
pub mod store;
mod view;
mod writer;

pub use clock::{Clock, SystemClock};
pub use fatal::{Fatal, OnFatal, abort_process};
pub use node::{Figures, Limits, Node, OpenError, Rejected, Reply, Stores, initialise};
pub use view::View;
