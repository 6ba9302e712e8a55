//! Names for what is made: after that of its source, and like nothing else in the package.

use std::collections::{BTreeMap, BTreeSet};

/// The names that are taken.
#[derive(Debug, Default)]
pub(super) struct Fresh {
    taken: BTreeSet<String>,
    /// The number that was given last, for each name.
    last: BTreeMap<String, usize>,
}

impl Fresh {
    /// Nothing made is called like this.
    pub(super) fn take(&mut self, name: &str) {
        self.taken.insert(name.to_owned());
    }

    /// The first of `<name>/2`, `<name>/3` and so on that nothing else is called.
    pub(super) fn after(&mut self, name: &str) -> String {
        let last = self.last.entry(name.to_owned()).or_insert(1);
        loop {
            *last += 1;
            let fresh = format!("{name}/{last}");
            if self.taken.insert(fresh.clone()) {
                return fresh;
            }
        }
    }
}
