//! Whose directory this is.
//!
//! ```text
//! "counterfoil data"  version u16 = 1  ledger 32  replica u64  incarnation u64  CRC-32C
//! ```

use counterfoil_registry::codec::{Reader, Writer};

use crate::hash::{Hash, sha256};

const MAGIC: [u8; 16] = *b"counterfoil data";
const VERSION: u16 = 1;

/// Who owns a data directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    /// The id of the ledger, which is that of the group too.
    pub ledger: Hash,
    /// The id of the replica.
    pub replica: u64,
    /// Tells this directory from others that the replica may have had. Chosen at random and told
    /// to nobody.
    pub incarnation: u64,
}

impl Identity {
    /// What each frame of the log carries, so that bytes that a client put into an entry do not pass
    /// for one: it follows from the incarnation, which never leaves the directory.
    pub(super) fn mark(&self) -> u32 {
        let [a, b, c, d, ..] = sha256(&[b"counterfoil log", &self.incarnation.to_be_bytes()]).0;
        u32::from_be_bytes([a, b, c, d])
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.put_u16(VERSION);
        out.put(&self.ledger.0);
        out.put_u64(self.replica);
        out.put_u64(self.incarnation);
        out.put_u32(crc32c::crc32c(&out));
        out
    }

    /// Reads it; why not, in words.
    pub(super) fn decode(bytes: &[u8]) -> Result<Identity, String> {
        let unreadable = |_| "it is damaged".to_owned();
        let mut from = Reader::new(bytes);
        let magic: [u8; 16] = from.array().map_err(unreadable)?;
        if magic != MAGIC {
            return Err("it does not begin as one of ours".to_owned());
        }
        let version = from.u16().map_err(unreadable)?;
        if version != VERSION {
            return Err(format!("its format {version} is not known to this release"));
        }
        let identity = Identity {
            ledger: Hash(from.array().map_err(unreadable)?),
            replica: from.u64().map_err(unreadable)?,
            incarnation: from.u64().map_err(unreadable)?,
        };
        let covered = &bytes[..from.position()];
        let crc = from.u32().map_err(unreadable)?;
        from.end().map_err(unreadable)?;
        if crc != crc32c::crc32c(covered) {
            return Err("it is damaged".to_owned());
        }
        Ok(identity)
    }
}
