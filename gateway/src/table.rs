//! Aligned tables for a terminal.

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

/// A table whose columns named in `numbers` are aligned to the right.
pub(crate) fn aligned(head: &[&str], numbers: &[usize], rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(head);
    table.add_rows(rows);
    for number in numbers {
        if let Some(column) = table.column_mut(*number) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.trim_fmt()
}
