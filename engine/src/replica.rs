//! One member of the group: Raft consensus over the log, without any I/O.
//!
//! [`Replica`] wraps raft-rs. Inputs go in by its methods (time passes, a message came, a client
//! proposes, the log has it on disk, the machine applied it); what has to be done comes out of
//! [`Replica::effects`]. Two drivers carry the effects out: the server's threads and the
//! simulator.
//!
//! Invariants:
//! * No message that promises something leaves before the promise is on disk: it travels inside
//!   the [`Append`] that makes it true.
//! * An entry is handed over for applying only when it is committed and on this replica's disk.
//! * Nothing from the network reaches raft-rs past [`filter`](Refusal).
//! * Equal inputs give equal effects: election timeouts come from the seed, not from chance.
//!
//! Deliberately absent: threads, files, sockets, clocks; leases (a read asks a quorum);
//! forwarding of proposals (a client goes to the leader, so that nothing is proposed twice).

use std::collections::BTreeMap;

use bytes::Bytes;
use protobuf::Message as _;
use raft::eraftpb::{
    ConfChange, ConfChangeV2, ConfState, Entry, EntryType, HardState, Message, Snapshot,
};
use raft::{GetEntriesContext, RawNode, Ready, SnapshotStatus, StateRole};
use thiserror::Error;

mod effect;
mod election;
mod filter;
mod limits;
mod machine;
mod payload;
mod start;
mod tail;
mod terms;

pub use effect::{Append, Body, Committed, Effect, Fetch, Install, Role};
pub(crate) use filter::is_plain;
pub use filter::{Envelope, Refusal};
pub use machine::{MachineError, StateMachine};
pub use payload::{MAX_PAYLOAD_BYTES, MAX_SUBMISSION_BYTES, stamped, unstamped};
pub use start::{Settings, Start, StartError};

use tail::{Tail, Want};

/// A member of the group; see the module.
pub struct Replica {
    settings: Settings,
    node: RawNode<Tail>,
    /// Elections that this replica started, for the next timeout.
    campaigns: u64,
    installing: Option<Ready>,
    fetching: BTreeMap<u64, (Fetch, GetEntriesContext)>,
    next_token: u64,
    effects: Vec<Effect>,
}

/// Where a proposal will stand in the log, if it is committed at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Position {
    /// The index of the entry.
    pub index: u64,
    /// Its term: another term at this index means that the proposal is lost.
    pub term: u64,
}

/// Why a proposal or a read was not taken. Nothing was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ProposeError {
    /// Another replica leads, or none.
    #[error("NOT_LEADER: this replica does not lead")]
    NotLeader,
    /// Too much waits to be committed, or the leadership is being handed over. Retry.
    #[error("OVERLOADED: too much waits to be committed")]
    Overloaded,
    /// The payload is empty or larger than [`MAX_PAYLOAD_BYTES`].
    #[error("SUBMISSION_TOO_LARGE: an entry holds 1 to {MAX_PAYLOAD_BYTES} bytes")]
    Size,
}

/// A snapshot of consensus and machine, as the driver keeps it.
#[derive(Debug, Clone, PartialEq)]
pub struct StateSnapshot {
    /// The last index that it covers.
    pub index: u64,
    /// Its term.
    pub term: u64,
    /// The group at that index.
    pub configuration: ConfState,
    /// The machine's state, as it encoded itself.
    pub state: Bytes,
}

/// What can be seen from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    /// Term and leader.
    pub role: Role,
    /// The last index known to be committed.
    pub commit: u64,
    /// The last index applied.
    pub applied: u64,
    /// The last index in the log.
    pub last: u64,
}

impl Replica {
    /// One tick of the clock; an election follows after ten to twenty without a leader.
    pub fn tick(&mut self) {
        if self.installing.is_some() {
            return;
        }
        if self.node.tick() && self.node.raft.state != StateRole::Leader {
            self.campaigns += 1;
        }
        self.settle();
    }

    /// A message came from a peer.
    pub fn step(&mut self, envelope: Envelope) -> Result<(), Refusal> {
        let raft = &self.node.raft;
        let local = filter::Local {
            id: self.settings.id,
            cluster: self.settings.cluster,
            term: raft.term,
            leader: raft.leader_id,
            last: raft.raft_log.last_index(),
            is_member: &|id| raft.prs().get(id).is_some(),
        };
        filter::admit(&local, &envelope)?;
        if self.installing.is_some() {
            return Err(Refusal::Installing);
        }
        // An error here is raft-rs's word for "ignored": an unknown peer's answer, an old term.
        let _ = self.node.step(envelope.message);
        self.settle();
        Ok(())
    }

    /// Appends the payload to the log, if this replica leads.
    pub fn propose(&mut self, payload: Vec<u8>) -> Result<Position, ProposeError> {
        if payload.is_empty() || payload.len() > MAX_PAYLOAD_BYTES {
            return Err(ProposeError::Size);
        }
        if self.installing.is_some() || self.node.raft.state != StateRole::Leader {
            return Err(ProposeError::NotLeader);
        }
        self.node.propose(Vec::new(), payload).map_err(|_| ProposeError::Overloaded)?;
        let raft = &self.node.raft;
        Ok(Position { index: raft.raft_log.last_index(), term: raft.term })
    }

    /// Asks for an index that a linearizable read must see. The answer is
    /// [`Effect::ReadReady`], or nothing: such requests get lost, so the caller repeats them
    /// after a while, each time under a new `context`.
    pub fn read_index(&mut self, context: u64) -> Result<(), ProposeError> {
        if self.installing.is_some() || self.node.raft.leader_id == 0 {
            return Err(ProposeError::NotLeader);
        }
        self.node.read_index(context.to_be_bytes().to_vec());
        self.settle();
        Ok(())
    }

    /// All appends up to `number` are on disk.
    pub fn persisted(&mut self, number: u64) {
        if self.installing.is_some() {
            return;
        }
        self.node.on_persist_ready(number);
        self.settle();
    }

    /// All entries up to `index` are applied.
    pub fn applied(&mut self, index: u64) {
        // What was applied before a snapshot was installed no longer counts.
        if self.installing.is_some() || index <= self.node.raft.raft_log.applied {
            return;
        }
        self.node.advance_apply_to(index);
        self.node.mut_store().applied(index);
        self.settle();
    }

    /// The entries that [`Effect::Fetch`] asked for; none, if they could not be read.
    pub fn fetched(&mut self, token: u64, entries: Vec<Entry>) {
        let Some((_, context)) = self.fetching.remove(&token) else { return };
        if self.installing.is_some() || entries.is_empty() {
            return;
        }
        self.node.mut_store().offer_fetched(entries);
        self.node.on_entries_fetched(context);
        self.settle();
        self.node.mut_store().offer_fetched(Vec::new());
    }

    /// The snapshot that [`Effect::LoadSnapshot`] asked for. raft-rs asks for it again at the
    /// follower's next sign of life.
    pub fn snapshot_loaded(&mut self, loaded: StateSnapshot) {
        let mut snapshot = Snapshot::default();
        snapshot.mut_metadata().index = loaded.index;
        snapshot.mut_metadata().term = loaded.term;
        snapshot.mut_metadata().set_conf_state(loaded.configuration);
        snapshot.data = loaded.state;
        self.node.mut_store().offer_snapshot(Some(snapshot));
    }

    /// Whether the snapshot sent to the peer arrived.
    pub fn snapshot_sent(&mut self, peer: u64, arrived: bool) {
        if self.installing.is_some() {
            return;
        }
        let status = if arrived { SnapshotStatus::Finish } else { SnapshotStatus::Failure };
        self.node.report_snapshot(peer, status);
        self.node.mut_store().offer_snapshot(None);
        self.settle();
    }

    /// The last message to the peer did not get through.
    pub fn unreachable(&mut self, peer: u64) {
        if self.installing.is_none() {
            self.node.report_unreachable(peer);
            self.settle();
        }
    }

    /// The log no longer holds `index` and what lies before it.
    pub fn cut_below(&mut self, index: u64) {
        self.node.mut_store().cut_below(index);
    }

    /// The snapshot of [`Effect::Install`] is durable and the machine is at its index.
    pub fn installed(&mut self) {
        let Some(ready) = self.installing.take() else { return };
        let metadata = ready.snapshot().get_metadata();
        let (index, term) = (metadata.index, metadata.term);
        let store = self.node.mut_store();
        store.install(index, term, metadata.get_conf_state().clone());
        store.append(ready.entries());
        if let Some(hard_state) = ready.hs() {
            store.set_hard_state(hard_state.clone());
        }
        let mut light = self.node.advance_append(ready);
        self.node.advance_apply_to(index);
        let messages = self.own(light.take_messages());
        self.send(messages);
        let committed = light.take_committed_entries();
        self.apply(committed);
        self.settle();
    }

    /// What is to be done now, in order.
    pub fn effects(&mut self) -> Vec<Effect> {
        self.drain();
        std::mem::take(&mut self.effects)
    }

    /// Term, leader and positions.
    pub fn status(&self) -> Status {
        let raft = &self.node.raft;
        Status {
            role: self.role(),
            commit: raft.raft_log.committed,
            applied: raft.raft_log.applied,
            last: raft.raft_log.last_index(),
        }
    }

    /// Whether this replica leads.
    pub fn leads(&self) -> bool {
        self.node.raft.state == StateRole::Leader
    }

    fn role(&self) -> Role {
        let raft = &self.node.raft;
        let leader = Some(raft.leader_id).filter(|&id| id != 0);
        Role { term: raft.term, leads: raft.state == StateRole::Leader, leader }
    }

    /// Holds what every input may have disturbed.
    fn settle(&mut self) {
        // raft-rs draws a random timeout whenever it changes term or role; ours depends on the
        // seed and on what happened, and is set again after each input, before time passes.
        let timeout = self.settings.election_timeout(self.node.raft.term, self.campaigns);
        self.node.raft.set_randomized_election_timeout(timeout);
        for want in self.node.store().take_wants() {
            self.want(want);
        }
    }

    fn want(&mut self, want: Want) {
        match want {
            Want::Entries { from, to, max_bytes, context } => {
                // Asked again while the first answer is on its way: one answer is enough, and a
                // second follower's turn comes with its next sign of life.
                if self.fetching.values().any(|(fetch, _)| fetch.from == from) {
                    return;
                }
                let fetch = Fetch { token: self.next_token, from, to, max_bytes };
                self.next_token += 1;
                self.fetching.insert(fetch.token, (fetch, context));
                self.effects.push(Effect::Fetch(fetch));
            }
            Want::Snapshot => {
                if !self.effects.iter().any(|e| matches!(e, Effect::LoadSnapshot)) {
                    self.effects.push(Effect::LoadSnapshot);
                }
            }
        }
    }

    fn drain(&mut self) {
        while self.installing.is_none() && self.node.has_ready() {
            let mut ready = self.node.ready();
            if ready.ss().is_some() {
                self.effects.push(Effect::Role(self.role()));
            }
            let messages = self.own(ready.take_messages());
            for read in ready.take_read_states() {
                if let Ok(context) = <[u8; 8]>::try_from(read.request_ctx.as_slice()) {
                    let context = u64::from_be_bytes(context);
                    self.effects.push(Effect::ReadReady { context, index: read.index });
                }
            }
            if !ready.snapshot().is_empty() {
                self.begin_install(ready, messages);
                return;
            }
            self.send(messages);
            let committed = ready.take_committed_entries();
            let append = Append {
                number: ready.number(),
                entries: ready.entries().clone(),
                hard_state: ready.hs().cloned(),
                must_sync: ready.must_sync(),
                messages: self.own(ready.take_persisted_messages()),
            };
            let store = self.node.mut_store();
            store.append(&append.entries);
            if let Some(hard_state) = &append.hard_state {
                store.set_hard_state(hard_state.clone());
            }
            self.node.advance_append_async(ready);
            // An append with nothing in it goes too: messages and numbers keep their order.
            self.effects.push(Effect::Append(append));
            self.apply(committed);
            self.settle();
        }
    }

    fn begin_install(&mut self, mut ready: Ready, mut messages: Vec<Message>) {
        messages.append(&mut self.own(ready.take_persisted_messages()));
        let metadata = ready.snapshot().get_metadata();
        let hard_state = ready.hs().cloned().unwrap_or_else(|| self.hard_state());
        self.effects.push(Effect::Install(Install {
            index: metadata.index,
            term: metadata.term,
            configuration: metadata.get_conf_state().clone(),
            state: ready.snapshot().data.clone(),
            hard_state,
            entries: ready.entries().clone(),
            messages,
        }));
        self.fetching.clear();
        self.installing = Some(ready);
    }

    fn hard_state(&self) -> HardState {
        self.node.raft.hard_state()
    }

    /// Without what raft-rs relays for others under their names (a read that reached a leader of
    /// the past): no receiver would take it from us.
    fn own(&self, mut messages: Vec<Message>) -> Vec<Message> {
        messages.retain(|message| message.from == self.settings.id);
        messages
    }

    fn send(&mut self, messages: Vec<Message>) {
        if !messages.is_empty() {
            self.effects.push(Effect::Send(messages));
        }
    }

    fn apply(&mut self, entries: Vec<Entry>) {
        let committed: Vec<_> = entries.into_iter().map(|entry| self.commit(entry)).collect();
        if !committed.is_empty() {
            self.effects.push(Effect::Apply(committed));
        }
    }

    /// The type comes before the emptiness: leaving a joint configuration is a change without
    /// data.
    fn commit(&mut self, entry: Entry) -> Committed {
        let body = match entry.get_entry_type() {
            EntryType::EntryNormal if entry.data.is_empty() => Body::Nothing,
            EntryType::EntryNormal => Body::Payload(entry.data),
            EntryType::EntryConfChange => {
                let mut change = ConfChange::default();
                let read = change.merge_from_bytes(&entry.data);
                configured(read.ok().and_then(|()| self.node.apply_conf_change(&change).ok()))
            }
            EntryType::EntryConfChangeV2 => {
                let mut change = ConfChangeV2::default();
                let read = change.merge_from_bytes(&entry.data);
                configured(read.ok().and_then(|()| self.node.apply_conf_change(&change).ok()))
            }
        };
        Committed { index: entry.index, term: entry.term, body }
    }
}

/// A change that cannot be read or is not possible now changes nothing, on each replica alike.
fn configured(outcome: Option<ConfState>) -> Body {
    outcome.map_or(Body::Nothing, Body::Configuration)
}

#[cfg(test)]
mod tests;
