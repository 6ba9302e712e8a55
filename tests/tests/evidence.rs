//! The evidence bundle of an issuer: what it proves, and that nothing can be changed, left out or
//! forged in it, not even by the ledger that signs it.

#[path = "evidence/chronicle.rs"]
mod chronicle;

use bytes::Bytes;
use chronicle::{Chronicle, trusted};
use counterfoil_engine::effects::{CashEffect, IdentityEffect, PartyEffect, decode_all};
use counterfoil_engine::evidence::bundle::Bundle;
use counterfoil_engine::evidence::bundle::build::{HistoryBlock, HistoryRecord};
use counterfoil_engine::evidence::heads::Head;
use counterfoil_engine::evidence::record::{Record, Section, Subjects};
use counterfoil_engine::evidence::verify::{Fault, FaultCode, Part, Place, Report, verify};
use counterfoil_engine::hash::Hash;
use counterfoil_engine::key::PrivateKey;
use counterfoil_engine::submission::{Author, Mode, Submission};
use counterfoil_engine::wire::Encoding;
use counterfoil_engine::wire::v1::{self, Movement::*, command::Command};
use counterfoil_registry::amount::Quantity;
use counterfoil_registry::event::decode_events;
use counterfoil_registry::handle::Holder;
use counterfoil_tests::{Actor, CLASS, ISSUER, Market, client};

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
        account: counterfoil_registry::handle::AccountId(0).to_string(),
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
    std::thread::scope(|scope| {
        for half in halves {
            scope.spawn(|| {
                let (mut changed, trusted) = (bytes.clone(), trusted());
                for at in half {
                    changed[at] ^= 1 << (at % 8);
                    let fault = verify(&changed, &trusted).expect_err("a changed byte");
                    let (near, all) = (fault.bytes.clone(), 0..bytes.len() + 1);
                    assert!(all.contains(&near.start) && near.start <= near.end, "{at}: {fault}");
                    changed[at] = bytes[at];
                }
            });
        }
    });
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

/// Where the settlement against payment stands.
fn settlement(chronicle: &mut Chronicle) -> &mut HistoryRecord {
    let records = chronicle.blocks.iter_mut().flat_map(|(_, block)| &mut block.records);
    let settles = |record: &&mut HistoryRecord| {
        !record.sections[0].is_empty() && !record.sections[1].is_empty()
    };
    records.filter(settles).next().expect("a settlement")
}

/// What a ledger that forges its own history is found out by.
fn forged(market: &Market, instructions: bool, forge: impl FnOnce(&mut Chronicle)) -> Fault {
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
            if let counterfoil_registry::effect::Effect::CertificateOpened(opened) = effect {
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
        from: counterfoil_registry::handle::AccountId(0).to_string(),
        to: counterfoil_registry::handle::AccountId(1).to_string(),
        quantity: "10".into(),
        ..Default::default()
    });
    let (ledger, participant) = (market.genesis.ledger_id(), Actor::Seller.party());
    let author = Author { ledger, participant, key, encoding: Encoding::Protobuf };
    let until = market.clock.plus_ms(60_000);
    let sent = author.sign("FORGED", until, Mode::Atomic, vec![([9; 16], command)]);
    let submission = Submission::from_wire(sent).unwrap();
    let mut market = market.clone();
    // The ledger itself says what such a transfer does, asked by a key in force.
    let block = {
        let command = wire_command(&submission);
        market.must(Actor::Seller, vec![command]);
        market.blocks.last().expect("it was executed").clone()
    };
    let mut block = HistoryBlock::from(&block);
    let mut record = Record::decode(&block.records[0].leaf).unwrap();
    (record.submission, record.command) = (submission.digest, submission.items[0].leaf);
    block.records[0].leaf = record.encode().bytes().to_vec();
    block.submission = submission.bytes;
    block
}

fn wire_command(submission: &Submission) -> Command {
    let bytes = &submission.items[0].bytes;
    let message = counterfoil_engine::wire::decode_command(bytes, Encoding::Protobuf).unwrap();
    message.command.unwrap()
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
