//! What the gateway serves: one node of a ledger, and the way of a submission through it.
//!
//! Invariant: nothing here decides whether a submission is accepted. What [`Ledger::admit`] refuses
//! in front of the log burns no submission id and leaves no record; everything else is executed, and
//! its outcome is that of its record.

use std::sync::Arc;
use std::time::Duration;

use counterfoil_engine::command::FieldError;
use counterfoil_engine::driver::{Clock, Node, Reply, View};
use counterfoil_engine::genesis::Genesis;
use counterfoil_engine::ledger::{Admission, Ledger, Refusal, ReplayedAt};
use counterfoil_engine::machine::{Block, Machine};
use counterfoil_engine::rejection::Rejection;
use counterfoil_engine::submission::Submission;
use counterfoil_engine::time::Timestamp;
use counterfoil_engine::wire::WireError;
use tokio::sync::{Semaphore, oneshot};

use crate::auth::Gate;
use crate::fault::{Code, Fault};

/// How long a client waits for the outcome of a submission.
const OUTCOME: Duration = Duration::from_secs(30);
/// How long a query waits for a height.
const HEIGHT: Duration = Duration::from_secs(5);
/// Submissions decoded at a time, and as many that wait for it: 4 MiB each.
const DECODING: usize = 64;

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
    /// The genesis of its ledger.
    pub genesis: Genesis,
    /// Where tokens expire and submissions are judged in front of the log.
    pub clock: Arc<dyn Clock>,
    /// Who may read.
    pub gate: Gate,
    /// What is switched on.
    pub options: Options,
    decoding: Semaphore,
}

/// What became of a submission that was not refused in front of the log.
#[derive(Clone, Debug)]
pub struct Executed {
    /// The submission.
    pub submission: Arc<Submission>,
    /// Where it was executed.
    pub at: Executor,
}

/// The block that a submission closed, now or earlier.
#[derive(Clone, Debug)]
pub enum Executor {
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
        genesis: Genesis,
        clock: Arc<dyn Clock>,
        secret: [u8; 32],
        options: Options,
    ) -> Service {
        let gate = Gate::new(genesis.ledger_id(), secret);
        Service { node, genesis, clock, gate, options, decoding: Semaphore::new(DECODING) }
    }

    /// The time at which a request is judged: never before ledger time.
    pub fn now(&self, ledger: &Ledger) -> Timestamp {
        self.clock.now().max(ledger.time())
    }

    /// A view that has reached a height.
    pub async fn view_at(
        self: &Arc<Service>,
        height: u64,
    ) -> Result<Arc<View<Machine>>, Fault> {
        let newest = self.node.view();
        if newest.machine.height() >= height {
            return Ok(newest);
        }
        let service = self.clone();
        let wait = move || service.node.wait_height(height, HEIGHT);
        let view = tokio::task::spawn_blocking(wait).await.map_err(|_| Code::Internal)?;
        view.ok_or_else(|| Fault::new(Code::HeightNotReached, format!("height {height}")))
    }

    /// Decodes a submission, judges it in front of the log and has it executed. Decoding and the
    /// signature run off the threads of the network.
    pub async fn submit(
        self: &Arc<Service>,
        decode: impl FnOnce() -> Result<Submission, WireError> + Send + 'static,
    ) -> Result<Result<Executed, Refused>, Fault> {
        let permit = self.decoding.try_acquire().map_err(|_| Code::Overloaded)?;
        let submission = tokio::task::spawn_blocking(decode).await.map_err(|_| Code::Internal)??;
        drop(permit);
        let submission = Arc::new(submission);
        let view = self.node.view();
        let ledger = view.machine.ledger();
        match ledger.admit(self.now(ledger), &submission) {
            Err(refusal) => return Ok(Err(Refused { refusal, field: None })),
            Ok(Admission::Replayed(place)) => {
                return Ok(Ok(Executed { submission, at: Executor::Earlier(place) }));
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
                    Some(place) => Executor::Earlier(place),
                    None => Executor::Now(block),
                };
                Ok(Ok(Executed { submission, at }))
            }
            Reply::Rejected(rejected) => Err(rejected.into()),
        }
    }
}
