//! A checkpoint: the tree at one size, signed by the ledger and cosigned by those who recomputed it.

use base64::prelude::{BASE64_STANDARD, Engine};

use super::{KeyKind, Note, NoteError, NoteSignature, VerifierKey};
use crate::hash::Hash;
use crate::key::PrivateKey;
use crate::time::Timestamp;

/// The tree of a ledger at one size.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Checkpoint {
    /// The name of the ledger: one line, not empty.
    pub origin: String,
    /// The number of leaves.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
}

impl Checkpoint {
    /// The text that is signed: origin, size and root, each on a line of its own.
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, BASE64_STANDARD.encode(self.root.0))
    }

    /// Reads the text of a checkpoint.
    ///
    /// # Errors
    /// [`NoteError::Checkpoint`] for a text that [`Checkpoint::text`] does not write.
    pub fn parse(text: &str) -> Result<Checkpoint, NoteError> {
        let lines: Vec<&str> = text.split('\n').collect();
        let [origin, size_text, root, ""] = lines[..] else {
            return Err(NoteError::Checkpoint("not three lines"));
        };
        if origin.is_empty() {
            return Err(NoteError::Checkpoint("no origin"));
        }
        let size: u64 = size_text.parse().map_err(|_| NoteError::Checkpoint("the size"))?;
        if size.to_string() != size_text {
            return Err(NoteError::Checkpoint("the size has more than one text"));
        }
        let root = BASE64_STANDARD.decode(root).ok().and_then(|root| root.try_into().ok());
        let root = root.map(Hash).ok_or(NoteError::Checkpoint("the root"))?;
        Ok(Checkpoint { origin: origin.to_owned(), size, root })
    }

    /// Reads the checkpoint of a note and checks the signatures by `trusted` keys. At least one must
    /// be by a key of the ledger, which bears the origin's name; those by unknown keys are ignored.
    /// Returned with the checkpoint are the places in `trusted` of the keys that signed.
    ///
    /// # Errors
    /// A text that is no checkpoint, a trusted key's signature that does not verify, or none by the
    /// ledger.
    pub fn verify(
        note: &Note,
        trusted: &[VerifierKey],
    ) -> Result<(Checkpoint, Vec<usize>), NoteError> {
        let checkpoint = Checkpoint::parse(&note.text)?;
        let mut signers = Vec::new();
        for signature in &note.signatures {
            let is_by = |key: &VerifierKey| {
                key.name() == signature.name && key.hash() == signature.key_hash
            };
            let Some(place) = trusted.iter().position(is_by) else { continue };
            if !verifies(&note.text, signature, &trusted[place]) || signers.contains(&place) {
                return Err(NoteError::BadSignature(signature.name.clone()));
            }
            signers.push(place);
        }
        let by_ledger = |place: &usize| {
            trusted[*place].kind() == KeyKind::Log && trusted[*place].name() == checkpoint.origin
        };
        if !signers.iter().any(by_ledger) {
            return Err(NoteError::Untrusted(checkpoint.origin));
        }
        Ok((checkpoint, signers))
    }
}

/// The ledger's signature line for a checkpoint.
///
/// # Errors
/// [`NoteError::Key`] for a name that no key can bear.
pub fn sign(
    checkpoint: &Checkpoint,
    name: &str,
    key: &PrivateKey,
) -> Result<NoteSignature, NoteError> {
    let verifier = VerifierKey::new(name, KeyKind::Log, key.public())?;
    let signature = key.sign(checkpoint.text().as_bytes());
    Ok(NoteSignature {
        name: name.to_owned(),
        key_hash: verifier.hash(),
        bytes: signature.to_vec(),
    })
}

/// A replica's or witness's signature line for a checkpoint, at a time of which whole seconds count
/// (C2SP `tlog-cosignature`, version 1).
///
/// # Errors
/// [`NoteError::Key`] for a name that no key can bear.
pub fn cosign(
    checkpoint: &Checkpoint,
    name: &str,
    key: &PrivateKey,
    at: Timestamp,
) -> Result<NoteSignature, NoteError> {
    let verifier = VerifierKey::new(name, KeyKind::Witness, key.public())?;
    let seconds = at.0 / 1000;
    let signature = key.sign(cosigned_message(&checkpoint.text(), seconds).as_bytes());
    let mut bytes = seconds.to_be_bytes().to_vec();
    bytes.extend_from_slice(&signature);
    Ok(NoteSignature { name: name.to_owned(), key_hash: verifier.hash(), bytes })
}

fn cosigned_message(text: &str, seconds: u64) -> String {
    format!("cosignature/v1\ntime {seconds}\n{text}")
}

fn verifies(text: &str, signature: &NoteSignature, key: &VerifierKey) -> bool {
    match key.kind() {
        KeyKind::Log => {
            let Ok(bytes) = signature.bytes.as_slice().try_into() else { return false };
            key.key().verifies(text.as_bytes(), bytes)
        }
        KeyKind::Witness => {
            let Some((seconds, rest)) = signature.bytes.split_first_chunk::<8>() else {
                return false;
            };
            let Ok(bytes) = rest.try_into() else { return false };
            let message = cosigned_message(text, u64::from_be_bytes(*seconds));
            key.key().verifies(message.as_bytes(), bytes)
        }
    }
}

/// Why a signer does not sign.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SignRefusal {
    /// The checkpoint is of another ledger than the last one.
    #[error("the checkpoint is of another ledger")]
    OtherOrigin,
    /// The tree has fewer leaves than the one signed last.
    #[error("the tree of {next} leaves is smaller than that of {last}, signed before")]
    SmallerTree {
        /// The size signed last.
        last: u64,
        /// The size asked for.
        next: u64,
    },
    /// The tree has the size of the one signed last, and another root.
    #[error("another root was signed before for {0} leaves")]
    OtherRoot(u64),
}

/// Whether a signer that signed `last` may sign `next`: never a smaller tree, never another root for
/// one size. The driver stores `next` durably before it lets the signature out. That a larger tree
/// extends the last one is the ledger's own doing, and a witness's to check by a consistency proof.
///
/// # Errors
/// See [`SignRefusal`].
pub fn may_sign(last: Option<&Checkpoint>, next: &Checkpoint) -> Result<(), SignRefusal> {
    let Some(last) = last else { return Ok(()) };
    if last.origin != next.origin {
        return Err(SignRefusal::OtherOrigin);
    }
    if next.size < last.size {
        return Err(SignRefusal::SmallerTree { last: last.size, next: next.size });
    }
    if next.size == last.size && next.root != last.root {
        return Err(SignRefusal::OtherRoot(next.size));
    }
    Ok(())
}
