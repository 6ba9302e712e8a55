//! A package as a value, and reading one.
//!
//! Files are found by their `file_type`; the manifest gives their order and their MD5s. Each file is
//! read once, item by item. When all objects are in normal form, [`super::history`] looks at them
//! together. What comes out is a package that STRICT accepts: LENIENT has repaired what it found.

use super::findings::Findings;
use super::object::Object;
use super::source::Source;
use super::{Finding, Mode, Refusal, history};
use crate::date::Date;

mod files;
mod items;

/// How a package is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Options {
    /// STRICT or LENIENT.
    pub mode: Mode,
    /// Whether a wrong MD5 is refused. Otherwise it is a finding, even in STRICT: no public package
    /// passes its own manifest.
    pub md5: bool,
}

/// A package, read.
#[derive(Clone, Debug)]
pub struct Package {
    /// SHA-256 of its members; see [`Source::digest`].
    pub digest: [u8; 32],
    /// The version of the format that it claims.
    pub version: String,
    /// The date that it speaks about.
    pub as_of: Date,
    /// When it was made (RFC 3339).
    pub generated_at: String,
    /// What its manifest says beside.
    pub comments: Vec<String>,
    /// The names of its members of the format, the manifest first, in the order of reading.
    pub files: Vec<String>,
    /// The issuer.
    pub issuer: Object,
    /// Everything else, in the order of the files.
    pub items: Vec<Item>,
    /// What was found on the way.
    pub findings: Vec<Finding>,
}

/// An object and where it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Item {
    /// Index in [`Package::files`].
    pub file: usize,
    /// The object, in normal form.
    pub object: Object,
}

/// Reads a package, and repairs it in LENIENT.
pub fn read(source: &Source, options: Options) -> Result<Package, Refusal> {
    let mut findings = Findings::new(options.mode);
    let mut package = files::read(source, options.md5, &mut findings)?;
    history::repair(&mut package, &mut findings)?;
    package.findings = findings.into_list();
    Ok(package)
}

impl Package {
    /// The name of the file with this index; empty where there is none.
    pub fn file(&self, at: usize) -> &str {
        self.files.get(at).map_or("", String::as_str)
    }

    /// The name of the issuer.
    pub fn issuer_name(&self) -> &str {
        self.issuer.text("legal_name").unwrap_or_default()
    }

    /// The formation date of the issuer.
    pub fn formed(&self) -> Date {
        self.issuer.text("formation_date").and_then(Date::parse).unwrap_or_default()
    }

    /// The objects of a kind, in the order of the files.
    pub fn of(&self, kind: super::object::Kind) -> impl Iterator<Item = &Object> {
        self.items.iter().map(|item| &item.object).filter(move |object| object.kind() == kind)
    }
}
