//! Names, addresses and tax numbers: the one store from which something can be erased.
//!
//! The ledger holds a salted hash of a party's personal data (`RegisterParty.details`: SHA-256 over
//! salt and text), so that it can be proved later what was known, by whoever still has the text, and
//! nothing can be guessed after it is gone. The text lies here, outside the log, the archive and the
//! index:
//!
//! ```text
//! people/P5-1.json     {"personal":"{\"name\":\"Ada Verhoeven\"}","salt":"<64 hexadecimal digits>"}
//! people/H0-5.json     the same for a stakeholder of a register; the hash of its line is not recorded
//! people/P7-Y.json     empty: erased
//! ```
//!
//! `personal` is a JSON object as a text, byte for byte the one that was hashed: `name` is a text or,
//! as in Open Cap Format 1.2.0 (`Stakeholder`), an object with `legal_name`; anything else that is
//! personal (addresses, contacts, tax identifiers) stands beside it. Each file is written beside its
//! place, synced and moved there. Erasing moves an empty file there, so that an erased name shows as
//! erased and cannot be told again by mistake; the salt goes with the text, and with it the last way
//! to test a guess against the hash. What copies of the disk still hold is for whoever makes them.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use counterfoil_engine::hash::{parse_hex, sha256, to_hex};
use counterfoil_registry::handle::Holder;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::durable;

/// Bytes of the personal part of one party.
pub const PERSONAL_BYTES_MAX: usize = 16 << 10;

/// Why something was not stored or read.
#[derive(Debug, thiserror::Error)]
pub enum PeopleError {
    /// The text is not a JSON object with a name, or too long.
    #[error("the personal data of {0}: {1}")]
    Malformed(Holder, &'static str),
    /// The text and salt do not have the hash in the ledger.
    #[error("the personal data of {0} are not those whose hash is recorded")]
    Mismatch(Holder),
    /// It was erased; a person who comes back is entered as a new party.
    #[error("the personal data of {0} were erased")]
    Erased(Holder),
    /// The disk failed.
    #[error("{0}: {1}")]
    Disk(PathBuf, #[source] std::io::Error),
}

impl PeopleError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            PeopleError::Malformed(..) => "PERSONAL_DATA_MALFORMED",
            PeopleError::Mismatch(_) => "PERSONAL_DATA_MISMATCH",
            PeopleError::Erased(_) => "PERSONAL_DATA_ERASED",
            PeopleError::Disk(..) => "PERSONAL_DATA_DISK",
        }
    }
}

/// What is known of a person, and the salt under which the ledger knows it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Personal {
    personal: String,
    salt: String,
}

impl Personal {
    /// The data of `holder`: a JSON object as a text, with a random salt.
    ///
    /// # Errors
    /// [`PeopleError::Malformed`].
    pub fn new(holder: Holder, personal: &str, salt: [u8; 32]) -> Result<Personal, PeopleError> {
        let personal = Personal { personal: personal.to_owned(), salt: to_hex(&salt) };
        personal.check().map_err(|why| PeopleError::Malformed(holder, why))?;
        Ok(personal)
    }

    /// The hash that the ledger holds of it.
    pub fn details(&self) -> [u8; 32] {
        let salt = parse_hex(&self.salt).unwrap_or_default();
        sha256(&[&salt, self.personal.as_bytes()]).0
    }

    /// The name.
    pub fn name(&self) -> String {
        let object = self.object();
        let name = &object["name"];
        let name = name.as_str().or_else(|| name["legal_name"].as_str());
        name.unwrap_or_default().to_owned()
    }

    /// All of it.
    pub fn object(&self) -> Value {
        serde_json::from_str(&self.personal).unwrap_or_default()
    }

    /// The text that was hashed.
    pub fn text(&self) -> &str {
        &self.personal
    }

    fn check(&self) -> Result<(), &'static str> {
        if self.personal.len() > PERSONAL_BYTES_MAX {
            return Err("too long");
        }
        if !serde_json::from_str::<Value>(&self.personal).is_ok_and(|value| value.is_object()) {
            return Err("not a JSON object");
        }
        if self.name().is_empty() {
            return Err("no name");
        }
        let salt = parse_hex(&self.salt).map(|salt| salt.len());
        if salt == Some(32) { Ok(()) } else { Err("not a salt of 32 bytes") }
    }
}

/// What the store says of a holder.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Entry {
    /// This is known.
    Known(Personal),
    /// It was known and is erased.
    Erased,
    /// Nothing was ever told.
    Untold,
}

/// The store; see the module.
#[derive(Clone, Debug)]
pub struct People {
    folder: PathBuf,
    /// One at a time: between looking and writing nobody else writes.
    writing: Arc<Mutex<()>>,
}

impl People {
    /// Opens or sets up the store in a data directory.
    ///
    /// # Errors
    /// [`PeopleError::Disk`].
    pub fn open(data: &Path) -> Result<People, PeopleError> {
        let folder = data.join("people");
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        match builder.create(&folder) {
            Ok(()) => Ok(People { folder, writing: Arc::default() }),
            Err(error) => Err(PeopleError::Disk(folder, error)),
        }
    }

    /// What is known of a holder.
    ///
    /// # Errors
    /// [`PeopleError::Disk`], and [`PeopleError::Malformed`] for a file that somebody changed.
    pub fn get(&self, holder: Holder) -> Result<Entry, PeopleError> {
        let path = self.path(holder);
        let bytes = match fs::read(&path) {
            Ok(bytes) if bytes.is_empty() => return Ok(Entry::Erased),
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Entry::Untold),
            Err(error) => return Err(PeopleError::Disk(path, error)),
        };
        let read: Option<Personal> = serde_json::from_slice(&bytes).ok();
        let read = read.ok_or(PeopleError::Malformed(holder, "the file cannot be read"))?;
        read.check().map_err(|why| PeopleError::Malformed(holder, why))?;
        Ok(Entry::Known(read))
    }

    /// Stores what is known of a holder, or corrects it; durable when it returns. `recorded` is the
    /// hash in the ledger, where there is one: what does not have it is refused.
    ///
    /// # Errors
    /// See [`PeopleError`].
    pub fn put(
        &self,
        holder: Holder,
        personal: &Personal,
        recorded: Option<[u8; 32]>,
    ) -> Result<(), PeopleError> {
        if recorded.is_some_and(|recorded| recorded != personal.details()) {
            return Err(PeopleError::Mismatch(holder));
        }
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_erased(holder)? {
            return Err(PeopleError::Erased(holder));
        }
        let bytes = serde_json::to_vec(personal).expect("two texts become JSON");
        self.write(holder, &bytes)
    }

    /// Erases what is known of a holder, for good; durable when it returns.
    ///
    /// # Errors
    /// [`PeopleError::Disk`].
    pub fn erase(&self, holder: Holder) -> Result<(), PeopleError> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        self.write(holder, &[])
    }

    fn is_erased(&self, holder: Holder) -> Result<bool, PeopleError> {
        let path = self.path(holder);
        match fs::metadata(&path) {
            Ok(metadata) => Ok(metadata.len() == 0),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(PeopleError::Disk(path, error)),
        }
    }

    fn write(&self, holder: Holder, bytes: &[u8]) -> Result<(), PeopleError> {
        let path = self.path(holder);
        durable::write(&path, bytes).map_err(|error| PeopleError::Disk(path, error))
    }

    fn path(&self, holder: Holder) -> PathBuf {
        self.folder.join(format!("{holder}.json"))
    }
}

#[cfg(test)]
mod tests;
