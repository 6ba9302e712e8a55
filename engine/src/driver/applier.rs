//! The thread that owns the machine.

use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender};
use raft::eraftpb::ConfState;

use super::archivist::Shelf;
use super::consensus::Batch;
use super::node::{Reply, Waiter};
use super::photographer::Picture;
use super::progress::Progress;
use super::recovery::apply;
use super::view::{View, Window};
use crate::replica::{Body, Committed, Position, StateMachine};

/// Entries applied before their replies leave: a bound on what the first of them waits.
const STRIDE: usize = 1024;

pub(super) struct Applier<M: StateMachine> {
    pub(super) machine: M,
    pub(super) applied: Position,
    pub(super) configuration: ConfState,
    pub(super) batches: Receiver<Batch<M>>,
    pub(super) window: Arc<Window<M>>,
    pub(super) shelf: Arc<Shelf<M::Block>>,
    pub(super) progress: Arc<Progress>,
    pub(super) photographer: Sender<Picture<M>>,
    /// The last entry of which a snapshot was asked for, and how many entries lie between two.
    pub(super) pictured: u64,
    pub(super) picture_every: u64,
}

impl<M: StateMachine> Applier<M> {
    /// Works until no more can be committed, or until the archive has failed.
    pub(super) fn run(mut self) {
        let mut answers = Vec::new();
        while let Ok(first) = self.batches.recv() {
            let mut taken = 0;
            for batch in std::iter::once(first).chain(self.batches.clone().try_iter()) {
                taken += batch.len();
                for (entry, waiter) in batch {
                    if !self.apply(entry, waiter, &mut answers) {
                        return;
                    }
                }
                if taken >= STRIDE {
                    break;
                }
            }
            self.publish();
            for (waiter, reply) in answers.drain(..) {
                waiter.answer(reply);
            }
            self.picture();
        }
        self.shelf.close();
    }

    /// False when the archive takes no more.
    fn apply(
        &mut self,
        entry: Committed,
        waiter: Option<Waiter<M>>,
        answers: &mut Vec<(Waiter<M>, Reply<M::Block>)>,
    ) -> bool {
        self.applied = Position { index: entry.index, term: entry.term };
        match entry.body {
            Body::Payload(payload) => {
                let block = Arc::new(apply(&mut self.machine, &payload));
                let height = self.machine.height();
                if !self.shelf.put(height, entry.index, block.clone(), M::size(&block)) {
                    return false;
                }
                if let Some(waiter) = waiter {
                    answers.push((waiter, Reply::Committed { height, block }));
                }
            }
            Body::Configuration(configuration) => self.configuration = configuration,
            Body::Nothing => {}
        }
        true
    }

    fn publish(&self) {
        self.window.publish(View { machine: self.machine.clone(), applied: self.applied });
        self.progress.raise(&self.progress.applied, self.applied.index);
    }

    /// Asks for a snapshot when one is due; while one is being written the next one waits.
    fn picture(&mut self) {
        if self.applied.index < self.pictured.saturating_add(self.picture_every) {
            return;
        }
        let picture = Picture {
            machine: self.machine.clone(),
            applied: self.applied,
            configuration: self.configuration.clone(),
        };
        if self.photographer.try_send(picture).is_ok() {
            self.pictured = self.applied.index;
        }
    }
}
