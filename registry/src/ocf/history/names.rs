//! Ids and what they lead to, in one sorted list: found by hash, and then compared as texts.
//!
//! The hash has fixed keys and only decides where an id stands in the list, never what comes out.
//! However ids are chosen, a list of n takes n log n steps.

use std::hash::{DefaultHasher, Hash, Hasher};

/// A list of ids.
#[derive(Debug)]
pub(super) struct Names<'a>(Vec<(u64, usize, &'a str)>);

impl<'a> Names<'a> {
    /// Of ids and indices; of those under one id the lowest index counts.
    pub(super) fn of(names: impl Iterator<Item = (&'a str, usize)>) -> Names<'a> {
        let mut names: Vec<_> = names.map(|(id, at)| (hash(id), at, id)).collect();
        names.sort_unstable();
        Names(names)
    }

    /// What an id leads to.
    pub(super) fn get(&self, id: &str) -> Option<usize> {
        let hash = hash(id);
        let start = self.0.partition_point(|(known, _, _)| *known < hash);
        let alike = self.0[start..].iter().take_while(|(known, _, _)| *known == hash);
        alike.into_iter().find(|(_, _, known)| *known == id).map(|(_, at, _)| *at)
    }
}

fn hash(id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}
