//! The signer of checkpoints: what says for the ledger how far its history goes.
//!
//! Before a signature leaves, what is signed is on disk (written beside, synced, renamed, folder
//! synced). The signer never signs a smaller tree than before, nor another root for one size, nor a
//! larger tree that does not extend the one signed last: a ledger that was put back to an older
//! state, and went on from there, gets no signature. The file `checkpoint` is therefore not
//! disposable; when it cannot be read, or is of another key, nothing is signed.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use counterfoil_engine::evidence::note::{Checkpoint, KeyKind, Note, VerifierKey, may_sign, sign};
use counterfoil_engine::key::PrivateKey;

use super::{History, HistoryError, LedgerView};
use crate::durable;

/// A checkpoint is at most so old,
const AGE_MAX: Duration = Duration::from_secs(1);
/// or so many leaves behind.
const LEAVES_MAX: u64 = 256;
/// How long a signature waits for the index.
const PATIENCE: Duration = Duration::from_secs(5);

/// A signed checkpoint, and the ledger as it was there.
#[derive(Clone, Debug)]
pub struct Signed {
    /// The ledger whose tree was signed.
    pub view: Arc<LedgerView>,
    /// What was signed.
    pub checkpoint: Checkpoint,
    /// The signed note, as anyone may have it.
    pub note: Note,
}

/// Key and memory of the signer.
pub(super) struct Signer {
    path: PathBuf,
    origin: String,
    key: PrivateKey,
    memory: Mutex<Memory>,
}

struct Memory {
    /// On disk.
    last: Option<Checkpoint>,
    /// In this process, with the time.
    newest: Option<(Arc<Signed>, Instant)>,
}

impl Signer {
    pub(super) fn open(path: &Path, origin: &str, key: PrivateKey) -> Result<Signer, HistoryError> {
        let own = VerifierKey::new(origin, KeyKind::Log, key.public())?;
        let last = match std::fs::read(path) {
            Ok(bytes) => {
                // One signed under another key is refused too: what it says could not be checked.
                let read = Note::parse(&bytes).and_then(|note| Checkpoint::verify(&note, &[own]));
                let (checkpoint, _) = read.map_err(|error| {
                    HistoryError::CheckpointUnreadable(format!("{}: {error}", path.display()))
                })?;
                Some(checkpoint)
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(HistoryError::disk(path, &error)),
        };
        let memory = Mutex::new(Memory { last, newest: None });
        Ok(Signer { path: path.to_owned(), origin: origin.to_owned(), key, memory })
    }
}

impl History {
    /// The key under which checkpoints can be verified.
    ///
    /// # Errors
    /// [`HistoryError::Note`] for an origin that no key can bear.
    pub fn verifier_key(&self) -> Result<VerifierKey, HistoryError> {
        let key = self.signer.key.public();
        Ok(VerifierKey::new(&self.signer.origin, KeyKind::Log, key)?)
    }

    /// The latest checkpoint: at most a second or 256 leaves behind `view`, the newest there is.
    ///
    /// # Errors
    /// See [`HistoryError`].
    pub fn checkpoint(&self, view: &Arc<LedgerView>) -> Result<Arc<Signed>, HistoryError> {
        let size = view.machine.tree_size();
        let memory = self.signer.memory.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((signed, at)) = &memory.newest {
            let behind = size.saturating_sub(signed.checkpoint.size);
            if behind == 0 || (behind < LEAVES_MAX && at.elapsed() < AGE_MAX) {
                return Ok(signed.clone());
            }
        }
        drop(memory);
        self.sign(view)
    }

    /// A checkpoint that covers `view`: its own, or a later one that was signed already.
    ///
    /// # Errors
    /// [`HistoryError::Regression`] where a signature would contradict the one before it.
    pub fn sign(&self, view: &Arc<LedgerView>) -> Result<Arc<Signed>, HistoryError> {
        let size = view.machine.tree_size();
        self.wait_height(view.machine.height(), PATIENCE)?;
        self.agrees(view)?;
        let mut memory = self.signer.memory.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((signed, _)) = &memory.newest
            && signed.checkpoint.size >= size
        {
            return Ok(signed.clone());
        }
        let (origin, root) = (self.signer.origin.clone(), view.machine.tree_root());
        let checkpoint = Checkpoint { origin, size, root };
        may_sign(memory.last.as_ref(), &checkpoint)?;
        if let Some(last) = &memory.last
            && self.root_at(last.size)? != Some(last.root)
        {
            let why =
                format!("the tree does not extend that of {} leaves, signed before", last.size);
            return Err(HistoryError::Regression(why));
        }
        let signature = sign(&checkpoint, &self.signer.origin, &self.signer.key)?;
        let note = Note { text: checkpoint.text(), signatures: vec![signature] };
        // A crash before this line signs nothing; one behind it has signed what is on disk.
        durable::write(&self.signer.path, note.to_string().as_bytes())
            .map_err(|error| HistoryError::disk(&self.signer.path, &error))?;
        memory.last = Some(checkpoint.clone());
        let signed = Arc::new(Signed { view: view.clone(), checkpoint, note });
        memory.newest = Some((signed.clone(), Instant::now()));
        Ok(signed)
    }
}
