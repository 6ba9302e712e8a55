//! `counterfoil serve`: serves the ledger of a data directory until it is told to end.

use std::future::Future;
use std::path::Path;

use tokio::signal::unix::{SignalKind, signal};

use crate::exit::Failure;
use crate::home::Home;
use crate::server::Server;
use crate::settings::{Said, Settings};

/// Serves; what listens where is the first line on standard output.
pub(crate) fn run(data: &Path, file: Option<&Path>, said: Said) -> Result<(), Failure> {
    let home = Home::open(data)?;
    let settings = Settings::load(data, file, said)?;
    let server = Server::open(&home, &settings)?;
    println!("http://{}", server.address);
    eprintln!("Serving ledger {}; SIGTERM ends it in order.", home.genesis.ledger_id());
    server.serve(until_told())
}

/// The signals with which people and supervisors end a server.
pub(crate) fn until_told() -> impl Future<Output = ()> + Send + 'static {
    async {
        let handlers = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
        let (Ok(mut terminate), Ok(mut interrupt)) = handlers else {
            // Without handlers the signals end the process where it stands, which loses nothing.
            return std::future::pending().await;
        };
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    }
}
