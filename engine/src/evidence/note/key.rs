//! Verifier keys: `<name>+<key hash, 8 hexadecimal digits>+<base64(kind || public key)>`.

use std::fmt;

use base64::prelude::{BASE64_STANDARD, Engine};

use super::{NoteError, is_name};
use crate::hash::{parse_hex, sha256, to_hex};
use crate::key::PublicKey;

/// What a key signs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum KeyKind {
    /// The text of a note: a ledger's own signature (C2SP `signed-note`, type 0x01).
    Log = 0x01,
    /// A checkpoint with a time: a witness (C2SP `tlog-cosignature`, type 0x04).
    Witness = 0x04,
}

/// A named public key whose signatures on notes can be checked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VerifierKey {
    name: String,
    kind: KeyKind,
    key: PublicKey,
}

impl VerifierKey {
    /// A key under a name.
    ///
    /// # Errors
    /// [`NoteError::Key`] for a name that is empty or holds a space or a plus sign.
    pub fn new(name: &str, kind: KeyKind, key: PublicKey) -> Result<VerifierKey, NoteError> {
        if !is_name(name) {
            return Err(NoteError::Key("the name"));
        }
        Ok(VerifierKey { name: name.to_owned(), kind, key })
    }

    /// Reads a key's text.
    ///
    /// # Errors
    /// [`NoteError::Key`] for a text that its [`Display`](fmt::Display) does not write.
    pub fn parse(text: &str) -> Result<VerifierKey, NoteError> {
        let shape = NoteError::Key("not name+hash+key");
        let (name, rest) = text.split_once('+').ok_or(shape.clone())?;
        let (hash, key) = rest.split_once('+').ok_or(shape)?;
        let key = BASE64_STANDARD.decode(key).map_err(|_| NoteError::Key("the base64"))?;
        let (kind, key) = match key.split_first() {
            Some((0x01, key)) => (KeyKind::Log, key),
            Some((0x04, key)) => (KeyKind::Witness, key),
            _ => return Err(NoteError::Key("an unknown kind of key")),
        };
        let key = key.try_into().map_err(|_| NoteError::Key("the length of the key"))?;
        let key = VerifierKey::new(name, kind, PublicKey(key))?;
        if parse_hex(hash).as_deref() != Some(&key.hash()) {
            return Err(NoteError::Key("the hash is not this key's"));
        }
        Ok(key)
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the key signs.
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The public key.
    pub fn key(&self) -> PublicKey {
        self.key
    }

    /// The first four bytes of `SHA-256(name || 0x0A || kind || key)`.
    pub fn hash(&self) -> [u8; 4] {
        let digest = sha256(&[self.name.as_bytes(), b"\n", &[self.kind as u8], &self.key.0]);
        *digest.0.first_chunk().expect("32 bytes hold 4")
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut key = vec![self.kind as u8];
        key.extend_from_slice(&self.key.0);
        write!(f, "{}+{}+{}", self.name, to_hex(&self.hash()), BASE64_STANDARD.encode(key))
    }
}
