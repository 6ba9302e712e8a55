//! `counterfoil ocf`: Open Cap Format packages, offline.

use counterfoil_registry::captable::Note;
use counterfoil_registry::ocf::import::import;
use counterfoil_registry::ocf::source::Source;
use counterfoil_registry::ocf::{Finding, Mode, Options, Refusal, read};
use serde_json::{Value, json};

use crate::cli::Package;
use crate::exit::Failure;
use crate::paint::Paint;
use company::{Company, broken, refused};

pub(crate) mod cap_table;
mod company;
pub(crate) mod history;
mod tree;
pub(crate) mod vesting;

/// Says whether a package can be read and what was found in it.
pub(crate) fn check(asked: &Package, md5: bool) -> Result<(), Failure> {
    let mode = if asked.lenient { Mode::Lenient } else { Mode::Strict };
    let carried_out = || -> Result<_, Refusal> {
        let package = read(&Source::open(&asked.path)?, Options { mode, md5 })?;
        let imported = import(&package, mode)?;
        Ok((package, imported))
    };
    let (package, imported) = carried_out().map_err(|refusal| refused(asked, &refusal))?;
    let findings = &imported.findings;
    if asked.json {
        let findings: Vec<Value> = findings.iter().map(finding).collect();
        println!("{}", json!({ "readable": true, "findings": findings }));
        return Ok(());
    }
    for (at, finding) in findings.iter().enumerate() {
        println!("{:>4}  {finding}", at + 1);
    }
    eprintln!(
        "{}: {} can be read: {} objects, {} findings.",
        asked.path.display(),
        package.issuer_name(),
        package.items.len(),
        findings.len(),
    );
    Ok(())
}

fn finding(finding: &Finding) -> Value {
    json!({
        "code": finding.code.as_str(),
        "file": finding.file,
        "item": finding.item,
        "what": finding.what,
        "done": finding.done,
    })
}

/// Prints what was found in reading, and what could not be counted, to standard error.
fn print_findings(findings: &[Finding], notes: &[Note]) {
    let count = findings.len() + notes.len();
    if count == 0 {
        return;
    }
    let title = if count == 1 { "1 finding:".to_owned() } else { format!("{count} findings:") };
    eprintln!("\n{}", Paint::stderr().notice(&title));
    for (at, finding) in findings.iter().enumerate() {
        eprintln!("{:>4}  {finding}", at + 1);
    }
    for (at, note) in notes.iter().enumerate() {
        let (at, code) = (findings.len() + at + 1, note.error.code());
        eprintln!("{at:>4}  {code} {}: {}; counted as unvested", note.security, note.error);
    }
}
