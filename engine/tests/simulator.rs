//! Many seeds through the simulator, and proof that it would find what it looks for.
//!
//! `SIM_SEED=n` runs one seed and prints what it did; `SIM_SEEDS=n` runs so many.

#![allow(clippy::unwrap_used, reason = "helpers of tests, outside of test functions")]

use std::env;
use std::thread;

use counterfoil_engine::sim::{Counting, Mutant, Plan, Report, Violation, run};

const SEEDS: u64 = 200;

/// A figure of a report.
type Count = fn(&Report) -> u64;

fn number(name: &str) -> Option<u64> {
    env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

/// Runs the seeds on all cores; each violation with its seed.
fn sweep(
    seeds: Vec<u64>,
    plan: impl Fn(u64) -> Plan + Sync,
) -> Vec<(u64, Result<Report, Violation>)> {
    let workers = thread::available_parallelism().map_or(2, usize::from);
    thread::scope(|scope| {
        let (seeds, plan) = (&seeds, &plan);
        let handles: Vec<_> = (0..workers)
            .map(|worker| {
                scope.spawn(move || {
                    let mine = seeds.iter().skip(worker).step_by(workers);
                    mine.map(|&seed| (seed, run(Counting, plan(seed)))).collect::<Vec<_>>()
                })
            })
            .collect();
        handles.into_iter().flat_map(|handle| handle.join().unwrap()).collect()
    })
}

#[test]
fn every_seed_keeps_every_invariant() {
    let seeds = match number("SIM_SEED") {
        Some(seed) => vec![seed],
        None => (1..=number("SIM_SEEDS").unwrap_or(SEEDS)).collect(),
    };
    let mut reports = Vec::new();
    for (seed, result) in sweep(seeds, Plan::new) {
        match result {
            Ok(report) => reports.push(report),
            Err(violation) => panic!(
                "seed {seed}: {violation}\nrepeat: SIM_SEED={seed} cargo test -p counterfoil-engine \
                 --test simulator every_seed -- --nocapture"
            ),
        }
    }
    let sum = |what: Count| reports.iter().map(what).sum::<u64>();
    println!(
        "{} seeds: {} commands acknowledged, {} elections, {} crashes, {} kills, {} failed disks, {} snapshots, \
         {} installed, {} fetches, {} reads, {} syncs, {} messages",
        reports.len(),
        sum(|r| r.acknowledged),
        sum(|r| r.elections),
        sum(|r| r.counts.crashes),
        sum(|r| r.counts.kills),
        sum(|r| r.counts.failed_disks),
        sum(|r| r.counts.snapshots),
        sum(|r| r.counts.installs),
        sum(|r| r.counts.fetches),
        sum(|r| r.counts.reads),
        sum(|r| r.counts.syncs),
        sum(|r| r.messages),
    );
    if reports.len() as u64 >= SEEDS {
        let happened: [(&str, Count); 7] = [
            ("crashes", |r| r.counts.crashes),
            ("kills", |r| r.counts.kills),
            ("failed disks", |r| r.counts.failed_disks),
            ("snapshots", |r| r.counts.snapshots),
            ("installs", |r| r.counts.installs),
            ("fetches", |r| r.counts.fetches),
            ("reads", |r| r.counts.reads),
        ];
        for (what, count) in happened {
            assert!(sum(count) > 0, "no {what} in all of it: the simulation idles");
        }
    }
}

const ONE_LEADER: &str = "one leader a term";
const SAME_ENTRIES: &str = "equal entries below the commit";
const FRESH_READS: &str = "reads are fresh";
const COMES_BACK: &str = "a replica comes back after a crash";

/// Runs seeds until the mistake is found, by one of the invariants that speak of it: a panic of the
/// simulator itself, say, finds nothing.
fn find(mutant: Mutant, expected: &[&str], within: u64) {
    let plan = |seed| Plan { mutant: Some(mutant), ..Plan::new(seed) };
    for seeds in (1..=within).collect::<Vec<_>>().chunks(8) {
        for (seed, result) in sweep(seeds.to_vec(), plan) {
            if let Err(violation) = result {
                println!("{mutant:?}, seed {seed}: {violation}");
                if expected.contains(&violation.invariant) {
                    return;
                }
            }
        }
    }
    panic!("{mutant:?} was not found within {within} seeds");
}

#[test]
fn a_message_before_the_sync_is_found() {
    find(Mutant::MessageBeforeSync, &[SAME_ENTRIES, ONE_LEADER], 100);
}

#[test]
fn a_lost_hard_state_is_found() {
    find(Mutant::HardStateLost, &[ONE_LEADER], 100);
}

#[test]
fn a_lost_tail_with_the_same_id_is_found() {
    find(Mutant::LostTailWithSameId, &[SAME_ENTRIES], 100);
}

#[test]
fn a_read_before_apply_is_found() {
    find(Mutant::ReadBeforeApply, &[FRESH_READS], 100);
}

#[test]
fn an_acknowledgement_before_the_commit_is_found() {
    find(Mutant::AcknowledgedBeforeCommit, &[FRESH_READS], 100);
}

#[test]
fn a_disk_that_lies_is_found() {
    find(Mutant::LyingDisk, &[COMES_BACK], 100);
}
