//! The life of an instruction, step by step, from the records that hold it.

use std::collections::BTreeSet;

use counterfoil_engine::effects::{IdentityEffect, decode_all};
use counterfoil_engine::handle::InstructionId;
use counterfoil_engine::time::Timestamp;

use super::archive::malformed;
use super::index::Life;
use super::records::Reading;
use super::{History, HistoryError};

/// What happened to an instruction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// It was accepted.
    Accepted,
    /// It was matched.
    Matched {
        /// The other side.
        with: InstructionId,
    },
    /// It could not settle at once.
    Pending {
        /// The other side.
        with: InstructionId,
        /// The number of the rejection that settling would have been; zero: its date was not reached.
        reason: u16,
    },
    /// One side of a matched pair asked for its cancellation.
    CancellationRequested {
        /// Which side.
        by: InstructionId,
    },
    /// It was settled, irrevocably.
    Settled {
        /// The other side.
        with: InstructionId,
    },
    /// It was cancelled.
    Cancelled,
}

/// A step with its place in the history.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StatusEvent {
    /// What happened.
    pub step: Step,
    /// The height of the block.
    pub height: u64,
    /// The index of the record.
    pub record: u64,
    /// Ledger time.
    pub time: Timestamp,
}

impl History {
    /// The steps of an instruction's life in order; empty where there is no such instruction. The ledger
    /// knows instructions by their owners' references for ever (`Ledger::instruction_of`).
    ///
    /// # Errors
    /// See [`HistoryError`].
    pub fn instruction(&self, id: InstructionId) -> Result<Vec<StatusEvent>, HistoryError> {
        let lives = self.index.ask(|state| state.lives(id))?;
        let mut records: BTreeSet<u64> = lives.into_iter().flatten().collect();
        let mut reading = Reading::of(self);
        let mut with = None;
        if let Some(matched) = lives[Life::Matched as usize] {
            with = steps(&mut reading, matched, id, None)?.iter().find_map(|event| {
                if let Step::Matched { with } = event.step { Some(with) } else { None }
            });
        }
        if let Some(other) = with {
            let lives = self.index.ask(|state| state.lives(other))?;
            records.extend(lives[Life::CancellationRequested as usize]);
        }
        let mut events = Vec::new();
        for record in records {
            events.extend(steps(&mut reading, record, id, with)?);
        }
        Ok(events)
    }
}

/// What a record says of an instruction, and of its counterpart's wish to cancel.
fn steps(
    reading: &mut Reading<'_>,
    index: u64,
    id: InstructionId,
    with: Option<InstructionId>,
) -> Result<Vec<StatusEvent>, HistoryError> {
    let Some(at) = reading.record(index)? else { return Ok(Vec::new()) };
    let (height, time) = (at.record.height, at.record.time);
    let effects = decode_all(&at.sections[3], IdentityEffect::decode);
    let effects = effects.map_err(|error| malformed(height, error))?;
    let other = |deliver: InstructionId, receive: InstructionId| match id {
        id if id == deliver => Some(receive),
        id if id == receive => Some(deliver),
        _ => None,
    };
    let steps = effects.into_iter().filter_map(|effect| match effect {
        IdentityEffect::Instructed { instruction } => (instruction == id).then_some(Step::Accepted),
        IdentityEffect::Matched { deliver, receive } => {
            other(deliver, receive).map(|with| Step::Matched { with })
        }
        IdentityEffect::Pending { deliver, receive, reason } => {
            other(deliver, receive).map(|with| Step::Pending { with, reason })
        }
        IdentityEffect::Settled { deliver, receive } => {
            other(deliver, receive).map(|with| Step::Settled { with })
        }
        IdentityEffect::CancellationRequested { instruction: by } => {
            (by == id || Some(by) == with).then_some(Step::CancellationRequested { by })
        }
        IdentityEffect::Cancelled { instruction } => (instruction == id).then_some(Step::Cancelled),
        _ => None,
    });
    Ok(steps.map(|step| StatusEvent { step, height, record: index, time }).collect())
}
