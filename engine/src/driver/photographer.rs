//! The thread that writes snapshots, from a clone, while the machine goes on.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender};
use raft::eraftpb::ConfState;

use super::progress::Progress;
use super::store::Snapshots;
use super::writer::Job;
use crate::replica::{Position, StateMachine, StateSnapshot};

/// A machine to be written down.
pub(super) struct Picture<M> {
    pub(super) machine: M,
    pub(super) applied: Position,
    pub(super) configuration: ConfState,
}

/// Works until nobody asks for more. `last` is the newest snapshot on disk.
pub(super) fn run<M: StateMachine>(
    snapshots: &impl Snapshots,
    mut last: u64,
    pictures: &Receiver<Picture<M>>,
    writer: &Sender<Job>,
    progress: &Arc<Progress>,
) {
    while let Ok(picture) = pictures.recv() {
        let index = picture.applied.index;
        let height = picture.machine.height();
        let snapshot = StateSnapshot {
            index,
            term: picture.applied.term,
            configuration: picture.configuration,
            state: picture.machine.encode().into(),
        };
        // Recovery makes blocks again from a snapshot on; those before it must be in the archive.
        while progress.archived.load(Ordering::Acquire) < height {
            if progress.has_failed() {
                return;
            }
            thread::sleep(Duration::from_millis(1));
        }
        if let Err(fault) = snapshots.write(&snapshot) {
            progress.fail("writing a snapshot", fault);
            return;
        }
        // The log is cut below the older of the two snapshots: if the newer one turns out to be
        // damaged, the older one and the longer log take its place.
        if writer.send(Job::Cut(last)).is_err() {
            return;
        }
        last = index;
    }
}
