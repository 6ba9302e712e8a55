//! The evidence bundle of an issuer: one file from which anyone can check, offline, what its register
//! says and who signed for it.
//!
//! It holds the public genesis, a signed checkpoint, the header of the last block, and complete chains
//! of records: the issuer's, the ledger's own, and those of every participant whose signature is used,
//! so that a withheld revocation of a key shows. A record that stands in several chains is held once;
//! its sections and its command are opened where the reader may see them. This module is the container
//! (layout in `docs/formats/evidence.md`) and, in [`build`], its maker; [`super::verify`] judges it.
//!
//! Invariant: what decodes, encodes to the same bytes.

pub mod build;

use std::ops::Range;

use counterfoil_registry::codec::{CodecError, Reader, Writer};
use counterfoil_registry::handle::IssuerId;

use super::heads::Ordinal;
use super::record::{HEADER_BYTES, Salt};
use crate::hash::Hash;

/// The first bytes of a bundle; the last one is the version.
pub const MAGIC: [u8; 8] = *b"CFBUNDL\x01";

/// A bundle, as it stands in its file. Nothing in it has been checked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Bundle {
    /// The canonical bytes of the [`crate::genesis::Genesis`].
    pub genesis: Vec<u8>,
    /// The checkpoint as a signed note.
    pub checkpoint: Vec<u8>,
    /// The leaf of the last block's header, which is the last leaf of the tree.
    pub header: [u8; HEADER_BYTES],
    /// The proof that the checkpoint's tree holds it.
    pub header_proof: Vec<Hash>,
    /// The issuer that the bundle is about.
    pub issuer: IssuerId,
    /// How many subjects the tree of heads has.
    pub subjects: u32,
    /// The chains that are shown complete, in the order of ordinals.
    pub chains: Vec<Chain>,
    /// The headers of submissions, in the order of their first use.
    pub submissions: Vec<SignedHeader>,
    /// The records of the chains, each once, in the order of height and place.
    pub records: Vec<BundleRecord>,
}

/// A chain of records that is shown complete.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Chain {
    /// Whose.
    pub ordinal: Ordinal,
    /// The proof that the tree of heads holds its end.
    pub proof: Vec<Hash>,
}

/// What a participant signed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignedHeader {
    /// The text of the header.
    pub text: String,
    /// The Ed25519 signature over it.
    pub signature: [u8; 64],
}

/// A record with as much of what stands behind it as the reader may see.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BundleRecord {
    /// The leaf.
    pub leaf: Vec<u8>,
    /// Under which signature the command came.
    pub signed: Option<Signed>,
    /// The command.
    pub command: Option<Disclosed>,
    /// The sections, in the order of [`super::record::Section::ALL`].
    pub sections: [Option<Disclosed>; 4],
}

/// Where a command stands under a signature.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Signed {
    /// Its place in [`Bundle::submissions`].
    pub submission: u32,
    /// The proof that the header's root holds the command's leaf.
    pub proof: Vec<Hash>,
}

/// What stands behind a salted hash.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Disclosed {
    /// The salt.
    pub salt: Salt,
    /// The content.
    pub bytes: Vec<u8>,
}

/// Where the parts of a bundle lie in its bytes, for messages.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Layout {
    /// The genesis.
    pub genesis: Range<usize>,
    /// The checkpoint.
    pub checkpoint: Range<usize>,
    /// The header and its proof.
    pub header: Range<usize>,
    /// Each chain.
    pub chains: Vec<Range<usize>>,
    /// Each header of a submission with its signature.
    pub submissions: Vec<Range<usize>>,
    /// Each record.
    pub records: Vec<Range<usize>>,
}

impl Bundle {
    /// The file's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.put(&MAGIC);
        out.put_bytes(&self.genesis);
        out.put_bytes(&self.checkpoint);
        out.put(&self.header);
        put_hashes(&mut out, &self.header_proof);
        out.put_u32(self.issuer.0);
        out.put_u32(self.subjects);
        out.put_count(self.chains.len());
        for chain in &self.chains {
            out.put_u32(chain.ordinal);
            put_hashes(&mut out, &chain.proof);
        }
        out.put_count(self.submissions.len());
        for submission in &self.submissions {
            out.put_text(&submission.text);
            out.put(&submission.signature);
        }
        out.put_count(self.records.len());
        for record in &self.records {
            record.encode(&mut out);
        }
        out
    }

    /// Reads a file's bytes.
    ///
    /// # Errors
    /// The byte at which they are not what [`Bundle::encode`] writes.
    pub fn decode(bytes: &[u8]) -> Result<Bundle, CodecError> {
        Bundle::decode_with_layout(bytes).map(|(bundle, _)| bundle)
    }

    /// Reads a file's bytes and says where each part lies.
    ///
    /// # Errors
    /// The byte at which they are not what [`Bundle::encode`] writes.
    pub fn decode_with_layout(bytes: &[u8]) -> Result<(Bundle, Layout), CodecError> {
        let mut from = Reader::new(bytes);
        let mut layout = Layout::default();
        if from.array()? != MAGIC {
            return Err(from.invalid());
        }
        let bundle = Bundle {
            genesis: span(&mut from, &mut layout.genesis, |from| from.bytes())?.to_vec(),
            checkpoint: span(&mut from, &mut layout.checkpoint, |from| from.bytes())?.to_vec(),
            header: span(&mut from, &mut layout.header, |from| from.array())?,
            header_proof: span(&mut from, &mut layout.header, hashes)?,
            issuer: IssuerId(from.u32()?),
            subjects: from.u32()?,
            chains: list(&mut from, &mut layout.chains, |from| {
                Ok(Chain { ordinal: from.u32()?, proof: hashes(from)? })
            })?,
            submissions: list(&mut from, &mut layout.submissions, |from| {
                Ok(SignedHeader { text: from.text()?.to_owned(), signature: from.array()? })
            })?,
            records: list(&mut from, &mut layout.records, BundleRecord::decode)?,
        };
        from.end()?;
        Ok((bundle, layout))
    }
}

impl BundleRecord {
    fn encode(&self, out: &mut Vec<u8>) {
        out.put_bytes(&self.leaf);
        out.put_option(self.signed.as_ref(), |out, signed| {
            out.put_u32(signed.submission);
            put_hashes(out, &signed.proof);
        });
        for disclosed in [&self.command].into_iter().chain(&self.sections) {
            out.put_option(disclosed.as_ref(), |out, disclosed| {
                out.put(&disclosed.salt);
                out.put_bytes(&disclosed.bytes);
            });
        }
    }

    fn decode(from: &mut Reader<'_>) -> Result<BundleRecord, CodecError> {
        Ok(BundleRecord {
            leaf: from.bytes()?.to_vec(),
            signed: from
                .option(|from| Ok(Signed { submission: from.u32()?, proof: hashes(from)? }))?,
            command: disclosed(from)?,
            sections: [disclosed(from)?, disclosed(from)?, disclosed(from)?, disclosed(from)?],
        })
    }
}

fn put_hashes(out: &mut Vec<u8>, hashes: &[Hash]) {
    out.put_count(hashes.len());
    for hash in hashes {
        out.put(&hash.0);
    }
}

fn hashes(from: &mut Reader<'_>) -> Result<Vec<Hash>, CodecError> {
    from.list(|from| from.array().map(Hash))
}

fn disclosed(from: &mut Reader<'_>) -> Result<Option<Disclosed>, CodecError> {
    from.option(|from| Ok(Disclosed { salt: from.array()?, bytes: from.bytes()?.to_vec() }))
}

/// Reads a part and notes where it lies; a part in two pieces ends where the second one does.
fn span<'a, T>(
    from: &mut Reader<'a>,
    place: &mut Range<usize>,
    read: impl FnOnce(&mut Reader<'a>) -> Result<T, CodecError>,
) -> Result<T, CodecError> {
    if *place == (0..0) {
        place.start = from.position();
    }
    let value = read(from)?;
    place.end = from.position();
    Ok(value)
}

fn list<T>(
    from: &mut Reader<'_>,
    places: &mut Vec<Range<usize>>,
    read: impl Fn(&mut Reader<'_>) -> Result<T, CodecError>,
) -> Result<Vec<T>, CodecError> {
    from.list(|from| {
        let mut place = 0..0;
        let value = span(from, &mut place, &read)?;
        places.push(place);
        Ok(value)
    })
}

#[cfg(test)]
mod tests;
