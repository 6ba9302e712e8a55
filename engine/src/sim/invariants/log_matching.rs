//! Below the commit all logs hold the same entries, and each replica applies them in order and
//! without a gap (Raft, figure 3: state machine safety).

use std::collections::BTreeMap;

use super::{Verdict, Violation};
use crate::hash::{Hash, sha256};
use crate::replica::Position;

const NAME: &str = "equal entries below the commit";

#[derive(Debug, Default)]
pub(in crate::sim) struct LogMatching {
    chosen: BTreeMap<u64, (u64, Hash)>,
}

impl LogMatching {
    /// A replica holds this entry as committed.
    pub(in crate::sim) fn committed(
        &mut self,
        replica: u64,
        at: Position,
        payload: &[u8],
    ) -> Verdict {
        let entry = (at.term, sha256(&[payload]));
        let chosen = *self.chosen.entry(at.index).or_insert(entry);
        if chosen == entry {
            return Ok(());
        }
        let detail = format!(
            "replica {replica} has another entry {} (term {}) than what was committed (term {})",
            at.index, at.term, chosen.0
        );
        Err(Violation::new(NAME, detail))
    }

    /// A replica that has applied up to `applied` is about to apply the entry `next`.
    pub(in crate::sim) fn in_order(&self, replica: u64, applied: u64, next: u64) -> Verdict {
        if next == applied + 1 {
            return Ok(());
        }
        let detail = format!("replica {replica} applies {next} after {applied}");
        Err(Violation::new(NAME, detail))
    }

    /// The last index known to be committed.
    pub(in crate::sim) fn last(&self) -> u64 {
        self.chosen.last_key_value().map_or(0, |(&index, _)| index)
    }
}
