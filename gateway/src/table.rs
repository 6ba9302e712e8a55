//! Aligned tables for a terminal, and text of others in it.

use std::borrow::Cow;

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use counterfoil_registry::amount::Quantity;

pub(crate) mod cap_table;

/// A table, without a line of heads where there are none, whose columns named in `numbers` are aligned to the right.
pub(crate) fn aligned(head: &[&str], numbers: &[usize], rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    if !head.is_empty() {
        table.set_header(head.iter().map(|cell| plain(cell)));
    }
    table.add_rows(rows.iter().map(|row| row.iter().map(|cell| plain(cell))));
    for number in numbers {
        if let Some(column) = table.column_mut(*number) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.trim_fmt()
}

/// Text of a file or a server, which a terminal shows as it stands: what would move the cursor, begin
/// a line, end colour or turn the direction of reading is replaced by U+FFFD, so that no name can
/// forge a line or hide one.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    let acts = |c: char| {
        c.is_control()
            || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if text.contains(acts) { text.replace(acts, "\u{fffd}").into() } else { text.into() }
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
    fn what_a_terminal_would_obey_is_replaced() {
        for (text, shown) in [
            ("Zoë O’Neil, 株式会社", "Zoë O’Neil, 株式会社"),
            ("Ann\nBob  1,000", "Ann\u{fffd}Bob  1,000"),
            ("\u{1b}]0;title\u{7}\u{9b}2J", "\u{fffd}]0;title\u{fffd}\u{fffd}2J"),
            ("safe\u{202e}evil\u{2066}", "safe\u{fffd}evil\u{fffd}"),
            ("\r\t\u{7f}\u{2028}", "\u{fffd}\u{fffd}\u{fffd}\u{fffd}"),
        ] {
            assert_eq!(plain(text), shown);
            let table = aligned(&[text], &[], vec![vec![text.to_owned()]]);
            assert_eq!(table.lines().map(str::trim).collect::<Vec<_>>(), [shown; 2]);
        }
    }

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
