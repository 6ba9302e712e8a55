//! How the threads behind consensus tell it how far they are, without ever waiting for it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};

use super::fatal::{Fatal, OnFatal};
use super::store::StoreFault;

/// Numbers that only rise, a bell, and whether a thread has failed.
pub(super) struct Progress {
    /// The last append on disk.
    pub(super) persisted: AtomicU64,
    /// The last entry applied, with its view published.
    pub(super) applied: AtomicU64,
    /// The last entry cut off the log.
    pub(super) floor: AtomicU64,
    /// The last block in the archive, durably.
    pub(super) archived: AtomicU64,
    /// Syncs of the log.
    pub(super) syncs: AtomicU64,
    /// Whether consensus leads.
    pub(super) leads: AtomicBool,
    /// When the writer turned to the disk, in milliseconds since `began` and one more; zero while it
    /// waits for work.
    writing_since: AtomicU64,
    began: Instant,
    failed: AtomicBool,
    on_fatal: OnFatal,
    bell: Sender<()>,
}

impl Progress {
    /// With the end of the bell that consensus hears.
    pub(super) fn new(on_fatal: OnFatal) -> (Progress, Receiver<()>) {
        let (bell, heard) = bounded(1);
        let progress = Progress {
            persisted: AtomicU64::new(0),
            applied: AtomicU64::new(0),
            floor: AtomicU64::new(0),
            archived: AtomicU64::new(0),
            syncs: AtomicU64::new(0),
            leads: AtomicBool::new(false),
            writing_since: AtomicU64::new(0),
            began: Instant::now(),
            failed: AtomicBool::new(false),
            on_fatal,
            bell,
        };
        (progress, heard)
    }

    /// Raises a number and rings. A bell that rings already will do.
    pub(super) fn raise(&self, number: &AtomicU64, to: u64) {
        number.fetch_max(to, Ordering::Release);
        let _ = self.bell.try_send(());
    }

    /// Runs what the writer does on the disk, so that [`Progress::writing`] shows how long it takes.
    pub(super) fn while_writing<T>(&self, work: impl FnOnce() -> T) -> T {
        self.writing_since.store(self.milliseconds() + 1, Ordering::Release);
        let done = work();
        self.writing_since.store(0, Ordering::Release);
        done
    }

    /// How long the writer has been at the disk without a pause.
    pub(super) fn writing(&self) -> Duration {
        match self.writing_since.load(Ordering::Acquire).checked_sub(1) {
            Some(since) => Duration::from_millis(self.milliseconds().saturating_sub(since)),
            None => Duration::ZERO,
        }
    }

    fn milliseconds(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX - 1)
    }

    /// Reports a fault. If the process survives it, the node takes and confirms nothing more.
    pub(super) fn fail(&self, while_doing: &'static str, fault: StoreFault) {
        self.failed.store(true, Ordering::Release);
        (self.on_fatal)(&Fatal { while_doing, fault });
        let _ = self.bell.try_send(());
    }

    pub(super) fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Acquire)
    }
}
