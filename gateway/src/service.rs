//! What the gateway serves: one node of a ledger, and the way of a submission through it.
//!
//! Invariant: nothing here decides whether a submission is accepted. What [`Ledger::admit`] refuses
//! in front of the log burns no submission id and leaves no record; everything else is executed, and
//! its outcome is that of its record.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use counterfoil_engine::command::FieldError;
use counterfoil_engine::driver::ledger::ArchivedBlock;
use counterfoil_engine::driver::{Clock, Node, Reply, View};
use counterfoil_engine::genesis::Genesis;
use counterfoil_engine::ledger::{Admission, Ledger, Refusal, ReplayedAt};
use counterfoil_engine::machine::{Block, Machine};
use counterfoil_engine::rejection::Rejection;
use counterfoil_engine::submission::Submission;
use counterfoil_engine::time::Timestamp;
use counterfoil_engine::wire::WireError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::auth::Gate;
use crate::fault::{Code, Fault};
use crate::history::records::{Receipt, receipts};
use crate::history::{History, HistoryError};
use crate::people::People;

/// How long a client waits for the outcome of a submission.
const OUTCOME: Duration = Duration::from_secs(30);
/// How long a query waits for a height.
const HEIGHT: Duration = Duration::from_secs(5);
/// Submissions decoded at a time: 4 MiB each at most.
const DECODING: usize = 64;
/// Questions that are looked up at a time, so that they leave threads to decode with.
const ASKING: usize = 256;
/// KiB of bodies that are received at a time: memory that clients take before anything is known of
/// them. One bulk submission takes 4,096 at most.
const RECEIVING: usize = 256 * 1024;
/// How long any of them waits for its turn before it is too much.
const TURN: Duration = Duration::from_secs(1);
/// Between two looks at a height that is waited for. No thread waits meanwhile.
const LOOK: Duration = Duration::from_millis(5);

/// What can be switched on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Options {
    /// Introspection and suggestions, which tell a stranger more than he needs.
    pub development: bool,
}

/// Everything that a request can reach.
pub struct Service {
    /// The replica.
    pub node: Node<Machine>,
    /// What happened.
    pub history: Arc<History>,
    /// Names and addresses.
    pub people: People,
    /// Where tokens expire and submissions are judged in front of the log.
    pub clock: Arc<dyn Clock>,
    /// Who may read.
    pub gate: Gate,
    /// What is switched on.
    pub options: Options,
    /// How submissions fared since the start.
    pub tally: Tally,
    decoding: Arc<Semaphore>,
    asking: Arc<Semaphore>,
    receiving: Arc<Semaphore>,
}

/// How submissions fared.
#[derive(Debug, Default)]
pub struct Tally {
    /// Executed, now or earlier.
    pub executed: AtomicU64,
    /// Refused in front of the log.
    pub refused: AtomicU64,
    /// Not taken, or without a known outcome.
    pub failed: AtomicU64,
}

/// What became of a submission that was not refused in front of the log.
#[derive(Clone, Debug)]
pub struct Executed {
    /// The submission.
    pub submission: Arc<Submission>,
    /// Where it was executed.
    pub at: Execution,
}

/// The block that a submission closed, now or earlier.
#[derive(Clone, Debug)]
pub enum Execution {
    /// Now.
    Now(Arc<Block>),
    /// At an earlier place: the submission is a replay.
    Earlier(ReplayedAt),
}

/// A refusal, and the field that says nothing valid where that is the reason.
#[derive(Clone, Debug)]
pub struct Refused {
    /// Why.
    pub refusal: Refusal,
    /// Where in the command.
    pub field: Option<FieldError>,
}

impl Service {
    /// A service over a node. `secret` keys the tokens and must be random.
    pub fn new(
        node: Node<Machine>,
        history: Arc<History>,
        people: People,
        clock: Arc<dyn Clock>,
        secret: [u8; 32],
        options: Options,
    ) -> Service {
        let gate = Gate::new(history.genesis().ledger_id(), secret);
        let places = |count| Arc::new(Semaphore::new(count));
        let (decoding, asking, receiving) = (places(DECODING), places(ASKING), places(RECEIVING));
        let tally = Tally::default();
        Service { node, history, people, clock, gate, options, tally, decoding, asking, receiving }
    }

    /// The genesis of the ledger.
    pub fn genesis(&self) -> &Genesis {
        self.history.genesis()
    }

    /// Asks the past about a height, off the threads of the network. The index follows the ledger at
    /// a small distance; an answer waits until it has reached the height, unless it has stopped.
    pub async fn past<T: Send + 'static>(
        self: &Arc<Service>,
        height: u64,
        ask: impl FnOnce(&History) -> Result<T, HistoryError> + Send + 'static,
    ) -> Result<T, Fault> {
        let there = || self.history.height() >= height;
        if !reached(|| there() || self.history.stopped().is_some()).await || !there() {
            let lagging = HistoryError::Lagging { wanted: height, at: self.history.height() };
            let why = self.history.stopped().unwrap_or(lagging);
            return Err(Fault::new(Code::HistoryUnavailable, why.code()));
        }
        let history = self.history.clone();
        Ok(self.look_up(move || ask(&history)).await??)
    }

    /// Room for so many bytes of a body, for as long as it is held.
    pub async fn room(&self, bytes: usize) -> Result<OwnedSemaphorePermit, Fault> {
        let kib = bytes.div_ceil(1024).min(RECEIVING);
        turns(&self.receiving, u32::try_from(kib).unwrap_or(u32::MAX)).await
    }

    /// Looks something up that takes long or waits for the disk, off the threads of the network.
    pub async fn look_up<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Fault> {
        in_turn(&self.asking, work).await
    }

    /// The time at which a request is judged: never before ledger time.
    pub fn now(&self, ledger: &Ledger) -> Timestamp {
        self.clock.now().max(ledger.time())
    }

    /// A view that has reached a height.
    pub async fn view_at(&self, height: u64) -> Result<Arc<View<Machine>>, Fault> {
        match reached(|| self.node.view().machine.height() >= height).await {
            true => Ok(self.node.view()),
            false => Err(Fault::new(Code::HeightNotReached, format!("height {height}"))),
        }
    }

    /// Decodes a submission, judges it in front of the log and has it executed. Decoding and the
    /// signature run off the threads of the network.
    pub async fn submit(
        self: &Arc<Service>,
        decode: impl FnOnce() -> Result<Submission, WireError> + Send + 'static,
    ) -> Result<Result<Executed, Refused>, Fault> {
        let outcome = self.execute(decode).await;
        let counter = match &outcome {
            Ok(Ok(_)) => &self.tally.executed,
            Ok(Err(_)) => &self.tally.refused,
            Err(_) => &self.tally.failed,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        outcome
    }

    async fn execute(
        self: &Arc<Service>,
        decode: impl FnOnce() -> Result<Submission, WireError> + Send + 'static,
    ) -> Result<Result<Executed, Refused>, Fault> {
        let submission = Arc::new(in_turn(&self.decoding, decode).await??);
        let view = self.node.view();
        let ledger = view.machine.ledger();
        match ledger.admit(self.now(ledger), &submission) {
            Err(refusal) => return Ok(Err(Refused { refusal, field: None })),
            Ok(Admission::Replayed(place)) => {
                return Ok(Ok(Executed { submission, at: Execution::Earlier(place) }));
            }
            Ok(Admission::Fresh(_)) => {}
        }
        if let [only] = submission.items.as_slice()
            && let Err(field) = &only.command
        {
            let (refusal, field) = (Rejection::Malformed.into(), Some(field.clone()));
            return Ok(Err(Refused { refusal, field }));
        }
        let (client, reply) = oneshot::channel();
        let answer = move |reply| drop(client.send(reply));
        self.node.propose_then(submission.bytes.to_vec(), answer)?;
        // No reply, late or never, says nothing about the outcome.
        let reply = tokio::time::timeout(OUTCOME, reply).await;
        let reply = reply.map_err(|_| Code::OutcomeUnknown)?.map_err(|_| Code::OutcomeUnknown)?;
        match reply {
            Reply::Committed { block, .. } => {
                let at = match block.replayed {
                    Some(place) => Execution::Earlier(place),
                    None => Execution::Now(block),
                };
                Ok(Ok(Executed { submission, at }))
            }
            Reply::Rejected(rejected) => Err(rejected.into()),
        }
    }

    /// What came of each command, in order. A submission that was executed earlier is looked up; where
    /// that fails the outcome is unknown, since no other fault may be told of what was executed.
    pub async fn outcomes(
        self: &Arc<Service>,
        executed: &Executed,
    ) -> Result<Vec<CommandOutcome>, Fault> {
        match &executed.at {
            Execution::Now(block) => Ok(outcomes_of(block)),
            Execution::Earlier(place) => {
                let place = *place;
                let found = self
                    .past(place.height, move |history| outcomes_in(&history.first_block(place)?));
                found.await.map_err(|fault| executed_all_the_same(&fault))
            }
        }
    }
}

/// What to say of a submission that was executed and whose outcome cannot be read: most faults say
/// that nothing was done.
fn executed_all_the_same(fault: &Fault) -> Fault {
    tracing::warn!(cause = fault.shown(), "the outcome of an earlier submission cannot be read");
    let cause = fault.code.as_str();
    Fault::new(Code::OutcomeUnknown, format!("executed before, not readable now: {cause}"))
}

/// Waits until something is so; false when it takes too long.
async fn reached(good: impl Fn() -> bool) -> bool {
    let wait = async {
        while !good() {
            tokio::time::sleep(LOOK).await;
        }
    };
    tokio::time::timeout(HEIGHT, wait).await.is_ok()
}

/// Works when it is its turn. The turn lasts as long as the work: a client who goes away ends the
/// wait for it, not the work itself.
async fn in_turn<T: Send + 'static>(
    places: &Arc<Semaphore>,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Fault> {
    let turn = turns(places, 1).await?;
    let work = move || {
        let _turn = turn;
        work()
    };
    Ok(tokio::task::spawn_blocking(work).await.map_err(|_| Code::Internal)?)
}

/// So many of the places that there are at a time.
async fn turns(places: &Arc<Semaphore>, count: u32) -> Result<OwnedSemaphorePermit, Fault> {
    let turns = tokio::time::timeout(TURN, places.clone().acquire_many_owned(count)).await;
    Ok(turns.map_err(|_| Code::Overloaded)?.map_err(|_| Code::Stopped)?)
}

/// What came of one command.
#[derive(Clone, Debug)]
pub struct CommandOutcome {
    /// Where it is recorded.
    pub receipt: Receipt,
    /// Whether it was executed before it was sent this time.
    pub replayed: bool,
    /// Why it was refused, if it was; the figures are known only when it is executed.
    pub refusal: Option<Refusal>,
    /// Contents of the sections register, cash, parties, identities; empty where absent.
    pub sections: [Bytes; 4],
}

fn outcomes_of(block: &Block) -> Vec<CommandOutcome> {
    let records = (block.first_record..).zip(&block.records);
    let outcomes = records.map(|(record_index, recorded)| CommandOutcome {
        receipt: Receipt {
            height: block.header.height,
            record_index,
            record_hash: recorded.hash,
            committed_at: block.header.time,
            outcome: recorded.record.outcome,
        },
        replayed: false,
        refusal: recorded.outcome.as_ref().err().cloned(),
        sections: recorded.sections.clone().map(Bytes::from),
    });
    outcomes.collect()
}

/// What came of each command of a block that was executed earlier.
///
/// # Errors
/// As [`receipts`].
pub fn outcomes_in(block: &ArchivedBlock) -> Result<Vec<CommandOutcome>, HistoryError> {
    let outcomes = receipts(block)?.into_iter().zip(&block.records).map(|(receipt, recorded)| {
        let refusal = Rejection::all().find(|rejection| rejection.number() == receipt.outcome);
        CommandOutcome {
            receipt,
            replayed: true,
            refusal: refusal.map(Refusal::from),
            sections: recorded.sections.clone(),
        }
    });
    Ok(outcomes.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A client who goes away must not make room for the next one while his work goes on.
    #[tokio::test]
    async fn a_turn_lasts_as_long_as_the_work() {
        let turns = Arc::new(Semaphore::new(1));
        let (end, ended) = std::sync::mpsc::channel::<()>();
        let work = in_turn(&turns, move || ended.recv());
        let gone = tokio::time::timeout(Duration::from_millis(20), work).await;
        assert!(gone.is_err(), "the client has gone, the work waits");
        assert_eq!(in_turn(&turns, || ()).await.unwrap_err().code, Code::Overloaded);
        end.send(()).unwrap();
        assert!(in_turn(&turns, || ()).await.is_ok());
        let panicked = in_turn(&turns, || panic!("a mistake")).await;
        assert_eq!(panicked.unwrap_err().code, Code::Internal);
        assert!(in_turn(&turns, || ()).await.is_ok(), "a panic gives the turn back");
    }
}
