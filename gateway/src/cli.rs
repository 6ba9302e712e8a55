//! The command line: what can be asked, and the way from there to an exit status.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use counterfoil_registry::captable::Definition;
use counterfoil_registry::date::Date;

use crate::commands;
use crate::commands::submit::At;
use crate::exit::Failure;
use crate::settings::Said;

/// Settlement engine and private-equity register whose ownership history anyone can verify.
///
/// Standard output is data, standard error is for people. Exit status: 0 done, 1 the input was
/// refused, 2 wrong usage, 3 a file or the environment failed.
#[derive(Parser)]
#[command(name = "counterfoil", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Play the whole way on a real server: import a company, issue and sell shares against payment,
    /// export the evidence, verify it offline, and go on serving.
    Demo {
        /// End when the bundle is verified.
        #[arg(long)]
        once: bool,
        /// The data directory; a ledger of the demo that is there already goes on.
        #[arg(long, default_value = "data", value_name = "DIR", env = "COUNTERFOIL_DATA")]
        data: PathBuf,
        /// The address to listen on; without it 127.0.0.1:7413, or any free port with --once.
        #[arg(long, value_name = "ADDR", env = "COUNTERFOIL_LISTEN")]
        listen: Option<SocketAddr>,
    },
    /// Set up a new ledger in an empty directory.
    Init {
        /// The directory.
        #[arg(long, default_value = "data", value_name = "DIR", env = "COUNTERFOIL_DATA")]
        data: PathBuf,
        /// The name under which checkpoints are signed: a host and a path, such as
        /// example.org/ledger.
        #[arg(long, value_name = "NAME")]
        origin: String,
        /// A public key of the operator; can be given several times. Without one a key is made.
        #[arg(long = "operator-key", value_name = "KEY")]
        operator_keys: Vec<String>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Serve the ledger of a data directory: GraphQL, bulk submissions, proofs and pages.
    Serve {
        /// The directory.
        #[arg(long, default_value = "data", value_name = "DIR", env = "COUNTERFOIL_DATA")]
        data: PathBuf,
        /// The address to listen on; without it that of the settings, or 127.0.0.1:7413.
        #[arg(long, value_name = "ADDR", env = "COUNTERFOIL_LISTEN")]
        listen: Option<SocketAddr>,
        /// A file with settings; without it DIR/counterfoil.toml, if it is there.
        #[arg(long, value_name = "FILE", env = "COUNTERFOIL_CONFIG")]
        config: Option<PathBuf>,
        /// Serve introspection and suggestions, which help who develops and who attacks.
        #[arg(long)]
        development: bool,
    },
    /// Check every byte of a stopped server's data directory and execute its log again.
    Fsck {
        /// The directory.
        #[arg(long, default_value = "data", value_name = "DIR", env = "COUNTERFOIL_DATA")]
        data: PathBuf,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Make an Ed25519 key: the private half into a file, the public half to standard output.
    Keygen {
        /// Where the private key goes; the file must not exist.
        file: PathBuf,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Sign commands and send them to a server; what came of each.
    Submit {
        #[command(flatten)]
        at: At,
        #[command(flatten)]
        what: commands::submit::What,
    },
    /// Write the evidence bundle of an issuer: from a server, as a participant may see it, or with
    /// --data from the directory of a stopped one.
    Bundle {
        #[command(flatten)]
        what: commands::bundle::What,
        #[command(flatten)]
        at: Option<At>,
        /// The data directory of a stopped server.
        #[arg(long, value_name = "DIR", conflicts_with_all = ["server", "participant", "key"])]
        data: Option<PathBuf>,
    },
    /// Load a server with trades at a fixed rate and print what it settled and how late.
    Bench(commands::bench::Load),
    /// Verify an evidence bundle offline and print what it proves.
    Verify {
        /// The bundle.
        bundle: PathBuf,
        /// A file with the verifier keys to trust, `name+hash+key`, one on a line.
        #[arg(long, value_name = "FILE")]
        trust: PathBuf,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Read Open Cap Format packages offline; bring companies into a ledger and out again.
    #[command(subcommand)]
    Ocf(Ocf),
}

#[derive(Subcommand)]
enum Ocf {
    /// Say whether a package can be read, with every finding.
    Check {
        #[command(flatten)]
        package: Package,
        /// Refuse files whose MD5 is not that of the manifest; otherwise that is a finding.
        #[arg(long)]
        md5: bool,
    },
    /// Read a package and write it as OCF 1.2.0.
    Convert {
        #[command(flatten)]
        package: Package,
        /// Where it goes: a zip where the name ends in `.zip`, else a folder. Nothing is overwritten.
        out: PathBuf,
    },
    /// Print the cap table of a package at a date, with percentages under a named definition.
    CapTable {
        #[command(flatten)]
        package: Package,
        #[command(flatten)]
        wanted: commands::ocf::cap_table::Wanted,
    },
    /// Print what has vested of each grant at a date, and when the rest will.
    Vesting {
        #[command(flatten)]
        package: Package,
        /// The date, YYYY-MM-DD; without it the package's own date.
        #[arg(long, value_name = "DATE", value_parser = date)]
        as_of: Option<Date>,
    },
    /// Bring the company of a package into the ledger of a server. Called again after it broke off,
    /// it goes on where it was.
    Import {
        #[command(flatten)]
        package: Package,
        #[command(flatten)]
        into: commands::ocf::import::Into,
    },
    /// Write the register of an issuer of a server as OCF 1.2.0, at any date and as it was known at
    /// any moment.
    Export {
        #[command(flatten)]
        what: commands::ocf::export::What,
        #[command(flatten)]
        at: At,
    },
    /// Print what each certificate, grant and warrant came from and became, as a tree.
    History {
        #[command(flatten)]
        package: Package,
        /// Only the descent of this one, by its printed number or id.
        #[arg(long, value_name = "ID")]
        certificate: Option<String>,
    },
}

/// A package and how to read it.
#[derive(Args)]
pub(crate) struct Package {
    /// The package: a folder or a zip.
    pub(crate) path: PathBuf,
    /// Read departures from the format in the one documented way, with a finding for each.
    #[arg(long)]
    pub(crate) lenient: bool,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

pub(crate) fn date(text: &str) -> Result<Date, String> {
    Date::parse(text).ok_or_else(|| "a date YYYY-MM-DD is wanted".to_owned())
}

pub(crate) fn definition(name: &str) -> Result<Definition, String> {
    Definition::named(name).ok_or_else(|| {
        let names = Definition::ALL.map(|definition| definition.name);
        format!("one of {} is wanted", names.join(", "))
    })
}

/// Runs the command line of this process.
pub fn run() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Demo { once, data, listen } => commands::demo::run(&data, listen, once),
        Command::Init { data, origin, operator_keys, json } => {
            commands::init::run(&data, &origin, &operator_keys, json)
        }
        Command::Serve { data, listen, config, development } => {
            commands::serve::run(&data, config.as_deref(), Said { listen, development })
        }
        Command::Fsck { data, json } => commands::fsck::run(&data, json),
        Command::Submit { at, what } => commands::submit::run(&at, &what),
        Command::Bundle { what, at, data } => match (data, at) {
            (Some(data), _) => commands::bundle::make(&what, &data),
            (None, Some(at)) => commands::bundle::fetch(&what, &at),
            (None, None) => Err(Failure::usage("--data, or --participant and --key, are wanted")),
        },
        Command::Bench(load) => commands::bench::run(&load),
        Command::Keygen { file, json } => commands::keygen::run(&file, json),
        Command::Verify { bundle, trust, json } => commands::verify::run(&bundle, &trust, json),
        Command::Ocf(Ocf::Check { package, md5 }) => commands::ocf::check(&package, md5),
        Command::Ocf(Ocf::Convert { package, out }) => commands::ocf::convert(&package, &out),
        Command::Ocf(Ocf::CapTable { package, wanted }) => {
            commands::ocf::cap_table::run(&package, &wanted)
        }
        Command::Ocf(Ocf::Vesting { package, as_of }) => {
            commands::ocf::vesting::run(&package, as_of)
        }
        Command::Ocf(Ocf::Import { package, into }) => commands::ocf::import::run(&package, &into),
        Command::Ocf(Ocf::Export { what, at }) => commands::ocf::export::run(&what, &at),
        Command::Ocf(Ocf::History { package, certificate }) => {
            commands::ocf::history::run(&package, certificate.as_deref())
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
