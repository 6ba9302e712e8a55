use proptest::prelude::*;
use raft::eraftpb::{ConfState, Entry, EntryType, Message, MessageType};

use super::super::tests::group::{CLUSTER, Member};
use super::*;

const TYPES: [MessageType; 19] = [
    MessageType::MsgHup,
    MessageType::MsgBeat,
    MessageType::MsgPropose,
    MessageType::MsgAppend,
    MessageType::MsgAppendResponse,
    MessageType::MsgRequestVote,
    MessageType::MsgRequestVoteResponse,
    MessageType::MsgSnapshot,
    MessageType::MsgHeartbeat,
    MessageType::MsgHeartbeatResponse,
    MessageType::MsgUnreachable,
    MessageType::MsgSnapStatus,
    MessageType::MsgCheckQuorum,
    MessageType::MsgTransferLeader,
    MessageType::MsgTimeoutNow,
    MessageType::MsgReadIndex,
    MessageType::MsgReadIndexResp,
    MessageType::MsgRequestPreVote,
    MessageType::MsgRequestPreVoteResponse,
];

fn from_peer(kind: MessageType) -> Message {
    let mut message = Message::default();
    message.set_msg_type(kind);
    (message.from, message.to, message.term) = (2, 1, 9);
    message
}

fn verdict(cluster: Hash, sender: u64, message: Message) -> Result<(), Refusal> {
    let local = Local {
        id: 1,
        cluster: CLUSTER,
        term: 9,
        leader: 3,
        last: 10,
        is_member: &|id| (1..4).contains(&id),
    };
    admit(&local, &Envelope { cluster, sender, message })
}

#[test]
fn each_refusal_has_its_message() {
    let heartbeat = || from_peer(MessageType::MsgHeartbeat);
    let other = Hash([9; 32]);
    assert_eq!(verdict(CLUSTER, 2, heartbeat()), Ok(()));
    assert_eq!(verdict(other, 2, heartbeat()), Err(Refusal::OtherCluster));
    assert_eq!(verdict(CLUSTER, 3, heartbeat()), Err(Refusal::Sender));
    let mut stranger = from_peer(MessageType::MsgRequestVote);
    stranger.from = 9;
    assert_eq!(verdict(CLUSTER, 9, stranger), Err(Refusal::Sender));
    let mut misrouted = heartbeat();
    misrouted.to = 3;
    assert_eq!(verdict(CLUSTER, 2, misrouted), Err(Refusal::Addressee));
    assert_eq!(verdict(CLUSTER, 2, from_peer(MessageType::MsgPropose)), Err(Refusal::Type));
    let mut huge = heartbeat();
    huge.term = u64::MAX;
    assert_eq!(verdict(CLUSTER, 2, huge), Err(Refusal::Bounds));
    let mut commit = heartbeat();
    commit.commit = 11;
    assert_eq!(verdict(CLUSTER, 2, commit), Err(Refusal::BeyondLog));
    let mut read = from_peer(MessageType::MsgReadIndexResp);
    read.set_entries(vec![Entry::default()].into());
    assert_eq!(verdict(CLUSTER, 2, read), Err(Refusal::Sender));
    assert_eq!(verdict(CLUSTER, 2, from_peer(MessageType::MsgSnapshot)), Err(Refusal::Snapshot));
}

#[test]
fn an_append_with_a_gap_or_a_falling_term_is_refused() {
    let append = |entries: &[(u64, u64)]| {
        let mut message = from_peer(MessageType::MsgAppend);
        (message.index, message.log_term) = (4, 3);
        let entry = |&(index, term): &(u64, u64)| Entry { index, term, ..Entry::default() };
        message.set_entries(entries.iter().map(entry).collect::<Vec<_>>().into());
        verdict(CLUSTER, 2, message)
    };
    assert_eq!(append(&[(5, 3), (6, 9)]), Ok(()));
    for wrong in [&[(6, 3)][..], &[(5, 3), (7, 3)], &[(5, 2)], &[(5, 4), (6, 3)], &[(5, 10)]] {
        assert_eq!(append(wrong), Err(Refusal::Entries), "{wrong:?}");
    }
}

#[test]
fn a_snapshot_with_an_impossible_group_is_refused() {
    let snapshot = |voters: &[u64], learners: &[u64]| {
        let mut message = from_peer(MessageType::MsgSnapshot);
        let metadata = message.mut_snapshot().mut_metadata();
        (metadata.index, metadata.term) = (20, 5);
        let group = ConfState::from((voters.to_vec(), learners.to_vec()));
        metadata.set_conf_state(group);
        verdict(CLUSTER, 2, message)
    };
    assert_eq!(snapshot(&[1, 2, 3], &[4]), Ok(()));
    for (voters, learners) in
        [(&[][..], &[1][..]), (&[1, 2], &[2]), (&[1, 1], &[]), (&[2, 3], &[]), (&[0, 1], &[])]
    {
        assert_eq!(snapshot(voters, learners), Err(Refusal::Snapshot), "{voters:?} {learners:?}");
    }
}

fn small() -> impl Strategy<Value = u64> {
    prop_oneof![20 => 0u64..4, 6 => 0u64..14, 1 => Just(u64::MAX), 1 => Just(1u64 << 62)]
}

prop_compose! {
    fn entry()(index in small(), term in small(), kind in 0..3, data in prop::collection::vec(any::<u8>(), 0..12)) -> Entry {
        let kind = [EntryType::EntryNormal, EntryType::EntryConfChange, EntryType::EntryConfChangeV2][kind as usize];
        let mut entry = Entry { index, term, data: data.into(), ..Entry::default() };
        entry.set_entry_type(kind);
        entry
    }
}

prop_compose! {
    fn message()(
        kind in 0..TYPES.len(), from in 0u64..5, to in prop_oneof![19 => Just(1u64), 1 => 0u64..3],
        numbers in prop::array::uniform7(small()), entries in prop::collection::vec(entry(), 0..4),
        in_order in any::<bool>(), reject in any::<bool>(), context in prop::collection::vec(any::<u8>(), 0..10),
        snapshot in (small(), small(), prop::collection::vec(0u64..5, 0..5), prop::collection::vec(0u64..5, 0..3)),
    ) -> Message {
        let mut message = Message::default();
        message.set_msg_type(TYPES[kind]);
        [message.term, message.index, message.log_term, message.commit, message.commit_term, message.reject_hint, _] = numbers;
        if numbers[6] > 12 { message.request_snapshot = numbers[6]; }
        (message.from, message.to, message.reject) = (from, to, reject);
        message.context = context.into();
        let mut entries = entries;
        if in_order {
            for (at, entry) in entries.iter_mut().enumerate() {
                entry.index = message.index.saturating_add(1 + at as u64);
                entry.term = message.term.min(9);
            }
        }
        message.set_entries(entries.into());
        let metadata = message.mut_snapshot().mut_metadata();
        (metadata.index, metadata.term) = (snapshot.0, snapshot.1);
        metadata.set_conf_state(ConfState::from((snapshot.2, snapshot.3)));
        message
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Whatever a member sends under its own name, the process goes on: as a follower, while it
    /// campaigns, and as a leader.
    #[test]
    fn no_message_of_a_member_stops_the_process(
        ticks in 0usize..25, leads in any::<bool>(), messages in prop::collection::vec(message(), 1..25),
    ) {
        let mut member = if leads { Member::leader_of_three() } else { Member::new(1, &[1, 2, 3]) };
        for _ in 0..ticks {
            member.replica.tick();
        }
        for message in messages {
            let sender = message.from;
            let _ = member.replica.step(Envelope { cluster: CLUSTER, sender, message });
            member.carry_out();
            member.replica.tick();
            member.carry_out();
        }
    }
}
