//! The header that closes a block: the next leaf of the tree after the block's records.

use counterfoil_registry::codec::Reader;

use super::{KIND_HEADER, LeafError, VERSION, expect_kind};
use crate::evidence::tree::LEAF_PREFIX;
use crate::hash::{Hash, sha256};
use crate::time::Timestamp;

/// The length in bytes of a header's leaf.
pub const HEADER_BYTES: usize = 126;

/// What a block says of everything up to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BlockHeader {
    /// The number of the block; heights have no gap.
    pub height: u64,
    /// The ledger's time in this block.
    pub time: Timestamp,
    /// The leaf hash of the previous header, [`Hash::ZERO`] for the first.
    pub previous: Hash,
    /// How many leaves stand before this one.
    pub tree_size: u64,
    /// The root over those leaves.
    pub tree_root: Hash,
    /// The root of the tree of heads after this block's records.
    pub heads_root: Hash,
    /// The feature level of the ledger.
    pub feature_level: u32,
}

impl BlockHeader {
    /// The leaf, without the prefix under which it is hashed.
    pub fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut leaf = [0; HEADER_BYTES];
        leaf[0] = VERSION;
        leaf[1] = KIND_HEADER;
        leaf[2..10].copy_from_slice(&self.height.to_be_bytes());
        leaf[10..18].copy_from_slice(&self.time.0.to_be_bytes());
        leaf[18..50].copy_from_slice(&self.previous.0);
        leaf[50..58].copy_from_slice(&self.tree_size.to_be_bytes());
        leaf[58..90].copy_from_slice(&self.tree_root.0);
        leaf[90..122].copy_from_slice(&self.heads_root.0);
        leaf[122..].copy_from_slice(&self.feature_level.to_be_bytes());
        leaf
    }

    /// The leaf hash of RFC 6962.
    pub fn hash(&self) -> Hash {
        sha256(&[&[LEAF_PREFIX], &self.encode()])
    }

    /// Reads a leaf, without the prefix under which it is hashed.
    ///
    /// # Errors
    /// See [`LeafError`]: bytes that [`BlockHeader::encode`] does not write.
    pub fn decode(bytes: &[u8]) -> Result<BlockHeader, LeafError> {
        let mut reader = Reader::new(bytes);
        expect_kind(&mut reader, KIND_HEADER)?;
        let header = read_body(&mut reader)?;
        reader.end()?;
        Ok(header)
    }
}

fn read_body(reader: &mut Reader<'_>) -> Result<BlockHeader, LeafError> {
    Ok(BlockHeader {
        height: reader.u64()?,
        time: Timestamp(reader.u64()?),
        previous: Hash(reader.array()?),
        tree_size: reader.u64()?,
        tree_root: Hash(reader.array()?),
        heads_root: Hash(reader.array()?),
        feature_level: reader.u32()?,
    })
}
