//! The payload of a log entry: the leader's stamp, then what was submitted.
//!
//! ```text
//! offset  0        8
//!         | stamp  | submission ...
//!         | u64 BE |
//!         milliseconds since 1970-01-01T00:00:00Z by the leader's clock
//! ```

use bytes::Bytes;

use crate::time::Timestamp;

/// The largest submission in bytes. An entry is never split: raft-rs sends an entry beyond its
/// message size alone.
pub const MAX_SUBMISSION_BYTES: usize = 4 << 20;
const STAMP_BYTES: usize = 8;
/// The largest payload of an entry in bytes.
pub const MAX_PAYLOAD_BYTES: usize = MAX_SUBMISSION_BYTES + STAMP_BYTES;

/// Puts the stamp in front of the submission.
pub fn stamped(stamp: Timestamp, submission: &[u8]) -> Vec<u8> {
    let mut payload = Vec::with_capacity(STAMP_BYTES + submission.len());
    payload.extend_from_slice(&stamp.0.to_be_bytes());
    payload.extend_from_slice(submission);
    payload
}

/// Takes a payload apart. A payload too short to hold a stamp, which no leader writes, reads as
/// time zero and no submission, so that each replica does the same with it.
pub fn unstamped(payload: &Bytes) -> (Timestamp, Bytes) {
    match payload.first_chunk::<STAMP_BYTES>() {
        Some(stamp) => (Timestamp(u64::from_be_bytes(*stamp)), payload.slice(STAMP_BYTES..)),
        None => (Timestamp(0), Bytes::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_comes_apart_as_it_was_put_together() {
        let payload = Bytes::from(stamped(Timestamp(1_763_685_000_000), b"submission"));
        assert_eq!(payload.len(), 18);
        assert_eq!(unstamped(&payload), (Timestamp(1_763_685_000_000), "submission".into()));
        assert_eq!(unstamped(&"short".into()), (Timestamp(0), Bytes::new()));
    }
}
