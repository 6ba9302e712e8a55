//! Damage of every kind to every kind of file of a whole directory, against a replica that starts
//! on it and against the check.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::driver::recovery::{RecoveryError, apply, recover};
use crate::driver::store::{Archive, Blocks, Log};
use crate::driver::{Clock, Fatal, Limits, Node, OpenError, Reply, Stores, initialise};
use crate::hash::Hash;
use crate::replica::{Settings, StateMachine};
use crate::sim::{Chance, MemoryDisk, Tally};
use crate::time::Timestamp;

const LEDGER: Hash = Hash([8; 32]);
const SETTINGS: Settings = Settings { id: 1, cluster: LEDGER, seed: 1, window_bytes: 1 << 20 };
const IDENTITY: Identity = Identity { ledger: LEDGER, replica: 1, incarnation: 3 };
const SIZES: Sizes = Sizes { log_segment: 1_500, archive_file: 1_500 };
const SOON: Duration = Duration::from_secs(20);
const COMMANDS: u64 = 50;

struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp(5_000)
    }
}

fn create(disk: &MemoryDisk) -> Result<Home, OpenFault> {
    Home::create_on(Arc::new(disk.clone()), "here", IDENTITY, SIZES)
}

fn open(disk: &MemoryDisk) -> Result<Home, OpenFault> {
    Home::open_on(Arc::new(disk.clone()), "here", LEDGER, SIZES)
}

fn node_on(home: Home) -> Result<Node<Tally>, OpenError> {
    node_with(home, 15)
}

fn node_with(home: Home, snapshot_every: u64) -> Result<Node<Tally>, OpenError> {
    let limits = Limits { snapshot_every, ..Limits::default() };
    let on_fatal = Arc::new(|fatal: &Fatal| panic!("{fatal}"));
    Node::open(SETTINGS, limits, home.stores, &(), Arc::new(Still), on_fatal)
}

fn start(disk: &MemoryDisk) -> Node<Tally> {
    let node = node_on(open(disk).unwrap()).unwrap();
    assert!(node.wait_ready(SOON));
    node
}

fn commit(node: &Node<Tally>, id: u64) {
    let reply = node.propose(id.to_be_bytes().to_vec()).unwrap().recv_timeout(SOON).unwrap();
    assert!(matches!(reply, Reply::Committed { .. }), "{reply:?}");
}

/// A directory after an orderly end.
fn used() -> MemoryDisk {
    static USED: std::sync::OnceLock<MemoryDisk> = std::sync::OnceLock::new();
    let make = || {
        let disk = MemoryDisk::default();
        let Stores { mut log, snapshots, .. } = create(&disk).unwrap().stores;
        initialise::<Tally>(SETTINGS, &(), &mut log, &snapshots).unwrap();
        drop((log, snapshots));
        let node = start(&disk);
        (1..=COMMANDS).for_each(|id| commit(&node, id));
        node.shutdown();
        disk
    };
    USED.get_or_init(make).copy()
}

fn check(disk: &MemoryDisk) -> Result<Report, OpenFault> {
    let disk: Arc<dyn Disk> = Arc::new(disk.clone());
    examine::<Tally>(&disk, "here", Some(&()))
}

#[test]
fn a_directory_in_order_has_no_findings() {
    let report = check(&used()).unwrap();
    assert_eq!(report.findings, Vec::new());
    assert_eq!((report.blocks, report.snapshots, report.torn_bytes), (COMMANDS, 2, 0));
    assert!(report.replayed >= 15 && report.batches > COMMANDS, "{report:?}");
    let files = used().names();
    for kind in [".segment", ".state", ".blocks", "watermark", "end", "offsets", "identity"] {
        assert!(files.iter().any(|name| name.ends_with(kind)), "{kind} in {files:?}");
    }
}

#[test]
fn a_creation_that_was_cut_short_is_made_again() {
    let all = {
        let disk = MemoryDisk::default();
        disk.break_after(1_000, "DISK_IO");
        create(&disk).map(drop).unwrap();
        1_000 - disk.operations_left()
    };
    for operations in 0..all {
        let disk = MemoryDisk::default();
        disk.break_after(operations, "DISK_FULL");
        assert_eq!(create(&disk).map(drop).unwrap_err().code(), "DISK_FULL");
        disk.crash(&mut Chance::new(operations));
        let opened = open(&disk).map(drop);
        let created = create(&disk).map(drop);
        match opened {
            Ok(()) => assert_eq!(created.unwrap_err().code(), "DATA_EXISTS"),
            Err(fault) => assert_eq!((fault.code(), created), ("DATA_MISSING", Ok(()))),
        }
        assert!(open(&disk).is_ok());
    }
}

#[test]
fn a_name_that_only_a_killed_process_has_seen_is_made_durable() {
    for operations in 0..40 {
        let disk = MemoryDisk::default();
        disk.break_after(operations, "DISK_IO");
        let created = create(&disk).map(drop);
        disk.kill();
        let Ok(mut home) = open(&disk).or_else(|_| create(&disk)) else {
            panic!("after {operations} operations: {created:?}");
        };
        let Stores { log, snapshots, .. } = &mut home.stores;
        initialise::<Tally>(SETTINGS, &(), log, snapshots).unwrap();
        let node = node_on(home).unwrap();
        assert!(node.wait_ready(SOON));
        commit(&node, 1);
        node.shutdown();
        disk.crash(&mut Chance::new(operations));
        assert_eq!(start(&disk).view().machine.executions(1), 1, "after {operations} operations");
    }
}

#[test]
fn a_setting_up_that_was_cut_short_is_made_again() {
    for operations in 0..40 {
        let disk = MemoryDisk::default();
        let mut home = create(&disk).unwrap();
        disk.break_after(operations, "DISK_IO");
        let Stores { log, snapshots, .. } = &mut home.stores;
        let set_up = initialise::<Tally>(SETTINGS, &(), log, snapshots);
        disk.crash(&mut Chance::new(operations));
        let mut home = open(&disk).unwrap();
        if home.is_unused().unwrap() {
            assert!(set_up.is_err());
            let Stores { log, snapshots, .. } = &mut home.stores;
            initialise::<Tally>(SETTINGS, &(), log, snapshots).unwrap();
        }
        let node = node_on(home).unwrap();
        assert!(node.wait_ready(SOON));
        commit(&node, 1);
        node.shutdown();
        assert!(!open(&disk).unwrap().is_unused().unwrap());
    }
}

#[test]
fn a_damaged_snapshot_gives_way_to_the_older_one_and_the_longer_log() {
    let disk = used();
    let newest = disk.names().into_iter().filter(|name| name.ends_with(".state")).max().unwrap();
    let mut bytes = disk.bytes(&newest);
    bytes[60] ^= 4;
    disk.put(&newest, bytes);
    let report = check(&disk).unwrap();
    assert_eq!(report.snapshots, 1);
    assert_eq!(report.findings.len(), 1);
    assert_eq!((report.findings[0].code, &report.findings[0].file), ("SNAPSHOT_CORRUPT", &newest));

    let before = start(&used()).view().machine.digest();
    let node = start(&disk);
    assert_eq!(node.view().machine.digest(), before);
    // The next snapshot takes the place of the damaged one, and not of the intact one.
    (1..=20).for_each(|id| commit(&node, COMMANDS + id));
    node.shutdown();
    assert_eq!(check(&disk).unwrap().findings, Vec::new());
    assert!(!disk.names().contains(&newest));

    for name in disk.names().into_iter().filter(|name| name.ends_with(".state")) {
        disk.put(&name, vec![0; 100]);
    }
    let refused = node_on(open(&disk).unwrap()).unwrap_err().to_string();
    assert!(refused.starts_with("SNAPSHOT_MISSING"), "{refused}");
}

#[test]
fn an_archive_that_lost_its_undurable_tail_is_brought_up_to_date() {
    let disk = used();
    let complete = start(&disk).view().machine.digest();
    let image = disk.copy();
    // Without a snapshot on the way: one beyond the older archive would be refused.
    let node = node_with(open(&disk).unwrap(), u64::MAX).unwrap();
    assert!(node.wait_ready(SOON));
    (1..=3).for_each(|id| commit(&node, COMMANDS + id));
    node.shutdown();
    // The archive as it was three blocks ago, with its own durable end.
    for name in disk.names().into_iter().filter(|name| name.starts_with("archive/")) {
        if image.names().contains(&name) {
            disk.put(&name, image.bytes(&name));
        } else {
            disk.remove(&name).unwrap();
        }
    }
    let report = check(&disk).unwrap();
    assert_eq!((report.findings, report.blocks), (Vec::new(), COMMANDS));
    let node = start(&disk);
    assert_ne!(node.view().machine.digest(), complete);
    node.shutdown();
    assert_eq!(check(&disk).unwrap().blocks, COMMANDS + 3);
}

#[test]
fn an_archive_of_another_past_is_found_by_replay() {
    let disk = used();
    let forged = MemoryDisk::default();
    let Home { stores, .. } = create(&forged).unwrap();
    let mut archive = stores.archive;
    for height in 1..=COMMANDS {
        let block = if height == COMMANDS { b"forged".to_vec() } else { vec![0; 9] };
        archive.append(height, height, &block).unwrap();
    }
    archive.sync().unwrap();
    for name in forged.names().into_iter().filter(|name| name.starts_with("archive/")) {
        disk.put(&name, forged.bytes(&name));
    }
    for name in disk.names().into_iter().filter(|name| name.starts_with("archive/")) {
        if !forged.names().contains(&name) {
            disk.remove(&name).unwrap();
        }
    }
    let findings = check(&disk).unwrap().findings;
    assert!(findings.iter().any(|finding| finding.code == "REPLAY_DIFFERS"), "{findings:?}");
}

/// The state after the last entry of the log, committed or not; the commit of the last ones need
/// not have reached the disk.
fn final_state(home: Home) -> Result<Hash, RecoveryError> {
    let Stores { mut log, snapshots, .. } = home.stores;
    let recovered = recover::<Tally>(SETTINGS, &(), &mut log, &snapshots, |_, _, _| Ok(()))?;
    let mut machine = recovered.machine;
    let rest = log.entries(recovered.applied.index + 1, log.last() + 1, u64::MAX)?;
    for entry in rest.iter().filter(|entry| !entry.data.is_empty()) {
        apply(&mut machine, &entry.data);
    }
    Ok(machine.digest())
}

/// What may happen to a file.
#[derive(Debug, Clone)]
enum Harm {
    Flip {
        place: prop::sample::Index,
        bit: u8,
    },
    Truncate {
        place: prop::sample::Index,
    },
    SwapSectors {
        one: prop::sample::Index,
        other: prop::sample::Index,
    },
    Zero {
        place: prop::sample::Index,
        length: usize,
    },
    Garbage {
        bytes: Vec<u8>,
    },
    Append {
        bytes: Vec<u8>,
    },
    Remove,
    /// The bytes of another file under this one's name.
    Misdirect {
        other: prop::sample::Index,
    },
}

fn harm() -> impl Strategy<Value = Harm> {
    let place = any::<prop::sample::Index>;
    let garbage = || prop::collection::vec(any::<u8>(), 0..200);
    prop_oneof![
        4 => (place(), 0..8_u8).prop_map(|(place, bit)| Harm::Flip { place, bit }),
        2 => place().prop_map(|place| Harm::Truncate { place }),
        2 => (place(), place()).prop_map(|(one, other)| Harm::SwapSectors { one, other }),
        2 => (place(), 1..900_usize).prop_map(|(place, length)| Harm::Zero { place, length }),
        1 => garbage().prop_map(|bytes| Harm::Garbage { bytes }),
        1 => garbage().prop_map(|bytes| Harm::Append { bytes }),
        1 => Just(Harm::Remove),
        1 => place().prop_map(|other| Harm::Misdirect { other }),
    ]
}

fn inflict(disk: &MemoryDisk, name: &str, harm: &Harm) {
    let mut bytes = disk.bytes(name);
    let length = bytes.len();
    match harm {
        Harm::Flip { place, bit } if length > 0 => bytes[place.index(length)] ^= 1 << bit,
        Harm::Truncate { place } => bytes.truncate(place.index(length + 1)),
        Harm::SwapSectors { one, other } if length >= 1024 => {
            let (one, other) = (one.index(length / 512), other.index(length / 512));
            for at in 0..512 {
                bytes.swap(one * 512 + at, other * 512 + at);
            }
        }
        Harm::Zero { place, length: count } if length > 0 => {
            let start = place.index(length);
            let end = (start + count).min(length);
            bytes[start..end].fill(0);
        }
        Harm::Garbage { bytes: garbage } => bytes = garbage.clone(),
        Harm::Append { bytes: more } => bytes.extend_from_slice(more),
        Harm::Remove => return disk.remove(name).unwrap(),
        Harm::Misdirect { other } => bytes = disk.bytes(other.get::<String>(&disk.names())),
        _ => {}
    }
    disk.put(name, bytes);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 250, ..ProptestConfig::default() })]

    #[test]
    fn harm_is_found_or_does_none(
        harms in prop::collection::vec((any::<prop::sample::Index>(), harm()), 1..3),
    ) {
        let disk = used();
        let names = disk.names();
        let mut harmed = Vec::new();
        for (which, harm) in &harms {
            let name = which.get(&names).clone();
            inflict(&disk, &name, harm);
            if disk.bytes(&name) != used().bytes(&name) {
                harmed.push(name);
            }
        }
        let checked = check(&disk);
        // Neither the check nor the start panics, and the check changes nothing.
        let started = open(&disk).map(|home| {
            let blocks = home.blocks.clone();
            (final_state(home), blocks)
        });
        // Who starts has everything: all of it had been promised.
        if let Ok((Ok(digest), _)) = &started {
            prop_assert_eq!(*digest, final_state(open(&used()).unwrap()).unwrap());
        }
        let Ok(report) = checked else {
            prop_assert!(harmed.contains(&"identity".to_owned()));
            prop_assert!(started.is_err());
            return Ok(());
        };
        if !report.findings.is_empty() {
            prop_assert!(!harmed.is_empty(), "{:?}", report.findings);
            return Ok(());
        }
        let (digest, blocks) = started.unwrap();
        prop_assert!(digest.is_ok());
        prop_assert_eq!(blocks.height(), COMMANDS);
        let whole = open(&used()).unwrap().blocks;
        for height in 1..=COMMANDS {
            prop_assert_eq!(blocks.block(height).ok(), whole.block(height).ok());
        }
    }
}
