//! `counterfoil ocf cap-table`: every position at a date.

use clap::{Args, ValueEnum};
use counterfoil_registry::amount::{DECIMALS, format_decimal};
use counterfoil_registry::captable::{CapTable, Definition, HolderLine};
use counterfoil_registry::date::Date;

use super::{Company, broken, print_findings};
use crate::cli::{Package, date, definition};
use crate::exit::Failure;
use crate::paint::Paint;
use crate::table::{aligned, cap_table as table, plain};

/// What to show of a cap table.
#[derive(Args)]
pub(crate) struct Wanted {
    /// The date, YYYY-MM-DD; without it the package's own date.
    #[arg(long, value_name = "DATE", value_parser = date)]
    as_of: Option<Date>,
    /// A line for each holder, or for each class.
    #[arg(long, value_enum, default_value = "holder")]
    by: By,
    /// What counts: OUTSTANDING, AS_CONVERTED, EXERCISABLE, FULLY_DILUTED or
    /// FULLY_DILUTED_WITH_POOL.
    #[arg(long, value_name = "NAME", value_parser = definition, default_value = "FULLY_DILUTED")]
    definition: Definition,
}

#[derive(Clone, Copy, ValueEnum)]
enum By {
    Holder,
    Class,
}

/// Prints the cap table at a date, or at the date of the package.
pub(crate) fn run(asked: &Package, wanted: &Wanted) -> Result<(), Failure> {
    let company = Company::read(asked)?;
    let as_of = wanted.as_of.unwrap_or(company.as_of);
    let cap_table = company.fold.cap_table(company.issuer, as_of).map_err(broken)?;
    let cap_table = cap_table.expect("the fold knows its issuer");
    let name = |line: &HolderLine| company.name(&line.source_id);
    let definition = &wanted.definition;
    if asked.json {
        let json = cap_table.to_json(definition, name, &company.findings).map_err(broken)?;
        say!("{}", serde_json::to_string(&json).expect("texts and lists are JSON"));
        return Ok(());
    }
    let paint = Paint::stdout();
    say!("{} at the end of {as_of}\n", plain(&company.legal_name));
    let shown = match wanted.by {
        By::Holder => table::by_holder(&cap_table, definition, name),
        By::Class => table::by_class(&cap_table, definition),
    };
    say!("{}", shown.map_err(broken)?);
    if !cap_table.convertibles.is_empty() {
        say!("\n{}", convertibles(&cap_table, &company));
    }
    let counted = format!("counted, %: {} - {}.", definition.name, definition.sentence);
    say!("\n{}", paint.faint(&counted));
    print_findings(&company.findings, &cap_table.notes);
    Ok(())
}

fn convertibles(cap_table: &CapTable, company: &Company) -> String {
    let rows = cap_table.convertibles.iter().map(|line| {
        let security = match line.source_id.as_str() {
            "" => line.security.to_string(),
            source_id => source_id.to_owned(),
        };
        vec![
            security,
            company.holder(line.holder),
            format_decimal(line.amount.amount, DECIMALS),
            line.amount.currency.to_string(),
        ]
    });
    aligned(&["convertible", "holder", "invested", ""], &[2], rows.collect())
}
