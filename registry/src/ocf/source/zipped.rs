//! A package as a zip. What its directory claims is looked at before the directory is loaded.

use std::io::{Read, Seek, SeekFrom};

use zip::result::ZipError;

use super::{Gather, MEMBERS_MAX, PACKAGE_BYTES_MAX, Source, clean};
use crate::ocf::{Code, Refusal};

/// An end record with its longest comment (APPNOTE 6.3.10, 4.3.16), and a zip64 locator before it.
const TAIL_BYTES: u64 = 22 + 65_535 + 20;
const END_SIGNATURE: [u8; 4] = *b"PK\x05\x06";
const ZIP64_LOCATOR_SIGNATURE: [u8; 4] = *b"PK\x06\x07";

/// Reads the JSON members of a zip.
pub(super) fn read<R: Read + Seek>(mut zip: R) -> Result<Source, Refusal> {
    bounded_directory(&mut zip)?;
    let mut archive = zip::ZipArchive::new(zip).map_err(|error| broken("", &error))?;
    let mut gather = Gather::default();
    for at in 0..archive.len() {
        gather.count()?;
        let mut member = match archive.by_index(at) {
            Err(ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED)) => {
                return Err(Refusal::new(Code::Encrypted, "", "", "a member is encrypted"));
            }
            other => other.map_err(|error| broken("", &error))?,
        };
        let raw = member.name_raw();
        let name = std::str::from_utf8(raw).map_err(|_| {
            let shown = raw.escape_ascii().to_string();
            Refusal::new(Code::PathInvalid, &shown, "", "the name is not UTF-8")
        })?;
        if name.ends_with('/') {
            continue;
        }
        let name = clean(name)?;
        if member.encrypted() {
            return Err(Refusal::new(Code::Encrypted, &name, "", "this member is encrypted"));
        }
        if member.is_file() {
            let compressed = member.compressed_size();
            gather.add(name, &mut member, Some(compressed))?;
        }
    }
    Ok(gather.end())
}

/// Refuses a zip that is too large, and one whose directory would take memory out of proportion:
/// each end record that a reader could choose must claim few members, and none zip64.
fn bounded_directory<R: Read + Seek>(zip: &mut R) -> Result<(), Refusal> {
    let io = |error: std::io::Error| Refusal::new(Code::Unreadable, "", "", error.to_string());
    let size = zip.seek(SeekFrom::End(0)).map_err(io)?;
    if size > PACKAGE_BYTES_MAX {
        let what = format!("a zip has at most {PACKAGE_BYTES_MAX} bytes");
        return Err(Refusal::new(Code::PackageTooLarge, "", "", what));
    }
    zip.seek(SeekFrom::Start(size.saturating_sub(TAIL_BYTES))).map_err(io)?;
    let mut tail = Vec::new();
    zip.take(TAIL_BYTES).read_to_end(&mut tail).map_err(io)?;
    for at in 0..tail.len() {
        let rest = &tail[at..];
        if !rest.starts_with(&END_SIGNATURE) {
            continue;
        }
        let claimed = match rest.get(8..12) {
            Some(&[a, b, c, d]) => u16::from_le_bytes([a, b]).max(u16::from_le_bytes([c, d])),
            _ => continue,
        };
        let before = at.checked_sub(20).map(|at| &tail[at..]);
        if before.is_some_and(|before| before.starts_with(&ZIP64_LOCATOR_SIGNATURE)) {
            let what = "zip64 is for archives larger than a package may be";
            return Err(Refusal::new(Code::ZipBroken, "", "", what));
        }
        if usize::from(claimed) > MEMBERS_MAX {
            let what =
                format!("a package has at most {MEMBERS_MAX} members, this claims {claimed}");
            return Err(Refusal::new(Code::TooManyMembers, "", "", what));
        }
    }
    zip.rewind().map_err(io)
}

fn broken(file: &str, error: &ZipError) -> Refusal {
    Refusal::new(Code::ZipBroken, file, "", error.to_string())
}
