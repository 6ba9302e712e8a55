//! The Raft log of one replica, in numbered segments beside a watermark.
//!
//! ```text
//! log/0000000007.segment   head  batch  batch  batch ...
//! log/0000000008.segment   head  batch ...               <- appended to
//! log/watermark            what has been promised: the last batch synced, term and vote
//! ```
//!
//! A batch holds entries, the hard state, a new floor, or several of them. A later batch replaces
//! entries of earlier ones; nothing is ever overwritten in place.
//!
//! Invariants:
//! * A segment begins with the state of the log at that place, so older segments can go.
//! * The watermark is written after the sync and before anybody is told, so it never says more
//!   than the log holds, and the log never holds less than it says.
//! * After a failed write or sync every further call fails in the same words.

mod batch;
mod contents;
mod scan;
mod watermark;

use std::collections::BTreeMap;
use std::sync::Arc;

use raft::eraftpb::{Entry, HardState};

use super::disk::{Disk, DiskFile, NEW, make_sure, path};
use super::frame::Link;
use super::identity::Identity;
use super::misuse;
use super::segment::LOG;
use super::slots::Slots;
use crate::driver::store::{Log, StoreFault};
use crate::replica::Position;
use batch::Batch;
use contents::{Contents, Place};
use scan::Beginning;
use watermark::Watermark;

pub(super) use scan::{Scan, scan};

/// The file of the watermark within the folder.
const WATERMARK: &str = "watermark";
/// Read from a segment at once, in bytes, unless one entry is longer.
const READ_BYTES: u64 = 1 << 20;

/// The name of the watermark within the tree.
pub(super) fn watermark_name() -> String {
    path(LOG.name, WATERMARK)
}

/// The log, open for writing.
pub struct DiskLog {
    disk: Arc<dyn Disk>,
    identity: Identity,
    /// A new segment begins behind so many bytes.
    segment_bytes: u64,
    contents: Contents,
    segments: BTreeMap<u64, Arc<dyn DiskFile>>,
    /// The number of the last segment, and where its frames end.
    active: u64,
    length: u64,
    link: Link,
    /// The highest sequence known to be synced.
    synced: u64,
    watermark: Slots,
    buffer: Vec<u8>,
    broken: Option<StoreFault>,
}

impl DiskLog {
    /// Creates an empty log. The watermark comes first: a log without one was never created.
    pub(super) fn create(disk: &dyn Disk, identity: &Identity) -> Result<(), StoreFault> {
        let beginning = Beginning { fresh: true, ..Beginning::default() };
        let mut bytes = Vec::new();
        let link = beginning.write(&mut bytes, Link::START, identity, 1)?;
        let promised = Watermark::of(&Contents::default(), link, identity);
        Slots::create(disk, LOG.name, WATERMARK, &promised.encode())?;
        LOG.publish(disk, 1, &bytes)?;
        Ok(())
    }

    /// Opens the log: cuts off what a crash left half written, removes what is left over and makes
    /// sure of all that remains.
    ///
    /// # Errors
    /// `LOG_CORRUPT` and `LOG_LOST_TAIL` when something is not there that was promised; then
    /// nothing has been changed.
    pub(super) fn open(
        disk: Arc<dyn Disk>,
        identity: Identity,
        segment_bytes: u64,
    ) -> Result<DiskLog, StoreFault> {
        let scan = scan(&*disk, &identity)?;
        let Scan { contents, segments, void, link, length, watermark, .. } = scan;
        let (&active, file) = segments.last_key_value().expect("a log has a segment");
        if scan.torn > 0 {
            file.set_length(length)?;
        }
        // What is shown from now on has to stay.
        make_sure(&**file, scan.proven, length)?;
        disk.remove(&path(LOG.name, NEW))?;
        for number in void {
            disk.remove(&LOG.file(number))?;
        }
        disk.sync_folder(LOG.name)?;
        let mut log = DiskLog {
            disk,
            identity,
            segment_bytes,
            contents,
            segments,
            active,
            length,
            link,
            synced: link.sequence,
            watermark,
            buffer: Vec::new(),
            broken: None,
        };
        log.promise()?;
        log.remove_below_floor()?;
        Ok(log)
    }

    /// What has been promised by now goes into the watermark.
    fn promise(&mut self) -> Result<(), StoreFault> {
        let promised = Watermark::of(&self.contents, self.link, &self.identity);
        self.watermark.write(&promised.encode())
    }

    /// Runs one step; a fault is the last word of this log.
    fn guarded<T>(
        &mut self,
        step: impl FnOnce(&mut DiskLog) -> Result<T, StoreFault>,
    ) -> Result<T, StoreFault> {
        if let Some(fault) = &self.broken {
            return Err(fault.clone());
        }
        step(self).inspect_err(|fault| self.broken = Some(fault.clone()))
    }

    fn write(&mut self, batch: &Batch<'_>) -> Result<(), StoreFault> {
        self.contents.admits(batch)?;
        if self.length >= self.segment_bytes {
            self.roll()?;
        }
        let mut bytes = std::mem::take(&mut self.buffer);
        bytes.clear();
        let (link, places) =
            batch.write(&mut bytes, self.identity.mark(), self.link, self.synced, self.at_end())?;
        self.active_file().write_at(&bytes, self.length)?;
        self.length += bytes.len() as u64;
        self.link = link;
        self.buffer = bytes;
        let first = batch.entries.first().map(|entry| entry.index);
        self.contents.write(first, places, batch.hard_state.cloned(), batch.floor);
        Ok(())
    }

    /// Where the next frame begins, as the place of its first byte.
    fn at_end(&self) -> Place {
        Place { segment: self.active, offset: self.length, length: 0, term: 0 }
    }

    fn active_file(&self) -> &dyn DiskFile {
        &**self.segments.get(&self.active).expect("the active segment is open")
    }

    fn make_durable(&mut self) -> Result<(), StoreFault> {
        if self.synced == self.link.sequence {
            return Ok(());
        }
        self.active_file().sync()?;
        // A crash here leaves an older watermark: it promises less than the log holds.
        self.synced = self.link.sequence;
        self.promise()
    }

    /// Begins the next segment. What lies before it is durable first, so that its head proves it.
    fn roll(&mut self) -> Result<(), StoreFault> {
        self.make_durable()?;
        let beginning = Beginning::of(&self.contents);
        let mut bytes = Vec::new();
        let number = self.active + 1;
        let link = beginning.write(&mut bytes, self.link, &self.identity, number)?;
        self.begin_segment(number, link, &bytes)
    }

    fn begin_segment(&mut self, number: u64, link: Link, bytes: &[u8]) -> Result<(), StoreFault> {
        let file = LOG.publish(&*self.disk, number, bytes)?;
        self.segments.insert(number, file);
        self.active = number;
        self.length = bytes.len() as u64;
        self.link = link;
        self.synced = link.sequence;
        Ok(())
    }

    /// Removes segments whose entries all lie below the floor, the oldest first: a crash in
    /// between leaves later ones without a gap.
    fn remove_below_floor(&mut self) -> Result<(), StoreFault> {
        let needed = self.contents.first_segment().unwrap_or(self.active);
        self.remove_before(needed)
    }

    fn remove_before(&mut self, needed: u64) -> Result<(), StoreFault> {
        let kept = self.segments.split_off(&needed);
        let gone = std::mem::replace(&mut self.segments, kept);
        if gone.is_empty() {
            return Ok(());
        }
        for number in gone.into_keys() {
            self.disk.remove(&LOG.file(number))?;
        }
        self.disk.sync_folder(LOG.name)
    }
}

impl Log for DiskLog {
    fn floor(&self) -> Position {
        self.contents.floor
    }

    fn last(&self) -> u64 {
        self.contents.last()
    }

    fn hard_state(&self) -> HardState {
        self.contents.hard_state.clone()
    }

    fn entries(&self, from: u64, to: u64, max_bytes: u64) -> Result<Vec<Entry>, StoreFault> {
        read_entries(&self.contents, &self.segments, from, to, max_bytes)
    }

    fn append(
        &mut self,
        entries: &[Entry],
        hard_state: Option<&HardState>,
    ) -> Result<(), StoreFault> {
        self.guarded(|log| {
            if entries.is_empty() && hard_state.is_none() {
                return Ok(());
            }
            log.write(&Batch { entries, hard_state, floor: None })
        })
    }

    fn sync(&mut self) -> Result<(), StoreFault> {
        self.guarded(DiskLog::make_durable)
    }

    fn restart(
        &mut self,
        floor: Position,
        hard_state: &HardState,
        entries: &[Entry],
    ) -> Result<(), StoreFault> {
        self.guarded(|log| {
            let number = log.active + 1;
            let beginning =
                Beginning { fresh: true, floor, last: floor.index, hard_state: hard_state.clone() };
            let mut contents = beginning.contents();
            let batch = Batch { entries, hard_state: None, floor: None };
            contents.admits(&batch)?;
            let mut bytes = Vec::new();
            let mut link = beginning.write(&mut bytes, log.link, &log.identity, number)?;
            if let Some(first) = entries.first() {
                let at = Place { segment: number, offset: bytes.len() as u64, length: 0, term: 0 };
                let (end, places) =
                    batch.write(&mut bytes, log.identity.mark(), link, link.sequence, at)?;
                link = end;
                contents.write(Some(first.index), places, None, None);
            }
            // A crash before the new segment has its name leaves the log as it was; one after it
            // leaves older segments that are void, and an older watermark.
            log.begin_segment(number, link, &bytes)?;
            log.contents = contents;
            log.promise()?;
            log.remove_before(number)
        })
    }

    fn cut_below(&mut self, index: u64) -> Result<Position, StoreFault> {
        self.guarded(|log| {
            if index <= log.contents.floor.index {
                return Ok(log.contents.floor);
            }
            let term = log.contents.term(index).ok_or_else(|| misuse("a cut beyond the log"))?;
            let floor = Position { index, term };
            log.write(&Batch { entries: &[], hard_state: None, floor: Some(floor) })?;
            // The floor is durable before the first segment goes.
            log.make_durable()?;
            log.remove_below_floor()?;
            Ok(floor)
        })
    }
}

/// The entries `from .. to`, for a log that is open and for one that is only looked at.
pub(super) fn read_entries(
    contents: &Contents,
    segments: &BTreeMap<u64, Arc<dyn DiskFile>>,
    from: u64,
    to: u64,
    max_bytes: u64,
) -> Result<Vec<Entry>, StoreFault> {
    let places = contents.places(from, to, max_bytes)?;
    let mut entries = Vec::with_capacity(places.len());
    let mut at = 0;
    while at < places.len() {
        let first = places[at];
        let near = |place: &&Place| {
            place.segment == first.segment && place.end() - first.offset <= READ_BYTES
        };
        let count = places[at..].iter().take_while(near).count().max(1);
        let together = &places[at..at + count];
        let end = together.last().map_or(first.end(), Place::end);
        let file = segments.get(&first.segment).ok_or_else(|| misuse("a segment is closed"))?;
        let mut bytes =
            vec![0; usize::try_from(end - first.offset).map_err(|_| misuse("32 bits"))?];
        file.read_at(&mut bytes, first.offset)?;
        for (place, index) in together.iter().zip(from + at as u64..) {
            let start = (place.offset - first.offset) as usize;
            let entry = batch::read_entry(&bytes[start..start + place.length as usize])
                .filter(|entry| entry.index == index && entry.term == place.term);
            entries.push(entry.ok_or_else(|| {
                let why = format!("the entry {index} is no longer as it was");
                LOG.damage(place.segment, place.offset as usize, why)
            })?);
        }
        at += count;
    }
    Ok(entries)
}

#[cfg(test)]
mod tests;
