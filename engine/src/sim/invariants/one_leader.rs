//! A term has at most one leader (Raft, figure 3: election safety).

use std::collections::BTreeMap;

use super::{Verdict, Violation};
use crate::replica::Role;

#[derive(Debug, Default)]
pub(in crate::sim) struct OneLeader {
    leaders: BTreeMap<u64, u64>,
}

impl OneLeader {
    pub(in crate::sim) fn role(&mut self, replica: u64, role: Role) -> Verdict {
        if !role.leads {
            return Ok(());
        }
        let leader = *self.leaders.entry(role.term).or_insert(replica);
        if leader == replica {
            return Ok(());
        }
        let detail = format!("replicas {leader} and {replica} both lead in term {}", role.term);
        Err(Violation::new("one leader a term", detail))
    }

    /// Elections won so far.
    pub(in crate::sim) fn elections(&self) -> u64 {
        self.leaders.len() as u64
    }
}
