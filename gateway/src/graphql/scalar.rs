//! Scalars: texts only, each with exactly one spelling, so that no client and no library rounds.

use std::fmt::Display;

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use counterfoil_engine::hash::{self, parse_hex, to_hex};
use counterfoil_engine::time::Timestamp;
use counterfoil_registry::amount::{self, Quantity, format_decimal, parse_decimal};
use counterfoil_registry::date;

/// Declares a scalar whose text is read by a function and written by `Display`.
macro_rules! text {
    ($(#[$doc:meta])* $name:ident($inner:ty), $url:literal, $parse:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Debug)]
        pub(crate) struct $name(pub $inner);

        $(#[$doc])*
        #[Scalar(specified_by_url = $url)]
        impl ScalarType for $name {
            fn parse(value: Value) -> InputValueResult<Self> {
                read(&value, $parse).map($name)
            }

            // What is wrong with a text is said when it is read, with the place.
            fn is_valid(value: &Value) -> bool {
                matches!(value, Value::String(_))
            }

            fn to_value(&self) -> Value {
                Value::String(self.0.to_string())
            }
        }
    };
}

fn read<T: Display, S: ScalarType + async_graphql::InputType>(
    value: &Value,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<T, InputValueError<S>> {
    match value {
        Value::String(text) => match parse(text) {
            Some(value) => Ok(value),
            None => Err(InputValueError::custom("the text is not in its one documented form")),
        },
        _ => Err(InputValueError::custom("a string is wanted")),
    }
}

text!(
    /// An exact decimal number as a string, without superfluous zeros and without exponent:
    /// `"1234.5"`. It is never a JSON number, which many libraries read as a float.
    Decimal(String), "https://www.rfc-editor.org/rfc/rfc8259#section-7", exact
);
text!(
    /// An instant in UTC with milliseconds, as RFC 3339 writes it: `"2026-11-21T09:30:00.000Z"`.
    DateTime(Timestamp), "https://www.rfc-editor.org/rfc/rfc3339#section-5.6", Timestamp::parse
);
text!(
    /// A day in UTC: `"2026-11-21"`.
    Date(date::Date), "https://www.rfc-editor.org/rfc/rfc3339#section-5.6", date::Date::parse
);
text!(
    /// An ISO 4217 currency code: `"USD"`.
    CurrencyCode(amount::Currency), "https://www.iso.org/iso-4217-currency-codes.html",
    amount::Currency::parse
);
text!(
    /// A SHA-256 value or an Ed25519 public key: 64 lower-case hexadecimal digits.
    Hash(hash::Hash), "https://www.rfc-editor.org/rfc/rfc4648#section-8", hash::Hash::parse
);
text!(
    /// Bytes in lower-case hexadecimal.
    Hex(HexText), "https://www.rfc-editor.org/rfc/rfc4648#section-8", HexText::parse
);
text!(
    /// A height: how many blocks the ledger had closed, as a string of digits.
    Height(u64), "https://www.rfc-editor.org/rfc/rfc8259#section-7", height
);

/// Bytes whose text is hexadecimal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct HexText(pub(crate) Vec<u8>);

impl HexText {
    fn parse(text: &str) -> Option<HexText> {
        parse_hex(text).map(HexText)
    }
}

impl Display for HexText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&to_hex(&self.0))
    }
}

impl From<Quantity> for Decimal {
    fn from(quantity: Quantity) -> Decimal {
        Decimal(quantity.to_string())
    }
}

impl Decimal {
    /// Units of 10^-10.
    pub(crate) fn units(units: u128) -> Decimal {
        Decimal(format_decimal(units, DECIMALS))
    }

    /// An amount of minor units of a currency.
    pub(crate) fn money(minor: u128, currency: amount::Currency) -> Decimal {
        Decimal(format_decimal(minor, currency.minor_decimals()))
    }
}

impl From<[u8; 32]> for Hash {
    fn from(bytes: [u8; 32]) -> Hash {
        Hash(hash::Hash(bytes))
    }
}

/// Decimals of any money or share.
const DECIMALS: u8 = 10;

fn exact(text: &str) -> Option<String> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    parse_decimal(digits, DECIMALS).map(|_| text.to_owned())
}

fn height(text: &str) -> Option<u64> {
    text.parse().ok().filter(|height: &u64| height.to_string() == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scalar_reads_its_one_spelling() {
        assert!(<Decimal as ScalarType>::parse(Value::from("1234.5")).is_ok());
        for other in ["1234.50", "01", "1e3", "", "+1", "0x1"] {
            assert!(<Decimal as ScalarType>::parse(Value::from(other)).is_err(), "{other}");
        }
        assert!(<Decimal as ScalarType>::parse(Value::from(1.5)).is_err());
        assert!(<Height as ScalarType>::parse(Value::from("12")).is_ok());
        assert!(<Height as ScalarType>::parse(Value::from("012")).is_err());
        assert!(<Date as ScalarType>::parse(Value::from("2026-02-29")).is_err());
        assert!(<Hash as ScalarType>::parse(Value::from("ab")).is_err());
        let hex = <Hex as ScalarType>::parse(Value::from("ab")).unwrap();
        assert_eq!(ScalarType::to_value(&hex), Value::from("ab"));
    }
}
