//! A market's story, told by the archive: every answer against what the machine did, and the same
//! answers after everything that can happen to an index.

use std::path::Path;

use counterfoil_engine::driver::View;
use counterfoil_engine::evidence::bundle::build::Disclosure;
use counterfoil_engine::evidence::tree::{verify_consistency, verify_inclusion};
use counterfoil_engine::replica::Position;
use counterfoil_engine::submission::Submission;
use counterfoil_engine::wire::v1::{self, Movement, command::Command};
use counterfoil_registry::handle::{AccountId, ClassId, IssuerId};
use counterfoil_tests::archive::MemoryArchive;
use counterfoil_tests::{Actor, CLASS, ISSUER, ISSUER_PARTY, Market};

use super::page::Page;
use super::records::Moment;
use super::register::{AsOf, EventCursor, RecordedEvent};
use super::*;

mod answers;
mod damage;
mod signing;

const SOON: Duration = Duration::from_secs(20);
/// The second issuer of the story: the same party with another register.
const OTHER: IssuerId = IssuerId(1);

/// A day in which everything happens that leaves a trace.
fn story() -> Market {
    use Movement::{Deliver, Receive};
    let mut market = Market::funded(1, 100, 5_000);
    // At once.
    market.must(Actor::Seller, vec![Market::side("S1", Deliver, 40, "2000")]);
    market.must(Actor::Buyer, vec![Market::side("B1", Receive, 40, "2000")]);
    // After the money has come.
    market.must(Actor::Seller, vec![Market::side("S2", Deliver, 10, "9000")]);
    market.must(Actor::Buyer, vec![Market::side("B2", Receive, 10, "9000")]);
    market.clock = market.clock.plus_ms(60_000);
    let credit = market.credit(1, "7000");
    market.must(Actor::Bank, vec![credit]);
    assert_eq!(market.tick(), 1);
    // Never: one side alone, then both together.
    market.must(Actor::Seller, vec![Market::side("S3", Deliver, 5, "1")]);
    market.must(Actor::Seller, vec![cancel("S3")]);
    market.must(Actor::Seller, vec![Market::side("S4", Deliver, 50, "99999")]);
    market.must(Actor::Buyer, vec![Market::side("B4", Receive, 50, "99999")]);
    market.must(Actor::Buyer, vec![cancel("B4")]);
    market.must(Actor::Seller, vec![cancel("S4")]);
    // Still open.
    market.must(Actor::Buyer, vec![Market::side("B5", Receive, 3, "30")]);
    // Refused, and sent again.
    assert_eq!(market.one(Actor::Seller, cancel("S9")), "INSTRUCTION_UNKNOWN");
    let twice = market.sign(
        Actor::Registrar,
        counterfoil_engine::submission::Mode::Independent,
        vec![issue(CLASS, 1, "7", "2026-01-05"), issue(CLASS, 0, "2", "")],
    );
    assert_eq!(market.submit(twice.clone()), ["OK", "OK"]);
    assert_eq!(market.submit(twice).len(), 0);
    // The next day, with another register.
    market.clock = market.clock.plus_ms(86_400_000);
    market.must(
        Actor::Operator,
        vec![Command::RegisterIssuer(v1::RegisterIssuer {
            party: ISSUER_PARTY.to_string(),
            registrar: Actor::Registrar.party().to_string(),
            formed: "2024-02-29".to_owned(),
            authorized: "UNLIMITED".to_owned(),
            ..v1::RegisterIssuer::default()
        })],
    );
    let class = Command::RegisterStockClass(v1::RegisterStockClass {
        issuer: OTHER.to_string(),
        kind: v1::ClassKind::Common.into(),
        name: "Ordinary".to_owned(),
        authorized: "500".to_owned(),
        decimals: "0".to_owned(),
        ..v1::RegisterStockClass::default()
    });
    market.must(Actor::Registrar, vec![class]);
    market.must(Actor::Registrar, vec![issue(ClassId(1), 0, "400", "")]);
    market.tick();
    market
}

fn cancel(reference: &str) -> Command {
    Command::CancelInstruction(v1::CancelInstruction { reference: reference.to_owned() })
}

fn issue(class: ClassId, account: u32, quantity: &str, date: &str) -> Command {
    Command::IssueStock(v1::IssueStock {
        class: class.to_string(),
        account: AccountId(account).to_string(),
        quantity: quantity.to_owned(),
        date: date.to_owned(),
        ..v1::IssueStock::default()
    })
}

/// The read side of a market in a folder, over an archive.
fn open(folder: &Path, market: &Market, archive: &MemoryArchive) -> Result<History, HistoryError> {
    History::open(Setup {
        folder: folder.to_owned(),
        genesis: market.genesis.clone(),
        secret: market.secret.clone(),
        blocks: Arc::new(archive.clone()),
        checkpoint_key: PrivateKey::from_seed([200; 32]),
    })
}

/// The same, when it knows everything that is in the archive.
fn complete(folder: &Path, market: &Market, archive: &MemoryArchive) -> History {
    let history = open(folder, market, archive).unwrap();
    history.wait_height(Blocks::height(archive), SOON).unwrap();
    history
}

fn view(market: &Market) -> Arc<LedgerView> {
    let applied = Position { index: market.machine.height(), term: 1 };
    Arc::new(View { machine: market.machine.clone(), applied })
}

/// All events of an issuer, page by page.
fn all_events(history: &History, issuer: IssuerId, known_at: Moment) -> Vec<RecordedEvent> {
    let mut all: Vec<RecordedEvent> = Vec::new();
    loop {
        let after = all.last().map(|event| event.cursor);
        let page = Page::First { count: 2, after };
        let Some(slice) = history.events(issuer, known_at, page).unwrap() else { return all };
        all.extend(slice.items);
        if !slice.more {
            return all;
        }
    }
}

/// Everything that can be asked, with each proof verified.
fn everything(history: &History, market: &Market) -> Vec<String> {
    let mut told = Vec::new();
    let (size, root) = (market.machine.tree_size(), market.machine.tree_root());
    for issuer in [ISSUER, OTHER, IssuerId(2)] {
        for height in 0..=market.machine.height() {
            let as_of = Some(AsOf::Height(height));
            told.push(format!("{:?}", history.cap_table(issuer, as_of, Moment::Now).unwrap()));
        }
        told.push(format!("{:?}", all_events(history, issuer, Moment::Now)));
        let bundle = history.bundle(&view(market), issuer, Disclosure { instructions: true });
        told.push(format!("{:?}", bundle.unwrap()));
    }
    for (id, _) in market.machine.ledger().instructions() {
        told.push(format!("{id} {:?}", history.instruction(id).unwrap()));
    }
    for sent in 0..40 {
        for participant in 0..5 {
            let participant = counterfoil_registry::handle::PartyId(participant);
            let found = history.submission(participant, &format!("S-{sent}")).unwrap();
            told.push(format!("{participant} {sent} {found:?}"));
        }
    }
    for index in 0..size {
        let record = history.record(index).unwrap();
        let proof = history.inclusion(index, None).unwrap().unwrap();
        assert_eq!((proof.size, proof.root), (size, root));
        assert!(verify_inclusion(index, size, proof.leaf, &proof.proof, root));
        if let Some(record) = &record {
            assert_eq!(record.hash(), proof.leaf);
        }
        told.push(format!("{index} {record:?}"));
        let grown = history.consistency(index + 1, None).unwrap().unwrap();
        assert!(verify_consistency(index + 1, size, grown.old_root, root, &grown.proof));
    }
    for ordinal in 0..market.machine.heads().len() {
        told.push(format!("{:?}", history.chain(ordinal, Page::First { count: 9, after: None })));
        told.push(format!("{:?}", history.chain(ordinal, Page::Last { count: 9, before: None })));
    }
    told
}
