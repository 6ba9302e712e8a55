//! Exact amounts: quantities of securities, prices and currencies.
//!
//! Everything is an integer; a decimal text has one spelling, the shortest ("100", "12.5"), so that
//! a text that was signed can be compared byte for byte.

use std::fmt;

/// The decimals that a [`Quantity`] and a [`Money`] amount carry (OCF 1.2.0 `Numeric`).
pub const DECIMALS: u8 = 10;
const ONE: u128 = 10_000_000_000;

/// Reads the shortest decimal text of a non-negative value with at most `decimals` decimals and
/// returns it in units of 10^-`decimals`. Signs, exponents, leading zeros, trailing zeros after the
/// point and values beyond 2^127 are `None`.
pub fn parse_decimal(text: &str, decimals: u8) -> Option<u128> {
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => {
            if fraction.is_empty() || fraction.ends_with('0') {
                return None;
            }
            (whole, fraction)
        }
        None => (text, ""),
    };
    if whole.is_empty() || (whole.len() > 1 && whole.starts_with('0')) {
        return None;
    }
    let missing = usize::from(decimals).checked_sub(fraction.len())?;
    let mut value: u128 = 0;
    for c in whole.bytes().chain(fraction.bytes()) {
        if !c.is_ascii_digit() {
            return None;
        }
        value = value.checked_mul(10)?.checked_add(u128::from(c - b'0'))?;
    }
    let value = value.checked_mul(10u128.checked_pow(u32::try_from(missing).ok()?)?)?;
    (value <= i128::MAX as u128).then_some(value)
}

/// Writes a value in units of 10^-`decimals` as its shortest decimal text.
pub fn format_decimal(value: u128, decimals: u8) -> String {
    let digits = format!("{value:0width$}", width = usize::from(decimals) + 1);
    let (whole, fraction) = digits.split_at(digits.len() - usize::from(decimals));
    match fraction.trim_end_matches('0') {
        "" => whole.to_owned(),
        fraction => format!("{whole}.{fraction}"),
    }
}

/// A number of shares (or of options, units) in units of 10^-10.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Quantity(pub u128);

impl Quantity {
    /// No shares.
    pub const ZERO: Quantity = Quantity(0);
    /// The most that one item of the register may have: 10^15 shares.
    pub const MAX: Quantity = Quantity::whole(1_000_000_000_000_000);

    /// So many whole shares.
    pub const fn whole(shares: u64) -> Quantity {
        Quantity(shares as u128 * ONE)
    }

    /// Reads the shortest decimal text with at most ten decimals; see [`parse_decimal`].
    pub fn parse(text: &str) -> Option<Quantity> {
        parse_decimal(text, DECIMALS).map(Quantity)
    }

    /// The sum, or `None` beyond the representable range.
    pub fn checked_add(self, other: Quantity) -> Option<Quantity> {
        self.0.checked_add(other.0).map(Quantity)
    }

    /// The difference, or `None` where it would be negative.
    pub fn checked_sub(self, other: Quantity) -> Option<Quantity> {
        self.0.checked_sub(other.0).map(Quantity)
    }

    /// Whether this is zero.
    pub fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Whether this is a multiple of the smallest unit of a class with so many decimals.
    pub fn has_granularity(self, decimals: u8) -> bool {
        let free = u32::from(DECIMALS.saturating_sub(decimals));
        self.0.is_multiple_of(10u128.pow(free))
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format_decimal(self.0, DECIMALS))
    }
}

impl fmt::Debug for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Quantity({self})")
    }
}

/// A ratio above zero (OCF 1.2.0 `Ratio`), in lowest terms.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ratio {
    numerator: u128,
    denominator: u128,
}

impl Default for Ratio {
    fn default() -> Ratio {
        Ratio { numerator: 1, denominator: 1 }
    }
}

impl Ratio {
    /// The ratio of two decimals; zero on either side, or a part beyond [`Quantity::MAX`], is `None`.
    pub fn new(numerator: Quantity, denominator: Quantity) -> Option<Ratio> {
        let parts = [numerator, denominator];
        if parts.iter().any(|part| part.is_zero() || *part > Quantity::MAX) {
            return None;
        }
        let common = common_divisor(numerator.0, denominator.0);
        Some(Ratio { numerator: numerator.0 / common, denominator: denominator.0 / common })
    }

    /// The numerator and the denominator, without common divisor.
    pub fn parts(self) -> (u128, u128) {
        (self.numerator, self.denominator)
    }

    /// This ratio of another ratio, or `None` beyond the representable range.
    pub fn times(self, other: Ratio) -> Option<Ratio> {
        let across = common_divisor(self.numerator, other.denominator);
        let along = common_divisor(other.numerator, self.denominator);
        let numerator = (self.numerator / across).checked_mul(other.numerator / along)?;
        let denominator = (self.denominator / along).checked_mul(other.denominator / across)?;
        let largest = numerator.max(denominator) <= Quantity::MAX.0;
        largest.then_some(Ratio { numerator, denominator })
    }

    /// The ratio upside down.
    pub fn inverse(self) -> Ratio {
        Ratio { numerator: self.denominator, denominator: self.numerator }
    }

    /// This ratio of a value, rounded down to a multiple of `unit`; `None` beyond the representable
    /// range.
    pub fn of(self, value: u128, unit: u128) -> Option<u128> {
        let common = common_divisor(value, self.denominator);
        let product = (value / common).checked_mul(self.numerator)?;
        let scaled = product / (self.denominator / common);
        scaled.checked_sub(scaled.checked_rem(unit)?)
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.numerator, self.denominator)
    }
}

/// The greatest common divisor; that of zero and a number is the number.
pub(crate) fn common_divisor(mut one: u128, mut other: u128) -> u128 {
    while other != 0 {
        // Division by machine words is many times faster, and most numbers soon fit.
        if let (Ok(small), Ok(smaller)) = (u64::try_from(one), u64::try_from(other)) {
            return u128::from(small_divisor(small, smaller));
        }
        (one, other) = (other, one % other);
    }
    one.max(1)
}

fn small_divisor(mut one: u64, mut other: u64) -> u64 {
    while other != 0 {
        (one, other) = (other, one % other);
    }
    one
}

/// An ISO 4217 alphabetic currency code: three upper-case letters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

impl Default for Currency {
    /// `XXX`, the code that ISO 4217 reserves for "no currency".
    fn default() -> Currency {
        Currency(*b"XXX")
    }
}

impl Currency {
    /// Reads three upper-case letters; anything else is `None`. Whether ISO assigned the code is not
    /// asked: codes come and go, and a ledger must replay for ever.
    pub fn parse(text: &str) -> Option<Currency> {
        Currency::from_bytes(text.as_bytes().try_into().ok()?)
    }

    /// The currency of three upper-case letters in ASCII.
    pub fn from_bytes(bytes: [u8; 3]) -> Option<Currency> {
        bytes.iter().all(u8::is_ascii_uppercase).then_some(Currency(bytes))
    }

    /// The three letters in ASCII.
    pub fn bytes(self) -> [u8; 3] {
        self.0
    }

    /// The text of the code.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("upper-case ASCII letters")
    }

    /// Decimals of the minor unit (ISO 4217 table A.1): 2 unless listed otherwise.
    pub fn minor_decimals(self) -> u8 {
        match &self.0 {
            b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"ISK" | b"JPY" | b"KMF" | b"KRW" | b"PYG"
            | b"RWF" | b"UGX" | b"UYI" | b"VND" | b"VUV" | b"XAF" | b"XOF" | b"XPF" => 0,
            b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => 3,
            b"CLF" | b"UYW" => 4,
            _ => 2,
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Currency({self})")
    }
}

/// An amount of a currency in units of 10^-10 of its major unit (OCF 1.2.0 `Monetary`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Money {
    /// Units of 10^-10.
    pub amount: u128,
    /// The currency.
    pub currency: Currency,
}

impl Money {
    /// The amount of so many minor units, or `None` beyond the representable range.
    pub fn from_minor(minor: u128, currency: Currency) -> Option<Money> {
        let factor = 10u128.pow(u32::from(DECIMALS - currency.minor_decimals()));
        Some(Money { amount: minor.checked_mul(factor)?, currency })
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", format_decimal(self.amount, DECIMALS), self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_has_one_text() {
        for text in ["0", "1", "100", "12.5", "0.0000000001", "17014118346046923173168730371"] {
            assert_eq!(Quantity::parse(text).unwrap().to_string(), text);
        }
        for text in [
            "",
            ".",
            "1.",
            ".5",
            "01",
            "1.50",
            "1.0",
            "-1",
            "+1",
            "1e3",
            "0.00000000001",
            " 1",
            "17014118346046923173168730372",
            "1.2.3",
            "١",
        ] {
            assert_eq!(Quantity::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_ratio_scales_exactly_or_rounds_down() {
        let ratio = |a: &str, b: &str| Ratio::new(Quantity::parse(a)?, Quantity::parse(b)?);
        let whole = Quantity::whole(1).0;
        assert_eq!(ratio("3", "2").unwrap().of(5 * whole, whole), Some(7 * whole));
        assert_eq!(ratio("1.5", "1"), ratio("3", "2"));
        assert_eq!(ratio("3", "2").unwrap().times(ratio("2", "3").unwrap()), ratio("7", "7"));
        assert_eq!(ratio("1000000000000000", "0.0000000001").unwrap().of(u128::MAX, 1), None);
        assert_eq!(ratio("1", "0"), None);
        assert_eq!(ratio("0", "1"), None);
        assert_eq!(ratio("2", "1").unwrap().of(0, 1), Some(0));
    }

    #[test]
    fn granularity_is_that_of_the_class() {
        let half = Quantity::parse("0.5").unwrap();
        assert!(!half.has_granularity(0));
        assert!(half.has_granularity(1));
        assert!(Quantity::whole(3).has_granularity(0));
        assert!(Quantity(1).has_granularity(10));
    }

    #[test]
    fn money_prints_in_major_units() {
        let euro = Currency::parse("EUR").unwrap();
        assert_eq!(Money::from_minor(1250, euro).unwrap().to_string(), "12.5 EUR");
        let yen = Currency::parse("JPY").unwrap();
        assert_eq!(Money::from_minor(1250, yen).unwrap().to_string(), "1250 JPY");
        assert_eq!(Currency::parse("eur"), None);
        assert_eq!(Currency::parse("EURO"), None);
    }
}
