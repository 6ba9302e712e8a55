//! Aligned tables for a terminal.

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use counterfoil_registry::amount::Quantity;

pub(crate) mod cap_table;

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

/// A quantity with its thousands set apart.
pub(crate) fn grouped(quantity: Quantity) -> String {
    let text = quantity.to_string();
    let whole = text.find('.').unwrap_or(text.len());
    let mut grouped = String::with_capacity(text.len() + whole / 3);
    for (at, digit) in text.char_indices() {
        if at > 0 && at < whole && (whole - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Hundredths of a percent, rounded down, without a float.
pub(crate) fn percent(part: Quantity, whole: Quantity) -> String {
    let hundredths = part.0.saturating_mul(10_000).checked_div(whole.0).unwrap_or_default();
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        for (plain, apart) in [
            ("0", "0"),
            ("999", "999"),
            ("1000", "1,000"),
            ("8700000", "8,700,000"),
            ("123456.7891", "123,456.7891"),
            ("0.0001", "0.0001"),
        ] {
            assert_eq!(grouped(Quantity::parse(plain).unwrap()), apart);
        }
    }

    #[test]
    fn a_percentage_has_two_decimals_rounded_down() {
        let whole = Quantity::whole;
        assert_eq!(percent(whole(1), whole(3)), "33.33");
        assert_eq!(percent(whole(3), whole(3)), "100.00");
        assert_eq!(percent(whole(0), whole(0)), "0.00");
    }
}
