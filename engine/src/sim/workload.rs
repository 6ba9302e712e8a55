//! What the clients of a simulation want from the machine.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::chance::Chance;
use crate::hash::{Hash, sha256};
use crate::replica::{MachineError, StateMachine};
use crate::time::Timestamp;

/// A state machine and commands for it. Each command has an id, and the machine executes it at
/// most once however often it is submitted.
pub trait Workload {
    /// The machine.
    type Machine: StateMachine;

    /// What the machine is made from.
    fn origin(&self) -> <Self::Machine as StateMachine>::Origin;

    /// The machine before the first entry of the simulation.
    fn machine(&self) -> Self::Machine {
        StateMachine::new(&self.origin())
    }

    /// The time when the simulation begins.
    fn begin(&self) -> Timestamp {
        Timestamp(1_000)
    }

    /// The submission of the command `id`: the same bytes each time it is asked for.
    fn submission(&self, id: u64, chance: &mut Chance) -> Vec<u8>;

    /// How often the machine has executed the command.
    fn executions(&self, machine: &Self::Machine, id: u64) -> u64;
}

/// A machine small enough to see through: it executes each command id once and counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    executed: BTreeMap<u64, u64>,
    total: u64,
    height: u64,
    header: Hash,
}

/// What the tally did with an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// The command.
    pub id: u64,
    /// Whether it had been executed before.
    pub replayed: bool,
}

impl Tally {
    /// How often a command was executed.
    pub fn executions(&self, id: u64) -> u64 {
        self.executed.get(&id).copied().unwrap_or(0)
    }
}

impl StateMachine for Tally {
    type Origin = ();
    type Block = Counted;

    fn new(_: &()) -> Tally {
        Tally { executed: BTreeMap::new(), total: 0, height: 0, header: Hash::ZERO }
    }

    fn apply(&mut self, stamp: Timestamp, submission: &Bytes) -> Counted {
        self.height += 1;
        self.header = sha256(&[&self.header.0, &stamp.0.to_be_bytes(), submission]);
        let id = submission.first_chunk().map_or(0, |id| u64::from_be_bytes(*id));
        let replayed = self.executed.contains_key(&id);
        if !replayed {
            self.executed.insert(id, 1);
            self.total += 1;
        }
        Counted { id, replayed }
    }

    fn archived(block: &Counted) -> Vec<u8> {
        let mut bytes = block.id.to_be_bytes().to_vec();
        bytes.push(u8::from(block.replayed));
        bytes
    }

    fn size(_: &Counted) -> usize {
        size_of::<Counted>()
    }

    fn height(&self) -> u64 {
        self.height
    }

    fn header_hash(&self) -> Hash {
        self.header
    }

    fn digest(&self) -> Hash {
        sha256(&[&self.encode()])
    }

    fn audit(&self) -> Vec<String> {
        let sum: u64 = self.executed.values().sum();
        if sum == self.total {
            return Vec::new();
        }
        vec![format!("{sum} executions of commands, but {} in total", self.total)]
    }

    fn encode(&self) -> Vec<u8> {
        let mut bytes = self.height.to_be_bytes().to_vec();
        bytes.extend_from_slice(&self.header.0);
        bytes.extend_from_slice(&self.total.to_be_bytes());
        for (id, count) in &self.executed {
            bytes.extend_from_slice(&id.to_be_bytes());
            bytes.extend_from_slice(&count.to_be_bytes());
        }
        bytes
    }

    fn decode(_: &(), bytes: &[u8]) -> Result<Tally, MachineError> {
        let short = || MachineError("a tally has 48 bytes and 16 for each command".to_owned());
        let number = |bytes: &[u8; 8]| u64::from_be_bytes(*bytes);
        let (height, rest) = bytes.split_first_chunk().ok_or_else(short)?;
        let (header, rest) = rest.split_first_chunk().ok_or_else(short)?;
        let (total, rest) = rest.split_first_chunk().ok_or_else(short)?;
        let (pairs, []) = rest.as_chunks::<16>() else { return Err(short()) };
        let pair = |pair: &[u8; 16]| {
            let (id, count) = pair.split_first_chunk().expect("16 bytes hold 8");
            (number(id), count.first_chunk().map_or(0, number))
        };
        Ok(Tally {
            executed: pairs.iter().map(pair).collect(),
            total: number(total),
            height: number(height),
            header: Hash(*header),
        })
    }
}

/// Clients of the [`Tally`]: a command is its id and some padding.
#[derive(Debug, Clone, Copy, Default)]
pub struct Counting;

impl Workload for Counting {
    type Machine = Tally;

    fn origin(&self) {}

    fn submission(&self, id: u64, chance: &mut Chance) -> Vec<u8> {
        let mut bytes = id.to_be_bytes().to_vec();
        bytes.resize(8 + chance.below(100) as usize, 7);
        bytes
    }

    fn executions(&self, machine: &Tally, id: u64) -> u64 {
        machine.executions(id)
    }
}
