//! What one core of the ledger carries: matched deliveries against payment, decoded and verified in
//! front, as they are on the server. One element is one settled trade: two instructions, two records.
//!
//! `COUNTERFOIL_BENCH_ACCOUNTS=1000000` adds the large market.

use std::time::{Duration, Instant};

use counterfoil_engine::handle::CashAccountId;
use counterfoil_engine::submission::{Mode, Submission};
use counterfoil_engine::wire::v1::{self, command::Command};
use counterfoil_registry::handle::{AccountId, ClassId};
use counterfoil_tests::{Actor, EURO, ISSUER, Market, client};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

const CLASSES: u32 = 10;
/// Trades in one submission: a thousand instructions.
const TRADES: u32 = 500;

/// A market whose seller and buyer operate `accounts` accounts of one client each, all funded.
fn market(accounts: u32) -> Market {
    let mut market = Market::open(1);
    let classes = (1..=CLASSES).map(|class| {
        Command::RegisterStockClass(v1::RegisterStockClass {
            issuer: ISSUER.to_string(),
            kind: 1,
            name: format!("Class {class}"),
            authorized: "UNLIMITED".into(),
            decimals: "0".into(),
            ..Default::default()
        })
    });
    market.must(Actor::Registrar, classes.collect());
    let extra = 2..accounts;
    let open = |_| {
        Command::OpenSecuritiesAccount(v1::OpenSecuritiesAccount { holder: client(0).to_string() })
    };
    bulk(&mut market, Actor::Seller, extra.clone().map(open));
    let cash = |_| {
        Command::OpenCashAccount(v1::OpenCashAccount {
            party: client(0).to_string(),
            asset: EURO.to_string(),
            operator: Actor::Seller.party().to_string(),
        })
    };
    bulk(&mut market, Actor::Bank, extra.clone().map(cash));
    let credit = |account: u32| {
        Command::CreditCash(v1::CreditCash {
            account: CashAccountId(account).to_string(),
            amount: "100000".into(),
            reference: format!("FUND-{account}"),
        })
    };
    bulk(&mut market, Actor::Bank, extra.clone().map(credit));
    // In the large market one class each; the number of positions is what costs memory.
    let classes = if accounts > 100_000 { 1 } else { CLASSES };
    for class in 0..classes {
        let issue = |account: u32| {
            Command::IssueStock(v1::IssueStock {
                class: ClassId(class_of(class, account)).to_string(),
                account: AccountId(account).to_string(),
                quantity: "1000".into(),
                ..Default::default()
            })
        };
        bulk(&mut market, Actor::Registrar, extra.clone().map(issue));
    }
    market
}

fn class_of(class: u32, account: u32) -> u32 {
    // Class 0 is the market's own; the accounts hold the ten others.
    1 + (class + account) % CLASSES
}

fn bulk(market: &mut Market, actor: Actor, commands: impl Iterator<Item = Command>) {
    let commands: Vec<Command> = commands.collect();
    for chunk in commands.chunks(5_000) {
        market.clock = market.clock.plus_ms(1_000);
        let submission = market.sign(actor, Mode::Independent, chunk.to_vec());
        let submission = Submission::from_wire(submission).expect("well-formed");
        let block = market.machine.apply_submission(market.clock, &submission);
        let refused = block.records.iter().find_map(|record| record.outcome.as_ref().err());
        assert!(refused.is_none(), "{refused:?}");
    }
}

/// One thousand instructions that make five hundred trades: each account sells the share that it has
/// to the next one.
fn trades(market: &mut Market, accounts: u32, next: &mut u32, reference: &mut u64) -> Submission {
    let mut commands = Vec::with_capacity(TRADES as usize * 2);
    for _ in 0..TRADES {
        // A stride through the accounts, so that neighbours in memory do not help.
        *next = (*next + 7_919) % (accounts - 3);
        let (from, to) = (2 + *next, 2 + (*next + 1) % (accounts - 2));
        *reference += 1;
        for (movement, account) in [(v1::Movement::Deliver, from), (v1::Movement::Receive, to)] {
            commands.push(Command::InstructSettlement(v1::InstructSettlement {
                reference: format!("{}{reference}", movement as i32),
                movement: movement as i32,
                payment: v1::Payment::Against as i32,
                class: ClassId(class_of(0, from)).to_string(),
                quantity: "1".into(),
                trade_date: "2026-11-20".into(),
                settlement_date: "2026-11-20".into(),
                delivering_party: client(0).to_string(),
                receiving_party: client(0).to_string(),
                account: AccountId(account).to_string(),
                cash_account: CashAccountId(account).to_string(),
                amount: "1".into(),
                common_reference: String::new(),
            }));
        }
    }
    market.clock = market.clock.plus_ms(10);
    let submission = market.sign(Actor::Seller, Mode::Independent, commands);
    Submission::from_wire(submission).expect("well-formed")
}

fn matched_dvp(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("apply/matched DvP");
    group.throughput(Throughput::Elements(u64::from(TRADES)));
    group.sample_size(20);
    group.measurement_time(Duration::from_secs(8));
    let large = std::env::var("COUNTERFOIL_BENCH_ACCOUNTS").ok();
    let large = large.map(|text| text.parse().expect("a number of accounts"));
    for accounts in [10_000].into_iter().chain(large) {
        let mut market = market(accounts);
        let (mut next, mut reference) = (0, 0);
        let mut settled = 0usize;
        group.bench_function(BenchmarkId::from_parameter(accounts), |bencher| {
            bencher.iter_custom(|rounds| {
                let mut spent = Duration::ZERO;
                for _ in 0..rounds {
                    let submission = trades(&mut market, accounts, &mut next, &mut reference);
                    let start = Instant::now();
                    let block = market.machine.apply_submission(market.clock, &submission);
                    spent += start.elapsed();
                    let cash = block.records.iter().filter(|record| !record.sections[1].is_empty());
                    settled += cash.count();
                }
                spent
            });
        });
        let instructed = market.machine.ledger().instructions().count();
        assert_eq!(settled * 2, instructed, "every second instruction settles a trade");
        assert_eq!(market.machine.audit(), Vec::<String>::new());
    }
    group.finish();
}

criterion_group!(benches, matched_dvp);
criterion_main!(benches);
