//! Aligned tables for a terminal.

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use counterfoil_registry::amount::Quantity;
use counterfoil_registry::captable::{CapTable, HolderLine};

/// A table, without a line of heads where there are none, whose columns named in `numbers` are aligned to the right.
pub(crate) fn aligned(head: &[&str], numbers: &[usize], rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    if !head.is_empty() {
        table.set_header(head);
    }
    table.add_rows(rows);
    for number in numbers {
        if let Some(column) = table.column_mut(*number) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.trim_fmt()
}

/// A cap table: a line for each holder, a column for each class, totals, shares of all stock.
pub(crate) fn cap_table(table: &CapTable, name: impl Fn(&HolderLine) -> Option<String>) -> String {
    let all = table.fully_diluted;
    let row = |name: String, quantities: Vec<Quantity>, sum: Quantity| {
        let mut row = vec![name];
        row.extend(quantities.iter().map(Quantity::to_string));
        row.extend([sum.to_string(), percent(sum, all)]);
        row
    };
    let mut rows = Vec::with_capacity(table.holders.len() + 1);
    for line in &table.holders {
        let held: Vec<Quantity> = table.classes.iter().map(|class| line.of(class.class)).collect();
        let sum = Quantity(held.iter().map(|quantity| quantity.0).sum());
        rows.push(row(name(line).unwrap_or_else(|| line.holder.to_string()), held, sum));
    }
    let totals = |of: fn(&counterfoil_registry::captable::ClassLine) -> Quantity| {
        table.classes.iter().map(of).collect::<Vec<_>>()
    };
    rows.push(row("outstanding".to_owned(), totals(|class| class.outstanding), all));
    let mut issued = vec!["ever issued".to_owned()];
    issued.extend(totals(|class| class.issued).iter().map(Quantity::to_string));
    rows.push(issued);
    let mut authorized = vec!["authorized".to_owned()];
    authorized.extend(table.classes.iter().map(|class| class.authorized.to_string()));
    rows.push(authorized);
    let mut head = vec!["holder"];
    head.extend(table.classes.iter().map(|class| class.name.as_str()));
    head.extend(["all", "%"]);
    let numbers: Vec<usize> = (1..head.len()).collect();
    aligned(&head, &numbers, rows)
}

/// Hundredths of a percent, rounded down, without a float.
pub(crate) fn percent(part: Quantity, whole: Quantity) -> String {
    let hundredths = part.0.saturating_mul(10_000).checked_div(whole.0).unwrap_or_default();
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}
