//! A group of replicas whose disks and network are perfect and take no time.

use raft::eraftpb::{ConfState, Entry, HardState, Message};

use super::super::*;
use crate::hash::Hash;

pub(crate) const CLUSTER: Hash = Hash([7; 32]);

/// One replica with the log and the machine of a test.
pub(crate) struct Member {
    pub(crate) id: u64,
    pub(crate) replica: Replica,
    log: Vec<Entry>,
    floor: Position,
    voters: ConfState,
    committed: Vec<Committed>,
    pub(crate) applied: u64,
    pub(crate) configurations: Vec<ConfState>,
    pub(crate) reads: Vec<(u64, u64)>,
    pub(crate) installs: usize,
    pub(crate) fetches: usize,
}

impl Member {
    pub(crate) fn new(id: u64, voters: &[u64]) -> Member {
        let floor = Position { index: 1, term: 1 };
        let voters = ConfState::from((voters.to_vec(), vec![]));
        let start = Start::new(floor, 1, voters.clone(), HardState::default());
        let replica = Replica::start(
            Settings { id, cluster: CLUSTER, seed: 11, window_bytes: 8 << 20 },
            start,
        )
        .unwrap();
        Member {
            id,
            replica,
            log: Vec::new(),
            floor,
            voters,
            committed: Vec::new(),
            applied: 1,
            configurations: Vec::new(),
            reads: Vec::new(),
            installs: 0,
            fetches: 0,
        }
    }

    /// Replica 1 of three, in office: its peers gave it their votes and took its first entry.
    pub(crate) fn leader_of_three() -> Member {
        let mut group = Group::of(&[1, 2, 3]);
        while !group.members[0].replica.leads() {
            group.members[0].replica.tick();
            group.settle();
        }
        group.members.swap_remove(0)
    }

    pub(crate) fn step(&mut self, message: Message) -> Result<(), Refusal> {
        let sender = message.from;
        self.replica.step(Envelope { cluster: CLUSTER, sender, message })
    }

    pub(crate) fn payloads(&self) -> Vec<&[u8]> {
        let payload = |committed| match committed {
            &Committed { body: Body::Payload(ref bytes), .. } => Some(&bytes[..]),
            _ => None,
        };
        self.committed.iter().filter_map(payload).collect()
    }

    /// Cuts the log at the applied index, as after a snapshot.
    pub(crate) fn compact(&mut self) {
        let last = self.committed.last().unwrap();
        self.floor = Position { index: last.index, term: last.term };
        self.log.retain(|entry| entry.index > last.index);
        self.replica.cut_below(last.index);
    }

    /// Does what the replica asks for, until it asks for nothing; returns what to send.
    pub(crate) fn carry_out(&mut self) -> Vec<Message> {
        let mut out = Vec::new();
        loop {
            let effects = self.replica.effects();
            if effects.is_empty() {
                return out;
            }
            for effect in effects {
                self.one(effect, &mut out);
            }
        }
    }

    fn one(&mut self, effect: Effect, out: &mut Vec<Message>) {
        match effect {
            Effect::Send(messages) => out.extend(messages),
            Effect::Append(append) => {
                self.write(&append.entries);
                out.extend(append.messages);
                self.replica.persisted(append.number);
            }
            Effect::Apply(committed) => {
                for entry in committed {
                    assert_eq!(entry.index, self.applied + 1);
                    self.applied = entry.index;
                    if let Body::Configuration(configuration) = &entry.body {
                        self.configurations.push(configuration.clone());
                    }
                    self.committed.push(entry);
                }
                self.replica.applied(self.applied);
            }
            Effect::Fetch(fetch) => {
                self.fetches += 1;
                let wanted = self.log.iter().filter(|e| (fetch.from..fetch.to).contains(&e.index));
                self.replica.fetched(fetch.token, wanted.take(1).cloned().collect());
            }
            Effect::LoadSnapshot => self.replica.snapshot_loaded(StateSnapshot {
                index: self.floor.index,
                term: self.floor.term,
                configuration: self.voters.clone(),
                state: Default::default(),
            }),
            Effect::Install(install) => {
                self.installs += 1;
                self.floor = Position { index: install.index, term: install.term };
                self.log = install.entries;
                self.applied = install.index;
                self.committed.clear();
                out.extend(install.messages);
                self.replica.installed();
            }
            Effect::ReadReady { context, index } => self.reads.push((context, index)),
            Effect::Role(_) => {}
        }
    }

    fn write(&mut self, entries: &[Entry]) {
        if let Some(first) = entries.first() {
            self.log.retain(|entry| entry.index < first.index);
            self.log.extend_from_slice(entries);
        }
    }
}

/// Replicas and the network between them.
pub(crate) struct Group {
    pub(crate) members: Vec<Member>,
    pub(crate) cut_off: Option<usize>,
    pub(crate) fetches: usize,
}

impl Group {
    pub(crate) fn of(voters: &[u64]) -> Group {
        let members = voters.iter().map(|&id| Member::new(id, voters)).collect();
        Group { members, cut_off: None, fetches: 0 }
    }

    /// Lets time pass until one leads; its place.
    pub(crate) fn elect(&mut self) -> usize {
        for _ in 0..200 {
            self.run(1);
            if let Some(leader) = self.members.iter().position(|m| m.replica.leads()) {
                return leader;
            }
        }
        panic!("nobody leads after 200 ticks");
    }

    pub(crate) fn run(&mut self, ticks: usize) {
        for _ in 0..ticks {
            for member in &mut self.members {
                member.replica.tick();
            }
            self.settle();
        }
    }

    /// Delivers until there is nothing left to deliver.
    pub(crate) fn settle(&mut self) {
        loop {
            let mut mail: Vec<Message> = Vec::new();
            for member in &mut self.members {
                mail.extend(member.carry_out());
            }
            if mail.is_empty() {
                break;
            }
            for message in mail {
                self.deliver(message);
            }
        }
        self.fetches = self.members.iter().map(|member| member.fetches).sum();
    }

    fn deliver(&mut self, message: Message) {
        let place = |id: u64| id.checked_sub(1).map(|at| at as usize);
        let (from, to) = (place(message.from), place(message.to));
        let is_snapshot = !message.get_snapshot().is_empty();
        let reachable = self.cut_off.is_none_or(|far| Some(far) != from && Some(far) != to);
        let peer = message.to;
        let sender = from.filter(|&at| at < self.members.len());
        let arrived = reachable
            && match to.and_then(|at| self.members.get_mut(at)) {
                Some(member) => member.step(message).is_ok(),
                None => false,
            };
        if let (true, Some(sender)) = (is_snapshot, sender) {
            self.members[sender].replica.snapshot_sent(peer, arrived);
        }
    }
}
