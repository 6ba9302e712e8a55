//! Submissions on their way, counted one by one and in bytes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The counters.
#[derive(Debug)]
pub(super) struct InFlight {
    count: AtomicUsize,
    bytes: AtomicUsize,
    count_max: usize,
    bytes_max: usize,
}

impl InFlight {
    pub(super) fn new(count_max: usize, bytes_max: usize) -> Arc<InFlight> {
        let (count, bytes) = Default::default();
        Arc::new(InFlight { count, bytes, count_max, bytes_max })
    }

    pub(super) fn count(&self) -> usize {
        self.count.load(Ordering::Acquire)
    }

    /// A place for a submission of so many bytes; `None` when all are taken. The last one to get in
    /// may exceed the bytes, so that a submission of any size gets in at all.
    pub(super) fn enter(self: &Arc<InFlight>, bytes: usize) -> Option<Place> {
        let count = self.count.fetch_add(1, Ordering::AcqRel);
        let before = self.bytes.fetch_add(bytes, Ordering::AcqRel);
        let place = Place { of: self.clone(), bytes };
        (count < self.count_max && before < self.bytes_max).then_some(place)
    }
}

/// Is given back when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    of: Arc<InFlight>,
    bytes: usize,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.of.count.fetch_sub(1, Ordering::AcqRel);
        self.of.bytes.fetch_sub(self.bytes, Ordering::AcqRel);
    }
}
