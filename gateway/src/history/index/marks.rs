//! A flat file that says, for each number, in which records something happened to it: the steps of an
//! instruction's life, or the closing of the certificates that a record opened.
//!
//! An item has four columns of eight bytes, each a record's index plus one; zero means that it has not
//! happened. A crash may leave marks in the file that lie behind the cursor: whoever reads an item says
//! how many leaves count, and the follower makes the marks again when it comes there.

use std::collections::BTreeMap;
use std::path::Path;

use super::flat::Flat;
use super::sums::Sum;
use crate::history::HistoryError;

/// How many things can happen to a number.
pub(super) const COLUMNS: usize = 4;

/// In which record each of them happened.
pub(super) type Columns = [Option<u64>; COLUMNS];

/// Something happened to a number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Mark {
    /// The number of the item.
    pub(super) number: u64,
    /// What happened, below [`COLUMNS`].
    pub(super) column: usize,
    /// The index of the record in which it happened.
    pub(super) record: u64,
}

pub(super) struct Marks(Flat<32>);

impl Marks {
    pub(super) fn open(path: &Path) -> Result<Marks, HistoryError> {
        Flat::open(path).map(Marks)
    }

    pub(super) fn sync(&self) -> Result<(), HistoryError> {
        self.0.sync()
    }

    /// What happened to a number within so many leaves.
    pub(super) fn get(&self, number: u64, leaves: u64) -> Result<Columns, HistoryError> {
        let item = self.0.get(number)?;
        Ok(item.map_or([None; COLUMNS], |item| read(&item, leaves)))
    }

    /// Enters the marks of one block, before which there were so many leaves.
    pub(super) fn add(
        &self,
        marks: &[Mark],
        leaves: u64,
        sum: &mut Sum,
    ) -> Result<(), HistoryError> {
        let mut changed: BTreeMap<u64, Columns> = BTreeMap::new();
        for mark in marks {
            changed.entry(mark.number).or_default()[mark.column] = Some(mark.record);
        }
        for (number, new) in changed {
            let mut item = self.get(number, leaves)?;
            if item != [None; COLUMNS] {
                sum.remove(&number.to_be_bytes(), &write(&item));
            }
            for (old, new) in item.iter_mut().zip(new) {
                *old = new.or(*old);
            }
            let item = write(&item);
            sum.add(&number.to_be_bytes(), &item);
            self.0.write(number.saturating_mul(32), &item)?;
        }
        Ok(())
    }

    /// The sum over all items within so many leaves.
    pub(super) fn sum(&self, leaves: u64) -> Result<Sum, HistoryError> {
        let mut sum = Sum::default();
        self.0.scan(u64::MAX, |number, item| {
            let columns = read(item, leaves);
            if columns != [None; COLUMNS] {
                sum.add(&number.to_be_bytes(), &write(&columns));
            }
        })?;
        Ok(sum)
    }
}

fn read(item: &[u8; 32], leaves: u64) -> Columns {
    let mut columns = [None; COLUMNS];
    for (column, number) in columns.iter_mut().zip(item.as_chunks::<8>().0) {
        let record = u64::from_be_bytes(*number).checked_sub(1);
        *column = record.filter(|record| *record < leaves);
    }
    columns
}

fn write(columns: &Columns) -> [u8; 32] {
    let mut item = [0; 32];
    for (column, number) in columns.iter().zip(item.as_chunks_mut::<8>().0) {
        *number = column.map_or(0, |record| record.saturating_add(1)).to_be_bytes();
    }
    item
}
