//! At equal height replicas have equal header hashes, and at an equal index of the log equal
//! heights: the machines went the same way.

use std::collections::BTreeMap;

use super::{Verdict, Violation};
use crate::hash::Hash;
use crate::replica::StateMachine;

#[derive(Debug, Default)]
pub(in crate::sim) struct Headers {
    at_height: BTreeMap<u64, Hash>,
    at_index: BTreeMap<u64, u64>,
}

impl Headers {
    /// The machine of a replica has applied up to `index`.
    pub(in crate::sim) fn machine(
        &mut self,
        replica: u64,
        index: u64,
        machine: &impl StateMachine,
    ) -> Verdict {
        let (height, header) = (machine.height(), machine.header_hash());
        let expected = *self.at_height.entry(height).or_insert(header);
        let expected_height = *self.at_index.entry(index).or_insert(height);
        if expected == header && expected_height == height {
            return Ok(());
        }
        let detail = format!(
            "replica {replica} at entry {index}: height {height} header {header}, \
             others height {expected_height} header {expected}"
        );
        Err(Violation::new("equal header hashes at equal height", detail))
    }
}
