//! One batch of the log, to the byte.
//!
//! ```text
//! batch   flags u8: 1 hard state, 2 floor
//!         [term u64  vote u64  commit u64]  [index u64  term u64]  count u32  entries ...
//! entry   CRC-32C of the rest u32  type u8  term u64  index u64
//!         length of context u32  length of data u32  context  data
//! ```
//!
//! An entry has a CRC of its own, because it is read alone long after its frame was checked.

use bytes::Bytes;
use counterfoil_registry::codec::{CodecError, Reader, Writer};
use raft::eraftpb::{Entry, EntryType, HardState};

use super::contents::Place;
use crate::driver::store::StoreFault;
use crate::replica::Position;
use crate::storage::frame::{self, HEAD_BYTES, Kind, Link};
use crate::storage::misuse;

const HAS_HARD_STATE: u8 = 1;
const HAS_FLOOR: u8 = 2;

/// What is written in one frame.
pub(super) struct Batch<'a> {
    pub(super) entries: &'a [Entry],
    pub(super) hard_state: Option<&'a HardState>,
    pub(super) floor: Option<Position>,
}

/// What is read from one frame: of the entries, only where they lie.
#[derive(Debug, Default)]
pub(super) struct ReadBatch {
    /// The index of the first entry, if there is one.
    pub(super) first: Option<u64>,
    pub(super) places: Vec<Place>,
    pub(super) hard_state: Option<HardState>,
    pub(super) floor: Option<Position>,
}

impl Batch<'_> {
    /// Writes the frame behind `link`; the end of the chain then, and the places of the entries.
    /// `at` is where the frame will lie.
    pub(super) fn write(
        &self,
        out: &mut Vec<u8>,
        mark: u32,
        link: Link,
        synced: u64,
        at: Place,
    ) -> Result<(Link, Vec<Place>), StoreFault> {
        let start = out.len();
        let frame = frame::begin(out, Kind::Batch, mark, link, synced);
        out.put_u8(
            if self.hard_state.is_some() { HAS_HARD_STATE } else { 0 }
                | if self.floor.is_some() { HAS_FLOOR } else { 0 },
        );
        if let Some(hard_state) = self.hard_state {
            write_hard_state(out, hard_state);
        }
        if let Some(floor) = self.floor {
            write_position(out, floor);
        }
        out.put_count(self.entries.len());
        let mut places = Vec::with_capacity(self.entries.len());
        for entry in self.entries {
            let begins = out.len();
            write_entry(out, entry)?;
            let length = u32::try_from(out.len() - begins)
                .map_err(|_| misuse("an entry holds less than 4 GiB"))?;
            let offset = at.offset + (begins - start) as u64;
            places.push(Place { segment: at.segment, offset, length, term: entry.term });
        }
        Ok((frame::finish(out, frame)?, places))
    }
}

/// Reads a batch whose frame begins at `at`. Its entries follow one another.
pub(super) fn read(payload: &[u8], at: Place) -> Result<ReadBatch, CodecError> {
    let mut from = Reader::new(payload);
    let flags = from.u8()?;
    if flags & !(HAS_HARD_STATE | HAS_FLOOR) != 0 {
        return Err(from.invalid());
    }
    let mut batch = ReadBatch::default();
    if flags & HAS_HARD_STATE != 0 {
        batch.hard_state = Some(read_hard_state(&mut from)?);
    }
    if flags & HAS_FLOOR != 0 {
        batch.floor = Some(read_position(&mut from)?);
    }
    let mut next = None;
    batch.places = from.list(|from| {
        let begins = from.position();
        let mut ahead = from.clone();
        let (context, data) = {
            ahead.take(4 + 1 + 8 + 8)?;
            (ahead.u32()? as usize, ahead.u32()? as usize)
        };
        let length = ENTRY_BYTES.checked_add(context).and_then(|sum| sum.checked_add(data));
        let length = length.ok_or(from.invalid())?;
        let entry = read_entry(from.take(length)?).ok_or(from.invalid())?;
        if next.is_some_and(|next| next != entry.index) {
            return Err(from.invalid());
        }
        batch.first.get_or_insert(entry.index);
        next = Some(entry.index.checked_add(1).ok_or(from.invalid())?);
        let offset = at.offset + (HEAD_BYTES + begins) as u64;
        let length = u32::try_from(length).map_err(|_| from.invalid())?;
        Ok(Place { segment: at.segment, offset, length, term: entry.term })
    })?;
    from.end()?;
    Ok(batch)
}

/// The length of an entry without context and data.
const ENTRY_BYTES: usize = 4 + 1 + 8 + 8 + 4 + 4;

fn write_entry(out: &mut Vec<u8>, entry: &Entry) -> Result<(), StoreFault> {
    let long = |_| misuse("an entry holds less than 4 GiB");
    let start = out.len();
    out.put_u32(0);
    out.put_u8(match entry.get_entry_type() {
        EntryType::EntryNormal => 0,
        EntryType::EntryConfChange => 1,
        EntryType::EntryConfChangeV2 => 2,
    });
    out.put_u64(entry.term);
    out.put_u64(entry.index);
    out.put_u32(u32::try_from(entry.context.len()).map_err(long)?);
    out.put_u32(u32::try_from(entry.data.len()).map_err(long)?);
    out.put(&entry.context);
    out.put(&entry.data);
    let crc = crc32c::crc32c(&out[start + 4..]);
    out[start..start + 4].copy_from_slice(&crc.to_be_bytes());
    Ok(())
}

/// Reads one entry, which takes all of the bytes.
pub(super) fn read_entry(bytes: &[u8]) -> Option<Entry> {
    let mut from = Reader::new(bytes);
    let crc = from.u32().ok()?;
    if crc != crc32c::crc32c(bytes.get(4..)?) {
        return None;
    }
    let mut entry = Entry::default();
    entry.set_entry_type(match from.u8().ok()? {
        0 => EntryType::EntryNormal,
        1 => EntryType::EntryConfChange,
        2 => EntryType::EntryConfChangeV2,
        _ => return None,
    });
    entry.term = from.u64().ok()?;
    entry.index = from.u64().ok()?;
    let (context, data) = (from.u32().ok()? as usize, from.u32().ok()? as usize);
    entry.context = Bytes::copy_from_slice(from.take(context).ok()?);
    entry.data = Bytes::copy_from_slice(from.take(data).ok()?);
    from.end().ok()?;
    Some(entry)
}

pub(super) fn write_hard_state(out: &mut Vec<u8>, hard_state: &HardState) {
    out.put_u64(hard_state.term);
    out.put_u64(hard_state.vote);
    out.put_u64(hard_state.commit);
}

pub(super) fn read_hard_state(from: &mut Reader<'_>) -> Result<HardState, CodecError> {
    let (term, vote, commit) = (from.u64()?, from.u64()?, from.u64()?);
    Ok(HardState { term, vote, commit, ..HardState::default() })
}

pub(super) fn write_position(out: &mut Vec<u8>, position: Position) {
    out.put_u64(position.index);
    out.put_u64(position.term);
}

pub(super) fn read_position(from: &mut Reader<'_>) -> Result<Position, CodecError> {
    Ok(Position { index: from.u64()?, term: from.u64()? })
}
