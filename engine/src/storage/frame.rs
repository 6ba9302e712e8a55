//! The frames of which log and archive are made, each bound to the one before it.
//!
//! ```text
//! 0   4  "CFfr"                    32  32  hash of the frame before
//! 4   1  kind                      64   n  payload
//! 5   3  zero                     64+n  4  CRC-32C of all before it
//! 8   4  n, length of the payload 68+n 32  SHA-256 of bytes 0 to 64+n: this frame's hash
//! 12  4  mark of the log, zero in the archive
//! 16  8  sequence
//! 24  8  note
//! ```
//!
//! The CRC finds what a crash tore; the hash also finds what somebody changed. A frame of kind
//! *head* opens a file and repeats the sequence of the frame before it; each other frame raises
//! the sequence by one.
//!
//! The mark tells frames of a log from bytes that a client put into an entry to look like one: it
//! follows from what no client knows, and only where something is damaged it is needed at all.

use counterfoil_registry::codec::{Reader, Writer};

use super::misuse;
use crate::driver::store::StoreFault;
use crate::hash::{Hash, sha256};

const MAGIC: [u8; 4] = *b"CFfr";
/// Bytes before the payload.
pub(super) const HEAD_BYTES: usize = 64;
/// Bytes behind it.
const TAIL_BYTES: usize = 36;
/// Places behind a damaged frame that may begin another one before looking on is given up.
const CANDIDATES_MAX: usize = 1_000;

/// What a frame holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The beginning of a file.
    Head = 1,
    /// A batch of the log.
    Batch = 2,
    /// A block of the archive.
    Block = 3,
}

/// The end of a chain: the sequence of its last frame, and that frame's hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) sequence: u64,
    pub(super) hash: Hash,
}

impl Link {
    /// Before the first frame of all.
    pub(super) const START: Link = Link { sequence: 0, hash: Hash::ZERO };
}

/// A frame whose bytes are intact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    pub(super) kind: Kind,
    pub(super) mark: u32,
    pub(super) sequence: u64,
    /// In a batch the highest sequence known to be synced when it was written, in a block the
    /// index of the log's entry, in a head the number of the file.
    pub(super) note: u64,
    pub(super) previous: Hash,
    pub(super) payload: &'a [u8],
    pub(super) hash: Hash,
}

impl Frame<'_> {
    pub(super) fn link(&self) -> Link {
        Link { sequence: self.sequence, hash: self.hash }
    }

    /// All of its bytes on disk.
    pub(super) fn size(&self) -> usize {
        HEAD_BYTES + self.payload.len() + TAIL_BYTES
    }

    /// Whether it comes next in a chain.
    fn follows(&self, link: Link) -> bool {
        let raised = u64::from(self.kind != Kind::Head);
        self.previous == link.hash && link.sequence.checked_add(raised) == Some(self.sequence)
    }
}

/// A frame at the end of a buffer, whose payload is being written.
pub(super) struct Unfinished {
    start: usize,
    sequence: u64,
}

/// Begins the frame that comes next in a chain; its payload goes behind it into the same buffer.
pub(super) fn begin(out: &mut Vec<u8>, kind: Kind, mark: u32, link: Link, note: u64) -> Unfinished {
    let start = out.len();
    let sequence = link.sequence + u64::from(kind != Kind::Head);
    out.put(&MAGIC);
    out.put(&[kind as u8, 0, 0, 0]);
    out.put_u32(0);
    out.put_u32(mark);
    out.put_u64(sequence);
    out.put_u64(note);
    out.put(&link.hash.0);
    Unfinished { start, sequence }
}

/// Closes it; the end of the chain from now on.
pub(super) fn finish(out: &mut Vec<u8>, unfinished: Unfinished) -> Result<Link, StoreFault> {
    let Unfinished { start, sequence } = unfinished;
    let length = u32::try_from(out.len() - start - HEAD_BYTES)
        .map_err(|_| misuse("a frame holds less than 4 GiB"))?;
    out[start + 8..start + 12].copy_from_slice(&length.to_be_bytes());
    let crc = crc32c::crc32c(&out[start..]);
    let hash = sha256(&[&out[start..]]);
    out.put_u32(crc);
    out.put(&hash.0);
    Ok(Link { sequence, hash })
}

/// The whole length of a frame whose first [`HEAD_BYTES`] are these.
pub(super) fn size_of(head: &[u8; HEAD_BYTES]) -> usize {
    let length = u32::from_be_bytes([head[8], head[9], head[10], head[11]]);
    HEAD_BYTES + length as usize + TAIL_BYTES
}

/// The frame at the beginning of the bytes; `None` when there is no intact one.
pub(super) fn decode(bytes: &[u8]) -> Option<Frame<'_>> {
    let mut from = Reader::new(bytes);
    let magic: [u8; 4] = from.array().ok()?;
    let kind = match from.array().ok()? {
        [1, 0, 0, 0] => Kind::Head,
        [2, 0, 0, 0] => Kind::Batch,
        [3, 0, 0, 0] => Kind::Block,
        _ => return None,
    };
    let (length, mark) = (from.u32().ok()? as usize, from.u32().ok()?);
    let (sequence, note) = (from.u64().ok()?, from.u64().ok()?);
    let previous = Hash(from.array().ok()?);
    let payload = from.take(length).ok()?;
    let covered = &bytes[..from.position()];
    let crc = from.u32().ok()?;
    let hash = Hash(from.array().ok()?);
    let intact = magic == MAGIC && crc == crc32c::crc32c(covered);
    (intact && hash == sha256(&[covered])).then_some(Frame {
        kind,
        mark,
        sequence,
        note,
        previous,
        payload,
        hash,
    })
}

/// Goes through the frames of one file.
pub(super) struct Walk<'a> {
    bytes: &'a [u8],
    /// That of the file's head.
    mark: u32,
    /// Where the next frame begins.
    pub(super) at: usize,
    /// The end of the chain so far.
    pub(super) link: Link,
}

impl<'a> Walk<'a> {
    /// Begins with the file's head, whose word on what came before is taken.
    pub(super) fn begin(bytes: &'a [u8]) -> Option<(Frame<'a>, Walk<'a>)> {
        let head = decode(bytes).filter(|frame| frame.kind == Kind::Head)?;
        let walk = Walk { bytes, mark: head.mark, at: head.size(), link: head.link() };
        Some((head, walk))
    }

    /// The next frame of this kind and where it begins. `None` at the end and before what does not
    /// follow.
    pub(super) fn next(&mut self, kind: Kind) -> Option<(usize, Frame<'a>)> {
        let frame = decode(&self.bytes[self.at..])
            .filter(|frame| (frame.kind, frame.mark) == (kind, self.mark))
            .filter(|frame| frame.follows(self.link))?;
        let at = self.at;
        self.at += frame.size();
        self.link = frame.link();
        Some((at, frame))
    }

    /// Whether nothing is left.
    pub(super) fn is_at_end(&self) -> bool {
        self.at == self.bytes.len()
    }

    /// The highest note among the intact batches behind a damaged place. `u64::MAX` when there are
    /// too many candidates to tell: then nothing there may be taken for harmless.
    pub(super) fn highest_note_behind(&self) -> u64 {
        let (mut highest, mut at, mut candidates) = (0, self.at, 0);
        while let Some(found) = self.find(at) {
            at = found;
            match decode(&self.bytes[at..]).filter(|frame| self.is_later(frame)) {
                Some(frame) => {
                    highest = highest.max(frame.note);
                    at += frame.size();
                }
                None => {
                    candidates += 1;
                    at += 1;
                }
            }
            if candidates > CANDIDATES_MAX {
                return u64::MAX;
            }
        }
        highest
    }

    /// Whether a frame may have been written behind the place where the chain ends.
    fn is_later(&self, frame: &Frame<'_>) -> bool {
        (frame.kind, frame.mark) == (Kind::Batch, self.mark)
            && frame.sequence > self.link.sequence
            && frame.note < frame.sequence
    }

    /// Where the next frame with this file's mark may begin.
    fn find(&self, from: usize) -> Option<usize> {
        let mark = self.mark.to_be_bytes();
        let begins = |window: &[u8]| window[..4] == MAGIC && window[12..] == mark;
        self.bytes[from..].windows(16).position(begins).map(|found| from + found)
    }
}
