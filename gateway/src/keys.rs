//! Key files: one line of 64 hexadecimal digits, readable by their owner alone.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

use counterfoil_engine::hash::to_hex;
use counterfoil_engine::key::PrivateKey;

use crate::exit::Failure;

/// 32 bytes from the operating system's source of randomness.
pub(crate) fn random() -> Result<[u8; 32], Failure> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)
        .map_err(|error| Failure::environment("RANDOMNESS_UNAVAILABLE", error.to_string()))?;
    Ok(bytes)
}

/// Makes a key and writes it to a file that must not exist.
pub(crate) fn create(path: &Path) -> Result<PrivateKey, Failure> {
    let seed = random()?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let write = |mut file: std::fs::File| {
        file.write_all(format!("{}\n", to_hex(&seed)).as_bytes())?;
        file.sync_all()
    };
    options.open(path).and_then(write).map_err(|error| {
        let failure = format!("{}: {error}", path.display());
        match error.kind() {
            std::io::ErrorKind::AlreadyExists => Failure::environment("KEY_FILE_EXISTS", failure)
                .hint("a key is never overwritten; choose another file or move this one away"),
            _ => Failure::environment("FILE_UNWRITABLE", failure),
        }
    })?;
    Ok(PrivateKey::from_seed(seed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_file_is_private_and_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let key = create(&path).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let seed = counterfoil_engine::hash::parse_hex(text.trim()).unwrap();
        assert_eq!(PrivateKey::from_seed(seed.try_into().unwrap()).public(), key.public());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(create(&path).unwrap_err().code, "KEY_FILE_EXISTS");
    }
}
