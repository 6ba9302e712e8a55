//! The genesis of a ledger: what its id is the hash of.

use counterfoil_registry::codec::{CodecError, Reader, Writer};

use crate::hash::{Hash, sha256};
use crate::key::PublicKey;
use crate::time::Timestamp;

/// What a ledger begins with. Its canonical bytes are public and part of each evidence bundle.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Genesis {
    /// The origin that checkpoints name (C2SP `tlog-checkpoint`), such as `example.org/ledger`.
    pub origin: String,
    /// Ledger time before the first entry.
    pub created: Timestamp,
    /// The keys of the operator, who is party 0.
    pub operator_keys: Vec<PublicKey>,
    /// SHA-256 of the secret: it proves which secret a replica must hold.
    pub secret_hash: Hash,
}

/// What the replicas know and nobody else: salts of commitments and digests of references come from
/// it, so that neither can be guessed from outside.
#[derive(Clone)]
pub struct Secret(pub [u8; 32]);

impl Secret {
    /// The hash that a genesis names.
    pub fn hash(&self) -> Hash {
        sha256(&[b"counterfoil secret\0", &self.0])
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secret(of {})", self.hash())
    }
}

impl Genesis {
    /// The id of the ledger: the hash of the canonical bytes.
    pub fn ledger_id(&self) -> Hash {
        sha256(&[b"counterfoil genesis\0", &self.encode()])
    }

    /// The canonical bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.put_u8(1);
        out.put_text(&self.origin);
        out.put_u64(self.created.0);
        out.put_count(self.operator_keys.len());
        for key in &self.operator_keys {
            out.put(&key.0);
        }
        out.put(&self.secret_hash.0);
        out
    }

    /// Reads the canonical bytes.
    pub fn decode(bytes: &[u8]) -> Result<Genesis, CodecError> {
        let mut from = Reader::new(bytes);
        if from.u8()? != 1 {
            return Err(from.invalid());
        }
        let genesis = Genesis {
            origin: from.text()?.to_owned(),
            created: Timestamp(from.u64()?),
            operator_keys: from.list(|from| from.array().map(PublicKey))?,
            secret_hash: Hash(from.array()?),
        };
        from.end()?;
        Ok(genesis)
    }
}
