//! What was acknowledged is there, once, on each replica, in the end.

use std::collections::BTreeSet;

use super::{Verdict, Violation};
use crate::replica::StateMachine;
use crate::sim::workload::Workload;

#[derive(Debug, Default)]
pub(in crate::sim) struct Durability {
    acknowledged: BTreeSet<u64>,
    highest: u64,
}

impl Durability {
    /// A client was told that its command is committed, in the entry `index`.
    pub(in crate::sim) fn acknowledge(&mut self, command: u64, index: u64) {
        self.acknowledged.insert(command);
        self.highest = self.highest.max(index);
    }

    /// The highest entry of which a client knows.
    pub(in crate::sim) fn highest(&self) -> u64 {
        self.highest
    }

    /// Commands acknowledged so far.
    pub(in crate::sim) fn count(&self) -> u64 {
        self.acknowledged.len() as u64
    }

    pub(in crate::sim) fn at_end<W: Workload>(
        &self,
        replica: u64,
        workload: &W,
        machine: &W::Machine,
    ) -> Verdict {
        for &command in &self.acknowledged {
            let executions = workload.executions(machine, command);
            if executions != 1 {
                let detail = format!(
                    "command {command} was acknowledged, but replica {replica} at height {} \
                     executed it {executions} times",
                    machine.height()
                );
                return Err(Violation::new("acknowledged is executed exactly once", detail));
            }
        }
        Ok(())
    }
}
