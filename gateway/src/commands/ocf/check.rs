//! `counterfoil ocf check`: whether a package can be read and carried out, with every finding.

use serde_json::json;

use super::{carried_out, findings_json, print_findings, refused};
use crate::cli::Package;
use crate::exit::Failure;

/// Says whether a package can be read and what was found in it.
pub(crate) fn check(asked: &Package, md5: bool) -> Result<(), Failure> {
    let read = carried_out(asked, md5);
    if asked.json {
        let answer = match &read {
            Ok(read) => json!({
                "readable": true,
                "issuer": read.package.issuer.id(),
                "version": read.package.version,
                "items": read.imported.items.items.len().to_string(),
                "findings": findings_json(&read.imported.findings),
            }),
            Err(refusal) => json!({
                "readable": false,
                "refusal": {
                    "code": refusal.code.as_str(),
                    "file": refusal.file,
                    "item": refusal.item,
                    "rule": refusal.rule.map(|rule| rule.code()),
                    "what": refusal.what,
                },
            }),
        };
        println!("{answer}");
    }
    let read = read.map_err(|refusal| refused(asked, &refusal))?;
    if asked.json {
        return Ok(());
    }
    let (items, findings) = (read.imported.items.items.len(), read.imported.findings.len());
    println!(
        "{}: {} can be read: version {}, {items} items, {findings} findings.",
        asked.path.display(),
        read.package.issuer_name(),
        read.package.version,
    );
    print_findings(&read.imported.findings);
    Ok(())
}
