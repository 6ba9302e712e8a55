//! `counterfoil ocf check`: whether a package can be read and carried out, with every finding.

use serde_json::json;

use super::{carried_out, counted, findings_json, print_findings, refused};
use crate::cli::Package;
use crate::exit::Failure;
use crate::table::plain;

/// Says whether a package can be read and what was found in it.
pub(crate) fn check(asked: &Package, md5: bool) -> Result<(), Failure> {
    let read = carried_out(asked, md5);
    if asked.json {
        let answer = match &read {
            Ok((package, imported)) => json!({
                "readable": true,
                "issuer": package.issuer.id(),
                "version": package.version,
                "items": imported.items.items.len().to_string(),
                "findings": findings_json(&imported.findings),
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
        say!("{answer}");
    }
    let (package, imported) = read.map_err(|refusal| refused(asked, &refusal))?;
    if asked.json {
        return Ok(());
    }
    let items = imported.items.items.len();
    let findings = counted(imported.findings.len());
    say!(
        "{}: {} can be read: version {}, {items} items, {findings}.",
        asked.path.display(),
        plain(package.issuer_name()),
        package.version,
    );
    print_findings(&imported.findings, &[]);
    Ok(())
}
