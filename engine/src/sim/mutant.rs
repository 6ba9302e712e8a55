//! Faults put in on purpose, to prove that the simulator would find them.

/// A mistake in the driver or a lie of the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutant {
    /// Votes and acknowledgements leave before what they promise is synced.
    MessageBeforeSync,
    /// Term, vote and commit are never written.
    HardStateLost,
    /// A replica that lost synced entries at the end of its log comes back under its own id, as
    /// if a tolerant recovery had cut them off.
    LostTailWithSameId,
    /// A read is answered without waiting until its index is applied.
    ReadBeforeApply,
    /// A client is told of success when its entry is proposed, not when it is committed.
    AcknowledgedBeforeCommit,
    /// The disks say that they have synced, and have not.
    LyingDisk,
}

impl Mutant {
    /// All of them.
    pub const ALL: [Mutant; 6] = [
        Mutant::MessageBeforeSync,
        Mutant::HardStateLost,
        Mutant::LostTailWithSameId,
        Mutant::ReadBeforeApply,
        Mutant::AcknowledgedBeforeCommit,
        Mutant::LyingDisk,
    ];
}
