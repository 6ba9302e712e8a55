//! The signer never contradicts itself.

use std::fs;

use counterfoil_engine::evidence::note::{Checkpoint, Note};

use super::*;

#[test]
fn a_checkpoint_is_signed_once_for_each_state_and_kept() {
    let market = story();
    let archive = MemoryArchive::of(&market.blocks);
    let folder = tempfile::tempdir().unwrap();
    let history = complete(folder.path(), &market, &archive);
    let signed = history.checkpoint(&view(&market)).unwrap();
    assert_eq!(signed.checkpoint.size, market.machine.tree_size());
    let key = history.verifier_key().unwrap();
    let (read, _) = Checkpoint::verify(&signed.note, std::slice::from_ref(&key)).unwrap();
    assert_eq!(read.root, market.machine.tree_root());
    let file = fs::read(folder.path().join("checkpoint")).unwrap();
    assert_eq!(Note::parse(&file).unwrap(), signed.note);
    // Asked again, and asked for an older state: the same one.
    assert!(Arc::ptr_eq(&history.checkpoint(&view(&market)).unwrap(), &signed));
    let older = replayed(&market, 20);
    assert!(Arc::ptr_eq(&history.sign(&view(&older)).unwrap(), &signed));
    drop(history);
    // Another process signs the same state again, and no older one.
    let history = complete(folder.path(), &market, &archive);
    let refused = history.sign(&view(&older)).unwrap_err();
    assert_eq!(refused.code(), "CHECKPOINT_REGRESSION");
    assert_eq!(history.sign(&view(&market)).unwrap().note, signed.note);
}

#[test]
fn a_young_checkpoint_will_do_until_it_is_old() {
    let mut market = story();
    let archive = MemoryArchive::of(&market.blocks);
    let folder = tempfile::tempdir().unwrap();
    let history = complete(folder.path(), &market, &archive);
    let first = history.checkpoint(&view(&market)).unwrap();
    let known = market.blocks.len();
    market.tick();
    archive.extend(&market.blocks[known..]);
    assert!(Arc::ptr_eq(&history.checkpoint(&view(&market)).unwrap(), &first), "a leaf behind");
    // What must cover the view is signed at once.
    let second = history.sign(&view(&market)).unwrap();
    assert_eq!(second.checkpoint.size, market.machine.tree_size());
    let known = market.blocks.len();
    for _ in 0..256 {
        market.tick();
    }
    archive.extend(&market.blocks[known..]);
    let third = history.checkpoint(&view(&market)).unwrap();
    assert_eq!(third.checkpoint.size, market.machine.tree_size(), "256 leaves behind");
    let known = market.blocks.len();
    market.tick();
    archive.extend(&market.blocks[known..]);
    std::thread::sleep(Duration::from_millis(1_050));
    let fourth = history.checkpoint(&view(&market)).unwrap();
    assert_eq!(fourth.checkpoint.size, market.machine.tree_size(), "a second old");
}

/// A ledger put back to an older state that went on from there: larger, but no extension.
#[test]
fn a_ledger_that_forgot_something_gets_no_signature() {
    let market = story();
    let folder = tempfile::tempdir().unwrap();
    let history = complete(folder.path(), &market, &MemoryArchive::of(&market.blocks));
    history.sign(&view(&market)).unwrap();
    drop(history);
    let mut fork = replayed(&market, market.log.len() - 5);
    while fork.machine.tree_size() <= market.machine.tree_size() {
        fork.tick();
    }
    let history = complete(folder.path(), &fork, &MemoryArchive::of(&fork.blocks));
    let refused = history.sign(&view(&fork)).unwrap_err();
    assert_eq!(refused.code(), "CHECKPOINT_REGRESSION", "{refused}");
    // The archive of one history and the machine of another.
    let mixed = history.sign(&view(&market)).unwrap_err();
    assert_eq!(mixed.code(), "TREE_MISMATCH");
}

#[test]
fn without_its_memory_the_signer_does_not_open() {
    let market = story();
    let archive = MemoryArchive::of(&market.blocks);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint");
    complete(folder.path(), &market, &archive).sign(&view(&market)).unwrap();
    let whole = fs::read(&path).unwrap();
    for at in 0..whole.len() {
        let mut torn = whole.clone();
        torn[at] ^= 1;
        fs::write(&path, &torn).unwrap();
        let opened = open(folder.path(), &market, &archive);
        let Err(fault) = opened else { panic!("byte {at} changed and nobody saw it") };
        assert_eq!(fault.code(), "CHECKPOINT_UNREADABLE", "byte {at}");
    }
    fs::write(&path, []).unwrap();
    assert!(open(folder.path(), &market, &archive).is_err());
}

/// The market after its first entries.
fn replayed(market: &Market, entries: usize) -> Market {
    let mut again = Market::genesis(1);
    for (clock, entry) in &market.log[..entries] {
        again.clock = *clock;
        again.enter(entry.clone());
    }
    again
}
