//! The command line: what can be asked, and the way from there to an exit status.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use counterfoil_registry::captable::Definition;
use counterfoil_registry::date::Date;

use crate::commands;

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
    /// Play the whole way once: import a company, issue and sell shares against payment, export the
    /// evidence and verify it.
    Demo {
        /// End when the bundle is verified. The demo has no other way yet; scripts say it to be safe.
        #[arg(long)]
        once: bool,
        /// Where the evidence bundle and the keys to trust are left.
        #[arg(long, default_value = "data", value_name = "DIR")]
        data: PathBuf,
    },
    /// Make an Ed25519 key: the private half into a file, the public half to standard output.
    Keygen {
        /// Where the private key goes; the file must not exist.
        file: PathBuf,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
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
    /// Read Open Cap Format packages offline, without a ledger.
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
        Command::Demo { once: _, data } => commands::demo::run(&data),
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
