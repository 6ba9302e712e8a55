//! Members of a package as a zip or a folder.

use std::fs;
use std::io::{self, Cursor, Write};
use std::path::Path;

use zip::write::{SimpleFileOptions, ZipWriter};

/// A zip of members. Every member bears the first date that a zip can tell, so that equal members
/// give equal bytes.
pub fn zip(members: &[(String, Vec<u8>)]) -> io::Result<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(::zip::CompressionMethod::Deflated)
        .last_modified_time(::zip::DateTime::default())
        .unix_permissions(0o644);
    for (name, bytes) in members {
        zip.start_file(name.as_str(), options)?;
        zip.write_all(bytes)?;
    }
    Ok(zip.finish()?.into_inner())
}

/// Writes members into a folder that is not there yet, or is empty: what another package left there
/// would be read as part of this one.
pub fn folder(path: &Path, members: &[(String, Vec<u8>)]) -> io::Result<()> {
    fs::create_dir_all(path)?;
    if fs::read_dir(path)?.next().is_some() {
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, "the folder is not empty"));
    }
    members.iter().try_for_each(|(name, bytes)| fs::write(path.join(name), bytes))
}
