//! How commands end: a status for scripts, a code and a hint for people.

use std::io::Write;
use std::process::ExitCode;

use crate::table::plain;

/// Why a command could not do what it was asked.
#[derive(Debug)]
pub struct Failure {
    /// Stable code, such as `FILE_UNREADABLE`.
    pub code: String,
    /// What went wrong, and where.
    pub message: String,
    /// What to do about it; empty where that is plain.
    pub hint: String,
    /// The exit status.
    pub status: Status,
}

/// Exit statuses. `docs/cli.md` lists them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Status {
    /// The input was read and refused: a bundle that does not verify, a package that breaks a rule.
    Refused = 1,
    /// The command line is wrong.
    Usage = 2,
    /// A file, the disk or the network failed.
    Environment = 3,
}

impl Failure {
    /// An input that was read and refused.
    pub fn refused(code: impl Into<String>, message: impl Into<String>) -> Failure {
        let (code, message) = (code.into(), message.into());
        Failure { code, message, hint: String::new(), status: Status::Refused }
    }

    /// A command line that says too little or too much.
    pub fn usage(message: impl Into<String>) -> Failure {
        let (code, message) = ("USAGE".to_owned(), message.into());
        Failure { code, message, hint: String::new(), status: Status::Usage }
    }

    /// A failure of the environment.
    pub fn environment(code: &str, message: impl Into<String>) -> Failure {
        let (code, message) = (code.to_owned(), message.into());
        Failure { code, message, hint: String::new(), status: Status::Environment }
    }

    /// The same with a hint.
    pub fn hint(mut self, hint: &str) -> Failure {
        self.hint = hint.to_owned();
        self
    }

    /// Prints the failure for people and gives the status for scripts.
    pub fn report(&self) -> ExitCode {
        eprintln!("error[{}]: {}", plain(&self.code), plain(&self.message));
        if !self.hint.is_empty() {
            eprintln!("hint: {}", self.hint);
        }
        ExitCode::from(self.status as u8)
    }
}

/// The status of a command whose output nobody reads any more: that of a process which the signal
/// SIGPIPE ends.
const UNREAD: i32 = 128 + 13;

/// Prints a line on standard output.
pub(crate) fn print_line(line: std::fmt::Arguments<'_>) {
    let Err(error) = writeln!(std::io::stdout(), "{line}") else { return };
    if error.kind() == std::io::ErrorKind::BrokenPipe {
        std::process::exit(UNREAD);
    }
    eprintln!("error[OUTPUT_UNWRITABLE]: standard output: {error}");
    std::process::exit(Status::Environment as i32);
}

/// Reads a file, or says which one could not be read and why.
pub fn read_file(path: &std::path::Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| {
        Failure::environment("FILE_UNREADABLE", format!("{}: {error}", path.display()))
    })
}

/// Writes a file beside its place and moves it there, so that it is there whole or not at all.
pub fn write_file(path: &std::path::Path, bytes: &[u8]) -> Result<(), Failure> {
    crate::durable::write(path, bytes).map_err(|error| {
        Failure::environment("FILE_UNWRITABLE", format!("{}: {error}", path.display()))
    })
}
