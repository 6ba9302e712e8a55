//! Settings of a server. A flag wins over an environment variable, which wins over the file, which
//! wins over the default; `docs/cli.md` lists them.

use std::net::SocketAddr;
use std::path::Path;

use counterfoil_engine::driver::Limits;
use serde::Deserialize;

use crate::exit::{Failure, read_file};

/// The file that is read where none is named: in the data directory, if it is there.
const FILE: &str = "counterfoil.toml";
/// Loopback: nothing is served to the network unless somebody says so.
const LISTEN: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 7413);

/// What a server runs with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settings {
    /// The address that it listens on.
    pub listen: SocketAddr,
    /// Whether introspection and suggestions are served.
    pub development: bool,
    /// Bounds on what the node holds in memory.
    pub limits: Limits,
}

/// What was said on the command line or in the environment.
#[derive(Clone, Default, Debug)]
pub(crate) struct Said {
    pub(crate) listen: Option<SocketAddr>,
    pub(crate) development: bool,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    listen: Option<SocketAddr>,
    development: Option<bool>,
    in_flight_max: Option<usize>,
    archive_lag_max: Option<usize>,
    snapshot_every: Option<u64>,
}

impl Settings {
    /// The settings for the server of a data directory. `file` is the one that somebody named.
    pub(crate) fn load(home: &Path, file: Option<&Path>, said: Said) -> Result<Settings, Failure> {
        let beside = home.join(FILE);
        let written = match file {
            Some(file) => read(file)?,
            None if beside.is_file() => read(&beside)?,
            None => Written::default(),
        };
        let usual = Limits::default();
        let limits = Limits {
            in_flight_max: written.in_flight_max.unwrap_or(usual.in_flight_max),
            archive_lag_max: written.archive_lag_max.unwrap_or(usual.archive_lag_max),
            snapshot_every: written.snapshot_every.unwrap_or(usual.snapshot_every),
            ..usual
        };
        let zero = [
            ("in_flight_max", limits.in_flight_max == 0),
            ("archive_lag_max", limits.archive_lag_max == 0),
            ("snapshot_every", limits.snapshot_every == 0),
        ];
        if let Some((name, _)) = zero.into_iter().find(|(_, zero)| *zero) {
            let what = format!("{name} must be above zero");
            return Err(Failure::refused("SETTINGS_INVALID", what));
        }
        Ok(Settings {
            listen: said.listen.or(written.listen).unwrap_or(LISTEN),
            development: said.development || written.development.unwrap_or(false),
            limits,
        })
    }
}

fn read(file: &Path) -> Result<Written, Failure> {
    let bytes = read_file(file)?;
    let invalid = |what: String| {
        Failure::refused("SETTINGS_INVALID", format!("{}: {what}", file.display()))
            .hint("docs/cli.md lists the settings")
    };
    let text = std::str::from_utf8(&bytes).map_err(|error| invalid(error.to_string()))?;
    // The message shows the line and the column.
    toml::from_str(text).map_err(|error| invalid(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str, said: Said) -> Result<Settings, Failure> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILE), text).unwrap();
        Settings::load(folder.path(), None, said)
    }

    #[test]
    fn the_command_line_wins_over_the_file_and_the_file_over_the_default() {
        let file = "listen = '127.0.0.1:9000'\nsnapshot_every = 50\n";
        let settings = load(file, Said::default()).unwrap();
        assert_eq!(settings.listen.port(), 9000);
        assert_eq!(settings.limits.snapshot_every, 50);
        assert_eq!(settings.limits.in_flight_max, Limits::default().in_flight_max);
        let said = Said { listen: "127.0.0.1:9001".parse().ok(), development: true };
        let settings = load(file, said).unwrap();
        assert_eq!((settings.listen.port(), settings.development), (9001, true));
        assert!(load("", Said::default()).unwrap().listen.ip().is_loopback());
    }

    #[test]
    fn a_mistake_in_the_file_is_shown_with_its_place() {
        for (text, place) in [
            ("listen = '127.0.0.1:9000'\nlissten = 'x'\n", "line 2"),
            ("listen = 'nowhere'\n", "line 1"),
            ("snapshot_every = 0\n", "snapshot_every"),
            ("snapshot_every\n", "line 1"),
        ] {
            let failure = load(text, Said::default()).unwrap_err();
            assert_eq!(failure.code, "SETTINGS_INVALID");
            assert!(failure.message.contains(place), "{}", failure.message);
        }
    }
}
