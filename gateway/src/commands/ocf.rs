//! `counterfoil ocf`: Open Cap Format packages, offline.

use std::collections::BTreeMap;

use counterfoil_registry::captable::{CapTable, Fold, HolderLine};
use counterfoil_registry::date::Date;
use counterfoil_registry::ocf::import::lower;
use counterfoil_registry::ocf::source::Source;
use counterfoil_registry::ocf::{Finding, Mode, Options, Refusal, model, read};
use serde_json::json;

use crate::cli::Package;
use crate::exit::Failure;
use crate::table::cap_table as table;

/// A package that was read, and carried out under the rules of the register.
struct Read {
    package: model::Package,
    fold: Fold,
    findings: Vec<Finding>,
}

fn refused(refusal: &Refusal) -> Failure {
    Failure::refused(refusal.code.as_str(), refusal.to_string())
}

fn read_package(asked: &Package, md5: bool) -> Result<Read, Failure> {
    let mode = if asked.lenient { Mode::Lenient } else { Mode::Strict };
    let carried_out = || {
        let source = Source::open(&asked.path)?;
        let package = read(&source, Options { mode, md5 })?;
        let lowered = lower(&package, mode)?;
        let imported = lowered.enter(&package)?;
        Ok((package, lowered.findings, imported.events))
    };
    let (package, findings, events) =
        carried_out().map_err(|refusal: Refusal| match asked.lenient {
            true => refused(&refusal),
            false => refused(&refusal).hint("--lenient reads what has one documented reading"),
        })?;
    let fold = Fold::of(&events)
        .map_err(|error| Failure::refused("OCF_RULE_BROKEN", error.to_string()))?;
    Ok(Read { package, fold, findings })
}

/// Says whether a package can be read and what was found in it.
pub(crate) fn check(asked: &Package, md5: bool) -> Result<(), Failure> {
    let read = read_package(asked, md5)?;
    let (items, findings) = (read.package.transactions.len(), read.findings.len());
    if asked.json {
        let findings: Vec<_> = read.findings.iter().map(finding).collect();
        println!("{}", json!({ "readable": true, "findings": findings }));
        return Ok(());
    }
    for (at, finding) in read.findings.iter().enumerate() {
        println!("{:>4}  {finding}", at + 1);
    }
    eprintln!(
        "{}: {} can be read: {items} transactions, {findings} findings.",
        asked.path.display(),
        read.package.issuer.legal_name,
    );
    Ok(())
}

fn finding(finding: &Finding) -> serde_json::Value {
    json!({
        "code": finding.code.as_str(),
        "file": finding.file,
        "item": finding.item,
        "what": finding.what,
        "done": finding.done,
    })
}

/// Prints the cap table at a date, or at the date of the package.
pub(crate) fn cap_table(asked: &Package, as_of: Option<Date>) -> Result<(), Failure> {
    let read = read_package(asked, false)?;
    let as_of = as_of.unwrap_or(read.package.as_of);
    let issuer = read.fold.issuers().next().map(|(id, _)| id);
    let issuer = issuer.expect("a package has one issuer");
    let cap_table = read.fold.cap_table(issuer, as_of);
    let cap_table = cap_table
        .map_err(|error| Failure::refused("OCF_RULE_BROKEN", error.to_string()))?
        .expect("the fold knows its issuer");
    let names: BTreeMap<&str, &str> = read
        .package
        .stakeholders
        .iter()
        .map(|item| (item.id.as_str(), item.value.legal_name.as_str()))
        .collect();
    let name =
        |line: &HolderLine| names.get(line.source_id.as_str()).map(|name| (*name).to_owned());
    if asked.json {
        let json = serde_json::to_string(&cap_table.to_json(name, &read.findings));
        println!("{}", json.expect("texts and lists are JSON"));
        return Ok(());
    }
    print(&read, &cap_table, name);
    Ok(())
}

fn print(read: &Read, cap_table: &CapTable, name: impl Fn(&HolderLine) -> Option<String>) {
    println!("{} at the end of {}\n", read.package.issuer.legal_name, cap_table.as_of);
    println!("{}", table(cap_table, name));
    println!("\n% of all stock outstanding, each share counted as one.");
    if !read.findings.is_empty() {
        eprintln!("\n{} findings:", read.findings.len());
    }
    for (at, finding) in read.findings.iter().enumerate() {
        eprintln!("{:>4}  {finding}", at + 1);
    }
}
