//! The deterministic simulator: three replicas in one process on a clock, a network and disks of
//! its own, all from one seed.
//!
//! The replica, the log, the snapshots, the recovery and the machine are the server's own code;
//! only the threads are replaced, by steps of a millisecond. Messages are lost, doubled, delayed
//! and reordered, links are cut in one or both directions, processes pause and crash, disks fail
//! in the middle of a write, and a crash keeps any sectors of what was not synced. After each step
//! the invariants hold; then the faults end, and the group must live and hold what it acknowledged.
//!
//! Invariants: the same seed and plan give the same run, to the last message.
//!
//! Deliberately absent: changes of the group, clients that lie, disks that change what was synced:
//! those are refused at the start, which the tests of `storage` show.

use std::panic::{AssertUnwindSafe, catch_unwind};

mod chance;
mod disk;
mod faults;
mod invariants;
mod mutant;
mod network;
mod process;
mod shared;
mod workload;

pub use chance::Chance;
pub use disk::MemoryDisk;
pub use invariants::Violation;
pub use mutant::Mutant;
pub use shared::Counts;
pub use workload::{Counted, Counting, Tally, Workload};

use crate::hash::Hash;
use crate::replica::{StateMachine, StateSnapshot};
use invariants::{Verdict, liveness};
use network::{Letter, Network};
use process::Process;
use shared::{REPLICAS, Shared};

/// Ticks are this many milliseconds apart.
const TICK_MS: u64 = 10;
/// How long the group may take to catch up once the clients are silent.
const SETTLING_MS: u64 = 1_000;

/// What to simulate.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// From this everything follows.
    pub seed: u64,
    /// Simulated time with faults, in milliseconds.
    pub faulty_ms: u64,
    /// Simulated time after the faults, in which the group must make progress.
    pub quiet_ms: u64,
    /// A mistake that the simulator has to find.
    pub mutant: Option<Mutant>,
}

impl Plan {
    /// A run without mistakes, of usual length.
    pub fn new(seed: u64) -> Plan {
        Plan { seed, faulty_ms: 8_000, quiet_ms: 2_000, mutant: None }
    }
}

/// What a run without violation did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// Commands acknowledged, each of which is there in the end.
    pub acknowledged: u64,
    /// Terms that had a leader.
    pub elections: u64,
    /// Messages sent.
    pub messages: u64,
    /// More of it.
    pub counts: Counts,
    /// The machine's digest in the end.
    pub digest: Hash,
}

/// Runs one simulation. A panic of the code under test is a violation like any other.
pub fn run<W: Workload>(workload: W, plan: Plan) -> Result<Report, Violation> {
    let mut simulation = Simulation::new(workload, plan);
    let ran = catch_unwind(AssertUnwindSafe(|| simulation.run(plan)));
    let at_ms = simulation.shared.now;
    let result = ran.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|&text| text.to_owned()));
        Err(Violation::new("no replica panics", text.unwrap_or_default()))
    });
    result.map_err(|violation| Violation { at_ms, ..violation })
}

/// One machine of the three.
struct Host<W: Workload> {
    id: u64,
    incarnation: u64,
    paused_until: u64,
    node: Node<W>,
}

enum Node<W: Workload> {
    Up(Box<Process<W>>),
    Down {
        disk: MemoryDisk,
        until: u64,
    },
    /// Only while it is being worked on.
    Taken,
}

impl<W: Workload> Host<W> {
    fn take(&mut self) -> Node<W> {
        std::mem::replace(&mut self.node, Node::Taken)
    }

    fn put(&mut self, node: Node<W>) {
        self.node = node;
    }

    fn process(&mut self) -> Option<&mut Process<W>> {
        match &mut self.node {
            Node::Up(process) => Some(process),
            _ => None,
        }
    }
}

struct Simulation<W: Workload> {
    shared: Shared<W>,
    nodes: Vec<Host<W>>,
    next_command: u64,
    next_read: u64,
    clients: bool,
}

impl<W: Workload> Simulation<W> {
    fn new(workload: W, plan: Plan) -> Simulation<W> {
        let machine = workload.machine();
        let genesis = StateSnapshot {
            index: 1,
            term: 1,
            configuration: process::everyone(),
            state: machine.encode().into(),
        };
        let host = |id| Host {
            id,
            incarnation: 0,
            paused_until: 0,
            node: Node::Down { disk: process::formatted(id, &genesis), until: 0 },
        };
        let shared = Shared {
            now: 0,
            seed: plan.seed,
            chance: Chance::new(plan.seed),
            network: Network::default(),
            workload,
            mutant: plan.mutant,
            faulty: true,
            one_leader: Default::default(),
            log_matching: Default::default(),
            headers: Default::default(),
            durability: Default::default(),
            counts: Counts::default(),
        };
        let nodes = (1..=REPLICAS).map(host).collect();
        Simulation { shared, nodes, next_command: 1, next_read: 1, clients: true }
    }

    fn run(&mut self, plan: Plan) -> Result<Report, Violation> {
        self.shared.network.set_faulty(true);
        for _ in 0..plan.faulty_ms {
            self.faults();
            self.step()?;
        }
        self.heal();
        let before = self.shared.durability.count();
        for _ in 0..plan.quiet_ms {
            self.step()?;
        }
        liveness::progressed(before, self.shared.durability.count())?;
        self.clients = false;
        let committed = self.shared.log_matching.last();
        for _ in 0..SETTLING_MS {
            self.step()?;
        }
        self.at_end(committed)
    }

    fn heal(&mut self) {
        self.shared.faulty = false;
        self.shared.network.set_faulty(false);
        for host in &mut self.nodes {
            host.paused_until = 0;
            if let Some(process) = host.process() {
                process.break_disk(None);
            }
            if let Node::Down { until, .. } = &mut host.node {
                *until = 0;
            }
        }
    }

    fn at_end(&mut self, committed: u64) -> Result<Report, Violation> {
        let shared = &self.shared;
        let mut digest = Hash::ZERO;
        for host in &mut self.nodes {
            let id = host.id;
            let applied = host.process().map(|process| process.applied());
            liveness::caught_up(id, applied, committed)?;
            if let Some(process) = host.process() {
                shared.durability.at_end(id, &shared.workload, process.machine())?;
                digest = process.machine().digest();
            }
        }
        Ok(Report {
            acknowledged: shared.durability.count(),
            elections: shared.one_leader.elections(),
            messages: shared.network.sent(),
            counts: shared.counts,
            digest,
        })
    }

    /// One millisecond.
    fn step(&mut self) -> Verdict {
        self.shared.now += 1;
        self.deliver()?;
        for at in 0..self.nodes.len() {
            if self.nodes[at].paused_until <= self.shared.now {
                self.start_if_due(at)?;
                let worked = self.work(at);
                self.survive(at, worked)?;
            }
        }
        Ok(())
    }

    fn work(&mut self, at: usize) -> Verdict {
        let Some(process) = self.nodes[at].process() else { return Ok(()) };
        // A process that wakes up serves its clients before it looks at its timers.
        if self.clients && self.shared.chance.one_in(15) {
            process.read(self.next_read, &mut self.shared)?;
            self.next_read += 1;
        }
        if (self.shared.now + at as u64).is_multiple_of(TICK_MS) {
            process.tick(&mut self.shared)?;
        }
        if self.clients && process.leads() && self.shared.chance.one_in(4) {
            let command = self.pick_command();
            let process = self.nodes[at].process().expect("it is up");
            process.propose(command, &mut self.shared)?;
        }
        let Some(process) = self.nodes[at].process() else { return Ok(()) };
        process.work(&mut self.shared)
    }

    /// A process whose disk has failed ends on the spot, as a server does.
    fn survive<T: Default>(
        &mut self,
        at: usize,
        worked: Result<T, Violation>,
    ) -> Result<T, Violation> {
        match worked {
            Err(violation) if violation.is_failed_disk() => {
                self.shared.counts.failed_disks += 1;
                self.end(at);
                Ok(T::default())
            }
            other => other,
        }
    }

    /// A new command or, as a client does who got no answer, an old one again.
    fn pick_command(&mut self) -> u64 {
        if self.next_command > 1 && self.shared.chance.one_in(8) {
            return self.next_command - 1 - self.shared.chance.below(self.next_command.min(20) - 1);
        }
        self.next_command += 1;
        self.next_command - 1
    }

    fn start_if_due(&mut self, at: usize) -> Verdict {
        let now = self.shared.now;
        let host = &mut self.nodes[at];
        if !matches!(host.node, Node::Down { until, .. } if until <= now) {
            return Ok(());
        }
        if let Node::Down { disk, .. } = host.take() {
            host.incarnation += 1;
            let process = Process::start(host.id, host.incarnation, disk, &mut self.shared)?;
            host.put(Node::Up(Box::new(process)));
        }
        Ok(())
    }

    fn deliver(&mut self) -> Verdict {
        while let Some(letter) = self.shared.network.arrived(self.shared.now) {
            let (from, to) = (letter.message.from, letter.message.to);
            let receiver = &mut self.nodes[place(to)];
            if receiver.paused_until > self.shared.now {
                self.shared.network.put(receiver.paused_until, letter);
                continue;
            }
            let Letter { message, incarnation } = letter;
            let is_snapshot = !message.get_snapshot().is_empty();
            let received = match receiver.process() {
                Some(process) => process.receive(message, &mut self.shared),
                None => Ok(false),
            };
            let arrived = self.survive(place(to), received)?;
            let Some(sender) = self.nodes[place(from)].process() else { continue };
            let noted = if is_snapshot && sender.incarnation == incarnation {
                sender.snapshot_sent(to, arrived, &mut self.shared)
            } else if !arrived {
                sender.unreachable(to, &mut self.shared)
            } else {
                Ok(())
            };
            self.survive(place(from), noted)?;
        }
        Ok(())
    }
}

fn place(id: u64) -> usize {
    usize::try_from(id - 1).expect("there are three replicas")
}

#[cfg(test)]
mod tests;
