//! Pages of lists: Relay connections over things with dense handles.
//!
//! A cursor is the number of an item, which no later item changes, so that pages stay stable while
//! the ledger goes on. What the reader may not see is skipped without a trace.

use std::ops::Range;

use async_graphql::OutputType;
use async_graphql::connection::{Connection, CursorType, Edge};

use super::guard::PAGE;
use crate::fault::{Code, Fault};
use crate::history::page as history;

/// The number of an item in its list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Cursor(pub(crate) u64);

impl CursorType for Cursor {
    type Error = std::num::ParseIntError;

    fn decode_cursor(text: &str) -> Result<Cursor, Self::Error> {
        text.parse().map(Cursor)
    }

    fn encode_cursor(&self) -> String {
        self.0.to_string()
    }
}

/// Which page is asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Paging {
    /// So many from the beginning.
    pub(crate) first: Option<i32>,
    /// Behind this cursor.
    pub(crate) after: Option<String>,
    /// So many from the end.
    pub(crate) last: Option<i32>,
    /// In front of this cursor.
    pub(crate) before: Option<String>,
}

/// A page of items.
pub(crate) type Page<T> = Connection<Cursor, T>;

impl Paging {
    /// Takes a page of the items in a range for which `pick` gives something.
    pub(crate) fn of<T: OutputType>(
        self,
        range: Range<u64>,
        pick: impl Fn(u64) -> Option<T>,
    ) -> Result<Page<T>, Fault> {
        let (count, forward) = self.count()?;
        let cursor = |text: Option<String>| match text {
            None => Ok(None),
            Some(text) => Cursor::decode_cursor(&text)
                .map(|cursor| Some(cursor.0))
                .map_err(|_| Fault::new(Code::ArgumentInvalid, "the cursor is not one of ours")),
        };
        let (after, before) = (cursor(self.after)?, cursor(self.before)?);
        let start = after.map_or(range.start, |after| after.saturating_add(1).max(range.start));
        let end = before.map_or(range.end, |before| before.min(range.end));
        let picked = |at: u64| pick(at).map(|item| (at, item));
        let window = start..end.max(start);
        // One more than asked for tells whether there is another page.
        let mut found: Vec<(u64, T)> = match forward {
            true => window.filter_map(picked).take(count + 1).collect(),
            false => window.rev().filter_map(picked).take(count + 1).collect(),
        };
        let more = found.len() > count;
        found.truncate(count);
        if !forward {
            found.reverse();
        }
        let (previous, next) = match forward {
            true => (after.is_some(), more),
            false => (more, before.is_some()),
        };
        let mut page = Connection::new(previous, next);
        page.edges.extend(found.into_iter().map(|(at, item)| Edge::new(Cursor(at), item)));
        Ok(page)
    }

    /// The page in the terms of the read side, whose cursors are read by `parse`.
    pub(crate) fn of_history<C>(
        &self,
        parse: fn(&str) -> Option<C>,
    ) -> Result<history::Page<C>, Fault> {
        let (count, forward) = self.count()?;
        let cursor = |text: &Option<String>| match text {
            None => Ok(None),
            Some(text) => parse(text)
                .map(Some)
                .ok_or_else(|| Fault::new(Code::ArgumentInvalid, "the cursor is not one of ours")),
        };
        Ok(match forward {
            true => history::Page::First { count, after: cursor(&self.after)? },
            false => history::Page::Last { count, before: cursor(&self.before)? },
        })
    }

    fn count(&self) -> Result<(usize, bool), Fault> {
        let refuse = |why: &str| Fault::new(Code::ArgumentInvalid, why);
        let (count, forward) = match (self.first, self.last) {
            (Some(first), None) => (first, true),
            (None, Some(last)) => (last, false),
            _ => return Err(refuse("first or last is wanted, and one of them only")),
        };
        let count = usize::try_from(count).ok().filter(|count| (1..=PAGE).contains(count));
        let count = count.ok_or_else(|| refuse("a page has 1 to 100 items"))?;
        Ok((count, forward))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pages(
        first: Option<i32>,
        after: Option<&str>,
        last: Option<i32>,
        before: Option<&str>,
    ) -> (Vec<i32>, bool, bool) {
        let text = |text: Option<&str>| text.map(str::to_owned);
        let paging = Paging { first, after: text(after), last, before: text(before) };
        let even = |at: u64| at.is_multiple_of(2).then_some(at as i32);
        let page = paging.of(0..11, even).unwrap();
        let items = page.edges.into_iter().map(|edge| edge.node).collect();
        (items, page.has_previous_page, page.has_next_page)
    }

    #[test]
    fn pages_follow_each_other_both_ways() {
        assert_eq!(pages(Some(2), None, None, None), (vec![0, 2], false, true));
        assert_eq!(pages(Some(2), Some("2"), None, None), (vec![4, 6], true, true));
        assert_eq!(pages(Some(9), Some("6"), None, None), (vec![8, 10], true, false));
        assert_eq!(pages(None, None, Some(2), None), (vec![8, 10], true, false));
        assert_eq!(pages(None, None, Some(2), Some("4")), (vec![0, 2], false, true));
        assert_eq!(pages(Some(2), Some("99"), None, None), (vec![], true, false));
    }

    #[test]
    fn a_page_is_bounded() {
        let none = |_: u64| None::<i32>;
        let refused = [
            Paging::default(),
            Paging { first: Some(0), ..Paging::default() },
            Paging { first: Some(101), ..Paging::default() },
            Paging { first: Some(-1), ..Paging::default() },
            Paging { first: Some(1), last: Some(1), ..Paging::default() },
            Paging { first: Some(1), after: Some("x".to_owned()), ..Paging::default() },
        ];
        for paging in refused {
            assert_eq!(paging.of(0..1, none).err().unwrap().code, Code::ArgumentInvalid);
        }
    }
}
