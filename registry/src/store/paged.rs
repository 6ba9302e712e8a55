//! A growing array in copy-on-write pages.

use std::sync::Arc;

use super::Scoped;

/// Items a page. With items of 48 to 128 bytes a page stays below malloc's mmap threshold.
const PAGE: usize = 256;

/// An array whose clone shares its pages until one side writes to them.
#[derive(Clone, Debug)]
pub struct Paged<T> {
    pages: Vec<Arc<[T]>>,
    len: usize,
    scope: Option<Scope<T>>,
}

#[derive(Clone, Debug)]
struct Scope<T> {
    len: usize,
    replaced: Vec<(usize, T)>,
}

impl<T> Default for Paged<T> {
    fn default() -> Paged<T> {
        Paged { pages: Vec::new(), len: 0, scope: None }
    }
}

impl<T: Clone + Default> Paged<T> {
    /// An array of `len` default items.
    pub fn with_len(len: usize) -> Paged<T> {
        let pages = (0..len.div_ceil(PAGE)).map(|_| Self::page()).collect();
        Paged { pages, len, scope: None }
    }

    fn page() -> Arc<[T]> {
        std::iter::repeat_with(T::default).take(PAGE).collect()
    }

    /// The number of items.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no item.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The item at `at`, if there is one.
    pub fn get(&self, at: usize) -> Option<&T> {
        if at < self.len { Some(&self.pages[at / PAGE][at % PAGE]) } else { None }
    }

    /// The item at `at`, to be changed.
    pub fn get_mut(&mut self, at: usize) -> Option<&mut T> {
        if at >= self.len {
            return None;
        }
        let item = &mut Arc::make_mut(&mut self.pages[at / PAGE])[at % PAGE];
        if let Some(scope) = &mut self.scope
            && at < scope.len
        {
            scope.replaced.push((at, item.clone()));
        }
        Some(item)
    }

    /// Appends an item and returns its position.
    pub fn push(&mut self, item: T) -> usize {
        let at = self.len;
        if at == self.pages.len() * PAGE {
            self.pages.push(Self::page());
        }
        Arc::make_mut(&mut self.pages[at / PAGE])[at % PAGE] = item;
        self.len += 1;
        at
    }

    /// The items in order.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.pages.iter().flat_map(|page| page.iter()).take(self.len)
    }
}

impl<T: Clone + Default> Scoped for Paged<T> {
    fn begin(&mut self) {
        self.scope = Some(Scope { len: self.len, replaced: Vec::new() });
    }

    fn commit(&mut self) {
        self.scope = None;
    }

    fn rollback(&mut self) {
        let Some(scope) = self.scope.take() else { return };
        for (at, item) in scope.replaced.into_iter().rev() {
            Arc::make_mut(&mut self.pages[at / PAGE])[at % PAGE] = item;
        }
        self.len = scope.len;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clone_keeps_what_it_saw() {
        let mut live: Paged<u64> = Paged::default();
        for i in 0..1000 {
            assert_eq!(live.push(i), i as usize);
        }
        let view = live.clone();
        *live.get_mut(7).unwrap() = 99;
        live.push(1000);
        assert_eq!(view.get(7), Some(&7));
        assert_eq!(view.len(), 1000);
        assert_eq!(live.get(7), Some(&99));
        assert_eq!(view.iter().copied().collect::<Vec<_>>(), (0..1000).collect::<Vec<_>>());
    }

    #[test]
    fn a_rollback_restores_items_and_length() {
        let mut items: Paged<u64> = Paged::default();
        items.push(1);
        items.begin();
        *items.get_mut(0).unwrap() = 2;
        *items.get_mut(0).unwrap() = 3;
        items.push(4);
        *items.get_mut(1).unwrap() = 5;
        items.rollback();
        assert_eq!(items.iter().copied().collect::<Vec<_>>(), [1]);
        items.begin();
        *items.get_mut(0).unwrap() = 9;
        items.commit();
        assert_eq!(items.get(0), Some(&9));
    }
}
