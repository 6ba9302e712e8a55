//! One value after another, by what its field holds.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::text::{cut, decimal, hundredths, is_email, is_moment, is_phone, percentage, plain};
use super::{Members, Normal, Shape, Step, Stop, Taken, fault, shown};
use crate::date::Date;
use crate::ocf::Code;
use crate::ocf::format::{IDS_MAX, Type, Unique};
use crate::ocf::object::{Text, Value, WHOLE_MAX};
use crate::ocf::tree::Tree;

/// Bytes of a text that goes into the ledger.
const LABEL_BYTES_MAX: usize = 200;

impl Normal<'_> {
    /// A value in normal form.
    pub(super) fn value(&mut self, holds: Type, tree: Tree<'_>) -> Taken<Value> {
        match holds {
            Type::Text => self.text(tree).map(|text| self.kept(text)),
            Type::Label | Type::To(_) => self.label(tree).map(|text| self.kept(text)),
            Type::Enum(known) => {
                let text = self.text(tree)?;
                let found = self.one_of(&text, known)?;
                Ok(if text == found { self.kept(text) } else { found.into() })
            }
            Type::Bool => self.bool(&tree),
            Type::Integer(least) => self.integer(&tree, least),
            Type::Numeric | Type::Measure => self.number(tree, holds),
            Type::Authorized => {
                if let Tree::Text(text) = &tree
                    && let Ok(word) = self.one_of(text, &["UNLIMITED", "NOT APPLICABLE"])
                {
                    return Ok(word.into());
                }
                self.number(tree, holds)
            }
            Type::Percentage => self.part_of_one(tree),
            Type::Date => self.date(tree),
            Type::Moment => self.moment(tree),
            Type::Md5 => self.form(tree, "32 hexadecimal digits are wanted", |text| {
                text.len() == 32 && text.bytes().all(|c| c.is_ascii_hexdigit())
            }),
            Type::Phone => self.form(tree, "a number such as +1 617 333 4444 is wanted", is_phone),
            Type::Email => self.form(tree, "an address such as a@b.example is wanted", is_email),
            Type::Currency => self.upper(tree, 3..=3, "three upper-case letters are wanted", false),
            Type::Country => self.upper(tree, 2..=2, "two upper-case letters are wanted", false),
            Type::Subdivision => self.upper(
                tree,
                1..=3,
                "one to three upper-case letters or digits are wanted",
                true,
            ),
            Type::List(of, least, unique) => self.list(tree, *of, least, unique),
            Type::Part(shape) => {
                let members = self.members(tree, shape)?;
                self.part(shape, members).map(Value::Object)
            }
            Type::OneOf(options) => self.tagged(tree, options),
        }
    }

    fn kept(&self, text: Cow<'_, str>) -> Value {
        Text::within(self.whole, text).into()
    }

    fn text<'t>(&mut self, tree: Tree<'t>) -> Taken<Cow<'t, str>> {
        match tree {
            Tree::Text(text) => Ok(text),
            Tree::Number(number) => {
                let what = "a number where a text belongs";
                self.departure(Code::FieldInvalid, what, "read as the same digits")?;
                Ok(Cow::Borrowed(number))
            }
            _ => fault("a text is wanted"),
        }
    }

    fn label<'t>(&mut self, tree: Tree<'t>) -> Taken<Cow<'t, str>> {
        let text = self.text(tree)?;
        if text.is_empty() || text.len() > LABEL_BYTES_MAX || text.chars().any(char::is_control) {
            return fault("a text of 1 to 200 bytes without control characters is wanted");
        }
        Ok(text)
    }

    /// One of the known texts; LENIENT looks past case, and past what stands between the words.
    fn one_of(&mut self, text: &str, known: &'static [&'static str]) -> Taken<&'static str> {
        if let Some(found) = known.iter().find(|name| **name == text) {
            return Ok(found);
        }
        let folded = |text: &str| -> String {
            let chars = text.trim().chars();
            chars
                .map(|c| if matches!(c, ' ' | '-') { '_' } else { c.to_ascii_uppercase() })
                .collect()
        };
        match known.iter().find(|name| folded(name) == folded(text)) {
            Some(found) => {
                let (what, done) = (
                    format!("{:?} is no spelling of the format", shown(text)),
                    format!("read as {found}"),
                );
                self.departure(Code::FieldInvalid, what, done)?;
                Ok(found)
            }
            None => fault(format!("{:?} is not among the values of the format", shown(text))),
        }
    }

    fn bool(&mut self, tree: &Tree<'_>) -> Taken<Value> {
        let value = match tree {
            Tree::True => return Ok(Value::True),
            Tree::False => return Ok(Value::False),
            Tree::Text(text) if text.eq_ignore_ascii_case("true") => true,
            Tree::Text(text) if text.eq_ignore_ascii_case("false") => false,
            _ => return fault("true or false is wanted"),
        };
        let what = "a text where true or false belongs";
        self.departure(Code::FieldInvalid, what, format!("read as {value}"))?;
        Ok(value.into())
    }

    fn integer(&mut self, tree: &Tree<'_>, least: i64) -> Taken<Value> {
        let (text, sound) = match tree {
            Tree::Number(number) => (plain(number), true),
            Tree::Text(text) => (Some(text.to_string()), false),
            _ => (None, false),
        };
        let value = text
            .as_deref()
            .and_then(decimal)
            .and_then(|text| text.parse::<i64>().ok())
            .filter(|value| *value >= least && value.unsigned_abs() <= WHOLE_MAX);
        let Some(value) = value else {
            return fault("a whole number within the bounds of the format is wanted");
        };
        if !sound {
            let what = "a text where a number belongs";
            self.departure(Code::FieldInvalid, what, format!("read as {value}"))?;
        }
        Ok(value.into())
    }

    fn number(&mut self, tree: Tree<'_>, holds: Type) -> Taken<Value> {
        let text = match tree {
            Tree::Text(text) => text,
            Tree::Number(number) => {
                let Some(plain) = plain(number) else { return fault(NUMERIC) };
                let what = "a number where a text belongs";
                self.departure(Code::FieldInvalid, what, "read as the same digits")?;
                plain.into()
            }
            _ => return fault(NUMERIC),
        };
        if let Some(text) = decimal(&text) {
            return Ok(self.kept(text));
        }
        let trimmed = text.trim();
        let (found, done) = match decimal(trimmed) {
            Some(found) => (Some(found.into_owned()), "read without the spaces"),
            None if matches!(holds, Type::Measure) => (cut(trimmed), "cut to ten decimals"),
            None => (None, ""),
        };
        let Some(found) = found else { return fault(NUMERIC) };
        self.departure(Code::FieldInvalid, format!("{:?}: {NUMERIC}", shown(&text)), done)?;
        Ok(found.into())
    }

    fn part_of_one(&mut self, tree: Tree<'_>) -> Taken<Value> {
        const WANTED: &str = "a part of one with at most ten decimals is wanted";
        let (text, sound) = match tree {
            Tree::Text(text) => (text.into_owned(), true),
            Tree::Number(number) => (plain(number).unwrap_or_default(), false),
            _ => return fault(WANTED),
        };
        let found = percentage(&text);
        if let (Some(found), true) = (&found, sound) {
            return Ok(found.as_str().into());
        }
        let (found, done) = match found {
            Some(found) => (Some(found), "read as the same digits"),
            None => match cut(&text).as_deref().and_then(percentage) {
                Some(found) => (Some(found), "cut to ten decimals"),
                None => (hundredths(&text), "read as so many hundredths"),
            },
        };
        let Some(found) = found else { return fault(WANTED) };
        self.departure(Code::FieldInvalid, format!("{:?}: {WANTED}", shown(&text)), done)?;
        Ok(found.into())
    }

    fn date(&mut self, tree: Tree<'_>) -> Taken<Value> {
        const WANTED: &str = "a date YYYY-MM-DD is wanted";
        let Tree::Text(text) = tree else { return fault(WANTED) };
        if Date::parse(&text).is_some() {
            return Ok(self.kept(text));
        }
        let date = text.trim().get(..10).and_then(Date::parse);
        let rest = text.trim().get(10..).unwrap_or_default();
        match date {
            Some(date) if rest.is_empty() || rest.starts_with(['T', 't', ' ']) => {
                let what = format!("{:?}: {WANTED}", shown(&text));
                self.departure(Code::FieldInvalid, what, "the time is left out")?;
                Ok(date.to_string().into())
            }
            _ => fault(format!("{:?}: {WANTED}", shown(&text))),
        }
    }

    fn moment(&mut self, tree: Tree<'_>) -> Taken<Value> {
        const WANTED: &str = "a date and a time with its zone is wanted";
        let Tree::Text(text) = tree else { return fault(WANTED) };
        if is_moment(&text) {
            return Ok(self.kept(text));
        }
        let date = text.get(..10).and_then(Date::parse);
        let what = format!("{:?}: {WANTED}", shown(&text));
        let Some(date) = date else { return fault(what) };
        let zoned = format!("{}Z", text.replacen(' ', "T", 1));
        let found = if is_moment(&zoned) { zoned } else { format!("{date}T00:00:00Z") };
        self.departure(Code::FieldInvalid, what, format!("read as {found}"))?;
        Ok(found.into())
    }

    fn form(&mut self, tree: Tree<'_>, wanted: &str, fits: fn(&str) -> bool) -> Taken<Value> {
        let text = self.text(tree)?;
        if fits(&text) { Ok(self.kept(text)) } else { fault(wanted) }
    }

    /// A code in upper case; LENIENT raises one in lower case.
    fn upper(
        &mut self,
        tree: Tree<'_>,
        length: std::ops::RangeInclusive<usize>,
        wanted: &str,
        digits: bool,
    ) -> Taken<Value> {
        let text = self.text(tree)?;
        let fits = |text: &str| {
            length.contains(&text.len())
                && text.bytes().all(|c| c.is_ascii_uppercase() || (digits && c.is_ascii_digit()))
        };
        if fits(&text) {
            return Ok(self.kept(text));
        }
        let raised = text.trim().to_ascii_uppercase();
        if !fits(&raised) {
            return fault(format!("{:?}: {wanted}", shown(&text)));
        }
        self.departure(Code::FieldInvalid, format!("{:?}: {wanted}", shown(&text)), "raised")?;
        Ok(raised.into())
    }

    fn list(&mut self, tree: Tree<'_>, of: Type, least: usize, unique: Unique) -> Taken<Value> {
        let elements = match tree {
            Tree::List(elements) => elements,
            Tree::Map(_) | Tree::Text(_) => {
                let what = "one value where a list belongs";
                self.departure(Code::FieldInvalid, what, "read as a list of one")?;
                vec![tree]
            }
            _ => return fault("a list is wanted"),
        };
        let ids = matches!(of, Type::To(_));
        if ids && elements.len() > IDS_MAX {
            return fault(format!("a list of at most {IDS_MAX} ids is wanted"));
        }
        let mut list: Vec<Value> = Vec::with_capacity(elements.len());
        // By their canonical texts; one value alone repeats none.
        let mut seen = (unique == Unique::Each && elements.len() > 1).then(BTreeSet::new);
        for (at, element) in elements.into_iter().enumerate() {
            self.path.push(Step::Nth(at));
            match self.value(of, element) {
                Ok(value) if seen.as_mut().is_some_and(|seen| !seen.insert(value.to_string())) => {
                    self.departure(Code::FieldInvalid, "it occurs twice", "taken once")?;
                }
                Ok(value) => list.push(value),
                // Descriptive lists lose what cannot be read; one on which holdings or vesting
                // depend is refused as a whole.
                Err(Stop::Fault(fault)) if least == 0 && !ids && !self.strict() => {
                    self.departure(fault.code, fault.what, "left out")?;
                }
                Err(Stop::Fault(mut fault)) => {
                    fault.what = format!("[{at}] {}", fault.what);
                    self.path.pop();
                    return Err(Stop::Fault(fault));
                }
                Err(refused) => return Err(refused),
            }
            self.path.pop();
        }
        if list.len() < least {
            return fault(format!("a list of at least {least} is wanted"));
        }
        Ok(Value::Array(list))
    }

    /// The members of an object; LENIENT takes a text for a name.
    fn members<'t>(&mut self, tree: Tree<'t>, shape: &'static Shape) -> Taken<Members<'t>> {
        match tree {
            Tree::Map(members) => Ok(members),
            Tree::Text(text) if shape.field("legal_name").is_some() => {
                let what = "a text where a name belongs";
                self.departure(Code::FieldInvalid, what, "read as the legal name")?;
                Ok(vec![("legal_name".into(), Tree::Text(text))])
            }
            _ => fault("an object is wanted"),
        }
    }

    /// An object whose `type` says what it is.
    fn tagged(
        &mut self,
        tree: Tree<'_>,
        options: &'static [(&'static str, &'static Shape)],
    ) -> Taken<Value> {
        let Tree::Map(mut members) = tree else { return fault("an object is wanted") };
        let named = members.iter().find(|(key, _)| key == "type").map(|(_, value)| value);
        let shape = match named {
            Some(Tree::Text(text)) => {
                let found = options.iter().find(|(name, _)| *name == text);
                let Some((_, shape)) = found else {
                    return fault(format!("the type {:?} is not one of the format", shown(text)));
                };
                *shape
            }
            Some(_) => return fault("the type is a text"),
            None => match options {
                [(name, shape)] => {
                    let what = "its type is missing";
                    self.departure(Code::FieldMissing, what, format!("taken as {name}"))?;
                    members.push(("type".into(), Tree::Text((*name).into())));
                    *shape
                }
                _ => return fault("its type is missing"),
            },
        };
        self.part(shape, members).map(Value::Object)
    }
}

const NUMERIC: &str = "a number with at most ten decimals, as a text, is wanted";
