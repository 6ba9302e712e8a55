//! Records as they were made, the receipts of those who sent them, and the pages of a chain.

use bytes::Bytes;
use counterfoil_engine::driver::ledger::ArchivedBlock;
use counterfoil_engine::evidence::bundle::Disclosed;
use counterfoil_engine::evidence::heads::Ordinal;
use counterfoil_engine::evidence::record::{Record, Section, section_salt};
use counterfoil_engine::evidence::tree::leaf_hash;
use counterfoil_engine::hash::Hash;
use counterfoil_engine::ledger::ReplayedAt;
use counterfoil_engine::submission::Submission;
use counterfoil_engine::time::Timestamp;
use counterfoil_registry::date::Date;
use counterfoil_registry::handle::{CertificateId, PartyId};

use super::archive::{malformed, record};
use super::index::{damaged, key};
use super::page::{Page, Slice};
use super::{History, HistoryError};

/// A record with everything that stands behind it. Who may see it is another question.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RecordAt {
    /// Its index in the tree.
    pub index: u64,
    /// What its leaf says.
    pub record: Record,
    /// The leaf.
    pub leaf: Bytes,
    /// Contents of the sections register, cash, parties, identities; empty where absent.
    pub sections: [Bytes; 4],
    /// The submission that it belongs to, as it stood in the log; empty for a system entry. The
    /// command is the one at the record's place.
    pub submission: Bytes,
}

impl RecordAt {
    /// The hash of its leaf.
    pub fn hash(&self) -> Hash {
        leaf_hash(&self.leaf)
    }

    /// What its sender is told.
    pub fn receipt(&self) -> Receipt {
        Receipt {
            height: self.record.height,
            record_index: self.index,
            record_hash: self.hash(),
            committed_at: self.record.time,
            outcome: self.record.outcome,
        }
    }
}

/// What a sender gets for a command that was executed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Receipt {
    /// The height of the block.
    pub height: u64,
    /// The index of the record in the tree.
    pub record_index: u64,
    /// The hash of the record's leaf.
    pub record_hash: Hash,
    /// Ledger time.
    pub committed_at: Timestamp,
    /// 0 when the command was accepted, else the number of the rejection.
    pub outcome: u16,
}

/// What became of a submission.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SubmissionAt {
    /// SHA-256 of the signed header.
    pub digest: Hash,
    /// The height of the block.
    pub height: u64,
    /// Of each command in order.
    pub receipts: Vec<Receipt>,
}

/// A moment of the ledger's own history.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Moment {
    /// The newest block.
    Now,
    /// The block of a height.
    Height(u64),
    /// The last block at or before an instant.
    Time(Timestamp),
    /// The last block of a day or of those before it.
    Date(Date),
}

impl History {
    /// A block.
    ///
    /// # Errors
    /// See [`HistoryError`].
    pub fn block(&self, height: u64) -> Result<Option<ArchivedBlock>, HistoryError> {
        if height == 0 || height > self.height() {
            return Ok(None);
        }
        self.archive.block(height).map(Some)
    }

    /// The height of a moment; zero before the first block.
    ///
    /// # Errors
    /// [`HistoryError::Lagging`] for a height that is not indexed yet.
    pub fn height_of(&self, moment: Moment) -> Result<u64, HistoryError> {
        self.index.ask(|state| match moment {
            Moment::Now => Ok(state.height()),
            Moment::Height(wanted) if wanted > state.height() => {
                Err(HistoryError::Lagging { wanted, at: state.height() })
            }
            Moment::Height(height) => Ok(height),
            Moment::Time(instant) => state.last_block(|_, time| time <= instant),
            Moment::Date(date) => state.last_block(|_, time| time.date() <= date),
        })
    }

    /// Ledger time in the block of a height; that of the genesis before the first one.
    ///
    /// # Errors
    /// See [`HistoryError`].
    pub fn time_of(&self, height: u64) -> Result<Timestamp, HistoryError> {
        if height == 0 {
            return Ok(self.genesis.created);
        }
        self.index.ask(|state| state.block(height).map(|(_, time)| time))
    }

    /// The record of an index in the tree. `None` behind the newest one, and where a block's header
    /// stands.
    ///
    /// # Errors
    /// See [`HistoryError`].
    pub fn record(&self, index: u64) -> Result<Option<RecordAt>, HistoryError> {
        Reading::of(self).record(index)
    }

    /// The sections of a record that `may_see`, with the salts under which the leaf commits to them.
    pub fn opened(&self, at: &RecordAt, may_see: [bool; 4]) -> [Option<Disclosed>; 4] {
        Section::ALL.map(|section| {
            let bytes = &at.sections[section.place()];
            (may_see[section.place()] && !bytes.is_empty()).then(|| Disclosed {
                salt: section_salt(&self.secret.0, at.index, section),
                bytes: bytes.to_vec(),
            })
        })
    }

    /// What became of a participant's submission, the latest where an id was used again after it had
    /// expired.
    ///
    /// # Errors
    /// See [`HistoryError`].
    pub fn submission(
        &self,
        participant: PartyId,
        id: &str,
    ) -> Result<Option<SubmissionAt>, HistoryError> {
        let height = self.index.ask(|state| state.get(&key::submission(participant, id)))?;
        let Some(height) = height else { return Ok(None) };
        let block = self.archive.block(height)?;
        let read = Submission::decode(block.submission.clone());
        let read = read.map_err(|error| malformed(height, error))?;
        if (read.header.participant, read.header.id.as_str()) != (participant, id) {
            return Err(self.damage("a submission is not where it should be"));
        }
        Ok(Some(SubmissionAt { digest: read.digest, height, receipts: receipts(&block)? }))
    }

    /// The block in which a submission that was sent again was executed first.
    ///
    /// # Errors
    /// [`HistoryError::Lagging`] where that is not indexed yet.
    pub fn first_block(&self, at: ReplayedAt) -> Result<ArchivedBlock, HistoryError> {
        // It can be executed and not be archived yet.
        self.height_of(Moment::Height(at.height))?;
        self.archive.block(at.height)
    }

    /// The record that closed a certificate, if one did.
    ///
    /// # Errors
    /// See [`HistoryError`].
    pub fn closed_by(&self, certificate: CertificateId) -> Result<Option<u64>, HistoryError> {
        self.index.ask(|state| state.closed_by(certificate))
    }

    /// A page of a subject's chain, as indexes of records. Cursors are such indexes.
    ///
    /// # Errors
    /// See [`HistoryError`].
    pub fn chain(&self, ordinal: Ordinal, page: Page<u64>) -> Result<Slice<u64>, HistoryError> {
        let count = page.count();
        let mut items = self.index.ask(|state| match page {
            Page::First { after, .. } => {
                let from = after.map_or(0, |after| after.saturating_add(1));
                state.chain_from(ordinal, from, count + 1)
            }
            Page::Last { before, .. } => {
                state.chain_below(ordinal, before.unwrap_or(u64::MAX), count + 1)
            }
        })?;
        let more = items.len() > count;
        items.truncate(count);
        if matches!(page, Page::Last { .. }) {
            items.reverse();
        }
        Ok(Slice { items, more })
    }

    /// A damage that was found by reading the archive.
    pub(super) fn damage(&self, why: &str) -> HistoryError {
        let error = damaged(why);
        self.index.notice(&error);
        error
    }
}

/// Reads records one after another, and a block of many once.
pub(super) struct Reading<'a> {
    history: &'a History,
    block: Option<ArchivedBlock>,
}

impl<'a> Reading<'a> {
    pub(super) fn of(history: &'a History) -> Reading<'a> {
        Reading { history, block: None }
    }

    /// The record of an index; see [`History::record`].
    pub(super) fn record(&mut self, index: u64) -> Result<Option<RecordAt>, HistoryError> {
        let Some(block) = self.block_with(index)? else { return Ok(None) };
        let place = usize::try_from(index - block.first_record).unwrap_or(usize::MAX);
        let Some(archived) = block.records.get(place) else { return Ok(None) };
        Ok(Some(RecordAt {
            index,
            record: record(block.header.height, &archived.leaf)?,
            leaf: archived.leaf.clone(),
            sections: archived.sections.clone(),
            submission: block.submission.clone(),
        }))
    }

    /// The record that stands in a chain.
    pub(super) fn link(&mut self, ordinal: Ordinal, index: u64) -> Result<RecordAt, HistoryError> {
        let found = self.record(index)?;
        let found = found.filter(|at| at.record.subjects.link(ordinal).is_some());
        found.ok_or_else(|| self.history.damage("a record is not in the chain it should be in"))
    }

    fn block_with(&mut self, index: u64) -> Result<Option<&ArchivedBlock>, HistoryError> {
        let within =
            |block: &ArchivedBlock| (block.first_record..=block.header.tree_size).contains(&index);
        if !self.block.as_ref().is_some_and(within) {
            let found = self.history.index.ask(|state| {
                let within = index < state.size();
                let height = state.last_block(|first, _| first <= index)?;
                Ok(within.then_some(height))
            })?;
            let Some(height) = found else { return Ok(None) };
            let block = self.history.archive.block(height)?;
            if !within(&block) {
                return Err(self.history.damage("a record is not in the block it should be in"));
            }
            self.block = Some(block);
        }
        Ok(self.block.as_ref())
    }
}

/// The receipts of the records of a block, in their order.
///
/// # Errors
/// [`HistoryError::Archive`] for a leaf that is not a record.
pub fn receipts(block: &ArchivedBlock) -> Result<Vec<Receipt>, HistoryError> {
    let height = block.header.height;
    let records = (block.first_record..).zip(&block.records).map(|(index, archived)| {
        Ok(Receipt {
            height,
            record_index: index,
            record_hash: leaf_hash(&archived.leaf),
            committed_at: block.header.time,
            outcome: record(height, &archived.leaf)?.outcome,
        })
    });
    records.collect()
}
