//! The flat file of instructions: in which records the steps of an instruction's life stand.
//!
//! An item has a number of eight bytes for each [`Life`], from 1 on; zero means that the step has not
//! come. A crash may leave steps in the file that lie behind the cursor: whoever reads an item says
//! how many leaves count, and the follower writes the steps again when it comes there.

use std::collections::BTreeMap;
use std::path::Path;

use counterfoil_engine::handle::InstructionId;

use super::entries::Life;
use super::flat::Flat;
use super::sums::Sum;
use crate::history::HistoryError;

/// The records of the steps in the order of [`Life`].
pub(super) type Steps = [Option<u64>; 4];

pub(super) struct Lives(Flat<32>);

impl Lives {
    pub(super) fn open(path: &Path) -> Result<Lives, HistoryError> {
        Flat::open(path).map(Lives)
    }

    pub(super) fn sync(&self) -> Result<(), HistoryError> {
        self.0.sync()
    }

    /// The steps of an instruction within so many leaves.
    pub(super) fn get(&self, id: InstructionId, leaves: u64) -> Result<Steps, HistoryError> {
        let item = self.0.get(u64::from(id.0))?;
        Ok(item.map_or([None; 4], |item| read(&item, leaves)))
    }

    /// Enters the steps of one block, before which there were so many leaves.
    pub(super) fn add(
        &self,
        steps: Vec<(InstructionId, Life, u64)>,
        leaves: u64,
        sum: &mut Sum,
    ) -> Result<(), HistoryError> {
        let mut changed: BTreeMap<InstructionId, Steps> = BTreeMap::new();
        for (id, life, record) in steps {
            changed.entry(id).or_default()[life as usize] = Some(record);
        }
        for (id, new) in changed {
            let old = self.get(id, leaves)?;
            if old != [None; 4] {
                sum.remove(&id.0.to_be_bytes(), &write(&old));
            }
            let mut both = old;
            for (place, step) in new.into_iter().enumerate() {
                both[place] = step.or(old[place]);
            }
            let item = write(&both);
            sum.add(&id.0.to_be_bytes(), &item);
            self.0.write(u64::from(id.0) * 32, &item)?;
        }
        Ok(())
    }

    /// The sum over all items within so many leaves.
    pub(super) fn sum(&self, leaves: u64) -> Result<Sum, HistoryError> {
        let mut sum = Sum::default();
        self.0.scan(u64::from(u32::MAX), |number, item| {
            let steps = read(item, leaves);
            if steps != [None; 4] {
                let id = u32::try_from(number).expect("the scan ends before");
                sum.add(&id.to_be_bytes(), &write(&steps));
            }
        })?;
        Ok(sum)
    }
}

fn read(item: &[u8; 32], leaves: u64) -> Steps {
    let mut steps = [None; 4];
    for (step, number) in steps.iter_mut().zip(item.as_chunks::<8>().0) {
        let record = u64::from_be_bytes(*number).checked_sub(1);
        *step = record.filter(|record| *record < leaves);
    }
    steps
}

fn write(steps: &Steps) -> [u8; 32] {
    let mut item = [0; 32];
    for (step, number) in steps.iter().zip(item.as_chunks_mut::<8>().0) {
        *number = step.map_or(0, |record| record.saturating_add(1)).to_be_bytes();
    }
    item
}
