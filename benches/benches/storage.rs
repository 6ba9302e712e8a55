//! What the disk carries: entries of 256 bytes appended to the log, and blocks of 1 KiB to the
//! archive, with one real sync for each batch of 256; entries read back by index; and the start. How long a
//! sync takes is the device's affair and varies: the same bytes into a bare file are the yardstick
//! beside it.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use counterfoil_engine::driver::store::{Archive, Blocks, Log};
use counterfoil_engine::hash::Hash;
use counterfoil_engine::storage::{Home, Identity, Sizes};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use raft::eraftpb::{Entry, HardState};

const LEDGER: Hash = Hash([1; 32]);
const BATCH: u64 = 256;
const ENTRY_BYTES: usize = 256;
const BLOCK_BYTES: usize = 1024;
/// Batches between two cuts of the log, as after a snapshot.
const CUT_EVERY: u64 = 400;

fn home(at: &Path) -> Home {
    let identity = Identity { ledger: LEDGER, replica: 1, incarnation: 1 };
    Home::create(at, identity, Sizes::default()).expect("an empty directory")
}

fn batch(first: u64) -> Vec<Entry> {
    let entry = |index| Entry {
        index,
        term: 1,
        data: vec![index as u8; ENTRY_BYTES].into(),
        ..Entry::default()
    };
    (first..first + BATCH).map(entry).collect()
}

fn storage(c: &mut Criterion) {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a place for files");
    let Home { mut stores, blocks, .. } = home(&folder.path().join("data"));
    let log = &mut stores.log;
    let mut group = c.benchmark_group("storage");
    group.throughput(Throughput::Elements(BATCH)).sample_size(20);
    group.measurement_time(Duration::from_secs(10));
    let bare = File::create(folder.path().join("bare")).expect("a place for files");
    group.bench_function("the same bytes into a bare file", |bencher| {
        let bytes = vec![7; (BATCH as usize) * (ENTRY_BYTES + 29) + 129];
        bencher.iter(|| {
            (&bare).write_all(&bytes).expect("the disk works");
            bare.sync_data().expect("the disk works");
        });
    });
    group.bench_function("append and sync 256 entries", |bencher| {
        bencher.iter_custom(|times| {
            let mut spent = Duration::ZERO;
            for time in 0..times {
                let entries = batch(log.last() + 1);
                let commit = log.last();
                let hard_state = HardState { term: 1, commit, ..HardState::default() };
                let begin = Instant::now();
                log.append(&entries, Some(&hard_state)).expect("the disk works");
                log.sync().expect("the disk works");
                if time % CUT_EVERY == CUT_EVERY - 1 {
                    log.cut_below(commit - BATCH * 4).expect("the disk works");
                }
                spent += begin.elapsed();
            }
            spent
        });
    });
    group.bench_function("read 256 entries", |bencher| {
        let first = log.last() + 1 - BATCH;
        bencher.iter(|| log.entries(first, first + BATCH, u64::MAX).expect("they are there"));
    });
    let archive = &mut stores.archive;
    group.bench_function("archive and sync 256 blocks", |bencher| {
        let block = vec![7; BLOCK_BYTES];
        bencher.iter(|| {
            for _ in 0..BATCH {
                let height = archive.height() + 1;
                archive.append(height, height, &block).expect("the disk works");
            }
            archive.sync().expect("the disk works");
        });
    });
    group.throughput(Throughput::Elements(1));
    group.bench_function("read a block", |bencher| {
        let mut height = 0;
        bencher.iter(|| {
            height = height % blocks.height() + 1;
            blocks.block(height).expect("it is there")
        });
    });
    let entries = log.last() - log.floor().index;
    let at = folder.path().join("data");
    drop((stores, blocks));
    group.throughput(Throughput::Elements(entries)).sample_size(10);
    group.bench_function("open a directory, by entries in its log", |bencher| {
        bencher.iter(|| Home::open(&at, LEDGER, Sizes::default()).map(drop).expect("in order"));
    });
    group.finish();
}

criterion_group!(benches, storage);
criterion_main!(benches);
