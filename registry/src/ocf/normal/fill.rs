//! Gaps and ties: what LENIENT puts where a required field is missing, and how fields that exclude
//! or need each other are brought together.

use super::{Fault, Normal, Stop, Taken};
use crate::ocf::Code;
use crate::ocf::format::{Field, Gap, Need, Tie, UNSTATED};
use crate::ocf::object::{Fields, Value};

impl Normal<'_> {
    /// Fills a required field that is missing or cannot be read.
    pub(super) fn fill(
        &mut self,
        field: &Field,
        fault: Box<Fault>,
        taken: &mut Fields,
    ) -> Taken<()> {
        let gap = match field.need {
            Need::Must(gap) => gap,
            _ => {
                self.departure(fault.code, fault.what, "taken as null")?;
                return Ok(());
            }
        };
        if let Gap::Later(what) = gap {
            self.departure(fault.code, fault.what, format!("taken as {what}"))?;
            return Ok(());
        }
        let Some(value) = value(gap, taken) else {
            return Err(self.raised(fault));
        };
        let done = match &value {
            Value::Array(list) if list.is_empty() => "taken as empty".to_owned(),
            Value::String(text) if text.is_empty() => "taken as empty".to_owned(),
            Value::Array(_) | Value::Object(_) => {
                "filled with what says that nothing is known".into()
            }
            other => format!("taken as {other}"),
        };
        self.departure(fault.code, fault.what, done)?;
        taken.insert(field.name, value);
        Ok(())
    }

    /// Checks what binds several fields.
    pub(super) fn tie(&mut self, tie: Tie, taken: &mut Fields) -> Taken<()> {
        let there = |taken: &Fields, names: &[&'static str]| -> Vec<&'static str> {
            names.iter().copied().filter(|name| taken.contains_key(name)).collect()
        };
        match tie {
            Tie::One(names) => match there(taken, names)[..] {
                [] => missing(names),
                [_] => Ok(()),
                [_, ref more @ ..] => {
                    for name in more {
                        self.excess(name, names[0], taken)?;
                    }
                    Ok(())
                }
            },
            Tie::Some(names) => {
                if there(taken, names).is_empty() {
                    missing(names)
                } else {
                    Ok(())
                }
            }
            Tie::NotBoth(first, second) => {
                if there(taken, &[first, second]).len() == 2 {
                    self.excess(second, first, taken)?;
                }
                Ok(())
            }
            Tie::With(name, needed) => {
                if taken.contains_key(name) && !taken.contains_key(needed) {
                    let what = format!("{name} stands without {needed}");
                    self.departure(Code::FieldInvalid, what, format!("{name} is left out"))?;
                    taken.remove(name);
                }
                Ok(())
            }
            Tie::When(name, values, needed) => {
                let applies = match taken.get(name) {
                    Some(Value::String(text)) => values.contains(&&**text),
                    Some(Value::True) => values == ["true"],
                    _ => false,
                };
                if !applies || !there(taken, needed).is_empty() {
                    return Ok(());
                }
                let what = format!("{} is missing", needed.join(" or "));
                match needed {
                    [price] => {
                        let done = "taken as zero of no currency (XXX)";
                        self.departure(Code::FieldMissing, what, done)?;
                        taken.insert(*price, no_price());
                    }
                    _ => {
                        self.departure(Code::FieldMissing, what, format!("{name} is left out"))?;
                        taken.remove(name);
                    }
                }
                Ok(())
            }
        }
    }

    fn excess(&mut self, name: &str, other: &str, taken: &mut Fields) -> Taken<()> {
        let what = format!("{name} and {other} exclude each other");
        self.departure(Code::FieldInvalid, what, format!("{name} is left out"))?;
        taken.remove(name);
        Ok(())
    }
}

fn missing<T>(names: &[&str]) -> Taken<T> {
    let what = format!("{} is missing", names.join(" or "));
    Err(Stop::Fault(Box::new(Fault { code: Code::FieldMissing, what })))
}

fn value(gap: Gap, taken: &Fields) -> Option<Value> {
    Some(match gap {
        Gap::Refuse | Gap::Later(_) => return None,
        Gap::Empty => Value::Array(Vec::new()),
        Gap::Text(text) => text.into(),
        Gap::Number(number) => number.into(),
        Gap::False => false.into(),
        Gap::NoPrice => no_price(),
        Gap::Name => [("legal_name", UNSTATED.into())].into(),
        Gap::Mechanism => mechanism(),
        Gap::Triggers => {
            let right = [
                ("type", "CONVERTIBLE_CONVERSION_RIGHT".into()),
                ("conversion_mechanism", mechanism()),
            ];
            Value::Array(vec![
                [
                    ("type", "UNSPECIFIED".into()),
                    ("trigger_id", UNSTATED.into()),
                    ("conversion_right", right.into()),
                ]
                .into(),
            ])
        }
        Gap::As(other) => taken.get(other)?.as_str()?.into(),
    })
}

fn no_price() -> Value {
    [("amount", "0".into()), ("currency", "XXX".into())].into()
}

fn mechanism() -> Value {
    let description = UNSTATED.into();
    [("type", "CUSTOM_CONVERSION".into()), ("custom_conversion_description", description)].into()
}
