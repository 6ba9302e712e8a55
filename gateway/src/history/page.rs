//! Pages of long lists: so many behind a cursor, or so many before one.

/// The largest page.
pub const PAGE_MAX: usize = 100;

/// Which part of a list is wanted. Cursors are exclusive.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Page<C> {
    /// The first ones behind a cursor, or of all.
    First {
        /// How many, at most [`PAGE_MAX`].
        count: usize,
        /// Behind which one.
        after: Option<C>,
    },
    /// The last ones before a cursor, or of all.
    Last {
        /// How many, at most [`PAGE_MAX`].
        count: usize,
        /// Before which one.
        before: Option<C>,
    },
}

impl<C> Page<C> {
    /// How many are wanted, held at [`PAGE_MAX`].
    pub fn count(&self) -> usize {
        let (Page::First { count, .. } | Page::Last { count, .. }) = self;
        (*count).min(PAGE_MAX)
    }
}

/// A part of a list, in the order of the list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Slice<T> {
    /// The items.
    pub items: Vec<T>,
    /// Whether the list goes on in the direction of the page: behind the last item of a `First`,
    /// before the first item of a `Last`.
    pub more: bool,
}
