//! Reads a log as a stop or a crash left it, changes nothing, and judges it.
//!
//! | found | meaning | then |
//! |---|---|---|
//! | what does not follow, not proven to have been synced | a torn tail, promised to nobody | it may be cut off |
//! | what does not follow, proven to have been synced | corruption | `LOG_CORRUPT` |
//! | the end lies below the watermark | a lost tail, or an old image of the disk | `LOG_LOST_TAIL` |
//!
//! Proofs that a batch was synced: the watermark, the head of a later segment, and any intact
//! batch behind it that was written when that sync was known.

use std::collections::BTreeMap;
use std::sync::Arc;

use counterfoil_registry::codec::{CodecError, Reader, Writer};
use raft::eraftpb::HardState;

use super::batch::{self, read_hard_state, read_position, write_hard_state, write_position};
use super::contents::{Contents, Place};
use super::watermark::Watermark;
use super::{read_entries, watermark_name};
use crate::driver::store::StoreFault;
use crate::replica::Position;
use crate::storage::Damage;
use crate::storage::disk::{Disk, DiskFile, read_all};
use crate::storage::frame::{Frame, Kind, Link, Walk};
use crate::storage::identity::Identity;
use crate::storage::segment::LOG;
use crate::storage::slots::Slots;

/// The state of the log where a segment begins, as its head tells it.
///
/// ```text
/// replica u64  incarnation u64  fresh u8  floor (index u64, term u64)  last u64
/// hard state (term u64, vote u64, commit u64)
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Beginning {
    /// The segments before this one are void.
    pub(super) fresh: bool,
    pub(super) floor: Position,
    pub(super) last: u64,
    pub(super) hard_state: HardState,
}

/// No log comes near it, and sums with it do not overflow.
const INDEX_MAX: u64 = u64::MAX / 2;

impl Beginning {
    pub(super) fn of(contents: &Contents) -> Beginning {
        let (floor, last) = (contents.floor, contents.last());
        Beginning { fresh: false, floor, last, hard_state: contents.hard_state.clone() }
    }

    pub(super) fn contents(&self) -> Contents {
        Contents::begun(self.floor, self.last, self.hard_state.clone())
    }

    /// Writes the head of the segment.
    pub(super) fn write(
        &self,
        out: &mut Vec<u8>,
        link: Link,
        identity: &Identity,
        number: u64,
    ) -> Result<Link, StoreFault> {
        LOG.head(out, identity.mark(), link, identity.ledger, number, |out| {
            out.put_u64(identity.replica);
            out.put_u64(identity.incarnation);
            out.put_bool(self.fresh);
            write_position(out, self.floor);
            out.put_u64(self.last);
            write_hard_state(out, &self.hard_state);
        })
    }

    fn read(from: &mut Reader<'_>) -> Result<(u64, u64, Beginning), CodecError> {
        let (replica, incarnation) = (from.u64()?, from.u64()?);
        let (fresh, floor) = (from.bool()?, read_position(from)?);
        let beginning =
            Beginning { fresh, floor, last: from.u64()?, hard_state: read_hard_state(from)? };
        if beginning.last < floor.index || beginning.last > INDEX_MAX {
            return Err(from.invalid());
        }
        Ok((replica, incarnation, beginning))
    }
}

/// A log that may be used.
pub(in crate::storage) struct Scan {
    pub(in crate::storage) contents: Contents,
    /// Those that count, by number.
    pub(super) segments: BTreeMap<u64, Arc<dyn DiskFile>>,
    /// Those that a later one made void.
    pub(super) void: Vec<u64>,
    /// The end of the chain, and of the frames in the last segment.
    pub(in crate::storage) link: Link,
    pub(super) length: u64,
    /// Where in the last segment begins what is not proven to have been synced.
    pub(super) proven: u64,
    /// Bytes behind the frames that were promised to nobody.
    pub(in crate::storage) torn: u64,
    /// One of the two slots of the watermark is damaged; the other one serves.
    pub(in crate::storage) is_doubtful: bool,
    pub(super) watermark: Slots,
}

impl Scan {
    /// The entries `from .. to`.
    pub(in crate::storage) fn entries(
        &self,
        from: u64,
        to: u64,
        max_bytes: u64,
    ) -> Result<Vec<raft::eraftpb::Entry>, StoreFault> {
        read_entries(&self.contents, &self.segments, from, to, max_bytes)
    }
}

/// Reads and judges the log.
pub(in crate::storage) fn scan(disk: &dyn Disk, identity: &Identity) -> Result<Scan, Damage> {
    let name = watermark_name();
    let unreadable = |why: &str| Damage::new("LOG_CORRUPT", &name, 0, why);
    let found = Slots::open(disk, &name)?.ok_or_else(|| {
        unreadable("the watermark is missing or damaged: what was promised is not known")
    })?;
    let promised = Watermark::decode(&found.value)
        .map_err(|_| unreadable("the watermark does not have its form"))?;
    if promised.incarnation != identity.incarnation {
        return Err(unreadable("the watermark belongs to another directory"));
    }
    let (files, void) = files(disk, identity)?;
    let mut reading = Reading {
        contents: Contents::default(),
        link: Link::START,
        length: 0,
        proven: 0,
        torn: 0,
        promised,
        seen: None,
    };
    let last = files.last().map(|file| file.0);
    for (number, file) in &files {
        reading.segment(*number, &**file, identity, Some(*number) == last)?;
    }
    reading.judge(last, found.is_doubtful)?;
    let Reading { contents, link, length, proven, torn, .. } = reading;
    let (segments, watermark) = (files.into_iter().collect(), found.slots);
    let is_doubtful = found.is_doubtful;
    Ok(Scan { contents, segments, void, link, length, proven, torn, is_doubtful, watermark })
}

type Files = Vec<(u64, Arc<dyn DiskFile>)>;

/// The segments that count: from the last one that began the log anew. Then the void ones.
fn files(disk: &dyn Disk, identity: &Identity) -> Result<(Files, Vec<u64>), Damage> {
    let mut files: Files = Vec::new();
    let mut void = Vec::new();
    for number in LOG.numbers(disk)? {
        let file = disk.open(&LOG.file(number))?;
        let file = file.ok_or_else(|| LOG.damage(number, 0, "the segment has gone"))?;
        if beginning(number, &*file, identity).is_ok_and(|beginning| beginning.fresh) {
            void.extend(files.drain(..).map(|(number, _)| number));
        }
        files.push((number, file));
    }
    for pair in files.windows(2) {
        if pair[0].0 + 1 != pair[1].0 {
            return Err(LOG.damage(pair[0].0 + 1, 0, "the segment is missing"));
        }
    }
    Ok((files, void))
}

/// No head of a segment is longer.
const HEAD_FRAME_MAX: u64 = 512;

fn beginning(number: u64, file: &dyn DiskFile, identity: &Identity) -> Result<Beginning, Damage> {
    let length = file.length()?.min(HEAD_FRAME_MAX);
    let mut bytes = vec![0; length as usize];
    file.read_at(&mut bytes, 0)?;
    read_beginning(number, &bytes, identity).map(|(_, beginning, _)| beginning)
}

fn read_beginning<'a>(
    number: u64,
    bytes: &'a [u8],
    identity: &Identity,
) -> Result<(Frame<'a>, Beginning, Walk<'a>), Damage> {
    let unreadable = || LOG.damage(number, 0, "the head of the segment is damaged");
    let (head, walk) = Walk::begin(bytes).ok_or_else(unreadable)?;
    let (replica, incarnation, beginning) =
        LOG.read_head(&head, identity.ledger, number, Beginning::read)?;
    let found = (replica, incarnation, head.mark);
    if found != (identity.replica, identity.incarnation, identity.mark()) {
        return Err(LOG.damage(number, 0, "the segment belongs to another directory"));
    }
    Ok((head, beginning, walk))
}

struct Reading {
    contents: Contents,
    link: Link,
    length: u64,
    proven: u64,
    torn: u64,
    promised: Watermark,
    /// Whether the batch of the watermark was met, and was the one that was promised.
    seen: Option<bool>,
}

impl Reading {
    fn segment(
        &mut self,
        number: u64,
        file: &dyn DiskFile,
        identity: &Identity,
        is_last: bool,
    ) -> Result<(), Damage> {
        let bytes = read_all(file)?;
        let (head, beginning, mut walk) = read_beginning(number, &bytes, identity)?;
        if self.link == Link::START {
            self.contents = beginning.contents();
        } else if head.previous != self.link.hash
            || head.sequence != self.link.sequence
            || Beginning::of(&self.contents) != beginning
        {
            return Err(LOG.damage(number, 0, "the segment does not follow from the one before"));
        }
        // A head repeats the sequence of what came before it, which may be void by now.
        if head.sequence == self.promised.sequence && head.hash == self.promised.hash {
            self.seen = Some(true);
        }
        self.proven = walk.at as u64;
        while let Some((at, frame)) = walk.next(Kind::Batch) {
            let place = Place { segment: number, offset: at as u64, length: 0, term: 0 };
            let batch = batch::read(frame.payload, place).ok();
            if !batch.is_some_and(|batch| self.contents.read(batch)) {
                return Err(LOG.damage(number, at, "the batch is not one that can stand here"));
            }
            if frame.sequence == self.promised.sequence {
                self.seen = Some(frame.hash == self.promised.hash);
                self.proven = walk.at as u64;
            }
        }
        self.link = walk.link;
        self.length = walk.at as u64;
        if walk.is_at_end() {
            return Ok(());
        }
        let proven =
            if is_last { self.promised.sequence.max(walk.highest_note_behind()) } else { u64::MAX };
        if proven > self.link.sequence {
            let why = format!(
                "the batch {} is damaged, and it was promised; {}",
                self.link.sequence + 1,
                self.advice()
            );
            return Err(LOG.damage(number, walk.at, why));
        }
        self.torn = (bytes.len() - walk.at) as u64;
        Ok(())
    }

    fn judge(&self, last: Option<u64>, is_doubtful: bool) -> Result<(), Damage> {
        let Some(last) = last else {
            let why = "the log has no segment though it was created";
            return Err(Damage::new("LOG_LOST_TAIL", LOG.name, 0, why));
        };
        let end = self.length as usize;
        let lost = |why: String| Damage::new("LOG_LOST_TAIL", &LOG.file(last), end as u64, why);
        let Watermark { sequence, term, vote, .. } = self.promised;
        if self.link.sequence < sequence {
            let from = self.link.sequence + 1;
            let why = format!("the batches {from} to {sequence} are missing; {}", self.advice());
            return Err(lost(why));
        }
        if self.seen == Some(false) {
            let why = format!("the batch {sequence} is not the one that was promised");
            return Err(LOG.damage(last, end, why));
        }
        let found = &self.contents.hard_state;
        if found.term < term || (found.term == term && vote != 0 && found.vote != vote) {
            return Err(lost(format!("a vote in term {term} was given that is not there")));
        }
        if is_doubtful && self.torn > 0 {
            let why = "the log ends in damage and the watermark that would judge it is damaged too";
            return Err(LOG.damage(last, end, why));
        }
        if !self.contents.is_complete() {
            return Err(LOG.damage(last, 0, "earlier segments are missing"));
        }
        Ok(())
    }

    /// What is intact, what was promised beyond it, and what can be done.
    fn advice(&self) -> String {
        let (last, known) = (self.contents.last(), &self.promised);
        format!(
            "intact up to entry {last}, promised up to entry {} (committed {}) in term {}. This \
             replica takes no part any more: restore its directory from an intact copy, or let it \
             rejoin the group under a new id",
            known.last, known.commit, known.term
        )
    }
}
