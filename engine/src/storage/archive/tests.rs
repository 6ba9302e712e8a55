//! The archive under crashes and damage.

use proptest::prelude::*;

use super::*;
use crate::driver::store::Blocks;
use crate::sim::{Chance, MemoryDisk};

const LEDGER: Hash = Hash([6; 32]);
const FILE: u64 = 600;

fn try_open(disk: &MemoryDisk) -> Result<DiskArchive, StoreFault> {
    DiskArchive::open(Arc::new(disk.clone()), LEDGER, FILE)
}

fn open(disk: &MemoryDisk) -> DiskArchive {
    try_open(disk).unwrap()
}

fn block(height: u64) -> Vec<u8> {
    vec![height as u8; (height * 13 % 200) as usize]
}

fn add(archive: &mut DiskArchive, count: u64) -> Result<(), StoreFault> {
    for _ in 0..count {
        let height = archive.height() + 1;
        archive.append(height, height + 100, &block(height))?;
    }
    Ok(())
}

fn full() -> MemoryDisk {
    let disk = MemoryDisk::default();
    DiskArchive::create(&disk, LEDGER).unwrap();
    let mut archive = open(&disk);
    add(&mut archive, 50).unwrap();
    archive.sync().unwrap();
    disk
}

fn holds_all(archive: &DiskArchive) {
    let reader = archive.reader();
    assert_eq!(reader.height(), archive.height());
    for height in 1..=reader.height() {
        assert_eq!(reader.block(height).unwrap(), block(height), "block {height}");
    }
    assert_eq!(reader.block(0).unwrap_err().code, "INTERNAL");
    assert_eq!(reader.block(reader.height() + 1).unwrap_err().code, "INTERNAL");
}

#[test]
fn readers_see_what_is_durable_and_nothing_else() {
    let disk = full();
    let mut archive = open(&disk);
    let reader = archive.reader();
    add(&mut archive, 30).unwrap();
    // Files that were filled on the way are durable; the last blocks are not yet.
    assert!((50..80).contains(&reader.height()), "{}", reader.height());
    archive.sync().unwrap();
    assert_eq!(reader.height(), 80);
    holds_all(&archive);
    assert_eq!(archive.append(80, 1, b"").unwrap_err().code, "INTERNAL");
}

#[test]
fn offsets_are_disposable() {
    let disk = full();
    let whole = disk.bytes("archive/offsets");
    for damaged in [vec![], whole[..20].to_vec(), vec![0; whole.len()]] {
        disk.put("archive/offsets", damaged);
        holds_all(&open(&disk));
        assert_eq!(disk.bytes("archive/offsets"), whole);
    }
    disk.remove("archive/offsets").unwrap();
    holds_all(&open(&disk));
    // Within the part that is trusted, a wrong one is found when it is used.
    let mut wrong = whole;
    wrong[20] ^= 1;
    disk.put("archive/offsets", wrong);
    let archive = open(&disk);
    assert_eq!(archive.reader().block(1).unwrap_err().code, "ARCHIVE_CORRUPT");
    assert_eq!(archive.reader().block(2).unwrap(), block(2));
}

#[test]
fn a_lost_tail_and_a_missing_file_are_noticed() {
    let disk = full();
    let files: Vec<_> = disk.names().into_iter().filter(|n| n.ends_with(".blocks")).collect();
    assert!(files.len() > 5);
    for (at, name) in files.iter().enumerate() {
        let disk = disk.copy();
        disk.remove(name).unwrap();
        let code = try_open(&disk).map(drop).unwrap_err().code;
        let expected = if at + 1 == files.len() { "ARCHIVE_LOST_TAIL" } else { "ARCHIVE_CORRUPT" };
        assert_eq!(code, expected, "{name}");
    }
    let last = files.last().unwrap();
    let mut bytes = disk.bytes(last);
    let place = bytes.len() - 1;
    bytes[place] ^= 1;
    disk.put(last, bytes);
    let fault = try_open(&disk).map(drop).unwrap_err();
    assert!(fault.detail.contains("the block 50 is damaged"), "{fault}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn what_was_synced_survives_each_crash(
        lives in prop::collection::vec((1..60_u64, prop::collection::vec(0..9_u64, 1..12)), 1..5),
        seed in any::<u64>(),
    ) {
        let disk = MemoryDisk::default();
        DiskArchive::create(&disk, LEDGER).unwrap();
        let mut chance = Chance::new(seed);
        let mut durable = 0;
        for (breaks, groups) in lives {
            disk.break_after(breaks, "DISK_FULL");
            let mut written = durable;
            if let Ok(mut archive) = try_open(&disk) {
                for count in groups {
                    let added = add(&mut archive, count);
                    written = archive.height() + 1;
                    if added.and_then(|()| archive.sync()).is_err() {
                        prop_assert_eq!(archive.sync().unwrap_err().code, "DISK_FULL");
                        break;
                    }
                    durable = archive.height();
                }
            }
            disk.crash(&mut chance);
            let archive = open(&disk);
            prop_assert!((durable..=written).contains(&archive.height()));
            holds_all(&archive);
            durable = archive.height();
        }
    }
}
