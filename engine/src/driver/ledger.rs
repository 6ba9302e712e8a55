//! The ledger as a replicated machine, and its blocks as the archive keeps them.
//!
//! ```text
//! block   version  header    first   count  records ...       submission      replayed
//!         u8 = 1   126 bytes u64     u32                      u32, bytes      0 | 1, place
//! record  leaf              sections: register, cash, parties, identities
//!         u32, bytes        4 x (u32, bytes)
//! place   height  first record  records
//!         u64     u64           u32
//! ```
//!
//! All numbers are big-endian. A block is complete: together with the ones before it, it gives
//! every leaf of the tree, every opened section and every signed submission.

use bytes::Bytes;
use counterfoil_registry::codec::{CodecError, Reader, Writer};

use crate::evidence::record::{BlockHeader, HEADER_BYTES};
use crate::genesis::{Genesis, Secret};
use crate::hash::Hash;
use crate::ledger::ReplayedAt;
use crate::machine::{Block, Machine, Recorded};
use crate::replica::{MachineError, StateMachine};
use crate::time::Timestamp;

const VERSION: u8 = 1;

/// From what the machine of a ledger is made.
#[derive(Debug, Clone)]
pub struct Origin {
    /// What its id is the hash of.
    pub genesis: Genesis,
    /// What its replicas know and nobody else.
    pub secret: Secret,
    /// For the order of indexes in memory, which nobody can observe.
    pub seed: u64,
}

impl StateMachine for Machine {
    type Origin = Origin;
    type Block = Block;

    fn new(origin: &Origin) -> Machine {
        Machine::new(&origin.genesis, &origin.secret, origin.seed)
    }

    fn apply(&mut self, stamp: Timestamp, submission: &Bytes) -> Block {
        Machine::apply(self, stamp, submission)
    }

    fn archived(block: &Block) -> Vec<u8> {
        ArchivedBlock::write(block)
    }

    fn size(block: &Block) -> usize {
        let record = |record: &Recorded| {
            let sections: usize = record.sections.iter().map(Vec::len).sum();
            size_of::<Recorded>() + record.leaf.len() + sections
        };
        let records: usize = block.records.iter().map(record).sum();
        size_of::<Block>() + block.submission.len() + records
    }

    fn height(&self) -> u64 {
        Machine::height(self)
    }

    fn header_hash(&self) -> Hash {
        Machine::header_hash(self)
    }

    fn digest(&self) -> Hash {
        Machine::digest(self)
    }

    fn audit(&self) -> Vec<String> {
        Machine::audit(self)
    }

    fn encode(&self) -> Vec<u8> {
        Machine::encode(self)
    }

    fn decode(origin: &Origin, bytes: &[u8]) -> Result<Machine, MachineError> {
        Machine::decode(bytes, &origin.genesis, &origin.secret, origin.seed)
            .map_err(|error| MachineError(error.to_string()))
    }
}

/// A block as it comes back from the archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchivedBlock {
    /// The header.
    pub header: BlockHeader,
    /// Index in the tree of the first record, or of the header where there is none.
    pub first_record: u64,
    /// The records.
    pub records: Vec<ArchivedRecord>,
    /// The submission as it stood in the log; empty for a system entry.
    pub submission: Bytes,
    /// Where the submission was executed first, if this was a replay.
    pub replayed: Option<ReplayedAt>,
}

/// A record as it comes back from the archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchivedRecord {
    /// The leaf's bytes.
    pub leaf: Bytes,
    /// Contents of the sections register, cash, parties, identities; empty where absent.
    pub sections: [Bytes; 4],
}

impl ArchivedBlock {
    /// The bytes that the archive keeps.
    pub fn write(block: &Block) -> Vec<u8> {
        let mut out = Vec::new();
        out.put_u8(VERSION);
        out.put(&block.header.encode());
        out.put_u64(block.first_record);
        out.put_count(block.records.len());
        for record in &block.records {
            out.put_bytes(&record.leaf);
            record.sections.iter().for_each(|section| out.put_bytes(section));
        }
        out.put_bytes(&block.submission);
        out.put_option(block.replayed.as_ref(), |out, place| {
            out.put_u64(place.height);
            out.put_u64(place.first_record);
            out.put_u32(place.records);
        });
        out
    }

    /// Reads what [`ArchivedBlock::write`] wrote. Total: any other bytes are an error. Leaves,
    /// sections and the submission share the bytes given.
    pub fn read(bytes: &Bytes) -> Result<ArchivedBlock, CodecError> {
        let mut from = Reader::new(bytes);
        if from.u8()? != VERSION {
            return Err(from.invalid());
        }
        let header = from.take(HEADER_BYTES)?;
        let header = BlockHeader::decode(header).map_err(|_| from.invalid())?;
        let first_record = from.u64()?;
        let records = from.list(|from| {
            let leaf = bytes.slice_ref(from.bytes()?);
            let mut sections: [Bytes; 4] = Default::default();
            for section in &mut sections {
                *section = bytes.slice_ref(from.bytes()?);
            }
            Ok(ArchivedRecord { leaf, sections })
        })?;
        let submission = bytes.slice_ref(from.bytes()?);
        let replayed = from.option(|from| {
            let (height, first_record) = (from.u64()?, from.u64()?);
            Ok(ReplayedAt { height, first_record, records: from.u32()? })
        })?;
        from.end()?;
        Ok(ArchivedBlock { header, first_record, records, submission, replayed })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::machine::TICK;

    fn machine() -> Machine {
        let secret = Secret([3; 32]);
        let genesis = Genesis {
            origin: "counterfoil.test/archive".to_owned(),
            created: Timestamp(1_000),
            operator_keys: Vec::new(),
            secret_hash: secret.hash(),
        };
        StateMachine::new(&Origin { genesis, secret, seed: 5 })
    }

    #[test]
    fn a_block_comes_back_as_it_was() {
        let block = machine().apply(Timestamp(2_000), &Bytes::from_static(TICK));
        let bytes = Bytes::from(Machine::archived(&block));
        let archived = ArchivedBlock::read(&bytes).unwrap();
        assert_eq!(archived.header, block.header);
        assert_eq!((archived.first_record, archived.records.len()), (block.first_record, 0));
        for end in 0..bytes.len() {
            assert!(ArchivedBlock::read(&bytes.slice(..end)).is_err(), "cut at {end}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..300), from_block in any::<bool>()) {
            if from_block {
                let block = machine().apply(Timestamp(2_000), &Bytes::new());
                let mut whole = Machine::archived(&block);
                for (at, byte) in bytes.iter().enumerate().step_by(40) {
                    let place = usize::from(*byte).wrapping_add(at) % whole.len();
                    whole[place] ^= byte;
                }
                bytes = whole;
            }
            let _ = ArchivedBlock::read(&Bytes::from(bytes));
        }
    }
}
