//! Writing a package as members of OCF 1.2.0.
//!
//! Each kind stands in the file of its type; files beyond [`ITEMS_MAX`] items or [`BYTES_MAX`] bytes
//! are continued in another of the same type. Transactions are sorted by date, which leaves the order within a
//! day. Keys are sorted, and nothing but the package decides what is written: equal packages give
//! equal bytes. What 1.2.0 has no name for is written as the main branch calls it, with a finding.

use super::findings::Findings;
use super::format::{self, Field, File, Need, Shape, Since, Type};
use super::object::{Fields, Kind, Object, Value, members};
use super::package::Package;
use super::{Code, Finding, Mode, Refusal};
use md5::{Digest, Md5};

/// Items of one file.
const ITEMS_MAX: usize = 100_000;
/// Bytes of one file, but for its last item: half of what a reader takes.
const BYTES_MAX: usize = 32 << 20;
/// The name of the manifest.
const MANIFEST: &str = "Manifest.ocf.json";

/// A package, written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Written {
    /// The members by their names, in order.
    pub members: Vec<(String, Vec<u8>)>,
    /// What a reader of 1.2.0 will not know.
    pub findings: Vec<Finding>,
}

/// Writes a package.
pub fn write(package: &Package) -> Result<Written, Refusal> {
    let mut findings = Findings::new(Mode::Lenient);
    let mut written = Vec::new();
    let mut manifest = head(package, &mut findings)?;
    for file in File::ALL {
        let (_, key, name, required) = file.names();
        let mut objects: Vec<&Object> = package
            .items
            .iter()
            .map(|item| &item.object)
            .filter(|object| format::file(object.kind()) == Some(file))
            .collect();
        if file == File::Transactions {
            objects.sort_by_key(|object| object.text("date"));
        }
        let mut listed = Vec::new();
        for (nth, texts) in parts(&objects, name, &mut findings)?.into_iter().enumerate() {
            let name = match nth {
                0 => format!("{name}.ocf.json"),
                nth => format!("{name}.{}.ocf.json", nth + 1),
            };
            let bytes = contents(file, &texts);
            let md5 =
                Md5::digest(&bytes).iter().fold(String::new(), |text, b| format!("{text}{b:02x}"));
            let path = format!("./{name}");
            listed.push(Value::from([("filepath", path.into()), ("md5", md5.into())]));
            written.push((name, bytes));
        }
        if required || !listed.is_empty() {
            manifest.insert(key, listed.into());
        }
    }
    written.push((MANIFEST.to_owned(), text(&manifest, &[]).into_bytes()));
    written.sort();
    Ok(Written { members: written, findings: findings.into_list() })
}

/// The manifest without its lists of files.
fn head(package: &Package, findings: &mut Findings) -> Result<Fields, Refusal> {
    let mut head = Fields::default();
    head.insert("file_type", format::MANIFEST.into());
    head.insert("ocf_version", format::VERSION.into());
    head.insert("as_of", package.as_of.to_string().into());
    head.insert("generated_at", package.generated_at.as_str().into());
    if !package.comments.is_empty() {
        head.insert("comments", package.comments.clone().into());
    }
    let issuer = object(&package.issuer, MANIFEST, findings)?;
    head.insert("issuer", Value::Object(issuer));
    Ok(head)
}

/// The texts of the objects of one type, for each of its files.
fn parts(
    objects: &[&Object],
    name: &str,
    findings: &mut Findings,
) -> Result<Vec<Vec<String>>, Refusal> {
    let (mut parts, mut bytes): (Vec<Vec<String>>, usize) = (Vec::new(), 0);
    for one in objects {
        let text = text(&object(one, name, findings)?, format::shape(one.kind()).fields);
        let full = parts.last().is_none_or(|part| part.len() >= ITEMS_MAX) || bytes >= BYTES_MAX;
        if full {
            parts.push(Vec::new());
            bytes = 0;
        }
        bytes += text.len();
        parts.last_mut().expect("one was pushed").push(text);
    }
    Ok(parts)
}

fn contents(file: File, texts: &[String]) -> Vec<u8> {
    let mut contents = format!("{{\"file_type\":\"{}\",\"items\":[", file.file_type());
    for (at, text) in texts.iter().enumerate() {
        contents.push_str(if at == 0 { "\n" } else { ",\n" });
        contents.push_str(text);
    }
    contents.push_str("\n]}\n");
    contents.into_bytes()
}

/// An object as 1.2.0 has it.
fn object(object: &Object, file: &str, findings: &mut Findings) -> Result<Fields, Refusal> {
    let kind = object.kind();
    let mut fields = object.fields().clone();
    fields.insert("object_type", kind.as_str().into());
    fields.insert("id", object.id().into());
    let mut beyond = |what: String| {
        let done = "written as the main branch has it";
        findings.note(Code::BeyondRelease, file, object.id(), what, done)
    };
    if format::since(kind) == Since::Main {
        beyond(format!("{kind}: 1.2.0 has no such object"))?;
    }
    if kind == Kind::IssuerAuthorizedSharesAdjustment {
        beyond(format!("{kind}: 1.2.0 has the object, and leaves it out of its files"))?;
    }
    if kind == Kind::Stakeholder
        && let Some(Value::Array(list)) = fields.get("current_relationships")
    {
        match &list[..] {
            [one] => {
                let one = one.clone();
                fields.remove("current_relationships");
                fields.insert("current_relationship", one);
            }
            _ => beyond("current_relationships: 1.2.0 has one at most".to_owned())?,
        }
    }
    newer(format::shape(kind), &fields, &mut |field| {
        beyond(format!("{field}: 1.2.0 has no such field"))
    })?;
    Ok(fields)
}

/// Names each field that 1.2.0 does not have, in an object and in those within it.
fn newer(
    shape: &'static Shape,
    fields: &Fields,
    found: &mut dyn FnMut(&str) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    for field in shape.fields {
        let Some(value) = fields.get(field.name) else { continue };
        if field.since == Since::Main {
            found(field.name)?;
        }
        within(&field.holds, value, found)?;
    }
    Ok(())
}

fn within(
    holds: &'static Type,
    value: &Value,
    found: &mut dyn FnMut(&str) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    match (holds, value) {
        (Type::Part(shape), Value::Object(fields)) => newer(shape, fields, found),
        (Type::OneOf(options), Value::Object(fields)) => {
            let tag = fields.get("type").and_then(Value::as_str);
            let option = options.iter().find(|(name, _)| Some(*name) == tag);
            option.map_or(Ok(()), |(_, shape)| newer(shape, fields, found))
        }
        (Type::List(of, _, _), Value::Array(list)) => {
            list.iter().try_for_each(|value| within(of, value, found))
        }
        _ => Ok(()),
    }
}

/// The text of an object; where it has no value for a field that is always there, `null` stands.
fn text(fields: &Fields, shape: &[Field]) -> String {
    let void = |field: &&Field| field.need == Need::Null && !fields.contains_key(field.name);
    let void = shape.iter().filter(void).map(|field| (field.name, None));
    let mut text = String::new();
    members(fields.iter().map(|(name, value)| (name, Some(value))).chain(void), &mut text);
    text
}
