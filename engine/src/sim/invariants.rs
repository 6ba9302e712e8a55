//! What must hold at all times, one file for each invariant, and at the end.

use std::fmt;

use crate::driver::store::StoreFault;

pub(super) mod audit;
pub(super) mod durability;
pub(super) mod fresh_reads;
pub(super) mod headers;
pub(super) mod liveness;
pub(super) mod log_matching;
pub(super) mod one_leader;

/// An invariant that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub invariant: &'static str,
    /// What was seen.
    pub detail: String,
    /// When, in simulated milliseconds.
    pub at_ms: u64,
}

impl Violation {
    pub(super) fn new(invariant: &'static str, detail: impl Into<String>) -> Violation {
        Violation { invariant, detail: detail.into(), at_ms: 0 }
    }
}

/// Not a violation in the end: the disk was told to fail, and the process has to end.
const DISK_FAILED: &str = "a failed disk ends the process";

impl Violation {
    /// What a fault of the disk means: one that was ordered ends the process, any other one is a
    /// mistake.
    pub(super) fn of_disk(fault: StoreFault) -> Violation {
        let ordered = ["DISK_IO", "DISK_FULL"].contains(&fault.code);
        Violation::new(if ordered { DISK_FAILED } else { "the disk works" }, fault.detail)
    }

    pub(super) fn is_failed_disk(&self) -> bool {
        self.invariant == DISK_FAILED
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {} ms: {}", self.invariant, self.at_ms, self.detail)
    }
}

/// Whether all is well.
pub(super) type Verdict = Result<(), Violation>;
