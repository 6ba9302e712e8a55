//! Every limit of consensus, with its reason.

/// The most bytes of entries in one append message, unless one entry alone is larger: a lost
/// message then costs little to repeat.
pub(super) const MAX_MESSAGE_BYTES: u64 = 64 << 10;

/// Append messages on the way to one follower: with 64 KiB each, 16 MiB.
pub(super) const MAX_MESSAGES_IN_FLIGHT: usize = 256;

/// Bytes proposed and not committed yet. Beyond it proposals are refused, so a leader without a
/// quorum does not fill its memory. Four of the largest submissions.
pub(super) const MAX_UNCOMMITTED_BYTES: u64 = 16 << 20;

/// Bytes handed to the apply thread at once.
pub(super) const MAX_COMMITTED_BYTES: u64 = 4 << 20;

/// Entries in one append message: entries without payload count as 16 bytes or more on the wire,
/// so an honest message stays far below.
pub(super) const MAX_MESSAGE_ENTRIES: usize = 8192;

/// Terms and indexes beyond this come from no honest peer: at a million a second it takes 146,000
/// years to get there. The headroom keeps raft-rs's `+ 1` from overflowing.
pub(super) const MAX_POSITION: u64 = 1 << 62;

/// The context of a read, in bytes: our own are 8.
pub(super) const MAX_READ_CONTEXT_BYTES: usize = 64;

/// Voters and learners of one group.
pub(super) const MAX_MEMBERS: usize = 64;
