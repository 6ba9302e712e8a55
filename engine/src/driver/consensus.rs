//! The thread that owns the replica.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, after, select};

use super::clock::Clock;
use super::node::{Rejected, Reply, Waiter};
use super::progress::Progress;
use super::store::StoreFault;
use super::writer::Job;
use crate::replica::{Committed, Effect, Replica, StateMachine, stamped};

/// Between two ticks: an election follows after half a second to one second without a leader.
pub(super) const TICK: Duration = Duration::from_millis(50);
/// Proposals taken before their effects are carried out: a bound on how long a tick may wait.
const BATCH: usize = 1024;

/// Reads that wait for an answer of consensus.
const READS: usize = 1024;

/// What a client wants.
pub(super) enum Request<M: StateMachine> {
    Propose {
        submission: Vec<u8>,
        waiter: Waiter<M>,
    },
    /// Answer when what is committed now is applied.
    Read(Sender<()>),
    Stop,
}

/// Committed entries, each with its client where it has one here.
pub(super) type Batch<M> = Vec<(Committed, Option<Waiter<M>>)>;

pub(super) struct Consensus<M: StateMachine> {
    pub(super) replica: Replica,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) requests: Receiver<Request<M>>,
    pub(super) bell: Receiver<()>,
    pub(super) progress: Arc<Progress>,
    pub(super) writer: Sender<Job>,
    pub(super) applier: Sender<Batch<M>>,
    /// Clients whose proposals stand in the log, by index, with the term of the entry.
    pub(super) waiting: BTreeMap<u64, (u64, Waiter<M>)>,
    pub(super) reads: Reads,
}

/// Reads on their way.
#[derive(Default)]
pub(super) struct Reads {
    next: u64,
    asked: BTreeMap<u64, Sender<()>>,
    ready: VecDeque<(u64, Sender<()>)>,
}

impl<M: StateMachine> Consensus<M> {
    /// Works until it is told to stop, or until something behind it has failed.
    pub(super) fn run(mut self) {
        let mut next_tick = Instant::now() + TICK;
        let mut going_on = true;
        while going_on && !self.progress.has_failed() {
            going_on = self.carry_out() && self.wait(next_tick);
            self.note_progress();
            if Instant::now() >= next_tick {
                // After a pause of the process one tick will do: the peers' clocks went on.
                next_tick = Instant::now() + TICK;
                self.replica.tick();
            }
        }
    }

    /// Takes what clients want until there is something to carry out. False to stop.
    fn wait(&mut self, until: Instant) -> bool {
        let left = until.saturating_duration_since(Instant::now());
        let request = select! {
            recv(self.requests) -> request => request,
            recv(self.bell) -> _ => return true,
            recv(after(left)) -> _ => return true,
        };
        let Ok(request) = request else { return false };
        if !self.take(request) {
            return false;
        }
        for _ in 1..BATCH {
            let Ok(request) = self.requests.try_recv() else { break };
            if !self.take(request) {
                return false;
            }
        }
        true
    }

    fn take(&mut self, request: Request<M>) -> bool {
        match request {
            Request::Propose { submission, waiter } => self.propose(&submission, waiter),
            Request::Read(reader) => {
                self.reads.next += 1;
                // Consensus drops a read now and then; its client has gone away by then.
                if self.reads.asked.len() >= READS {
                    self.reads.asked.pop_first();
                }
                // A read that is not possible now loses its sender, and the client hears it.
                if self.replica.read_index(self.reads.next).is_ok() {
                    self.reads.asked.insert(self.reads.next, reader);
                }
            }
            Request::Stop => return false,
        }
        true
    }

    fn propose(&mut self, submission: &[u8], waiter: Waiter<M>) {
        match self.replica.propose(stamped(self.clock.now(), submission)) {
            Ok(position) => {
                self.waiting.insert(position.index, (position.term, waiter));
            }
            Err(error) => waiter.answer(Reply::Rejected(Rejected::Refused(error))),
        }
    }

    fn note_progress(&mut self) {
        self.replica.persisted(self.progress.persisted.load(Ordering::Acquire));
        let applied = self.progress.applied.load(Ordering::Acquire);
        self.replica.applied(applied);
        self.replica.cut_below(self.progress.floor.load(Ordering::Acquire));
        while self.reads.ready.front().is_some_and(|(index, _)| *index <= applied) {
            let (_, reader) = self.reads.ready.pop_front().expect("seen just now");
            let _ = reader.send(());
        }
    }

    /// False when a thread behind has ended.
    fn carry_out(&mut self) -> bool {
        loop {
            let effects = self.replica.effects();
            if effects.is_empty() {
                return true;
            }
            if !effects.into_iter().all(|effect| self.one(effect)) {
                return false;
            }
        }
    }

    fn one(&mut self, effect: Effect) -> bool {
        match effect {
            Effect::Append(append) => return self.writer.send(Job::Append(append)).is_ok(),
            Effect::Apply(committed) => {
                let batch = committed.into_iter().map(|entry| self.with_client(entry)).collect();
                return self.applier.send(batch).is_ok();
            }
            Effect::ReadReady { context, index } => {
                if let Some(reader) = self.reads.asked.remove(&context) {
                    self.reads.ready.push_back((index, reader));
                }
            }
            Effect::Role(role) => {
                self.progress.leads.store(role.leads, Ordering::Release);
                // Whether proposals of a former term are committed is now for others to decide.
                for (_, (_, waiter)) in std::mem::take(&mut self.waiting) {
                    waiter.answer(Reply::Rejected(Rejected::Unknown));
                }
            }
            Effect::Send(_) | Effect::Fetch(_) | Effect::LoadSnapshot | Effect::Install(_) => {
                let detail = "INTERNAL: a group of one has no peers to serve".to_owned();
                let fault = StoreFault { code: "INTERNAL", detail };
                self.progress.fail("replicating", fault);
                return false;
            }
        }
        true
    }

    fn with_client(&mut self, entry: Committed) -> (Committed, Option<Waiter<M>>) {
        let waiter = match self.waiting.remove(&entry.index) {
            Some((term, waiter)) if term == entry.term => Some(waiter),
            _ => None,
        };
        (entry, waiter)
    }
}
