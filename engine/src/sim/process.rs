//! One running replica in the simulation: the driver of [`crate::replica`] in which each thing
//! takes simulated time and may be cut short by a crash.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use raft::eraftpb::{ConfState, HardState, Message};

use super::disk::MemoryDisk;
use super::invariants::{Verdict, Violation, audit, fresh_reads};
use super::mutant::Mutant;
use super::shared::{REPLICAS, Shared};
use super::workload::Workload;
use crate::driver::Stores;
use crate::driver::recovery::{Recovered, apply, recover};
use crate::driver::store::{Log, Snapshots, StoreFault};
use crate::hash::Hash;
use crate::replica::{
    Append, Body, Committed, Effect, Envelope, Fetch, Install, Position, Refusal, Replica,
    Settings, StateMachine, StateSnapshot, is_plain, stamped,
};
use crate::storage::{DiskLog, DiskSnapshots, Home, Identity, OpenFault, Sizes};
use crate::time::Timestamp;

/// Entries between two snapshots.
const SNAPSHOT_EVERY: u64 = 60;

/// Applied entries in memory: so few that followers are served from the log at times.
const WINDOW_BYTES: usize = 2 << 10;

/// The group of all simulations.
pub(super) const CLUSTER: Hash = Hash([0x51; 32]);

/// So small that logs are rolled and cut all the time.
const SIZES: Sizes = Sizes { log_segment: 8 << 10, archive_file: 8 << 10 };

/// A disk and what a running replica has open on it.
struct Disk {
    memory: MemoryDisk,
    log: DiskLog,
    snapshots: DiskSnapshots,
}

impl Disk {
    fn open(memory: MemoryDisk) -> Result<Disk, OpenFault> {
        let home = Home::open_on(Arc::new(memory.clone()), "the disk", CLUSTER, SIZES)?;
        let Stores { log, snapshots, .. } = home.stores;
        Ok(Disk { memory, log, snapshots })
    }
}

/// A new replica's disk: the state before the first entry, and nothing behind it.
pub(super) fn formatted(replica: u64, genesis: &StateSnapshot) -> MemoryDisk {
    let memory = MemoryDisk::default();
    let identity = Identity { ledger: CLUSTER, replica, incarnation: 1 };
    let home = Home::create_on(Arc::new(memory.clone()), "the disk", identity, SIZES);
    let Stores { mut log, snapshots, .. } = home.expect("a new disk works").stores;
    let floor = Position { index: genesis.index, term: genesis.term };
    log.restart(floor, &HardState::default(), &[]).expect("a new disk works");
    snapshots.write(genesis).expect("a new disk works");
    memory
}

pub(super) struct Process<W: Workload> {
    pub(super) id: u64,
    pub(super) incarnation: u64,
    replica: Replica,
    disk: Disk,
    machine: W::Machine,
    applied: Position,
    configuration: ConfState,
    /// Appends not synced yet; the first `in_flight` of them are being synced until `synced_at`.
    writing: VecDeque<Append>,
    in_flight: usize,
    synced_at: u64,
    applying: VecDeque<Committed>,
    apply_at: u64,
    /// Snapshots on disk, newest first, and one that is being written until then.
    snapshots: [u64; 2],
    snapshot: Option<(u64, StateSnapshot)>,
    /// Proposals whose clients wait, by index.
    proposals: BTreeMap<u64, (u64, u64)>,
    /// Reads asked for, with what they must see, and those that wait to be applied.
    reads: BTreeMap<u64, u64>,
    ready_reads: Vec<(u64, u64)>,
    /// What this machine's clock shows at the start of the simulation: it is a little fast.
    clock_ahead: u64,
}

impl<W: Workload> Process<W> {
    /// Comes up from what the disk holds.
    pub(super) fn start(
        id: u64,
        incarnation: u64,
        memory: MemoryDisk,
        shared: &mut Shared<W>,
    ) -> Result<Process<W>, Violation> {
        let settings = Settings {
            id,
            cluster: CLUSTER,
            seed: shared.seed ^ incarnation,
            window_bytes: WINDOW_BYTES,
        };
        let refused = |error| Violation::new("a replica comes back after a crash", error);
        let mut disk =
            Disk::open(memory).map_err(|error| refused(format!("replica {id}: {error}")))?;
        if shared.is(Mutant::LyingDisk) {
            disk.memory.lie();
        }
        let mut seen = Vec::new();
        let origin = shared.workload.origin();
        let recovered: Recovered<W::Machine> = recover(
            settings,
            &origin,
            &mut disk.log,
            &disk.snapshots,
            |index, machine: &W::Machine, _| {
                seen.push((index, machine.clone()));
                Ok(())
            },
        )
        .map_err(|error| refused(format!("replica {id}: {error:?}")))?;
        for (index, machine) in &seen {
            shared.headers.machine(id, *index, machine)?;
        }
        let Recovered { replica, machine, applied, configuration, snapshot, .. } = recovered;
        Ok(Process {
            id,
            incarnation,
            replica,
            disk,
            machine,
            applied,
            configuration,
            writing: VecDeque::new(),
            in_flight: 0,
            synced_at: 0,
            applying: VecDeque::new(),
            apply_at: 0,
            snapshots: [snapshot.index; 2],
            snapshot: None,
            proposals: BTreeMap::new(),
            reads: BTreeMap::new(),
            ready_reads: Vec::new(),
            clock_ahead: shared.workload.begin().0 + shared.chance.below(500),
        })
    }

    /// The process ends, with the power or without; what is left on disk.
    pub(super) fn crash(self, has_power: bool, shared: &mut Shared<W>) -> MemoryDisk {
        let Disk { memory, .. } = self.disk;
        if has_power {
            shared.counts.kills += 1;
            memory.kill();
        } else {
            shared.counts.crashes += 1;
            memory.crash(&mut shared.chance);
        }
        if shared.is(Mutant::LostTailWithSameId) {
            lose_tail(&memory, shared.chance.below(12));
        }
        memory
    }

    pub(super) fn leads(&self) -> bool {
        self.replica.leads()
    }

    /// Somebody sets this machine's clock, forward or back.
    pub(super) fn set_clock(&mut self, shared: &mut Shared<W>) {
        self.clock_ahead = shared.workload.begin().0 + shared.chance.below(2_000);
    }

    /// Lets the disk fail after so many more operations, until the process ends; or not, after all.
    pub(super) fn break_disk(&mut self, after: Option<(u64, &'static str)>) {
        match after {
            Some((operations, code)) => self.disk.memory.break_after(operations, code),
            None => self.disk.memory.mend(),
        }
    }

    pub(super) fn applied(&self) -> u64 {
        self.applied.index
    }

    pub(super) fn machine(&self) -> &W::Machine {
        &self.machine
    }

    pub(super) fn tick(&mut self, shared: &mut Shared<W>) -> Verdict {
        self.replica.tick();
        self.carry_out(shared)
    }

    /// Whether the message got in. In this group everyone is honest, so only a replica that is
    /// busy installing a snapshot may refuse. With a mistake put in on purpose the refusal may be
    /// due; then the other invariants have to find the mistake.
    pub(super) fn receive(
        &mut self,
        message: Message,
        shared: &mut Shared<W>,
    ) -> Result<bool, Violation> {
        let sender = message.from;
        let kind = message.get_msg_type();
        let stepped = self.replica.step(Envelope { cluster: CLUSTER, sender, message });
        self.carry_out(shared)?;
        match stepped {
            Ok(()) => Ok(true),
            Err(Refusal::Installing) => Ok(false),
            // The answer to a read that went through a leader of the past.
            Err(Refusal::Sender) if kind == raft::eraftpb::MessageType::MsgReadIndexResp => {
                Ok(false)
            }
            Err(_) if shared.mutant.is_some() => Ok(false),
            Err(refusal) => {
                let detail = format!("replica {} refused a {kind:?}: {refusal}", self.id);
                Err(Violation::new("an honest message is taken", detail))
            }
        }
    }

    pub(super) fn propose(&mut self, command: u64, shared: &mut Shared<W>) -> Verdict {
        let submission = shared.workload.submission(command, &mut shared.chance);
        let stamp = Timestamp(self.clock_ahead + shared.now);
        if let Ok(position) = self.replica.propose(stamped(stamp, &submission)) {
            self.proposals.insert(position.index, (position.term, command));
            if shared.is(Mutant::AcknowledgedBeforeCommit) {
                shared.durability.acknowledge(command, position.index);
            }
        }
        self.carry_out(shared)
    }

    pub(super) fn read(&mut self, context: u64, shared: &mut Shared<W>) -> Verdict {
        if self.replica.read_index(context).is_ok() {
            self.reads.insert(context, shared.durability.highest());
        }
        self.carry_out(shared)
    }

    pub(super) fn snapshot_sent(
        &mut self,
        peer: u64,
        arrived: bool,
        shared: &mut Shared<W>,
    ) -> Verdict {
        self.replica.snapshot_sent(peer, arrived);
        self.carry_out(shared)
    }

    pub(super) fn unreachable(&mut self, peer: u64, shared: &mut Shared<W>) -> Verdict {
        self.replica.unreachable(peer);
        self.carry_out(shared)
    }

    /// A millisecond of the log writer, the apply thread and the snapshot thread.
    pub(super) fn work(&mut self, shared: &mut Shared<W>) -> Verdict {
        self.write(shared)?;
        self.apply_some(shared)?;
        self.finish_snapshot(shared)?;
        self.serve_reads(shared)
    }

    fn write(&mut self, shared: &mut Shared<W>) -> Verdict {
        if self.in_flight > 0 && shared.now >= self.synced_at {
            self.end_sync(self.in_flight, shared)?;
            self.in_flight = 0;
            self.carry_out(shared)?;
        }
        if self.in_flight == 0 && !self.writing.is_empty() {
            for append in &self.writing {
                let hard_state = append.hard_state.as_ref();
                works(self.disk.log.append(&append.entries, hard_state))?;
            }
            self.in_flight = self.writing.len();
            self.synced_at = shared.now + shared.sync_ms();
        }
        Ok(())
    }

    /// The first appends are on disk: their messages may leave.
    fn end_sync(&mut self, count: usize, shared: &mut Shared<W>) -> Verdict {
        works(self.disk.log.sync())?;
        shared.counts.syncs += 1;
        for append in self.writing.drain(..count).collect::<Vec<_>>() {
            self.send(append.messages, shared);
            self.replica.persisted(append.number);
        }
        Ok(())
    }

    fn apply_some(&mut self, shared: &mut Shared<W>) -> Verdict {
        if shared.now < self.apply_at || self.applying.is_empty() {
            return Ok(());
        }
        self.apply_at = shared.now + shared.chance.below(7);
        for _ in 0..shared.chance.within(1, 30) {
            let Some(entry) = self.applying.pop_front() else { break };
            self.apply_one(entry, shared)?;
        }
        self.replica.applied(self.applied.index);
        self.begin_snapshot(shared);
        self.carry_out(shared)
    }

    fn apply_one(&mut self, entry: Committed, shared: &mut Shared<W>) -> Verdict {
        shared.log_matching.in_order(self.id, self.applied.index, entry.index)?;
        self.applied = Position { index: entry.index, term: entry.term };
        match entry.body {
            Body::Payload(payload) => {
                apply(&mut self.machine, &payload);
                shared.headers.machine(self.id, entry.index, &self.machine)?;
                audit::check(self.id, &self.machine)?;
            }
            Body::Configuration(configuration) => self.configuration = configuration,
            Body::Nothing => {}
        }
        if let Some((term, command)) = self.proposals.remove(&entry.index)
            && term == entry.term
        {
            shared.durability.acknowledge(command, entry.index);
        }
        Ok(())
    }

    fn begin_snapshot(&mut self, shared: &mut Shared<W>) {
        let due = self.applied.index >= self.snapshots[0] + SNAPSHOT_EVERY;
        if self.snapshot.is_some() || !due || !is_plain(&self.configuration) {
            return;
        }
        let snapshot = StateSnapshot {
            index: self.applied.index,
            term: self.applied.term,
            configuration: self.configuration.clone(),
            state: self.machine.encode().into(),
        };
        self.snapshot = Some((shared.now + shared.chance.within(1, 50), snapshot));
    }

    fn finish_snapshot(&mut self, shared: &mut Shared<W>) -> Verdict {
        let due = |(at, _): &mut (u64, StateSnapshot)| *at <= shared.now;
        let Some((_, snapshot)) = self.snapshot.take_if(due) else { return Ok(()) };
        shared.counts.snapshots += 1;
        works(self.disk.snapshots.write(&snapshot))?;
        self.snapshots = [snapshot.index, self.snapshots[0]];
        let floor = works(self.disk.log.cut_below(self.snapshots[1]))?;
        self.replica.cut_below(floor.index);
        Ok(())
    }

    fn serve_reads(&mut self, shared: &mut Shared<W>) -> Verdict {
        let early = shared.is(Mutant::ReadBeforeApply);
        let applied = self.applied.index;
        for (_, seen) in self.ready_reads.extract_if(.., |(at, _)| *at <= applied || early) {
            shared.counts.reads += 1;
            fresh_reads::served(self.id, applied, seen)?;
        }
        Ok(())
    }

    fn send(&mut self, messages: Vec<Message>, shared: &mut Shared<W>) {
        for peer in shared.send(self.incarnation, messages) {
            self.replica.snapshot_sent(peer, false);
        }
    }

    fn carry_out(&mut self, shared: &mut Shared<W>) -> Verdict {
        loop {
            let effects = self.replica.effects();
            if effects.is_empty() {
                return Ok(());
            }
            for effect in effects {
                self.one(effect, shared)?;
            }
        }
    }

    fn one(&mut self, effect: Effect, shared: &mut Shared<W>) -> Verdict {
        match effect {
            Effect::Send(messages) => self.send(messages, shared),
            Effect::Append(append) => self.queue(append, shared),
            Effect::Apply(committed) => {
                for entry in &committed {
                    let at = Position { index: entry.index, term: entry.term };
                    let payload = match &entry.body {
                        Body::Payload(payload) => payload.as_ref(),
                        _ => b"",
                    };
                    shared.log_matching.committed(self.id, at, payload)?;
                }
                self.applying.extend(committed);
            }
            Effect::Fetch(fetch) => self.fetch(fetch, shared)?,
            Effect::LoadSnapshot => {
                if let Some(newest) = works(self.disk.snapshots.newest())? {
                    self.replica.snapshot_loaded(newest);
                }
            }
            Effect::Install(install) => self.install(install, shared)?,
            Effect::ReadReady { context, index } => {
                if let Some(seen) = self.reads.remove(&context) {
                    self.ready_reads.push((index, seen));
                }
            }
            Effect::Role(role) => {
                shared.one_leader.role(self.id, role)?;
                self.proposals.clear();
            }
        }
        Ok(())
    }

    fn queue(&mut self, mut append: Append, shared: &mut Shared<W>) {
        if shared.is(Mutant::MessageBeforeSync) {
            let messages = std::mem::take(&mut append.messages);
            self.send(messages, shared);
        }
        if shared.is(Mutant::HardStateLost) {
            append.hard_state = None;
        }
        self.writing.push_back(append);
    }

    fn fetch(&mut self, fetch: Fetch, shared: &mut Shared<W>) -> Verdict {
        shared.counts.fetches += 1;
        let entries = self.disk.log.entries(fetch.from, fetch.to, fetch.max_bytes);
        self.replica.fetched(fetch.token, entries.unwrap_or_default());
        Ok(())
    }

    fn install(&mut self, install: Install, shared: &mut Shared<W>) -> Verdict {
        shared.counts.installs += 1;
        for append in self.writing.iter().skip(self.in_flight) {
            works(self.disk.log.append(&append.entries, append.hard_state.as_ref()))?;
        }
        self.end_sync(self.writing.len(), shared)?;
        self.in_flight = 0;
        let origin = shared.workload.origin();
        let decoded = <W::Machine as StateMachine>::decode(&origin, &install.state);
        self.machine =
            decoded.map_err(|error| Violation::new("a leader's snapshot is readable", error.0))?;
        let snapshot = StateSnapshot {
            index: install.index,
            term: install.term,
            configuration: install.configuration.clone(),
            state: install.state,
        };
        works(self.disk.snapshots.write(&snapshot))?;
        self.snapshot = None;
        self.snapshots = [install.index; 2];
        self.applied = Position { index: install.index, term: install.term };
        works(self.disk.log.restart(self.applied, &install.hard_state, &install.entries))?;
        self.configuration = install.configuration;
        self.applying.clear();
        self.replica.installed();
        self.send(install.messages, shared);
        shared.headers.machine(self.id, self.applied.index, &self.machine)?;
        audit::check(self.id, &self.machine)
    }
}

/// Forgets entries at the end of the log, synced ones too, as if they had never been there.
fn lose_tail(memory: &MemoryDisk, count: u64) {
    let mut log = Disk::open(memory.clone()).expect("the disk is in order").log;
    let (floor, last) = (log.floor(), log.last());
    let end = last.saturating_sub(count).max(floor.index);
    let kept = log.entries(floor.index + 1, end + 1, u64::MAX).expect("they are there");
    let mut hard_state = log.hard_state();
    hard_state.commit = hard_state.commit.min(end);
    log.restart(floor, &hard_state, &kept).expect("the disk works");
}

fn works<T>(result: Result<T, StoreFault>) -> Result<T, Violation> {
    result.map_err(Violation::of_disk)
}

/// The group of a simulation.
pub(super) fn everyone() -> ConfState {
    ConfState::from(((1..=REPLICAS).collect::<Vec<_>>(), Vec::new()))
}
