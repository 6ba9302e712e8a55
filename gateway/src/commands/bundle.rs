//! `counterfoil bundle`: the evidence bundle of an issuer, from a server or from the data directory
//! of a stopped one.

use std::path::{Path, PathBuf};

use clap::Args;
use counterfoil_engine::evidence::bundle::build::Disclosure;
use counterfoil_registry::handle::IssuerId;

use super::submit::At;
use crate::client::Client;
use crate::exit::{Failure, write_file};
use crate::home::Home;
use crate::server::offline;

/// Which bundle, and where it goes.
#[derive(Args)]
pub(crate) struct What {
    /// The issuer's handle, such as I0-2.
    issuer: String,
    /// The file that it is written to.
    out: PathBuf,
}

/// Fetches the bundle from a server, as the participant may see it.
pub(crate) fn fetch(what: &What, at: &At) -> Result<(), Failure> {
    let client = Client::new(&at.server);
    let token = client.token(client.ledger()?, &at.signer()?)?;
    write(what, &client.bundle(&what.issuer, &token)?)
}

/// Makes the bundle from a data directory, with everything in it shown.
pub(crate) fn make(what: &What, data: &Path) -> Result<(), Failure> {
    let unknown = || Failure::refused("ISSUER_UNKNOWN", format!("no issuer {}", what.issuer));
    let issuer = IssuerId::parse(&what.issuer).ok_or_else(unknown)?;
    let bundle = offline(&Home::open(data)?, |service| {
        let view = service.node.view();
        let history = &service.history;
        history
            .wait_height(view.machine.height(), std::time::Duration::from_secs(600))
            .and_then(|()| history.bundle(&view, issuer, Disclosure { instructions: true }))
            .map_err(|error| Failure::environment(error.code(), error.to_string()))
    })?;
    write(what, &bundle.ok_or_else(unknown)?.encode())
}

fn write(what: &What, bytes: &[u8]) -> Result<(), Failure> {
    write_file(&what.out, bytes)?;
    eprintln!("{}: {} bytes; `counterfoil verify` judges it.", what.out.display(), bytes.len());
    Ok(())
}
