//! A node on a disk in memory that can be watched, slowed down and broken.

use std::sync::atomic::AtomicU64;
use std::sync::{Condvar, Mutex};

use bytes::Bytes;
use raft::eraftpb::{Entry, HardState};

use super::super::Fatal;
use super::*;
use crate::hash::Hash;
use crate::sim::{Counted, MemoryDisk, Tally};
use crate::storage::{DiskLog, DiskSnapshots, Home, Identity, Sizes};
use crate::time::Timestamp;

const SETTINGS: Settings =
    Settings { id: 1, cluster: Hash([7; 32]), seed: 1, window_bytes: 1 << 20 };
const SOON: Duration = Duration::from_secs(10);

/// What the disk is told to do from outside.
#[derive(Default)]
struct Remote {
    /// Syncs wait while this is set.
    stuck: Mutex<bool>,
    changed: Condvar,
    /// The next write fails with this code.
    fault: Mutex<Option<&'static str>>,
    /// Syncs of the archive alone wait while this is set.
    archive_stuck: Mutex<bool>,
    archive_changed: Condvar,
    /// Archived blocks, and how many of them are synced.
    blocks: Mutex<Vec<Vec<u8>>>,
    synced_blocks: AtomicU64,
}

fn wait_while(stuck: &Mutex<bool>, changed: &Condvar) {
    let mut stuck = stuck.lock().unwrap();
    while *stuck {
        stuck = changed.wait(stuck).unwrap();
    }
}

impl Remote {
    fn stick(&self, stuck: bool) {
        *self.stuck.lock().unwrap() = stuck;
        self.changed.notify_all();
    }

    fn stick_archive(&self, stuck: bool) {
        *self.archive_stuck.lock().unwrap() = stuck;
        self.archive_changed.notify_all();
    }

    fn pass(&self) -> Result<(), StoreFault> {
        wait_while(&self.stuck, &self.changed);
        let fault = *self.fault.lock().unwrap();
        match fault {
            Some("PANIC") => panic!("a mistake in the program"),
            Some(code) => Err(StoreFault { code, detail: format!("{code}: cannot write") }),
            None => Ok(()),
        }
    }
}

/// A log that obeys the remote.
struct WatchedLog(DiskLog, Arc<Remote>);

impl Log for WatchedLog {
    fn floor(&self) -> Position {
        self.0.floor()
    }
    fn last(&self) -> u64 {
        self.0.last()
    }
    fn hard_state(&self) -> HardState {
        self.0.hard_state()
    }
    fn entries(&self, from: u64, to: u64, max_bytes: u64) -> Result<Vec<Entry>, StoreFault> {
        self.0.entries(from, to, max_bytes)
    }
    fn append(&mut self, entries: &[Entry], state: Option<&HardState>) -> Result<(), StoreFault> {
        self.0.append(entries, state)
    }
    fn sync(&mut self) -> Result<(), StoreFault> {
        self.1.pass()?;
        self.0.sync()
    }
    fn restart(
        &mut self,
        floor: Position,
        state: &HardState,
        entries: &[Entry],
    ) -> Result<(), StoreFault> {
        self.0.restart(floor, state, entries)
    }
    fn cut_below(&mut self, index: u64) -> Result<Position, StoreFault> {
        self.0.cut_below(index)
    }
}

struct WatchedArchive(Arc<Remote>);

impl Archive for WatchedArchive {
    fn height(&self) -> u64 {
        self.0.blocks.lock().unwrap().len() as u64
    }
    fn stored(&self, height: u64) -> Result<Bytes, StoreFault> {
        Ok(Bytes::copy_from_slice(&self.0.blocks.lock().unwrap()[height as usize - 1]))
    }
    fn append(&mut self, height: u64, _: u64, block: &[u8]) -> Result<(), StoreFault> {
        let mut blocks = self.0.blocks.lock().unwrap();
        assert_eq!(height, blocks.len() as u64 + 1, "blocks are archived in order");
        blocks.push(block.to_vec());
        Ok(())
    }
    fn sync(&mut self) -> Result<(), StoreFault> {
        wait_while(&self.0.archive_stuck, &self.0.archive_changed);
        let archived = self.height();
        self.0.synced_blocks.store(archived, Ordering::Release);
        Ok(())
    }
}

struct Stand {
    remote: Arc<Remote>,
    disk: MemoryDisk,
    limits: Limits,
    fatals: Arc<Mutex<Vec<Fatal>>>,
}

struct OneAfterTheOther(AtomicU64);

impl Clock for OneAfterTheOther {
    fn now(&self) -> Timestamp {
        Timestamp(1_000 + self.0.fetch_add(1, Ordering::Relaxed))
    }
}

impl Stand {
    fn new(limits: Limits) -> Stand {
        let remote = Arc::new(Remote::default());
        let disk = MemoryDisk::default();
        let identity = Identity { ledger: SETTINGS.cluster, replica: SETTINGS.id, incarnation: 1 };
        let home = Home::create_on(Arc::new(disk.clone()), "here", identity, Sizes::default());
        let Stores { mut log, snapshots, .. } = home.unwrap().stores;
        initialise::<Tally>(SETTINGS, &(), &mut log, &snapshots).unwrap();
        Stand { remote, disk, limits, fatals: Arc::default() }
    }

    fn log_and_snapshots(&self) -> (DiskLog, DiskSnapshots) {
        let disk = Arc::new(self.disk.clone());
        let home = Home::open_on(disk, "here", SETTINGS.cluster, Sizes::default());
        let Stores { log, snapshots, .. } = home.unwrap().stores;
        (log, snapshots)
    }

    fn try_open(&self) -> Result<Node<Tally>, OpenError> {
        let (log, snapshots) = self.log_and_snapshots();
        let stores = Stores {
            log: WatchedLog(log, self.remote.clone()),
            snapshots,
            archive: WatchedArchive(self.remote.clone()),
        };
        let fatals = self.fatals.clone();
        let on_fatal: OnFatal = Arc::new(move |fatal| fatals.lock().unwrap().push(fatal.clone()));
        let clock = Arc::new(OneAfterTheOther(AtomicU64::new(0)));
        Node::open(SETTINGS, self.limits, stores, &(), clock, on_fatal)
    }

    fn open(&self) -> Node<Tally> {
        let node = self.try_open().unwrap();
        assert!(node.wait_ready(SOON));
        node
    }
}

fn command(id: u64) -> Vec<u8> {
    id.to_be_bytes().to_vec()
}

fn committed(reply: &Receiver<Reply<Counted>>) -> (u64, Counted) {
    match reply.recv_timeout(SOON) {
        Ok(Reply::Committed { height, block }) => (height, *block),
        other => panic!("not committed: {other:?}"),
    }
}

#[test]
fn a_reply_comes_when_the_view_shows_it_and_a_restart_keeps_it() {
    let stand = Stand::new(Limits::default());
    let node = stand.open();
    for id in 1..=50 {
        let reply = node.propose(command(id)).unwrap();
        assert_eq!(committed(&reply), (id, Counted { id, replayed: false }));
        assert_eq!(node.view().machine.executions(id), 1);
    }
    let before = node.view().machine.digest();
    node.shutdown();
    assert_eq!(stand.remote.synced_blocks.load(Ordering::Acquire), 50);

    let node = stand.open();
    assert_eq!(node.view().machine.digest(), before);
    let again = committed(&node.propose(command(7)).unwrap());
    assert_eq!(again, (51, Counted { id: 7, replayed: true }));
    node.shutdown();
}

#[test]
fn many_proposals_share_few_syncs() {
    let stand = Stand::new(Limits::default());
    let node = stand.open();
    stand.remote.stick(true);
    let before = node.figures().syncs;
    let replies: Vec<_> = (1..=500).map(|id| node.propose(command(id)).unwrap()).collect();
    stand.remote.stick(false);
    for (id, reply) in (1..).zip(&replies) {
        assert_eq!(committed(reply).0, id);
    }
    assert!(node.figures().syncs - before < 50, "{} syncs", node.figures().syncs);
    node.shutdown();
}

#[test]
fn nothing_is_confirmed_before_the_sync_and_the_surplus_is_refused() {
    let stand = Stand::new(Limits { in_flight_max: 16, ..Limits::default() });
    let node = stand.open();
    stand.remote.stick(true);
    let replies: Vec<_> = (1..=16).map(|id| node.propose(command(id)).unwrap()).collect();
    assert_eq!(node.propose(command(17)).unwrap_err(), Rejected::Overloaded);
    assert!(replies[0].recv_timeout(Duration::from_millis(30)).is_err());
    assert_eq!(node.view().machine.height(), 0);
    stand.remote.stick(false);
    assert_eq!(committed(&replies[15]).0, 16);
    node.wait_height(16, SOON).unwrap();
    committed(&node.propose(command(17)).unwrap());
    node.shutdown();
}

#[test]
fn few_large_submissions_are_a_surplus_too() {
    let stand = Stand::new(Limits { in_flight_bytes_max: 1_000, ..Limits::default() });
    let node = stand.open();
    stand.remote.stick(true);
    let large = |id| [command(id), vec![0; 592]].concat();
    let replies = [node.propose(large(1)).unwrap(), node.propose(large(2)).unwrap()];
    assert_eq!(node.propose(command(3)).unwrap_err(), Rejected::Overloaded);
    assert_eq!(node.figures().in_flight, 2);
    stand.remote.stick(false);
    assert_eq!(replies.map(|reply| committed(&reply).0), [1, 2]);
    // A place is given back when the reply has left, which may be a moment later.
    while node.figures().in_flight > 0 {
        thread::yield_now();
    }
    committed(&node.propose(command(3)).unwrap());
    node.shutdown();
}

#[test]
fn a_full_disk_ends_the_node_with_a_clear_word_and_loses_nothing() {
    let stand = Stand::new(Limits::default());
    let node = stand.open();
    committed(&node.propose(command(1)).unwrap());
    *stand.remote.fault.lock().unwrap() = Some("DISK_FULL");
    let reply = node.propose(command(2)).unwrap();
    assert!(reply.recv_timeout(SOON).is_err(), "no confirmation without a disk");
    while !node.figures().failed {
        thread::yield_now();
    }
    assert_eq!(node.propose(command(3)).unwrap_err(), Rejected::Stopped);
    node.shutdown();
    let fatals = stand.fatals.lock().unwrap().clone();
    assert_eq!(fatals.len(), 1);
    assert_eq!(fatals[0].fault.code, "DISK_FULL");
    assert!(fatals[0].to_string().contains("free some space"));

    *stand.remote.fault.lock().unwrap() = None;
    let node = stand.open();
    assert_eq!(node.view().machine.executions(1), 1);
    node.shutdown();
}

#[test]
fn a_disk_that_hangs_is_seen_and_does_not_hold_up_the_end() {
    let stand = Stand::new(Limits::default());
    let node = stand.open();
    stand.remote.stick(true);
    let reply = node.propose(command(1)).unwrap();
    while node.figures().log_waits < Duration::from_millis(20) {
        thread::yield_now();
    }
    node.end(Duration::from_millis(5), Duration::from_millis(20));
    let fatal = stand.fatals.lock().unwrap().first().map(ToString::to_string);
    assert_eq!(fatal.as_deref(), Some("DISK_IO: the disk does not answer; while ending"));
    assert!(reply.try_recv().is_err(), "nothing is confirmed");
    stand.remote.stick(false);
}

#[test]
fn a_panic_ends_the_node_too() {
    let stand = Stand::new(Limits::default());
    let node = stand.open();
    *stand.remote.fault.lock().unwrap() = Some("PANIC");
    let reply = node.propose(command(1)).unwrap();
    assert!(reply.recv_timeout(SOON).is_err());
    while !node.figures().failed {
        thread::yield_now();
    }
    node.shutdown();
    let fatals = stand.fatals.lock().unwrap();
    assert_eq!((fatals[0].while_doing, fatals[0].fault.code), ("writing the log", "INTERNAL"));
}

#[test]
fn a_snapshot_waits_until_the_archive_is_durable_up_to_it() {
    let stand = Stand::new(Limits { snapshot_every: 10, ..Limits::default() });
    let node = stand.open();
    let snapshots = || stand.disk.names().into_iter().filter(|name| name.ends_with(".state"));
    stand.remote.stick_archive(true);
    for id in 1..=50 {
        committed(&node.propose(command(id)).unwrap());
    }
    thread::sleep(Duration::from_millis(50));
    assert_eq!(node.figures().archived, 0);
    assert_eq!(snapshots().count(), 1, "the one of the beginning alone");
    stand.remote.stick_archive(false);
    while snapshots().count() == 1 {
        thread::yield_now();
    }
    node.shutdown();
}

#[test]
fn snapshots_follow_the_archive_and_the_log_is_cut_below_the_older() {
    let stand = Stand::new(Limits { snapshot_every: 100, ..Limits::default() });
    let node = stand.open();
    for id in 1..=1_000 {
        committed(&node.propose(command(id)).unwrap());
    }
    let digest = node.view().machine.digest();
    node.shutdown();
    let (log, store) = stand.log_and_snapshots();
    let load = |index| store.load(index).unwrap().unwrap();
    let snapshots: Vec<_> = store.indexes().unwrap().into_iter().map(load).collect();
    assert_eq!(snapshots.len(), 2);
    assert!(snapshots[1].index > 500 && snapshots[1].index < snapshots[0].index);
    assert_eq!(log.floor().index, snapshots[1].index);

    // The newer snapshot is damaged: the older one and the longer log give the same state.
    let damaged = StateSnapshot { state: "damaged".into(), ..snapshots[0].clone() };
    store.write(&snapshots[1]).unwrap();
    store.write(&damaged).unwrap();
    let node = stand.open();
    assert_eq!(node.view().machine.digest(), digest);
    // The next snapshot takes the place of the one that the machine cannot read.
    committed(&node.propose(command(1_001)).unwrap());
    node.shutdown();
    let kept = store.indexes().unwrap();
    assert!(kept[0] > damaged.index);
    assert_eq!(kept[1..], [snapshots[1].index]);
}

#[test]
fn a_snapshot_is_due_by_bytes_too_and_a_restart_does_not_put_it_off() {
    // An entry has 16 bytes.
    let stand = Stand::new(Limits { snapshot_every_bytes: 16 * 60, ..Limits::default() });
    let newest = || stand.log_and_snapshots().1.indexes().unwrap()[0];
    for (ids, has_snapshot) in [(1..=40, false), (41..=80, true)] {
        let node = stand.open();
        for id in ids {
            committed(&node.propose(command(id)).unwrap());
        }
        node.shutdown();
        assert_eq!(newest() > 60, has_snapshot, "{}", newest());
    }
}

#[test]
fn an_archive_that_lags_is_brought_up_to_date_from_the_log() {
    let stand = Stand::new(Limits { snapshot_every: 1_000, ..Limits::default() });
    let node = stand.open();
    for id in 1..=40 {
        committed(&node.propose(command(id)).unwrap());
    }
    node.shutdown();
    let complete = stand.remote.blocks.lock().unwrap().clone();
    stand.remote.blocks.lock().unwrap().truncate(13);
    stand.open().shutdown();
    assert_eq!(*stand.remote.blocks.lock().unwrap(), complete);
}

#[test]
fn a_snapshot_beyond_the_archive_is_refused() {
    let stand = Stand::new(Limits { snapshot_every: 10, ..Limits::default() });
    let node = stand.open();
    for id in 1..=60 {
        committed(&node.propose(command(id)).unwrap());
    }
    node.shutdown();
    stand.remote.blocks.lock().unwrap().clear();
    let error = stand.try_open().unwrap_err();
    assert!(error.to_string().starts_with("ARCHIVE_GAP: the archive ends at block 0"), "{error}");
}

#[test]
fn a_log_that_ends_before_the_archive_is_refused() {
    let mut stand = Stand::new(Limits::default());
    let node = stand.open();
    for id in 1..=20 {
        committed(&node.propose(command(id)).unwrap());
    }
    node.shutdown();
    let old = stand.disk.copy();
    let node = stand.open();
    for id in 21..=30 {
        committed(&node.propose(command(id)).unwrap());
    }
    node.shutdown();
    // Somebody puts an old image of the log back, with the watermark that belongs to it.
    stand.disk = old;
    let error = stand.try_open().unwrap_err();
    assert!(error.to_string().starts_with("LOG_LOST: blocks up to 30 were archived"), "{error}");
    // An archive of the same age goes with it.
    stand.remote.blocks.lock().unwrap().truncate(20);
    let node = stand.open();
    assert_eq!(committed(&node.propose(command(21)).unwrap()).0, 21);
    node.shutdown();
}

#[test]
fn a_block_that_is_made_again_must_be_the_archived_one() {
    let stand = Stand::new(Limits::default());
    let node = stand.open();
    for id in 1..=20 {
        committed(&node.propose(command(id)).unwrap());
    }
    node.shutdown();
    stand.remote.blocks.lock().unwrap()[13] = command(99);
    let error = stand.try_open().unwrap_err();
    assert!(error.to_string().starts_with("REPLAY_DIFFERS: the block 14"), "{error}");
}
