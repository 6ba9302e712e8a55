//! The vocabulary of commands as types, and its two encodings.
//!
//! A command is protobuf or JSON; both name the same fields of `command.proto`. Each encoding is
//! canonical: bytes that do not re-encode to themselves are refused, so that there is one text for
//! one command, and unknown fields cannot hide in it. The JSON form is RFC 8785 in which every
//! value is a string, a list, an object or `true`; bytes are lower-case hexadecimal; a field with
//! its default value is left out.

use std::sync::LazyLock;

use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor};

mod json;
#[cfg(test)]
mod tests;

/// The types that `command.proto` declares.
#[allow(missing_docs, clippy::all, unreachable_pub)]
pub mod v1 {
    include!(concat!(env!("OUT_DIR"), "/counterfoil.v1.rs"));
}

static DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

/// The descriptors of the vocabulary.
pub static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| {
    DescriptorPool::decode(DESCRIPTORS).expect("the build script wrote valid descriptors")
});

/// How the bytes of a command are to be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Encoding {
    /// Canonical protobuf.
    Protobuf,
    /// JSON in RFC 8785 form.
    Json,
}

impl Encoding {
    /// The name in a submission's header.
    pub fn as_str(self) -> &'static str {
        match self {
            Encoding::Protobuf => "protobuf",
            Encoding::Json => "json",
        }
    }

    /// Reads the name in a submission's header.
    pub fn parse(text: &str) -> Option<Encoding> {
        [Encoding::Protobuf, Encoding::Json].into_iter().find(|e| e.as_str() == text)
    }
}

/// Why bytes are not a command or a submission, with the place.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct WireError(pub String);

/// Reads a command.
pub fn decode_command(bytes: &[u8], encoding: Encoding) -> Result<v1::Command, WireError> {
    match encoding {
        Encoding::Protobuf => decode_protobuf(bytes),
        Encoding::Json => {
            let message = json::read(bytes, message("Command"))?.encode_to_vec();
            v1::Command::decode(message.as_slice()).map_err(|error| WireError(error.to_string()))
        }
    }
}

/// Writes a command.
pub fn encode_command(command: &v1::Command, encoding: Encoding) -> Vec<u8> {
    match encoding {
        Encoding::Protobuf => command.encode_to_vec(),
        Encoding::Json => {
            let mut dynamic = DynamicMessage::new(message("Command"));
            let merged = dynamic.merge(command.encode_to_vec().as_slice());
            merged.expect("the descriptors are those of the types");
            json::write(&dynamic).into_bytes()
        }
    }
}

/// Reads a submission as it travels. In JSON the commands stand as objects, in protobuf as bytes in
/// the encoding that the header names.
pub fn decode_submission(bytes: &[u8], encoding: Encoding) -> Result<v1::Submission, WireError> {
    match encoding {
        Encoding::Protobuf => decode_protobuf(bytes),
        Encoding::Json => json::read_submission(bytes),
    }
}

/// The canonical JSON of a submission whose commands are JSON.
pub fn submission_json(submission: &v1::Submission) -> Result<String, WireError> {
    json::write_submission(submission)
}

/// The descriptor of a message of the vocabulary, such as `InstructSettlement`.
pub fn descriptor(name: &str) -> Option<MessageDescriptor> {
    POOL.get_message_by_name(&format!("counterfoil.v1.{name}"))
}

/// What `command.proto` says about a message or a field, by its path in the file.
pub fn comment(path: &[i32]) -> Option<String> {
    let files = POOL.files();
    let mut places = files.filter_map(|file| {
        let info = file.file_descriptor_proto().source_code_info.as_ref()?;
        let place = info.location.iter().find(|location| location.path == path)?;
        place.leading_comments.clone()
    });
    let lines = places.next()?;
    let lines: Vec<&str> = lines.lines().map(str::trim).collect();
    Some(lines.join(" ").trim().to_owned()).filter(|text| !text.is_empty())
}

fn decode_protobuf<M: prost::Message + Default>(bytes: &[u8]) -> Result<M, WireError> {
    let message = M::decode(bytes).map_err(|error| WireError(error.to_string()))?;
    if message.encode_to_vec() != bytes {
        let why = "the protobuf is not canonical, or holds a field that is not known";
        return Err(WireError(why.to_owned()));
    }
    Ok(message)
}

fn message(name: &str) -> MessageDescriptor {
    descriptor(name).expect("command.proto declares the message")
}
