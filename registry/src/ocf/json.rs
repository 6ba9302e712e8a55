//! JSON of one file, item by item, within a bound for each item.
//!
//! serde_json stops at a depth of 128. Here a value is built node by node against a budget, a key
//! that occurs twice in one object is refused (two readers could take either), and so is a number
//! with a fraction: exact decimals are texts in this format.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::{Code, Refusal};

/// Values within one item, and within the manifest: an issuance with daily vesting over 40 years
/// needs some 45,000.
const NODES_MAX: usize = 100_000;

/// What a file says beside its items.
#[derive(Default)]
pub(super) struct Head {
    /// `file_type`, where it is a text.
    pub(super) file_type: Option<String>,
    /// The other members of the object, where they were asked for.
    pub(super) rest: Map<String, Value>,
}

/// What to do with each item.
pub(super) type Sink<'a> = &'a mut dyn FnMut(Value) -> Result<(), Refusal>;

/// Reads the `file_type` of a file and skips everything else.
pub(super) fn file_type(name: &str, bytes: &[u8]) -> Result<Option<String>, Refusal> {
    Ok(parse(name, bytes, false, None)?.file_type)
}

/// Reads the manifest.
pub(super) fn manifest(name: &str, bytes: &[u8]) -> Result<Map<String, Value>, Refusal> {
    Ok(parse(name, bytes, true, None)?.rest)
}

/// Reads a file of items, each of which goes to `sink`; returns what stands beside them.
pub(super) fn items(
    name: &str,
    bytes: &[u8],
    sink: Sink<'_>,
) -> Result<Map<String, Value>, Refusal> {
    Ok(parse(name, bytes, true, Some(sink))?.rest)
}

fn parse(name: &str, bytes: &[u8], rest: bool, sink: Option<Sink<'_>>) -> Result<Head, Refusal> {
    let mut refusal = None;
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let file = File { rest, sink, refusal: &mut refusal };
    let read = json.deserialize_any(file).and_then(|head| json.end().map(|()| head));
    match (refusal, read) {
        (Some(refusal), _) => Err(refusal),
        (None, Ok(head)) => Ok(head),
        (None, Err(error)) => Err(Refusal::new(Code::JsonInvalid, name, "", error.to_string())),
    }
}

/// Visits the top of a file.
struct File<'a, 'b> {
    rest: bool,
    sink: Option<Sink<'a>>,
    refusal: &'b mut Option<Refusal>,
}

impl<'de> Visitor<'de> for File<'_, '_> {
    type Value = Head;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Head, A::Error> {
        let mut head = Head::default();
        let mut budget = NODES_MAX;
        let mut items = false;
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "file_type" if head.file_type.is_none() => {
                    head.file_type = Some(map.next_value()?);
                }
                "items" if !items => {
                    items = true;
                    match self.sink.as_mut() {
                        Some(sink) => map.next_value_seed(Items { sink, refusal: self.refusal })?,
                        None => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                "file_type" | "items" => return Err(twice(&key)),
                _ if self.rest => {
                    let value = map.next_value_seed(Bounded(&mut budget))?;
                    if head.rest.insert(key.clone(), value).is_some() {
                        return Err(twice(&key));
                    }
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(head)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Head, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Head::default())
    }
}

/// Hands the elements of an array to the sink.
struct Items<'a, 'b, 'c> {
    sink: &'a mut Sink<'b>,
    refusal: &'c mut Option<Refusal>,
}

impl<'de> DeserializeSeed<'de> for Items<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Items<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of items")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        loop {
            let mut budget = NODES_MAX;
            let Some(item) = seq.next_element_seed(Bounded(&mut budget))? else {
                return Ok(());
            };
            if let Err(refusal) = (self.sink)(item) {
                *self.refusal = Some(refusal);
                return Err(A::Error::custom("refused"));
            }
        }
    }
}

/// A value of at most so many nodes.
struct Bounded<'a>(&'a mut usize);

impl<'de> DeserializeSeed<'de> for Bounded<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Value, D::Error> {
        *self.0 = self
            .0
            .checked_sub(1)
            .ok_or_else(|| D::Error::custom("more values in one item than the limit"))?;
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Bounded<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value without fractional numbers")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(value) = seq.next_element_seed(Bounded(self.0))? {
            list.push(value);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            let value = map.next_value_seed(Bounded(self.0))?;
            if object.insert(key.clone(), value).is_some() {
                return Err(twice(&key));
            }
        }
        Ok(Value::Object(object))
    }
}

fn twice<E: Error>(key: &str) -> E {
    E::custom(format!("the key {key:?} occurs twice"))
}
