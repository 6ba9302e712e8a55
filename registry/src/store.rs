//! The containers in which ledger state lives: copy-on-write pages behind dense indexes, and hash
//! indexes over such pages.
//!
//! A clone costs one reference count a page, so that it can serve as a read view and as the source
//! of a snapshot that another thread writes while the ledger goes on. Each container can open one
//! *scope*: [`Scoped::rollback`] restores what it held at [`Scoped::begin`], which is what atomic
//! groups and dry runs are made of.
//!
//! Invariant: the order of an [`Index`] depends on the seed of the process, so it cannot be
//! iterated; whoever needs an order keeps the items in a [`Paged`].

mod index;
mod paged;

pub use index::{Index, Key};
pub use paged::Paged;

/// State with one level of undo.
pub trait Scoped {
    /// Opens a scope. Scopes do not nest.
    fn begin(&mut self);
    /// Keeps what was done since [`Scoped::begin`] and closes the scope.
    fn commit(&mut self);
    /// Undoes what was done since [`Scoped::begin`] and closes the scope.
    fn rollback(&mut self);
}

/// Implements [`Scoped`] for a struct by doing the same to each of the named fields.
#[macro_export]
macro_rules! scoped {
    ($type:ty { $($field:ident),+ $(,)? }) => {
        impl $crate::store::Scoped for $type {
            fn begin(&mut self) {
                $($crate::store::Scoped::begin(&mut self.$field);)+
            }
            fn commit(&mut self) {
                $($crate::store::Scoped::commit(&mut self.$field);)+
            }
            fn rollback(&mut self) {
                $($crate::store::Scoped::rollback(&mut self.$field);)+
            }
        }
    };
}

/// A single value with undo.
#[derive(Clone, Debug, Default)]
pub struct Cell<T> {
    value: T,
    saved: Option<T>,
}

impl<T: Clone> Cell<T> {
    /// A cell that holds `value`.
    pub fn new(value: T) -> Cell<T> {
        Cell { value, saved: None }
    }

    /// Replaces the value.
    pub fn set(&mut self, value: T) {
        self.value = value;
    }
}

impl<T> std::ops::Deref for Cell<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: Clone> Scoped for Cell<T> {
    fn begin(&mut self) {
        self.saved = Some(self.value.clone());
    }
    fn commit(&mut self) {
        self.saved = None;
    }
    fn rollback(&mut self) {
        if let Some(saved) = self.saved.take() {
            self.value = saved;
        }
    }
}
