//! Objects as canonical JSON (RFC 8785): members in the order of their UTF-16 code units, no white
//! space, whole numbers only.

use std::fmt;

use super::{Fields, Kind, Object, Value};

/// Levels that the value of a field may have: the format needs eight.
const DEPTH_MAX: usize = 32;

/// The greatest whole number that canonical JSON has one text for, either side of zero.
pub(in crate::ocf) const WHOLE_MAX: u64 = (1 << 53) - 1;

impl Object {
    /// The canonical JSON.
    pub fn to_json(&self) -> String {
        let (kind, id) = (Value::from(self.kind.as_str()), Value::String(self.id.clone()));
        let own = [("id", Some(&id)), ("object_type", Some(&kind))];
        let fields = self.fields.iter().map(|(name, value)| (name, Some(value)));
        let mut text = String::new();
        members(own.into_iter().chain(fields), &mut text);
        text
    }

    /// Reads the canonical JSON of an object; any other text is `None`.
    pub fn parse_json(text: &str) -> Option<Object> {
        let mut fields: Fields = serde_json::from_str(text).ok()?;
        let kind = Kind::parse(fields.remove("object_type")?.as_str()?)?;
        let Value::String(id) = fields.remove("id")? else { return None };
        let sound = !id.is_empty() && fields.iter().all(|(_, value)| is_within(value, DEPTH_MAX));
        let object = sound.then(|| Object::new(kind, id, fields))?;
        (object.to_json() == text).then_some(object)
    }
}

fn is_within(value: &Value, depth: usize) -> bool {
    match value {
        _ if depth == 0 => false,
        Value::Array(items) => items.iter().all(|item| is_within(item, depth - 1)),
        Value::Object(fields) => fields.iter().all(|(_, value)| is_within(value, depth - 1)),
        Value::Number(number) => {
            let size = number.as_i64().map(i64::unsigned_abs);
            size.is_some_and(|size| size <= WHOLE_MAX)
        }
        Value::True | Value::False | Value::String(_) => true,
    }
}

/// Canonical JSON.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        write(self, &mut text);
        f.write_str(&text)
    }
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        Value::Object(fields) => {
            members(fields.iter().map(|(name, value)| (name, Some(value))), out);
        }
        Value::String(text) => string(text, out),
        Value::True => out.push_str("true"),
        Value::False => out.push_str("false"),
        Value::Number(number) => out.push_str(&number.to_string()),
    }
}

/// The members of an object, in any order and each once; no value is `null`.
pub(in crate::ocf) fn members<'a>(
    members: impl Iterator<Item = (&'a str, Option<&'a Value>)>,
    out: &mut String,
) {
    let mut members: Vec<(&str, Option<&Value>)> = members.collect();
    if members.iter().all(|(name, _)| name.is_ascii()) {
        members.sort_by_key(|(name, _)| *name);
    } else {
        members.sort_by(|(one, _), (other, _)| one.encode_utf16().cmp(other.encode_utf16()));
    }
    out.push('{');
    for (at, (name, value)) in members.into_iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        string(name, out);
        out.push(':');
        match value {
            Some(value) => write(value, out),
            None => out.push_str("null"),
        }
    }
    out.push('}');
}

/// serde_json escapes a text as RFC 8785 asks; most texts need none of it.
fn string(text: &str, out: &mut String) {
    if text.bytes().any(|byte| byte < 0x20 || byte == b'"' || byte == b'\\') {
        out.push_str(&serde_json::Value::from(text).to_string());
    } else {
        out.push('"');
        out.push_str(text);
        out.push('"');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_has_one_text() {
        let text = r#"{"comments":["a\nb"],"id":"x","name":"Common","object_type":"STOCK_CLASS","seniority":1}"#;
        let object = Object::parse_json(text).unwrap();
        assert_eq!(object.kind(), Kind::StockClass);
        assert_eq!(object.to_json(), text);
        for whole in ["9007199254740991", "-9007199254740991"] {
            let text = text.replace(":1}", &format!(":{whole}}}"));
            assert_eq!(Object::parse_json(&text).unwrap().to_json(), text);
        }
        for other in [
            r#"{"id":"x","object_type":"STOCK_CLASS","seniority":9007199254740992}"#,
            r#"{"id":"x","object_type":"STOCK_CLASS","seniority":-9007199254740992}"#,
            r#"{"id":"x","object_type":"STOCK_CLASS","seniority":18446744073709551615}"#,
            r#"{"id":"x","object_type":"STOCK_CLASS","name":"Common"}"#,
            r#"{"id":"x", "object_type":"STOCK_CLASS"}"#,
            r#"{"id":"x","object_type":"STOCK_CLASS","seniority":1.5}"#,
            r#"{"id":"x","object_type":"STOCK_CLASS","seniority":null}"#,
            r#"{"id":"","object_type":"STOCK_CLASS"}"#,
            r#"{"id":"x","object_type":"TX_PLAN_SECURITY_RELEASE"}"#,
            r#"{"id":"x","object_type":"BOND"}"#,
            r#"{"object_type":"STOCK_CLASS"}"#,
            "[]",
            "",
        ] {
            assert_eq!(Object::parse_json(other), None, "{other}");
        }
        let deep = format!(
            r#"{{"id":"x","object_type":"DOCUMENT","x":{}1{}}}"#,
            "[".repeat(40),
            "]".repeat(40)
        );
        assert_eq!(Object::parse_json(&deep), None);
    }
}
