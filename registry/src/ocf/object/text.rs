//! Objects as canonical JSON (RFC 8785): members in the order of their UTF-16 code units, no white
//! space, whole numbers only.

use serde_json::{Map, Value};

use super::{Kind, Object};

/// Levels that the value of a field may have: the format needs eight.
const DEPTH_MAX: usize = 32;

impl Object {
    /// The canonical JSON.
    pub fn to_json(&self) -> String {
        let (kind, id) = (Value::from(self.kind.as_str()), Value::from(self.id.as_str()));
        let own = [("object_type", &kind), ("id", &id)];
        let fields = self.fields.iter().map(|(name, value)| (name.as_str(), value));
        let mut text = String::new();
        members(own.into_iter().chain(fields), &mut text);
        text
    }

    /// Reads the canonical JSON of an object; any other text is `None`.
    pub fn parse_json(text: &str) -> Option<Object> {
        let Ok(Value::Object(mut fields)) = serde_json::from_str(text) else { return None };
        let kind = Kind::parse(fields.remove("object_type")?.as_str()?)?;
        let id = fields.remove("id")?.as_str()?.to_owned();
        let sound = !id.is_empty() && fields.values().all(|value| is_canonical(value, DEPTH_MAX));
        let object = sound.then(|| Object::new(kind, id, fields))?;
        (object.to_json() == text).then_some(object)
    }
}

/// Numbers are whole: a fraction has several spellings.
fn is_canonical(value: &Value, depth: usize) -> bool {
    match value {
        _ if depth == 0 => false,
        Value::Null => false,
        Value::Number(number) => number.is_i64() || number.is_u64(),
        Value::Array(items) => items.iter().all(|item| is_canonical(item, depth - 1)),
        Value::Object(fields) => fields.values().all(|value| is_canonical(value, depth - 1)),
        Value::Bool(_) | Value::String(_) => true,
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
        Value::Object(fields) => object(fields, out),
        // serde_json escapes a text and writes a whole number as RFC 8785 asks.
        plain => out.push_str(&plain.to_string()),
    }
}

fn object(fields: &Map<String, Value>, out: &mut String) {
    members(fields.iter().map(|(name, value)| (name.as_str(), value)), out);
}

fn members<'a>(fields: impl Iterator<Item = (&'a str, &'a Value)>, out: &mut String) {
    let mut fields: Vec<(&str, &Value)> = fields.collect();
    fields.sort_by(|(one, _), (other, _)| one.encode_utf16().cmp(other.encode_utf16()));
    out.push('{');
    for (at, (name, value)) in fields.into_iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        out.push_str(&Value::from(name).to_string());
        out.push(':');
        write(value, out);
    }
    out.push('}');
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
        for other in [
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
