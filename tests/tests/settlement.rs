//! Instructions from entry to finality, as a settlement officer would tell it.

use counterfoil_engine::submission::Mode;
use counterfoil_engine::wire::v1::{self, Movement::*, command::Command};
use counterfoil_tests::{Actor, Market};

#[test]
fn two_matching_instructions_settle_on_the_spot() {
    let mut market = Market::funded(1, 100, 5_000);
    market.must(Actor::Seller, vec![Market::side("S1", Deliver, 40, "2000")]);
    assert_eq!(market.state(Actor::Seller, "S1"), "unmatched");
    market.must(Actor::Buyer, vec![Market::side("B1", Receive, 40, "2000")]);
    assert_eq!(market.state(Actor::Seller, "S1"), "settled");
    assert_eq!(market.state(Actor::Buyer, "B1"), "settled");
    assert_eq!((market.shares(0), market.shares(1)), ("60".into(), "40".into()));
    assert_eq!((market.cents(0), market.cents(1)), (200_000, 300_000));
}

/// T2S UDFS: the deliverer's amount selects the band and is the settled amount.
#[test]
fn the_cash_tolerance_is_that_of_the_deliverers_band() {
    for (deliver, receive, matches) in [
        ("100000", "100000", true),
        ("100000", "100002", true),
        ("100000", "100002.01", false),
        ("100000.01", "100025.01", true),
        ("100000.01", "100025.02", false),
        ("99998", "100000", true),
        ("1.5", "3.5", true),
        ("1.5", "3.51", false),
    ] {
        let mut market = Market::funded(1, 10, 1_000_000);
        market.must(Actor::Buyer, vec![Market::side("B", Receive, 10, receive)]);
        market.must(Actor::Seller, vec![Market::side("S", Deliver, 10, deliver)]);
        let state = if matches { "settled" } else { "unmatched" };
        assert_eq!(market.state(Actor::Seller, "S"), state, "{deliver} against {receive}");
        if matches {
            let cents = counterfoil_registry::amount::parse_decimal(deliver, 2).unwrap();
            assert_eq!(market.cents(0), cents, "the deliverer's amount is settled");
        }
    }
}

#[test]
fn the_nearest_amount_wins_then_the_latest_entry() {
    let mut market = Market::funded(1, 10, 10_000);
    for (reference, amount) in [("B1", "101"), ("B2", "99.5"), ("B3", "100.5")] {
        market.must(Actor::Buyer, vec![Market::side(reference, Receive, 10, amount)]);
        market.clock = market.clock.plus_ms(1000);
    }
    market.must(Actor::Seller, vec![Market::side("S", Deliver, 10, "100")]);
    assert_eq!(market.state(Actor::Buyer, "B3"), "settled");
    assert_eq!(market.state(Actor::Buyer, "B1"), "unmatched");
    assert_eq!(market.state(Actor::Buyer, "B2"), "unmatched");
}

#[test]
fn a_difference_in_a_mandatory_field_keeps_instructions_apart() {
    type Change = fn(&mut v1::InstructSettlement);
    let changes: [(&str, Change); 5] = [
        ("quantity", |i| i.quantity = "11".into()),
        ("trade date", |i| i.trade_date = "2026-11-19".into()),
        ("settlement date", |i| i.settlement_date = "2026-11-23".into()),
        ("payment", |i| {
            i.payment = v1::Payment::Free as i32;
            i.cash_account.clear();
            i.amount.clear();
        }),
        ("common reference, both filled", |i| i.common_reference = "OTHER".into()),
    ];
    for (what, change) in changes {
        let mut market = Market::funded(1, 100, 5_000);
        let common = |mut command: Command| {
            let Command::InstructSettlement(instruct) = &mut command else { unreachable!() };
            instruct.common_reference = "COMMON".into();
            command
        };
        let mut receive = common(Market::side("B", Receive, 10, "100"));
        if let Command::InstructSettlement(instruct) = &mut receive {
            change(instruct);
        }
        market.must(Actor::Seller, vec![common(Market::side("S", Deliver, 10, "100"))]);
        market.must(Actor::Buyer, vec![receive]);
        assert_eq!(market.state(Actor::Seller, "S"), "unmatched", "{what}");
    }
}

#[test]
fn a_matched_pair_pends_with_its_reason_and_settles_when_it_can() {
    // Cash is missing.
    let mut market = Market::funded(1, 10, 50);
    market.must(Actor::Seller, vec![Market::side("S", Deliver, 10, "100")]);
    market.must(Actor::Buyer, vec![Market::side("B", Receive, 10, "100")]);
    assert_eq!(market.state(Actor::Buyer, "B"), "matched, pending 304");
    assert_eq!((market.shares(0), market.cents(1)), ("10".into(), 5_000), "nothing moved");
    assert_eq!(market.tick(), 0, "an attempt that fails leaves no record");
    let credit = market.credit(1, "50");
    market.must(Actor::Bank, vec![credit]);
    assert_eq!(market.tick(), 1);
    assert_eq!(market.state(Actor::Buyer, "B"), "settled");
    assert_eq!((market.shares(1), market.cents(0)), ("10".into(), 10_000));

    // Shares are missing.
    let mut market = Market::funded(1, 9, 100);
    market.must(Actor::Seller, vec![Market::side("S", Deliver, 10, "100")]);
    market.must(Actor::Buyer, vec![Market::side("B", Receive, 10, "100")]);
    assert_eq!(market.state(Actor::Seller, "S"), "matched, pending 513");

    // The settlement date is tomorrow.
    let mut market = Market::funded(1, 10, 100);
    let tomorrow = |mut command: Command| {
        if let Command::InstructSettlement(instruct) = &mut command {
            instruct.settlement_date = "2026-11-21".into();
        }
        command
    };
    market.must(Actor::Seller, vec![tomorrow(Market::side("S", Deliver, 10, "100"))]);
    market.must(Actor::Buyer, vec![tomorrow(Market::side("B", Receive, 10, "100"))]);
    assert_eq!(market.state(Actor::Seller, "S"), "matched, pending 0");
    assert_eq!(market.tick(), 0);
    market.clock = market.clock.plus_ms(24 * 3_600_000);
    assert_eq!(market.tick(), 1);
    assert_eq!(market.state(Actor::Seller, "S"), "settled");
}

#[test]
fn one_pending_pair_does_not_hold_up_the_others() {
    let mut market = Market::funded(1, 10, 0);
    for (at, shares, amount) in [(1, 5, "100"), (2, 20, "1"), (3, 5, "30")] {
        market.must(Actor::Seller, vec![Market::side(&format!("S{at}"), Deliver, shares, amount)]);
        market.must(Actor::Buyer, vec![Market::side(&format!("B{at}"), Receive, shares, amount)]);
    }
    let credit = market.credit(1, "40");
    market.must(Actor::Bank, vec![credit]);
    assert_eq!(market.tick(), 1);
    let states = ["S1", "S2", "S3"].map(|reference| market.state(Actor::Seller, reference));
    assert_eq!(states, ["matched, pending 304", "matched, pending 513", "settled"]);
}

#[test]
fn free_of_payment_moves_shares_alone() {
    let mut market = Market::funded(1, 10, 100);
    market.must(Actor::Seller, vec![Market::side("S", Deliver, 4, "")]);
    market.must(Actor::Buyer, vec![Market::side("B", Receive, 4, "")]);
    assert_eq!((market.shares(1), market.cents(1)), ("4".into(), 10_000));
}

#[test]
fn cancellation_is_one_sided_before_the_match_and_bilateral_after() {
    let mut market = Market::funded(1, 10, 50);
    let cancel = |reference: &str| {
        Command::CancelInstruction(v1::CancelInstruction { reference: reference.into() })
    };
    market.must(Actor::Seller, vec![Market::side("S", Deliver, 10, "100")]);
    assert_eq!(market.one(Actor::Buyer, cancel("S")), "INSTRUCTION_UNKNOWN", "not his");
    market.must(Actor::Seller, vec![cancel("S")]);
    assert_eq!(market.state(Actor::Seller, "S"), "cancelled");
    assert_eq!(market.one(Actor::Seller, cancel("S")), "INSTRUCTION_ENDED");

    market.must(Actor::Buyer, vec![Market::side("B2", Receive, 10, "100")]);
    assert_eq!(market.state(Actor::Buyer, "B2"), "unmatched", "a cancelled one matches nothing");
    market.must(Actor::Seller, vec![Market::side("S2", Deliver, 10, "100")]);
    market.must(Actor::Seller, vec![cancel("S2")]);
    assert_eq!(market.state(Actor::Seller, "S2"), "matched, pending 304");
    assert_eq!(market.one(Actor::Seller, cancel("S2")), "CANCELLATION_REQUESTED");
    market.must(Actor::Buyer, vec![cancel("B2")]);
    assert_eq!(market.state(Actor::Seller, "S2"), "cancelled");
    assert_eq!(market.state(Actor::Buyer, "B2"), "cancelled");
    let credit = market.credit(1, "1000");
    market.must(Actor::Bank, vec![credit]);
    assert_eq!(market.tick(), 0, "what is cancelled never settles");
}

#[test]
fn what_a_broker_may_not_do_is_refused_and_moves_nothing() {
    let mut market = Market::funded(1, 10, 100);
    type Change = fn(&mut v1::InstructSettlement);
    let table: [(&str, Change); 8] = [
        ("NOT_AUTHORIZED", |i| i.account = account(1)),
        ("ACCOUNT_MISMATCH", |i| i.delivering_party = client(1)),
        ("ACCOUNT_MISMATCH", |i| i.cash_account = cash(1)),
        ("CLASS_UNKNOWN", |i| i.class = counterfoil_registry::handle::ClassId(7).to_string()),
        ("PARTY_UNKNOWN", |i| i.receiving_party = client(90)),
        ("DATES_INVALID", |i| i.trade_date = "2026-11-23".into()),
        ("QUANTITY_GRANULARITY", |i| i.quantity = "0.5".into()),
        ("AMOUNT_INVALID", |i| i.amount = "0.001".into()),
    ];
    for (code, change) in table {
        let mut command = Market::side("S", Deliver, 10, "100");
        if let Command::InstructSettlement(instruct) = &mut command {
            change(instruct);
        }
        assert_eq!(market.one(Actor::Seller, command), code);
    }
    market.must(Actor::Seller, vec![Market::side("S", Deliver, 10, "100")]);
    let again = market.one(Actor::Seller, Market::side("S", Deliver, 3, "1"));
    assert_eq!(again, "REFERENCE_USED");
}

fn account(number: u32) -> String {
    counterfoil_registry::handle::AccountId(number).to_string()
}

fn cash(number: u32) -> String {
    counterfoil_engine::handle::CashAccountId(number).to_string()
}

fn client(number: u32) -> String {
    counterfoil_tests::client(number).to_string()
}

#[test]
fn the_issuer_sells_new_shares_against_payment() {
    let mut market = Market::funded(1, 0, 5_000);
    let treasury = counterfoil_tests::ISSUER_PARTY.to_string();
    let open = Command::OpenCashAccount(v1::OpenCashAccount {
        party: treasury.clone(),
        asset: counterfoil_tests::EURO.to_string(),
        operator: Actor::Registrar.party().to_string(),
    });
    market.must(Actor::Bank, vec![open]);
    let primary = |mut command: Command, issuers_side: bool| {
        if let Command::InstructSettlement(instruct) = &mut command {
            instruct.delivering_party = treasury.clone();
            if issuers_side {
                instruct.account.clear();
                instruct.cash_account = cash(2);
            }
        }
        command
    };
    let deliver = primary(Market::side("NEW", Deliver, 50, "5000"), true);
    assert_eq!(market.one(Actor::Seller, deliver.clone()), "NOT_AUTHORIZED", "not the registrar");
    market.must(Actor::Registrar, vec![deliver]);
    market.must(Actor::Buyer, vec![primary(Market::side("B", Receive, 50, "5000"), false)]);
    assert_eq!(market.state(Actor::Buyer, "B"), "settled");
    assert_eq!((market.shares(1), market.cents(2)), ("50".into(), 500_000));
    let class = market.machine.ledger().register().class(counterfoil_tests::CLASS).unwrap();
    assert_eq!(class.issued.to_string(), "50");
}

#[test]
fn an_atomic_group_is_executed_whole_or_not_at_all() {
    let mut market = Market::funded(1, 10, 100);
    market.must(Actor::Buyer, vec![Market::side("B", Receive, 10, "100")]);
    let before = market.machine.ledger().clone();
    let group = vec![
        Market::side("S1", Deliver, 10, "100"),
        Market::side("S1", Deliver, 1, "1"),
        Market::side("S2", Deliver, 1, "1"),
    ];
    let submission = market.sign(Actor::Seller, Mode::Atomic, group);
    let outcomes = market.submit(submission);
    assert_eq!(outcomes, ["GROUP_REFUSED", "REFERENCE_USED", "GROUP_REFUSED"]);
    assert_eq!(market.shares(0), "10", "the settlement within the group was undone");
    assert_eq!(market.state(Actor::Seller, "S1"), "none");
    assert_eq!(before.instructions().count(), market.machine.ledger().instructions().count());
    market.must(Actor::Seller, vec![Market::side("S1", Deliver, 10, "100")]);
    assert_eq!(market.shares(1), "10");
}
