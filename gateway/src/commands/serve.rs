//! `counterfoil serve`: serves the ledger of a data directory until it is told to end.

use std::path::Path;

use crate::exit::Failure;
use crate::home::Home;
use crate::server::Server;
use crate::settings::{Said, Settings};

/// Serves; what listens where is the first line on standard output.
pub(crate) fn run(data: &Path, file: Option<&Path>, said: Said) -> Result<(), Failure> {
    let home = Home::open(data)?;
    let settings = Settings::load(data, file, said)?;
    let server = Server::open(&home, &settings)?;
    let told = server.told_to_end();
    say!("http://{}", server.address);
    eprintln!("Serving ledger {}; SIGTERM ends it in order.", home.genesis.ledger_id());
    server.serve(told)
}
