//! Bundles of a ledger that forges its own history and signs it: each is found out by what stands in
//! the bundle itself.

use bytes::Bytes;
use counterfoil_engine::effects::{CashEffect, IdentityEffect, PartyEffect, decode_all};
use counterfoil_engine::evidence::bundle::build::{HistoryBlock, HistoryRecord};
use counterfoil_engine::evidence::heads::Head;
use counterfoil_engine::evidence::record::{Record, Subjects};
use counterfoil_engine::evidence::verify::{Fault, FaultCode, Part, Place};
use counterfoil_engine::hash::Hash;
use counterfoil_engine::key::PrivateKey;
use counterfoil_engine::submission::{Author, Mode, Submission};
use counterfoil_engine::wire::Encoding;
use counterfoil_engine::wire::v1::{self, Movement::*, command::Command};
use counterfoil_registry::amount::Quantity;
use counterfoil_registry::effect::Effect;
use counterfoil_registry::event::{Event, EventKind, decode_events};
use counterfoil_registry::handle::AccountId;
use counterfoil_tests::{Actor, CLASS, ISSUER, Market, objects};
use serde_json::{Value, json};

use crate::chronicle::Chronicle;
use crate::{judge, refused, traded};

/// Where the settlement against payment stands.
fn settlement(chronicle: &mut Chronicle) -> &mut HistoryRecord {
    let mut records = chronicle.blocks.iter_mut().flat_map(|(_, block)| &mut block.records);
    let settles = |record: &&mut HistoryRecord| {
        !record.sections[0].is_empty() && !record.sections[1].is_empty()
    };
    records.find(settles).expect("a settlement")
}

/// What a ledger that forges its own history is found out by.
pub(crate) fn forged(
    market: &Market,
    instructions: bool,
    forge: impl FnOnce(&mut Chronicle),
) -> Fault {
    let mut chronicle = Chronicle::of(market);
    forge(&mut chronicle);
    chronicle.rewrite();
    refused(&chronicle.bundle(instructions))
}

#[test]
fn a_missing_cash_leg_is_found_though_the_ledger_signs_it() {
    for instructions in [true, false] {
        let fault = forged(&traded(), instructions, |chronicle| {
            settlement(chronicle).sections[1].clear();
        });
        assert_eq!(fault.code, FaultCode::CashLeg, "{fault}");
        // Nor does it help to say that there was no price.
        let fault = forged(&traded(), instructions, |chronicle| {
            let record = settlement(chronicle);
            record.sections[1].clear();
            let mut event = decode_events(&record.sections[0]).unwrap().remove(0);
            event.consideration = None;
            record.sections[0].clear();
            event.encode(&mut record.sections[0]);
        });
        let wanted = if instructions { FaultCode::CashLeg } else { FaultCode::CommandMissing };
        assert_eq!(fault.code, wanted, "{fault}");
    }
}

#[test]
fn a_missing_share_leg_is_found_though_the_ledger_signs_it() {
    for instructions in [true, false] {
        let fault = forged(&traded(), instructions, |chronicle| {
            settlement(chronicle).sections[0].clear();
        });
        assert_eq!(fault.code, FaultCode::ShareLeg, "{fault}");
    }
}

#[test]
fn cash_that_differs_from_the_price_is_found() {
    type Change = fn(i128) -> i128;
    let more: Change = |amount| amount * 2;
    let vanishing: Change = |amount| if amount > 0 { amount - 1 } else { amount };
    for change in [more, vanishing] {
        let fault = forged(&traded(), false, |chronicle| {
            let cash = &mut settlement(chronicle).sections[1];
            let effects = decode_all(cash, CashEffect::decode).unwrap();
            cash.clear();
            for effect in effects {
                let CashEffect::Posted { line, asset, amount } = effect else {
                    panic!("{effect:?}")
                };
                CashEffect::Posted { line, asset, amount: change(amount) }.encode(cash);
            }
        });
        assert_eq!(fault.code, FaultCode::CashUnequal, "{fault}");
    }
}

#[test]
fn shares_out_of_nowhere_are_found() {
    let fault = forged(&traded(), false, |chronicle| {
        let register = &mut settlement(chronicle).sections[0];
        let mut event = decode_events(register).unwrap().remove(0);
        for effect in &mut event.effects {
            if let Effect::CertificateOpened(opened) = effect {
                opened.quantity = Quantity(opened.quantity.0 * 2);
            }
        }
        register.clear();
        event.encode(register);
    });
    assert_eq!(fault.code, FaultCode::SharesUnequal, "{fault}");
}

#[test]
fn a_settlement_between_other_accounts_is_found() {
    let fault = forged(&traded(), true, |chronicle| {
        let identities = &mut settlement(chronicle).sections[3];
        let effects = decode_all(identities, IdentityEffect::decode).unwrap();
        identities.clear();
        for mut effect in effects {
            if let IdentityEffect::PostingAccount { account, .. } = &mut effect {
                account.0 += 7;
            }
            effect.encode(identities);
        }
    });
    assert_eq!(fault.code, FaultCode::Disagrees, "{fault}");
}

/// A record of a transfer free of payment that the seller's key signed.
fn transfer(market: &Market, key: PrivateKey) -> HistoryBlock {
    let command = Command::TransferStock(v1::TransferStock {
        class: CLASS.to_string(),
        from: AccountId(0).to_string(),
        to: AccountId(1).to_string(),
        quantity: "10".into(),
        ..Default::default()
    });
    signed_for(market, Actor::Seller, key, command.clone(), command)
}

/// A record of what one command does, under an actor's signature of another one.
fn signed_for(
    market: &Market,
    actor: Actor,
    key: PrivateKey,
    signed: Command,
    done: Command,
) -> HistoryBlock {
    let ledger = market.genesis.ledger_id();
    let author = Author { ledger, participant: actor.party(), key, encoding: Encoding::Protobuf };
    let until = market.clock.plus_ms(60_000);
    let sent = author.sign("FORGED", until, Mode::Atomic, vec![([9; 16], signed)]);
    let submission = Submission::from_wire(sent).expect("well-formed");
    let mut market = market.clone();
    // The ledger itself says what such a command does, asked by a key in force.
    market.must(actor, vec![done]);
    let mut block = HistoryBlock::from(market.blocks.last().expect("it was executed"));
    let mut record = Record::decode(&block.records[0].leaf).expect("a record");
    (record.submission, record.command) = (submission.digest, submission.items[0].leaf);
    block.records[0].leaf = record.encode().bytes().to_vec();
    block.submission = submission.bytes;
    block
}

/// The receiver pays the deliverer's amount, within the tolerance of its band.
#[test]
fn a_price_beyond_the_tolerance_of_what_was_signed_is_found() {
    for (price, fits) in [("2002", true), ("2002.01", false), ("2025", false)] {
        let mut market = Market::funded(1, 100, 5_000);
        market.must(Actor::Seller, vec![Market::side("S1", Deliver, 40, price)]);
        let side = |amount| Market::side("B1", Receive, 40, amount);
        let key = Actor::Buyer.key();
        let block = signed_for(&market, Actor::Buyer, key, side("2000"), side(price));
        let mut chronicle = Chronicle::of(&market);
        chronicle.blocks.push((market.clock, block));
        chronicle.rewrite();
        let code = judge(&chronicle.bundle(true)).map(|_| ()).map_err(|fault| fault.code);
        let wanted = if fits { Ok(()) } else { Err(FaultCode::CashUnequal) };
        assert_eq!(code, wanted, "{price}");
    }
}

/// The seller has a second key; the first one can be revoked.
fn rekeyed() -> (Market, PrivateKey) {
    let mut market = traded();
    let second = PrivateKey::from_seed([77; 32]);
    let add = Command::AddKey(v1::AddKey {
        participant: Actor::Seller.party().to_string(),
        key: Bytes::from(second.public().0.to_vec()),
    });
    market.must(Actor::Seller, vec![add]);
    (market, second)
}

fn revoke(market: &mut Market, key: &PrivateKey) {
    let revoke = Command::RevokeKey(v1::RevokeKey {
        participant: Actor::Seller.party().to_string(),
        key: Bytes::from(key.public().0.to_vec()),
    });
    market.must(Actor::Operator, vec![revoke]);
}

#[test]
fn a_revoked_or_foreign_key_is_found_though_the_ledger_signs_it() {
    let (mut market, second) = rekeyed();
    let block = transfer(&market, second.clone());
    let mut chronicle = Chronicle::of(&market);
    chronicle.blocks.push((market.clock, block));
    chronicle.rewrite();
    judge(&chronicle.bundle(true)).expect("the second key is in force");

    revoke(&mut market, &second);
    for key in [second, PrivateKey::from_seed([78; 32])] {
        let block = transfer(&market, key);
        let fault = forged(&market, true, |chronicle| {
            chronicle.blocks.push((market.clock, block));
        });
        assert_eq!(fault.code, FaultCode::Key, "{fault}");
        assert!(matches!(fault.place, Place::Record { part: Part::Signed, .. }));
    }
}

/// A revocation that the ledger recorded cannot be withheld from the bundle of an issuer.
#[test]
fn a_withheld_revocation_shows() {
    let (mut market, second) = rekeyed();
    revoke(&mut market, &second);
    let chronicle = Chronicle::of(&market);
    let mut bundle = chronicle.bundle(true);
    let revokes = |bytes: &[u8]| {
        let effects = decode_all(bytes, PartyEffect::decode).unwrap();
        effects.iter().any(|effect| matches!(effect, PartyEffect::KeyRevoked { .. }))
    };
    let at = bundle
        .records
        .iter()
        .position(|record| record.sections[2].as_ref().is_some_and(|s| revokes(&s.bytes)))
        .expect("the revocation is in the bundle");
    let mut closed = bundle.clone();
    closed.records[at].sections[2] = None;
    assert_eq!(refused(&closed).code, FaultCode::SectionMissing);
    bundle.records.remove(at);
    assert!([FaultCode::Head, FaultCode::Chain].contains(&refused(&bundle).code));
}

#[test]
fn a_submission_cannot_serve_twice() {
    let (market, second) = rekeyed();
    let block = transfer(&market, second);
    let fault = forged(&market, true, |chronicle| {
        chronicle.blocks.push((market.clock, block.clone()));
        chronicle.blocks.push((market.clock, block));
    });
    assert_eq!(fault.code, FaultCode::Expired, "{fault}");
}

#[test]
fn an_expired_submission_is_found() {
    let (market, second) = rekeyed();
    let block = transfer(&market, second);
    let fault = forged(&market, true, |chronicle| {
        chronicle.blocks.push((market.clock.plus_ms(60_001), block));
    });
    assert_eq!(fault.code, FaultCode::Expired, "{fault}");
}

#[test]
fn a_command_that_nobody_signed_is_found() {
    let fault = forged(&traded(), true, |chronicle| {
        let record = settlement(chronicle);
        let mut leaf = Record::decode(&record.leaf).unwrap();
        leaf.command = Hash([5; 32]);
        record.leaf = leaf.encode().bytes().to_vec();
    });
    assert_eq!(fault.code, FaultCode::NotSigned, "{fault}");
}

/// A record that leaves out the signer's chain would hide from whoever checks that chain.
#[test]
fn a_record_outside_its_signers_chain_is_found() {
    let (market, second) = rekeyed();
    let mut block = transfer(&market, second);
    let mut record = Record::decode(&block.records[0].leaf).unwrap();
    let seller = market.machine.ledger().participant(Actor::Seller.party()).unwrap().ordinal;
    let mut subjects = Subjects::default();
    for link in record.subjects.as_slice().iter().filter(|link| link.ordinal != seller) {
        assert!(subjects.insert(link.ordinal, Head { count: 1, last: Hash([1; 32]) }));
    }
    record.subjects = subjects;
    block.records[0].leaf = record.encode().bytes().to_vec();
    let fault = forged(&market, true, |chronicle| {
        chronicle.blocks.push((market.clock, block));
    });
    assert_eq!(fault.code, FaultCode::Chain, "{fault}");
}

/// A market whose registrar recorded a grant, a SAFE that was sold in part, shares, and a split.
pub(crate) fn recorded() -> Market {
    let mut market = traded();
    let mut record = |told: Vec<Value>| {
        let (issuer, objects) = (ISSUER.to_string(), objects(told));
        let record = v1::RecordTransaction { issuer, objects };
        market.must(Actor::Registrar, vec![Command::RecordTransaction(record)]);
    };
    record(vec![json!({ "object_type": "STAKEHOLDER", "id": "fund" })]);
    record(vec![json!({
        "object_type": "STOCK_PLAN", "id": "plan", "plan_name": "Plan",
        "stock_class_ids": [CLASS.to_string()], "initial_shares_reserved": "500",
    })]);
    record(vec![json!({
        "object_type": "TX_EQUITY_COMPENSATION_ISSUANCE", "id": "issue grant",
        "date": "2026-11-20", "security_id": "grant", "custom_id": "grant",
        "stakeholder_id": "fund", "stock_plan_id": "plan", "compensation_type": "OPTION_NSO",
        "quantity": "60", "exercise_price": { "amount": "7", "currency": "EUR" },
    })]);
    let note = |id: &str, amount: &str| {
        json!({
            "object_type": "TX_CONVERTIBLE_ISSUANCE", "id": format!("issue {id}"),
            "date": "2026-11-20", "security_id": id, "custom_id": id, "stakeholder_id": "fund",
            "investment_amount": { "amount": amount, "currency": "EUR" },
        })
    };
    record(vec![note("safe", "1000")]);
    let sale = json!({
        "object_type": "TX_CONVERTIBLE_TRANSFER", "id": "sale", "date": "2026-11-20",
        "security_id": "safe", "amount": { "amount": "400", "currency": "EUR" },
        "resulting_security_ids": ["sold"], "balance_security_id": "kept",
    });
    record(vec![sale, note("sold", "400"), note("kept", "600")]);
    let stock = |id: &str, shares: &str| {
        json!({
            "object_type": "TX_STOCK_ISSUANCE", "id": format!("issue {id}"),
            "date": "2026-11-20", "security_id": id, "custom_id": id, "stakeholder_id": "fund",
            "stock_class_id": CLASS.to_string(), "quantity": shares,
            "share_price": { "amount": "2.5", "currency": "EUR" },
        })
    };
    record(vec![stock("one", "100")]);
    let transfer = json!({
        "object_type": "TX_STOCK_TRANSFER", "id": "transfer", "date": "2026-11-20",
        "security_id": "one", "quantity": "30", "resulting_security_ids": ["two"],
        "balance_security_id": "three",
    });
    record(vec![transfer, stock("two", "30"), stock("three", "70")]);
    // A plan that grants of another class too, and warrants of both.
    record(vec![json!({
        "object_type": "STOCK_CLASS", "id": "preferred", "name": "Preferred",
        "class_type": "PREFERRED", "initial_shares_authorized": "UNLIMITED",
    })]);
    record(vec![json!({
        "object_type": "STOCK_PLAN", "id": "both", "plan_name": "Both",
        "stock_class_ids": [CLASS.to_string(), "preferred"], "initial_shares_reserved": "500",
    })]);
    let granted = |id: &str, class: &str| {
        json!({
            "object_type": "TX_EQUITY_COMPENSATION_ISSUANCE", "id": format!("issue {id}"),
            "date": "2026-11-20", "security_id": id, "custom_id": id, "stakeholder_id": "fund",
            "stock_plan_id": "both", "stock_class_id": class, "compensation_type": "OPTION_NSO",
            "quantity": "50", "exercise_price": { "amount": "7", "currency": "EUR" },
        })
    };
    record(vec![granted("of common", &CLASS.to_string())]);
    record(vec![granted("of preferred", "preferred")]);
    let mut restricted = stock("restricted", "20");
    restricted["stock_plan_id"] = "both".into();
    record(vec![restricted]);
    let warrant = |id: &str, class: &str| {
        let right =
            json!({ "type": "WARRANT_CONVERSION_RIGHT", "converts_to_stock_class_id": class });
        json!({
            "object_type": "TX_WARRANT_ISSUANCE", "id": format!("issue {id}"),
            "date": "2026-11-20", "security_id": id, "custom_id": id, "stakeholder_id": "fund",
            "quantity": "10", "exercise_triggers": [{ "conversion_right": right }],
        })
    };
    record(vec![warrant("w", &CLASS.to_string())]);
    record(vec![warrant("x", "preferred")]);
    record(vec![json!({
        "object_type": "TX_STOCK_CLASS_SPLIT", "id": "split", "date": "2026-11-20",
        "stock_class_id": CLASS.to_string(),
        "split_ratio": { "numerator": "3", "denominator": "1" },
    })]);
    market
}

/// Whether an effect was one to change.
type Change = fn(&mut Effect) -> bool;

/// Changes the first effect of an event of some kind that `change` takes.
fn forge_event(chronicle: &mut Chronicle, kind: EventKind, change: Change) {
    forge_whole(chronicle, kind, |event| event.effects.iter_mut().any(change));
}

/// Changes the first event of some kind that `change` takes.
pub(crate) fn forge_whole(
    chronicle: &mut Chronicle,
    kind: EventKind,
    mut change: impl FnMut(&mut Event) -> bool,
) {
    for record in chronicle.blocks.iter_mut().flat_map(|(_, block)| &mut block.records) {
        let mut events = decode_events(&record.sections[0]).expect("the ledger wrote it");
        if events.iter_mut().filter(|event| event.kind == kind).any(&mut change) {
            record.sections[0].clear();
            events.iter().for_each(|event| event.encode(&mut record.sections[0]));
            return;
        }
    }
    panic!("no event to forge");
}

#[test]
fn what_is_recorded_is_proved_and_more_of_it_is_found() {
    let market = recorded();
    judge(&Chronicle::of(&market).bundle(true)).unwrap();
    let splits_more = |effect: &mut Effect| match effect {
        Effect::CertificateScaled { after, .. } => {
            *after = Quantity(after.0 * 2);
            true
        }
        _ => false,
    };
    let sells_more = |effect: &mut Effect| match effect {
        Effect::SecurityOpened(opened) => {
            opened.quantity = Some(Quantity::whole(900));
            true
        }
        _ => false,
    };
    let forgets_one = |effect: &mut Effect| match effect {
        Effect::CertificateScaled { certificate, .. } => {
            let certificate = *certificate;
            *effect = Effect::CertificateAccepted { certificate };
            true
        }
        _ => false,
    };
    let cases: [(EventKind, Change); 3] = [
        (EventKind::Split, splits_more),
        (EventKind::Split, forgets_one),
        (EventKind::Transfer, sells_more),
    ];
    for (kind, change) in cases {
        let fault = forged(&market, true, |chronicle| forge_event(chronicle, kind, change));
        assert_eq!(fault.code, FaultCode::SharesUnequal, "{fault}");
    }
    let documents_nothing = |effect: &mut Effect| match effect {
        Effect::Documented { objects, .. } => {
            objects.pop();
            true
        }
        _ => false,
    };
    let fault = forged(&market, true, |chronicle| {
        forge_event(chronicle, EventKind::Split, documents_nothing);
    });
    assert_eq!(fault.code, FaultCode::Disagrees, "{fault}");
}
