//! `counterfoil init`: a new ledger in a data directory.

use std::path::Path;

use counterfoil_engine::key::PublicKey;
use serde_json::json;

use crate::exit::Failure;
use crate::home::Home;
use crate::server::{now, set_up_replica};

/// Sets up a ledger; the operator signs with `operator_keys`, or with a key that is made here.
pub(crate) fn run(
    data: &Path,
    origin: &str,
    operator_keys: &[String],
    as_json: bool,
) -> Result<(), Failure> {
    let mut public = Vec::new();
    for text in operator_keys {
        public.push(PublicKey::parse(text).ok_or_else(|| {
            let what = format!("{text}: a public key is 64 lower-case hexadecimal digits");
            Failure::refused("KEY_INVALID", what)
        })?);
    }
    let home = Home::create(data, origin, now(), public, set_up_replica)?;
    let ledger = home.genesis.ledger_id();
    if as_json {
        let keys: Vec<String> = home.genesis.operator_keys.iter().map(|k| k.to_string()).collect();
        say!("{}", json!({ "ledger": ledger.to_string(), "operatorKeys": keys }));
    } else {
        say!("{ledger}");
        eprintln!("`counterfoil serve --data {}` serves it.", data.display());
        if operator_keys.is_empty() {
            eprintln!("The operator signs with {}.", home.operator_key().display());
        }
    }
    Ok(())
}
