//! What may enter consensus from the network.
//!
//! raft-rs panics on messages that no honest peer of this group sends: a commit beyond the log, a
//! gap in an append, an impossible configuration. The sender is authenticated by the transport;
//! this filter holds everything else to the shape that an honest peer gives it, so that a broken,
//! misrouted or hostile peer is refused and cannot stop the process.
//!
//! Deliberately absent: defence against a peer that lies within the shape. Raft trusts its
//! voters' votes.

use std::collections::BTreeSet;

use raft::eraftpb::{ConfState, Entry, Message, MessageType};
use thiserror::Error;

use super::limits::{
    MAX_MEMBERS, MAX_MESSAGE_BYTES, MAX_MESSAGE_ENTRIES, MAX_POSITION, MAX_READ_CONTEXT_BYTES,
};
use super::payload::MAX_PAYLOAD_BYTES;
use crate::hash::Hash;

/// A message with what raft-rs does not carry.
#[derive(Debug, Clone, PartialEq)]
pub struct Envelope {
    /// The group it belongs to.
    pub cluster: Hash,
    /// The replica that the transport authenticated as the sender.
    pub sender: u64,
    /// The message.
    pub message: Message,
}

/// Why a message was refused. Its order is the order of the checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refusal {
    /// It belongs to another group.
    #[error("PEER_OTHER_CLUSTER: the message belongs to another cluster")]
    OtherCluster,
    /// Its sender is not who the transport says, is this replica, or is no member.
    #[error("PEER_SENDER_REFUSED: the sender is not a member under its own name")]
    Sender,
    /// It is meant for another replica.
    #[error("PEER_MISROUTED: the message is meant for another replica")]
    Addressee,
    /// Its type never travels between replicas.
    #[error("PEER_TYPE_REFUSED: a message of this type never travels between replicas")]
    Type,
    /// A number in it is beyond what an honest peer reaches, or missing.
    #[error("PEER_BOUNDS: a number in the message is out of bounds")]
    Bounds,
    /// Its entries do not follow from its head or are too many or too large.
    #[error("PEER_ENTRIES: the entries do not follow from each other or are too many")]
    Entries,
    /// It says that entries are committed, or kept here, which this log does not hold. From an
    /// honest leader this means that this replica lost what it had acknowledged.
    #[error("PEER_BEYOND_LOG: the message builds on entries that this log does not hold")]
    BeyondLog,
    /// Its snapshot is not one of this group with this replica in it.
    #[error("PEER_SNAPSHOT: the snapshot has an impossible configuration")]
    Snapshot,
    /// A snapshot is being installed; the sender will repeat itself.
    #[error("PEER_INSTALLING: a snapshot is being installed")]
    Installing,
}

/// What the filter needs to know about this replica.
pub(super) struct Local<'a> {
    pub(super) id: u64,
    pub(super) cluster: Hash,
    pub(super) term: u64,
    pub(super) leader: u64,
    pub(super) last: u64,
    pub(super) is_member: &'a dyn Fn(u64) -> bool,
}

/// Whether raft-rs may see the message.
pub(super) fn admit(local: &Local<'_>, envelope: &Envelope) -> Result<(), Refusal> {
    let message = &envelope.message;
    if envelope.cluster != local.cluster {
        return Err(Refusal::OtherCluster);
    }
    if message.from != envelope.sender || message.from == local.id {
        return Err(Refusal::Sender);
    }
    // A new configuration may reach a learner with its first snapshot only, so what a leader sends
    // is taken from a sender not known yet.
    let from_leader = matches!(
        message.get_msg_type(),
        MessageType::MsgAppend | MessageType::MsgHeartbeat | MessageType::MsgSnapshot
    );
    if !from_leader && !(local.is_member)(message.from) || message.from == 0 {
        return Err(Refusal::Sender);
    }
    if message.to != local.id {
        return Err(Refusal::Addressee);
    }
    check_type(message)?;
    check_bounds(message)?;
    check_entries(message)?;
    check_against_log(local, message)?;
    if message.get_msg_type() == MessageType::MsgSnapshot {
        return check_snapshot(local.id, message);
    }
    Ok(())
}

fn check_type(message: &Message) -> Result<(), Refusal> {
    match message.get_msg_type() {
        MessageType::MsgAppend
        | MessageType::MsgAppendResponse
        | MessageType::MsgRequestVote
        | MessageType::MsgRequestVoteResponse
        | MessageType::MsgRequestPreVote
        | MessageType::MsgRequestPreVoteResponse
        | MessageType::MsgSnapshot
        | MessageType::MsgHeartbeat
        | MessageType::MsgHeartbeatResponse
        | MessageType::MsgTimeoutNow
        | MessageType::MsgReadIndex
        | MessageType::MsgReadIndexResp => Ok(()),
        MessageType::MsgHup
        | MessageType::MsgBeat
        | MessageType::MsgPropose
        | MessageType::MsgUnreachable
        | MessageType::MsgSnapStatus
        | MessageType::MsgCheckQuorum
        | MessageType::MsgTransferLeader => Err(Refusal::Type),
    }
}

fn check_bounds(message: &Message) -> Result<(), Refusal> {
    let kind = message.get_msg_type();
    let highest = [
        message.term,
        message.log_term,
        message.index,
        message.commit,
        message.commit_term,
        message.reject_hint,
    ];
    // Term zero marks a message of the replica to itself. Only a forwarded read carries it.
    let term_fits = (message.term == 0) == (kind == MessageType::MsgReadIndex);
    // raft-rs takes any index beyond the log for term zero, and would append behind a gap.
    let head_fits = kind != MessageType::MsgAppend || message.index == 0 || message.log_term > 0;
    let small = message.context.len() <= MAX_READ_CONTEXT_BYTES;
    // We never ask a leader for a snapshot; it sends one when the log does not reach back.
    let asks_nothing = message.request_snapshot == 0;
    if highest.iter().all(|&n| n <= MAX_POSITION) && term_fits && head_fits && small && asks_nothing
    {
        Ok(())
    } else {
        Err(Refusal::Bounds)
    }
}

fn check_entries(message: &Message) -> Result<(), Refusal> {
    let entries = message.get_entries();
    let fits = match message.get_msg_type() {
        MessageType::MsgAppend => appends_in_order(message, entries),
        MessageType::MsgReadIndex | MessageType::MsgReadIndexResp => {
            matches!(entries, [one] if one.data.len() <= MAX_READ_CONTEXT_BYTES)
        }
        _ => entries.is_empty(),
    };
    if fits { Ok(()) } else { Err(Refusal::Entries) }
}

fn appends_in_order(message: &Message, entries: &[Entry]) -> bool {
    let mut term = message.log_term;
    let mut index = message.index;
    let mut bytes = 0usize;
    for entry in entries {
        index += 1;
        let follows = entry.index == index && entry.term >= term.max(1);
        if !follows || entry.term > message.term || entry.data.len() > MAX_PAYLOAD_BYTES {
            return false;
        }
        term = entry.term;
        bytes += entry.data.len();
    }
    let roomy = entries.len() <= 1 || bytes as u64 <= MAX_MESSAGE_BYTES;
    roomy && entries.len() <= MAX_MESSAGE_ENTRIES
}

fn check_against_log(local: &Local<'_>, message: &Message) -> Result<(), Refusal> {
    // raft-rs ignores what an earlier term left on the way, and this log may have been shortened
    // since.
    if message.term < local.term && message.term != 0 {
        return Ok(());
    }
    match message.get_msg_type() {
        // An honest leader announces no commit beyond what this replica has acknowledged.
        MessageType::MsgHeartbeat if message.commit > local.last => Err(Refusal::BeyondLog),
        // A follower acknowledges nothing that this leader did not send. To a former leader, who
        // sent before its own disk had it and crashed, it may.
        MessageType::MsgAppendResponse
            if local.leader == local.id && !message.reject && message.index > local.last =>
        {
            Err(Refusal::BeyondLog)
        }
        // A read index from anyone but the leader could lie behind an acknowledged write.
        MessageType::MsgReadIndexResp if message.from != local.leader => Err(Refusal::Sender),
        _ => Ok(()),
    }
}

fn check_snapshot(id: u64, message: &Message) -> Result<(), Refusal> {
    let metadata = message.get_snapshot().get_metadata();
    let placed = metadata.index > 0
        && metadata.index <= MAX_POSITION
        && metadata.term > 0
        && metadata.term <= message.term;
    let configuration = metadata.get_conf_state();
    if placed && is_plain(configuration) && holds(configuration, id) {
        Ok(())
    } else {
        Err(Refusal::Snapshot)
    }
}

/// Whether the configuration is one that raft-rs can restore: voters, learners, nobody twice, and
/// not in the middle of a change (no snapshot is taken there).
pub(crate) fn is_plain(configuration: &ConfState) -> bool {
    let voters = configuration.get_voters();
    let members = voters.iter().chain(configuration.get_learners());
    let distinct: BTreeSet<u64> = members.clone().copied().collect();
    !voters.is_empty()
        && distinct.len() == members.count()
        && distinct.len() <= MAX_MEMBERS
        && !distinct.contains(&0)
        && configuration.get_voters_outgoing().is_empty()
        && configuration.get_learners_next().is_empty()
        && !configuration.get_auto_leave()
}

fn holds(configuration: &ConfState, id: u64) -> bool {
    configuration.get_voters().contains(&id) || configuration.get_learners().contains(&id)
}

#[cfg(test)]
mod tests;
