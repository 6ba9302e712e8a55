//! The thread that brings the index up to the archive.
//!
//! It asks the archive for the next heights and is never told: what it missed while it was slow, or
//! not running, it finds by itself. Whoever waits for a height wakes it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::HistoryError;
use super::archive::Archive;
use super::index::{Index, damaged};

/// Blocks that are entered while readers wait.
const BATCH_BLOCKS: u64 = 256;
/// Bytes of submissions in one batch.
const BATCH_BYTES: usize = 4 << 20;
/// The pauses between two looks at an archive in which nothing is new.
const PAUSE_MIN: Duration = Duration::from_millis(1);
const PAUSE_MAX: Duration = Duration::from_millis(32);
/// Before the next try when the disk has failed, such as one that was full for a while.
const PAUSE_DISK: Duration = Duration::from_secs(1);

/// The running thread. Dropping it ends the thread, which then stores what it has.
pub(super) struct Follower {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    status: Mutex<Status>,
    /// For those who wait for a height.
    progressed: Condvar,
    /// For the thread.
    wanted: Condvar,
}

#[derive(Default)]
struct Status {
    stop: bool,
    waiting: usize,
    fault: Option<HistoryError>,
}

impl Follower {
    pub(super) fn start(index: Arc<Index>, archive: Archive) -> Follower {
        let shared = Arc::new(Shared::default());
        let of_thread = shared.clone();
        let follow = move || of_thread.follow(&index, &archive);
        let thread = std::thread::Builder::new().name("indexing".to_owned()).spawn(follow);
        Follower { shared, thread: Some(thread.expect("the system has threads")) }
    }

    /// Why it goes no further, if it does not.
    pub(super) fn fault(&self) -> Option<HistoryError> {
        self.shared.lock().fault.clone()
    }

    /// Waits until the index has reached a height.
    pub(super) fn wait(
        &self,
        index: &Index,
        height: u64,
        timeout: Duration,
    ) -> Result<(), HistoryError> {
        if index.height() >= height {
            return Ok(());
        }
        let end = Instant::now() + timeout;
        let mut status = self.shared.lock();
        status.waiting += 1;
        self.shared.wanted.notify_all();
        let answer = loop {
            if index.height() >= height {
                break Ok(());
            }
            if let Some(fault) = &status.fault {
                break Err(fault.clone());
            }
            let Some(left) = end.checked_duration_since(Instant::now()) else {
                break Err(HistoryError::Lagging { wanted: height, at: index.height() });
            };
            let waited = self.shared.progressed.wait_timeout(status, left);
            status = waited.unwrap_or_else(PoisonError::into_inner).0;
        };
        status.waiting -= 1;
        answer
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.shared.lock().stop = true;
        self.shared.wanted.notify_all();
        if let Some(thread) = self.thread.take() {
            // It catches its own panics.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Status> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn follow(&self, index: &Index, archive: &Archive) {
        let mut pause = PAUSE_MIN;
        while !self.lock().stop {
            let step = catch_unwind(AssertUnwindSafe(|| step(index, archive)));
            let step = step.unwrap_or_else(|_| Err(damaged("the follower panicked")));
            let step = step.or_else(|error| match error {
                HistoryError::IndexDamaged(_) => {
                    tracing::error!(%error, "the index is built anew");
                    index.notice(&error);
                    index.rebuild().map(|()| true)
                }
                error => Err(error),
            });
            match step {
                Ok(true) => {
                    pause = PAUSE_MIN;
                    let _status = self.lock();
                    self.progressed.notify_all();
                }
                Ok(false) => pause = self.pause(pause),
                Err(error @ HistoryError::Disk(_)) => {
                    tracing::error!(%error, code = error.code(), "the index tries again");
                    self.rest(PAUSE_DISK);
                }
                Err(error) => return self.fail(error),
            }
        }
        if let Err(error) = index.store() {
            // The next start reads a little more of the archive, or builds it anew.
            tracing::warn!(%error, "the index was not stored at the end");
        }
    }

    /// Waits a little; the next pause.
    fn pause(&self, pause: Duration) -> Duration {
        let pause = if self.lock().waiting > 0 { PAUSE_MIN } else { pause };
        self.rest(pause);
        (pause * 2).min(PAUSE_MAX)
    }

    /// Waits so long, or until someone wants something.
    fn rest(&self, pause: Duration) {
        let status = self.lock();
        if !status.stop {
            drop(self.wanted.wait_timeout(status, pause));
        }
    }

    fn fail(&self, error: HistoryError) {
        tracing::error!(%error, code = error.code(), "the index goes no further");
        self.lock().fault = Some(error);
        self.progressed.notify_all();
    }
}

/// Enters the next blocks, if there are any.
fn step(index: &Index, archive: &Archive) -> Result<bool, HistoryError> {
    if index.is_damaged() {
        return Err(damaged("an answer showed it"));
    }
    let from = index.height() + 1;
    let to = archive.height().min(index.height() + BATCH_BLOCKS);
    let (mut blocks, mut bytes) = (Vec::new(), 0);
    for height in from..=to {
        let block = match archive.block(height) {
            Ok(block) => block,
            // What lies before it is entered first; the fault comes again.
            Err(_) if !blocks.is_empty() => break,
            Err(error) => return Err(error),
        };
        bytes += block.submission.len();
        blocks.push(block);
        if bytes >= BATCH_BYTES {
            break;
        }
    }
    index.add(&blocks)?;
    Ok(!blocks.is_empty())
}
