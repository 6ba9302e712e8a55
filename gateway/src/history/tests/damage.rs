//! Whatever happens to the index: the same answers, or none; never other ones.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use counterfoil_engine::driver::store::StoreFault;
use counterfoil_engine::hash::Hash;

use super::*;

/// Every file of the database.
fn files_of_sled(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(folder.join("index/sled"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .collect();
    found.sort();
    found
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    let at = at % bytes.len();
    bytes[at] ^= 0x41;
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_deleted_index_gives_the_same_answers_again() {
    let market = story();
    let archive = MemoryArchive::of(&market.blocks);
    let folder = tempfile::tempdir().unwrap();
    let first = everything(&complete(folder.path(), &market, &archive), &market);
    let kept = complete(folder.path(), &market, &archive);
    assert_eq!(everything(&kept, &market), first);
    drop(kept);
    fs::remove_dir_all(folder.path().join("index")).unwrap();
    assert_eq!(everything(&complete(folder.path(), &market, &archive), &market), first);
    for file in ["leaves", "blocks", "instructions", "closings"] {
        fs::remove_file(folder.path().join("index").join(file)).unwrap();
        let again = complete(folder.path(), &market, &archive);
        assert_eq!(again.figures().rebuilds, 1, "{file}");
        assert_eq!(everything(&again, &market), first, "{file}");
    }
    for file in ["leaves", "blocks", "instructions", "closings"] {
        flip(&folder.path().join("index").join(file), 71);
        let again = complete(folder.path(), &market, &archive);
        assert_eq!(again.figures().rebuilds, 1, "{file}");
        assert_eq!(everything(&again, &market), first, "{file}");
    }
}

#[test]
fn a_restart_half_way_goes_on_where_it_was() {
    let market = story();
    let expected = {
        let folder = tempfile::tempdir().unwrap();
        let archive = MemoryArchive::of(&market.blocks);
        everything(&complete(folder.path(), &market, &archive), &market)
    };
    let folder = tempfile::tempdir().unwrap();
    let archive = MemoryArchive::default();
    for part in market.blocks.chunks(5) {
        archive.extend(part);
        let history = complete(folder.path(), &market, &archive);
        assert_eq!(history.figures().rebuilds, 0);
    }
    let history = complete(folder.path(), &market, &archive);
    assert_eq!(everything(&history, &market), expected);
}

/// A crash keeps the files and loses what waited in memory: the files know more than the cursor.
#[test]
fn a_crash_between_files_and_cursor_is_harmless() {
    let market = story();
    let (half, rest) = market.blocks.split_at(market.blocks.len() / 2);
    let folder = tempfile::tempdir().unwrap();
    let archive = MemoryArchive::of(half);
    drop(complete(folder.path(), &market, &archive));
    let index = folder.path().join("index");
    let aside = tempfile::tempdir().unwrap();
    for file in files_of_sled(folder.path()) {
        fs::copy(&file, aside.path().join(file.file_name().unwrap())).unwrap();
    }
    archive.extend(rest);
    let expected = everything(&complete(folder.path(), &market, &archive), &market);
    fs::remove_dir_all(index.join("sled")).unwrap();
    fs::create_dir(index.join("sled")).unwrap();
    for file in fs::read_dir(aside.path()).unwrap().map(|entry| entry.unwrap().path()) {
        fs::copy(&file, index.join("sled").join(file.file_name().unwrap())).unwrap();
    }
    let history = complete(folder.path(), &market, &archive);
    assert_eq!(history.figures().rebuilds, 0);
    assert_eq!(everything(&history, &market), expected);
}

#[test]
fn a_damaged_database_is_built_anew() {
    let market = story();
    let archive = MemoryArchive::of(&market.blocks);
    let whole = tempfile::tempdir().unwrap();
    let expected = everything(&complete(whole.path(), &market, &archive), &market);
    let mut rebuilds = 0;
    for step in 0..24 {
        let folder = tempfile::tempdir().unwrap();
        drop(complete(folder.path(), &market, &archive));
        let files = files_of_sled(folder.path());
        let file = &files[step % files.len()];
        match step {
            0..20 => flip(file, step * 797),
            // Lost, cut off, or something else altogether.
            20 => fs::write(file, []).unwrap(),
            21 => fs::OpenOptions::new().write(true).open(file).unwrap().set_len(100).unwrap(),
            _ => fs::write(file, vec![step as u8; 9_000]).unwrap(),
        }
        let history = complete(folder.path(), &market, &archive);
        assert!(everything(&history, &market) == expected, "step {step}");
        rebuilds += history.figures().rebuilds;
    }
    assert!(rebuilds >= 8, "{rebuilds} damages were found; the others hit what nobody reads");
}

/// The database of an index that was closed: sled's own threads hold its lock a little longer.
fn opened(folder: &Path) -> sled::Db {
    let path = folder.join("index/sled");
    let tries = (0..1_000).map(|_| {
        let db = sled::open(&path);
        if db.is_err() {
            std::thread::sleep(Duration::from_millis(10));
        }
        db
    });
    tries.flat_map(Result::ok).next().expect("nobody else has it open")
}

/// The worst that sled does: it opens, and something is no longer there.
#[test]
fn an_item_that_sled_lost_in_silence_is_missed() {
    let market = story();
    let archive = MemoryArchive::of(&market.blocks);
    let folder = tempfile::tempdir().unwrap();
    let expected = everything(&complete(folder.path(), &market, &archive), &market);
    for lost in [0, 7, 20] {
        let db = opened(folder.path());
        let key = db.iter().keys().filter(|key| key.as_ref().unwrap() != b"cursor").nth(lost);
        db.remove(key.unwrap().unwrap()).unwrap().unwrap();
        drop(db);
        let history = complete(folder.path(), &market, &archive);
        assert_eq!(history.figures().rebuilds, 1);
        assert_eq!(everything(&history, &market), expected);
    }
}

fn await_rebuild(history: &History, market: &Market) {
    for _ in 0..2_000 {
        if history.figures().rebuilds > 0 {
            break;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    history.wait_height(market.machine.height(), SOON).unwrap();
    assert!(history.figures().rebuilds > 0);
}

#[test]
fn a_tampered_leaf_is_found_at_the_start_and_while_serving() {
    let market = story();
    let archive = MemoryArchive::of(&market.blocks);
    let folder = tempfile::tempdir().unwrap();
    let expected = everything(&complete(folder.path(), &market, &archive), &market);
    let leaves = folder.path().join("index/leaves");
    for at in [0, 5 * 32 + 7, fs::metadata(&leaves).unwrap().len() as usize - 1] {
        flip(&leaves, at);
        let history = complete(folder.path(), &market, &archive);
        assert_eq!(history.figures().rebuilds, 1, "byte {at}");
        assert_eq!(everything(&history, &market), expected);
        drop(history);
    }
    let history = complete(folder.path(), &market, &archive);
    let honest = history.inclusion(9, None).unwrap();
    // In place, as someone on the machine would.
    let file = fs::OpenOptions::new().write(true).open(&leaves).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&file, &Hash::ZERO.0, 9 * 32).unwrap();
    let fault = history.inclusion(9, None).unwrap_err();
    assert_eq!((fault.code(), fault.retry()), ("INDEX_DAMAGED", true));
    for _ in 0..1_000 {
        // Refused or right, at every moment of the rebuild.
        match history.inclusion(9, None) {
            Ok(told) => assert_eq!(told, honest),
            Err(fault) => assert!(fault.retry(), "{fault}"),
        }
    }
    await_rebuild(&history, &market);
    assert_eq!(history.inclusion(9, None).unwrap(), honest);
}

#[test]
fn the_index_of_another_ledger_is_not_believed() {
    let market = story();
    let archive = MemoryArchive::of(&market.blocks);
    let folder = tempfile::tempdir().unwrap();
    let mut other = Market::genesis(1);
    other.genesis.origin = "counterfoil.test/other".to_owned();
    let machine = counterfoil_engine::machine::Machine::new(&other.genesis, &other.secret, 1);
    other.machine = machine;
    for _ in 0..60 {
        other.tick();
    }
    drop(complete(folder.path(), &other, &MemoryArchive::of(&other.blocks)));
    let history = complete(folder.path(), &market, &archive);
    let fresh = tempfile::tempdir().unwrap();
    let expected = everything(&complete(fresh.path(), &market, &archive), &market);
    // What was signed for the other ledger stays and binds: only the index is disposable.
    let refused = history.sign(&view(&market)).map(drop);
    assert_eq!(refused, Ok(()));
    assert_eq!(everything(&history, &market), expected);
}

#[test]
fn an_archive_that_does_not_continue_stops_the_follower() {
    let market = story();
    let other = Market::open(1);
    let archive = MemoryArchive::of(&market.blocks[..10]);
    archive.extend(&market.blocks[11..]);
    let folder = tempfile::tempdir().unwrap();
    let history = open(folder.path(), &market, &archive).unwrap();
    let fault = history.wait_height(11, SOON).unwrap_err();
    assert_eq!((fault.code(), fault.retry()), ("ARCHIVE_UNREADABLE", false));
    assert!(history.figures().stopped.is_some());
    assert_eq!(history.height(), 10);
    // It has a part of the past; of the rest it must not say that it does not exist.
    assert_eq!(history.inclusion(3, None).unwrap_err().code(), "INDEX_LAGGING");
    drop(history);

    // A block of the right height from another history.
    let mut forged: Vec<_> = market.blocks[..3].to_vec();
    forged.extend(other.blocks[3..].iter().cloned());
    forged[3].header.heads_root = Hash([1; 32]);
    let folder = tempfile::tempdir().unwrap();
    let history = open(folder.path(), &market, &MemoryArchive::of(&forged)).unwrap();
    let fault = history.wait_height(5, SOON).unwrap_err();
    assert_eq!(fault.code(), "ARCHIVE_UNREADABLE");
}

/// An archive on a disk that fails so many times.
struct Failing {
    archive: MemoryArchive,
    times: AtomicU32,
}

impl Blocks for Failing {
    fn height(&self) -> u64 {
        Blocks::height(&self.archive)
    }

    fn block(&self, height: u64) -> Result<bytes::Bytes, StoreFault> {
        let fails = || self.times.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1)).is_ok();
        if height > 5 && fails() {
            let detail = "DISK_IO: reading archive/0: nothing comes".to_owned();
            return Err(StoreFault { code: "DISK_IO", detail });
        }
        self.archive.block(height)
    }
}

#[test]
fn a_disk_that_fails_for_a_while_does_not_stop_the_follower() {
    let market = story();
    let folder = tempfile::tempdir().unwrap();
    let archive = MemoryArchive::of(&market.blocks);
    let history = History::open(Setup {
        folder: folder.path().to_owned(),
        genesis: market.genesis.clone(),
        secret: market.secret.clone(),
        blocks: Arc::new(Failing { archive, times: 3.into() }),
        checkpoint_key: PrivateKey::from_seed([200; 32]),
    })
    .unwrap();
    history.wait_height(market.machine.height(), SOON).unwrap();
    assert_eq!(history.stopped(), None);
    assert_eq!(history.figures().rebuilds, 0);
}
