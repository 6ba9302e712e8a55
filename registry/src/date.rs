//! Calendar dates in UTC, as OCF writes them (ISO 8601, `YYYY-MM-DD`).

use std::fmt;

use chrono::{Datelike, Days, Months, NaiveDate};

/// A calendar date: days since 1970-01-01, which may be negative. The years 0001 to 9999 are
/// representable, so that each date has one text of ten characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Date(i32);

const MIN_DAYS: i32 = -719_162;
const MAX_DAYS: i32 = 2_932_896;
/// Days from chrono's day 1 (0001-01-01) to 1970-01-01.
const EPOCH_FROM_CE: i32 = 719_163;

impl Date {
    /// The earliest date, 0001-01-01.
    pub const MIN: Date = Date(MIN_DAYS);
    /// The latest date, 9999-12-31.
    pub const MAX: Date = Date(MAX_DAYS);

    /// The date `days` after 1970-01-01, held within [`Date::MIN`] and [`Date::MAX`].
    pub fn from_days(days: i32) -> Date {
        Date(days.clamp(MIN_DAYS, MAX_DAYS))
    }

    /// Days since 1970-01-01.
    pub fn days(self) -> i32 {
        self.0
    }

    /// The date of a year, month (1 to 12) and day of month, or `None` where there is none.
    pub fn from_ymd(year: i32, month: u32, day: u32) -> Option<Date> {
        let naive = NaiveDate::from_ymd_opt(year, month, day)?;
        (1..=9999).contains(&year).then(|| Date(naive.num_days_from_ce() - EPOCH_FROM_CE))
    }

    /// Reads `YYYY-MM-DD`; anything else is `None`.
    pub fn parse(text: &str) -> Option<Date> {
        let bytes = text.as_bytes();
        if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
            return None;
        }
        let number = |range: std::ops::Range<usize>| {
            bytes[range].iter().try_fold(0u32, |sum, &c| {
                c.is_ascii_digit().then(|| sum * 10 + u32::from(c - b'0'))
            })
        };
        Date::from_ymd(i32::try_from(number(0..4)?).ok()?, number(5..7)?, number(8..10)?)
    }

    /// The year, the month (1 to 12) and the day of the month.
    pub fn ymd(self) -> (i32, u32, u32) {
        let naive = self.naive();
        (naive.year(), naive.month(), naive.day())
    }

    /// The same day `months` later; a day that the month lacks becomes its last one.
    pub fn plus_months(self, months: u32) -> Option<Date> {
        let naive = self.naive().checked_add_months(Months::new(months))?;
        Date::from_ymd(naive.year(), naive.month(), naive.day())
    }

    /// The date `days` later.
    pub fn plus_days(self, days: u32) -> Option<Date> {
        let naive = self.naive().checked_add_days(Days::new(u64::from(days)))?;
        Date::from_ymd(naive.year(), naive.month(), naive.day())
    }

    fn naive(self) -> NaiveDate {
        NaiveDate::from_num_days_from_ce_opt(self.0 + EPOCH_FROM_CE)
            .expect("a Date is within the years 1 to 9999")
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.ymd();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_has_one_text() {
        for text in ["1970-01-01", "2024-02-29", "0001-01-01", "9999-12-31", "1969-12-31"] {
            assert_eq!(Date::parse(text).unwrap().to_string(), text);
        }
        for text in
            ["2023-02-29", "2024-2-29", "24-02-29", "2024-02-29 ", "+024-02-29", "0000-01-01"]
        {
            assert_eq!(Date::parse(text), None, "{text}");
        }
        assert_eq!(Date::MIN.to_string(), "0001-01-01");
        assert_eq!(Date::MAX.to_string(), "9999-12-31");
        assert_eq!(Date::MAX.plus_days(1), None);
    }

    #[test]
    fn a_month_later_keeps_to_the_end_of_the_month() {
        let start = Date::parse("2021-01-31").unwrap();
        assert_eq!(start.plus_months(1).unwrap().to_string(), "2021-02-28");
        assert_eq!(start.plus_months(2).unwrap().to_string(), "2021-03-31");
    }
}
