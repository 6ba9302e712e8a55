//! The evidence bundle of an issuer: what it proves, and that nothing can be changed, left out or
//! forged in it, not even by the ledger that signs it.

#[path = "evidence/chronicle.rs"]
mod chronicle;
#[path = "evidence/forgery.rs"]
mod forgery;
#[path = "evidence/splits.rs"]
mod splits;

use bytes::Bytes;
use chronicle::{Chronicle, trusted};
use counterfoil_engine::evidence::bundle::Bundle;
use counterfoil_engine::evidence::record::{Record, Section};
use counterfoil_engine::evidence::verify::{Fault, FaultCode, Part, Place, Report, verify};
use counterfoil_engine::key::PrivateKey;
use counterfoil_engine::submission::Mode;
use counterfoil_engine::wire::v1::{self, Movement::*, command::Command};
use counterfoil_registry::amount::Quantity;
use counterfoil_registry::handle::{AccountId, Holder, IssuerId, StakeholderId};
use counterfoil_tests::{Actor, CLASS, ISSUER, Market, client, objects};
use serde_json::json;

/// 100 shares issued, 5,000 euros credited, 40 shares sold for 2,000 euros, 10 given away.
fn traded() -> Market {
    let mut market = Market::funded(1, 100, 5_000);
    market.must(Actor::Seller, vec![Market::side("S1", Deliver, 40, "2000")]);
    market.must(Actor::Buyer, vec![Market::side("B1", Receive, 40, "2000")]);
    market.must(Actor::Buyer, vec![Market::side("B2", Receive, 10, "")]);
    market.must(Actor::Seller, vec![Market::side("S2", Deliver, 10, "")]);
    market
}

fn judge(bundle: &Bundle) -> Result<Report, Fault> {
    verify(&bundle.encode(), &trusted())
}

fn refused(bundle: &Bundle) -> Fault {
    judge(bundle).expect_err("a bundle that must be refused")
}

#[test]
fn a_bundle_proves_the_register_and_both_legs() {
    let market = traded();
    let chronicle = Chronicle::of(&market);
    assert_eq!(chronicle.root(), market.machine.tree_root(), "the chronicle is the ledger's");
    for (instructions, both) in [(true, 2), (false, 1)] {
        let report = judge(&chronicle.bundle(instructions)).unwrap();
        assert_eq!(report.issuer, ISSUER);
        assert_eq!(report.height, market.machine.height());
        assert_eq!(report.signers, ["counterfoil.test/market"]);
        assert_eq!(report.settlements.against_payment, 1);
        assert_eq!(report.settlements.free_of_payment, 1);
        assert_eq!(report.settlements.both_instructions, both);
        assert_eq!(report.commands_hidden, usize::from(!instructions));
        let [class] = report.register.classes.as_slice() else { panic!("one class") };
        assert_eq!((class.class, class.name.as_str()), (CLASS, "Common"));
        assert_eq!(class.outstanding, Quantity::whole(100));
        let holdings = class.holdings.iter().map(|held| (held.holder, held.quantity));
        let wanted = [(client(0), 50), (client(1), 50)]
            .map(|(party, shares)| (Holder::Party(party), Quantity::whole(shares)));
        assert_eq!(holdings.collect::<Vec<_>>(), wanted);
    }
}

#[test]
fn a_settlement_that_the_ledger_made_by_itself_is_proved_too() {
    let mut market = Market::funded(1, 0, 5_000);
    market.must(Actor::Seller, vec![Market::side("S1", Deliver, 40, "2000")]);
    market.must(Actor::Buyer, vec![Market::side("B1", Receive, 40, "2000")]);
    assert_eq!(market.tick(), 0, "there are no shares yet");
    let issue = v1::IssueStock {
        class: CLASS.to_string(),
        account: AccountId(0).to_string(),
        quantity: "40".into(),
        consideration: "10".into(),
        currency: "EUR".into(),
        ..Default::default()
    };
    market.must(Actor::Registrar, vec![Command::IssueStock(issue)]);
    assert_eq!(market.tick(), 1);
    for instructions in [true, false] {
        let report = judge(&Chronicle::of(&market).bundle(instructions)).unwrap();
        assert_eq!(report.settlements.against_payment, 1);
    }
}

#[test]
fn without_a_trusted_key_nothing_is_proved() {
    let bytes = Chronicle::of(&traded()).bundle(true).encode();
    let fault = verify(&bytes, &[]).unwrap_err();
    assert_eq!((fault.code, fault.place), (FaultCode::Checkpoint, Place::Checkpoint));
}

/// The smallest bundle in which a settlement stands.
fn small() -> Vec<u8> {
    let mut market = Market::funded(1, 40, 2_000);
    market.must(Actor::Seller, vec![Market::side("S1", Deliver, 40, "2000")]);
    market.must(Actor::Buyer, vec![Market::side("B1", Receive, 40, "2000")]);
    Chronicle::of(&market).bundle(true).encode()
}

#[test]
fn no_byte_can_be_changed() {
    let bytes = small();
    verify(&bytes, &trusted()).unwrap();
    let halves = [0..bytes.len() / 2, bytes.len() / 2..bytes.len()];
    let misnamed = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for half in halves {
            scope.spawn(|| {
                let (mut changed, trusted) = (bytes.clone(), trusted());
                for at in half {
                    changed[at] ^= 1 << (at % 8);
                    let fault = verify(&changed, &trusted).expect_err("a changed byte");
                    if !fault.bytes.contains(&at) {
                        misnamed.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    }
                    changed[at] = bytes[at];
                }
            });
        }
    });
    // The place named is the one changed, but for the number of subjects, which shows in a chain, and
    // the ordinals by which a record stands in a chain or falls out of it.
    assert!(misnamed.into_inner() <= 12);
}

#[test]
fn nothing_can_be_cut_or_added() {
    let bytes = small();
    let trusted = trusted();
    for length in (0..bytes.len()).step_by(7) {
        let fault = verify(&bytes[..length], &trusted).unwrap_err();
        assert_eq!(fault.code, FaultCode::Malformed, "{length}");
    }
    let fault = verify(&[&bytes[..], &[0]].concat(), &trusted).unwrap_err();
    assert_eq!(fault.code, FaultCode::Malformed);
}

#[test]
fn no_record_can_be_left_out_or_swapped() {
    let bundle = Chronicle::of(&traded()).bundle(true);
    for at in 0..bundle.records.len() {
        let mut without = bundle.clone();
        without.records.remove(at);
        let fault = refused(&without);
        let named = match fault.code {
            FaultCode::Chain => matches!(fault.place, Place::Record { part: Part::Leaf, .. }),
            FaultCode::Head => matches!(fault.place, Place::Chain(_)),
            _ => false,
        };
        assert!(named, "{at}: {fault}");
        if at > 0 {
            let mut swapped = bundle.clone();
            swapped.records.swap(at - 1, at);
            assert_eq!(refused(&swapped).code, FaultCode::Order);
        }
    }
}

#[test]
fn no_chain_can_be_left_out() {
    let bundle = Chronicle::of(&traded()).bundle(true);
    for at in 0..bundle.chains.len() {
        let mut without = bundle.clone();
        let ordinal = without.chains.remove(at).ordinal;
        without.records.retain(|shown| {
            let record = Record::decode(&shown.leaf).unwrap();
            record.subjects.as_slice().iter().any(|link| link.ordinal != ordinal)
        });
        assert!(judge(&without).is_err(), "chain {ordinal}");
    }
}

#[test]
fn a_replaced_signature_is_named() {
    let mut bundle = Chronicle::of(&traded()).bundle(true);
    let other = bundle.submissions[1].signature;
    bundle.submissions[0].signature = other;
    let fault = refused(&bundle);
    assert_eq!((fault.code, fault.place), (FaultCode::Signature, Place::Submission(0)));
}

#[test]
fn what_must_be_open_cannot_be_closed() {
    let bundle = Chronicle::of(&traded()).bundle(true);
    for (at, record) in bundle.records.iter().enumerate() {
        for section in Section::ALL {
            let mut closed = bundle.clone();
            if closed.records[at].sections[section.place()].take().is_none() {
                continue;
            }
            match judge(&closed) {
                Err(fault) => assert!(
                    [FaultCode::SectionMissing, FaultCode::CashUnequal, FaultCode::CommandMissing]
                        .contains(&fault.code),
                    "{fault}"
                ),
                // Both legs stand without the identities, which is what a reader may be refused.
                Ok(_) => assert_eq!(section, Section::Identities),
            }
        }
        assert!(record.signed.is_some() || record.sections.iter().all(Option::is_none));
    }
}

/// Keys of a participant whose signature the issuer's register never needed.
#[test]
fn keys_of_others_are_no_concern() {
    let mut market = traded();
    let other = PrivateKey::from_seed([79; 32]);
    let (participant, key) =
        (Actor::Bank.party().to_string(), Bytes::from(other.public().0.to_vec()));
    let add = v1::AddKey { participant: participant.clone(), key: key.clone() };
    market.must(Actor::Bank, vec![Command::AddKey(add)]);
    let revoke = v1::RevokeKey { participant, key };
    market.must(Actor::Operator, vec![Command::RevokeKey(revoke)]);
    let bundle = Chronicle::of(&market).bundle(true);
    let bank = market.machine.ledger().participant(Actor::Bank.party()).unwrap().ordinal;
    assert!(bundle.chains.iter().all(|chain| chain.ordinal != bank));
    judge(&bundle).unwrap();
}

/// Refusals, cancellations, groups, replays and strangers leave a history that is proved as well.
#[test]
fn a_day_with_everything_in_it_is_proved() {
    let mut market = Market::funded(1, 100, 5_000);
    let cancel = |reference: &str| {
        let reference = reference.to_owned();
        Command::CancelInstruction(v1::CancelInstruction { reference })
    };
    market.must(Actor::Seller, vec![Market::side("S1", Deliver, 400, "2000")]);
    market.must(Actor::Buyer, vec![Market::side("B1", Receive, 400, "2000")]);
    market.tick();
    assert_eq!(market.one(Actor::Seller, Market::side("S1", Deliver, 1, "1")), "REFERENCE_USED");
    market.must(Actor::Seller, vec![cancel("S1")]);
    market.must(Actor::Buyer, vec![cancel("B1")]);
    market.must(Actor::Buyer, vec![Market::side("B2", Receive, 5, "10"), cancel("B2")]);
    let group = vec![Market::side("S3", Deliver, 5, "10"), cancel("none")];
    let group = market.sign(Actor::Seller, Mode::Atomic, group);
    assert_eq!(market.submit(group.clone()), ["GROUP_REFUSED", "INSTRUCTION_UNKNOWN"]);
    assert_eq!(market.submit(group.clone()), Vec::<&str>::new(), "a replay makes no record");
    let mut stranger = group;
    stranger.signature = vec![0; 64].into();
    assert_eq!(market.submit(stranger), ["SIGNATURE_INVALID"; 2]);
    let bulk = |way, letter: &str| {
        let side = |at: u64| Market::side(&format!("{letter}{at}"), way, 1, "7.5");
        (10..20).map(side).collect::<Vec<_>>()
    };
    market.must(Actor::Seller, bulk(Deliver, "S"));
    market.must(Actor::Buyer, bulk(Receive, "B"));
    for instructions in [true, false] {
        let report = judge(&Chronicle::of(&market).bundle(instructions)).unwrap();
        assert_eq!(report.settlements.against_payment, 10);
        let held = &report.register.classes[0].holdings;
        let held = held.iter().map(|held| held.quantity).collect::<Vec<_>>();
        assert_eq!(held, [Quantity::whole(90), Quantity::whole(10)]);
    }
}

/// A register that came from a file, and a holder who turned out to be a party.
#[test]
fn an_imported_register_is_proved() {
    let mut market = Market::open(1);
    let draft = IssuerId(1);
    let register = Command::RegisterIssuer(v1::RegisterIssuer {
        party: client(1).to_string(),
        registrar: Actor::Registrar.party().to_string(),
        formed: "2020-01-01".into(),
        authorized: "2000".into(),
        source_id: "company".into(),
        draft: true,
    });
    market.must(Actor::Operator, vec![register]);
    let class = json!({
        "object_type": "STOCK_CLASS", "id": "ordinary", "name": "Ordinary", "class_type": "COMMON",
        "initial_shares_authorized": "2000",
    });
    let certificate = |id: &str, holder: &str, quantity: &str, date: &str| {
        json!({
            "object_type": "TX_STOCK_ISSUANCE", "id": format!("issue {id}"), "date": date,
            "security_id": id, "custom_id": format!("CS-{id}"), "stakeholder_id": holder,
            "stock_class_id": "ordinary", "quantity": quantity,
            "share_price": { "amount": "0.01", "currency": "EUR" },
        })
    };
    let transfer = json!({
        "object_type": "TX_STOCK_TRANSFER", "id": "sell", "date": "2021-05-01", "security_id": "1",
        "quantity": "100", "resulting_security_ids": ["2"], "balance_security_id": "3",
    });
    let cancellation = json!({
        "object_type": "TX_STOCK_CANCELLATION", "id": "cancel", "date": "2022-01-01",
        "security_id": "3", "quantity": "50", "balance_security_id": "4",
    });
    let split = |date: &str| {
        json!({
            "object_type": "TX_STOCK_CLASS_SPLIT", "id": format!("split {date}"), "date": date,
            "stock_class_id": "ordinary", "split_ratio": { "numerator": "3", "denominator": "2" },
        })
    };
    let holder = |id: &str| json!({ "object_type": "STAKEHOLDER", "id": id });
    let items = [
        vec![class],
        vec![holder("founder")],
        vec![holder("friend")],
        vec![certificate("1", "founder", "600", "2020-02-01")],
        vec![
            transfer,
            certificate("2", "friend", "100", "2021-05-01"),
            certificate("3", "founder", "500", "2021-05-01"),
        ],
        vec![cancellation, certificate("4", "founder", "450", "2022-01-01")],
        vec![split("2023-01-01")],
    ];
    let item = |item| v1::ImportItem { objects: objects(item), waived: vec![] };
    let items = items.map(item).to_vec();
    let import = v1::ImportRegister { issuer: draft.to_string(), items };
    market.must(Actor::Registrar, vec![Command::ImportRegister(import)]);
    let activate = Command::ActivateRegister(v1::ActivateRegister {
        issuer: draft.to_string(),
        package: vec![7; 32].into(),
        findings: "0".into(),
        items: "7".into(),
        outstanding: "825".into(),
    });
    market.must(Actor::Registrar, vec![activate.clone()]);
    market.must(Actor::Operator, vec![activate]);
    let link = Command::LinkStakeholder(v1::LinkStakeholder {
        stakeholder: StakeholderId(0).to_string(),
        party: Actor::Seller.party().to_string(),
        operator: Actor::Seller.party().to_string(),
    });
    market.must(Actor::Registrar, vec![link.clone()]);
    market.must(Actor::Seller, vec![link]);
    let record = v1::RecordTransaction {
        issuer: draft.to_string(),
        objects: objects([split("2026-11-20")]),
    };
    market.must(Actor::Registrar, vec![Command::RecordTransaction(record)]);
    let report = judge(&Chronicle::of(&market).bundle_of(draft, true)).unwrap();
    let held = &report.register.classes[0].holdings;
    let held = held.iter().map(|held| (held.holder, held.quantity)).collect::<Vec<_>>();
    let wanted = [
        (Holder::Party(Actor::Seller.party()), Quantity::whole(1012)),
        (Holder::Stakeholder(StakeholderId(1)), Quantity::whole(225)),
    ];
    assert_eq!(held, wanted);
    assert_eq!(report.register.certificates_opened, 4);
}
