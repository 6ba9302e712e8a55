//! A growing array in copy-on-write pages: a clone shares every page, a write copies one.

use std::sync::Arc;

/// 64 hashes are 2 KiB: cheap to copy, and a million make 16,000 pages to clone.
const PAGE: usize = 64;

#[derive(Clone, Debug)]
pub(super) struct Pages<T> {
    pages: Vec<Arc<[T; PAGE]>>,
    len: usize,
}

impl<T> Default for Pages<T> {
    fn default() -> Self {
        Pages { pages: Vec::new(), len: 0 }
    }
}

impl<T: Copy + Default> Pages<T> {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn get(&self, place: usize) -> Option<&T> {
        (place < self.len).then(|| &self.pages[place / PAGE][place % PAGE])
    }

    pub(super) fn get_mut(&mut self, place: usize) -> Option<&mut T> {
        (place < self.len).then(|| &mut Arc::make_mut(&mut self.pages[place / PAGE])[place % PAGE])
    }

    pub(super) fn push(&mut self, value: T) {
        if self.len == self.pages.len() * PAGE {
            self.pages.push(Arc::new([T::default(); PAGE]));
        }
        self.len += 1;
        *self.get_mut(self.len - 1).expect("there is room in the last page") = value;
    }

    /// Writes at a place that exists or is the next one.
    pub(super) fn put(&mut self, place: usize, value: T) {
        match self.get_mut(place) {
            Some(slot) => *slot = value,
            None => {
                assert_eq!(place, self.len, "places are filled in order");
                self.push(value);
            }
        }
    }
}
