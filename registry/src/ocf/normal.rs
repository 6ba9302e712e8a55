//! From JSON to [`Object`]s in normal form, along the tables of [`super::format`].
//!
//! A value that fits its field is taken. Anything else is a departure: STRICT refuses with the path
//! of the field; LENIENT has one reading for it, which is noted, or refuses too. Nothing is left out
//! silently, and nothing is left out at all where a holding depends on it ([`Need::Firm`]).

use std::borrow::Cow;
use std::sync::Arc;

use super::findings::Findings;
use super::format::{self, Field, Gap, Need, Shape, Since, Type};
use super::object::{Fields, Kind, Name, Object, Value};
use super::tree::Tree;
use super::{Code, Mode, Refusal};

mod fill;
mod text;
mod value;

/// What was wrong with a value, while it is not decided what becomes of it.
#[derive(Debug)]
struct Fault {
    code: Code,
    what: String,
}

impl Fault {
    fn invalid(what: impl Into<String>) -> Fault {
        Fault { code: Code::FieldInvalid, what: what.into() }
    }
}

/// Why a value is not taken.
enum Stop {
    /// It cannot be read; the field that holds it decides what becomes of it.
    Fault(Box<Fault>),
    /// The package is refused.
    Refused(Box<Refusal>),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Stop {
        Stop::Refused(Box::new(refusal))
    }
}

type Taken<T> = Result<T, Stop>;

fn fault<T>(what: impl Into<String>) -> Taken<T> {
    Err(Stop::Fault(Box::new(Fault::invalid(what))))
}

/// A step on the way to a value.
#[derive(Clone, Copy)]
enum Step {
    Field(&'static str),
    Nth(usize),
}

/// Brings the objects of one file into normal form.
pub(super) struct Normal<'a> {
    findings: &'a mut Findings,
    file: &'a str,
    /// The text of the file, which objects share.
    whole: &'a Arc<str>,
    item: &'a str,
    /// Whether the package claims a release after 1.2.0.
    newer: bool,
    path: Vec<Step>,
}

/// The members of a JSON object.
type Members<'t> = Vec<(Cow<'t, str>, Tree<'t>)>;

impl<'a> Normal<'a> {
    /// For the objects of `file`.
    pub(super) fn new(
        findings: &'a mut Findings,
        (file, whole): (&'a str, &'a Arc<str>),
        newer: bool,
    ) -> Normal<'a> {
        Normal { findings, file, whole, item: "", newer, path: Vec::new() }
    }

    /// An object of a kind. `id` is for findings, until the object's own is known to be sound.
    pub(super) fn object(
        &mut self,
        kind: Kind,
        id: &'a str,
        members: Members<'_>,
    ) -> Result<Object, Refusal> {
        self.item = id;
        let mut fields = self.whole(format::shape(kind), members)?;
        let id = match fields.remove("id") {
            Some(Value::String(id)) => id,
            _ => return Err(self.refusal(Code::FieldMissing, "id: it is missing")),
        };
        let mut object = Object::new(kind, id, fields);
        self.one_name(&mut object)?;
        Ok(object)
    }

    /// The members of a file beside its items.
    pub(super) fn head(
        &mut self,
        shape: &'static Shape,
        members: Members<'_>,
    ) -> Result<Fields, Refusal> {
        self.item = "";
        self.whole(shape, members)
    }

    /// Notes a departure in LENIENT, with what is done; STRICT refuses it.
    pub(super) fn departure(
        &mut self,
        code: Code,
        what: impl Into<String>,
        done: impl Into<String>,
    ) -> Result<(), Refusal> {
        let what = self.at_path(&what.into());
        self.findings.departure(code, self.file, self.item, what, done)
    }

    /// Notes what is no departure.
    pub(super) fn note(
        &mut self,
        code: Code,
        what: impl Into<String>,
        done: impl Into<String>,
    ) -> Result<(), Refusal> {
        let what = self.at_path(&what.into());
        self.findings.note(code, self.file, self.item, what, done)
    }

    fn refusal(&self, code: Code, what: impl Into<String>) -> Refusal {
        Refusal::new(code, self.file, self.item, self.at_path(&what.into()))
    }

    fn strict(&self) -> bool {
        self.findings.mode() == Mode::Strict
    }

    /// What is said about a value, with the way to it in front.
    fn at_path(&self, what: &str) -> String {
        let mut text = String::new();
        for step in &self.path {
            match step {
                Step::Field(name) if text.is_empty() => text.push_str(name),
                Step::Field(name) => {
                    text.push('.');
                    text.push_str(name);
                }
                Step::Nth(at) => text.push_str(&format!("[{at}]")),
            }
        }
        if text.is_empty() { what.to_owned() } else { format!("{text}: {what}") }
    }

    fn whole(&mut self, shape: &'static Shape, members: Members<'_>) -> Result<Fields, Refusal> {
        self.path.clear();
        self.part(shape, members).map_err(|stop| match stop {
            Stop::Refused(refusal) => *refusal,
            Stop::Fault(fault) => self.refusal(fault.code, fault.what),
        })
    }

    /// An object within an object, or an object as a whole.
    fn part(&mut self, shape: &'static Shape, members: Members<'_>) -> Taken<Fields> {
        let mut list: Vec<(Name, Value)> = Vec::with_capacity(members.len());
        let mut gaps: Vec<(usize, Box<Fault>)> = Vec::new();
        let mut seen: u64 = 0;
        for (key, tree) in members {
            let Some((at, field)) = shape.field(&key) else {
                if key == "object_type" && self.path.is_empty() {
                    continue;
                }
                let what = format!("{}: the format has no such field", shown(&key));
                self.departure(Code::FieldUnknown, what, "left out")?;
                continue;
            };
            seen |= 1 << at;
            self.path.push(Step::Field(field.name));
            // What is said and cannot be read is not to be found elsewhere.
            let firm = matches!(field.holds, Type::Numeric) && void(&tree).is_none();
            let value = self.field(field, tree);
            match value {
                Ok(Some(value)) => {
                    if field.since == Since::Main && !self.newer {
                        let what = "the release that the package claims has no such field";
                        self.note(Code::BeyondRelease, what, "read")?;
                    }
                    list.push((Cow::Borrowed(field.name), value));
                }
                Ok(None) => {}
                Err(Stop::Fault(fault)) => match field.need {
                    Need::Must(Gap::Refuse) | Need::Firm => return Err(self.raised(fault)),
                    Need::Must(Gap::Later(_)) if firm => return Err(self.raised(fault)),
                    Need::Must(_) => gaps.push((at, fault)),
                    Need::May | Need::Null => {
                        self.departure(fault.code, fault.what, "left out")?;
                    }
                },
                Err(refused) => return Err(refused),
            }
            self.path.pop();
        }
        for (at, field) in shape.fields.iter().enumerate() {
            if let Need::Must(_) | Need::Null = field.need
                && seen & (1 << at) == 0
            {
                let what = "it is missing".to_owned();
                gaps.push((at, Box::new(Fault { code: Code::FieldMissing, what })));
            }
        }
        let mut taken = Fields::from(list);
        for (at, fault) in gaps {
            self.path.push(Step::Field(shape.fields[at].name));
            self.fill(&shape.fields[at], fault, &mut taken)?;
            self.path.pop();
        }
        for tie in shape.ties {
            self.tie(*tie, &mut taken)?;
        }
        Ok(taken)
    }

    /// The value of a field, none where it holds no value.
    fn field(&mut self, field: &Field, tree: Tree<'_>) -> Taken<Option<Value>> {
        let void = match &tree {
            Tree::Null if field.need == Need::Null => return Ok(None),
            Tree::Text(text) if text.is_empty() && matches!(field.holds, Type::Text) => {
                match field.need {
                    Need::Must(_) => None,
                    // The schema allows it, and an empty text says nothing.
                    _ => return Ok(None),
                }
            }
            tree => void(tree),
        };
        if let Some(void) = void {
            let what = format!("{void} is no value");
            if let Need::Must(_) = field.need {
                return fault(what);
            }
            self.departure(Code::FieldInvalid, what, "left out")?;
            return Ok(None);
        }
        let value = self.value(field.holds, tree)?;
        let empty = value.as_array().is_some_and(Vec::is_empty);
        Ok(if empty && field.need == Need::May { None } else { Some(value) })
    }

    /// A fault with the way to its value, for the object around.
    fn raised(&mut self, mut fault: Box<Fault>) -> Stop {
        if let Some(Step::Field(name)) = self.path.pop() {
            fault.what = format!("{name}: {}", fault.what);
        }
        Stop::Fault(fault)
    }

    /// What 1.2.0 says in two fields is said in one.
    fn one_name(&mut self, object: &mut Object) -> Result<(), Refusal> {
        if object.kind() != Kind::EquityCompensationIssuance {
            return Ok(());
        }
        let newer = match object.text("option_grant_type") {
            Some("ISO") => "OPTION_ISO",
            Some("NSO") => "OPTION_NSO",
            _ => return Ok(()),
        };
        match object.text("compensation_type") {
            Some("OPTION") => object.set("compensation_type", newer.into()),
            Some(said) if said != newer => {
                let what = format!("option_grant_type: {newer} and {said} contradict each other");
                self.departure(Code::FieldInvalid, what, "compensation_type is taken")?;
            }
            _ => {}
        }
        object.remove("option_grant_type");
        Ok(())
    }
}

/// What stands in place of a value and is none.
fn void(tree: &Tree<'_>) -> Option<&'static str> {
    match tree {
        Tree::Null => Some("null"),
        Tree::Map(map) if is_omitted(map) => Some("an omission"),
        Tree::Text(text) if text.is_empty() => Some("an empty text"),
        _ => None,
    }
}

/// Some exporters write `{"omitted": true}`, with a comment, for a value that they keep back.
fn is_omitted(map: &[(Cow<'_, str>, Tree<'_>)]) -> bool {
    map.iter().any(|(key, value)| key == "omitted" && *value == Tree::True)
        && map.iter().all(|(key, _)| key == "omitted" || key == "comment")
}

/// A text of the package as a message may show it.
pub(super) fn shown(text: &str) -> String {
    let mut shown: String = text.chars().take(60).flat_map(char::escape_debug).collect();
    if text.chars().nth(60).is_some() {
        shown.push_str("...");
    }
    shown
}

#[cfg(test)]
mod tests;
