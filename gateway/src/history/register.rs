//! What an issuer's register said, at any date and as it was known at any moment.
//!
//! The register of an issuer is the fold of the events in its chain of records
//! ([`counterfoil_registry::captable::Fold`]). Folds are kept for the issuers that were asked for last,
//! and go on from where they are when new records come; a question about what was known at an
//! earlier height folds up to there. Each record's counter in the chain is checked, so that a register
//! from which an event is missing is found and never shown.

mod cache;
mod events;

pub use events::{EventCursor, RecordedEvent};

use std::sync::Arc;

use counterfoil_engine::evidence::heads::Ordinal;
use counterfoil_engine::time::Timestamp;
use counterfoil_registry::captable::{CapTable, Fold};
use counterfoil_registry::date::Date;
use counterfoil_registry::event::decode_events;
use counterfoil_registry::handle::IssuerId;

use super::archive::malformed;
use super::index::key;
use super::records::{Moment, Reading};
use super::{History, HistoryError};
pub(super) use cache::Registers;

/// Records of a chain that are looked up at once.
const STRIDE: usize = 1024;

/// About which day a question is. A cap table is that of the end of the day.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AsOf {
    /// A day, as the documents date it.
    Date(Date),
    /// The day of a block; only what was recorded up to it counts.
    Height(u64),
    /// The day of an instant; only what was recorded up to it counts.
    Time(Timestamp),
}

/// A register as it was known after some record.
#[derive(Clone, Debug)]
pub struct RegisterAt {
    /// Whose.
    pub issuer: IssuerId,
    /// The last record of its chain that counts.
    pub last_record: u64,
    /// How many records of the chain there are up to it.
    pub records: u64,
    /// What the events say: certificates open and closed, lineage, cap tables.
    pub fold: Fold,
}

impl History {
    /// The register of an issuer as it was known at a moment. `None` where it was not known then.
    ///
    /// # Errors
    /// See [`HistoryError`].
    pub fn register(
        &self,
        issuer: IssuerId,
        known_at: Moment,
    ) -> Result<Option<Arc<RegisterAt>>, HistoryError> {
        let Some((ordinal, below)) = self.chain_of(issuer, known_at)? else { return Ok(None) };
        let last = self.index.ask(|state| state.chain_below(ordinal, below, 1))?;
        let Some(last) = last.first().copied() else { return Ok(None) };
        if let Some(register) = self.registers.get(issuer, last) {
            return Ok(Some(register));
        }
        let _folding = self.registers.folding(issuer);
        if let Some(register) = self.registers.get(issuer, last) {
            return Ok(Some(register));
        }
        let newest = self.index.ask(|state| state.chain_below(ordinal, u64::MAX, 1))?;
        let base = self.registers.base(issuer, last, newest.first() == Some(&last));
        let register = Arc::new(self.fold(issuer, ordinal, base, last)?);
        self.registers.keep(register.clone());
        Ok(Some(register))
    }

    /// The cap table of an issuer at the end of a day, as it was known at a moment. Without a day it
    /// is that of the moment. `None` where the issuer was not known then.
    ///
    /// # Errors
    /// See [`HistoryError`].
    pub fn cap_table(
        &self,
        issuer: IssuerId,
        as_of: Option<AsOf>,
        known_at: Moment,
    ) -> Result<Option<CapTable>, HistoryError> {
        let known = self.height_of(known_at)?;
        let (date, known) = match as_of {
            Some(AsOf::Date(date)) => (date, known),
            Some(AsOf::Height(height)) => self.day_of(Moment::Height(height), known)?,
            Some(AsOf::Time(instant)) => self.day_of(Moment::Time(instant), known)?,
            None => self.day_of(Moment::Height(known), known)?,
        };
        let Some(register) = self.register(issuer, Moment::Height(known))? else {
            return Ok(None);
        };
        let record = register.last_record;
        register.fold.cap_table(issuer, date).map_err(|error| HistoryError::Register {
            issuer,
            record,
            error,
        })
    }

    /// The day of a moment, and the earlier of it and another height.
    fn day_of(&self, moment: Moment, known: u64) -> Result<(Date, u64), HistoryError> {
        let height = self.height_of(moment)?;
        let time = self.time_of(height)?;
        // Between two blocks a day can begin on which nothing was recorded yet.
        let date = if let Moment::Time(instant) = moment { instant.date() } else { time.date() };
        Ok((date, known.min(height)))
    }

    /// The chain of an issuer, and the index of the first leaf that was not known at a moment.
    fn chain_of(
        &self,
        issuer: IssuerId,
        known_at: Moment,
    ) -> Result<Option<(Ordinal, u64)>, HistoryError> {
        let known = self.height_of(known_at)?;
        self.index.ask(|state| {
            let Some(ordinal) = state.get(&key::issuer(issuer))? else { return Ok(None) };
            let below =
                if known < state.height() { state.block(known + 1)?.0 } else { state.size() };
            Ok(Some((u32::try_from(ordinal).unwrap_or(u32::MAX), below)))
        })
    }

    /// Folds on from `base` to the record `last` of the chain.
    fn fold(
        &self,
        issuer: IssuerId,
        ordinal: Ordinal,
        base: Option<Arc<RegisterAt>>,
        last: u64,
    ) -> Result<RegisterAt, HistoryError> {
        let mut from = base.as_ref().map_or(0, |base| base.last_record + 1);
        let mut register = match base {
            Some(base) => Arc::unwrap_or_clone(base),
            None => RegisterAt { issuer, last_record: 0, records: 0, fold: Fold::default() },
        };
        let mut reading = Reading::of(self);
        while from <= last {
            let indexes = self.index.ask(|state| state.chain_from(ordinal, from, STRIDE))?;
            for index in indexes.iter().copied().take_while(|index| *index <= last) {
                self.fold_record(&mut register, &mut reading, ordinal, index)?;
            }
            from = indexes.last().map_or(u64::MAX, |index| index + 1);
        }
        Ok(register)
    }

    fn fold_record(
        &self,
        register: &mut RegisterAt,
        reading: &mut Reading<'_>,
        ordinal: Ordinal,
        index: u64,
    ) -> Result<(), HistoryError> {
        let at = reading.link(ordinal, index)?;
        if at.record.subjects.link(ordinal).map(|link| link.counter) != Some(register.records) {
            return Err(self.damage("a record of an issuer's chain is missing"));
        }
        let height = at.record.height;
        for event in decode_events(&at.sections[0]).map_err(|error| malformed(height, error))? {
            let issuer = register.issuer;
            let wrong = |error| HistoryError::Register { issuer, record: index, error };
            register.fold.add(&event).map_err(wrong)?;
        }
        register.records += 1;
        register.last_record = index;
        Ok(())
    }
}
