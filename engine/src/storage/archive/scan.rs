//! Reads the archive as a stop or a crash left it, changes nothing, and judges it.
//!
//! At the start only the last file is read: the others were durable before the next one began.
//! The check of a stopped replica reads them all.

use std::sync::Arc;

use super::reader::Volume;
use super::{End, MARK, end_name};
use crate::hash::Hash;
use crate::storage::Damage;
use crate::storage::disk::{Disk, DiskFile, read_all};
use crate::storage::frame::{Frame, Kind, Link, Walk};
use crate::storage::segment::ARCHIVE;
use crate::storage::slots::Slots;

/// An archive that may be used.
pub(in crate::storage) struct Scan {
    pub(super) volumes: Vec<Volume>,
    /// The last one, open.
    pub(super) last: Arc<dyn DiskFile>,
    /// The offsets of the blocks in the last file.
    pub(super) tail: Vec<u64>,
    /// The end of the chain, and of the frames in the last file.
    pub(in crate::storage) link: Link,
    pub(super) length: u64,
    /// Where in the last file begins what is not proven to have been synced.
    pub(super) proven: u64,
    /// Bytes behind the frames that were never durable.
    pub(super) torn: u64,
    /// One of the two slots of the durable end is damaged; the other one serves.
    pub(in crate::storage) is_doubtful: bool,
    pub(super) end: Slots,
}

/// Reads and judges the archive.
pub(in crate::storage) fn scan(disk: &dyn Disk, ledger: Hash) -> Result<Scan, Damage> {
    let name = end_name();
    let unreadable = |why: &str| Damage::new("ARCHIVE_CORRUPT", &name, 0, why);
    let found = Slots::open(disk, &name)?
        .ok_or_else(|| unreadable("the durable end is missing or damaged"))?;
    let end = End::decode(&found.value)
        .map_err(|_| unreadable("the durable end does not have its form"))?;
    let volumes = volumes(disk, ledger)?;
    let last = volumes.last().expect("volumes are not empty");
    let file = last.open(disk)?;
    let bytes = read_all(&*file)?;
    let mut tail = Vec::new();
    let (mut seen, mut proven) = (None, 0);
    let walked = walk_volume(last, &bytes, ledger, |offset, frame| {
        tail.push(offset);
        if frame.sequence == end.height {
            seen = Some(frame.hash == end.hash);
            proven = offset + frame.size() as u64;
        }
    })?;
    let link = walked.link;
    let torn = bytes.len() as u64 - walked.length;
    let at = walked.length as usize;
    if link.sequence < end.height {
        let (from, to) = (link.sequence + 1, end.height);
        if torn > 0 {
            let why = format!("the block {from} is damaged; blocks up to {to} were durable");
            return Err(ARCHIVE.damage(last.number, at, why));
        }
        let why = format!("the blocks {from} to {to} are missing; restore the file from a copy");
        return Err(Damage::new("ARCHIVE_LOST_TAIL", &ARCHIVE.file(last.number), at as u64, why));
    }
    if seen == Some(false) {
        let why = format!("the block {} is not the one that was durable", end.height);
        return Err(ARCHIVE.damage(last.number, at, why));
    }
    if found.is_doubtful && torn > 0 {
        let why = "the file ends in damage and the durable end that would judge it is damaged too";
        return Err(ARCHIVE.damage(last.number, at, why));
    }
    let (length, is_doubtful, end) = (walked.length, found.is_doubtful, found.slots);
    Ok(Scan { volumes, last: file, tail, link, length, proven, torn, is_doubtful, end })
}

/// All files, in order and without a gap, each with a head of its own.
fn volumes(disk: &dyn Disk, ledger: Hash) -> Result<Vec<Volume>, Damage> {
    let mut volumes = Vec::new();
    for (expected, number) in (1..).zip(ARCHIVE.numbers(disk)?) {
        if number != expected {
            return Err(ARCHIVE.damage(expected, 0, "the file is missing"));
        }
        let mut volume = Volume { number, first: 0 };
        volume.first = first_height(&*volume.open(disk)?, ledger, number)?;
        volumes.push(volume);
    }
    if volumes.is_empty() {
        return Err(ARCHIVE.damage(1, 0, "the archive has no file though it was created"));
    }
    Ok(volumes)
}

/// No head of a file is longer.
const HEAD_FRAME_MAX: u64 = 256;

fn first_height(file: &dyn DiskFile, ledger: Hash, number: u64) -> Result<u64, Damage> {
    let length = file.length()?.min(HEAD_FRAME_MAX);
    let mut bytes = vec![0; length as usize];
    file.read_at(&mut bytes, 0)?;
    let (head, _) = begin(&bytes, ledger, number)?;
    if head.sequence > HEIGHT_MAX {
        return Err(damaged_head(number));
    }
    Ok(head.sequence + 1)
}

/// No archive comes near it, and the places of offsets do not overflow.
const HEIGHT_MAX: u64 = 1 << 56;

fn damaged_head(number: u64) -> Damage {
    ARCHIVE.damage(number, 0, "the head of the file is damaged")
}

fn begin(bytes: &[u8], ledger: Hash, number: u64) -> Result<(Frame<'_>, Walk<'_>), Damage> {
    let (head, walk) = Walk::begin(bytes)
        .filter(|(head, _)| head.mark == MARK)
        .ok_or_else(|| damaged_head(number))?;
    ARCHIVE.read_head(&head, ledger, number, |_| Ok(()))?;
    Ok((head, walk))
}

/// How far the frames of a file go.
pub(super) struct Walked {
    pub(super) number: u64,
    /// What the head says came before.
    pub(super) before: Link,
    pub(super) link: Link,
    /// Where the frames end.
    pub(super) length: u64,
    is_at_end: bool,
}

impl Walked {
    /// Checks that the next file goes on where this one ends.
    pub(super) fn ends_before(&self, next: &Volume) -> Result<(), Damage> {
        if self.is_at_end && self.link.sequence + 1 == next.first {
            return Ok(());
        }
        let why = format!("the block {} is damaged or missing", self.link.sequence + 1);
        Err(ARCHIVE.damage(self.number, self.length as usize, why))
    }
}

/// Goes through the blocks of one file up to the first that does not follow.
pub(super) fn walk_volume(
    volume: &Volume,
    bytes: &[u8],
    ledger: Hash,
    mut on_block: impl FnMut(u64, &Frame<'_>),
) -> Result<Walked, Damage> {
    let (head, mut walk) = begin(bytes, ledger, volume.number)?;
    while let Some((at, frame)) = walk.next(Kind::Block) {
        on_block(at as u64, &frame);
    }
    Ok(Walked {
        number: volume.number,
        before: Link { sequence: head.sequence, hash: head.previous },
        link: walk.link,
        length: walk.at as u64,
        is_at_end: walk.is_at_end(),
    })
}

impl Scan {
    /// Reads every block of every file, checks the whole chain and the offsets, and hands each
    /// block on; the place of the first offset that is wrong. One file is in memory at a time.
    pub(in crate::storage) fn every_block(
        &self,
        disk: &dyn Disk,
        ledger: Hash,
        mut on_block: impl FnMut(u64, u64, &[u8]),
    ) -> Result<Option<u64>, Damage> {
        let mut link = Link::START;
        let mut wrong_offset = None;
        for (at, volume) in self.volumes.iter().enumerate() {
            let bytes = read_all(&*volume.open(disk)?)?;
            let mut offsets = Vec::new();
            let walked = walk_volume(volume, &bytes, ledger, |offset, frame| {
                offsets.push(offset);
                on_block(frame.sequence, frame.note, frame.payload);
            })?;
            if walked.before != link {
                let why = "the file does not follow from the one before";
                return Err(ARCHIVE.damage(volume.number, 0, why));
            }
            link = walked.link;
            // Offsets into the last file are made again at each start.
            let Some(next) = self.volumes.get(at + 1) else { break };
            walked.ends_before(next)?;
            let first_wrong = super::offsets::first_wrong(disk, volume.first, &offsets)?;
            wrong_offset = wrong_offset.or(first_wrong);
        }
        Ok(wrong_offset)
    }
}
