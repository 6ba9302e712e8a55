//! The thread that owns the log.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crossbeam_channel::Receiver;

use super::progress::Progress;
use super::store::{Log, StoreFault};
use crate::replica::Append;

/// Appends that one sync may cover at most: a bound for memory, never reached at ease.
const GROUP: usize = 4096;

/// What the log is asked to do.
pub(super) enum Job {
    Append(Append),
    /// Drop what lies at and below the index.
    Cut(u64),
}

/// Works until nobody can ask for more.
pub(super) fn run(mut log: impl Log, jobs: &Receiver<Job>, progress: &Arc<Progress>) {
    while let Ok(first) = jobs.recv() {
        let group = std::iter::once(first).chain(jobs.try_iter().take(GROUP - 1));
        let written = progress.while_writing(|| write(&mut log, group, progress));
        if let Err(fault) = written {
            progress.fail("writing the log", fault);
            return;
        }
    }
}

fn write(
    log: &mut impl Log,
    group: impl Iterator<Item = Job>,
    progress: &Progress,
) -> Result<(), StoreFault> {
    let (mut number, mut must_sync, mut cut) = (0, false, None);
    for job in group {
        match job {
            Job::Append(append) => {
                log.append(&append.entries, append.hard_state.as_ref())?;
                number = append.number;
                must_sync |= append.must_sync;
            }
            Job::Cut(index) => cut = Some(index),
        }
    }
    // A crash before this line loses what nobody was told of.
    if must_sync {
        log.sync()?;
        progress.syncs.fetch_add(1, Ordering::Relaxed);
    }
    if number > 0 {
        progress.raise(&progress.persisted, number);
    }
    if let Some(index) = cut {
        let floor = log.cut_below(index)?;
        progress.raise(&progress.floor, floor.index);
    }
    Ok(())
}
