//! `counterfoil ocf export`: the register of an issuer of a running server, as OCF 1.2.0.

use std::io::Cursor;
use std::path::{Path, PathBuf};

use clap::Args;
use counterfoil_registry::date::Date;
use counterfoil_registry::ocf::source::Source;
use serde_json::Value;

use super::{convert, counted};
use crate::client::Client;
use crate::commands::submit::At;
use crate::exit::Failure;
use crate::table::aligned;

/// Which register, and where it goes.
#[derive(Args)]
pub(crate) struct What {
    /// The issuer's handle, such as I0-2.
    issuer: String,
    /// Where it goes: a zip where the name ends in `.zip`, else a folder. Nothing is overwritten.
    out: PathBuf,
    /// At the end of this day, YYYY-MM-DD; without it, of the day of --known-at.
    #[arg(long, value_name = "DATE", value_parser = crate::cli::date)]
    as_of: Option<Date>,
    /// As it was known at this height or at this time (RFC 3339 in UTC); without it, as it is known
    /// now.
    #[arg(long, value_name = "HEIGHT|TIME")]
    known_at: Option<String>,
}

/// Fetches the package, as the participant may see it.
pub(crate) fn run(what: &What, at: &At) -> Result<(), Failure> {
    let client = Client::new(&at.server);
    let token = client.token(client.ledger()?, &at.signer()?)?;
    let as_of = what.as_of.map(|date| date.to_string());
    let about = client.package_findings(
        &what.issuer,
        as_of.as_deref(),
        what.known_at.as_deref(),
        &token,
    )?;
    let text = |name: &str| about[name].as_str().unwrap_or_default();
    // The package of exactly what the findings are about, whatever was recorded since.
    let (as_of, known_at) = (text("asOf"), text("knownAt"));
    let zip = client.package(&what.issuer, as_of, known_at, &token)?;
    let source = Source::from_zip(Cursor::new(&zip));
    let source = source.map_err(|refusal| {
        Failure::environment("SERVER_UNEXPECTED", format!("what the server sent: {refusal}"))
    })?;
    let members: Vec<(String, Vec<u8>)> =
        source.members().map(|(name, bytes)| (name.to_owned(), bytes.to_vec())).collect();
    convert::write_out(&what.out, &members)?;
    let findings = about["findings"].as_array().map(Vec::as_slice).unwrap_or_default();
    say!(
        "{}: {} at the end of {as_of} as known at height {known_at}, {} objects in {} files, {}.",
        what.out.display(),
        what.issuer,
        text("objects"),
        members.len(),
        counted(findings.len()),
    );
    print(findings, &what.out);
    Ok(())
}

fn print(findings: &[Value], out: &Path) {
    if findings.is_empty() {
        return;
    }
    eprintln!("\nIn {}:", out.display());
    let columns = ["code", "file", "item", "what", "done"];
    let row = |finding: &Value| {
        let texts = columns.iter().map(|name| finding[*name].as_str().unwrap_or_default());
        texts.map(str::to_owned).collect()
    };
    let rows = findings.iter().map(row).collect();
    let head = ["finding", "file", "item", "what was found", "what was done"];
    eprintln!("{}", aligned(&head, &[], rows));
}
