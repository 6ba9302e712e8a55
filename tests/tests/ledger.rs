//! Who may do what, replays, and the two properties that all else rests on: the ledger agrees with
//! a naive model, and a log replays to the same state whatever the order of the hash indexes.

use bytes::Bytes;
use counterfoil_engine::key::PrivateKey;
use counterfoil_engine::machine::Machine;
use counterfoil_engine::submission::{Author, Mode, Submission};
use counterfoil_engine::wire::Encoding;
use counterfoil_engine::wire::v1::{self, Movement::*, command::Command};
use counterfoil_registry::handle::{AccountId, StakeholderId};
use counterfoil_tests::{Actor, CLASS, ISSUER, Market, client, objects};
use proptest::prelude::*;
use serde_json::{Value, json};

fn key(seed: u8) -> Bytes {
    PrivateKey::from_seed([seed; 32]).public().0.to_vec().into()
}

#[test]
fn the_same_bytes_again_change_nothing_and_other_bytes_are_refused() {
    let mut market = Market::funded(1, 100, 1_000);
    let first =
        market.sign(Actor::Seller, Mode::Independent, vec![Market::side("S", Deliver, 1, "1")]);
    assert_eq!(market.submit(first.clone()), ["OK"]);
    let height = market.machine.height();
    assert_eq!(market.submit(first.clone()), Vec::<&str>::new());
    let replayed = market.blocks.last().unwrap().replayed.unwrap();
    assert_eq!((replayed.height, replayed.records), (height, 1));

    // The same submission id over another command.
    let mut other = market.clone();
    let author = counterfoil_engine::submission::Author {
        ledger: market.genesis.ledger_id(),
        participant: Actor::Seller.party(),
        key: Actor::Seller.key(),
        encoding: counterfoil_engine::wire::Encoding::Protobuf,
    };
    let header = counterfoil_engine::submission::Header::parse(&first.header).unwrap();
    let command = Market::side("S2", Deliver, 1, "1");
    let forged = author.sign(&header.id, header.valid_until, header.mode, vec![([0; 16], command)]);
    assert_eq!(other.submit(forged), ["SUBMISSION_ID_REUSED"]);

    // After its validity the id is forgotten, and the bytes are void.
    market.clock = market.clock.plus_ms(300_001);
    assert_eq!(market.submit(first), ["SUBMISSION_EXPIRED"]);
}

#[test]
fn a_header_that_is_not_in_order_is_refused_with_its_code() {
    let mut market = Market::open(1);
    let good =
        market.sign(Actor::Buyer, Mode::Independent, vec![Market::side("B", Receive, 1, "1")]);
    let mut other_ledger = Market::genesis(1);
    let for_other = |s: &v1::Submission| v1::Submission {
        header: s.header.replace(
            &market.genesis.ledger_id().to_string(),
            &counterfoil_engine::hash::Hash([1; 32]).to_string(),
        ),
        ..s.clone()
    };
    let mut wrong_signature = good.clone();
    wrong_signature.signature = vec![7; 64].into();
    let mut wrong_root = good.clone();
    wrong_root.commands[0].salt = vec![9; 16].into();
    let table = [
        (for_other(&good), "LEDGER_MISMATCH"),
        (wrong_root, "ROOT_MISMATCH"),
        (wrong_signature, "SIGNATURE_INVALID"),
    ];
    for (submission, code) in table {
        assert_eq!(market.submit(submission), [code]);
    }
    assert_eq!(other_ledger.submit(good.clone()), ["PARTICIPANT_UNKNOWN"]);
    market.clock = market.clock.plus_ms(300_001);
    market.tick();
    assert_eq!(market.submit(good), ["SUBMISSION_EXPIRED"]);
    market.clock = counterfoil_engine::time::Timestamp(market.clock.0 + 48 * 3_600_000);
    let early =
        market.sign(Actor::Buyer, Mode::Independent, vec![Market::side("B", Receive, 1, "1")]);
    market.clock = counterfoil_engine::time::Timestamp(market.clock.0 - 48 * 3_600_000);
    assert_eq!(market.submit(early), ["VALIDITY_TOO_LONG"]);
}

#[test]
fn only_a_key_in_force_writes_into_its_participants_chain() {
    let mut market = Market::open(1);
    let head = |market: &Market| {
        let seller = market.machine.ledger().participant(Actor::Seller.party()).unwrap().ordinal;
        market.machine.heads().head(seller).unwrap()
    };
    let stranger = Author {
        ledger: market.genesis.ledger_id(),
        participant: Actor::Seller.party(),
        key: PrivateKey::from_seed([200; 32]),
        encoding: Encoding::Protobuf,
    };
    let command = Market::side("S", Deliver, 1, "1");
    let until = market.clock.plus_ms(60_000);
    let forged = stranger.sign("forged", until, Mode::Independent, vec![([1; 16], command)]);
    let before = head(&market);
    assert_eq!(market.submit(forged), ["KEY_UNKNOWN"]);
    assert_eq!(head(&market), before, "a stranger wrote into the chain");
    let unfunded = Command::CreditCash(v1::CreditCash::default());
    assert_eq!(market.one(Actor::Seller, unfunded), "MALFORMED");
    assert_ne!(head(&market), before, "the participant's own refusals are in it");
}

#[test]
fn keys_are_added_and_revoked_and_never_used_twice() {
    let mut market = Market::open(1);
    let me = Actor::Seller.party().to_string();
    let add = |key| Command::AddKey(v1::AddKey { participant: me.clone(), key });
    let revoke = |key| Command::RevokeKey(v1::RevokeKey { participant: me.clone(), key });
    let own: Bytes = Actor::Seller.key().public().0.to_vec().into();
    assert_eq!(market.one(Actor::Seller, revoke(own.clone())), "LAST_KEY");
    assert_eq!(market.one(Actor::Buyer, add(key(77))), "NOT_AUTHORIZED");
    market.must(Actor::Seller, vec![add(key(77))]);
    assert_eq!(market.one(Actor::Seller, add(key(77))), "KEY_IN_USE");
    market.must(Actor::Operator, vec![revoke(own.clone())]);
    let refused = market.one(Actor::Seller, Market::side("S", Deliver, 1, "1"));
    assert_eq!(refused, "KEY_REVOKED");
    assert_eq!(market.one(Actor::Operator, add(own)), "KEY_IN_USE", "revoked for ever");
}

#[test]
fn a_stakeholder_is_linked_when_registrar_and_holder_have_both_signed() {
    let mut market = Market::open(1);
    let stakeholder = StakeholderId(0).to_string();
    let enter = Command::RegisterStakeholder(v1::RegisterStakeholder {
        issuer: ISSUER.to_string(),
        source_id: "founder".into(),
    });
    market.must(Actor::Registrar, vec![enter]);
    let issue = Command::IssueStock(v1::IssueStock {
        class: CLASS.to_string(),
        account: AccountId(2).to_string(),
        quantity: "500".into(),
        ..Default::default()
    });
    market.must(Actor::Registrar, vec![issue]);
    let link = Command::LinkStakeholder(v1::LinkStakeholder {
        stakeholder,
        party: client(0).to_string(),
        operator: Actor::Seller.party().to_string(),
    });
    let transfer = Command::TransferStock(v1::TransferStock {
        class: CLASS.to_string(),
        from: AccountId(2).to_string(),
        to: AccountId(1).to_string(),
        quantity: "100".into(),
        certificates: vec![],
    });
    assert_eq!(market.one(Actor::Buyer, link.clone()), "NOT_AUTHORIZED");
    market.must(Actor::Registrar, vec![link.clone()]);
    assert_eq!(market.one(Actor::Registrar, link.clone()), "ALREADY_SIGNED");
    assert_eq!(market.one(Actor::Seller, transfer.clone()), "NOT_AUTHORIZED", "not linked yet");
    market.must(Actor::Seller, vec![link.clone()]);
    assert_eq!(market.one(Actor::Registrar, link), "STAKEHOLDER_LINKED");
    market.must(Actor::Seller, vec![transfer]);
    assert_eq!(market.shares(1), "100");
    assert_eq!(market.shares(2), "400");
}

#[test]
fn banks_make_and_end_their_own_money_alone() {
    let mut market = Market::open(1);
    let credit = market.credit(1, "100");
    assert_eq!(market.one(Actor::Buyer, credit.clone()), "NOT_AUTHORIZED");
    assert_eq!(market.one(Actor::Bank, credit.clone()), "OK");
    assert_eq!(market.one(Actor::Bank, credit), "REFERENCE_USED");
    let redeem = |amount: &str, reference: &str| {
        Command::RedeemCash(v1::RedeemCash {
            account: counterfoil_engine::handle::CashAccountId(1).to_string(),
            amount: amount.into(),
            reference: reference.into(),
        })
    };
    assert_eq!(market.one(Actor::Bank, redeem("100.01", "R1")), "CASH_INSUFFICIENT");
    assert_eq!(market.one(Actor::Bank, redeem("40", "R1")), "OK");
    assert_eq!(market.cents(1), 6_000);
    assert_eq!(market.one(Actor::Bank, redeem("0.001", "R2")), "AMOUNT_INVALID");
}

#[derive(Clone, Debug)]
enum Step {
    Credit(u64),
    Issue(u64),
    Deliver(u8, u64, u64),
    Receive(u8, u64, u64),
    CancelSeller(u8),
    CancelBuyer(u8),
    Record(u8, u8, u64),
    Tick,
}

fn step() -> impl Strategy<Value = Step> {
    let side = || (0u8..40, 1u64..4, 1u64..4);
    prop_oneof![
        1 => (1u64..9).prop_map(Step::Credit),
        1 => (1u64..9).prop_map(Step::Issue),
        4 => side().prop_map(|(r, q, a)| Step::Deliver(r, q, a)),
        4 => side().prop_map(|(r, q, a)| Step::Receive(r, q, a)),
        1 => (0u8..40).prop_map(Step::CancelSeller),
        1 => (0u8..40).prop_map(Step::CancelBuyer),
        3 => (0u8..4, 0u8..6, 1u64..9).prop_map(|(k, n, q)| Step::Record(k, n, q)),
        1 => Just(Step::Tick),
    ]
}

fn play(market: &mut Market, step: &Step) {
    // Amounts are euros apart, so that the tolerance of two euros matters.
    let euros = |amount: &u64| (amount * 3).to_string();
    match step {
        Step::Credit(amount) => {
            let credit = market.credit(1, &euros(amount));
            market.must(Actor::Bank, vec![credit]);
        }
        Step::Issue(shares) => {
            let issue = Command::IssueStock(v1::IssueStock {
                class: CLASS.to_string(),
                account: AccountId(0).to_string(),
                quantity: shares.to_string(),
                ..Default::default()
            });
            market.must(Actor::Registrar, vec![issue]);
        }
        Step::Deliver(reference, shares, amount) => {
            let side = Market::side(&format!("S{reference}"), Deliver, *shares, &euros(amount));
            market.one(Actor::Seller, side);
        }
        Step::Receive(reference, shares, amount) => {
            let side = Market::side(&format!("B{reference}"), Receive, *shares, &euros(amount));
            market.one(Actor::Buyer, side);
        }
        Step::CancelSeller(reference) => {
            let reference = format!("S{reference}");
            let cancel = v1::CancelInstruction { reference };
            market.one(Actor::Seller, Command::CancelInstruction(cancel));
        }
        Step::CancelBuyer(reference) => {
            let reference = format!("B{reference}");
            let cancel = v1::CancelInstruction { reference };
            market.one(Actor::Buyer, Command::CancelInstruction(cancel));
        }
        Step::Record(kind, name, amount) => {
            let record = v1::RecordTransaction {
                issuer: ISSUER.to_string(),
                objects: objects([transaction(*kind, *name, *amount)]),
            };
            market.one(Actor::Registrar, Command::RecordTransaction(record));
        }
        Step::Tick => {
            market.tick();
        }
    }
}

/// A holder, a note of hers, its acceptance, its cancellation.
fn transaction(kind: u8, name: u8, amount: u64) -> Value {
    let tx = |kind: &str, fields: Value| {
        let mut tx = json!({
            "object_type": kind, "id": format!("{name} {amount}"), "date": "2026-11-20",
            "security_id": format!("note {name}"),
        });
        for (name, field) in fields.as_object().into_iter().flatten() {
            tx[name] = field.clone();
        }
        tx
    };
    let money = json!({ "amount": amount.to_string(), "currency": "EUR" });
    match kind {
        0 => json!({ "object_type": "STAKEHOLDER", "id": "fund" }),
        1 => tx(
            "TX_CONVERTIBLE_ISSUANCE",
            json!({ "custom_id": name.to_string(), "stakeholder_id": "fund", "investment_amount": money }),
        ),
        2 => tx("TX_CONVERTIBLE_ACCEPTANCE", json!({})),
        _ => tx("TX_CONVERTIBLE_CANCELLATION", json!({ "amount": money })),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// `Market::enter` runs the audit after each entry. Money and shares are those that the bank and
    /// the issuer made, and what settled moved both ways.
    #[test]
    fn whatever_is_sent_the_audit_holds(steps in proptest::collection::vec(step(), 1..60)) {
        let mut market = Market::open(3);
        for step in &steps {
            play(&mut market, step);
        }
        let made = |pick: fn(&Step) -> u64| steps.iter().map(pick).sum::<u64>();
        let euros = made(|step| if let Step::Credit(amount) = step { amount * 3 } else { 0 });
        let shares = made(|step| if let Step::Issue(shares) = step { *shares } else { 0 });
        prop_assert_eq!(market.cents(0) + market.cents(1), u128::from(euros) * 100);
        let held = |number| market.shares(number).parse::<u64>().unwrap();
        prop_assert_eq!(held(0) + held(1), shares);
        let settled = market.machine.ledger().instructions().filter_map(|(_, instruction)| {
            let deliver = instruction.movement == counterfoil_engine::command::Movement::Deliver;
            let settled = matches!(instruction.state, counterfoil_engine::ledger::State::Settled { .. });
            (deliver && settled).then_some(instruction)
        });
        let (mut moved, mut paid) = (0, 0);
        for instruction in settled {
            moved += instruction.quantity.0 / 10_000_000_000;
            paid += instruction.payment.unwrap().2;
        }
        prop_assert_eq!(u128::from(held(1)), moved);
        prop_assert_eq!(market.cents(0), paid);
    }

    /// A replica that starts anew, with other seeds, and one that continues from a snapshot.
    #[test]
    fn a_log_replays_to_the_same_state(
        steps in proptest::collection::vec(step(), 1..40),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut market = Market::open(3);
        for step in &steps {
            play(&mut market, step);
        }
        let cut = cut.index(market.log.len());
        let mut again = Machine::new(&market.genesis, &market.secret, 12345);
        for (at, (stamp, entry)) in market.log.iter().enumerate() {
            if at == cut {
                let bytes = again.encode();
                again = Machine::decode(&bytes, &market.genesis, &market.secret, 99).unwrap();
                prop_assert_eq!(again.encode(), bytes);
                prop_assert_eq!(again.audit(), Vec::<String>::new());
            }
            let block = again.apply(*stamp, entry);
            prop_assert_eq!(&block, &market.blocks[at]);
        }
        prop_assert_eq!(again.digest(), market.machine.digest());
        prop_assert_eq!(again.tree_root(), market.machine.tree_root());
    }

    #[test]
    fn no_entry_makes_the_machine_panic(entry in proptest::collection::vec(any::<u8>(), 0..300)) {
        let mut market = Market::genesis(1);
        let height = market.machine.height();
        market.enter(entry.into());
        prop_assert_eq!(market.machine.height(), height + 1);
    }

    #[test]
    fn no_snapshot_makes_the_machine_panic(
        at in any::<prop::sample::Index>(),
        byte: u8,
    ) {
        let market = Market::funded(1, 5, 5);
        let mut bytes = market.machine.encode();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(machine) = Machine::decode(&bytes, &market.genesis, &market.secret, 1) {
            let _whatever_it_finds = machine.audit();
        }
    }
}

/// The debug build of this test and a release build of the same log must agree: the digest is fixed.
#[test]
fn the_digest_of_a_recorded_log_never_changes() {
    let mut market = Market::funded(1, 100, 5_000);
    market.must(Actor::Seller, vec![Market::side("S1", Deliver, 40, "2000")]);
    market.must(Actor::Buyer, vec![Market::side("B1", Receive, 40, "2000")]);
    let submission = Submission::decode(market.log.last().unwrap().1.clone()).unwrap();
    assert!(submission.signed);
    assert_eq!(
        market.machine.tree_root().to_string(),
        include_str!("ledger/recorded-root.txt").trim(),
        "the formats of records and blocks are fixed; a new rule hangs on the feature level"
    );
}
