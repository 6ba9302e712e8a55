//! Ledger time: an input, never read from a clock in this crate's core.

use std::fmt;

use chrono::{DateTime, NaiveDateTime};
use counterfoil_registry::date::Date;

const MS_PER_DAY: u64 = 86_400_000;
/// 9999-12-31T23:59:59.999Z: the last instant with a four-digit year.
const MAX_MS: u64 = 253_402_300_799_999;

/// Milliseconds since 1970-01-01T00:00:00Z, without leap seconds. Its text is RFC 3339 in UTC with
/// three decimals (`2026-11-21T09:30:00.000Z`), and each value has one text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// Reads the one text of a timestamp; anything else is `None`.
    pub fn parse(text: &str) -> Option<Timestamp> {
        let naive = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.3fZ").ok()?;
        let ms = u64::try_from(naive.and_utc().timestamp_millis()).ok()?;
        let timestamp = Timestamp(ms);
        (ms <= MAX_MS && timestamp.to_string() == text).then_some(timestamp)
    }

    /// The day on which this instant lies, in UTC.
    pub fn date(self) -> Date {
        let days = self.0.min(MAX_MS) / MS_PER_DAY;
        Date::from_days(i32::try_from(days).expect("the year 9999 fits in i32 days"))
    }

    /// This instant plus `ms` milliseconds, held at the largest value.
    pub fn plus_ms(self, ms: u64) -> Timestamp {
        Timestamp(self.0.saturating_add(ms))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = i64::try_from(self.0.min(MAX_MS)).expect("held below the year 10000");
        let time = DateTime::from_timestamp_millis(ms).expect("within chrono's range");
        write!(f, "{}", time.format("%Y-%m-%dT%H:%M:%S%.3fZ"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_has_one_text() {
        let text = "2026-11-21T09:30:00.125Z";
        let time = Timestamp::parse(text).unwrap();
        assert_eq!(time.to_string(), text);
        assert_eq!(time.date().to_string(), "2026-11-21");
        for other in
            ["2026-11-21T09:30:00Z", "2026-11-21 09:30:00.125Z", "1969-12-31T23:59:59.000Z"]
        {
            assert_eq!(Timestamp::parse(other), None, "{other}");
        }
    }
}
