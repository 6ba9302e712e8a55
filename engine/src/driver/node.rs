//! One running replica: what the server holds in its hands.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};
use raft::eraftpb::ConfState;
use thiserror::Error;

use super::applier::Applier;
use super::archivist::{self, Shelf};
use super::clock::Clock;
use super::consensus::{Consensus, Reads, Request};
use super::fatal::OnFatal;
use super::in_flight::{InFlight, Place};
use super::photographer;
use super::progress::Progress;
use super::recovery::{RecoveryError, recover};
use super::store::{Archive, Log, Snapshots, StoreFault};
use super::view::{View, Window};
use super::writer;
use crate::replica::{
    MAX_SUBMISSION_BYTES, Position, ProposeError, Settings, StateMachine, StateSnapshot,
};

/// Appends and batches on their way between threads.
const QUEUE: usize = 1024;
/// How long a shutdown waits for replies that are on their way.
const DRAIN: Duration = Duration::from_secs(10);
/// How long it then waits for the disk. One that works writes all that may be left in less.
const PATIENCE: Duration = Duration::from_secs(60);

/// Bounds on what a node holds in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Submissions proposed and not answered yet; beyond it [`Rejected::Overloaded`].
    pub in_flight_max: usize,
    /// The same in bytes of submissions.
    pub in_flight_bytes_max: usize,
    /// Blocks applied and not archived yet; beyond it the applier waits.
    pub archive_lag_max: usize,
    /// The same in bytes of blocks.
    pub archive_lag_bytes_max: usize,
    /// Entries between two snapshots at most.
    pub snapshot_every: u64,
    /// Bytes of entries between two snapshots at most: a bound on the length of the log.
    pub snapshot_every_bytes: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            in_flight_max: 1024,
            in_flight_bytes_max: 64 << 20,
            archive_lag_max: 4096,
            archive_lag_bytes_max: 256 << 20,
            snapshot_every: 100_000,
            snapshot_every_bytes: 256 << 20,
        }
    }
}

/// Where a node keeps what it must not lose.
pub struct Stores<L, S, A> {
    /// The Raft log.
    pub log: L,
    /// Snapshots of the machine.
    pub snapshots: S,
    /// Every block.
    pub archive: A,
}

/// Why a node does not open. Nothing was changed beyond what recovery repairs.
#[derive(Debug, Error)]
pub enum OpenError {
    /// Recovery did not succeed.
    #[error(transparent)]
    Recovery(#[from] RecoveryError),
    /// The disk holds the replica of a larger group, or of another replica.
    #[error("GROUP_UNSUPPORTED: a node opens a group of which it is the only voter")]
    Group,
    /// The archive shows what was acknowledged and what the log no longer makes.
    #[error(
        "LOG_LOST: blocks up to {archived} were archived, the log makes no more than {made}: \
         it is an old image, or its disk lost what it had synced"
    )]
    Behind {
        /// The last block of the archive.
        archived: u64,
        /// The last block that snapshot and log make.
        made: u64,
    },
}

impl From<StoreFault> for OpenError {
    fn from(fault: StoreFault) -> OpenError {
        OpenError::Recovery(RecoveryError::Store(fault))
    }
}

/// What a client is told in the end.
#[derive(Debug, Clone)]
pub enum Reply<B> {
    /// The submission is executed, for good: it closed this block.
    Committed {
        /// The height of the block.
        height: u64,
        /// The block.
        block: Arc<B>,
    },
    /// It is not, or nobody knows.
    Rejected(Rejected),
}

/// Why a submission was not executed, as far as this node can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Rejected {
    /// Too much is on its way. Nothing was done; retry later.
    #[error("OVERLOADED: too many submissions are on their way")]
    Overloaded,
    /// Consensus did not take it. Nothing was done.
    #[error(transparent)]
    Refused(ProposeError),
    /// The leadership ended before the submission was committed: it may be executed, or not.
    /// Submit the same bytes again; a submission is executed at most once.
    #[error("OUTCOME_UNKNOWN: the leadership ended before the outcome was known; submit again")]
    Unknown,
    /// The node is shutting down or has failed.
    #[error("STOPPED: the node takes no more submissions")]
    Stopped,
}

/// What a client does with its reply. It runs on a thread of the node and must not wait.
type Client<M> = Box<dyn FnOnce(Reply<<M as StateMachine>::Block>) + Send>;

/// A client of a proposal, counted as in flight until it is answered or dropped.
pub(super) struct Waiter<M: StateMachine> {
    client: Client<M>,
    _place: Place,
}

impl<M: StateMachine> Waiter<M> {
    /// Answers.
    pub(super) fn answer(self, reply: Reply<M::Block>) {
        (self.client)(reply);
    }
}

/// How a node is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figures {
    /// Whether it leads, and so takes proposals.
    pub leads: bool,
    /// The height of the newest view.
    pub height: u64,
    /// The last block that is durable in the archive; the difference is the archive's lag.
    pub archived: u64,
    /// Submissions on their way.
    pub in_flight: usize,
    /// Syncs of the log so far.
    pub syncs: u64,
    /// How long the log has been waiting for its disk, in the write or sync that is going on: zero or
    /// milliseconds, unless the disk stalls.
    pub log_waits: Duration,
    /// Whether a fault of the disk has stopped it.
    pub failed: bool,
}

/// A running replica. Dropping it without [`Node::shutdown`] is a crash without the noise:
/// threads end, nothing acknowledged is lost.
pub struct Node<M: StateMachine> {
    requests: Sender<Request<M>>,
    window: Arc<Window<M>>,
    progress: Arc<Progress>,
    in_flight: Arc<InFlight>,
    closing: AtomicBool,
    threads: Vec<JoinHandle<()>>,
}

/// Sets up a new replica on empty stores: the machine of the origin, in a group of which it is the
/// only voter. The snapshot comes last, so that a crash before leaves a replica that is not set up.
pub fn initialise<M: StateMachine>(
    settings: Settings,
    origin: &M::Origin,
    log: &mut impl Log,
    snapshots: &impl Snapshots,
) -> Result<(), StoreFault> {
    let base = StateSnapshot {
        index: 1,
        term: 1,
        configuration: ConfState::from((vec![settings.id], Vec::new())),
        state: M::new(origin).encode().into(),
    };
    let hard_state = raft::eraftpb::HardState { term: 1, commit: 1, ..Default::default() };
    log.restart(Position { index: base.index, term: base.term }, &hard_state, &[])?;
    snapshots.write(&base)
}

impl<M: StateMachine> Node<M> {
    /// Recovers from the stores, brings the archive up to date and starts the threads. Stores that
    /// were never set up are refused; see [`initialise`].
    pub fn open<L: Log, S: Snapshots, A: Archive>(
        settings: Settings,
        limits: Limits,
        stores: Stores<L, S, A>,
        origin: &M::Origin,
        clock: Arc<dyn Clock>,
        on_fatal: OnFatal,
    ) -> Result<Node<M>, OpenError> {
        let Stores { mut log, snapshots, mut archive } = stores;
        let recovered =
            recover::<M>(settings, origin, &mut log, &snapshots, |index, machine, block| {
                archivist::add::<M>(&mut archive, machine.height(), index, &block)
            })?;
        archive.sync()?;
        if recovered.configuration != ConfState::from((vec![settings.id], Vec::new())) {
            return Err(OpenError::Group);
        }
        archivist::reaches(&archive, recovered.machine.height())?;
        // A block is archived when its entry is committed and, in a group of one, on this disk.
        let (archived, made) = (archive.height(), recovered.machine.height() + recovered.pending);
        if archived > made {
            return Err(OpenError::Behind { archived, made });
        }

        let (progress, bell) = Progress::new(on_fatal);
        progress.applied.store(recovered.applied.index, Ordering::Release);
        progress.archived.store(archive.height(), Ordering::Release);
        let progress = Arc::new(progress);
        let view = View { machine: recovered.machine.clone(), applied: recovered.applied };
        let window = Arc::new(Window::new(view));
        let shelf = Arc::new(Shelf::new(limits.archive_lag_max, limits.archive_lag_bytes_max));
        let (requests, requested) = bounded(limits.in_flight_max);
        let (jobs, jobs_out) = bounded(QUEUE);
        let (batches, batches_out) = bounded(QUEUE);
        let (pictures, pictures_out) = bounded(1);

        let consensus = Consensus::<M> {
            replica: recovered.replica,
            clock,
            requests: requested,
            bell,
            progress: progress.clone(),
            writer: jobs.clone(),
            applier: batches,
            waiting: Default::default(),
            reads: Reads::default(),
        };
        let applier = Applier {
            machine: recovered.machine,
            applied: recovered.applied,
            configuration: recovered.configuration,
            batches: batches_out,
            window: window.clone(),
            shelf: shelf.clone(),
            progress: progress.clone(),
            photographer: pictures,
            pictured: recovered.snapshot.index,
            bytes_since: recovered.replayed_bytes,
            picture_every: limits.snapshot_every,
            picture_every_bytes: limits.snapshot_every_bytes,
        };
        let (by_writer, by_archivist) = (progress.clone(), progress.clone());
        let (by_photographer, last) = (progress.clone(), recovered.snapshot.index);
        let threads = vec![
            spawn("deciding", &progress, move || consensus.run()),
            spawn("writing the log", &progress, move || writer::run(log, &jobs_out, &by_writer)),
            spawn("applying", &progress, move || applier.run()),
            spawn("archiving", &progress, move || {
                archivist::run::<M>(archive, &shelf, &by_archivist)
            }),
            spawn("writing a snapshot", &progress, move || {
                photographer::run(&snapshots, last, &pictures_out, &jobs, &by_photographer);
            }),
        ];
        Ok(Node {
            requests,
            window,
            progress,
            in_flight: InFlight::new(limits.in_flight_max, limits.in_flight_bytes_max),
            closing: AtomicBool::new(false),
            threads,
        })
    }

    /// Proposes a submission, stamped with the time now. The reply comes when it is committed, on
    /// disk and applied, and [`Node::view`] shows it. A receiver without a reply means that the
    /// node has ended: the outcome is unknown.
    pub fn propose(&self, submission: Vec<u8>) -> Result<Receiver<Reply<M::Block>>, Rejected> {
        let (client, reply) = bounded(1);
        // A client that went away does not mind.
        self.propose_then(submission, move |outcome| drop(client.send(outcome)))?;
        Ok(reply)
    }

    /// As [`Node::propose`], but calls `client` with the reply, for callers that may not block. It
    /// runs on a thread of the node and must not wait; dropped uncalled, the outcome is unknown.
    pub fn propose_then(
        &self,
        submission: Vec<u8>,
        client: impl FnOnce(Reply<M::Block>) + Send + 'static,
    ) -> Result<(), Rejected> {
        if self.closing.load(Ordering::Acquire) || self.progress.has_failed() {
            return Err(Rejected::Stopped);
        }
        if submission.len() > MAX_SUBMISSION_BYTES {
            return Err(Rejected::Refused(ProposeError::Size));
        }
        let place = self.in_flight.enter(submission.len()).ok_or(Rejected::Overloaded)?;
        let waiter = Waiter { client: Box::new(client), _place: place };
        match self.requests.try_send(Request::Propose { submission, waiter }) {
            Ok(()) => Ok(()),
            Err(error) if error.is_full() => Err(Rejected::Overloaded),
            Err(_) => Err(Rejected::Stopped),
        }
    }

    /// The newest view. It may lie behind what is committed; see [`Node::fresh_view`].
    pub fn view(&self) -> Arc<View<M>> {
        self.window.newest()
    }

    /// A view that shows everything that was acknowledged to anyone before this call. `None` when
    /// time is up or the node has ended.
    pub fn fresh_view(&self, timeout: Duration) -> Option<Arc<View<M>>> {
        let (reader, ready) = bounded(1);
        self.requests.send_timeout(Request::Read(reader), timeout).ok()?;
        ready.recv_timeout(timeout).ok()?;
        Some(self.view())
    }

    /// Waits until the view has reached a height; `None` when time is up.
    pub fn wait_height(&self, height: u64, timeout: Duration) -> Option<Arc<View<M>>> {
        self.window.wait(timeout, |view| view.machine.height() >= height)
    }

    /// Waits until the node takes proposals; false when time is up.
    pub fn wait_ready(&self, timeout: Duration) -> bool {
        let end = Instant::now() + timeout;
        // A fresh view proves both: there is a leader, and its first entry is applied.
        while Instant::now() < end && !self.progress.has_failed() {
            if self.fresh_view(Duration::from_millis(20)).is_some() {
                return true;
            }
        }
        false
    }

    /// How it is doing.
    pub fn figures(&self) -> Figures {
        Figures {
            leads: self.progress.leads.load(Ordering::Acquire),
            height: self.view().machine.height(),
            archived: self.progress.archived.load(Ordering::Acquire),
            in_flight: self.in_flight.count(),
            syncs: self.progress.syncs.load(Ordering::Relaxed),
            log_waits: self.progress.writing(),
            failed: self.progress.has_failed(),
        }
    }

    /// Takes no more submissions, answers those on their way, and ends: the archive is then up to
    /// date with the view. A disk that does not answer for a minute is a fault like any other.
    pub fn shutdown(self) {
        self.end(DRAIN, PATIENCE);
    }

    fn end(mut self, drain: Duration, patience: Duration) {
        self.closing.store(true, Ordering::Release);
        let answered = || self.in_flight.count() == 0 || self.progress.has_failed();
        wait_until(Instant::now() + drain, answered);
        let end = Instant::now() + patience;
        // While the disk hangs nobody may be there to take it.
        let _ = self.requests.send_deadline(Request::Stop, end);
        for thread in std::mem::take(&mut self.threads) {
            if !wait_until(end, || thread.is_finished()) {
                let detail = "DISK_IO: the disk does not answer".to_owned();
                return self.progress.fail("ending", StoreFault { code: "DISK_IO", detail });
            }
            // A thread that panicked has said so on stderr.
            let _ = thread.join();
        }
    }
}

/// Whether it came true in time.
fn wait_until(end: Instant, is_true: impl Fn() -> bool) -> bool {
    while !is_true() {
        if Instant::now() >= end {
            return false;
        }
        thread::sleep(Duration::from_millis(1));
    }
    true
}

impl<M: StateMachine> fmt::Debug for Node<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.figures().fmt(f)
    }
}

/// Starts a thread. One that panics must not leave the others to go on without it.
fn spawn(
    name: &'static str,
    progress: &Arc<Progress>,
    work: impl FnOnce() + Send + 'static,
) -> JoinHandle<()> {
    let progress = progress.clone();
    let guarded = move || {
        if catch_unwind(AssertUnwindSafe(work)).is_err() {
            let detail = "INTERNAL: a thread panicked; its words are above".to_owned();
            progress.fail(name, StoreFault { code: "INTERNAL", detail });
        }
    };
    thread::Builder::new().name(name.to_owned()).spawn(guarded).expect("the system has threads")
}

#[cfg(test)]
mod tests;
