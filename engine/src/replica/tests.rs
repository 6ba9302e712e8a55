//! Replicas in one process, without disks or faults: what each effect means. The simulator tests
//! what faults do.

pub(super) mod group;

use raft::eraftpb::{
    ConfChangeSingle, ConfChangeTransition, ConfChangeType, ConfChangeV2, MessageType,
};

use self::group::{Group, Member};
use super::*;

#[test]
fn the_sole_voter_applies_only_what_its_disk_has() {
    let mut member = Member::new(1, &[1]);
    member.carry_out();
    assert!(member.replica.leads());
    let position = member.replica.propose(b"entry".to_vec()).unwrap();
    let effects = member.replica.effects();
    let Some(Effect::Append(append)) = effects.into_iter().find(|e| matches!(e, Effect::Append(_)))
    else {
        panic!("a proposal is appended first")
    };
    assert!(append.must_sync);
    assert!(member.replica.effects().is_empty(), "nothing to apply before the sync");
    member.replica.persisted(append.number);
    let applied = member.replica.effects().into_iter().find_map(|effect| match effect {
        Effect::Apply(committed) => Some(committed),
        _ => None,
    });
    let applied = applied.unwrap();
    assert_eq!(Position { index: applied[0].index, term: applied[0].term }, position);
    assert_eq!(applied[0].body, Body::Payload("entry".into()));
}

#[test]
fn a_vote_travels_inside_the_append_that_makes_it_true() {
    let mut voter = Member::new(1, &[1, 2, 3]);
    let mut request = Message::default();
    request.set_msg_type(MessageType::MsgRequestVote);
    (request.from, request.to, request.term, request.index, request.log_term) = (2, 1, 5, 9, 4);
    voter.step(request).unwrap();
    let effects = voter.replica.effects();
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Send(_))));
    let vote = effects.iter().find_map(|effect| match effect {
        Effect::Append(append) => append.messages.first().map(|m| (append, m)),
        _ => None,
    });
    let (append, message) = vote.unwrap();
    assert_eq!(message.get_msg_type(), MessageType::MsgRequestVoteResponse);
    assert!(!message.reject && append.must_sync);
    assert_eq!(append.hard_state.as_ref().map(|h| (h.term, h.vote)), Some((5, 2)));
}

#[test]
fn three_replicas_elect_commit_and_apply_the_same() {
    let mut group = Group::of(&[1, 2, 3]);
    let leader = group.elect();
    for round in 0..20u8 {
        group.members[leader].replica.propose(vec![round; 30]).unwrap();
    }
    group.settle();
    for member in &group.members {
        let payloads = member.payloads();
        assert_eq!(payloads.len(), 20, "replica {}", member.id);
        assert!((0..20u8).zip(&payloads).all(|(round, payload)| **payload == [round; 30]));
    }
}

#[test]
fn a_follower_does_not_forward_and_refuses_odd_sizes() {
    let mut group = Group::of(&[1, 2, 3]);
    let leader = group.elect();
    let follower = (leader + 1) % 3;
    let propose = |replica: &mut Replica, payload| replica.propose(payload).map(|_| ());
    let refused = propose(&mut group.members[follower].replica, vec![1]);
    assert_eq!(refused, Err(ProposeError::NotLeader));
    let leader = &mut group.members[leader].replica;
    assert_eq!(propose(leader, Vec::new()), Err(ProposeError::Size));
    assert_eq!(propose(leader, vec![0; MAX_PAYLOAD_BYTES + 1]), Err(ProposeError::Size));
}

#[test]
fn without_a_quorum_proposals_are_refused_at_a_limit() {
    let mut group = Group::of(&[1, 2, 3]);
    let leader = group.elect();
    let replica = &mut group.members[leader].replica;
    let accepted = (0..100).take_while(|_| replica.propose(vec![7; 1 << 20]).is_ok()).count();
    assert_eq!(accepted, 16);
    assert_eq!(replica.propose(vec![7]), Err(ProposeError::Overloaded));
}

#[test]
fn a_far_follower_is_served_from_the_log() {
    let mut group = Group::of(&[1, 2, 3]);
    let leader = group.elect();
    let far = (leader + 1) % 3;
    group.cut_off = Some(far);
    for round in 0..24u8 {
        group.members[leader].replica.propose(vec![round; 1 << 20]).unwrap();
        group.settle();
    }
    group.cut_off = None;
    group.run(60);
    assert!(group.fetches > 0, "24 MiB do not lie in memory");
    assert_eq!(group.members[far].payloads().len(), 24);
}

#[test]
fn a_follower_behind_the_log_gets_a_snapshot() {
    let mut group = Group::of(&[1, 2, 3]);
    let leader = group.elect();
    let far = (leader + 1) % 3;
    group.cut_off = Some(far);
    for round in 0..10u8 {
        group.members[leader].replica.propose(vec![round; 100]).unwrap();
        group.settle();
    }
    for member in &mut group.members {
        if member.id != far as u64 + 1 {
            member.compact();
        }
    }
    group.cut_off = None;
    group.run(60);
    group.members[leader].replica.propose(vec![99; 100]).unwrap();
    group.run(10);
    let far = &group.members[far];
    assert_eq!(far.installs, 1);
    assert_eq!(far.payloads().len(), 1, "only what lies behind the snapshot is applied one by one");
    assert_eq!(far.applied, group.members[leader].applied);
}

#[test]
fn a_read_is_ready_at_the_commit_of_a_quorum() {
    let mut group = Group::of(&[1, 2, 3]);
    let leader = group.elect();
    let position = group.members[leader].replica.propose(vec![1; 9]).unwrap();
    group.settle();
    let follower = (leader + 1) % 3;
    group.members[follower].replica.read_index(77).unwrap();
    group.settle();
    assert_eq!(group.members[follower].reads, [(77, position.index)]);
}

#[test]
fn leaving_a_joint_configuration_has_no_data_and_is_not_overlooked() {
    let mut group = Group::of(&[1, 2, 3]);
    let leader = group.elect();
    let change = |kind, node_id| {
        let mut change = ConfChangeSingle { node_id, ..ConfChangeSingle::default() };
        change.set_change_type(kind);
        change
    };
    let mut swap = ConfChangeV2::default();
    swap.set_transition(ConfChangeTransition::Auto);
    let last = (leader as u64 + 2) % 3 + 1;
    swap.set_changes(
        vec![
            change(ConfChangeType::AddLearnerNode, last),
            change(ConfChangeType::AddLearnerNode, 9),
        ]
        .into(),
    );
    group.members[leader].replica.node.propose_conf_change(Vec::new(), swap).unwrap();
    group.run(5);
    let configurations = &group.members[leader].configurations;
    assert_eq!(configurations.len(), 2, "entered and left");
    assert!(!configurations[0].voters_outgoing.is_empty());
    let end = &configurations[1];
    assert!(end.voters_outgoing.is_empty());
    assert_eq!((end.voters.len(), end.learners.len()), (2, 2));
}
