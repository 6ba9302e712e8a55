//! Writing a package as members of OCF 1.2.0.
//!
//! Each kind stands in the file of its type; files beyond [`ITEMS_MAX`] items or [`BYTES_MAX`] bytes
//! are continued in another of the same type. Transactions are sorted by date, which leaves the order within a
//! day. Keys are sorted, and nothing but the package decides what is written: equal packages give
//! equal bytes. What 1.2.0 has no name for is written as the main branch calls it, with a finding.

use md5::{Digest, Md5};
use serde_json::{Map, Value, json};

use super::findings::Findings;
use super::format::{self, File, Need, Shape, Since, Type};
use super::object::{Kind, Object};
use super::package::Package;
use super::{Code, Finding, Mode, Refusal};

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
    let mut members = Vec::new();
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
            listed.push(json!({ "filepath": format!("./{name}"), "md5": md5 }));
            members.push((name, bytes));
        }
        if required || !listed.is_empty() {
            manifest.insert(key.to_owned(), listed.into());
        }
    }
    members.push((MANIFEST.to_owned(), text(&Value::Object(manifest)).into_bytes()));
    members.sort();
    Ok(Written { members, findings: findings.into_list() })
}

/// The manifest without its lists of files.
fn head(package: &Package, findings: &mut Findings) -> Result<Map<String, Value>, Refusal> {
    let mut head = Map::new();
    head.insert("file_type".into(), format::MANIFEST.into());
    head.insert("ocf_version".into(), format::VERSION.into());
    head.insert("as_of".into(), package.as_of.to_string().into());
    head.insert("generated_at".into(), package.generated_at.as_str().into());
    if !package.comments.is_empty() {
        head.insert("comments".into(), package.comments.clone().into());
    }
    head.insert("issuer".into(), object(&package.issuer, MANIFEST, findings)?);
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
        let text = text(&object(one, name, findings)?);
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
fn object(object: &Object, file: &str, findings: &mut Findings) -> Result<Value, Refusal> {
    let kind = object.kind();
    let mut fields = object.fields().clone();
    fields.insert("object_type".into(), kind.as_str().into());
    fields.insert("id".into(), object.id().into());
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
                fields.insert("current_relationship".into(), one);
            }
            _ => beyond("current_relationships: 1.2.0 has one at most".to_owned())?,
        }
    }
    for field in format::shape(kind).fields {
        if field.need == Need::Null && !fields.contains_key(field.name) {
            fields.insert(field.name.into(), Value::Null);
        }
    }
    let mut newer = Vec::new();
    newer_fields(format::shape(kind), &fields, &mut newer);
    for name in newer {
        beyond(format!("{name}: 1.2.0 has no such field"))?;
    }
    Ok(Value::Object(fields))
}

/// The fields of an object, and of the objects within it, that only the main branch has.
fn newer_fields(shape: &Shape, fields: &Map<String, Value>, newer: &mut Vec<&'static str>) {
    for field in shape.fields {
        let Some(value) = fields.get(field.name) else { continue };
        if field.since == Since::Main && !newer.contains(&field.name) {
            newer.push(field.name);
        }
        newer_within(&field.holds, value, newer);
    }
}

fn newer_within(holds: &Type, value: &Value, newer: &mut Vec<&'static str>) {
    match (holds, value) {
        (Type::Part(shape), Value::Object(inner)) => newer_fields(shape, inner, newer),
        (Type::OneOf(options), Value::Object(inner)) => {
            let tag = inner.get("type").and_then(Value::as_str);
            let option = options.iter().find(|(name, _)| Some(*name) == tag);
            option.into_iter().for_each(|(_, shape)| newer_fields(shape, inner, newer));
        }
        (Type::List(of, ..), Value::Array(list)) => {
            list.iter().for_each(|value| newer_within(of, value, newer));
        }
        _ => {}
    }
}

fn text(value: &Value) -> String {
    serde_json::to_string(value).expect("keys are texts")
}
