//! The manifest, and the files that it lists.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::thread::{self, Scope, ScopedJoinHandle};

use md5::{Digest, Md5};

use super::{Package, Source, items};
use crate::date::Date;
use crate::ocf::findings::Findings;
use crate::ocf::format::{self, File};
use crate::ocf::normal::{Normal, shown};
use crate::ocf::object::{Kind, Object, Value};
use crate::ocf::source::clean;
use crate::ocf::tree::{self, Parser, Tree};
use crate::ocf::{Code, Finding, Refusal};

/// Reads the manifest and every file of a package. Hashes are taken beside.
pub(super) fn read(
    source: &Source,
    md5: bool,
    findings: &mut Findings,
) -> Result<Package, Refusal> {
    thread::scope(|threads| {
        let digest = Hashing::of(threads, || source.digest());
        let mut package = members(source, md5, threads, findings)?;
        package.digest = digest.end();
        Ok(package)
    })
}

/// A hash that is taken beside the reading.
enum Hashing<'s, T> {
    Beside(ScopedJoinHandle<'s, T>),
    /// No thread could be started.
    Taken(T),
}

impl<'s, T: Send + 's> Hashing<'s, T> {
    fn of(threads: &'s Scope<'s, '_>, hash: impl FnOnce() -> T + Clone + Send + 's) -> Self {
        let beside = thread::Builder::new().spawn_scoped(threads, hash.clone());
        beside.map_or_else(|_| Hashing::Taken(hash()), Hashing::Beside)
    }

    fn end(self) -> T {
        match self {
            Hashing::Beside(thread) => thread.join().expect("hashing has no way to panic"),
            Hashing::Taken(hash) => hash,
        }
    }
}

/// Reads the members, with a thread for each MD5: in a large package it takes as long as a good part
/// of the reading.
fn members<'s>(
    source: &'s Source,
    md5: bool,
    threads: &'s Scope<'s, '_>,
    findings: &mut Findings,
) -> Result<Package, Refusal> {
    let mut types = types(source, findings)?;
    let name = &manifest_name(source, &types, findings)?.to_owned();
    types.remove(name);
    let (mut package, lists, as_of) = manifest(source, name, findings)?;
    let mut read = BTreeSet::from([name.to_owned()]);
    for (file, entries) in lists {
        for entry in entries {
            let Some(listed) = Listed::of(source, name, file, &entry, findings)? else { continue };
            let (place, member) = (findings.count(), listed.name);
            if !read.insert(member.to_owned()) {
                listed.found_elsewhere(name, findings)?;
                let what = format!("the manifest names {member} twice");
                findings.departure(Code::MemberTwice, name, "", what, "read once")?;
                continue;
            }
            if md5 && let Some(what) = listed.differs() {
                return Err(Refusal::new(Code::Md5Mismatch, listed.name, "", what));
            }
            listed.found_elsewhere(name, findings)?;
            let hashing = (!md5).then(|| Hashing::of(threads, move || listed.differs()));
            let said = types.remove(member);
            let file = agreed(member, said.flatten().as_deref(), file, findings)?;
            take(&mut package, source, member, file, findings)?;
            if let Some(what) = hashing.and_then(Hashing::end) {
                let note = Finding::new(Code::Md5Mismatch, member, "", what, "read as it is");
                findings.note_at(place, note)?;
            }
        }
    }
    unlisted(&mut package, source, types, findings)?;
    later(&mut package, as_of);
    Ok(package)
}

/// Reads the files that the manifest does not name.
fn unlisted(
    package: &mut Package,
    source: &Source,
    types: BTreeMap<String, Option<String>>,
    findings: &mut Findings,
) -> Result<(), Refusal> {
    for (member, file_type) in types {
        let Some(file_type) = file_type else {
            let what = "no file of the format: it has no file_type";
            findings.note(Code::MemberForeign, &member, "", what, "left out")?;
            continue;
        };
        let what = "the manifest does not name it";
        findings.note(Code::MemberUnlisted, &member, "", what, "read")?;
        let file = File::parse(&file_type);
        if file.is_none() {
            unknown(&member, &file_type, findings)?;
        }
        take(package, source, &member, file, findings)?;
    }
    Ok(())
}

/// Reads a member as a file of this type, where the format has it.
fn take(
    package: &mut Package,
    source: &Source,
    member: &str,
    file: Option<File>,
    findings: &mut Findings,
) -> Result<(), Refusal> {
    let (at, newer) = (package.files.len(), is_newer(&package.version));
    package.files.push(member.to_owned());
    let bytes = source.member(member).unwrap_or_default();
    items::read(package, (at, member), bytes, file, newer, findings)
}

/// The dates of the package, and those that LENIENT left for the time when all objects are known.
fn later(package: &mut Package, as_of: Option<Date>) {
    let dates = || package.items.iter().filter_map(|item| Date::parse(item.object.text("date")?));
    let made = package.generated_at.get(..10).and_then(Date::parse);
    let as_of = as_of.or(made).or_else(|| dates().max()).unwrap_or_default();
    let undated = package.issuer.value("formation_date").is_none();
    let formed = undated.then(|| dates().min().unwrap_or(as_of).min(as_of));
    package.as_of = as_of;
    if package.generated_at.is_empty() {
        package.generated_at = format!("{}T00:00:00Z", package.as_of);
    }
    if let Some(formed) = formed {
        package.issuer.set("formation_date", formed.to_string().into());
    }
}

/// The `file_type` of each member; none where it has none.
fn types(source: &Source, findings: &mut Findings) -> Result<Types, Refusal> {
    let mut types = BTreeMap::new();
    for (name, bytes) in source.members() {
        match file_type(name, bytes) {
            Ok(file_type) => {
                types.insert(name.to_owned(), file_type);
            }
            // Where it belongs to the package, the manifest will ask for it.
            Err(refusal) => {
                findings.departure(refusal.code, name, "", refusal.what, "left out")?;
            }
        }
    }
    Ok(types)
}

/// Looks for `file_type`, no further than needed: in most files it stands first.
fn file_type(name: &str, bytes: &[u8]) -> Result<Option<String>, Refusal> {
    let mut parser = Parser::new(name, tree::text(name, bytes)?);
    let mut found: Option<String> = None;
    if !parser.at_object() {
        parser.skip()?;
        parser.end()?;
        return Ok(None);
    }
    parser.first(&mut |parser, key| {
        if key == "file_type" {
            found = Some(parser.value()?.text().unwrap_or_default().to_owned());
            return Ok(true);
        }
        parser.skip()?;
        Ok(false)
    })?;
    Ok(found)
}

type Types = BTreeMap<String, Option<String>>;

fn manifest_name<'a>(
    source: &'a Source,
    types: &'a Types,
    findings: &mut Findings,
) -> Result<&'a str, Refusal> {
    let is_manifest = |file_type: &Option<String>| file_type.as_deref() == Some(format::MANIFEST);
    let mut manifests = types.iter().filter(|(_, file_type)| is_manifest(file_type));
    match (manifests.next(), manifests.next()) {
        (Some((name, _)), None) => Ok(name),
        (None, _) => unnamed_manifest(source, types, findings),
        (Some(_), Some((second, _))) => {
            Err(Refusal::new(Code::ManifestTwice, second, "", "a package has one manifest"))
        }
    }
}

/// The one file that has no type of the format and names an issuer, as only a manifest does.
fn unnamed_manifest<'a>(
    source: &'a Source,
    types: &Types,
    findings: &mut Findings,
) -> Result<&'a str, Refusal> {
    let what = "no member says \"file_type\": \"OCF_MANIFEST_FILE\"";
    let typed = |name: &str| {
        let said = types.get(name).and_then(Option::as_deref);
        said.is_some_and(|said| File::parse(said).is_some())
    };
    let mut found = source.members().filter(|(name, bytes)| {
        types.contains_key(*name) && !typed(name) && has_issuer(name, bytes)
    });
    match (found.next(), found.next()) {
        (Some((name, _)), None) => {
            let done = "read as the manifest: it alone names an issuer";
            findings.departure(Code::ManifestMissing, name, "", what, done)?;
            Ok(name)
        }
        _ => Err(Refusal::new(Code::ManifestMissing, "", "", what)),
    }
}

/// Whether a file has an object `issuer`.
fn has_issuer(name: &str, bytes: &[u8]) -> bool {
    let mut found = false;
    let read = tree::text(name, bytes).and_then(|text| {
        let mut parser = Parser::new(name, text);
        if !parser.at_object() {
            return Ok(());
        }
        parser.first(&mut |parser, key| {
            found = key == "issuer" && parser.at_object();
            if !found {
                parser.skip()?;
            }
            Ok(found)
        })
    });
    read.is_ok() && found
}

/// Whether a version is later than 1.2.0: the main branch calls itself `1.2.1-alpha+main`.
fn is_newer(version: &str) -> bool {
    version.contains("main") || version.strip_prefix("1.2.").is_some_and(|patch| patch != "0")
}

type Lists<'a> = Vec<(File, Vec<Tree<'a>>)>;

fn manifest<'a>(
    source: &'a Source,
    name: &'a str,
    findings: &mut Findings,
) -> Result<(Package, Lists<'a>, Option<Date>), Refusal> {
    let text = tree::text(name, source.member(name).unwrap_or_default())?;
    let mut parser = Parser::new(name, text);
    let Tree::Map(mut members) = parser.value()? else {
        return Err(Refusal::new(Code::JsonInvalid, name, "", "an object is wanted"));
    };
    parser.end()?;
    let mut take = |key: &str| -> Option<Tree<'a>> {
        let at = members.iter().position(|(known, _)| known == key)?;
        Some(members.remove(at).1)
    };
    take("file_type");
    let issuer = take("issuer");
    let mut lists = Vec::new();
    for file in File::ALL {
        let (_, key, _, required) = file.names();
        match take(key) {
            Some(Tree::List(entries)) => lists.push((file, entries)),
            Some(Tree::Null) | None if !required => {}
            other => {
                let (code, what) = match other {
                    Some(_) => (Code::FieldInvalid, "a list is wanted"),
                    None => (Code::FieldMissing, "it is missing"),
                };
                findings.departure(code, name, "", format!("{key}: {what}"), "taken as empty")?;
            }
        }
    }
    let head =
        Normal::new(findings, (name, &Arc::default()), false).head(&format::HEAD, members)?;
    let text = |key: &str| head.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let version = text("ocf_version");
    let known = ["1.0", "1.1", "1.2"].iter().any(|known| {
        let rest = version.strip_prefix(known);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-', '+']))
    });
    if !known {
        let what = format!("version \"{}\"; 1.0 to 1.2 are read", shown(&version));
        // A later release may mean something else by the names of this one; a draft does not.
        if !version.is_empty() && !version.starts_with("0.") {
            return Err(Refusal::new(Code::VersionUnsupported, name, "", what));
        }
        findings.departure(Code::VersionUnsupported, name, "", what, "read as 1.2.0")?;
    }
    let issuer = issuer_of(issuer, name, is_newer(&version), findings)?;
    let comments = head.get("comments").and_then(Value::as_array);
    let comments = comments.into_iter().flatten().filter_map(Value::as_str);
    let package = Package {
        digest: Default::default(),
        as_of: Date::default(),
        generated_at: text("generated_at"),
        comments: comments.map(str::to_owned).collect(),
        version,
        files: vec![name.to_owned()],
        issuer,
        items: Vec::new(),
        findings: Vec::new(),
    };
    Ok((package, lists, Date::parse(&text("as_of"))))
}

fn issuer_of(
    issuer: Option<Tree<'_>>,
    name: &str,
    newer: bool,
    findings: &mut Findings,
) -> Result<Object, Refusal> {
    let missing = |code, what: &str| Err(Refusal::new(code, name, "", format!("issuer: {what}")));
    let mut members = match issuer {
        Some(Tree::Map(members)) => members,
        Some(_) => return missing(Code::FieldInvalid, "an object is wanted"),
        None => return missing(Code::FieldMissing, "it is missing"),
    };
    let text = |key: &str| {
        let found = members.iter().find(|(known, _)| known == key);
        found.and_then(|(_, value)| value.text()).map(str::to_owned)
    };
    let (id, said) = (text("id").unwrap_or_default(), text("object_type"));
    if said.as_deref() != Some("ISSUER") {
        let what = "issuer: its object_type is not ISSUER";
        findings.departure(Code::FieldInvalid, name, &id, what, "read as the issuer")?;
    }
    if id.is_empty() {
        let what = "issuer: id: it is missing";
        findings.departure(Code::FieldMissing, name, "", what, "called \"issuer\"")?;
        members.retain(|(key, _)| key != "id");
        members.push(("id".into(), Tree::Text(Cow::Borrowed("issuer"))));
    }
    Normal::new(findings, (name, &Arc::default()), newer).object(Kind::Issuer, &id, members)
}

/// A member that the manifest lists.
#[derive(Clone)]
struct Listed<'a> {
    name: &'a str,
    bytes: &'a [u8],
    /// The name under which it is listed.
    wanted: String,
    /// The MD5 that the manifest says.
    md5: String,
}

impl<'a> Listed<'a> {
    /// Resolves one entry of the manifest.
    fn of(
        source: &'a Source,
        manifest: &str,
        file: File,
        entry: &Tree<'_>,
        findings: &mut Findings,
    ) -> Result<Option<Listed<'a>>, Refusal> {
        let (_, key, _, _) = file.names();
        let Some(path) = entry.get("filepath").and_then(Tree::text) else {
            let what = format!("{key}: a text filepath is wanted");
            findings.departure(Code::FieldInvalid, manifest, "", what, "left out")?;
            return Ok(None);
        };
        let path = clean(path)?;
        let folder = manifest.rsplit_once('/').map_or("", |(folder, _)| folder);
        let wanted = if folder.is_empty() { path } else { format!("{folder}/{path}") };
        let Some((name, bytes)) = member(source, &wanted) else {
            let what = format!("the manifest names {wanted}, which is not there");
            findings.departure(Code::MemberMissing, manifest, "", what, "left out")?;
            return Ok(None);
        };
        let md5 = entry.get("md5").and_then(Tree::text).unwrap_or_default().to_owned();
        Ok(Some(Listed { name, bytes, wanted, md5 }))
    }

    /// What is said where its MD5 is another one than the manifest says.
    fn differs(&self) -> Option<String> {
        let found = Md5::digest(self.bytes);
        let found = found.iter().fold(String::new(), |text, b| format!("{text}{b:02x}"));
        let same = found.eq_ignore_ascii_case(&self.md5);
        let said = || format!("its MD5 is {found}, the manifest says \"{}\"", shown(&self.md5));
        (!same).then(said)
    }

    fn found_elsewhere(&self, manifest: &str, findings: &mut Findings) -> Result<(), Refusal> {
        if self.name == self.wanted {
            return Ok(());
        }
        let what = format!("the manifest names {}, which is not there", self.wanted);
        let done = format!("{} is read", self.name);
        findings.departure(Code::MemberMissing, manifest, "", what, done)
    }
}

/// The member with this name or, where the folders differ, the only one with this last part.
fn member<'a>(source: &'a Source, name: &str) -> Option<(&'a str, &'a [u8])> {
    let last = last(name);
    let mut alike = source.members().filter(|(known, _)| self::last(known) == last);
    let exact = source.members().find(|(known, _)| *known == name);
    exact.or_else(|| match (alike.next(), alike.next()) {
        (Some(only), None) => Some(only),
        _ => None,
    })
}

fn last(name: &str) -> &str {
    name.rsplit_once('/').map_or(name, |(_, last)| last)
}

/// The type of a listed file: the one that it says, where it says one.
fn agreed(
    name: &str,
    said: Option<&str>,
    expected: File,
    findings: &mut Findings,
) -> Result<Option<File>, Refusal> {
    let Some(said) = said else {
        let what = "file_type: it is missing";
        let done = format!("read as {}", expected.file_type());
        findings.departure(Code::FieldMissing, name, "", what, done)?;
        return Ok(Some(expected));
    };
    let file = File::parse(said);
    if file.is_none() {
        unknown(name, said, findings)?;
    } else if file != Some(expected) {
        let what = format!("it is listed as {} and says {said}", expected.file_type());
        findings.departure(Code::TypeMisplaced, name, "", what, "read as what it says")?;
    }
    Ok(file)
}

fn unknown(name: &str, said: &str, findings: &mut Findings) -> Result<(), Refusal> {
    let what = format!("the format has no file type \"{}\"", shown(said));
    let done = "its items are read by their own types";
    findings.departure(Code::FileTypeUnknown, name, "", what, done)
}
