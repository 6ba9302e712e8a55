//! A real directory, a real node on it, and everything that a directory may turn out to be.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::*;
use crate::driver::ledger::{ArchivedBlock, Origin};
use crate::driver::store::Blocks;
use crate::driver::{Clock, Limits, Node, Reply, initialise};
use crate::genesis::{Genesis, Secret};
use crate::key::PrivateKey;
use crate::machine::{Machine, TICK};
use crate::replica::Settings;
use crate::storage::{Report, fsck};
use crate::time::Timestamp;

const SOON: Duration = Duration::from_secs(20);
/// So small that logs and archives consist of several files.
const SMALL: Sizes = Sizes { log_segment: 2_000, archive_file: 3_000 };

fn origin() -> Origin {
    let secret = Secret([3; 32]);
    let genesis = Genesis {
        origin: "counterfoil.test/home".to_owned(),
        created: Timestamp(1_000),
        operator_keys: vec![PrivateKey::from_seed([8; 32]).public()],
        secret_hash: secret.hash(),
    };
    Origin { genesis, secret, seed: 5 }
}

fn ledger() -> Hash {
    origin().genesis.ledger_id()
}

fn identity() -> Identity {
    Identity { ledger: ledger(), replica: 1, incarnation: 77 }
}

fn settings() -> Settings {
    Settings { id: 1, cluster: ledger(), seed: 1, window_bytes: 1 << 20 }
}

struct OneAfterTheOther(AtomicU64);

impl Clock for OneAfterTheOther {
    fn now(&self) -> Timestamp {
        Timestamp(2_000 + self.0.fetch_add(1, Ordering::Relaxed))
    }
}

fn set_up(at: &Path) {
    let mut home = Home::create(at, identity(), SMALL).unwrap();
    assert_eq!(home.is_unused(), Ok(true));
    let Stores { log, snapshots, .. } = &mut home.stores;
    initialise::<Machine>(settings(), &origin(), log, snapshots).unwrap();
    assert_eq!(home.is_unused(), Ok(false));
}

fn run(at: &Path) -> (Node<Machine>, ArchiveReader) {
    let Home { stores, blocks, .. } = Home::open(at, ledger(), SMALL).unwrap();
    let clock = Arc::new(OneAfterTheOther(AtomicU64::new(0)));
    let limits = Limits { snapshot_every: 40, ..Limits::default() };
    let on_fatal = Arc::new(|fatal: &crate::driver::Fatal| panic!("{fatal}"));
    let node = Node::open(settings(), limits, stores, &origin(), clock, on_fatal).unwrap();
    assert!(node.wait_ready(SOON));
    (node, blocks)
}

fn tick(node: &Node<Machine>) -> u64 {
    match node.propose(TICK.to_vec()).unwrap().recv_timeout(SOON) {
        Ok(Reply::Committed { height, .. }) => height,
        other => panic!("not committed: {other:?}"),
    }
}

fn check(at: &Path) -> Report {
    fsck::<Machine>(at, Some(&origin())).unwrap()
}

#[test]
fn a_node_on_files_comes_back_with_everything() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().join("data");
    set_up(&at);
    let mut digest = None;
    for round in 0..4_u64 {
        let (node, blocks) = run(&at);
        if let Some(digest) = digest {
            assert_eq!(node.view().machine.digest(), digest);
            assert_eq!(blocks.height(), round * 60);
        }
        for height in round * 60 + 1..=round * 60 + 60 {
            assert_eq!(tick(&node), height);
        }
        digest = Some(node.view().machine.digest());
        let last = node.view().machine.header_hash();
        node.shutdown();
        assert_eq!(blocks.height(), round * 60 + 60);
        let mut previous = Hash::ZERO;
        for height in 1..=blocks.height() {
            let block = ArchivedBlock::read(&blocks.block(height).unwrap()).unwrap();
            assert_eq!((block.header.height, block.header.previous), (height, previous));
            previous = block.header.hash();
        }
        assert_eq!(previous, last);
        drop(blocks);
        let report = check(&at);
        assert_eq!(report.findings, Vec::new());
        assert_eq!(report.blocks, round * 60 + 60);
        assert!(report.replayed > 0 && report.entries < 110, "{report:?}");
    }
    let archive = fs::read_dir(at.join("archive")).unwrap().count();
    assert!(archive > 10, "the archive has {archive} files");
    let segments = fs::read_dir(at.join("log")).unwrap().count();
    assert!(segments < 20, "the log is cut: {segments} files are left");
}

#[test]
fn a_node_that_ends_without_a_word_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    set_up(folder.path());
    let (node, blocks) = run(folder.path());
    let height = (0..25).map(|_| tick(&node)).last();
    drop((node, blocks));
    // The threads end by themselves; the lock goes with the last of them.
    let opened = loop {
        match Home::open(folder.path(), ledger(), SMALL) {
            Err(OpenFault::InUse(_)) => std::thread::yield_now(),
            other => break other.map(drop),
        }
    };
    assert_eq!(opened, Ok(()));
    let (node, _) = run(folder.path());
    assert_eq!(Some(node.view().machine.height()), height);
    node.shutdown();
}

#[test]
fn two_processes_never_have_it_open() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::create(folder.path(), identity(), SMALL).unwrap();
    let second = || Home::open(folder.path(), ledger(), SMALL).map(drop).unwrap_err().code();
    assert_eq!(second(), "DATA_IN_USE");
    assert_eq!(fsck::<Machine>(folder.path(), None).unwrap_err().code(), "DATA_IN_USE");
    let Home { stores, blocks, .. } = home;
    drop(stores);
    assert_eq!(second(), "DATA_IN_USE", "a reader still holds it");
    drop(blocks);
    assert!(Home::open(folder.path(), ledger(), SMALL).is_ok());
}

#[test]
fn a_directory_that_is_not_ours_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let open = || Home::open(at, ledger(), SMALL).map(drop).unwrap_err().code();
    let create = || Home::create(at, identity(), SMALL).map(drop).unwrap_err().code();
    fs::write(at.join("letter"), "dear").unwrap();
    assert_eq!((open(), create()), ("DATA_NOT_OURS", "DATA_NOT_OURS"));
    assert_eq!(fs::read_dir(at).unwrap().count(), 1);
    fs::remove_file(at.join("letter")).unwrap();

    fs::create_dir(at.join("log")).unwrap();
    assert_eq!((open(), create()), ("DATA_NOT_OURS", "DATA_NOT_OURS"));
    fs::remove_file(at.join("lock")).unwrap();
    fs::remove_dir(at.join("log")).unwrap();

    let nowhere = Home::open(&at.join("nowhere"), ledger(), SMALL).map(drop).unwrap_err();
    assert_eq!(nowhere.code(), "DATA_MISSING");
    assert!(Home::create(at, identity(), SMALL).is_ok());
    assert_eq!(create(), "DATA_EXISTS");
    let other = Home::open(at, Hash([9; 32]), SMALL).map(drop).unwrap_err();
    assert_eq!(other.code(), "DATA_OTHER_LEDGER");
    assert!(other.to_string().contains(&Hash([9; 32]).to_string()), "{other}");

    let mut bytes = fs::read(at.join("identity")).unwrap();
    bytes[30] ^= 1;
    fs::write(at.join("identity"), bytes).unwrap();
    assert_eq!((open(), create()), ("DATA_NOT_OURS", "DATA_EXISTS"));
}

/// How many files of a directory this process has open.
fn open_files(at: &Path) -> usize {
    let links = fs::read_dir("/proc/self/fd").unwrap().filter_map(Result::ok);
    links.filter(|link| fs::read_link(link.path()).is_ok_and(|to| to.starts_with(at))).count()
}

#[test]
fn a_large_archive_takes_few_descriptors() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().canonicalize().unwrap().join("data");
    let home = Home::create(&at, identity(), Sizes { archive_file: 200, ..SMALL }).unwrap();
    let (mut archive, blocks) = (home.stores.archive, home.blocks);
    for height in 1..=100 {
        archive.append(height, height, &[7; 150]).unwrap();
    }
    archive.sync().unwrap();
    assert!(fs::read_dir(at.join("archive")).unwrap().count() > 90);
    for height in (1..=100).chain([1]) {
        assert_eq!(blocks.block(height).unwrap(), vec![7; 150]);
    }
    assert!(open_files(&at) < 40, "{} files are open", open_files(&at));
    drop((archive, blocks, home.stores.log, home.stores.snapshots));
    assert_eq!(open_files(&at), 0);
    let home = Home::open(&at, ledger(), SMALL).unwrap();
    assert!(open_files(&at) < 20, "{} files are open", open_files(&at));
    drop(home);
}

#[test]
fn a_full_disk_is_named() {
    // Every write to this device fails as on a full disk.
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("/dev/full", folder.path().join("full")).unwrap();
    let disk = FileDisk::lock(folder.path(), true).unwrap().unwrap();
    let file = disk.open("full").unwrap().unwrap();
    let fault = file.write_at(b"block", 0).unwrap_err();
    assert_eq!(fault.code, "DISK_FULL");
    assert!(fault.detail.starts_with("DISK_FULL: writing full: "), "{}", fault.detail);
}
