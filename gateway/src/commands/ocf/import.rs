//! `counterfoil ocf import`: brings the company of a package into the ledger of a running server.

use std::path::PathBuf;

use clap::Args;
use counterfoil_engine::hash::to_hex;
use counterfoil_engine::ledger::OPERATOR;
use counterfoil_registry::handle::PartyId;
use counterfoil_registry::ocf::source::Source;
use counterfoil_registry::ocf::{Mode, Options};
use serde_json::json;

use super::{counted, findings_json, print_findings, refused};
use crate::cli::Package;
use crate::client::{Client, Signer};
use crate::commands::submit::participant;
use crate::desk::Desk;
use crate::exit::Failure;
use crate::keys;
use crate::newcomer::Newcomer;
use crate::table::plain;

/// Digits of the package's digest that the ids of its submissions begin with.
const DIGITS: usize = 12;

/// Into which ledger, and who signs: registrar and operator activate a register together.
#[derive(Args)]
pub(crate) struct Into {
    /// The server's address.
    #[arg(
        long,
        default_value = "http://127.0.0.1:7413",
        value_name = "URL",
        env = "COUNTERFOIL_SERVER"
    )]
    server: String,
    /// The participant who will keep the register, such as P3-5.
    #[arg(long, value_name = "HANDLE", value_parser = participant)]
    registrar: PartyId,
    /// The file with the registrar's private key.
    #[arg(long, value_name = "FILE")]
    registrar_key: PathBuf,
    /// The file with the operator's private key.
    #[arg(long, value_name = "FILE")]
    operator_key: PathBuf,
}

/// Reads the package, carries it out offline and brings it in. The ids of the submissions follow from
/// the package, so that an import that broke off goes on where it was.
pub(crate) fn run(asked: &Package, into: &Into) -> Result<(), Failure> {
    let source = Source::open(&asked.path).map_err(|refusal| refused(asked, &refusal))?;
    let mode = if asked.lenient { Mode::Lenient } else { Mode::Strict };
    let newcomer = Newcomer::read(&source, Options { mode, md5: false })?;
    let registrar = Signer { participant: into.registrar, key: keys::read(&into.registrar_key)? };
    let operator = Signer { participant: OPERATOR, key: keys::read(&into.operator_key)? };
    let desk = Desk::open(Client::new(&into.server), operator)?;
    let digest = to_hex(&source.digest());
    let prefix = format!("ocf-{}", digest.get(..DIGITS).unwrap_or(&digest));
    let brought = newcomer.bring_in(&desk, &registrar, &prefix)?;
    if asked.json {
        let answer = json!({
            "issuer": brought.issuer,
            "party": brought.party,
            "height": brought.activated.0,
            "items": newcomer.items.len().to_string(),
            "outstanding": newcomer.outstanding,
            "findings": findings_json(&newcomer.findings),
        });
        say!("{answer}");
        return Ok(());
    }
    say!(
        "{} is issuer {}: {} items, {} shares outstanding, {}; activated at height {}.",
        plain(&newcomer.name),
        brought.issuer,
        newcomer.items.len(),
        newcomer.outstanding,
        counted(newcomer.findings.len()),
        brought.activated.0,
    );
    print_findings(&newcomer.findings, &[]);
    Ok(())
}
