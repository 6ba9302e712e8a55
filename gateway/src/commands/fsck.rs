//! `counterfoil fsck`: whether a stopped server's data directory is as it must be.

use std::path::Path;

use counterfoil_engine::machine::Machine;
use counterfoil_engine::storage::{Report, fsck};
use serde_json::json;

use crate::exit::Failure;
use crate::home::Home;
use crate::server::origin;
use crate::table::aligned;

/// Reads every byte of the replica's files and executes the log again; changes nothing.
pub(crate) fn run(data: &Path, as_json: bool) -> Result<(), Failure> {
    let home = Home::open(data)?;
    let report = fsck::<Machine>(&home.replica(), Some(&origin(&home)?))
        .map_err(|fault| Failure::environment(fault.code(), fault.to_string()))?;
    if as_json {
        say!("{}", to_json(&report));
    } else {
        print(&report);
    }
    if report.findings.is_empty() {
        return Ok(());
    }
    let count = report.findings.len();
    let what = format!("{}: {count} findings", data.display());
    Err(Failure::refused("DATA_DAMAGED", what)
        .hint("keep the directory as it is; restore an intact copy of it"))
}

fn to_json(report: &Report) -> serde_json::Value {
    let findings = report.findings.iter().map(|finding| {
        json!({
            "code": finding.code,
            "file": finding.file,
            "offset": finding.offset.to_string(),
            "detail": finding.detail,
        })
    });
    json!({
        "clean": report.findings.is_empty(),
        "entries": report.entries.to_string(),
        "snapshots": report.snapshots.to_string(),
        "blocks": report.blocks.to_string(),
        "replayed": report.replayed.to_string(),
        "tornBytes": report.torn_bytes.to_string(),
        "findings": findings.collect::<Vec<_>>(),
    })
}

fn print(report: &Report) {
    let figures = [
        ("entries in the log", report.entries),
        ("executed again", report.replayed),
        ("blocks in the archive", report.blocks),
        ("intact snapshots", report.snapshots),
        ("bytes left by a crash", report.torn_bytes),
    ];
    let rows = figures.map(|(what, count)| vec![what.to_owned(), count.to_string()]);
    say!("{}", aligned(&[], &[1], rows.to_vec()));
    for finding in &report.findings {
        say!("{finding}");
    }
}
