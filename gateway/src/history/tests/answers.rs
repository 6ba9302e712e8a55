//! What the archive tells is what the machine did.

use counterfoil_engine::driver::store::Archive as _;
use counterfoil_engine::evidence::bundle::build::Disclosure;
use counterfoil_engine::evidence::verify::verify;
use counterfoil_engine::handle::InstructionId;
use counterfoil_engine::ledger::ReplayedAt;
use counterfoil_engine::machine::{Block, Machine, TICK};
use counterfoil_registry::captable::Definition;
use counterfoil_registry::captable::Fold;
use counterfoil_registry::date::Date;
use counterfoil_registry::event::{Event, decode_events};
use proptest::prelude::*;

use super::super::records::receipts;
use super::*;
use crate::history::instructions::Step;

/// What happened in the chain of an issuer, read without an index.
fn events_of(market: &Market, issuer: IssuerId, up_to: u64) -> Vec<(EventCursor, Event)> {
    let ordinal = market.machine.ledger().issuer_ordinal(issuer).unwrap();
    let mut events = Vec::new();
    for block in market.blocks.iter().filter(|block| block.header.height <= up_to) {
        for (index, recorded) in (block.first_record..).zip(&block.records) {
            if recorded.record.subjects.link(ordinal).is_some() {
                let of_record = decode_events(&recorded.sections[0]).unwrap();
                let place = |number| EventCursor { record: index, number };
                events.extend((0..).map(place).zip(of_record));
            }
        }
    }
    events
}

#[test]
fn a_register_at_any_height_is_the_fold_of_what_was_recorded_by_then() {
    let market = story();
    let folder = tempfile::tempdir().unwrap();
    let history = complete(folder.path(), &market, &MemoryArchive::of(&market.blocks));
    let days = ["2026-01-04", "2026-01-05", "2026-11-20", "2026-11-21"];
    // Not in order, so that folds go on from others and begin anew.
    let heights = (0..=market.machine.height()).map(|at| at * 7 % (market.machine.height() + 1));
    for height in heights {
        for issuer in [ISSUER, OTHER] {
            let events = events_of(&market, issuer, height);
            let naive = Fold::of(events.iter().map(|(_, event)| event)).unwrap();
            for day in days.map(|day| Date::parse(day).unwrap()) {
                let told = history
                    .cap_table(issuer, Some(AsOf::Date(day)), Moment::Height(height))
                    .unwrap();
                assert_eq!(told, naive.cap_table(issuer, day).unwrap(), "{height} {day}");
            }
            let known = history.register(issuer, Moment::Height(height)).unwrap();
            let certificates = known.iter().flat_map(|known| known.fold.certificates());
            assert!(certificates.eq(naive.certificates()));
        }
    }
}

#[test]
fn a_backdated_issue_was_not_known_before_it_was_recorded() {
    let market = story();
    let folder = tempfile::tempdir().unwrap();
    let history = complete(folder.path(), &market, &MemoryArchive::of(&market.blocks));
    let day = Some(AsOf::Date(Date::parse("2026-01-05").unwrap()));
    let outstanding = |as_of, known_at| {
        let table = history.cap_table(ISSUER, as_of, known_at).unwrap().unwrap();
        table.classes[0].outstanding.to_string()
    };
    let opening = Moment::Height(market.blocks.len() as u64 - 8);
    assert_eq!(outstanding(day, opening), "0");
    assert_eq!(outstanding(day, Moment::Now), "7");
    assert_eq!(outstanding(None, opening), "100");
    assert_eq!(outstanding(None, Moment::Now), "109");
    let opened = Moment::Date(Date::parse("2026-11-20").unwrap());
    assert_eq!(outstanding(None, opened), "109");
    assert_eq!(outstanding(Some(AsOf::Time(market.clock)), Moment::Now), "109");
    assert_eq!(history.cap_table(OTHER, None, opened).unwrap(), None);
    assert_eq!(history.cap_table(IssuerId(9), None, Moment::Now).unwrap(), None);
    let beyond = history.cap_table(ISSUER, Some(AsOf::Height(999)), Moment::Now).unwrap_err();
    assert_eq!((beyond.code(), beyond.retry()), ("INDEX_LAGGING", true));
}

#[test]
fn an_instruction_tells_its_life() {
    let market = story();
    let folder = tempfile::tempdir().unwrap();
    let history = complete(folder.path(), &market, &MemoryArchive::of(&market.blocks));
    let id = |owner: Actor, reference: &str| {
        let reference = counterfoil_engine::command::Reference::parse(reference).unwrap();
        market.machine.ledger().instruction_of(owner.party(), reference).unwrap()
    };
    let of = |name: &str| match name.as_bytes()[0] {
        b'S' => id(Actor::Seller, name),
        _ => id(Actor::Buyer, name),
    };
    let short = |id: InstructionId| {
        let name = |step| match step {
            Step::Accepted => "accepted".to_owned(),
            Step::Matched { with } => format!("matched {with}"),
            Step::Pending { with, reason } => format!("pending {with} {reason}"),
            Step::CancellationRequested { by } => format!("wish {by}"),
            Step::Settled { with } => format!("settled {with}"),
            Step::Cancelled => "cancelled".to_owned(),
        };
        let steps = history.instruction(id).unwrap();
        assert!(steps.windows(2).all(|pair| pair[0].record <= pair[1].record));
        steps.iter().map(|event| name(event.step)).collect::<Vec<_>>().join(", ")
    };
    let (s1, b1, s2, b2) = (of("S1"), of("B1"), of("S2"), of("B2"));
    let (s4, b4) = (of("S4"), of("B4"));
    for (id, life) in [
        (s1, format!("accepted, matched {b1}, settled {b1}")),
        (b1, format!("accepted, matched {s1}, settled {s1}")),
        (s2, format!("accepted, matched {b2}, pending {b2} 304, settled {b2}")),
        (b2, format!("accepted, matched {s2}, pending {s2} 304, settled {s2}")),
        (of("S3"), "accepted, cancelled".to_owned()),
        (s4, format!("accepted, matched {b4}, pending {b4} 304, wish {b4}, wish {s4}, cancelled")),
        (b4, format!("accepted, matched {s4}, pending {s4} 304, wish {b4}, wish {s4}, cancelled")),
        (of("B5"), "accepted".to_owned()),
        (InstructionId(77), String::new()),
    ] {
        assert_eq!(short(id), life, "{id}");
    }
}

#[test]
fn a_register_that_many_ask_for_is_folded_once() {
    let market = story();
    let folder = tempfile::tempdir().unwrap();
    let history = complete(folder.path(), &market, &MemoryArchive::of(&market.blocks));
    let together = std::sync::Barrier::new(8);
    let ask = || {
        together.wait();
        history.register(ISSUER, Moment::Now).unwrap().unwrap()
    };
    let registers: Vec<_> = std::thread::scope(|scope| {
        let asking: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
        asking.into_iter().map(|asking| asking.join().unwrap()).collect()
    });
    assert!(registers.iter().all(|register| Arc::ptr_eq(register, &registers[0])));
}

#[test]
fn receipts_and_records_are_those_of_the_machine() {
    let market = story();
    let folder = tempfile::tempdir().unwrap();
    let history = complete(folder.path(), &market, &MemoryArchive::of(&market.blocks));
    let mut submissions = 0;
    for block in &market.blocks {
        for (index, recorded) in (block.first_record..).zip(&block.records) {
            let told = history.record(index).unwrap().unwrap();
            assert_eq!((told.record, told.hash()), (recorded.record, recorded.hash));
            let receipt = told.receipt();
            assert_eq!(receipt.committed_at, block.header.time);
            let hidden = history.opened(&told, [false, true, false, true]);
            assert_eq!((&hidden[0], &hidden[2]), (&None, &None));
        }
        assert!(history.record(block.header.tree_size).unwrap().is_none(), "a header's place");
        let Ok(sent) = Submission::decode(block.submission.clone()) else { continue };
        let told = history.submission(sent.header.participant, &sent.header.id).unwrap().unwrap();
        assert_eq!(told.digest, sent.digest);
        if let Some(first) = block.replayed {
            let block = history.first_block(first).unwrap();
            assert_eq!(receipts(&block).unwrap(), told.receipts);
            let early = ReplayedAt { height: 10_000, ..first };
            assert_eq!(history.first_block(early).unwrap_err().code(), "INDEX_LAGGING");
            continue;
        }
        submissions += 1;
        let outcomes = block.records.iter().map(|recorded| recorded.record.outcome);
        assert!(told.receipts.iter().map(|receipt| receipt.outcome).eq(outcomes));
        assert_eq!(told.height, block.header.height);
    }
    assert!(submissions > 20);
    assert_eq!(history.submission(Actor::Seller.party(), "S-999").unwrap(), None);
    assert_eq!(history.record(market.machine.tree_size()).unwrap(), None);
    let closed = events_of(&market, ISSUER, u64::MAX).into_iter().flat_map(|(cursor, event)| {
        event.effects.into_iter().map(move |effect| (cursor.record, effect))
    });
    let mut seen = 0;
    for (record, effect) in closed {
        if let counterfoil_registry::effect::Effect::CertificateClosed { certificate, .. } = effect
        {
            assert_eq!(history.closed_by(certificate).unwrap(), Some(record));
            seen += 1;
        }
    }
    assert!(seen >= 2);
}

#[test]
fn a_submission_refused_at_admission_takes_nobodys_place() {
    let mut market = story();
    // Someone with a key of his own sends under the seller's name and the id of another submission.
    let command =
        counterfoil_engine::wire::v1::command::Command::CancelInstruction(v1::CancelInstruction {
            reference: "S1".to_owned(),
        });
    let stranger = counterfoil_engine::submission::Author {
        ledger: market.genesis.ledger_id(),
        participant: Actor::Seller.party(),
        key: PrivateKey::from_seed([99; 32]),
        encoding: counterfoil_engine::wire::Encoding::Protobuf,
    };
    let known = market.blocks.iter().find_map(|block| {
        let sent = Submission::decode(block.submission.clone()).ok()?;
        (sent.header.participant == Actor::Seller.party()).then_some(sent.header.id)
    });
    let known = known.unwrap();
    let until = market.clock.plus_ms(60_000);
    for id in [known.as_str(), "NEW"] {
        let mode = counterfoil_engine::submission::Mode::Independent;
        let sent = stranger.sign(id, until, mode, vec![([7; 16], command.clone())]);
        assert_eq!(market.submit(sent), ["KEY_UNKNOWN"]);
    }
    let folder = tempfile::tempdir().unwrap();
    let history = complete(folder.path(), &market, &MemoryArchive::of(&market.blocks));
    let told = history.submission(Actor::Seller.party(), &known).unwrap().unwrap();
    assert_eq!(told.receipts[0].outcome, 0);
    let told = history.submission(Actor::Seller.party(), "NEW").unwrap().unwrap();
    assert_eq!(told.receipts[0].outcome, 105);
}

#[test]
fn a_bundle_from_the_archive_verifies_offline() {
    let market = story();
    let folder = tempfile::tempdir().unwrap();
    let history = complete(folder.path(), &market, &MemoryArchive::of(&market.blocks));
    let trusted = [history.verifier_key().unwrap()];
    for (issuer, settled) in [(ISSUER, 2), (OTHER, 0)] {
        for instructions in [true, false] {
            let bundle = history.bundle(&view(&market), issuer, Disclosure { instructions });
            let report = verify(&bundle.unwrap().unwrap().encode(), &trusted).unwrap();
            assert_eq!(report.height, market.machine.height());
            assert_eq!(report.settlements.against_payment, settled);
        }
    }
    let nobody = history.bundle(&view(&market), IssuerId(5), Disclosure { instructions: true });
    assert_eq!(nobody.unwrap(), None);
}

#[test]
fn it_follows_an_archive_that_grows() {
    let market = story();
    let folder = tempfile::tempdir().unwrap();
    let mut archive = MemoryArchive::default();
    let history = open(folder.path(), &market, &archive).unwrap();
    let height = market.machine.height();
    assert_eq!(
        history.wait_height(1, Duration::from_millis(5)).unwrap_err().code(),
        "INDEX_LAGGING"
    );
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| history.wait_height(height, SOON));
        for block in &market.blocks {
            archive.append(block.header.height, 0, &archived(block)).unwrap();
            archive.sync().unwrap();
            history.wait_height(block.header.height, SOON).unwrap();
            assert_eq!(history.height(), block.header.height);
        }
        waiting.join().unwrap().unwrap();
    });
    let figures = history.figures();
    assert_eq!((figures.indexed, figures.lag(), figures.rebuilds), (height, 0, 0));
    assert_eq!(figures.stopped, None);
    let at_once = tempfile::tempdir().unwrap();
    let other = complete(at_once.path(), &market, &archive);
    assert_eq!(everything(&history, &market), everything(&other, &market));
}

fn archived(block: &Block) -> Vec<u8> {
    counterfoil_engine::driver::ledger::ArchivedBlock::write(block)
}

/// Longer than a posting chunk: what lies in sled and what waits in memory are one list.
#[test]
fn a_chain_goes_on_over_the_ends_of_chunks() {
    let mut market = story();
    let mut blocks = std::mem::take(&mut market.blocks);
    let tick = bytes::Bytes::from_static(TICK);
    let idle = |machine: &mut Machine, blocks: &mut Vec<Block>, to: u64| {
        while machine.tree_size() < to {
            blocks.push(machine.apply(machine.ledger().time(), &tick));
        }
    };
    for end in [1 << 16, (1 << 16) + 500, 1 << 17, (1 << 17) + 9] {
        idle(&mut market.machine, &mut blocks, end - 3);
        for account in 0..2 {
            market.must(Actor::Registrar, vec![issue(CLASS, account, "1", "")]);
        }
        blocks.append(&mut market.blocks);
    }
    market.blocks = blocks;
    let archive = MemoryArchive::of(&market.blocks);
    let folder = tempfile::tempdir().unwrap();
    let expected: Vec<EventCursor> =
        events_of(&market, ISSUER, u64::MAX).into_iter().map(|(cursor, _)| cursor).collect();
    for _ in 0..2 {
        let history = complete(folder.path(), &market, &archive);
        assert_eq!(history.figures().rebuilds, 0);
        let told = all_events(&history, ISSUER, Moment::Now);
        assert!(told.iter().map(|event| event.cursor).eq(expected.iter().copied()));
        let table = history.cap_table(ISSUER, None, Moment::Now).unwrap().unwrap();
        assert_eq!(table.total(&Definition::OUTSTANDING).unwrap().to_string(), "117");
        let trusted = [history.verifier_key().unwrap()];
        let bundle = history.bundle(&view(&market), ISSUER, Disclosure { instructions: true });
        verify(&bundle.unwrap().unwrap().encode(), &trusted).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn pages_put_together_are_the_list(
        count in 1usize..6,
        start in 0usize..30,
        known in 1u64..40,
        forward in any::<bool>(),
    ) {
        let (market, history) = read_once();
        let known = known.min(market.machine.height());
        let expected: Vec<EventCursor> =
            events_of(market, ISSUER, known).into_iter().map(|(cursor, _)| cursor).collect();
        let start = expected.get(start).copied();
        let at = start.and_then(|start| expected.iter().position(|cursor| *cursor == start));
        let page = match forward {
            true => Page::First { count, after: start },
            false => Page::Last { count, before: start },
        };
        let part = match forward {
            true => &expected[at.map_or(0, |at| at + 1)..],
            false => &expected[..at.unwrap_or(expected.len())],
        };
        let wanted = match forward {
            true => &part[..count.min(part.len())],
            false => &part[part.len().saturating_sub(count)..],
        };
        let told = history.events(ISSUER, Moment::Height(known), page).unwrap();
        let told = told.map(|slice| (slice.items, slice.more)).unwrap_or_default();
        prop_assert!(told.0.iter().map(|event| event.cursor).eq(wanted.iter().copied()));
        prop_assert_eq!(told.1, part.len() > count);
        for event in told.0 {
            prop_assert_eq!(EventCursor::parse(&event.cursor.to_string()), Some(event.cursor));
        }
    }
}

fn read_once() -> &'static (Market, History) {
    static READ: std::sync::OnceLock<(Market, History)> = std::sync::OnceLock::new();
    READ.get_or_init(|| {
        let market = story();
        let folder = tempfile::tempdir().unwrap();
        let history = complete(folder.path(), &market, &MemoryArchive::of(&market.blocks));
        (market, history)
    })
}
