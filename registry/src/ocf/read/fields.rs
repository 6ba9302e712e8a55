//! The fields of one object, each taken out as the type that the format gives it.
//!
//! LENIENT first brings the object into the strict form, with a finding for each change; from then
//! on there is one reader. Fields that move no share are known by name and not looked into.

use serde_json::{Map, Value};

use crate::amount::{Currency, DECIMALS, Money, Quantity, parse_decimal};
use crate::date::Date;
use crate::effect::Authorized;
use crate::ocf::read::Mode;
use crate::ocf::{Code, Finding, Refusal};

/// Bytes of an id, a printed number or the name of a class, which go into the ledger.
const LABEL_BYTES_MAX: usize = 200;
/// Ids in one list: what one event may open.
const LIST_MAX: usize = 1_000;
/// What every object may have.
const COMMON: [&str; 3] = ["id", "object_type", "comments"];

/// One object.
pub(super) struct Fields<'a> {
    map: Map<String, Value>,
    file: &'a str,
    id: String,
    findings: &'a mut Vec<Finding>,
}

impl<'a> Fields<'a> {
    /// The fields of an object that has an id.
    pub(super) fn object(
        map: Map<String, Value>,
        file: &'a str,
        known: &[&str],
        mode: Mode,
        findings: &'a mut Vec<Finding>,
    ) -> Result<Fields<'a>, Refusal> {
        Fields::new(map, file, &|key| COMMON.contains(&key) || known.contains(&key), mode, findings)
    }

    /// The members of a file beside its items.
    pub(super) fn top(
        map: Map<String, Value>,
        file: &'a str,
        known: &[&str],
        mode: Mode,
        findings: &'a mut Vec<Finding>,
    ) -> Result<Fields<'a>, Refusal> {
        Fields::new(map, file, &|key| known.contains(&key), mode, findings)
    }

    fn new(
        map: Map<String, Value>,
        file: &'a str,
        known: &dyn Fn(&str) -> bool,
        mode: Mode,
        findings: &'a mut Vec<Finding>,
    ) -> Result<Fields<'a>, Refusal> {
        let id = map.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
        let mut fields = Fields { map: Map::new(), file, id, findings };
        for (key, mut value) in map {
            let (code, what, kept) = if !known(&key) {
                (Code::FieldUnknown, "the format has no such field", None)
            } else if value.is_null() || is_omitted(&value) {
                (Code::FieldInvalid, "it holds no value", None)
            } else if key == "balance_security_id" && value == "" {
                (Code::FieldInvalid, "an empty reference", None)
            } else if value.is_number() {
                (
                    Code::FieldInvalid,
                    "a number where a text belongs",
                    Some(Value::String(value.to_string())),
                )
            } else if let Some(amount) = value.get_mut("amount")
                && amount.is_number()
                && mode == Mode::Lenient
            {
                *amount = Value::String(amount.to_string());
                (Code::FieldInvalid, "a number where a text belongs", Some(value))
            } else {
                fields.map.insert(key, value);
                continue;
            };
            let what = format!("{key}: {what}");
            if mode == Mode::Strict {
                return Err(fields.refuse(code, what));
            }
            let done = if kept.is_some() { "read as the same number" } else { "left out" };
            fields.find(code, what, done);
            if let Some(kept) = kept {
                fields.map.insert(key, kept);
            }
        }
        Ok(fields)
    }

    /// Notes a finding about this object.
    pub(super) fn find(&mut self, code: Code, what: impl Into<String>, done: &str) {
        self.findings.push(Finding::new(code, self.file, &self.id, what, done));
    }

    /// Refuses this object.
    pub(super) fn refuse(&self, code: Code, what: impl Into<String>) -> Refusal {
        Refusal::new(code, self.file, &self.id, what)
    }

    /// Whether a field is there.
    pub(super) fn has(&self, key: &str) -> bool {
        self.map.contains_key(key)
    }

    /// A text of any length.
    pub(super) fn text(&mut self, key: &str) -> Result<String, Refusal> {
        match self.map.remove(key) {
            Some(Value::String(text)) => Ok(text),
            Some(_) => Err(self.invalid(key, "a text is wanted")),
            None => Err(self.missing(key)),
        }
    }

    /// A text for the ledger: 1 to 200 bytes without control characters.
    pub(super) fn label(&mut self, key: &str) -> Result<String, Refusal> {
        let text = self.text(key)?;
        self.sound(key, text)
    }

    /// A label that may be absent.
    pub(super) fn optional_label(&mut self, key: &str) -> Result<Option<String>, Refusal> {
        if self.has(key) { self.label(key).map(Some) } else { Ok(None) }
    }

    /// A list of 1 to 1,000 labels, each once.
    pub(super) fn labels(&mut self, key: &str) -> Result<Vec<String>, Refusal> {
        let list = match self.map.remove(key) {
            Some(Value::Array(list)) if (1..=LIST_MAX).contains(&list.len()) => list,
            Some(_) => return Err(self.invalid(key, "a list of 1 to 1,000 ids is wanted")),
            None => return Err(self.missing(key)),
        };
        let mut labels: Vec<String> = Vec::with_capacity(list.len());
        for value in list {
            let Value::String(text) = value else {
                return Err(self.invalid(key, "a list of texts is wanted"));
            };
            labels.push(self.sound(key, text)?);
        }
        let unique: std::collections::BTreeSet<_> = labels.iter().collect();
        if unique.len() < labels.len() {
            return Err(self.invalid(key, "an id occurs twice"));
        }
        Ok(labels)
    }

    /// A date.
    pub(super) fn date(&mut self, key: &str) -> Result<Date, Refusal> {
        let text = self.text(key)?;
        Date::parse(&text).ok_or_else(|| self.invalid(key, "a date YYYY-MM-DD is wanted"))
    }

    /// A number of shares.
    pub(super) fn quantity(&mut self, key: &str) -> Result<Quantity, Refusal> {
        let text = self.text(key)?;
        numeric(&text).map(Quantity).ok_or_else(|| self.invalid(key, NUMERIC))
    }

    /// A number of shares, `UNLIMITED` or `NOT APPLICABLE`.
    pub(super) fn authorized(&mut self, key: &str) -> Result<Authorized, Refusal> {
        let text = self.text(key)?;
        match numeric(&text) {
            Some(shares) => Ok(Authorized::Shares(Quantity(shares))),
            None => Authorized::parse(&text).ok_or_else(|| self.invalid(key, NUMERIC)),
        }
    }

    /// The same where the field is there, else `NOT APPLICABLE`.
    pub(super) fn authorized_or_none(&mut self, key: &str) -> Result<Authorized, Refusal> {
        if self.has(key) { self.authorized(key) } else { Ok(Authorized::NotApplicable) }
    }

    /// An amount and its currency (OCF 1.2.0 `Monetary`).
    pub(super) fn money(&mut self, key: &str) -> Result<Money, Refusal> {
        let map = self.map(key)?;
        let text = |field: &str| map.get(field).and_then(Value::as_str);
        let amount = text("amount").and_then(numeric);
        let currency = text("currency").and_then(Currency::parse);
        match (amount, currency, map.len()) {
            (Some(amount), Some(currency), 2) => Ok(Money { amount, currency }),
            _ => Err(self.invalid(key, "an amount and a currency of three letters are wanted")),
        }
    }

    /// An object within this one.
    pub(super) fn map(&mut self, key: &str) -> Result<Map<String, Value>, Refusal> {
        match self.map.remove(key) {
            Some(Value::Object(map)) => Ok(map),
            Some(_) => Err(self.invalid(key, "an object is wanted")),
            None => Err(self.missing(key)),
        }
    }

    /// A required field that is not looked into.
    pub(super) fn require(&self, keys: &[&str]) -> Result<(), Refusal> {
        match keys.iter().find(|key| !self.has(key)) {
            Some(key) => Err(self.missing(key)),
            None => Ok(()),
        }
    }

    fn sound(&self, key: &str, text: String) -> Result<String, Refusal> {
        let sound = !text.is_empty()
            && text.len() <= LABEL_BYTES_MAX
            && !text.chars().any(char::is_control);
        if sound { Ok(text) } else { Err(self.invalid(key, "a text of 1 to 200 bytes is wanted")) }
    }

    fn missing(&self, key: &str) -> Refusal {
        self.refuse(Code::FieldMissing, format!("{key} is missing"))
    }

    fn invalid(&self, key: &str, what: &str) -> Refusal {
        self.refuse(Code::FieldInvalid, format!("{key}: {what}"))
    }
}

const NUMERIC: &str = "a number from 0 with at most ten decimals, as a text, is wanted";

/// Reads an OCF 1.2.0 `Numeric` that is not negative, in units of 10^-10. The format allows a sign,
/// leading zeros and trailing zeros after the point.
fn numeric(text: &str) -> Option<u128> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = match digits.split_once('.') {
        Some((_, "")) => return None,
        Some((whole, fraction)) => (whole, fraction),
        None => (digits, ""),
    };
    let too_fine = fraction.len() > usize::from(DECIMALS);
    if whole.is_empty()
        || too_fine
        || !(whole.bytes().chain(fraction.bytes())).all(|c| c.is_ascii_digit())
    {
        return None;
    }
    let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
    let whole = if whole.is_empty() { "0" } else { whole };
    let value = if fraction.is_empty() {
        parse_decimal(whole, DECIMALS)
    } else {
        parse_decimal(&format!("{whole}.{fraction}"), DECIMALS)
    };
    value.filter(|value| !negative || *value == 0)
}

/// Some exporters write `{"omitted": true}` for a value that they keep to themselves.
fn is_omitted(value: &Value) -> bool {
    value.as_object().is_some_and(|map| map.len() == 1 && map.get("omitted") == Some(&true.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_numeric_is_exact_in_every_spelling() {
        for (text, shown) in [
            ("100", "100"),
            ("+100.00", "100"),
            ("007.50", "7.5"),
            ("-0", "0"),
            ("0.0000000001", "0.0000000001"),
        ] {
            assert_eq!(numeric(text).map(|value| Quantity(value).to_string()).unwrap(), shown);
        }
        for text in ["", "-1", "1.", ".5", "1e3", "1,000", "0.00000000001", "--1", " 1", "1.5.2"] {
            assert_eq!(numeric(text), None, "{text:?}");
        }
    }
}
