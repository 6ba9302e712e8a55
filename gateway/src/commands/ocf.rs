//! `counterfoil ocf`: Open Cap Format packages, offline, and into and out of a ledger.

use counterfoil_registry::captable::Note;
use counterfoil_registry::ocf::import::{Imported, import};
use counterfoil_registry::ocf::source::Source;
use counterfoil_registry::ocf::{Finding, Mode, Options, Package, Refusal, read};
use serde_json::{Value, json};

use crate::cli;
use crate::paint::Paint;
use crate::table::aligned;
use company::{Company, broken, refused};

pub(crate) mod cap_table;
mod check;
mod company;
mod convert;
pub(crate) mod export;
pub(crate) mod history;
pub(crate) mod import;
mod tree;
pub(crate) mod vesting;

pub(crate) use check::check;
pub(crate) use convert::convert;

fn mode(asked: &cli::Package) -> Mode {
    if asked.lenient { Mode::Lenient } else { Mode::Strict }
}

/// Reads a package as asked.
fn read_only(asked: &cli::Package, md5: bool) -> Result<Package, Refusal> {
    read(&Source::open(&asked.path)?, Options { mode: mode(asked), md5 })
}

/// Reads a package and carries it out under the rules of the register.
fn carried_out(asked: &cli::Package, md5: bool) -> Result<(Package, Imported), Refusal> {
    let package = read_only(asked, md5)?;
    let imported = import(&package, mode(asked))?;
    Ok((package, imported))
}

/// So many findings, in words.
fn counted(findings: usize) -> String {
    if findings == 1 { "1 finding".to_owned() } else { format!("{findings} findings") }
}

/// Prints what was found in reading, and what could not be counted, to standard error.
fn print_findings(findings: &[Finding], notes: &[Note]) {
    let count = findings.len() + notes.len();
    if count == 0 {
        return;
    }
    eprintln!("\n{}", Paint::stderr().notice(&format!("{}:", counted(count))));
    let found = findings.iter().map(|finding| {
        let code = match finding.rule {
            Some(rule) => format!("{} {}", finding.code, rule.code()),
            None => finding.code.to_string(),
        };
        let (file, item) = (finding.file.clone(), finding.item.clone());
        [code, file, item, finding.what.clone(), finding.done.clone()]
    });
    let noted = notes.iter().map(|note| {
        let (code, what) = (note.error.code().to_owned(), note.error.to_string());
        [code, String::new(), note.security.clone(), what, "counted as unvested".to_owned()]
    });
    let numbered = found.chain(noted).enumerate().map(|(at, cells)| {
        std::iter::once((at + 1).to_string()).chain(cells).collect::<Vec<String>>()
    });
    let head = ["#", "finding", "file", "item", "what was found", "what was done"];
    eprintln!("{}", aligned(&head, &[0], numbered.collect()));
}

/// The findings as programs read them.
fn findings_json(findings: &[Finding]) -> Value {
    let findings = findings.iter().enumerate().map(|(at, finding)| {
        json!({
            "number": (at + 1).to_string(),
            "code": finding.code.as_str(),
            "file": finding.file,
            "item": finding.item,
            "rule": finding.rule.map(|rule| rule.code()),
            "what": finding.what,
            "done": finding.done,
        })
    });
    findings.collect()
}
