//! A cap table for a terminal, by holder or by class.

use counterfoil_registry::amount::Quantity;
use counterfoil_registry::captable::{CapTable, ClassLine, Definition, FoldError, HolderLine};

use super::{aligned, grouped, percent};

/// A line for each holder, a column for each class, totals, shares of all that counts.
pub(crate) fn by_holder(
    table: &CapTable,
    definition: &Definition,
    name: impl Fn(&HolderLine) -> Option<String>,
) -> Result<String, FoldError> {
    let all = table.total(definition)?;
    let others = others(table);
    let mut rows = Vec::with_capacity(table.holders.len() + 6);
    for line in &table.holders {
        let mut row = vec![name(line).unwrap_or_else(|| line.holder.to_string())];
        row.extend(table.classes.iter().map(|class| grouped(line.of(class.class))));
        row.extend(others.iter().map(|(_, of, _)| grouped(of(line))));
        let total = line.total(definition)?;
        row.extend([grouped(total), percent(total, all)]);
        rows.push(row);
    }
    let blank = || vec![String::new(); table.classes.len() + others.len()];
    let unissued = table.unissued(definition)?;
    if !unissued.is_zero() {
        let mut row = vec!["left in pools".to_owned()];
        row.extend(blank());
        row.extend([grouped(unissued), percent(unissued, all)]);
        rows.push(row);
    }
    let mut row = vec!["total".to_owned()];
    row.extend(table.classes.iter().map(|class| grouped(class.outstanding)));
    row.extend(others.iter().map(|(_, _, total)| grouped(*total)));
    row.extend([grouped(all), percent(all, all)]);
    rows.push(row);
    rows.extend(class_rows(table));
    let mut head = vec!["holder"];
    head.extend(table.classes.iter().map(|class| class.name.as_str()));
    head.extend(others.iter().map(|(name, _, _)| *name));
    head.extend(["counted", "%"]);
    let numbers: Vec<usize> = (1..head.len()).collect();
    Ok(aligned(&head, &numbers, rows))
}

/// A column for what is no stock: its name, what a holder has of it, and the total.
type Other = (&'static str, fn(&HolderLine) -> Quantity, Quantity);

/// Columns for what is no stock, where there is any.
fn others(table: &CapTable) -> Vec<Other> {
    let column = |name, of: fn(&HolderLine) -> Quantity| (name, of, sum(table, of));
    let columns =
        [column("Options", |line| line.options), column("Warrants", |line| line.warrants)];
    columns.into_iter().filter(|(_, _, total)| !total.is_zero()).collect()
}

/// The sum over all holders, which was in range when the table was made.
fn sum(table: &CapTable, of: fn(&HolderLine) -> Quantity) -> Quantity {
    Quantity(table.holders.iter().map(|line| of(line).0).fold(0, u128::saturating_add))
}

/// What is known of each class, below the totals; lines that would say nothing are left out.
fn class_rows(table: &CapTable) -> Vec<Vec<String>> {
    let row = |name: &str, of: &dyn Fn(&ClassLine) -> String| {
        let mut row = vec![name.to_owned()];
        row.extend(table.classes.iter().map(of));
        row
    };
    let any = |of: fn(&ClassLine) -> bool| table.classes.iter().any(of);
    let mut rows = Vec::new();
    if any(|class| class.as_converted != class.outstanding) {
        rows.push(row("as converted", &|class| grouped(class.as_converted)));
    }
    if any(|class| !class.treasury.is_zero()) {
        rows.push(row("treasury", &|class| grouped(class.treasury)));
    }
    rows.push(row("ever issued", &|class| grouped(class.issued)));
    rows.push(row("authorized", &authorized));
    rows
}

fn authorized(class: &ClassLine) -> String {
    class.authorized.limit().map_or_else(|| class.authorized.to_string(), grouped)
}

/// A line for each class and for each other kind of security, shares of all that counts; then the
/// plans.
pub(crate) fn by_class(table: &CapTable, definition: &Definition) -> Result<String, FoldError> {
    let all = table.total(definition)?;
    let mut rows = Vec::new();
    for class in &table.classes {
        let counted = if definition.as_converted { class.as_converted } else { class.outstanding };
        rows.push(vec![
            class.name.clone(),
            class.kind.as_str().to_lowercase(),
            authorized(class),
            grouped(class.issued),
            grouped(class.outstanding),
            grouped(class.treasury),
            grouped(counted),
            percent(counted, all),
        ]);
    }
    let others = [
        (
            "options, vested",
            definition.vested_options,
            sum(table, |line| line.dilution.vested_options),
        ),
        (
            "options, unvested",
            definition.unvested_options,
            sum(table, |line| line.dilution.unvested_options),
        ),
        ("restricted stock units", definition.units, sum(table, |line| line.dilution.units)),
        ("warrants", definition.warrants, sum(table, |line| line.dilution.warrants)),
        ("left in pools", definition.unissued_pool, table.unissued(definition)?),
    ];
    for (name, counts, quantity) in others {
        if quantity.is_zero() {
            continue;
        }
        let mut row = vec![name.to_owned()];
        row.extend(["", "", ""].map(str::to_owned));
        row.extend([grouped(quantity), String::new()]);
        let counted = if counts { quantity } else { Quantity::ZERO };
        row.extend([grouped(counted), percent(counted, all)]);
        rows.push(row);
    }
    let mut total = vec!["total".to_owned()];
    total.extend(["", "", "", "", ""].map(str::to_owned));
    total.extend([grouped(all), percent(all, all)]);
    rows.push(total);
    let head = ["class", "type", "authorized", "issued", "outstanding", "treasury", "counted", "%"];
    let mut text = aligned(&head, &[2, 3, 4, 5, 6, 7], rows);
    if !table.plans.is_empty() {
        text.push_str("\n\n");
        text.push_str(&plans(table));
    }
    Ok(text)
}

fn plans(table: &CapTable) -> String {
    let rows = table.plans.iter().map(|line| {
        let mut row = vec![line.name.clone()];
        let pool = line.pool;
        row.extend(
            [pool.reserved, pool.drawn, pool.returned, pool.exercised, pool.available()]
                .map(grouped),
        );
        row
    });
    let head = ["plan", "reserved", "granted", "returned", "exercised", "available"];
    aligned(&head, &[1, 2, 3, 4, 5], rows.collect())
}
