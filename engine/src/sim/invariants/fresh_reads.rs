//! A linearizable read sees everything that was acknowledged before it was asked for.

use super::{Verdict, Violation};

/// A read of a replica that has applied up to `applied`, asked for when entry `acknowledged` was
/// the highest that a client knew of.
pub(in crate::sim) fn served(replica: u64, applied: u64, acknowledged: u64) -> Verdict {
    if applied >= acknowledged {
        return Ok(());
    }
    let detail = format!("replica {replica} answers at {applied}, {acknowledged} was acknowledged");
    Err(Violation::new("reads are fresh", detail))
}
