//! A hash index over copy-on-write pages: open addressing, linear probing, no tombstones.

use super::{Paged, Scoped};

/// What an [`Index`] can find: a fixed number of bits.
pub trait Key: Copy + Eq + Default + std::fmt::Debug {
    /// The key folded into 64 bits.
    fn fold(self) -> u64;
}

impl Key for u64 {
    fn fold(self) -> u64 {
        self
    }
}

impl Key for u128 {
    fn fold(self) -> u64 {
        (self >> 64) as u64 ^ self as u64
    }
}

/// Finds a 32-bit value by a key. The seed differs between processes and must never be observable.
#[derive(Clone, Debug)]
pub struct Index<K: Key> {
    slots: Paged<(K, u32)>,
    len: usize,
    seed: u64,
    /// The keys changed in the open scope with what they had been.
    scope: Option<Vec<(K, Option<u32>)>>,
}

/// The value that marks a free slot; it can't be stored.
const FREE: u32 = u32::MAX;
const SMALLEST: usize = 64;

impl<K: Key> Index<K> {
    /// An empty index whose order is that of `seed`.
    pub fn new(seed: u64) -> Index<K> {
        Index { slots: free_slots(SMALLEST), len: 0, seed, scope: None }
    }

    /// The number of keys.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The value of `key`.
    pub fn get(&self, key: K) -> Option<u32> {
        let (_, value) = *self.slot(self.probe(key));
        (value != FREE).then_some(value)
    }

    /// Gives `key` a value below `u32::MAX`.
    pub fn insert(&mut self, key: K, value: u32) {
        debug_assert_ne!(value, FREE, "u32::MAX marks a free slot");
        let before = self.put(key, value);
        if let Some(scope) = &mut self.scope {
            scope.push((key, before));
        }
    }

    /// Removes `key` and returns its value.
    pub fn remove(&mut self, key: K) -> Option<u32> {
        let before = self.take(key)?;
        if let Some(scope) = &mut self.scope {
            scope.push((key, Some(before)));
        }
        Some(before)
    }

    fn slot(&self, at: usize) -> &(K, u32) {
        self.slots.get(at).expect("probing stays below the capacity")
    }

    fn set(&mut self, at: usize, slot: (K, u32)) {
        *self.slots.get_mut(at).expect("probing stays below the capacity") = slot;
    }

    fn mask(&self) -> usize {
        self.slots.len() - 1
    }

    fn home(&self, key: K) -> usize {
        // A 64 x 64 -> 128 bit multiplication, both halves folded: cheap, and each bit counts.
        let mixed = u128::from(key.fold() ^ self.seed) * 0x9E37_79B9_7F4A_7C15;
        ((mixed >> 64) as u64 ^ mixed as u64) as usize & self.mask()
    }

    /// The slot that holds `key`, or the free one where it would go.
    fn probe(&self, key: K) -> usize {
        let mut at = self.home(key);
        loop {
            let (found, value) = *self.slot(at);
            if value == FREE || found == key {
                return at;
            }
            at = (at + 1) & self.mask();
        }
    }

    fn put(&mut self, key: K, value: u32) -> Option<u32> {
        if (self.len + 1) * 4 > self.slots.len() * 3 {
            self.grow();
        }
        let at = self.probe(key);
        let before = self.slot(at).1;
        self.set(at, (key, value));
        if before == FREE {
            self.len += 1;
            return None;
        }
        Some(before)
    }

    /// Removes a key and moves back those behind it that would no longer be found.
    fn take(&mut self, key: K) -> Option<u32> {
        let mut hole = self.probe(key);
        let (_, before) = *self.slot(hole);
        if before == FREE {
            return None;
        }
        let mut at = hole;
        loop {
            at = (at + 1) & self.mask();
            let (other, value) = *self.slot(at);
            if value == FREE {
                break;
            }
            let wanted = self.home(other);
            if (at.wrapping_sub(wanted) & self.mask()) >= (at.wrapping_sub(hole) & self.mask()) {
                self.set(hole, (other, value));
                hole = at;
            }
        }
        self.set(hole, (K::default(), FREE));
        self.len -= 1;
        Some(before)
    }

    fn grow(&mut self) {
        let slots = free_slots(self.slots.len() * 2);
        let full = std::mem::replace(&mut self.slots, slots);
        for (key, value) in full.iter().filter(|(_, value)| *value != FREE) {
            let at = self.probe(*key);
            self.set(at, (*key, *value));
        }
    }
}

fn free_slots<K: Key>(capacity: usize) -> Paged<(K, u32)> {
    let mut slots = Paged::default();
    for _ in 0..capacity {
        slots.push((K::default(), FREE));
    }
    slots
}

impl<K: Key> Scoped for Index<K> {
    fn begin(&mut self) {
        self.scope = Some(Vec::new());
    }

    fn commit(&mut self) {
        self.scope = None;
    }

    fn rollback(&mut self) {
        for (key, before) in self.scope.take().unwrap_or_default().into_iter().rev() {
            match before {
                Some(value) => {
                    self.put(key, value);
                }
                None => {
                    self.take(key);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn an_index_is_a_map(
            seed: u64,
            steps in proptest::collection::vec((0u64..200, proptest::option::of(0u32..9)), 0..800),
            scope in (0usize..800, 0usize..800),
        ) {
            let (mut index, mut model) = (Index::new(seed), BTreeMap::new());
            let mut saved = model.clone();
            for (at, (key, value)) in steps.into_iter().enumerate() {
                if at == scope.0 {
                    index.begin();
                    saved = model.clone();
                }
                if at == scope.0 + scope.1 {
                    index.rollback();
                    model = saved.clone();
                }
                match value {
                    Some(value) => {
                        index.insert(key, value);
                        model.insert(key, value);
                    }
                    None => prop_assert_eq!(index.remove(key), model.remove(&key)),
                }
                prop_assert_eq!(index.len(), model.len());
            }
            for key in 0..200 {
                prop_assert_eq!(index.get(key), model.get(&key).copied());
            }
        }
    }
}
