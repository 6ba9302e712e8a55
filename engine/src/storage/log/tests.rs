//! The log against a naive model, with crashes at every place; and what recovery makes of damage.

use proptest::prelude::*;

use super::super::frame;
use super::*;
use crate::hash::Hash;
use crate::sim::{Chance, MemoryDisk};

const IDENTITY: Identity = Identity { ledger: Hash([4; 32]), replica: 2, incarnation: 5 };
const SEGMENT: u64 = 700;

fn create(disk: &MemoryDisk) {
    DiskLog::create(disk, &IDENTITY).unwrap();
}

fn try_open(disk: &MemoryDisk) -> Result<DiskLog, StoreFault> {
    DiskLog::open(Arc::new(disk.clone()), IDENTITY, SEGMENT)
}

fn open(disk: &MemoryDisk) -> DiskLog {
    try_open(disk).unwrap()
}

fn entry(index: u64, term: u64) -> Entry {
    let data = vec![(index % 251) as u8; (index * 7 % 60) as usize].into();
    Entry { index, term, data, ..Entry::default() }
}

fn entries(from: u64, to: u64, term: u64) -> Vec<Entry> {
    (from..to).map(|index| entry(index, term)).collect()
}

fn hard_state(term: u64, vote: u64, commit: u64) -> HardState {
    HardState { term, vote, commit, ..HardState::default() }
}

/// The whole log as a reader sees it.
#[derive(Debug, Clone, PartialEq, Default)]
struct Model {
    floor: Position,
    entries: Vec<Entry>,
    hard_state: HardState,
}

impl Model {
    fn of(log: &DiskLog) -> Model {
        let floor = log.floor();
        let entries = log.entries(floor.index + 1, log.last() + 1, u64::MAX).unwrap();
        Model { floor, entries, hard_state: log.hard_state() }
    }

    fn last(&self) -> u64 {
        self.floor.index + self.entries.len() as u64
    }

    fn append(&mut self, entries: &[Entry], hard_state: Option<&HardState>) {
        if let Some(first) = entries.first() {
            self.entries.truncate((first.index - self.floor.index - 1) as usize);
            self.entries.extend_from_slice(entries);
        }
        if let Some(hard_state) = hard_state {
            self.hard_state = hard_state.clone();
        }
    }

    fn cut(&mut self, index: u64) {
        if index > self.floor.index {
            let gone = self.entries.drain(..(index - self.floor.index) as usize);
            let last = gone.last().unwrap();
            self.floor = Position { index, term: last.term };
        }
    }
}

/// What a replica does to its log. Terms never fall, and a vote is never taken back within one.
#[derive(Debug, Clone)]
enum Step {
    Append { back: u64, count: u64, new_term: bool, commit: bool, vote: u64 },
    Sync,
    Cut { below_last: u64 },
    Restart { ahead: u64, count: u64 },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..6_u64, 0..8_u64, any::<bool>(), any::<bool>(), 0..4_u64).prop_map(
            |(back, count, new_term, commit, vote)| Step::Append {
                back, count, new_term, commit, vote
            }
        ),
        4 => Just(Step::Sync),
        1 => (0..9_u64).prop_map(|below_last| Step::Cut { below_last }),
        1 => (1..20_u64, 0..4_u64).prop_map(|(ahead, count)| Step::Restart { ahead, count }),
    ]
}

/// The states that a crash may leave: the last durable one, and those after each write since.
struct Possible(Vec<Model>);

impl Possible {
    fn current(&self) -> &Model {
        self.0.last().unwrap()
    }

    fn wrote(&mut self, model: Model) {
        self.0.push(model);
    }

    fn synced(&mut self) {
        self.0.drain(..self.0.len() - 1);
    }
}

/// One step on log and model. On a fault the model holds what may or may not be there.
fn take(log: &mut DiskLog, possible: &mut Possible, step: &Step) -> Result<(), StoreFault> {
    let mut model = possible.current().clone();
    match *step {
        Step::Append { back, count, new_term, commit, vote } => {
            let mut state = model.hard_state.clone();
            if new_term {
                state = hard_state(state.term + 1, 0, state.commit);
            }
            if state.vote == 0 {
                state.vote = vote;
            }
            // What is committed is never replaced.
            let kept = (model.last() - back.min(model.last())).max(state.commit);
            let written = entries(kept + 1, kept + 1 + count, state.term);
            let last = if count == 0 { model.last() } else { kept + count };
            if commit {
                state.commit = state.commit.max(last);
            }
            let changed = (state != model.hard_state).then_some(&state);
            model.append(&written, changed);
            possible.wrote(model);
            log.append(&written, changed)?;
        }
        Step::Sync => {
            log.sync()?;
            possible.synced();
        }
        Step::Cut { below_last } => {
            let index = model.hard_state.commit.saturating_sub(below_last);
            if index > model.floor.index {
                model.cut(index);
                possible.wrote(model);
                log.cut_below(index)?;
                possible.synced();
            }
        }
        Step::Restart { ahead, count } => {
            let term = model.hard_state.term.max(1);
            let index = model.last() + ahead;
            let mut state = model.hard_state.clone();
            state.term = term;
            state.commit = index;
            let floor = Position { index, term };
            let written = entries(index + 1, index + 1 + count, term);
            let model = Model { floor, entries: written.clone(), hard_state: state.clone() };
            possible.wrote(model);
            log.restart(floor, &state, &written)?;
            possible.synced();
        }
    }
    // A sync on the way, as at the end of a segment, is fine too.
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn what_was_synced_survives_each_crash(
        steps in prop::collection::vec(step(), 1..40),
        breaks in prop::collection::vec(1..120_u64, 1..4),
        seed in any::<u64>(),
    ) {
        let disk = MemoryDisk::default();
        create(&disk);
        let mut chance = Chance::new(seed);
        let mut possible = Possible(vec![Model::default()]);
        possible.0[0] = Model::of(&open(&disk));
        let mut lives = breaks.into_iter();
        let mut steps = steps.iter().cycle().take(120);
        for life in 0..4 {
            if let Some(operations) = lives.next() {
                disk.break_after(operations, "DISK_IO");
            }
            // The start may be cut short as well.
            if let Ok(mut log) = try_open(&disk) {
                prop_assert_eq!(&Model::of(&log), possible.current());
                for step in steps.by_ref().take(30) {
                    if let Err(fault) = take(&mut log, &mut possible, step) {
                        prop_assert_eq!(fault.code, "DISK_IO");
                        prop_assert!(log.sync().is_err(), "a fault is the last word");
                        break;
                    }
                }
            }
            disk.crash(&mut chance);
            let scanned = scan(&disk, &IDENTITY);
            prop_assert!(scanned.is_ok(), "life {}: {:?}", life, scanned.err());
            let found = Model::of(&open(&disk));
            prop_assert!(possible.0.contains(&found), "{found:?} is none of {:?}", possible.0);
            possible = Possible(vec![found]);
            // What was found once is found again.
            disk.crash(&mut chance);
            prop_assert_eq!(&Model::of(&open(&disk)), possible.current());
        }
    }

    #[test]
    fn a_changed_byte_is_noticed_or_harmless(
        at in any::<prop::sample::Index>(),
        which in any::<prop::sample::Index>(),
        bit in 0..8_u32,
    ) {
        let disk = full_log();
        let before = Model::of(&open(&disk));
        let names: Vec<_> = disk.names();
        let name = which.get(&names);
        let mut bytes = disk.bytes(name);
        let place = at.index(bytes.len());
        bytes[place] ^= 1 << bit;
        disk.put(name, bytes);
        match try_open(&disk) {
            // In one of the two slots of the watermark it does no harm.
            Ok(log) => {
                prop_assert_eq!(name.as_str(), "log/watermark");
                prop_assert_eq!(Model::of(&log), before);
            }
            Err(fault) => prop_assert!(
                ["LOG_CORRUPT", "LOG_LOST_TAIL", "DATA_OTHER_LEDGER"].contains(&fault.code)
            ),
        }
    }
}

/// Several segments, all synced.
fn full_log() -> MemoryDisk {
    let disk = MemoryDisk::default();
    create(&disk);
    let mut log = open(&disk);
    for index in 1..=40 {
        log.append(&[entry(index, 3)], Some(&hard_state(3, 2, index - 1))).unwrap();
        log.sync().unwrap();
    }
    disk
}

fn last_segment(disk: &MemoryDisk) -> String {
    let segments = disk.names().into_iter().filter(|name| name.ends_with(".segment"));
    segments.max().unwrap()
}

fn cut_file(disk: &MemoryDisk, name: &str, bytes: usize) {
    let mut content = disk.bytes(name);
    content.truncate(content.len() - bytes);
    disk.put(name, content);
}

#[test]
fn a_torn_tail_that_nobody_was_told_of_is_cut_off() {
    let disk = full_log();
    let before = Model::of(&open(&disk));
    let mut log = open(&disk);
    log.append(&[entry(41, 3)], None).unwrap();
    drop(log);
    let name = last_segment(&disk);
    cut_file(&disk, &name, 1);
    assert_eq!(Model::of(&open(&disk)), before);
    // Garbage behind the end, as of a file whose length was written and whose bytes were not.
    let mut bytes = disk.bytes(&name);
    bytes.extend_from_slice(&[0; 300]);
    disk.put(&name, bytes);
    assert_eq!(Model::of(&open(&disk)), before);
}

#[test]
fn what_a_client_wrote_into_an_entry_proves_nothing() {
    let disk = full_log();
    let before = Model::of(&open(&disk));
    // A frame that says that all of the log was synced, whole in itself, and many beginnings of one.
    let link = Link { sequence: 90, hash: Hash([1; 32]) };
    let mut forged = Vec::new();
    let frame = frame::begin(&mut forged, frame::Kind::Batch, 0, link, 90);
    frame::finish(&mut forged, frame).unwrap();
    let beginnings = b"CFfr".repeat(5_000);
    for data in [forged, beginnings] {
        let disk = disk.copy();
        let mut log = DiskLog::open(Arc::new(disk.clone()), IDENTITY, 1 << 20).unwrap();
        let name = last_segment(&disk);
        let begins = disk.bytes(&name).len();
        let entry = Entry { index: 41, term: 3, data: data.into(), ..Entry::default() };
        log.append(&[entry], None).unwrap();
        drop(log);
        // The first sector of the batch did not reach the disk.
        let mut bytes = disk.bytes(&name);
        bytes[begins] ^= 1;
        disk.put(&name, bytes);
        assert_eq!(Model::of(&open(&disk)), before);
    }
}

#[test]
fn a_damaged_batch_that_was_promised_is_corruption_with_its_place() {
    let disk = full_log();
    let name = last_segment(&disk);
    let mut bytes = disk.bytes(&name);
    let place = bytes.len() - 50;
    bytes[place] ^= 1;
    disk.put(&name, bytes);
    let fault = try_open(&disk).map(drop).unwrap_err();
    assert_eq!(fault.code, "LOG_CORRUPT");
    assert!(fault.detail.starts_with(&format!("LOG_CORRUPT: {name} at byte ")), "{fault}");
    assert!(fault.detail.contains("intact up to entry 39, promised up to entry 40"), "{fault}");
}

#[test]
fn an_older_watermark_does_not_hide_what_a_later_batch_proves() {
    let disk = MemoryDisk::default();
    create(&disk);
    let mut log = DiskLog::open(Arc::new(disk.clone()), IDENTITY, 1 << 20).unwrap();
    let old = disk.bytes("log/watermark");
    let mut ends = Vec::new();
    for index in 1..=3 {
        log.append(&[entry(index, 3)], None).unwrap();
        log.sync().unwrap();
        ends.push(disk.bytes(&last_segment(&disk)).len());
    }
    drop(log);
    disk.put("log/watermark", old);
    assert_eq!(open(&disk.copy()).last(), 3);
    let damage = |place: usize| {
        let disk = disk.copy();
        let name = last_segment(&disk);
        let mut bytes = disk.bytes(&name);
        bytes[place] ^= 1;
        disk.put(&name, bytes);
        try_open(&disk).map(|log| log.last())
    };
    // The second batch was written when the first was known to be synced, the third when the
    // second was. Of the third nothing tells but the watermark that was lost.
    assert_eq!(damage(ends[0] - 1).unwrap_err().code, "LOG_CORRUPT");
    assert_eq!(damage(ends[1] - 1).unwrap_err().code, "LOG_CORRUPT");
    assert_eq!(damage(ends[2] - 1), Ok(2));
}

#[test]
fn a_lost_tail_is_refused_with_what_is_lost() {
    let disk = full_log();
    let image = disk.copy();
    let mut log = open(&disk);
    for index in 41..=45 {
        log.append(&[entry(index, 4)], Some(&hard_state(4, 1, 40))).unwrap();
        log.sync().unwrap();
    }
    drop(log);
    // Somebody puts back an older image of the segments, and forgets the watermark.
    let watermark = disk.bytes("log/watermark");
    image.put("log/watermark", watermark);
    let fault = try_open(&image).map(drop).unwrap_err();
    assert_eq!(fault.code, "LOG_LOST_TAIL");
    assert!(fault.detail.contains("intact up to entry 40, promised up to entry 45"), "{fault}");
    assert!(fault.detail.contains("restore its directory"), "{fault}");
    // All segments gone.
    for name in image.names() {
        if name.ends_with(".segment") {
            image.remove(&name).unwrap();
        }
    }
    assert_eq!(try_open(&image).map(drop).unwrap_err().code, "LOG_LOST_TAIL");
}

#[test]
fn files_of_others_are_refused() {
    let disk = full_log();
    let other = |identity| DiskLog::open(Arc::new(disk.clone()), identity, SEGMENT).map(drop);
    let fault = other(Identity { incarnation: 6, ..IDENTITY }).unwrap_err();
    assert_eq!(fault.code, "LOG_CORRUPT");
    let fault = other(Identity { ledger: Hash([5; 32]), ..IDENTITY }).unwrap_err();
    assert_eq!(fault.code, "DATA_OTHER_LEDGER");
    let fault = other(Identity { replica: 3, ..IDENTITY }).unwrap_err();
    assert_eq!(fault.code, "LOG_CORRUPT");
}

#[test]
fn a_missing_segment_is_noticed() {
    let disk = full_log();
    let names: Vec<_> = disk.names().into_iter().filter(|n| n.ends_with(".segment")).collect();
    assert!(names.len() > 4, "{names:?}");
    for name in &names {
        let disk = disk.copy();
        disk.remove(name).unwrap();
        let fault = try_open(&disk).map(drop).unwrap_err();
        assert!(["LOG_CORRUPT", "LOG_LOST_TAIL"].contains(&fault.code), "{fault}");
    }
}

#[test]
fn entries_come_in_bounds_and_across_segments() {
    let log = open(&full_log());
    let read = |from, to, bytes| {
        let read = log.entries(from, to, bytes).unwrap();
        assert!(read.iter().all(|e| *e == entry(e.index, 3)));
        read.iter().map(|e| e.index).collect::<Vec<_>>()
    };
    assert_eq!(read(1, 41, u64::MAX), (1..=40).collect::<Vec<_>>());
    assert_eq!(read(7, 9, u64::MAX), [7, 8]);
    assert_eq!(read(7, 30, 0), [7], "one entry always");
    assert!(read(7, 30, 200).len() > 1);
    assert_eq!(read(39, 99, u64::MAX), [39, 40]);
    assert_eq!(log.entries(0, 3, 1).unwrap_err().code, "INTERNAL");
}

#[test]
fn a_cut_removes_segments_and_keeps_the_floor() {
    let disk = full_log();
    let mut log = open(&disk);
    let before = disk.names().len();
    assert_eq!(log.cut_below(31).unwrap(), Position { index: 31, term: 3 });
    assert!(disk.names().len() + 4 < before);
    assert_eq!(log.entries(32, 41, u64::MAX).unwrap(), entries(32, 41, 3));
    let model = Model::of(&log);
    assert_eq!(log.cut_below(5).unwrap().index, 31);
    drop(log);
    assert_eq!(Model::of(&open(&disk)), model);
}
