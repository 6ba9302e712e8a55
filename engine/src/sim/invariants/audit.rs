//! The machine's own conservation laws hold after each entry.

use super::{Verdict, Violation};
use crate::replica::StateMachine;

pub(in crate::sim) fn check(replica: u64, machine: &impl StateMachine) -> Verdict {
    let violations = machine.audit();
    if violations.is_empty() {
        return Ok(());
    }
    let detail = format!("replica {replica}: {}", violations.join("; "));
    Err(Violation::new("audit", detail))
}
