//! From the members of a package to its typed contents.
//!
//! Files are found by their `file_type`; the manifest gives their order and their MD5s. STRICT
//! refuses at the first departure from the specification; LENIENT turns a departure into a finding
//! where exactly one reading leaves every holding as it was.

use std::collections::{BTreeMap, BTreeSet};

use md5::{Digest, Md5};
use serde_json::{Map, Value};

use super::model::{Issuer, Package};
use super::names::{self, Treatment};
use super::source::{Source, clean};
use super::{Code, Finding, Refusal, json};
use fields::Fields;

mod fields;
mod objects;

const MANIFEST_FILE: &str = "OCF_MANIFEST_FILE";

/// How departures from the specification are met.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Mode {
    /// Refused.
    #[default]
    Strict,
    /// Read in the one documented way, with a finding.
    Lenient,
}

/// How a package is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Options {
    /// STRICT or LENIENT.
    pub mode: Mode,
    /// Whether a wrong MD5 is refused. Otherwise it is a finding, even in STRICT: no public package
    /// passes its own manifest.
    pub md5: bool,
}

/// Reads a package. What moves no share is passed with a finding; what is not supported is refused
/// by its name ([`Code::TypeUnsupported`]).
pub fn read(source: &Source, options: Options) -> Result<Package, Refusal> {
    let mut types = BTreeMap::new();
    for (name, bytes) in source.members() {
        if let Some(file_type) = json::file_type(name, bytes)? {
            types.insert(name, file_type);
        }
    }
    let manifests = types.iter().filter(|(_, file_type)| *file_type == MANIFEST_FILE);
    let manifests: Vec<&str> = manifests.map(|(name, _)| *name).collect();
    let manifest = match manifests[..] {
        [one] => one,
        [] => {
            let what = "no member says \"file_type\": \"OCF_MANIFEST_FILE\"";
            return Err(Refusal::new(Code::ManifestMissing, "", "", what));
        }
        [_, second, ..] => {
            let what = "a package has one manifest";
            return Err(Refusal::new(Code::ManifestTwice, second, "", what));
        }
    };
    types.remove(manifest);
    let (mut reader, listed) = Reader::open(source, options, manifest)?;
    for (name, expected) in listed {
        match types.remove(name.as_str()) {
            Some(file_type) if file_type == expected => reader.file(&name, &file_type)?,
            Some(file_type) => {
                let what = format!("it is listed as {expected} and says {file_type}");
                return Err(Refusal::new(Code::TypeMisplaced, &name, "", what));
            }
            None if reader.package.files.contains(&name) => {}
            None => {
                let what = "it has no file_type";
                return Err(Refusal::new(Code::FieldMissing, &name, "", what));
            }
        }
    }
    for (name, file_type) in types {
        let what = "the manifest does not name it";
        reader.find(Finding::new(Code::MemberUnlisted, name, "", what, "read"));
        reader.file(name, &file_type)?;
    }
    Ok(reader.package)
}

/// The files that a manifest names, each with the type that it gives it.
type Listed = Vec<(String, &'static str)>;

/// A package half read.
struct Reader<'a> {
    source: &'a Source,
    options: Options,
    package: Package,
    stakeholders: BTreeSet<String>,
    classes: BTreeSet<String>,
    transactions: BTreeSet<String>,
}

impl<'a> Reader<'a> {
    /// Reads the manifest; returns the files that it lists, each with its type.
    fn open(
        source: &'a Source,
        options: Options,
        name: &str,
    ) -> Result<(Reader<'a>, Listed), Refusal> {
        let mut map = json::manifest(name, source.member(name).unwrap_or_default())?;
        let mut findings = Vec::new();
        let issuer = map.remove("issuer").ok_or_else(|| missing(name, "issuer"))?;
        let issuer = match issuer {
            Value::Object(issuer) => issuer,
            _ => {
                let what = "issuer: an object is wanted";
                return Err(Refusal::new(Code::FieldInvalid, name, "", what));
            }
        };
        let issuer = {
            let mut fields =
                Fields::object(issuer, name, names::ISSUER, options.mode, &mut findings)?;
            Issuer {
                id: fields.label("id")?,
                legal_name: fields.text("legal_name")?,
                formed: fields.date("formation_date")?,
                authorized: fields.authorized_or_none("initial_shares_authorized")?,
            }
        };
        let lists: Vec<_> = names::FILES
            .iter()
            .map(|(key, file_type)| (*key, *file_type, map.remove(*key)))
            .collect();
        let mut fields = Fields::top(map, name, &names::MANIFEST, options.mode, &mut findings)?;
        let version = fields.text("ocf_version")?;
        let as_of = fields.date("as_of")?;
        if !["1.0", "1.1", "1.2"].iter().any(|known| {
            let rest = version.strip_prefix(known);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        }) {
            let what = format!("version {version:?}; 1.0 to 1.2 are read");
            return Err(Refusal::new(Code::VersionUnsupported, name, "", what));
        }
        let package = Package {
            digest: source.digest(),
            version,
            as_of,
            files: vec![name.to_owned()],
            issuer,
            stakeholders: Vec::new(),
            classes: Vec::new(),
            transactions: Vec::new(),
            findings,
        };
        let mut reader = Reader {
            source,
            options,
            package,
            stakeholders: BTreeSet::new(),
            classes: BTreeSet::new(),
            transactions: BTreeSet::new(),
        };
        let mut listed = Vec::new();
        for (key, file_type, list) in lists {
            let entries = match list {
                None => continue,
                Some(Value::Array(entries)) => entries,
                Some(_) => {
                    let what = format!("{key}: a list is wanted");
                    return Err(Refusal::new(Code::FieldInvalid, name, "", what));
                }
            };
            for entry in entries {
                if let Some(member) = reader.listed(name, key, &entry)? {
                    listed.push((member, file_type));
                }
            }
        }
        Ok((reader, listed))
    }

    /// Resolves one entry of the manifest and compares its MD5.
    fn listed(
        &mut self,
        manifest: &str,
        key: &str,
        entry: &Value,
    ) -> Result<Option<String>, Refusal> {
        let text = |field: &str| {
            entry.get(field).and_then(Value::as_str).ok_or_else(|| {
                let what = format!("{key}: a text {field} is wanted");
                Refusal::new(Code::FieldInvalid, manifest, "", what)
            })
        };
        let (path, md5) = (clean(text("filepath")?)?, text("md5")?);
        let folder = manifest.rsplit_once('/').map_or("", |(folder, _)| folder);
        let name = if folder.is_empty() { path } else { format!("{folder}/{path}") };
        let Some(bytes) = self.source.member(&name) else {
            let what = format!("the manifest names {name}, which is not there");
            if self.options.mode == Mode::Strict {
                return Err(Refusal::new(Code::MemberMissing, manifest, "", what));
            }
            self.find(Finding::new(Code::MemberMissing, manifest, "", what, "left out"));
            return Ok(None);
        };
        let found =
            Md5::digest(bytes).iter().fold(String::new(), |text, b| format!("{text}{b:02x}"));
        if !found.eq_ignore_ascii_case(md5) {
            let what = format!("its MD5 is {found}, the manifest says {md5}");
            if self.options.md5 {
                return Err(Refusal::new(Code::Md5Mismatch, &name, "", what));
            }
            self.find(Finding::new(Code::Md5Mismatch, &name, "", what, "read as it is"));
        }
        Ok(Some(name))
    }

    /// Reads a file of items.
    fn file(&mut self, name: &str, file_type: &str) -> Result<(), Refusal> {
        if !names::FILES.iter().any(|(_, known)| *known == file_type) {
            let what = format!("the format has no file type {file_type:?}");
            return Err(Refusal::new(Code::FileTypeUnknown, name, "", what));
        }
        self.package.files.push(name.to_owned());
        let mut passed: BTreeMap<String, usize> = BTreeMap::new();
        let bytes = self.source.member(name).unwrap_or_default();
        let rest =
            json::items(name, bytes, &mut |item| self.item(name, file_type, item, &mut passed))?;
        for (object_type, count) in passed {
            let what = format!("{count} of {object_type}");
            let done = "read past: it moves no share";
            self.find(Finding::new(Code::InformationPassed, name, "", what, done));
        }
        Fields::top(rest, name, &[], self.options.mode, &mut self.package.findings).map(drop)
    }

    fn item(
        &mut self,
        file: &str,
        file_type: &str,
        item: Value,
        passed: &mut BTreeMap<String, usize>,
    ) -> Result<(), Refusal> {
        let Value::Object(item) = item else {
            return Err(Refusal::new(Code::FieldInvalid, file, "", "an item is an object"));
        };
        let id = item.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
        let Some(object_type) = item.get("object_type").and_then(Value::as_str) else {
            let what = "a text object_type is wanted";
            return Err(Refusal::new(Code::FieldMissing, file, &id, what));
        };
        let object_type = object_type.to_owned();
        let Some((home, treatment)) = names::object(&object_type) else {
            let what = format!("the format has no object type {object_type:?}");
            return Err(Refusal::new(Code::TypeUnknown, file, &id, what));
        };
        if home != file_type {
            let what = format!("{object_type} belongs in {home}, this is {file_type}");
            return Err(Refusal::new(Code::TypeMisplaced, file, &id, what));
        }
        match treatment {
            Treatment::Unsupported => {
                let what = format!("{object_type} is not supported");
                Err(Refusal::new(Code::TypeUnsupported, file, &id, what))
            }
            Treatment::Passed => {
                *passed.entry(object_type).or_default() += 1;
                Ok(())
            }
            Treatment::Read(fields) => self.take(file, &object_type, item, fields),
        }
    }

    fn take(
        &mut self,
        file: &str,
        object_type: &str,
        item: Map<String, Value>,
        known: &[&str],
    ) -> Result<(), Refusal> {
        let findings = &mut self.package.findings;
        let mut fields = Fields::object(item, file, known, self.options.mode, findings)?;
        let at = self.package.files.len().saturating_sub(1);
        let (ids, id) = match object_type {
            "STAKEHOLDER" => {
                let item = objects::stakeholder(&mut fields, at)?;
                let id = item.id.clone();
                self.package.stakeholders.push(item);
                (&mut self.stakeholders, id)
            }
            "STOCK_CLASS" => {
                let item = objects::stock_class(&mut fields, at)?;
                let id = item.id.clone();
                self.package.classes.push(item);
                (&mut self.classes, id)
            }
            _ => {
                let item = objects::transaction(&mut fields, object_type, at)?;
                let id = item.id.clone();
                self.package.transactions.push(item);
                (&mut self.transactions, id)
            }
        };
        if !ids.insert(id.clone()) {
            let what = "another object of this kind has the same id";
            return Err(Refusal::new(Code::IdTwice, file, &id, what));
        }
        Ok(())
    }

    fn find(&mut self, finding: Finding) {
        self.package.findings.push(finding);
    }
}

fn missing(file: &str, field: &str) -> Refusal {
    Refusal::new(Code::FieldMissing, file, "", format!("{field} is missing"))
}
