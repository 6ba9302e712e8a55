//! Ids and what they lead to, in one sorted list: found by hash, and then compared as texts.
//!
//! The hash has fixed keys and only decides where an id stands in the list, never what comes out.
//! Its first bits say where to begin, which is where it ends too unless ids were chosen to be alike;
//! however they are chosen, a list of n takes n log n steps.

use std::hash::{DefaultHasher, Hash, Hasher};

/// A list of ids.
#[derive(Debug)]
pub(super) struct Names<'a> {
    list: Vec<(u64, usize, &'a str)>,
    /// For each value of the first bits of a hash, where the hashes that begin so begin, and at last
    /// the length of the list.
    starts: Vec<usize>,
    /// The bits of a hash after the first ones.
    rest: u32,
}

impl<'a> Names<'a> {
    /// Of ids and indices; of those under one id the lowest index counts.
    pub(super) fn of(names: impl Iterator<Item = (&'a str, usize)>) -> Names<'a> {
        let mut list: Vec<_> = names.map(|(id, at)| (hash(id), at, id)).collect();
        list.sort_unstable();
        let bits = list.len().max(2).ilog2();
        let rest = u64::BITS - bits;
        let mut starts = Vec::with_capacity((1 << bits) + 1);
        for (at, (hash, _, _)) in list.iter().enumerate() {
            starts.resize(starts.len().max(first_bits(*hash, rest) + 1), at);
        }
        starts.resize((1 << bits) + 1, list.len());
        Names { list, starts, rest }
    }

    /// What an id leads to.
    pub(super) fn get(&self, id: &str) -> Option<usize> {
        let hash = hash(id);
        let first = first_bits(hash, self.rest);
        let near = &self.list[self.starts[first]..self.starts[first + 1]];
        let start = near.partition_point(|(known, _, _)| *known < hash);
        let alike = near[start..].iter().take_while(|(known, _, _)| *known == hash);
        alike.into_iter().find(|(_, _, known)| *known == id).map(|(_, at, _)| *at)
    }

    /// The indices of an id after its first one, each with the first one.
    pub(super) fn repeated(&self) -> impl Iterator<Item = (usize, usize)> {
        let alike = self.list.chunk_by(|(one, _, _), (other, _, _)| one == other);
        alike.filter(|alike| alike.len() > 1).flatten().filter_map(|(_, at, id)| {
            let first = self.get(id)?;
            (first != *at).then_some((*at, first))
        })
    }
}

fn first_bits(hash: u64, rest: u32) -> usize {
    usize::try_from(hash >> rest).expect("a list in memory has fewer ids than a usize counts")
}

fn hash(id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_id_leads_to_its_first_index_and_no_other_id_leads_anywhere() {
        for count in [0usize, 1, 2, 3, 100] {
            let ids: Vec<String> = (0..count).map(|at| format!("id-{}", at % 70)).collect();
            let names = Names::of(ids.iter().enumerate().map(|(at, id)| (id.as_str(), at)));
            for (at, id) in ids.iter().enumerate() {
                assert_eq!(names.get(id), Some(at % 70));
            }
            assert_eq!(names.get("id-70"), None);
            let mut repeated: Vec<_> = names.repeated().collect();
            repeated.sort_unstable();
            let wanted: Vec<_> = (70..count).map(|at| (at, at - 70)).collect();
            assert_eq!(repeated, wanted);
        }
    }
}
