//! What a replica has promised: it must find at least this again, or it does not start.

use counterfoil_registry::codec::{CodecError, Reader, Writer};

use super::contents::Contents;
use crate::hash::Hash;
use crate::storage::frame::Link;
use crate::storage::identity::Identity;

/// The value in the slots beside the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::storage) struct Watermark {
    pub(super) incarnation: u64,
    pub(super) term: u64,
    pub(super) vote: u64,
    /// The last batch that was synced. Not the last entry: a new leader may shorten the log.
    pub(super) sequence: u64,
    pub(super) hash: Hash,
    /// The last entry and the commit at that time, to name what is lost.
    pub(super) last: u64,
    pub(super) commit: u64,
}

impl Watermark {
    pub(super) fn of(contents: &Contents, link: Link, identity: &Identity) -> Watermark {
        Watermark {
            incarnation: identity.incarnation,
            term: contents.hard_state.term,
            vote: contents.hard_state.vote,
            sequence: link.sequence,
            hash: link.hash,
            last: contents.last(),
            commit: contents.hard_state.commit,
        }
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for number in [self.incarnation, self.term, self.vote, self.sequence] {
            out.put_u64(number);
        }
        out.put(&self.hash.0);
        out.put_u64(self.last);
        out.put_u64(self.commit);
        out
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Watermark, CodecError> {
        let mut from = Reader::new(bytes);
        let watermark = Watermark {
            incarnation: from.u64()?,
            term: from.u64()?,
            vote: from.u64()?,
            sequence: from.u64()?,
            hash: Hash(from.array()?),
            last: from.u64()?,
            commit: from.u64()?,
        };
        from.end()?;
        Ok(watermark)
    }
}
