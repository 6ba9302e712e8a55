//! References to what is no security: holders, classes, plans, legends, terms, splits, issuances.
//!
//! The fields that refer to something are those of the tables ([`Type::To`]), wherever they stand.

use std::collections::{BTreeMap, BTreeSet};

use crate::ocf::findings::Findings;
use crate::ocf::format::{self, Gap, Need, Shape, Target, Type, UNSTATED};
use crate::ocf::normal::shown;
use crate::ocf::object::{Fields, Kind, Object, Value};
use crate::ocf::package::{Item, Package};
use crate::ocf::{Code, Refusal};

/// Makes every reference lead somewhere. LENIENT leaves a link out where its field may be absent,
/// makes a holder, a class or terms of which nothing is known but the id, and leaves out an object that only
/// speaks about something that is not there, until nothing more is left out.
pub(super) fn resolve(package: &mut Package, findings: &mut Findings) -> Result<(), Refusal> {
    while once(package, findings)? {}
    Ok(())
}

/// Goes through the package once; whether it left something out.
fn once(package: &mut Package, findings: &mut Findings) -> Result<bool, Refusal> {
    let mut known = Known::of(package);
    let classes = Classes::of(package);
    let mut left_out = Vec::new();
    let mut made: Vec<Item> = Vec::new();
    let mut items = std::mem::take(&mut package.items);
    for (at, item) in items.iter_mut().enumerate() {
        let file = package.file(item.file);
        let kind = item.object.kind();
        let mut missing = Missing::default();
        let (id, fields) = item.object.parts();
        part(format::shape(kind), fields, &known, true, &mut missing);
        for wanted in missing.terms {
            let wanted_shown = shown(&wanted);
            let what =
                format!("vesting_terms_id: nothing in the package is called \"{wanted_shown}\"");
            let done = "terms of which nothing is known are made: nothing vests under them";
            findings.departure(Code::ReferenceUnknown, file, id, what, done)?;
            known.add(Target::Terms, &wanted);
            made.push(Item { file: item.file, object: terms(wanted) });
        }
        for field in missing.links {
            let what = format!("{field}: nothing in the package has this id");
            findings.departure(Code::ReferenceUnknown, file, id, what, "the link is left out")?;
        }
        let mut speaks = true;
        for (field, target, wanted) in missing.needed {
            let what = format!("{field}: nothing in the package is called \"{}\"", shown(&wanted));
            match target {
                Target::Stakeholder if is_issuance(kind) => {
                    let done = "a holder of whom nothing else is known is made";
                    findings.departure(Code::ReferenceUnknown, file, id, what, done)?;
                    known.add(Target::Stakeholder, &wanted);
                    made.push(Item { file: item.file, object: holder(wanted) });
                }
                Target::Class if is_issuance(kind) && wanted.is_empty() => match &classes.all[..] {
                    [only] => fields.insert(field, only.as_str().into()),
                    _ => {
                        let what = format!("{field}: it is missing, and not one class is there");
                        return Err(Refusal::new(Code::FieldMissing, file, id, what));
                    }
                },
                Target::Class if is_issuance(kind) => {
                    let done = "a class of which nothing else is known is made";
                    findings.departure(Code::ReferenceUnknown, file, id, what, done)?;
                    known.add(Target::Class, &wanted);
                    made.push(Item { file: item.file, object: class(wanted) });
                }
                Target::Class if kind == Kind::StockPlan && !classes.all.is_empty() => {
                    if !wanted.is_empty() {
                        let done = "taken as the classes of common stock, or all where none is";
                        findings.departure(Code::ReferenceUnknown, file, id, what, done)?;
                    }
                    fields.insert(field, classes.common().into());
                }
                Target::Issuer => {
                    let done = "read as the one issuer of the package";
                    findings.departure(Code::ReferenceUnknown, file, id, what, done)?;
                    fields.insert(field, package.issuer.id().into());
                }
                _ => {
                    let done = "left out: it speaks about nothing that is there";
                    findings.departure(Code::ReferenceUnknown, file, id, what, done)?;
                    speaks = false;
                }
            }
        }
        if !speaks {
            left_out.push(at);
        }
    }
    items.extend(made);
    package.items = items;
    super::index::remove(package, &left_out);
    Ok(!left_out.is_empty())
}

fn is_issuance(kind: Kind) -> bool {
    super::role(kind) == super::Role::Issuance
}

fn holder(id: String) -> Object {
    let fields = [
        ("name", [("legal_name", UNSTATED.into())].into()),
        ("stakeholder_type", "INDIVIDUAL".into()),
    ];
    Object::new(Kind::Stakeholder, id, fields.into())
}

/// Terms under which nothing vests: without them the grant would count as vested.
fn terms(id: String) -> Object {
    let condition = [
        ("id", UNSTATED.into()),
        ("portion", [("numerator", "1".into()), ("denominator", "1".into())].into()),
        ("trigger", [("type", "VESTING_EVENT".into())].into()),
        ("next_condition_ids", Value::Array(Vec::new())),
    ];
    let fields = [
        ("name", UNSTATED.into()),
        ("description", UNSTATED.into()),
        ("allocation_type", "CUMULATIVE_ROUND_DOWN".into()),
        ("vesting_conditions", vec![Value::from(condition)].into()),
    ];
    Object::new(Kind::VestingTerms, id, fields.into())
}

/// A class of which nothing but its id is known: it limits nothing, and converts into nothing.
fn class(id: String) -> Object {
    let fields = [
        ("name", id.as_str().into()),
        ("class_type", "COMMON".into()),
        ("default_id_prefix", "".into()),
        ("initial_shares_authorized", "NOT APPLICABLE".into()),
        ("votes_per_share", "1".into()),
        ("seniority", "1".into()),
    ];
    Object::new(Kind::StockClass, id, fields.into())
}

/// The classes of a package by their ids.
struct Classes {
    all: Vec<String>,
    common: Vec<String>,
}

impl Classes {
    fn of(package: &Package) -> Classes {
        let ids = |common: bool| -> Vec<String> {
            let classes = package.of(Kind::StockClass);
            let classes =
                classes.filter(|class| !common || class.text("class_type") == Some("COMMON"));
            classes.map(|class| class.id().to_owned()).collect()
        };
        Classes { all: ids(false), common: ids(true) }
    }

    /// Those of common stock, or all where none is.
    fn common(&self) -> Vec<String> {
        if self.common.is_empty() { self.all.clone() } else { self.common.clone() }
    }
}

/// What the package has, by target and id.
struct Known {
    ids: BTreeMap<u8, BTreeSet<String>>,
}

impl Known {
    /// Ids of issuances and of objects at large are only gathered where something asks for them.
    fn of(package: &Package) -> Known {
        let mut known = Known { ids: BTreeMap::new() };
        known.add(Target::Issuer, package.issuer.id());
        let objects = package.of(Kind::Document).next().is_some();
        let issuances = objects || package.of(Kind::Financing).next().is_some();
        for item in &package.items {
            let id = item.object.id();
            let target = match item.object.kind() {
                Kind::Stakeholder => Target::Stakeholder,
                Kind::StockClass => Target::Class,
                Kind::StockPlan => Target::Plan,
                Kind::StockLegendTemplate => Target::Legend,
                Kind::VestingTerms => Target::Terms,
                Kind::StockClassSplit => Target::Split,
                kind if is_issuance(kind) && issuances => Target::Issuance,
                kind if !is_issuance(kind) && objects => Target::Object,
                _ => continue,
            };
            known.add(target, id);
        }
        known
    }

    fn add(&mut self, target: Target, id: &str) {
        self.ids.entry(target as u8).or_default().insert(id.to_owned());
    }

    fn has(&self, target: Target, id: &str) -> bool {
        match target {
            Target::Object => self.ids.values().any(|ids| ids.contains(id)),
            // The index of securities asks for these.
            Target::Security => true,
            _ => self.ids.get(&(target as u8)).is_some_and(|ids| ids.contains(id)),
        }
    }
}

/// What a field of one id, or of a list of them, refers to.
fn target(holds: &Type) -> Option<Target> {
    match holds {
        Type::To(target) | Type::List(Type::To(target), _, _) => Some(*target),
        _ => None,
    }
}

/// Whether a field can refer to something here.
fn refers(holds: &Type) -> bool {
    match holds {
        Type::To(target) => *target != Target::Security,
        Type::List(of, _, _) => refers(of),
        Type::Part(shape) => shape.fields.iter().any(|field| refers(&field.holds)),
        Type::OneOf(options) => {
            options.iter().any(|(_, shape)| shape.fields.iter().any(|field| refers(&field.holds)))
        }
        _ => false,
    }
}

/// References of one object that lead nowhere.
#[derive(Default)]
struct Missing {
    /// Fields that were taken out.
    links: Vec<String>,
    /// Ids of vesting terms.
    terms: Vec<String>,
    /// Those that cannot be: field, target and id, which is empty where the field is missing.
    needed: Vec<(&'static str, Target, String)>,
}

/// Looks through an object, and the objects within it; takes out the links that may be absent.
fn part(
    shape: &'static Shape,
    fields: &mut Fields,
    known: &Known,
    top: bool,
    missing: &mut Missing,
) {
    for field in shape.fields.iter().filter(|field| refers(&field.holds)) {
        let optional = matches!(field.need, Need::May | Need::Firm);
        if let (Need::Must(Gap::Later(_)), Some(target)) = (field.need, target(&field.holds))
            && !fields.contains_key(field.name)
        {
            missing.needed.push((field.name, target, String::new()));
        }
        match field.holds {
            Type::To(target) if target != Target::Security => {
                let Some(Value::String(id)) = fields.get(field.name) else { continue };
                if known.has(target, id) {
                    continue;
                }
                if target == Target::Terms {
                    missing.terms.push(id.to_string());
                } else if optional {
                    missing.links.push(field.name.to_owned());
                    fields.remove(field.name);
                } else if top {
                    missing.needed.push((field.name, target, id.to_string()));
                }
            }
            Type::List(Type::To(target), least, _) if *target != Target::Security => {
                let Some(Value::Array(list)) = fields.get_mut(field.name) else { continue };
                let before = list.len();
                let first =
                    list.iter().find(|id| !known.has(*target, id.as_str().unwrap_or_default()));
                let first = first.and_then(Value::as_str).unwrap_or_default().to_owned();
                list.retain(|id| known.has(*target, id.as_str().unwrap_or_default()));
                if list.len() < least {
                    missing.needed.push((field.name, *target, first));
                } else {
                    let gone = before - list.len();
                    missing.links.extend((0..gone).map(|_| field.name.to_owned()));
                }
            }
            Type::Part(_) | Type::OneOf(_) => {
                if let Some(Value::Object(inner)) = fields.get_mut(field.name) {
                    within(&field.holds, inner, known, missing);
                }
            }
            Type::List(of @ (Type::Part(_) | Type::OneOf(_)), _, _) => {
                let Some(Value::Array(list)) = fields.get_mut(field.name) else { continue };
                // A reference to an object is the whole of its element.
                let refers = |value: &Value| {
                    let id = value.get("object_id").and_then(Value::as_str);
                    id.is_some_and(|id| !known.has(Target::Object, id))
                };
                let before = list.len();
                list.retain(|value| !refers(value));
                let gone = before - list.len();
                missing.links.extend((0..gone).map(|_| field.name.to_owned()));
                for value in list.iter_mut() {
                    if let Value::Object(inner) = value {
                        within(of, inner, known, missing);
                    }
                }
                if list.is_empty() && optional {
                    fields.remove(field.name);
                }
            }
            _ => {}
        }
    }
}

fn within(holds: &'static Type, inner: &mut Fields, known: &Known, missing: &mut Missing) {
    let shape = match holds {
        Type::Part(shape) => Some(*shape),
        Type::OneOf(options) => {
            let tag = inner.get("type").and_then(Value::as_str).unwrap_or_default();
            options.iter().find(|(name, _)| *name == tag).map(|(_, shape)| *shape)
        }
        _ => None,
    };
    if let Some(shape) = shape {
        part(shape, inner, known, false, missing);
    }
}
