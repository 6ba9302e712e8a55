//! `counterfoil submit`: signs commands and sends them to a server.

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;
use counterfoil_engine::submission::Mode;
use counterfoil_engine::wire::v1::{self, command::Command};
use counterfoil_engine::wire::{Encoding, decode_command};
use counterfoil_registry::handle::PartyId;
use serde_json::Value;

use crate::client::{self, Client, Signer};
use crate::exit::{Failure, read_file};
use crate::graphql::submission::canonical;
use crate::keys;
use crate::server::now;
use crate::table::{aligned, plain};

/// Which server, and who signs.
#[derive(Args)]
pub(crate) struct At {
    /// The server's address.
    #[arg(
        long,
        default_value = "http://127.0.0.1:7413",
        value_name = "URL",
        env = "COUNTERFOIL_SERVER"
    )]
    pub(crate) server: String,
    /// The participant who signs, such as P3-5.
    #[arg(long, value_name = "HANDLE", value_parser = participant)]
    pub(crate) participant: PartyId,
    /// The file with its private key.
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
}

impl At {
    /// Who signs.
    pub(crate) fn signer(&self) -> Result<Signer, Failure> {
        Ok(Signer { participant: self.participant, key: keys::read(&self.key)? })
    }
}

/// Reads the handle of a participant.
pub(crate) fn participant(text: &str) -> Result<PartyId, String> {
    PartyId::parse(text).ok_or_else(|| "a handle such as P3-5 is wanted".to_owned())
}

/// What to send, and how.
#[derive(Args)]
pub(crate) struct What {
    /// A file with one command or a list of them as JSON; - for standard input.
    commands: PathBuf,
    /// The id of the submission: what was executed under it already is shown and not done again.
    /// Without one a new id is made and printed.
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// All of the commands or none.
    #[arg(long)]
    atomic: bool,
    /// For how many seconds the submission may be executed.
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    valid_for: u32,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Signs, sends and prints what came of each command.
pub(crate) fn run(at: &At, what: &What) -> Result<(), Failure> {
    let commands = read(&what.commands)?;
    let signer = at.signer()?;
    let client = Client::new(&at.server);
    let ledger = client.ledger()?;
    if let Some(id) = &what.id {
        let token = client.token(ledger, &signer)?;
        if let Some(answer) = client.executed(signer.participant, id, &token)? {
            eprintln!("Submission {id} was executed before; this is what came of it.");
            return show(&answer, what.json);
        }
    }
    let id = match &what.id {
        Some(id) => id.clone(),
        None => fresh_id()?,
    };
    let until = now().plus_ms(u64::from(what.valid_for) * 1_000);
    let mode = if what.atomic { Mode::Atomic } else { Mode::Independent };
    let client = Client::new(&at.server);
    let ledger = client.ledger()?;
    let submission = client::sign(ledger, &signer, &id, until, mode, Encoding::Json, commands)?;
    eprintln!("Submission {id}.");
    let retry = |failure: &Failure| {
        let (code, message) = (plain(&failure.code), plain(&failure.message));
        eprintln!("{code}: {message}; sending the same bytes again");
    };
    show(&client.submit_until(&submission, until, retry)?, what.json)
}

/// Prints what came of each command; a refusal among them is one of the whole.
fn show(answer: &Value, json: bool) -> Result<(), Failure> {
    if json {
        say!("{answer}");
    } else {
        print(answer);
    }
    client::made(answer).map(drop)
}

fn fresh_id() -> Result<String, Failure> {
    let bytes = keys::random()?;
    Ok(format!("cli-{}", counterfoil_engine::hash::to_hex(&bytes[..12])))
}

/// Commands in any JSON, however it is spaced and ordered.
fn read(file: &Path) -> Result<Vec<Command>, Failure> {
    let bytes = if file == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).map_err(|error| {
            Failure::environment("FILE_UNREADABLE", format!("standard input: {error}"))
        })?;
        bytes
    } else {
        read_file(file)?
    };
    let malformed = |what: String| {
        Failure::refused("COMMANDS_MALFORMED", format!("{}: {what}", file.display()))
            .hint("docs/formats/submission.md describes commands in JSON")
    };
    let json: Value =
        serde_json::from_slice(&bytes).map_err(|error| malformed(error.to_string()))?;
    let items = match json {
        Value::Array(items) => items,
        one => vec![one],
    };
    let commands = items.iter().enumerate().map(|(place, item)| {
        let decoded = decode_command(canonical(item).as_bytes(), Encoding::Json);
        let command: v1::Command =
            decoded.map_err(|error| malformed(format!("command {place}: {error}")))?;
        command.command.ok_or_else(|| malformed(format!("command {place} is empty")))
    });
    commands.collect()
}

fn print(answer: &Value) {
    let outcomes = answer["outcomes"].as_array().map(Vec::as_slice).unwrap_or_default();
    let rows = outcomes.iter().enumerate().map(|(place, outcome)| {
        let record = outcome["recordIndex"].as_str().unwrap_or_default().to_owned();
        let what = match outcome["error"].as_object() {
            Some(error) => {
                let text = |name: &str| error[name].as_str().unwrap_or_default();
                format!("{}: {}", text("code"), text("message"))
            }
            None => made(&outcome["made"]),
        };
        vec![place.to_string(), record, what]
    });
    say!("{}", aligned(&["command", "record", "outcome"], &[0, 1], rows.collect()));
}

fn made(made: &Value) -> String {
    let members = made.as_object().into_iter().flatten();
    let shown: Vec<String> = members
        .map(|(name, value)| match value {
            Value::String(text) => format!("{name} {text}"),
            value => format!("{name} {value}"),
        })
        .collect();
    if shown.is_empty() { "accepted".to_owned() } else { shown.join(", ") }
}
