//! The JSON form, driven by the descriptors.

use prost_reflect::{Cardinality, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, Value};
use serde_json::Value as Json;

use super::{WireError, v1};
use crate::hash::{parse_hex, to_hex};

/// Reads a message and refuses a text that is not its canonical one.
pub(super) fn read(bytes: &[u8], kind: MessageDescriptor) -> Result<DynamicMessage, WireError> {
    let json: Json = serde_json::from_slice(bytes).map_err(|error| WireError(error.to_string()))?;
    let message = read_message(&json, kind, "")?;
    if write(&message).as_bytes() != bytes {
        return Err(not_canonical());
    }
    Ok(message)
}

fn not_canonical() -> WireError {
    WireError(
        "the JSON is not in RFC 8785 form: sorted names used once, no white space, the shortest \
         escapes, no member with its default value"
            .to_owned(),
    )
}

/// Writes the canonical text of a message.
pub(super) fn write(message: &DynamicMessage) -> String {
    let mut text = String::new();
    write_message(message, &mut text);
    text
}

pub(super) fn read_submission(bytes: &[u8]) -> Result<v1::Submission, WireError> {
    let json: Json = serde_json::from_slice(bytes).map_err(|error| WireError(error.to_string()))?;
    let member = |name: &str| json.get(name).ok_or_else(|| WireError(format!("{name}: missing")));
    let text = |value: &Json, path: &str| match value {
        Json::String(text) => Ok(text.clone()),
        _ => Err(WireError(format!("{path}: a string is wanted"))),
    };
    let hex = |value: &Json, path: &str| {
        let bytes = parse_hex(&text(value, path)?);
        bytes.ok_or_else(|| WireError(format!("{path}: lower-case hexadecimal is wanted")))
    };
    let mut submission = v1::Submission {
        header: text(member("header")?, "header")?,
        signature: hex(member("signature")?, "signature")?.into(),
        commands: Vec::new(),
    };
    let Json::Array(commands) = member("commands")? else {
        return Err(WireError("commands: a list is wanted".to_owned()));
    };
    for (at, item) in commands.iter().enumerate() {
        let path = format!("commands[{at}]");
        let member =
            |name: &str| item.get(name).ok_or_else(|| WireError(format!("{path}.{name}: missing")));
        let command = read_message(member("command")?, super::message("Command"), &path)?;
        submission.commands.push(v1::SaltedCommand {
            salt: hex(member("salt")?, &path)?.into(),
            command: write(&command).into_bytes().into(),
        });
    }
    if write_submission(&submission)?.as_bytes() != bytes {
        return Err(not_canonical());
    }
    Ok(submission)
}

pub(super) fn write_submission(submission: &v1::Submission) -> Result<String, WireError> {
    let mut text = String::from("{\"commands\":[");
    for (at, item) in submission.commands.iter().enumerate() {
        let command = std::str::from_utf8(&item.command);
        let command = command.map_err(|_| WireError(format!("commands[{at}]: not JSON")))?;
        if at > 0 {
            text.push(',');
        }
        text.push_str(&format!("{{\"command\":{command},\"salt\":\"{}\"}}", to_hex(&item.salt)));
    }
    text.push_str("],\"header\":");
    write_string(&submission.header, &mut text);
    text.push_str(&format!(",\"signature\":\"{}\"}}", to_hex(&submission.signature)));
    Ok(text)
}

fn read_message(
    json: &Json,
    kind: MessageDescriptor,
    path: &str,
) -> Result<DynamicMessage, WireError> {
    let Json::Object(members) = json else {
        return Err(WireError(format!("{path}: an object is wanted")));
    };
    let mut message = DynamicMessage::new(kind.clone());
    for (name, value) in members {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let field = kind.get_field_by_json_name(name);
        let field = field.ok_or_else(|| WireError(format!("{path}: not a known member")))?;
        if let Some(oneof) = field.containing_oneof()
            && oneof.fields().any(|other| message.has_field(&other))
        {
            return Err(WireError(format!("{path}: only one of its kind may be given")));
        }
        let value = if field.cardinality() == Cardinality::Repeated {
            let Json::Array(items) = value else {
                return Err(WireError(format!("{path}: a list is wanted")));
            };
            let items = items.iter().enumerate();
            let items = items.map(|(at, item)| read_value(item, &field, &format!("{path}[{at}]")));
            Value::List(items.collect::<Result<_, _>>()?)
        } else {
            read_value(value, &field, &path)?
        };
        message.set_field(&field, value);
    }
    Ok(message)
}

fn read_value(json: &Json, field: &FieldDescriptor, path: &str) -> Result<Value, WireError> {
    let refuse = |wanted: &str| Err(WireError(format!("{path}: {wanted} is wanted")));
    match (field.kind(), json) {
        (Kind::String, Json::String(text)) => Ok(Value::String(text.clone())),
        (Kind::String, _) => refuse("a string"),
        (Kind::Bytes, Json::String(text)) => match parse_hex(text) {
            Some(bytes) => Ok(Value::Bytes(bytes.into())),
            None => refuse("lower-case hexadecimal"),
        },
        (Kind::Bytes, _) => refuse("lower-case hexadecimal"),
        (Kind::Bool, Json::Bool(value)) => Ok(Value::Bool(*value)),
        (Kind::Bool, _) => refuse("true or false"),
        (Kind::Enum(kind), Json::String(text)) => match kind.get_value_by_name(text) {
            Some(value) => Ok(Value::EnumNumber(value.number())),
            None => refuse("one of the documented names"),
        },
        (Kind::Message(kind), _) => read_message(json, kind, path).map(Value::Message),
        _ => refuse("a value of another type"),
    }
}

fn write_message(message: &DynamicMessage, out: &mut String) {
    let mut members: Vec<(FieldDescriptor, &Value)> = message.fields().collect();
    // Names are ASCII, so that the order of bytes is that of UTF-16 units which RFC 8785 wants.
    members.sort_by(|a, b| a.0.json_name().cmp(b.0.json_name()));
    out.push('{');
    for (at, (field, value)) in members.into_iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        write_string(field.json_name(), out);
        out.push(':');
        match value {
            Value::List(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    write_value(item, &field, out);
                }
                out.push(']');
            }
            value => write_value(value, &field, out),
        }
    }
    out.push('}');
}

fn write_value(value: &Value, field: &FieldDescriptor, out: &mut String) {
    match value {
        Value::String(text) => write_string(text, out),
        Value::Bytes(bytes) => write_string(&to_hex(bytes), out),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Message(message) => write_message(message, out),
        Value::EnumNumber(number) => {
            let name = match field.kind() {
                Kind::Enum(kind) => kind.get_value(*number).map(|value| value.name().to_owned()),
                _ => None,
            };
            // An unknown number has no name; its text does not read back, so it is refused.
            write_string(&name.unwrap_or_else(|| number.to_string()), out);
        }
        // command.proto has strings, bytes, enums, bools and messages alone; a test holds that.
        _ => {}
    }
}

/// RFC 8785 section 3.2.2.2, which is what serde_json writes.
fn write_string(text: &str, out: &mut String) {
    out.push_str(&Json::from(text).to_string());
}
