//! Submissions: what is signed is what is logged is what is executed.
//!
//! A participant signs a header of ten lines of text. It names the ledger, the key, an id, until
//! when it is valid, and the root of an RFC 6962 tree over the salted commands, so that thousands of
//! commands cost one signature, and one command can be shown later without its neighbours.
//!
//! [`Submission::decode`] does everything that needs no ledger state: parsing, hashing, the
//! signature. It is a pure function of the bytes and runs in front of the ledger, on any thread.

use bytes::Bytes;
use counterfoil_registry::handle::PartyId;
use prost::Message as _;

use crate::command::{Command, FieldError};
use crate::evidence::record::{command_leaf, submission_root};
use crate::hash::{Hash, sha256};
use crate::key::{PrivateKey, PublicKey};
use crate::limits::{COMMAND_BYTES, COMMANDS_PER_SUBMISSION, SUBMISSION_BYTES};
use crate::time::Timestamp;
use crate::wire::{self, Encoding, WireError, v1};

#[cfg(test)]
mod tests;

/// Whether the commands of a submission stand or fall together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// All or none.
    Atomic,
    /// Each by itself, in order.
    Independent,
}

/// What a participant signs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Header {
    /// The ledger that it is for.
    pub ledger: Hash,
    /// Who signs.
    pub participant: PartyId,
    /// With which key.
    pub key: PublicKey,
    /// The signer's id of the submission: 1 to 35 visible ASCII characters without spaces.
    pub id: String,
    /// Ledger time after which it is void.
    pub valid_until: Timestamp,
    /// How the bytes of the commands are to be read.
    pub encoding: Encoding,
    /// Whether the commands stand or fall together.
    pub mode: Mode,
    /// How many commands there are.
    pub commands: u32,
    /// Root of the RFC 6962 tree over salt and bytes of each command.
    pub root: Hash,
}

const TITLE: &str = "counterfoil submission 1";

impl Header {
    /// The text that is signed.
    pub fn text(&self) -> String {
        let mode = match self.mode {
            Mode::Atomic => "atomic",
            Mode::Independent => "independent",
        };
        format!(
            "{TITLE}\nledger {}\nparticipant {}\nkey {}\nid {}\nvalid-until {}\nencoding {}\n\
             mode {mode}\ncommands {}\nroot {}\n",
            self.ledger,
            self.participant,
            self.key,
            self.id,
            self.valid_until,
            self.encoding.as_str(),
            self.commands,
            self.root,
        )
    }

    /// Reads the text; one that is not exactly what [`Header::text`] writes is refused.
    pub fn parse(text: &str) -> Result<Header, WireError> {
        let refuse = |line: &str| WireError(format!("header: the line '{line}' is malformed"));
        let mut lines = text.split('\n');
        if lines.next() != Some(TITLE) {
            return Err(refuse(TITLE));
        }
        let mut value = |name: &'static str| {
            let line = lines.next().ok_or(refuse(name))?;
            line.strip_prefix(name).and_then(|rest| rest.strip_prefix(' ')).ok_or(refuse(name))
        };
        let header = Header {
            ledger: value("ledger").map(Hash::parse)?.ok_or(refuse("ledger"))?,
            participant: value("participant").map(PartyId::parse)?.ok_or(refuse("participant"))?,
            key: value("key").map(PublicKey::parse)?.ok_or(refuse("key"))?,
            id: value("id")?.to_owned(),
            valid_until: value("valid-until")
                .map(Timestamp::parse)?
                .ok_or(refuse("valid-until"))?,
            encoding: value("encoding").map(Encoding::parse)?.ok_or(refuse("encoding"))?,
            mode: match value("mode")? {
                "atomic" => Mode::Atomic,
                "independent" => Mode::Independent,
                _ => return Err(refuse("mode")),
            },
            commands: value("commands")?.parse().map_err(|_| refuse("commands"))?,
            root: value("root").map(Hash::parse)?.ok_or(refuse("root"))?,
        };
        let id = header.id.as_bytes();
        if id.is_empty() || id.len() > 35 || !id.iter().all(u8::is_ascii_graphic) {
            return Err(refuse("id"));
        }
        if header.text() != text {
            return Err(WireError("header: it is not in its one canonical form".to_owned()));
        }
        Ok(header)
    }
}

/// A command as it was sent, and what it says.
#[derive(Clone, Debug)]
pub struct Item {
    /// Hides the command behind its hash until someone shows it.
    pub salt: [u8; 16],
    /// The exact bytes.
    pub bytes: Bytes,
    /// RFC 6962 leaf hash over salt and bytes.
    pub leaf: Hash,
    /// What it says, or the field that says nothing valid.
    pub command: Result<Command, FieldError>,
}

/// A submission that was read; whether the ledger accepts it is another question.
#[derive(Clone, Debug)]
pub struct Submission {
    /// What was signed, parsed.
    pub header: Header,
    /// SHA-256 of the text that was signed.
    pub digest: Hash,
    /// The signature.
    pub signature: [u8; 64],
    /// Whether the signature is one of the header's key over the header.
    pub signed: bool,
    /// Whether the items have the header's count and root.
    pub rooted: bool,
    /// The commands in order.
    pub items: Vec<Item>,
    /// The bytes in the log: canonical protobuf.
    pub bytes: Bytes,
}

impl Submission {
    /// Reads the protobuf form, which is the form in the log.
    pub fn decode(bytes: Bytes) -> Result<Submission, WireError> {
        if bytes.len() > SUBMISSION_BYTES {
            return Err(WireError(format!("a submission has at most {SUBMISSION_BYTES} bytes")));
        }
        let wire = wire::decode_submission(&bytes, Encoding::Protobuf)?;
        Submission::read(wire, bytes)
    }

    /// Reads the JSON form.
    pub fn decode_json(bytes: &[u8]) -> Result<Submission, WireError> {
        if bytes.len() > SUBMISSION_BYTES {
            return Err(WireError(format!("a submission has at most {SUBMISSION_BYTES} bytes")));
        }
        Submission::from_wire(wire::decode_submission(bytes, Encoding::Json)?)
    }

    /// Takes the parts of a submission, as the gateway has them.
    pub fn from_wire(wire: v1::Submission) -> Result<Submission, WireError> {
        let bytes = Bytes::from(wire.encode_to_vec());
        Submission::read(wire, bytes)
    }

    fn read(wire: v1::Submission, bytes: Bytes) -> Result<Submission, WireError> {
        let header = Header::parse(&wire.header)?;
        let signature = <[u8; 64]>::try_from(wire.signature.as_ref());
        let signature = signature.map_err(|_| WireError("signature: not 64 bytes".to_owned()))?;
        if wire.commands.is_empty() || wire.commands.len() > COMMANDS_PER_SUBMISSION {
            let why = format!("commands: 1 to {COMMANDS_PER_SUBMISSION} are wanted");
            return Err(WireError(why));
        }
        let items = wire.commands.into_iter().enumerate();
        let items = items.map(|(at, item)| {
            let salt = <[u8; 16]>::try_from(item.salt.as_ref());
            let salt = salt.map_err(|_| WireError(format!("commands[{at}].salt: not 16 bytes")))?;
            if item.command.len() > COMMAND_BYTES {
                let why = format!("commands[{at}]: more than {COMMAND_BYTES} bytes");
                return Err(WireError(why));
            }
            let command = wire::decode_command(&item.command, header.encoding)
                .map_err(|error| FieldError { path: "command".to_owned(), why: error.0 })
                .and_then(Command::parse);
            let leaf = command_leaf(&salt, &item.command);
            Ok(Item { salt, bytes: item.command, leaf, command })
        });
        let items: Vec<Item> = items.collect::<Result<_, WireError>>()?;
        let leaves: Vec<Hash> = items.iter().map(|item| item.leaf).collect();
        let counted = usize::try_from(header.commands) == Ok(items.len());
        Ok(Submission {
            digest: sha256(&[wire.header.as_bytes()]),
            signed: header.key.verifies(wire.header.as_bytes(), &signature),
            rooted: counted && submission_root(&leaves) == header.root,
            header,
            signature,
            items,
            bytes,
        })
    }
}

/// Makes submissions: what a client does.
#[derive(Clone, Debug)]
pub struct Author {
    /// The ledger.
    pub ledger: Hash,
    /// Who signs.
    pub participant: PartyId,
    /// With which key.
    pub key: PrivateKey,
    /// In which encoding.
    pub encoding: Encoding,
}

impl Author {
    /// Signs `commands` under one header. The salts must be random, or else who knows the rest of a
    /// submission can guess a command that is not shown.
    pub fn sign(
        &self,
        id: &str,
        valid_until: Timestamp,
        mode: Mode,
        commands: Vec<([u8; 16], v1::command::Command)>,
    ) -> v1::Submission {
        let mut leaves = Vec::with_capacity(commands.len());
        let mut items = Vec::with_capacity(commands.len());
        for (salt, command) in commands {
            let command = v1::Command { command: Some(command) };
            let command = wire::encode_command(&command, self.encoding);
            leaves.push(command_leaf(&salt, &command));
            items.push(v1::SaltedCommand { salt: salt.to_vec().into(), command: command.into() });
        }
        let header = Header {
            ledger: self.ledger,
            participant: self.participant,
            key: self.key.public(),
            id: id.to_owned(),
            valid_until,
            encoding: self.encoding,
            mode,
            commands: u32::try_from(items.len()).unwrap_or(u32::MAX),
            root: submission_root(&leaves),
        };
        let header = header.text();
        let signature = self.key.sign(header.as_bytes()).to_vec().into();
        v1::Submission { header, signature, commands: items }
    }
}
