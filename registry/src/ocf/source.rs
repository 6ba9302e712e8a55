//! The members of a package, taken out of a folder or a zip within fixed bounds.
//!
//! Only members that end in `.json` are read; documents beside them are left where they are. Names
//! are kept relative to the package; where all members lie in one folder it is taken off, so that a
//! folder, a zip of it and a zip of its contents are one and the same [`Source`].
//!
//! Invariants: at most [`MEMBERS_MAX`] members, [`MEMBER_BYTES_MAX`] each and [`PACKAGE_BYTES_MAX`]
//! in all are held in memory, whatever a header claims; no name leads out of the package. Reading a
//! folder is the only place in this crate that meets a file system.

use std::collections::BTreeMap;
use std::io::{Read, Seek};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::{Code, Refusal};

mod folder;
mod zipped;

/// Members that a package may have, documents included.
pub const MEMBERS_MAX: usize = 1_000;
/// Bytes of one member: some 150,000 transactions.
pub const MEMBER_BYTES_MAX: u64 = 64 << 20;
/// Bytes of all members together, and of a zip.
pub const PACKAGE_BYTES_MAX: u64 = 128 << 20;
/// How many times its compressed size a member beyond [`RATIO_FREE_BYTES`] may expand to. JSON of
/// cap tables reaches about 30.
pub const RATIO_MAX: u64 = 200;
/// Bytes up to which the ratio is not looked at.
pub const RATIO_FREE_BYTES: u64 = 1 << 20;
/// Bytes of a name.
const NAME_BYTES_MAX: usize = 512;

/// The JSON members of a package by their names.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Source {
    members: BTreeMap<String, Vec<u8>>,
}

impl Source {
    /// Opens a folder, or a file that is a zip.
    pub fn open(path: &Path) -> Result<Source, Refusal> {
        if path.is_dir() { folder::read(path) } else { folder::open_zip(path) }
    }

    /// Takes the members out of a zip.
    pub fn from_zip<R: Read + Seek>(zip: R) -> Result<Source, Refusal> {
        zipped::read(zip)
    }

    /// Makes a source of members that are already in memory.
    pub fn from_members<I>(members: I) -> Result<Source, Refusal>
    where
        I: IntoIterator<Item = (String, Vec<u8>)>,
    {
        let mut gather = Gather::default();
        for (name, bytes) in members {
            let name = clean(&name)?;
            gather.count()?;
            gather.add(name, &mut bytes.as_slice(), None)?;
        }
        Ok(gather.end())
    }

    /// The members in the order of their names.
    pub fn members(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.members.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
    }

    /// The member with this name.
    pub fn member(&self, name: &str) -> Option<&[u8]> {
        self.members.get(name).map(Vec::as_slice)
    }

    /// SHA-256 over the members: for each, in the order of names, the length of the name (8 bytes,
    /// big-endian), the name, the length of the contents and the contents. Equal for a folder and
    /// for a zip of it; it is what an activation of the register signs.
    pub fn digest(&self) -> [u8; 32] {
        let mut hasher = Sha256::new();
        for (name, bytes) in self.members() {
            for part in [name.as_bytes(), bytes] {
                hasher.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
                hasher.update(part);
            }
        }
        hasher.finalize().into()
    }
}

/// Members gathered so far.
#[derive(Default)]
struct Gather {
    members: BTreeMap<String, Vec<u8>>,
    seen: usize,
    bytes: u64,
}

impl Gather {
    /// Counts one more member, whether it is read or not.
    fn count(&mut self) -> Result<(), Refusal> {
        self.seen += 1;
        if self.seen > MEMBERS_MAX {
            let what = format!("a package has at most {MEMBERS_MAX} members");
            return Err(Refusal::new(Code::TooManyMembers, "", "", what));
        }
        Ok(())
    }

    /// Reads a member, but no byte beyond a limit. `compressed` is its size in a zip.
    fn add(
        &mut self,
        name: String,
        from: &mut dyn Read,
        compressed: Option<u64>,
    ) -> Result<(), Refusal> {
        // What a Macintosh adds about a file bears the name of the file.
        let last = name.rsplit('/').next().unwrap_or_default();
        let about = name.starts_with("__MACOSX/") || last.starts_with("._");
        if about || !name.to_ascii_lowercase().ends_with(".json") {
            return Ok(());
        }
        let left = PACKAGE_BYTES_MAX.saturating_sub(self.bytes);
        let ratio = compressed
            .map_or(u64::MAX, |size| size.saturating_mul(RATIO_MAX).max(RATIO_FREE_BYTES));
        let limit = MEMBER_BYTES_MAX.min(left).min(ratio);
        let mut bytes = Vec::new();
        let read = from.take(limit.saturating_add(1)).read_to_end(&mut bytes);
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if size > limit {
            let (code, what) = if limit == ratio {
                let what = format!("it expands to more than {RATIO_MAX} times its size");
                (Code::CompressionRatio, what)
            } else if limit == MEMBER_BYTES_MAX {
                let what = format!("a member has at most {MEMBER_BYTES_MAX} bytes");
                (Code::MemberTooLarge, what)
            } else {
                let what = format!("a package has at most {PACKAGE_BYTES_MAX} bytes");
                (Code::PackageTooLarge, what)
            };
            return Err(Refusal::new(code, &name, "", what));
        }
        read.map_err(|error| {
            let code = if compressed.is_some() { Code::ZipBroken } else { Code::Unreadable };
            Refusal::new(code, &name, "", error.to_string())
        })?;
        self.bytes = self.bytes.saturating_add(size);
        if self.members.contains_key(&name) {
            return Err(Refusal::new(Code::MemberTwice, &name, "", "this name occurs twice"));
        }
        self.members.insert(name, bytes);
        Ok(())
    }

    fn end(self) -> Source {
        let folder = self.members.keys().next().and_then(|name| name.split_once('/'));
        let folder = folder.map(|(folder, _)| format!("{folder}/"));
        match folder {
            Some(folder) if self.members.keys().all(|name| name.starts_with(&folder)) => {
                let members = self.members.into_iter();
                let members = members.map(|(name, bytes)| (name[folder.len()..].to_owned(), bytes));
                Source { members: members.collect() }
            }
            _ => Source { members: self.members },
        }
    }
}

/// The name of a member with `./` taken off. What could lead out of the package, or be read as
/// another name elsewhere, is refused.
pub(super) fn clean(name: &str) -> Result<String, Refusal> {
    let relative = name.strip_prefix("./").unwrap_or(name);
    let bad_part = |part: &str| matches!(part, "" | "." | "..");
    let foreign = |c: char| c == '\\' || c.is_control();
    let drive = relative.as_bytes().get(1) == Some(&b':');
    if relative.len() > NAME_BYTES_MAX
        || relative.split('/').any(bad_part)
        || relative.contains(foreign)
        || drive
    {
        let shown: String = name.chars().take(80).flat_map(char::escape_default).collect();
        return Err(Refusal::new(Code::PathInvalid, &shown, "", "a plain relative path is wanted"));
    }
    Ok(relative.to_owned())
}

#[cfg(test)]
mod tests;
