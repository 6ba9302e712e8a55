//! When the faults end, the group elects, takes commands again, and everyone catches up.

use super::{Verdict, Violation};

const NAME: &str = "the group lives after the faults";

/// Commands that must have been acknowledged in the quiet time.
const PROGRESS: u64 = 30;

pub(in crate::sim) fn progressed(before: u64, after: u64) -> Verdict {
    if after >= before + PROGRESS {
        return Ok(());
    }
    let detail = format!("{} commands acknowledged in the quiet time", after - before);
    Err(Violation::new(NAME, detail))
}

/// A replica that has applied up to `applied` where `committed` was committed a while ago.
pub(in crate::sim) fn caught_up(replica: u64, applied: Option<u64>, committed: u64) -> Verdict {
    match applied {
        Some(applied) if applied >= committed => Ok(()),
        Some(applied) => {
            let detail = format!("replica {replica} is at {applied}, {committed} is committed");
            Err(Violation::new(NAME, detail))
        }
        None => Err(Violation::new(NAME, format!("replica {replica} is not up"))),
    }
}
