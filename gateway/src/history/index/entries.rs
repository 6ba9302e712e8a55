//! What one block adds to the index, computed from its bytes alone.

use counterfoil_engine::driver::ledger::{ArchivedBlock, ArchivedRecord};
use counterfoil_engine::effects::{IdentityEffect, PartyEffect, decode_all};
use counterfoil_engine::evidence::heads::Ordinal;
use counterfoil_engine::evidence::tree::leaf_hash;
use counterfoil_engine::handle::InstructionId;
use counterfoil_engine::hash::Hash;
use counterfoil_engine::rejection::Rejection;
use counterfoil_engine::submission::Header;
use counterfoil_engine::wire::v1::command::Command;
use counterfoil_engine::wire::{Encoding, decode_command, decode_submission, v1};
use counterfoil_registry::effect::Effect;
use counterfoil_registry::event::decode_events;
use counterfoil_registry::handle::PartyId;

use crate::history::HistoryError;
use crate::history::archive::{malformed, record};

/// The step of an instruction's life that a record holds. The value is the place of its number in the
/// instruction's item of the flat file.
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
        named(b's', participant, id)
    }

    /// An owner's reference of an instruction: the record in which it was accepted.
    pub(in crate::history) fn reference(owner: PartyId, reference: &str) -> Vec<u8> {
        named(b'r', owner, reference)
    }

    /// A certificate, whatever its slot was: the record that closed it.
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

    fn named(kind: u8, owner: PartyId, name: &str) -> Vec<u8> {
        let mut key = vec![kind];
        key.put_u32(owner.0);
        key.put(name.as_bytes());
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
    /// Instructions, each with a step of its life and the record.
    pub(super) lives: Vec<(InstructionId, Life, u64)>,
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
        let signed = Signed::of(block)?;
        for (place, archived) in block.records.iter().enumerate() {
            let index = block.first_record.saturating_add(place as u64);
            let decoded = record(height, &archived.leaf)?;
            if (decoded.height, usize::from(decoded.place)) != (height, place) {
                return Err(malformed(height, "a record stands in another place than it says"));
            }
            if place == 0 {
                entries.submission(height, signed.as_ref(), decoded.outcome);
            }
            entries.leaves.push(leaf_hash(&archived.leaf));
            for link in decoded.subjects.as_slice() {
                entries.postings.push((link.ordinal, index));
            }
            entries.certificates(height, index, archived)?;
            entries.issuers(height, archived)?;
            entries.instructions(height, index, place, archived, signed.as_ref())?;
        }
        Ok(entries)
    }

    fn submission(&mut self, height: u64, signed: Option<&Signed>, first_outcome: u16) {
        let Some(signed) = signed else { return };
        let key = key::submission(signed.header.participant, &signed.header.id);
        let item = (key, height.to_be_bytes().to_vec());
        // The outcomes of admission; a command of an admitted one can have some of them too, which
        // then is found as long as the id names nothing else.
        let admission = Rejection::LedgerMismatch.number()..=Rejection::ReplayWindowFull.number();
        if admission.contains(&first_outcome) {
            self.named_if_new = Some(item);
        } else {
            self.named.push(item);
        }
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
                let item = (key::certificate(*certificate), index.to_be_bytes().to_vec());
                self.named.push(item);
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
        index: u64,
        place: usize,
        archived: &ArchivedRecord,
        signed: Option<&Signed>,
    ) -> Result<(), HistoryError> {
        let effects = decode_all(&archived.sections[3], IdentityEffect::decode);
        for effect in effects.map_err(|error| malformed(height, error))? {
            match effect {
                IdentityEffect::Instructed { instruction } => {
                    self.lives.push((instruction, Life::Entered, index));
                    let signed = signed.ok_or_else(|| malformed(height, "no submission"))?;
                    let (owner, reference) = signed.instruction(height, place)?;
                    let key = key::reference(owner, &reference);
                    self.named.push((key, index.to_be_bytes().to_vec()));
                }
                IdentityEffect::Matched { deliver, receive } => {
                    self.lives.push((deliver, Life::Matched, index));
                    self.lives.push((receive, Life::Matched, index));
                }
                IdentityEffect::Settled { deliver, receive } => {
                    self.lives.push((deliver, Life::Ended, index));
                    self.lives.push((receive, Life::Ended, index));
                }
                IdentityEffect::CancellationRequested { instruction } => {
                    self.lives.push((instruction, Life::CancellationRequested, index));
                }
                IdentityEffect::Cancelled { instruction } => {
                    self.lives.push((instruction, Life::Ended, index));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// The submission of a block that was executed there. The signature was judged by the ledger.
struct Signed {
    header: Header,
    commands: Vec<v1::SaltedCommand>,
}

impl Signed {
    fn of(block: &ArchivedBlock) -> Result<Option<Signed>, HistoryError> {
        if block.submission.is_empty() || block.records.is_empty() {
            return Ok(None);
        }
        let height = block.header.height;
        let wire = decode_submission(&block.submission, Encoding::Protobuf);
        let wire = wire.map_err(|error| malformed(height, error))?;
        let header = Header::parse(&wire.header).map_err(|error| malformed(height, error))?;
        Ok(Some(Signed { header, commands: wire.commands }))
    }

    /// Owner and reference of the instruction at a place.
    fn instruction(&self, height: u64, place: usize) -> Result<(PartyId, String), HistoryError> {
        let missing = || malformed(height, "an instruction without its command");
        let command = self.commands.get(place).ok_or_else(missing)?;
        let command = decode_command(&command.command, self.header.encoding);
        match command.map_err(|error| malformed(height, error))?.command {
            Some(Command::InstructSettlement(instruct)) => {
                Ok((self.header.participant, instruct.reference))
            }
            _ => Err(missing()),
        }
    }
}
