//! What readers see: the machine as it was after some entry, complete and unchanging.

use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use crate::replica::{Position, StateMachine};

/// The machine after an entry. Whoever holds it keeps it; the machine goes on without it.
#[derive(Debug)]
pub struct View<M> {
    /// The machine.
    pub machine: M,
    /// The last entry applied to it.
    pub applied: Position,
}

/// The newest view, for many readers and one writer.
pub(super) struct Window<M> {
    newest: Mutex<Arc<View<M>>>,
    changed: Condvar,
}

impl<M: StateMachine> Window<M> {
    pub(super) fn new(view: View<M>) -> Window<M> {
        Window { newest: Mutex::new(Arc::new(view)), changed: Condvar::new() }
    }

    pub(super) fn publish(&self, view: View<M>) {
        let former = std::mem::replace(&mut *self.lock(), Arc::new(view));
        self.changed.notify_all();
        // The last holder of a former view frees its pages, outside the lock.
        drop(former);
    }

    pub(super) fn newest(&self) -> Arc<View<M>> {
        self.lock().clone()
    }

    /// The first view seen that is good enough; `None` when time is up.
    pub(super) fn wait(
        &self,
        timeout: Duration,
        good: impl Fn(&View<M>) -> bool,
    ) -> Option<Arc<View<M>>> {
        let end = Instant::now() + timeout;
        let mut newest = self.lock();
        while !good(&newest) {
            let left = end.checked_duration_since(Instant::now())?;
            newest = self.changed.wait_timeout(newest, left).expect("nobody panics inside").0;
        }
        Some(newest.clone())
    }

    fn lock(&self) -> MutexGuard<'_, Arc<View<M>>> {
        self.newest.lock().expect("nobody panics while holding it")
    }
}
