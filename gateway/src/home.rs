//! The data directory of a server: what `init` lays out and `serve` opens.
//!
//! ```text
//! genesis              what the ledger's id is the hash of; written last, so that a directory
//!                      without it was never set up
//! secret               what salts commitments, 64 hexadecimal digits, readable by its owner alone
//! keys/checkpoint.key  the key under which checkpoints are signed
//! keys/operator.key    the operator's key, where none was given
//! trusted-keys.txt     its public half, as `counterfoil verify --trust` reads it
//! counterfoil.toml     settings, where somebody wrote some
//! replica/             log, snapshots, archive: what must not be lost
//! index/               ways into the archive, made again when they are missing ([`crate::history`])
//! checkpoint           what the checkpoint key signed last
//! people/              names and addresses, which can be erased ([`crate::people`])
//! ```

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use counterfoil_engine::evidence::note::{KeyKind, VerifierKey};
use counterfoil_engine::genesis::{Genesis, Secret};
use counterfoil_engine::key::{PrivateKey, PublicKey};
use counterfoil_engine::time::Timestamp;

use crate::exit::{Failure, read_file};
use crate::{durable, keys};

const GENESIS: &str = "genesis";
const SECRET: &str = "secret";
const KEYS: &str = "keys";
const CHECKPOINT_KEY: &str = "keys/checkpoint.key";
const OPERATOR_KEY: &str = "keys/operator.key";
const TRUSTED_KEYS: &str = "trusted-keys.txt";

/// A data directory that is set up.
#[derive(Clone, Debug)]
pub struct Home {
    path: PathBuf,
    /// What the ledger begins with.
    pub genesis: Genesis,
    /// What its replicas know and nobody else.
    pub secret: Secret,
}

impl Home {
    /// Whether a ledger was set up here.
    pub fn exists(path: &Path) -> bool {
        path.join(GENESIS).is_file()
    }

    /// Sets up a new ledger in an empty or missing directory. Without `operator_keys` the operator
    /// gets a key of its own there. `replica` sets up the replica's stores; a crash at any moment
    /// leaves a directory that can be set up again.
    pub fn create(
        path: &Path,
        origin: &str,
        created: Timestamp,
        mut operator_keys: Vec<PublicKey>,
        replica: impl FnOnce(&Home) -> Result<(), Failure>,
    ) -> Result<Home, Failure> {
        if Home::exists(path) {
            let what = format!("{}: a ledger was set up here already", path.display());
            return Err(Failure::environment("DATA_EXISTS", what)
                .hint("choose another directory, or serve this one"));
        }
        refuse_strangers(path)?;
        let key_name = VerifierKey::new(origin, KeyKind::Log, PublicKey::default());
        key_name.map_err(|error| {
            Failure::refused("ORIGIN_INVALID", format!("{origin}: {error}"))
                .hint("an origin looks like a host and a path, such as example.org/ledger")
        })?;
        create_folder(&path.join(KEYS))?;
        let secret = Secret(keys::seed(&path.join(SECRET))?);
        let checkpoint_key = PrivateKey::from_seed(keys::seed(&path.join(CHECKPOINT_KEY))?);
        if operator_keys.is_empty() {
            let operator_key = keys::seed(&path.join(OPERATOR_KEY))?;
            operator_keys.push(PrivateKey::from_seed(operator_key).public());
        }
        let trusted = VerifierKey::new(origin, KeyKind::Log, checkpoint_key.public());
        let trusted = trusted.expect("the name was tried above");
        write_durably(&path.join(TRUSTED_KEYS), format!("{trusted}\n").as_bytes())?;
        let secret_hash = secret.hash();
        let genesis = Genesis { origin: origin.to_owned(), created, operator_keys, secret_hash };
        let home = Home { path: path.to_owned(), genesis, secret };
        // What a setup that broke off left of the replica belongs to no ledger.
        match fs::remove_dir_all(home.replica()) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(unwritable(&home.replica(), &error));
            }
            _ => {}
        }
        replica(&home)?;
        write_durably(&path.join(GENESIS), &home.genesis.encode())?;
        Ok(home)
    }

    /// Opens a directory that was set up.
    pub fn open(path: &Path) -> Result<Home, Failure> {
        if !Home::exists(path) {
            let what = format!("{}: no ledger was set up here", path.display());
            return Err(
                Failure::environment("DATA_MISSING", what).hint("`counterfoil init` sets one up")
            );
        }
        let genesis = Genesis::decode(&read_file(&path.join(GENESIS))?).map_err(|error| {
            let what = format!("{}: {error}", path.join(GENESIS).display());
            Failure::environment("DATA_DAMAGED", what).hint("restore the file from a copy")
        })?;
        let secret = Secret(keys::read_seed(&path.join(SECRET))?);
        if secret.hash() != genesis.secret_hash {
            let what = format!("{}: not the secret of this ledger", path.join(SECRET).display());
            return Err(
                Failure::environment("DATA_DAMAGED", what).hint("restore the file from a copy")
            );
        }
        Ok(Home { path: path.to_owned(), genesis, secret })
    }

    /// The key under which checkpoints are signed.
    pub fn checkpoint_key(&self) -> Result<PrivateKey, Failure> {
        keys::read(&self.path.join(CHECKPOINT_KEY))
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Log, snapshots and archive.
    pub fn replica(&self) -> PathBuf {
        self.path.join("replica")
    }

    /// The keys that a verifier of this ledger's evidence trusts.
    pub fn trusted_keys(&self) -> PathBuf {
        self.path.join(TRUSTED_KEYS)
    }

    /// The operator's key, where it was made here.
    pub fn operator_key(&self) -> PathBuf {
        self.path.join(OPERATOR_KEY)
    }
}

/// Refuses a directory that holds what no setup of ours leaves.
fn refuse_strangers(path: &Path) -> Result<(), Failure> {
    let ours = [SECRET, KEYS, TRUSTED_KEYS, "counterfoil.toml", "replica"];
    // What a setup that broke off was writing; a name with an extension loses it.
    let unfinished = ["genesis.partial", "secret.partial", "trusted-keys.partial"];
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(unwritable(path, &error)),
    };
    for entry in entries {
        let name = entry.map_err(|error| unwritable(path, &error))?.file_name();
        if !ours.iter().chain(&unfinished).any(|known| name == *known) {
            let what = format!("{} holds {}, which is not ours", path.display(), name.display());
            return Err(Failure::environment("DATA_NOT_OURS", what)
                .hint("choose an empty or a new directory"));
        }
    }
    Ok(())
}

fn create_folder(path: &Path) -> Result<(), Failure> {
    fs::create_dir_all(path).map_err(|error| unwritable(path, &error))
}

fn write_durably(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    durable::write(path, bytes).map_err(|error| unwritable(path, &error))
}

fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    let code = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "DISK_FULL",
        _ => "FILE_UNWRITABLE",
    };
    Failure::environment(code, format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use counterfoil_engine::hash::{parse_hex, to_hex};

    use super::*;

    const ORIGIN: &str = "counterfoil.test/home";

    fn create(path: &Path) -> Result<Home, Failure> {
        Home::create(path, ORIGIN, Timestamp(1_000), Vec::new(), |_| Ok(()))
    }

    #[test]
    fn what_was_set_up_is_opened() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data");
        let home = create(&path).unwrap();
        let again = Home::open(&path).unwrap();
        assert_eq!(again.genesis, home.genesis);
        assert_eq!(again.secret.0, home.secret.0);
        let trusted = fs::read_to_string(home.trusted_keys()).unwrap();
        assert!(trusted.starts_with(ORIGIN), "{trusted}");
        assert_eq!(create(&path).unwrap_err().code, "DATA_EXISTS");
    }

    #[test]
    fn a_setup_that_broke_off_is_done_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data");
        let fail = |home: &Home| {
            fs::create_dir(home.replica()).unwrap();
            Err(Failure::environment("DISK_IO", "the power went"))
        };
        Home::create(&path, ORIGIN, Timestamp(1_000), Vec::new(), fail).unwrap_err();
        assert_eq!(Home::open(&path).unwrap_err().code, "DATA_MISSING");
        let home = create(&path).unwrap();
        assert!(!home.replica().exists(), "nothing of the first try is left");
    }

    #[test]
    fn a_directory_of_somebody_else_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("thesis.txt"), "chapter 1").unwrap();
        assert_eq!(create(folder.path()).unwrap_err().code, "DATA_NOT_OURS");
        let left: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(left.len(), 1);
    }

    #[test]
    fn another_secret_or_a_damaged_genesis_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data");
        create(&path).unwrap();
        let secret = fs::read_to_string(path.join(SECRET)).unwrap();
        fs::write(path.join(SECRET), to_hex(&[7; 32])).unwrap();
        assert_eq!(Home::open(&path).unwrap_err().code, "DATA_DAMAGED");
        fs::write(path.join(SECRET), &secret).unwrap();
        assert!(parse_hex(secret.trim()).is_some());
        fs::write(path.join(GENESIS), [1, 2, 3]).unwrap();
        assert_eq!(Home::open(&path).unwrap_err().code, "DATA_DAMAGED");
    }
}
