//! Makes a bundle from the archive: decides which chains and records belong in it.
//!
//! Beside the issuer's chain come those of the ledger and of every operator (they show which ordinals
//! were given, and so how many subjects there are), and, until nothing is missing, the chain of each
//! participant whose signature vouches for something that is opened.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use counterfoil_registry::codec::{CodecError, Reader};
use counterfoil_registry::handle::{IssuerId, PartyId};

use super::{Bundle, BundleRecord, Chain, Disclosed, Signed, SignedHeader};
use crate::command::{Command, Roles};
use crate::effects::{CashEffect, IdentityEffect, PartyEffect, decode_all};
use crate::evidence::heads::{Heads, LEDGER, Ordinal};
use crate::evidence::note::Note;
use crate::evidence::record::{BlockHeader, LeafError, Record, Section, section_salt};
use crate::evidence::tree::{NodeStore, ProofError};
use crate::genesis::{Genesis, Secret};
use crate::handle::InstructionId;
use crate::hash::{Hash, sha256};
use crate::ledger::OPERATOR;
use crate::machine::Block;
use crate::submission::Submission;
use crate::wire::WireError;

/// The ordinal of the operator whose keys the genesis names.
pub const OPERATOR_ORDINAL: Ordinal = 1;

/// Where the builder reads what was recorded: the archive.
pub trait History {
    /// The heights of the blocks with a record in this chain, ascending, up to the checkpoint.
    fn chain(&self, ordinal: Ordinal) -> Vec<u64>;

    /// A block; `None` when it cannot be read.
    fn block(&self, height: u64) -> Option<HistoryBlock>;
}

/// A block as the archive keeps it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct HistoryBlock {
    /// Index in the tree of the first record.
    pub first_record: u64,
    /// The records, in order.
    pub records: Vec<HistoryRecord>,
    /// The submission as it stands in the log; empty for a system entry.
    pub submission: Bytes,
}

/// A record as the archive keeps it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct HistoryRecord {
    /// The leaf.
    pub leaf: Vec<u8>,
    /// Contents of the sections register, cash, parties, identities; empty where absent.
    pub sections: [Vec<u8>; 4],
}

impl From<&Block> for HistoryBlock {
    fn from(block: &Block) -> HistoryBlock {
        let records = block.records.iter().map(|record| HistoryRecord {
            leaf: record.leaf.clone(),
            sections: record.sections.clone(),
        });
        HistoryBlock {
            first_record: block.first_record,
            records: records.collect(),
            submission: block.submission.clone(),
        }
    }
}

/// The block up to which a bundle speaks.
#[derive(Clone, Debug)]
pub struct Closing<'a> {
    /// Its header.
    pub header: BlockHeader,
    /// The proof that the tree of `header.tree_size + 1` leaves ends in it.
    pub header_proof: Vec<Hash>,
    /// The heads after it.
    pub heads: &'a Heads,
    /// The signed checkpoint of that tree.
    pub checkpoint: Note,
}

/// What the reader of a bundle may see beside the register, the cash amounts and the parties.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Disclosure {
    /// Instructions against payment, which name a cash account, and the accounts of postings. Without
    /// them both legs of a settlement are shown, but not that both sides asked for them.
    pub instructions: bool,
}

/// Why a bundle cannot be made.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BuildError {
    /// The heads do not hold the issuer, or its ordinal was never given.
    #[error("no issuer {0} has a chain of records")]
    IssuerUnknown(IssuerId),
    /// The archive does not hold a block that is needed.
    #[error("block {0} cannot be read")]
    BlockMissing(u64),
    /// The archive holds a record that is not one.
    #[error("a record of block {0}: {1}")]
    Record(u64, LeafError),
    /// The archive holds a section that is not one.
    #[error("a section of block {0}: {1}")]
    Section(u64, CodecError),
    /// The archive holds a submission that is not one.
    #[error("the submission of block {0}: {1}")]
    Submission(u64, WireError),
    /// A proof within a submission cannot be built.
    #[error("the submission of block {0}: {1}")]
    Proof(u64, ProofError),
}

/// The bundle of `issuer` up to the closing block.
///
/// # Errors
/// See [`BuildError`].
pub fn build(
    genesis: &Genesis,
    secret: &Secret,
    history: &impl History,
    closing: &Closing<'_>,
    issuer: IssuerId,
    disclosure: Disclosure,
) -> Result<Bundle, BuildError> {
    let mut builder = Builder::new(history, secret, disclosure);
    builder.add_chains([LEDGER, OPERATOR_ORDINAL])?;
    builder.issuer = builder.issuers.get(&issuer).copied();
    let ordinal = builder.issuer.ok_or(BuildError::IssuerUnknown(issuer))?;
    builder.add_chains([ordinal])?;
    let mut chains = Vec::with_capacity(builder.chains.len());
    for ordinal in &builder.chains {
        let proof = closing.heads.inclusion(*ordinal);
        let proof = proof.ok_or(BuildError::IssuerUnknown(issuer))?;
        chains.push(Chain { ordinal: *ordinal, proof });
    }
    let (submissions, records) = builder.finish()?;
    Ok(Bundle {
        genesis: genesis.encode(),
        checkpoint: closing.checkpoint.to_string().into_bytes(),
        header: closing.header.encode(),
        header_proof: closing.header_proof.clone(),
        issuer,
        subjects: closing.heads.len(),
        chains,
        submissions,
        records,
    })
}

/// A record that belongs in the bundle, by height and place.
type Key = (u64, usize);

struct Builder<'a, H: History> {
    history: &'a H,
    secret: &'a Secret,
    disclosure: Disclosure,
    blocks: BTreeMap<u64, ReadBlock>,
    chains: BTreeSet<Ordinal>,
    /// Every record of the chains.
    records: BTreeSet<Key>,
    issuer: Option<Ordinal>,
    participants: BTreeMap<PartyId, Ordinal>,
    issuers: BTreeMap<IssuerId, Ordinal>,
    /// Settled instructions, whose records are opened.
    settled: BTreeSet<InstructionId>,
}

/// A block and what was read in it.
struct ReadBlock {
    block: HistoryBlock,
    records: Vec<Record>,
    submission: Option<Submission>,
    tree: NodeStore,
}

impl<'a, H: History> Builder<'a, H> {
    fn new(history: &'a H, secret: &'a Secret, disclosure: Disclosure) -> Self {
        Builder {
            history,
            secret,
            disclosure,
            blocks: BTreeMap::new(),
            chains: BTreeSet::new(),
            records: BTreeSet::new(),
            issuer: None,
            participants: BTreeMap::from([(OPERATOR, OPERATOR_ORDINAL)]),
            issuers: BTreeMap::new(),
            settled: BTreeSet::new(),
        }
    }

    /// Adds chains, and those that their opened records call for, until nothing is missing.
    fn add_chains(
        &mut self,
        ordinals: impl IntoIterator<Item = Ordinal>,
    ) -> Result<(), BuildError> {
        let mut wanted: BTreeSet<Ordinal> = ordinals.into_iter().collect();
        while !wanted.is_empty() {
            while let Some(ordinal) = wanted.pop_first() {
                if self.chains.insert(ordinal) {
                    self.add_chain(ordinal, &mut wanted)?;
                }
            }
            // Only now is it known which records are opened, and so whose signatures are used.
            wanted = self.records.iter().filter_map(|key| self.signer_of(*key)).collect();
            wanted.retain(|ordinal| !self.chains.contains(ordinal));
        }
        Ok(())
    }

    fn add_chain(
        &mut self,
        ordinal: Ordinal,
        wanted: &mut BTreeSet<Ordinal>,
    ) -> Result<(), BuildError> {
        for height in self.history.chain(ordinal) {
            self.load(height)?;
            let records = self.blocks[&height].records.iter().enumerate();
            let places = records.filter(|(_, record)| record.subjects.link(ordinal).is_some());
            for place in places.map(|(place, _)| place).collect::<Vec<_>>() {
                self.records.insert((height, place));
                self.learn((height, place), wanted)?;
            }
        }
        Ok(())
    }

    /// Notes what a record says of chains.
    fn learn(&mut self, key: Key, wanted: &mut BTreeSet<Ordinal>) -> Result<(), BuildError> {
        let malformed = |error| BuildError::Section(key.0, error);
        let read = &self.blocks[&key.0];
        let (record, sections) = (&read.records[key.1], &read.block.records[key.1].sections);
        let parties = decode_all(&sections[2], PartyEffect::decode).map_err(malformed)?;
        for effect in parties {
            match effect {
                PartyEffect::Admitted { party, ordinal, roles } => {
                    self.participants.insert(party, ordinal);
                    if Roles(roles).any(Roles::OPERATOR) {
                        wanted.insert(ordinal);
                    }
                }
                PartyEffect::IssuerChain { issuer, ordinal } => {
                    self.issuers.insert(issuer, ordinal);
                }
                _ => {}
            }
        }
        let of_issuer = self.issuer.is_some_and(|issuer| record.subjects.link(issuer).is_some());
        if !of_issuer {
            return Ok(());
        }
        let identities = decode_all(&sections[3], IdentityEffect::decode).map_err(malformed)?;
        for effect in identities {
            if let IdentityEffect::Settled { deliver, receive } = effect
                && self.opens_identities(sections)
            {
                self.settled.extend([deliver, receive]);
                // Both owners are subjects; one of them may be the issuer, whose chain is there.
                wanted.extend(record.subjects.as_slice().iter().map(|link| link.ordinal));
            }
        }
        Ok(())
    }

    /// Identities of a record without postings name no cash account.
    fn opens_identities(&self, sections: &[Vec<u8>; 4]) -> bool {
        self.disclosure.instructions || sections[1].is_empty()
    }

    /// The chain of who signed a record of which something is opened.
    fn signer_of(&self, key: Key) -> Option<Ordinal> {
        let read = &self.blocks[&key.0];
        let signer = read.submission.as_ref()?.header.participant;
        self.is_opened(key).then(|| self.participants.get(&signer).copied()).flatten()
    }

    fn in_issuers_chain(&self, key: Key) -> bool {
        let record = &self.blocks[&key.0].records[key.1];
        self.issuer.is_some_and(|issuer| record.subjects.link(issuer).is_some())
    }

    fn is_opened(&self, key: Key) -> bool {
        let sections = &self.blocks[&key.0].block.records[key.1].sections;
        self.in_issuers_chain(key)
            || !sections[2].is_empty()
            || creates_asset(&sections[1])
            || self.instructs_settled(sections)
    }

    /// Whether the record is that of an instruction whose settlement is opened.
    fn instructs_settled(&self, sections: &[Vec<u8>; 4]) -> bool {
        let identities = decode_all(&sections[3], IdentityEffect::decode).unwrap_or_default();
        identities.iter().any(|effect| {
            matches!(effect, IdentityEffect::Instructed { instruction }
                if self.settled.contains(instruction))
        })
    }

    fn load(&mut self, height: u64) -> Result<(), BuildError> {
        if self.blocks.contains_key(&height) {
            return Ok(());
        }
        let block = self.history.block(height).ok_or(BuildError::BlockMissing(height))?;
        let records = block.records.iter().map(|record| Record::decode(&record.leaf));
        let records = records.collect::<Result<Vec<Record>, LeafError>>();
        let records = records.map_err(|error| BuildError::Record(height, error))?;
        let mut tree = NodeStore::with_every_node();
        let submission = if block.submission.is_empty() {
            None
        } else {
            let read = Submission::decode(block.submission.clone());
            let read = read.map_err(|error| BuildError::Submission(height, error))?;
            read.items.iter().for_each(|item| tree.append(item.leaf));
            Some(read)
        };
        self.blocks.insert(height, ReadBlock { block, records, submission, tree });
        Ok(())
    }

    fn finish(self) -> Result<(Vec<SignedHeader>, Vec<BundleRecord>), BuildError> {
        let mut submissions = Vec::new();
        let mut place_of = BTreeMap::new();
        let mut records = Vec::with_capacity(self.records.len());
        for key in &self.records {
            let read = &self.blocks[&key.0];
            let mut shown = BundleRecord {
                leaf: read.block.records[key.1].leaf.clone(),
                signed: None,
                command: None,
                sections: [None, None, None, None],
            };
            if self.is_opened(*key) {
                shown.sections = self.sections(*key);
                if let Some(submission) = &read.submission {
                    let place = *place_of.entry(submission.digest).or_insert_with(|| {
                        let text = submission.header.text();
                        debug_assert_eq!(sha256(&[text.as_bytes()]), submission.digest);
                        submissions.push(SignedHeader { text, signature: submission.signature });
                        u32::try_from(submissions.len() - 1).expect("fewer than 2^32 submissions")
                    });
                    shown.signed = Some(Signed { submission: place, proof: read.proof(*key)? });
                    shown.command = self.command(*key, submission);
                }
            }
            records.push(shown);
        }
        Ok((submissions, records))
    }

    fn sections(&self, key: Key) -> [Option<Disclosed>; 4] {
        let read = &self.blocks[&key.0];
        let sections = &read.block.records[key.1].sections;
        let index = read.block.first_record.saturating_add(key.1 as u64);
        let of_issuer = self.in_issuers_chain(key);
        Section::ALL.map(|section| {
            let bytes = &sections[section.place()];
            let may_see = match section {
                Section::Register => of_issuer,
                Section::Cash => of_issuer || creates_asset(bytes),
                Section::Parties => true,
                Section::Identities => {
                    (of_issuer && self.opens_identities(sections))
                        || self.instructs_settled(sections)
                }
            };
            (may_see && !bytes.is_empty()).then(|| Disclosed {
                salt: section_salt(&self.secret.0, index, section),
                bytes: bytes.clone(),
            })
        })
    }

    /// The command, unless it names a cash account that the reader may not see, or is the charter of
    /// another issuer.
    fn command(&self, key: Key, submission: &Submission) -> Option<Disclosed> {
        let item = submission.items.get(key.1)?;
        let may_see = match &item.command {
            Ok(Command::InstructSettlement(instruct)) => {
                self.disclosure.instructions || instruct.payment.is_none()
            }
            Ok(Command::RegisterIssuer { .. }) => self.in_issuers_chain(key),
            _ => true,
        };
        may_see.then(|| Disclosed { salt: item.salt, bytes: item.bytes.to_vec() })
    }
}

impl ReadBlock {
    /// The proof that the header's root holds the command of a record.
    fn proof(&self, key: Key) -> Result<Vec<Hash>, BuildError> {
        let elsewhere: &[Hash] = &[];
        let proof = self.tree.inclusion(key.1 as u64, self.tree.size(), elsewhere);
        proof.map_err(|error| BuildError::Proof(key.0, error))
    }
}

/// Whether a cash section says which currency and bank an asset is: public, and wanted for each
/// posting.
fn creates_asset(cash: &[u8]) -> bool {
    let effect = CashEffect::decode(&mut Reader::new(cash));
    matches!(effect, Ok(CashEffect::AssetCreated { .. }))
}
