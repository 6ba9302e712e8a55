//! The events of an issuer's register, page by page.

use std::fmt;

use counterfoil_engine::evidence::heads::Ordinal;
use counterfoil_engine::time::Timestamp;
use counterfoil_registry::event::{Event, decode_events};
use counterfoil_registry::handle::IssuerId;

use crate::history::archive::malformed;
use crate::history::page::{Page, Slice};
use crate::history::records::{Moment, Reading};
use crate::history::{History, HistoryError};

/// Records of a chain that are looked up at once; not each of them holds an event.
const STRIDE: usize = 128;

/// The place of an event for ever: the record, and its number among the record's events.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct EventCursor {
    /// The index of the record in the tree.
    pub record: u64,
    /// From 0.
    pub number: u32,
}

impl EventCursor {
    /// Reads `<record>.<number>`; anything else is `None`.
    pub fn parse(text: &str) -> Option<EventCursor> {
        let (record, number) = text.split_once('.')?;
        let cursor = EventCursor { record: record.parse().ok()?, number: number.parse().ok()? };
        (cursor.to_string() == text).then_some(cursor)
    }
}

impl fmt::Display for EventCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.record, self.number)
    }
}

/// An event, and when it was recorded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RecordedEvent {
    /// Its place.
    pub cursor: EventCursor,
    /// The height of the block.
    pub height: u64,
    /// Ledger time.
    pub time: Timestamp,
    /// The event; its date is the effective one.
    pub event: Event,
}

impl History {
    /// A page of the events of an issuer that were known at a moment, in the order of their records.
    /// `None` where the issuer was not known then.
    ///
    /// # Errors
    /// See [`HistoryError`].
    pub fn events(
        &self,
        issuer: IssuerId,
        known_at: Moment,
        page: Page<EventCursor>,
    ) -> Result<Option<Slice<RecordedEvent>>, HistoryError> {
        let Some((ordinal, below)) = self.chain_of(issuer, known_at)? else { return Ok(None) };
        let wanted = page.count();
        let mut items = match page {
            Page::First { after, .. } => self.events_after(ordinal, below, after, wanted + 1)?,
            Page::Last { before, .. } => self.events_before(ordinal, below, before, wanted + 1)?,
        };
        let more = items.len() > wanted;
        items.truncate(wanted);
        if matches!(page, Page::Last { .. }) {
            items.reverse();
        }
        Ok(Some(Slice { items, more }))
    }

    fn events_after(
        &self,
        ordinal: Ordinal,
        below: u64,
        after: Option<EventCursor>,
        wanted: usize,
    ) -> Result<Vec<RecordedEvent>, HistoryError> {
        let mut found = Vec::new();
        let mut reading = Reading::of(self);
        let mut from = after.map_or(0, |after| after.record);
        loop {
            let indexes = self.index.ask(|state| state.chain_from(ordinal, from, STRIDE))?;
            let Some(last) = indexes.last().copied() else { return Ok(found) };
            for index in indexes {
                if index >= below || found.len() >= wanted {
                    return Ok(found);
                }
                let events = events_of(&mut reading, ordinal, index)?;
                let behind = |event: &RecordedEvent| after.is_none_or(|after| event.cursor > after);
                found.extend(events.into_iter().filter(behind).take(wanted - found.len()));
            }
            from = last + 1;
        }
    }

    /// The last one first.
    fn events_before(
        &self,
        ordinal: Ordinal,
        below: u64,
        before: Option<EventCursor>,
        wanted: usize,
    ) -> Result<Vec<RecordedEvent>, HistoryError> {
        let mut found = Vec::new();
        let mut reading = Reading::of(self);
        let behind = before.map_or(u64::MAX, |before| before.record.saturating_add(1));
        let mut end = below.min(behind);
        loop {
            let indexes = self.index.ask(|state| state.chain_below(ordinal, end, STRIDE))?;
            let Some(last) = indexes.last().copied() else { return Ok(found) };
            for index in indexes {
                if found.len() >= wanted {
                    return Ok(found);
                }
                let events = events_of(&mut reading, ordinal, index)?;
                let is_before =
                    |event: &RecordedEvent| before.is_none_or(|before| event.cursor < before);
                let events = events.into_iter().rev().filter(is_before);
                found.extend(events.take(wanted - found.len()));
            }
            end = last;
        }
    }
}

fn events_of(
    reading: &mut Reading<'_>,
    ordinal: Ordinal,
    index: u64,
) -> Result<Vec<RecordedEvent>, HistoryError> {
    let at = reading.link(ordinal, index)?;
    let (height, time) = (at.record.height, at.record.time);
    let events = decode_events(&at.sections[0]).map_err(|error| malformed(height, error))?;
    let recorded = |(number, event)| RecordedEvent {
        cursor: EventCursor { record: index, number },
        height,
        time,
        event,
    };
    Ok((0..).zip(events).map(recorded).collect())
}
