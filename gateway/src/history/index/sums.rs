//! Sums over everything that the index holds, by which a damage is found when it is opened.
//!
//! A sum adds up 64 bits of SHA-256 for each item, so that it does not depend on an order and can go
//! on while items come and change. It finds what was lost or torn; that nobody forges an index is not
//! its task, for whoever could also could change the program.

use counterfoil_engine::hash::sha256;

/// A sum of items.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Sum(pub(super) u64);

impl Sum {
    pub(super) fn add(&mut self, key: &[u8], value: &[u8]) {
        self.0 = self.0.wrapping_add(weight(key, value));
    }

    /// Takes out an item that was added.
    pub(super) fn remove(&mut self, key: &[u8], value: &[u8]) {
        self.0 = self.0.wrapping_sub(weight(key, value));
    }
}

fn weight(key: &[u8], value: &[u8]) -> u64 {
    let digest = sha256(&[&(key.len() as u64).to_be_bytes(), key, value]).0;
    u64::from_be_bytes(*digest.first_chunk().expect("32 bytes hold 8"))
}
