//! Reader by reader, what is seen of one market.

use bytes::Bytes;
use counterfoil_engine::wire::v1::{Movement, command::Command};
use counterfoil_registry::handle::StakeholderId;
use counterfoil_tests::{Actor, CLASS, EURO, ISSUER, ISSUER_PARTY, Market, client};

use super::*;

const REGULATOR: PartyId = PartyId(8);
const AUDITOR: PartyId = PartyId(9);
const OTHER_BROKER: PartyId = PartyId(10);
/// A party that is no participant.
const STRANGER: PartyId = PartyId(11);

/// A market with a regulator, an auditor and a broker who has no part in anything; the client of the
/// seller and the issuer are participants themselves.
fn market() -> Market {
    let mut market = Market::funded(1, 100, 5_000);
    let party = |at: u8| {
        let details = Bytes::from(vec![at; 32]);
        Command::RegisterParty(v1::RegisterParty { kind: 1, details })
    };
    market.must(Actor::Operator, (8..12).map(party).collect());
    let admissions = [
        (REGULATOR, v1::Role::Regulator),
        (AUDITOR, v1::Role::Auditor),
        (OTHER_BROKER, v1::Role::Broker),
        (client(0), v1::Role::Investor),
        (ISSUER_PARTY, v1::Role::Investor),
    ];
    let admissions = admissions.map(|(party, role)| {
        let key = counterfoil_engine::key::PrivateKey::from_seed([party.0 as u8 + 100; 32]);
        Command::AdmitParticipant(v1::AdmitParticipant {
            party: party.to_string(),
            roles: vec![role.into()],
            keys: vec![Bytes::from(key.public().0.to_vec())],
        })
    });
    market.must(Actor::Operator, admissions.to_vec());
    let line = v1::RegisterStakeholder { issuer: ISSUER.to_string(), source_id: "s-1".to_owned() };
    market.must(Actor::Registrar, vec![Command::RegisterStakeholder(line)]);
    // Settled, waiting for its match, and ended alone.
    market.must(Actor::Seller, vec![Market::side("S1", Movement::Deliver, 40, "2000")]);
    market.must(Actor::Buyer, vec![Market::side("B1", Movement::Receive, 40, "2000")]);
    market.must(Actor::Seller, vec![Market::side("S2", Movement::Deliver, 5, "10")]);
    market.must(Actor::Seller, vec![Market::side("S3", Movement::Deliver, 6, "10")]);
    let cancel = v1::CancelInstruction { reference: "S3".to_owned() };
    market.must(Actor::Seller, vec![Command::CancelInstruction(cancel)]);
    market
}

/// Who asks, in the columns of the tables.
fn readers() -> [(char, Reader); 12] {
    let participant = Reader::Participant;
    [
        ('O', participant(Actor::Operator.party())),
        ('R', participant(REGULATOR)),
        ('K', participant(Actor::Registrar.party())),
        ('I', participant(ISSUER_PARTY)),
        ('B', participant(Actor::Bank.party())),
        ('s', participant(Actor::Seller.party())),
        ('h', participant(client(0))),
        ('b', participant(Actor::Buyer.party())),
        ('o', participant(OTHER_BROKER)),
        ('A', participant(AUDITOR)),
        ('x', participant(STRANGER)),
        ('-', Reader::Anonymous),
    ]
}

/// The letters of those who see it.
fn seen(market: &Market, sees: impl Fn(&Sight<'_>) -> bool) -> String {
    let ledger = market.machine.ledger();
    let see = readers().into_iter().filter(|(_, reader)| sees(&Sight::new(ledger, *reader)));
    see.map(|(letter, _)| letter).collect()
}

#[test]
fn each_thing_is_seen_by_those_whom_it_concerns() {
    let market = market();
    let (seller, buyer) = (AccountId(0), AccountId(1));
    let stakeholder = Holder::Stakeholder(StakeholderId(0));
    let party = |party| Holder::Party(party);
    type Sees<'a> = &'a dyn Fn(&Sight<'_>) -> bool;
    let table: &[(&str, &str, Sees<'_>)] = &[
        ("everything", "OR", &|sight| sight.everything()),
        ("participants, assets, classes", "ORKIBshboA", &|sight| sight.participant()),
        ("the register", "ORKI", &|sight| sight.register(ISSUER)),
        ("a register that is not there", "", &|sight| sight.register(IssuerId(9))),
        ("the seller's account", "ORsh", &|sight| sight.account(seller)),
        ("the buyer's account", "ORb", &|sight| sight.account(buyer)),
        ("an account that is not there", "", &|sight| sight.account(AccountId(99))),
        ("a stakeholder's account", "ORK", &|sight| sight.account(AccountId(2))),
        ("the seller's certificate", "ORKIsh", &|sight| sight.certificate(CLASS, seller)),
        ("the buyer's certificate", "ORKIb", &|sight| sight.certificate(CLASS, buyer)),
        ("the seller's cash", "ORBsh", &|sight| sight.cash_account(CashAccountId(0))),
        ("the buyer's cash", "ORBb", &|sight| sight.cash_account(CashAccountId(1))),
        ("S1, settled with B1", "ORshb", &|sight| sight.instruction(InstructionId(0))),
        ("B1, settled with S1", "ORshb", &|sight| sight.instruction(InstructionId(1))),
        ("S2, addressed to the buyer", "ORshb", &|sight| sight.instruction(InstructionId(2))),
        ("S3, cancelled alone", "ORsh", &|sight| sight.instruction(InstructionId(3))),
        ("one that is not there", "", &|sight| sight.instruction(InstructionId(9))),
        ("the name of the buyer", "ORb", &|sight| sight.name(party(client(1)), None)),
        ("and within the register", "ORKIb", &|sight| sight.name(party(client(1)), Some(ISSUER))),
        ("the name of a broker", "ORKIBshboA", &|sight| {
            sight.name(party(Actor::Seller.party()), None)
        }),
        ("the name of a stakeholder", "ORKI", &|sight| sight.name(stakeholder, None)),
        ("all of the buyer's client", "ORKIb", &|sight| sight.personal(party(client(1)))),
        ("all of the seller's client", "ORKIsh", &|sight| sight.personal(party(client(0)))),
        ("all of a broker", "ORs", &|sight| sight.personal(party(Actor::Seller.party()))),
        ("all of one who holds nothing", "OR", &|sight| sight.personal(party(STRANGER))),
        ("all of a stakeholder", "ORKI", &|sight| sight.personal(stakeholder)),
        ("that the buyer is there", "ORb", &|sight| sight.party(client(1))),
        ("that the issuer is there", "ORKIBshboA", &|sight| sight.party(ISSUER_PARTY)),
        ("a party that is not there", "OR", &|sight| sight.party(PartyId(99))),
        ("what the seller sent", "ORs", &|sight| sight.submission(Actor::Seller.party())),
    ];
    assert_eq!(market.machine.ledger().asset(EURO).map(|asset| asset.bank), Some(PartyId(2)));
    for (what, who, sees) in table {
        assert_eq!(seen(&market, sees), *who, "{what}");
    }
}

#[test]
fn a_section_is_shown_whole_or_not_at_all() {
    let market = market();
    let of = |sees: &dyn Fn(&[Vec<u8>; 4]) -> bool| {
        let recorded = market.blocks.iter().flat_map(|block| &block.records);
        recorded.into_iter().find(|recorded| sees(&recorded.sections)).unwrap().clone()
    };
    let settled = of(&|sections| !sections[0].is_empty() && !sections[1].is_empty());
    let credited = of(&|sections| {
        sections[0].is_empty() && !sections[3].is_empty() && {
            let cash = decode_all(&sections[1], counterfoil_engine::effects::CashEffect::decode);
            cash.is_ok_and(|cash| cash.len() == 2)
        }
    });
    let issued = of(&|sections| {
        decode_events(&sections[0]).is_ok_and(|events| {
            events.iter().any(|event| matches!(event.effects[..], [Effect::CertificateOpened(_)]))
        })
    });
    let admitted = of(&|sections| !sections[2].is_empty());
    let table = [
        // Register, cash, parties, identities.
        ("settled", &settled, ["ORKI", "ORKIB", "ORKIBshboA", "OR"]),
        ("credited", &credited, ["OR", "ORBb", "ORKIBshboA", "ORBb"]),
        ("issued", &issued, ["ORKIsh", "ORKI", "ORKIBshboA", "OR"]),
        ("admitted", &admitted, ["OR", "OR", "ORKIBshboA", "OR"]),
    ];
    for (what, recorded, who) in table {
        for (section, who) in who.iter().enumerate() {
            let sections = recorded.sections.each_ref().map(Vec::as_slice);
            let sees = |sight: &Sight<'_>| sight.sections(&recorded.record, sections)[section];
            assert_eq!(seen(&market, sees), *who, "{what}, section {section}");
        }
    }
    let chain = seen(&market, |sight| sight.record(&settled.record));
    assert_eq!(chain, "ORKIsb", "both owners and the register");
}

/// The first signature of a command that two have to give names nobody yet.
#[test]
fn a_waiting_signature_is_seen_where_its_record_is() {
    let mut market = market();
    let link = v1::LinkStakeholder {
        stakeholder: StakeholderId(0).to_string(),
        party: client(1).to_string(),
        operator: Actor::Buyer.party().to_string(),
    };
    market.must(Actor::Registrar, vec![Command::LinkStakeholder(link.clone())]);
    let waiting = market.blocks.last().unwrap().records[0].clone();
    let sections = waiting.sections.each_ref().map(Vec::as_slice);
    let who = seen(&market, |sight| sight.sections(&waiting.record, sections)[3]);
    assert_eq!(who, "ORKI");
    market.must(Actor::Buyer, vec![Command::LinkStakeholder(link)]);
    assert_eq!(seen(&market, |sight| sight.account(AccountId(2))), "ORb");
}

#[test]
fn a_section_of_other_bytes_is_shown_to_nobody_new() {
    let market = market();
    let record = market.blocks[0].records[0].record;
    let garbage: [&[u8]; 4] = [&[9, 9], &[9], &[1], &[77, 1]];
    let sight = Sight::new(market.machine.ledger(), Reader::Participant(client(0)));
    assert_eq!(sight.sections(&record, garbage), [false, false, true, false]);
}
