//! Evidence bundles from the archive.

use std::cell::RefCell;
use std::sync::Arc;

use counterfoil_engine::evidence::bundle::Bundle;
use counterfoil_engine::evidence::bundle::build::{
    BuildError, Closing, Disclosure, History as Chains, HistoryBlock, HistoryRecord, build,
};
use counterfoil_engine::evidence::heads::{Heads, Ordinal};
use counterfoil_registry::handle::IssuerId;

use super::{History, HistoryError, LedgerView, tree};

impl History {
    /// The evidence bundle of an issuer, closing at a checkpoint that covers `view`. `None` where no
    /// such issuer has a chain of records. Whoever may have the bundle is judged elsewhere.
    ///
    /// # Errors
    /// See [`HistoryError`].
    pub fn bundle(
        &self,
        view: &Arc<LedgerView>,
        issuer: IssuerId,
        disclosure: Disclosure,
    ) -> Result<Option<Bundle>, HistoryError> {
        let signed = self.sign(view)?;
        let machine = &signed.view.machine;
        let header = self.archive.block(machine.height())?.header;
        let size = machine.tree_size();
        let proof = self.index.ask(|state| tree::inclusion(state, header.tree_size, size))?;
        let proof = proof.filter(|proof| proof.root == signed.checkpoint.root);
        let closing = Closing {
            header,
            header_proof: proof.ok_or(HistoryError::TreeMismatch(size))?.proof,
            heads: machine.heads(),
            checkpoint: signed.note.clone(),
        };
        let reading = Closed { history: self, size, heads: machine.heads(), fault: None.into() };
        let built = build(&self.genesis, &self.secret, &reading, &closing, issuer, disclosure);
        if let Some(fault) = reading.fault.into_inner() {
            return Err(fault);
        }
        match built {
            Ok(bundle) => Ok(Some(bundle)),
            Err(BuildError::IssuerUnknown(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// The history up to a size of the tree, as the maker of bundles reads it.
struct Closed<'a> {
    history: &'a History,
    size: u64,
    heads: &'a Heads,
    /// The first thing that went wrong; without it a bundle would only be incomplete.
    fault: RefCell<Option<HistoryError>>,
}

impl Closed<'_> {
    fn heights(&self, ordinal: Ordinal) -> Result<Vec<u64>, HistoryError> {
        let records = self.history.index.ask(|state| state.chain_from(ordinal, 0, usize::MAX))?;
        let records = &records[..records.partition_point(|record| *record < self.size)];
        let count = self.heads.head(ordinal).map_or(0, |head| head.count);
        if records.len() as u64 != count {
            return Err(self.history.damage("a chain has not as many records as its head says"));
        }
        self.history.index.ask(|state| {
            let mut heights: Vec<u64> = Vec::new();
            let mut end = 0;
            for record in records {
                if *record >= end {
                    let height = state.last_block(|first, _| first <= *record)?;
                    let next = height + 1;
                    end = if next > state.height() { state.size() } else { state.block(next)?.0 };
                    heights.push(height);
                }
            }
            Ok(heights)
        })
    }

    fn read(&self, height: u64) -> Result<HistoryBlock, HistoryError> {
        let block = self.history.archive.block(height)?;
        let records = block.records.iter().map(|record| HistoryRecord {
            leaf: record.leaf.to_vec(),
            sections: record.sections.clone().map(|section| section.to_vec()),
        });
        Ok(HistoryBlock {
            first_record: block.first_record,
            records: records.collect(),
            submission: block.submission.clone(),
        })
    }

    fn note<T>(&self, answer: Result<T, HistoryError>) -> Option<T> {
        answer.map_err(|fault| self.fault.borrow_mut().get_or_insert(fault).clone()).ok()
    }
}

impl Chains for Closed<'_> {
    fn chain(&self, ordinal: Ordinal) -> Vec<u64> {
        self.note(self.heights(ordinal)).unwrap_or_default()
    }

    fn block(&self, height: u64) -> Option<HistoryBlock> {
        self.note(self.read(height))
    }
}
