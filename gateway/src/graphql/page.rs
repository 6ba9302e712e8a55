//! Pages of lists: Relay connections over things with dense handles.
//!
//! A cursor is the number of an item, which no later item changes, so that pages stay stable while
//! the ledger goes on. What the reader may not see is skipped without a trace. A page ends where it has
//! looked at so many items, with what it has found and a cursor to go on from, so that no question
//! takes time that goes with the size of the ledger.

use std::borrow::Cow;
use std::ops::Range;

use async_graphql::connection::{CursorType, Edge, EmptyFields, PageInfo};
use async_graphql::{Object, OutputType, TypeName};

use super::guard::PAGE;
use super::sight::Sight;
use crate::fault::{Code, Fault};
use crate::history::page as history;

/// Items that are looked at for one page.
const STEPS: u64 = 100_000;

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

/// A page of items. The library's own cannot go on where it found nothing.
pub(crate) struct Page<T: OutputType, C: CursorType + Send + Sync = Cursor> {
    edges: Vec<Edge<C, T, EmptyFields>>,
    previous: bool,
    next: bool,
    /// Where it stopped looking, forward or backward, if that is not at an item of the page.
    stopped: Option<C>,
    forward: bool,
}

impl<T: OutputType, C: CursorType + Send + Sync> Page<T, C> {
    /// A page that was looked for as far as it goes; whether there is another one before and behind.
    pub(crate) fn new(edges: Vec<Edge<C, T, EmptyFields>>, previous: bool, next: bool) -> Self {
        Page { edges, previous, next, stopped: None, forward: true }
    }
}

impl<T: OutputType, C: CursorType + Send + Sync> TypeName for Page<T, C> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Connection", T::type_name()).into()
    }
}

#[Object(name_type)]
impl<T: OutputType, C: CursorType + Send + Sync> Page<T, C> {
    /// Information to aid in pagination.
    async fn page_info(&self) -> PageInfo {
        let cursor = |edge: &Edge<C, T, EmptyFields>| edge.cursor.encode_cursor();
        let stopped = |forward| match self.forward == forward {
            true => self.stopped.as_ref().map(C::encode_cursor),
            false => None,
        };
        PageInfo {
            has_previous_page: self.previous,
            has_next_page: self.next,
            start_cursor: stopped(false).or_else(|| self.edges.first().map(cursor)),
            end_cursor: stopped(true).or_else(|| self.edges.last().map(cursor)),
        }
    }

    /// A list of edges.
    async fn edges(&self) -> &[Edge<C, T, EmptyFields>] {
        &self.edges
    }

    /// A list of nodes.
    async fn nodes(&self) -> Vec<&T> {
        self.edges.iter().map(|edge| &edge.node).collect()
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

impl Paging {
    /// Takes a page of the items in a range of the ledger that the reader may see, off the threads of
    /// the network. There is nothing in it for who is no participant.
    pub(crate) async fn scan<T: OutputType + 'static>(
        self,
        sight: &Sight,
        range: Range<u64>,
        pick: impl Fn(&Sight, u64) -> Option<T> + Send + 'static,
    ) -> Result<Page<T>, Fault> {
        if sight.participant().is_none() {
            return self.of(0..0, |_| None);
        }
        let own = sight.clone();
        sight.service.look_up(move || self.of(range, |at| pick(&own, at))).await?
    }

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
        let place = |step| if forward { start + step } else { end - 1 - step };
        let (mut edges, mut more, mut stopped) = (Vec::new(), false, None);
        for step in 0..end.saturating_sub(start) {
            if step == STEPS {
                (more, stopped) = (true, Some(Cursor(place(step - 1))));
                break;
            }
            let at = place(step);
            match pick(at) {
                // One more than asked for tells whether there is another page.
                Some(_) if edges.len() == count => {
                    more = true;
                    break;
                }
                Some(item) => edges.push(Edge::new(Cursor(at), item)),
                None => {}
            }
        }
        if !forward {
            edges.reverse();
        }
        let (previous, next) = match forward {
            true => (after.is_some(), more),
            false => (more, before.is_some()),
        };
        Ok(Page { edges, previous, next, stopped, forward })
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
        (items, page.previous, page.next)
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

    /// One item among very many is found by going on, in either direction.
    #[test]
    fn a_page_that_stops_looking_says_where_it_goes_on() {
        let wanted = 2 * STEPS + 5;
        for forward in [true, false] {
            let (mut at, mut looked) = (None, 0);
            let found = loop {
                let paging = match forward {
                    true => Paging { first: Some(1), after: at, ..Paging::default() },
                    false => Paging { last: Some(1), before: at, ..Paging::default() },
                };
                let page = paging.of(0..5 * STEPS, |at| (at == wanted).then_some(at)).unwrap();
                looked += 1;
                if let Some(edge) = page.edges.first() {
                    break edge.node;
                }
                assert!(if forward { page.next } else { page.previous });
                at = page.stopped.map(|cursor| cursor.encode_cursor());
            };
            assert_eq!((found, looked), (wanted, 3));
        }
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
