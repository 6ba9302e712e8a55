//! A package as a folder on disk: its files, and those of its sub-folders to a small depth.
//!
//! Symbolic links are not followed: what is read lies in the folder.

use std::fs;
use std::io;
use std::path::Path;

use super::{Gather, Source, clean, zipped};
use crate::ocf::{Code, Refusal};

/// Folders within folders.
const DEPTH_MAX: usize = 4;

/// Reads the JSON files of a folder.
pub(super) fn read(path: &Path) -> Result<Source, Refusal> {
    let mut gather = Gather::default();
    walk(path, "", DEPTH_MAX, &mut gather)?;
    Ok(gather.end())
}

/// Reads a file as a zip.
pub(super) fn open_zip(path: &Path) -> Result<Source, Refusal> {
    let file = fs::File::open(path).map_err(|error| unreadable("", &error))?;
    zipped::read(file)
}

fn walk(path: &Path, prefix: &str, depth: usize, gather: &mut Gather) -> Result<(), Refusal> {
    for entry in fs::read_dir(path).map_err(|error| unreadable(prefix, &error))? {
        let entry = entry.map_err(|error| unreadable(prefix, &error))?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        let kind = entry.file_type().map_err(|error| unreadable(&name, &error))?;
        gather.count()?;
        if kind.is_dir() && depth > 0 {
            walk(&entry.path(), &format!("{name}/"), depth - 1, gather)?;
        } else if kind.is_file() && name.to_ascii_lowercase().ends_with(".json") {
            let mut file =
                fs::File::open(entry.path()).map_err(|error| unreadable(&name, &error))?;
            gather.add(clean(&name)?, &mut file, None)?;
        }
    }
    Ok(())
}

fn unreadable(file: &str, error: &io::Error) -> Refusal {
    Refusal::new(Code::Unreadable, file, "", error.to_string())
}
