//! `counterfoil keygen`: an Ed25519 key for a participant.

use std::path::Path;

use crate::exit::Failure;
use crate::keys;

/// Writes a new key to `file` and its public half to standard output.
pub(crate) fn run(file: &Path, json: bool) -> Result<(), Failure> {
    let public = keys::create(file)?.public();
    if json {
        let file = file.display().to_string();
        say!("{}", serde_json::json!({ "publicKey": public.to_string(), "file": file }));
    } else {
        say!("{public}");
        eprintln!("The private key is in {}; who has it can act for you.", file.display());
    }
    Ok(())
}
