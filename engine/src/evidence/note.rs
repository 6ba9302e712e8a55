//! Signed notes, checkpoints and cosignatures as C2SP specifies them (`signed-note`,
//! `tlog-checkpoint`, `tlog-cosignature`), so that witnesses and tools of others can read ours.
//!
//! A checkpoint is three lines: the origin (the ledger's name), the number of leaves, the root in
//! base64; extension lines are refused. The ledger signs it as a note; each replica that recomputed it
//! adds a cosignature with a time, as external witnesses may. One value has one text: what parses,
//! prints as the same bytes. Where a signer stores what it signed last is left to its driver;
//! [`may_sign`] is the rule.

mod checkpoint;
mod key;

pub use checkpoint::{Checkpoint, SignRefusal, cosign, may_sign, sign};
pub use key::{KeyKind, VerifierKey};

use std::fmt;

use base64::prelude::{BASE64_STANDARD, Engine};

/// The largest number of bytes in a note.
pub const NOTE_BYTES_MAX: usize = 16 * 1024;
/// The largest number of signatures on a note.
pub const SIGNATURES_MAX: usize = 64;

/// Why a note, a checkpoint or a key was refused.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NoteError {
    /// Longer than [`NOTE_BYTES_MAX`], more signatures than [`SIGNATURES_MAX`], not UTF-8, or not
    /// in the one form of a signed note.
    #[error("malformed note: {0}")]
    Note(&'static str),
    /// A text that is not a checkpoint in three lines.
    #[error("malformed checkpoint: {0}")]
    Checkpoint(&'static str),
    /// A text that is not a verifier key.
    #[error("malformed verifier key: {0}")]
    Key(&'static str),
    /// The signature of a key that the reader trusts does not verify.
    #[error("the signature by {0} does not verify")]
    BadSignature(String),
    /// No signature is by a trusted key of the log.
    #[error("no signature by a trusted key of {0}")]
    Untrusted(String),
}

/// One signature line of a note: `— <name> <base64(key hash || signature)>`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NoteSignature {
    /// The name of the key.
    pub name: String,
    /// The first four bytes of the key's hash (see [`VerifierKey::hash`]).
    pub key_hash: [u8; 4],
    /// The signature's bytes: 64 for a log's key, 72 (time first) for a witness's; others are kept.
    pub bytes: Vec<u8>,
}

/// A text with signatures.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Note {
    /// The text, which ends with a newline.
    pub text: String,
    /// At least one signature.
    pub signatures: Vec<NoteSignature>,
}

impl Note {
    /// Reads a note.
    ///
    /// # Errors
    /// [`NoteError::Note`] for bytes that its [`Display`](fmt::Display) does not write.
    pub fn parse(bytes: &[u8]) -> Result<Note, NoteError> {
        if bytes.len() > NOTE_BYTES_MAX {
            return Err(NoteError::Note("too long"));
        }
        let all = str::from_utf8(bytes).map_err(|_| NoteError::Note("not UTF-8"))?;
        if all.chars().any(|c| c < ' ' && c != '\n') {
            return Err(NoteError::Note("a control character"));
        }
        // The last blank line: the text itself may hold blank lines, signatures may not.
        let split = all.rfind("\n\n").ok_or(NoteError::Note("no blank line"))?;
        let (text, lines) = (&all[..=split], &all[split + 2..]);
        let lines = lines.strip_suffix('\n').ok_or(NoteError::Note("no newline at the end"))?;
        let signatures = lines.split('\n').map(parse_signature).collect::<Option<Vec<_>>>();
        let signatures = signatures.ok_or(NoteError::Note("a malformed signature line"))?;
        if signatures.len() > SIGNATURES_MAX {
            return Err(NoteError::Note("too many signatures"));
        }
        Ok(Note { text: text.to_owned(), signatures })
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        for signature in &self.signatures {
            let mut bytes = signature.key_hash.to_vec();
            bytes.extend_from_slice(&signature.bytes);
            writeln!(f, "\u{2014} {} {}", signature.name, BASE64_STANDARD.encode(bytes))?;
        }
        Ok(())
    }
}

fn parse_signature(line: &str) -> Option<NoteSignature> {
    let (name, signature) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
    let decoded = BASE64_STANDARD.decode(signature).ok()?;
    let (key_hash, bytes) = decoded.split_first_chunk::<4>()?;
    if !is_name(name) || bytes.is_empty() {
        return None;
    }
    Some(NoteSignature { name: name.to_owned(), key_hash: *key_hash, bytes: bytes.to_vec() })
}

/// A name of a key is not empty and holds neither spaces nor a plus sign (C2SP `signed-note`).
fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.chars().any(|c| c.is_whitespace() || c.is_control() || c == '+')
}

#[cfg(test)]
mod tests;
