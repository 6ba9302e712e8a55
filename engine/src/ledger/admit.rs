//! Who may submit, and the memory of what was submitted.

use super::{Ledger, NONE, Position, Refusal, Remembered};
use crate::hash::sha256;
use crate::limits::{LIVE_SUBMISSIONS, VALIDITY_BULK_MS, VALIDITY_SINGLE_MS};
use crate::rejection::Rejection;
use crate::submission::Submission;
use crate::time::Timestamp;

/// Where a submission was executed first.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ReplayedAt {
    /// The height of its block.
    pub height: u64,
    /// The index of its first record.
    pub first_record: u64,
    /// How many records it made.
    pub records: u32,
}

/// What is to be done with a submission whose header is in order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Admission {
    /// Execute it for the participant at this index.
    Fresh(u32),
    /// It was executed already.
    Replayed(ReplayedAt),
}

impl Ledger {
    /// Judges the header of a submission at ledger time, or at `clock` where that is later: on a quiet
    /// ledger time stands still between entries. Admission asks in front of the log, and
    /// [`Ledger::apply`] asks again.
    pub fn admit(&self, clock: Timestamp, submission: &Submission) -> Result<Admission, Refusal> {
        let header = &submission.header;
        if header.ledger != self.id {
            return Err(Rejection::LedgerMismatch.into());
        }
        if !submission.rooted {
            return Err(Rejection::RootMismatch.into());
        }
        if !submission.signed {
            return Err(Rejection::SignatureInvalid.into());
        }
        let participant = self.participant_of.get(u64::from(header.participant.0));
        let at = participant.ok_or(Rejection::ParticipantUnknown)?;
        let participant = self.participants.get(at as usize).expect("indexed");
        match participant.keys.iter().find(|(key, _)| *key == header.key) {
            None => return Err(Rejection::KeyUnknown.into()),
            Some((_, true)) => return Err(Rejection::KeyRevoked.into()),
            Some((_, false)) => {}
        }
        let now = clock.max(*self.time);
        if header.valid_until < now {
            let detail = format!("valid until {}, ledger time is {now}", header.valid_until);
            return Err(Refusal { rejection: Rejection::SubmissionExpired, detail });
        }
        if header.valid_until > now.plus_ms(longest_validity(header.commands)) {
            let detail = format!("valid until {}, ledger time is {now}", header.valid_until);
            return Err(Refusal { rejection: Rejection::ValidityTooLong, detail });
        }
        let id = self.submission_digest(submission);
        if let Some(remembered) = self.remembered_of.get(id) {
            let remembered = self.remembered.get(remembered as usize).expect("indexed");
            return match remembered.digest == submission.digest {
                true => Ok(Admission::Replayed(remembered.at)),
                false => Err(Rejection::SubmissionIdReused.into()),
            };
        }
        if participant.live_submissions >= LIVE_SUBMISSIONS {
            return Err(Rejection::ReplayWindowFull.into());
        }
        Ok(Admission::Fresh(at))
    }

    fn submission_digest(&self, submission: &Submission) -> u128 {
        let header = &submission.header;
        let (key, owner) = (&self.reference_key[..15], header.participant.0.to_be_bytes());
        let digest = sha256(&[key, &[0], &owner, header.id.as_bytes()]).0;
        u128::from_be_bytes(digest[..16].try_into().expect("half of a hash"))
    }

    /// Remembers a submission until ledger time passes its `validUntil`.
    pub(super) fn remember(&mut self, participant: u32, submission: &Submission, at: Position) {
        let header = &submission.header;
        let id = self.submission_digest(submission);
        let records = header.commands;
        let entry = Remembered {
            id,
            participant,
            digest: submission.digest,
            valid_until: header.valid_until,
            at: ReplayedAt { height: at.height, first_record: at.first_record, records },
            next: NONE,
        };
        let slot = match *self.free_remembered {
            NONE => u32::try_from(self.remembered.push(entry)).unwrap_or(NONE - 1),
            slot => {
                let free = self.remembered.get_mut(slot as usize).expect("a free slot exists");
                let next = free.next;
                *free = entry;
                self.free_remembered.set(next);
                slot
            }
        };
        self.remembered_of.insert(id, slot);
        let mut queues = *self.queues;
        let queue = &mut queues[queue_of(header.commands)];
        match queue.1 {
            NONE => queue.0 = slot,
            last => self.remembered.get_mut(last as usize).expect("queued").next = slot,
        }
        queue.1 = slot;
        self.queues.set(queues);
        let who = self.participants.get_mut(participant as usize).expect("admitted");
        who.live_submissions += 1;
    }

    /// Forgets expired ids at the front of both queues. One that expires early waits behind those
    /// that came before it, for as long as the longest validity of its queue at most.
    pub(super) fn forget(&mut self, now: Timestamp) {
        let mut queues = *self.queues;
        let mut forgot = false;
        for queue in &mut queues {
            while let Some(first) = self.remembered.get(queue.0 as usize)
                && first.valid_until < now
            {
                let (slot, id, participant, next) =
                    (queue.0, first.id, first.participant, first.next);
                self.remembered_of.remove(id);
                let next_free = *self.free_remembered;
                *self.remembered.get_mut(slot as usize).expect("queued") =
                    Remembered { next: next_free, ..Remembered::default() };
                self.free_remembered.set(slot);
                queue.0 = next;
                if next == NONE {
                    queue.1 = NONE;
                }
                let who = self.participants.get_mut(participant as usize).expect("admitted");
                who.live_submissions -= 1;
                forgot = true;
            }
        }
        if forgot {
            self.queues.set(queues);
        }
    }
}

/// How far ahead of ledger time a submission of so many commands may be valid.
fn longest_validity(commands: u32) -> u64 {
    [VALIDITY_SINGLE_MS, VALIDITY_BULK_MS][usize::from(commands > 1)]
}

fn queue_of(commands: u32) -> usize {
    usize::from(commands == 1)
}
