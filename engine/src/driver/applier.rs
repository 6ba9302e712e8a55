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
use crate::replica::{Body, Committed, Position, StateMachine, is_plain};

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
    /// The last entry of which a snapshot was asked for, and the bytes of the entries since.
    pub(super) pictured: u64,
    pub(super) bytes_since: u64,
    /// How many entries, and how many bytes of them, lie between two snapshots at most.
    pub(super) picture_every: u64,
    pub(super) picture_every_bytes: u64,
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
                self.bytes_since = self.bytes_since.saturating_add(payload.len() as u64);
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

    /// Asks for a snapshot when one is due; while one is being written the next one waits. So does
    /// one in the middle of a change of the group, from which no replica can start.
    fn picture(&mut self) {
        let due = self.applied.index >= self.pictured.saturating_add(self.picture_every)
            || self.bytes_since >= self.picture_every_bytes;
        if !due || !is_plain(&self.configuration) {
            return;
        }
        let picture = Picture {
            machine: self.machine.clone(),
            applied: self.applied,
            configuration: self.configuration.clone(),
        };
        if self.photographer.try_send(picture).is_ok() {
            self.pictured = self.applied.index;
            self.bytes_since = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use crossbeam_channel::bounded;

    use super::*;
    use crate::sim::Tally;

    #[test]
    fn no_snapshot_is_taken_in_the_middle_of_a_change_of_the_group() {
        let (_, batches) = bounded(0);
        let (photographer, pictures) = bounded(1);
        let machine = Tally::new(&());
        let applied = Position { index: 100, term: 1 };
        let view = View { machine: machine.clone(), applied };
        let mut applier = Applier {
            machine,
            applied,
            configuration: ConfState::from((vec![1, 2], Vec::new())),
            batches,
            window: Arc::new(Window::new(view)),
            shelf: Arc::new(Shelf::new(1, 1)),
            progress: Arc::new(Progress::new(Arc::new(|_| ())).0),
            photographer,
            pictured: 10,
            bytes_since: 0,
            picture_every: 50,
            picture_every_bytes: u64::MAX,
        };
        applier.configuration.set_voters_outgoing(vec![1, 3]);
        applier.picture();
        assert!(pictures.is_empty());
        applier.configuration.set_voters_outgoing(Vec::new());
        applier.configuration.set_learners_next(vec![3]);
        applier.picture();
        assert!(pictures.is_empty());
        applier.configuration.set_learners_next(Vec::new());
        applier.picture();
        assert_eq!(pictures.try_recv().unwrap().applied, applied);
    }
}
