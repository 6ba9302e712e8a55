//! How fast the read side follows the archive, and how long a page of the past takes.
//!
//! `follow` builds an index from nothing: one element is one block. `page` asks for the latest fifty
//! events of an issuer whose chain is as long as the archive.

use std::sync::Arc;
use std::time::{Duration, Instant};

use counterfoil_engine::driver::store::Blocks;
use counterfoil_engine::key::PrivateKey;
use counterfoil_engine::submission::{Mode, Submission};
use counterfoil_engine::wire::v1::Movement::{Deliver, Receive};
use counterfoil_gateway::history::page::Page;
use counterfoil_gateway::history::records::Moment;
use counterfoil_gateway::history::{History, Setup};
use counterfoil_tests::archive::MemoryArchive;
use counterfoil_tests::{Actor, ISSUER, Market};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

const PATIENCE: Duration = Duration::from_secs(600);

/// `trades` deliveries against payment of one share each, instructed by `commands` at a time.
fn traded(trades: usize, commands: usize) -> (Market, MemoryArchive) {
    let mut market = Market::funded(1, trades as u64, trades as u64);
    let send = |market: &mut Market, actor, movement, references: &[usize]| {
        let side = |number| Market::side(&format!("{number}"), movement, 1, "1");
        let sides = references.iter().map(side).collect();
        market.clock = market.clock.plus_ms(10);
        let submission = market.sign(actor, Mode::Independent, sides);
        let submission = Submission::from_wire(submission).expect("well-formed");
        let block = market.machine.apply_submission(market.clock, &submission);
        market.blocks.push(block);
    };
    let numbers: Vec<usize> = (0..trades).collect();
    for references in numbers.chunks(commands) {
        send(&mut market, Actor::Seller, Deliver, references);
        send(&mut market, Actor::Buyer, Receive, references);
    }
    let settled = market.machine.ledger().instructions().filter(|(_, instruction)| {
        matches!(instruction.state, counterfoil_engine::ledger::State::Settled { .. })
    });
    assert_eq!(settled.count(), trades * 2);
    let archive = MemoryArchive::of(&market.blocks);
    (market, archive)
}

fn open(folder: &std::path::Path, market: &Market, archive: &MemoryArchive) -> History {
    let history = History::open(Setup {
        folder: folder.to_owned(),
        genesis: market.genesis.clone(),
        secret: market.secret.clone(),
        blocks: Arc::new(archive.clone()),
        checkpoint_key: PrivateKey::from_seed([9; 32]),
    });
    history.expect("an empty folder")
}

fn past(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("history");
    group.sample_size(10);
    // A command a block, as people send; and five hundred, as those who send in bulk.
    for (trades, commands) in [(100_000, 1), (200_000, 500)] {
        let (market, archive) = traded(trades, commands);
        let blocks = Blocks::height(&archive);
        let name = format!("{commands} a block, {trades} trades");
        group.throughput(Throughput::Elements(blocks));
        group.bench_function(BenchmarkId::new("follow", &name), |bencher| {
            bencher.iter_custom(|rounds| {
                let mut spent = Duration::ZERO;
                for _ in 0..rounds {
                    let folder = tempfile::tempdir().expect("a folder");
                    let start = Instant::now();
                    let history = open(folder.path(), &market, &archive);
                    history.wait_height(blocks, PATIENCE).expect("it follows");
                    spent += start.elapsed();
                }
                spent
            });
        });
        let folder = tempfile::tempdir().expect("a folder");
        let history = open(folder.path(), &market, &archive);
        history.wait_height(blocks, PATIENCE).expect("it follows");
        group.throughput(Throughput::Elements(1));
        group.bench_function(BenchmarkId::new("page", &name), |bencher| {
            bencher.iter(|| {
                let page = Page::Last { count: 50, before: None };
                let page = history.events(ISSUER, Moment::Now, page).expect("it answers");
                assert_eq!(page.map(|page| page.items.len()), Some(50));
            });
        });
        group.bench_function(BenchmarkId::new("cap table", &name), |bencher| {
            bencher.iter(|| history.cap_table(ISSUER, None, Moment::Now).expect("it answers"));
        });
        group.bench_function(BenchmarkId::new("inclusion", &name), |bencher| {
            bencher.iter(|| history.inclusion(777, None).expect("it answers"));
        });
        drop(history);
        group.bench_function(BenchmarkId::new("reopen", &name), |bencher| {
            bencher.iter(|| open(folder.path(), &market, &archive));
        });
    }
    group.finish();
}

criterion_group!(benches, past);
criterion_main!(benches);
