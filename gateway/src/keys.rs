//! Key files: one line of 64 hexadecimal digits, readable by their owner alone.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

use counterfoil_engine::hash::{parse_hex, to_hex};
use counterfoil_engine::key::PrivateKey;

use crate::durable;
use crate::exit::{Failure, read_file};

/// 32 bytes from the operating system's source of randomness.
pub(crate) fn random() -> Result<[u8; 32], Failure> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)
        .map_err(|error| Failure::environment("RANDOMNESS_UNAVAILABLE", error.to_string()))?;
    Ok(bytes)
}

/// Makes a key and writes it to a file that must not exist.
pub(crate) fn create(path: &Path) -> Result<PrivateKey, Failure> {
    create_seed(path).map(PrivateKey::from_seed)
}

/// Reads a key file.
pub(crate) fn read(path: &Path) -> Result<PrivateKey, Failure> {
    read_seed(path).map(PrivateKey::from_seed)
}

/// Reads 64 hexadecimal digits out of a file.
pub(crate) fn read_seed(path: &Path) -> Result<[u8; 32], Failure> {
    let text = read_file(path)?;
    let text = std::str::from_utf8(&text).unwrap_or_default();
    let seed = parse_hex(text.trim()).and_then(|bytes| bytes.try_into().ok());
    seed.ok_or_else(|| {
        let what = format!("{}: 64 hexadecimal digits are wanted", path.display());
        Failure::refused("KEY_FILE_INVALID", what).hint("`counterfoil keygen` makes a key")
    })
}

/// The secret in a file, which is made where there is none.
pub(crate) fn seed(path: &Path) -> Result<[u8; 32], Failure> {
    if path.exists() { read_seed(path) } else { create_seed(path) }
}

/// Makes 32 random bytes and writes them to a file that must not exist. The file has its name once
/// it is whole, so that a crash leaves none that cannot be read.
pub(crate) fn create_seed(path: &Path) -> Result<[u8; 32], Failure> {
    let seed = random()?;
    let beside = path.with_extension("partial");
    let made = write_private(&beside, format!("{}\n", to_hex(&seed)).as_bytes())
        .and_then(|()| std::fs::hard_link(&beside, path));
    let _ = std::fs::remove_file(&beside);
    made.and_then(|()| durable::sync_folder_of(path)).map_err(|error| {
        let failure = format!("{}: {error}", path.display());
        match error.kind() {
            std::io::ErrorKind::AlreadyExists => Failure::environment("KEY_FILE_EXISTS", failure)
                .hint("a key is never overwritten; choose another file or move this one away"),
            _ => Failure::environment("FILE_UNWRITABLE", failure),
        }
    })?;
    Ok(seed)
}

/// Writes a file that its owner alone can read, durably.
fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_file_is_private_and_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let key = create(&path).unwrap();
        assert_eq!(read(&path).unwrap().public(), key.public());
        std::fs::write(folder.path().join("note"), "not a key").unwrap();
        assert_eq!(read(&folder.path().join("note")).unwrap_err().code, "KEY_FILE_INVALID");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(create(&path).unwrap_err().code, "KEY_FILE_EXISTS");
    }
}
