//! `counterfoil ocf`: Open Cap Format packages, offline.

use counterfoil_registry::ocf::import::{Imported, import};
use counterfoil_registry::ocf::source::Source;
use counterfoil_registry::ocf::{Finding, Mode, Options, Package, Refusal, read};
use serde_json::json;

use crate::cli::Package as Asked;
use crate::exit::Failure;
use crate::table::aligned;

mod cap_table;
mod check;
mod convert;

pub(crate) use cap_table::cap_table;
pub(crate) use check::check;
pub(crate) use convert::convert;

/// A package that was read, and carried out under the rules of the register.
struct Read {
    package: Package,
    imported: Imported,
}

fn mode(asked: &Asked) -> Mode {
    if asked.lenient { Mode::Lenient } else { Mode::Strict }
}

/// Reads a package as asked.
fn read_only(asked: &Asked, md5: bool) -> Result<Package, Refusal> {
    read(&Source::open(&asked.path)?, Options { mode: mode(asked), md5 })
}

fn carried_out(asked: &Asked, md5: bool) -> Result<Read, Refusal> {
    let package = read_only(asked, md5)?;
    let imported = import(&package, mode(asked))?;
    Ok(Read { package, imported })
}

fn refused(asked: &Asked, refusal: &Refusal) -> Failure {
    let failure = Failure::refused(refusal.code.as_str(), refusal.to_string());
    match asked.lenient {
        true => failure,
        false => failure.hint("--lenient reads what has one documented reading"),
    }
}

/// The findings as people read them: numbered, in columns.
fn print_findings(findings: &[Finding]) {
    if findings.is_empty() {
        return;
    }
    let rows = findings.iter().enumerate().map(|(at, finding)| {
        let code = match finding.rule {
            Some(rule) => format!("{} {}", finding.code, rule.code()),
            None => finding.code.to_string(),
        };
        let (file, item) = (finding.file.clone(), finding.item.clone());
        vec![(at + 1).to_string(), code, file, item, finding.what.clone(), finding.done.clone()]
    });
    let head = ["#", "finding", "file", "item", "what was found", "what was done"];
    eprintln!("\n{}", aligned(&head, &[0], rows.collect()));
}

/// The findings as programs read them.
fn findings_json(findings: &[Finding]) -> serde_json::Value {
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
