//! What one block adds to the index, computed from its bytes alone.

use counterfoil_engine::driver::ledger::{ArchivedBlock, ArchivedRecord};
use counterfoil_engine::effects::{IdentityEffect, PartyEffect, decode_all};
use counterfoil_engine::evidence::heads::Ordinal;
use counterfoil_engine::evidence::tree::leaf_hash;
use counterfoil_engine::handle::InstructionId;
use counterfoil_engine::hash::Hash;
use counterfoil_engine::rejection::Rejection;
use counterfoil_engine::submission::Header;
use counterfoil_engine::wire::{Encoding, decode_submission};
use counterfoil_registry::effect::Effect;
use counterfoil_registry::event::decode_events;
use counterfoil_registry::handle::CertificateId;

use super::marks::{COLUMNS, Mark};
use crate::history::HistoryError;
use crate::history::archive::{malformed, record};

/// The step of an instruction's life that a record holds: its column in the file of instructions.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(in crate::history) enum Life {
    /// It was accepted.
    Entered = 0,
    /// It was matched; it may pend, or settle at once.
    Matched = 1,
    /// Its owner asked for its cancellation.
    CancellationRequested = 2,
    /// It was settled or cancelled.
    Ended = 3,
}

/// Keys of what is sought by name.
pub(in crate::history) mod key {
    use counterfoil_engine::evidence::heads::Ordinal;
    use counterfoil_registry::codec::Writer;
    use counterfoil_registry::handle::{CertificateId, IssuerId, PartyId};

    /// A submission id of a participant: the height of its block.
    pub(in crate::history) fn submission(participant: PartyId, id: &str) -> Vec<u8> {
        let mut key = vec![b's'];
        key.put_u32(participant.0);
        key.put(id.as_bytes());
        key
    }

    /// A certificate at a place for which the file of closings has no column: the record that closed it.
    pub(in crate::history) fn certificate(id: CertificateId) -> Vec<u8> {
        let mut key = vec![b'c'];
        key.put_u64(id.record);
        key.put_u32(id.place);
        key
    }

    /// An issuer: the ordinal of its chain.
    pub(in crate::history) fn issuer(issuer: IssuerId) -> Vec<u8> {
        let mut key = vec![b'o'];
        key.put_u32(issuer.0);
        key
    }

    /// A subject's posting chunks.
    pub(in crate::history) fn postings(ordinal: Ordinal) -> Vec<u8> {
        let mut key = vec![b'p'];
        key.put_u32(ordinal);
        key
    }
}

/// What one block adds.
#[derive(Default)]
pub(super) struct Entries {
    /// The hash of each record, in order.
    pub(super) leaves: Vec<Hash>,
    /// Subjects, each with a record of its chain, in the order of records.
    pub(super) postings: Vec<(Ordinal, u64)>,
    /// Steps of instructions' lives, by the number of the instruction.
    pub(super) lives: Vec<Mark>,
    /// Certificates that were closed, by the record that opened them, in the column of their place.
    pub(super) closings: Vec<Mark>,
    /// What is sought by name.
    pub(super) named: Vec<(Vec<u8>, Vec<u8>)>,
    /// A submission id, unless it is known already: that of one which was refused at admission, which
    /// uses no id up.
    pub(super) named_if_new: Option<(Vec<u8>, Vec<u8>)>,
}

impl Entries {
    pub(super) fn of(block: &ArchivedBlock) -> Result<Entries, HistoryError> {
        let height = block.header.height;
        let mut entries = Entries::default();
        for (place, archived) in block.records.iter().enumerate() {
            let index = block.first_record.saturating_add(place as u64);
            let decoded = record(height, &archived.leaf)?;
            if (decoded.height, usize::from(decoded.place)) != (height, place) {
                return Err(malformed(height, "a record stands in another place than it says"));
            }
            if place == 0 {
                entries.submission(block, decoded.outcome)?;
            }
            entries.leaves.push(leaf_hash(&archived.leaf));
            for link in decoded.subjects.as_slice() {
                entries.postings.push((link.ordinal, index));
            }
            entries.certificates(height, index, archived)?;
            entries.issuers(height, archived)?;
            entries.instructions(height, index, archived)?;
        }
        Ok(entries)
    }

    fn submission(
        &mut self,
        block: &ArchivedBlock,
        first_outcome: u16,
    ) -> Result<(), HistoryError> {
        if block.submission.is_empty() {
            return Ok(());
        }
        let height = block.header.height;
        // The signature was judged by the ledger.
        let wire = decode_submission(&block.submission, Encoding::Protobuf);
        let wire = wire.map_err(|error| malformed(height, error))?;
        let header = Header::parse(&wire.header).map_err(|error| malformed(height, error))?;
        let key = key::submission(header.participant, &header.id);
        let item = (key, height.to_be_bytes().to_vec());
        // The outcomes of admission; a command of an admitted one can have some of them too, which
        // then is found as long as the id names nothing else.
        let admission = Rejection::LedgerMismatch.number()..=Rejection::ReplayWindowFull.number();
        if admission.contains(&first_outcome) {
            self.named_if_new = Some(item);
        } else {
            self.named.push(item);
        }
        Ok(())
    }

    fn certificates(
        &mut self,
        height: u64,
        index: u64,
        archived: &ArchivedRecord,
    ) -> Result<(), HistoryError> {
        let events = decode_events(&archived.sections[0]).map_err(|e| malformed(height, e))?;
        for effect in events.iter().flat_map(|event| &event.effects) {
            if let Effect::CertificateClosed { certificate, .. } = effect {
                match closing(*certificate) {
                    Some((number, column)) => {
                        self.closings.push(Mark { number, column, record: index });
                    }
                    None => {
                        let record = index.to_be_bytes().to_vec();
                        self.named.push((key::certificate(*certificate), record));
                    }
                }
            }
        }
        Ok(())
    }

    fn issuers(&mut self, height: u64, archived: &ArchivedRecord) -> Result<(), HistoryError> {
        let parties = decode_all(&archived.sections[2], PartyEffect::decode);
        for effect in parties.map_err(|error| malformed(height, error))? {
            if let PartyEffect::IssuerChain { issuer, ordinal } = effect {
                self.named.push((key::issuer(issuer), ordinal.to_be_bytes().to_vec()));
            }
        }
        Ok(())
    }

    fn instructions(
        &mut self,
        height: u64,
        record: u64,
        archived: &ArchivedRecord,
    ) -> Result<(), HistoryError> {
        let effects = decode_all(&archived.sections[3], IdentityEffect::decode);
        let mut mark = |instruction: InstructionId, life: Life| {
            let number = u64::from(instruction.0);
            self.lives.push(Mark { number, column: life as usize, record });
        };
        for effect in effects.map_err(|error| malformed(height, error))? {
            match effect {
                IdentityEffect::Instructed { instruction } => mark(instruction, Life::Entered),
                IdentityEffect::Matched { deliver, receive } => {
                    [deliver, receive].into_iter().for_each(|side| mark(side, Life::Matched));
                }
                IdentityEffect::Settled { deliver, receive } => {
                    [deliver, receive].into_iter().for_each(|side| mark(side, Life::Ended));
                }
                IdentityEffect::CancellationRequested { instruction } => {
                    mark(instruction, Life::CancellationRequested);
                }
                IdentityEffect::Cancelled { instruction } => mark(instruction, Life::Ended),
                _ => {}
            }
        }
        Ok(())
    }
}

/// Where the closing of a certificate is noted: at the record that opened it, in the column of its
/// place. `None` for the few at a later place, such as those of an import.
pub(super) fn closing(certificate: CertificateId) -> Option<(u64, usize)> {
    let column = usize::try_from(certificate.place).ok().filter(|place| *place < COLUMNS)?;
    Some((certificate.record, column))
}
