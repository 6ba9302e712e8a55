//! The `counterfoil` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    counterfoil_gateway::cli::run()
}
