//! Election timeouts that can be repeated.
//!
//! raft-rs draws them from the thread's random generator, which would make two simulator runs of
//! one seed differ. Here they follow from seed, replica, term and the number of elections this
//! replica has started. They differ between replicas and from try to try, as split votes need it.

use super::start::Settings;

/// Ticks without a leader after which an election may start; the range reaches to twice this.
pub(super) const ELECTION_TICKS: usize = 10;
/// Ticks between a leader's heartbeats.
pub(super) const HEARTBEAT_TICKS: usize = 2;

impl Settings {
    /// Ticks without a leader until this replica stands for election.
    pub(super) fn election_timeout(&self, term: u64, campaigns: u64) -> usize {
        let draw = [self.id, term, campaigns].into_iter().fold(self.seed, mix);
        ELECTION_TICKS + (draw % ELECTION_TICKS as u64) as usize
    }
}

/// One round of SplitMix64 (Steele, Lea, Flood 2014).
fn mix(state: u64, value: u64) -> u64 {
    let mut z = (state ^ value).wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::Hash;

    #[test]
    fn timeouts_stay_in_range_and_differ() {
        let settings = |id| Settings { id, cluster: Hash::ZERO, seed: 7, window_bytes: 0 };
        let draws: Vec<_> = (1..4)
            .flat_map(|id| (0..20).map(move |t| settings(id).election_timeout(t, 0)))
            .collect();
        assert!(draws.iter().all(|t| (10..20).contains(t)));
        assert_eq!((10..20).filter(|t| draws.contains(t)).count(), 10);
    }
}
