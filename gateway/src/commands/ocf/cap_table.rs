//! `counterfoil ocf cap-table`: who holds what at a date.

use std::collections::BTreeMap;

use counterfoil_registry::captable::{CapTable, Fold, HolderLine};
use counterfoil_registry::date::Date;
use counterfoil_registry::ocf::object::Kind;

use super::{Read, carried_out, print_findings, refused};
use crate::cli::Package;
use crate::exit::Failure;
use crate::table::cap_table as table;

/// Prints the cap table at a date, or at the date of the package.
pub(crate) fn cap_table(asked: &Package, as_of: Option<Date>) -> Result<(), Failure> {
    let read = carried_out(asked, false).map_err(|refusal| refused(asked, &refusal))?;
    let as_of = as_of.unwrap_or(read.package.as_of);
    let broken =
        |error: &dyn std::fmt::Display| Failure::refused("OCF_RULE_BROKEN", error.to_string());
    let fold = Fold::of(&read.imported.events).map_err(|error| broken(&error))?;
    let cap_table = fold.cap_table(read.imported.issuer, as_of);
    let cap_table =
        cap_table.map_err(|error| broken(&error))?.expect("the fold knows its issuer");
    let names: BTreeMap<&str, &str> = read
        .package
        .of(Kind::Stakeholder)
        .filter_map(|holder| {
            let name = holder.value("name")?.get("legal_name")?.as_str()?;
            Some((holder.id(), name))
        })
        .collect();
    let name =
        |line: &HolderLine| names.get(line.source_id.as_str()).map(|name| (*name).to_owned());
    if asked.json {
        let json = serde_json::to_string(&cap_table.to_json(name, &read.imported.findings));
        println!("{}", json.expect("texts and lists are JSON"));
        return Ok(());
    }
    print(&read, &cap_table, name);
    Ok(())
}

fn print(read: &Read, cap_table: &CapTable, name: impl Fn(&HolderLine) -> Option<String>) {
    println!("{} at the end of {}\n", read.package.issuer_name(), cap_table.as_of);
    println!("{}", table(cap_table, name));
    println!("\n% of all stock outstanding, each share counted as one.");
    print_findings(&read.imported.findings);
}
