//! `counterfoil demo`: the main job, shown once from end to end on a real server.
//!
//! It sets up a ledger in the data directory, serves it, and then acts as its participants would:
//! everything is signed and goes over HTTP, and everything that is shown was asked for there. Each
//! step is one submission whose id says which; what the ledger has executed already, however long
//! ago, is shown and not done again.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::thread;

use tokio::sync::oneshot;

use crate::client::{Client, Signer};
use crate::commands::verify;
use crate::desk::Desk;
use crate::exit::{Failure, write_file};
use crate::home::Home;
use crate::keys;
use crate::server::{Server, now, set_up_replica};
use crate::settings::{Said, Settings};

mod show;
mod story;

/// The name under which the demo's checkpoints are signed.
const ORIGIN: &str = "demo.counterfoil.example/ledger";

/// Plays the demo on the ledger of `data`, then serves it; with `once` it ends instead.
pub(crate) fn run(data: &Path, listen: Option<SocketAddr>, once: bool) -> Result<(), Failure> {
    let home = open(data)?;
    // A demo that ends takes any free port, so that it never meets another server.
    let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let listen = listen.or(once.then_some(free));
    let settings = Settings::load(data, None, Said { listen, development: true })?;
    let server = Server::open(&home, &settings)?;
    let address = format!("http://{}", server.address);
    let told_to_end = server.told_to_end();
    let (stop, stopped) = oneshot::channel();
    let ending = async move {
        tokio::select! {
            _ = stopped => {}
            () = told_to_end => {}
        }
    };
    let serving = thread::spawn(move || server.serve(ending));
    let told = tell(&home, &address);
    match &told {
        Ok(()) if !once => {
            eprintln!("\nServing {address} until it is told to end; try it:\n");
            eprintln!("  {}", show::query_to_try(&address));
        }
        _ => drop(stop.send(())),
    }
    let served = serving.join();
    told?;
    served.unwrap_or_else(|_| Err(Failure::environment("INTERNAL", "the server panicked")))
}

/// Opens the demo's ledger, or sets it up.
fn open(data: &Path) -> Result<Home, Failure> {
    if !Home::exists(data) {
        return Home::create(data, ORIGIN, now(), Vec::new(), set_up_replica);
    }
    let home = Home::open(data)?;
    if home.genesis.origin != ORIGIN {
        let what = format!("{} holds the ledger of {}", data.display(), home.genesis.origin);
        return Err(Failure::refused("NOT_A_DEMO", what)
            .hint("the demo plays on a ledger of its own; choose another directory with --data"));
    }
    Ok(home)
}

/// Plays the story and shows it.
fn tell(home: &Home, address: &str) -> Result<(), Failure> {
    let operator = Signer {
        participant: counterfoil_engine::ledger::OPERATOR,
        key: keys::read(&home.operator_key())?,
    };
    let desk = Desk::open(Client::new(address), operator)?;
    step("The operator opens the ledger", &format!("ledger {}", desk.ledger));
    let cast = story::admit(&desk, home)?;
    let issuer = story::bring_in(&desk, &cast)?;
    show::cap_table(&desk, "Cap table before", &issuer.id, Some(&issuer.activated))?;
    let founder = story::link_founder(&desk, &cast, &issuer)?;
    story::primary_issuance(&desk, &cast, &issuer)?;
    let founders_cash = story::secondary_sale(&desk, &cast, &issuer, &founder)?;
    show::cap_table(&desk, "Cap table after", &issuer.id, None)?;
    show::lineage(&desk, &issuer.id)?;
    step("The founder was paid", &show::balance(&desk, &founders_cash)?);
    let bundle = home.path().join("demo.bundle");
    write_file(&bundle, &desk.bundle(&issuer.id)?)?;
    step("The ledger exports the evidence", &bundle.display().to_string());
    verify::run(&bundle, &home.trusted_keys(), false)
}

fn step(what: &str, outcome: &str) {
    say!("* {what}: {outcome}");
}
