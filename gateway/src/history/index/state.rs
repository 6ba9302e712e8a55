//! What the index holds at one height.

use std::collections::BTreeMap;
use std::path::Path;

use counterfoil_engine::driver::ledger::ArchivedBlock;
use counterfoil_engine::evidence::heads::Ordinal;
use counterfoil_engine::evidence::tree::{Frontier, LeafHashes, NodeStore};
use counterfoil_engine::handle::InstructionId;
use counterfoil_engine::hash::Hash;
use counterfoil_engine::time::Timestamp;
use counterfoil_registry::codec::Writer;
use counterfoil_registry::handle::CertificateId;

use super::damaged;
use super::entries::{Entries, closing, key};
use super::flat::Flat;
use super::marks::{Columns, Marks};
use super::shelf::{Cursor, Shelf};
use super::sums::Sum;
use crate::history::HistoryError;
use crate::history::archive::{Archive, malformed};

/// Leaves of one posting chunk, as a power of two: an offset within it takes two bytes.
const CHUNK_BITS: u32 = 16;

/// The index at one height.
pub(in crate::history) struct State {
    ledger: Hash,
    shelf: Shelf,
    leaves: Flat<32>,
    blocks: Flat<16>,
    lives: Marks,
    closings: Marks,
    nodes: NodeStore,
    /// The right edge of the tree once more: a block is judged on it before anything is changed.
    edge: Frontier,
    postings: BTreeMap<Ordinal, Vec<u64>>,
    named: BTreeMap<Vec<u8>, Vec<u8>>,
    reached: Cursor,
    stored: Cursor,
}

/// Nothing yet.
const START: Cursor = Cursor {
    height: 0,
    leaves: 0,
    header: Hash::ZERO,
    named: Sum(0),
    blocks: Sum(0),
    lives: Sum(0),
    closings: Sum(0),
};

impl State {
    /// Opens what is in `folder`; `None` where there is nothing of this ledger and format, or more
    /// than the archive holds.
    pub(super) fn open(
        folder: &Path,
        ledger: Hash,
        archive: &Archive,
    ) -> Result<Option<State>, HistoryError> {
        if !folder.exists() {
            return Ok(None);
        }
        let (shelf, cursor) = Shelf::open(&folder.join("sled"), ledger)?;
        match cursor {
            Some(cursor) if cursor.height <= archive.height() => {
                let mut state = State::over(folder, ledger, shelf, cursor)?;
                state.rebuild_tree(archive)?;
                state.check_sums()?;
                Ok(Some(state))
            }
            _ => Ok(None),
        }
    }

    /// Deletes what is in `folder` and begins anew.
    pub(super) fn create(folder: &Path, ledger: Hash) -> Result<State, HistoryError> {
        let fault = |error: &std::io::Error| HistoryError::disk(folder, error);
        if folder.exists() {
            std::fs::remove_dir_all(folder).map_err(|error| fault(&error))?;
        }
        std::fs::create_dir_all(folder).map_err(|error| fault(&error))?;
        let (shelf, _) = Shelf::open(&folder.join("sled"), ledger)?;
        State::over(folder, ledger, shelf, START)
    }

    fn over(
        folder: &Path,
        ledger: Hash,
        shelf: Shelf,
        cursor: Cursor,
    ) -> Result<State, HistoryError> {
        Ok(State {
            ledger,
            shelf,
            leaves: Flat::open(&folder.join("leaves"))?,
            blocks: Flat::open(&folder.join("blocks"))?,
            lives: Marks::open(&folder.join("instructions"))?,
            closings: Marks::open(&folder.join("closings"))?,
            nodes: NodeStore::default(),
            edge: Frontier::default(),
            postings: BTreeMap::new(),
            named: BTreeMap::new(),
            reached: cursor,
            stored: cursor,
        })
    }

    /// Reads the leaf hashes into the tree and compares with the archive's block at the cursor.
    fn rebuild_tree(&mut self, archive: &Archive) -> Result<(), HistoryError> {
        let Cursor { height, leaves, header, .. } = self.reached;
        if height == 0 {
            return Ok(());
        }
        let before_header = leaves.saturating_sub(1);
        let (edge, nodes) = (&mut self.edge, &mut self.nodes);
        self.leaves.scan(before_header, |_, leaf| {
            edge.append(Hash(*leaf));
            nodes.append(Hash(*leaf));
        })?;
        let block = archive.block(height)?;
        let root = (block.header.tree_size, block.header.tree_root);
        if block.header.hash() != header || root != (before_header, self.edge.root()) {
            return Err(damaged("the leaf file is not that of the archive"));
        }
        if self.leaves.get(before_header)? != Some(header.0) {
            return Err(damaged("the leaf file does not end in the last header"));
        }
        self.edge.append(header);
        self.nodes.append(header);
        Ok(())
    }

    fn check_sums(&self) -> Result<(), HistoryError> {
        let mut blocks = Sum::default();
        let place = |number: u64, item: &[u8; 16]| blocks.add(&number.to_be_bytes(), item);
        self.blocks.scan(self.reached.height, place)?;
        let lives = self.lives.sum(self.reached.leaves)?;
        let closings = self.closings.sum(self.reached.leaves)?;
        let sums = [
            ("sled", self.shelf.sum()? == self.reached.named),
            ("the file of blocks", blocks == self.reached.blocks),
            ("the file of instructions", lives == self.reached.lives),
            ("the file of closings", closings == self.reached.closings),
        ];
        match sums.iter().find(|(_, agrees)| !agrees) {
            Some((what, _)) => Err(damaged(format!("{what} is not what was written"))),
            None => Ok(()),
        }
    }

    /// The height of the last block.
    pub(in crate::history) fn height(&self) -> u64 {
        self.reached.height
    }

    /// The number of leaves.
    pub(in crate::history) fn size(&self) -> u64 {
        self.reached.leaves
    }

    /// The tree.
    pub(in crate::history) fn nodes(&self) -> &NodeStore {
        &self.nodes
    }

    /// Where leaf hashes are read.
    pub(in crate::history) fn leaves(&self) -> &impl LeafHashes {
        &self.leaves
    }

    /// Enters the block that continues it.
    pub(super) fn add(&mut self, block: &ArchivedBlock, new: Entries) -> Result<(), HistoryError> {
        let header = &block.header;
        let mut edge = self.edge.clone();
        new.leaves.iter().for_each(|leaf| edge.append(*leaf));
        let continues = header.height == self.reached.height + 1
            && header.previous == self.reached.header
            && block.first_record == self.reached.leaves;
        if !continues || (header.tree_size, header.tree_root) != (edge.size(), edge.root()) {
            return Err(malformed(header.height, "it does not continue the block before it"));
        }
        let hash = header.hash();
        let hashes = new.leaves.iter().chain([&hash]);
        let bytes: Vec<u8> = hashes.clone().flat_map(|leaf| leaf.0).collect();
        self.leaves.write(self.reached.leaves.saturating_mul(32), &bytes)?;
        let mut item = Vec::with_capacity(16);
        item.put_u64(block.first_record);
        item.put_u64(header.time.0);
        self.blocks.write(self.reached.height.saturating_mul(16), &item)?;
        let mut reached = self.reached;
        reached.blocks.add(&self.reached.height.to_be_bytes(), &item);
        self.lives.add(&new.lives, self.reached.leaves, &mut reached.lives)?;
        self.closings.add(&new.closings, self.reached.leaves, &mut reached.closings)?;
        let named_if_new = match new.named_if_new {
            Some((key, value)) if self.get(&key)?.is_none() => Some((key, value)),
            _ => None,
        };
        // From here on nothing fails, so that after a fault the same block can be entered again.
        hashes.for_each(|leaf| {
            self.edge.append(*leaf);
            self.nodes.append(*leaf);
        });
        for (ordinal, record) in new.postings {
            self.postings.entry(ordinal).or_default().push(record);
        }
        self.named.extend(named_if_new);
        self.named.extend(new.named);
        (reached.height, reached.leaves, reached.header) = (header.height, self.edge.size(), hash);
        self.reached = reached;
        if reached.leaves >> CHUNK_BITS != self.stored.leaves >> CHUNK_BITS {
            self.store()?;
        }
        Ok(())
    }

    /// Makes everything up to the present height durable, the files before the cursor that covers
    /// them. A crash in between leaves the former cursor, and more in the files than it covers.
    pub(super) fn store(&mut self) -> Result<(), HistoryError> {
        if self.reached == self.stored {
            return Ok(());
        }
        self.leaves.sync()?;
        self.blocks.sync()?;
        self.lives.sync()?;
        self.closings.sync()?;
        let mut items: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
        for (ordinal, records) in &self.postings {
            for records in records.chunk_by(|one, other| chunk(*one) == chunk(*other)) {
                let key = chunk_key(*ordinal, records[0]);
                let mut offsets = self.shelf.get(&key)?.map_or(Vec::new(), |kept| kept.to_vec());
                records.iter().for_each(|record| offsets.put(&offset(*record)));
                items.push((key, offsets));
            }
        }
        items.extend(self.named.iter().map(|(key, value)| (key.clone(), value.clone())));
        let mut reached = self.reached;
        for (key, value) in &items {
            if let Some(former) = self.shelf.get(key)? {
                reached.named.remove(key, &former);
            }
            reached.named.add(key, value);
        }
        self.shelf.write(items, self.ledger, reached)?;
        self.named.clear();
        self.postings.clear();
        (self.reached, self.stored) = (reached, reached);
        Ok(())
    }

    /// What is known under a name.
    pub(in crate::history) fn get(&self, key: &[u8]) -> Result<Option<u64>, HistoryError> {
        let value = match self.named.get(key) {
            Some(value) => Some(value.clone()),
            None => self.shelf.get(key)?.map(|value| value.to_vec()),
        };
        let Some(value) = value else { return Ok(None) };
        let mut number = [0; 8];
        if value.len() > number.len() {
            return Err(damaged("an item of another length"));
        }
        number[8 - value.len()..].copy_from_slice(&value);
        Ok(Some(u64::from_be_bytes(number)))
    }

    /// At most `limit` records of a subject's chain from record `from` on, in order.
    pub(in crate::history) fn chain_from(
        &self,
        ordinal: Ordinal,
        from: u64,
        limit: usize,
    ) -> Result<Vec<u64>, HistoryError> {
        let mut found = Vec::new();
        let start = chunk_key(ordinal, from);
        self.shelf.ascend(&key::postings(ordinal), &start, |key, offsets| {
            let records = records_of(key, offsets).filter(|record| *record >= from);
            found.extend(records.take(limit.saturating_sub(found.len())));
            found.len() < limit
        })?;
        let waiting = self.postings.get(&ordinal).map_or(&[][..], Vec::as_slice);
        let skip = waiting.partition_point(|record| *record < from);
        found.extend(waiting[skip..].iter().take(limit - found.len()));
        Ok(found)
    }

    /// At most `limit` records of a subject's chain below record `below`, the last one first.
    pub(in crate::history) fn chain_below(
        &self,
        ordinal: Ordinal,
        below: u64,
        limit: usize,
    ) -> Result<Vec<u64>, HistoryError> {
        let waiting = self.postings.get(&ordinal).map_or(&[][..], Vec::as_slice);
        let end = waiting.partition_point(|record| *record < below);
        let mut found: Vec<u64> = waiting[..end].iter().rev().take(limit).copied().collect();
        if found.len() < limit && below > 0 {
            let start = chunk_key(ordinal, below - 1);
            self.shelf.descend(&key::postings(ordinal), &start, |key, offsets| {
                let records: Vec<u64> = records_of(key, offsets).collect();
                let records = records.into_iter().rev().filter(|record| *record < below);
                found.extend(records.take(limit - found.len()));
                found.len() < limit
            })?;
        }
        Ok(found)
    }

    /// The records of an instruction's life in the order of [`Life`](super::Life).
    pub(in crate::history) fn lives(&self, id: InstructionId) -> Result<Columns, HistoryError> {
        self.lives.get(u64::from(id.0), self.reached.leaves)
    }

    /// The record that closed a certificate.
    pub(in crate::history) fn closed_by(
        &self,
        certificate: CertificateId,
    ) -> Result<Option<u64>, HistoryError> {
        match closing(certificate) {
            Some((number, column)) => Ok(self.closings.get(number, self.reached.leaves)?[column]),
            None => self.get(&key::certificate(certificate)),
        }
    }

    /// The first record and the time of a block.
    pub(in crate::history) fn block(&self, height: u64) -> Result<(u64, Timestamp), HistoryError> {
        let place = height.checked_sub(1).filter(|_| height <= self.reached.height);
        let item = place.map_or(Ok(None), |place| self.blocks.get(place))?;
        let item = item.ok_or_else(|| damaged(format!("block {height} is not in it")))?;
        let number =
            |from: usize| u64::from_be_bytes(item[from..from + 8].try_into().expect("eight bytes"));
        Ok((number(0), Timestamp(number(8))))
    }

    /// The height of the last block of which `is_before` holds, zero where there is none. It must hold
    /// of a first part of the blocks and of none behind it.
    pub(in crate::history) fn last_block(
        &self,
        is_before: impl Fn(u64, Timestamp) -> bool,
    ) -> Result<u64, HistoryError> {
        let (mut low, mut high) = (0, self.reached.height);
        while low < high {
            let middle = low + (high - low).div_ceil(2);
            let (first, time) = self.block(middle)?;
            if is_before(first, time) { low = middle } else { high = middle - 1 }
        }
        Ok(low)
    }
}

impl LeafHashes for Flat<32> {
    fn leaf(&self, index: u64) -> Option<Hash> {
        self.get(index).ok().flatten().map(Hash)
    }
}

fn chunk(record: u64) -> u64 {
    record >> CHUNK_BITS
}

fn offset(record: u64) -> [u8; 2] {
    let low = record & ((1 << CHUNK_BITS) - 1);
    u16::try_from(low).expect("the low 16 bits").to_be_bytes()
}

fn chunk_key(ordinal: Ordinal, record: u64) -> Vec<u8> {
    let mut key = key::postings(ordinal);
    key.put_u64(chunk(record));
    key
}

/// The records of a posting chunk. A key of another length holds none.
fn records_of<'a>(key: &[u8], offsets: &'a [u8]) -> impl Iterator<Item = u64> + use<'a> {
    let number = key.last_chunk::<8>().map_or(0, |bytes| u64::from_be_bytes(*bytes));
    let low = |bytes: &[u8]| u64::from(u16::from_be_bytes([bytes[0], bytes[1]]));
    offsets.chunks_exact(2).map(move |bytes| (number << CHUNK_BITS) + low(bytes))
}
