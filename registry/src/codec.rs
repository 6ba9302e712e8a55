//! Canonical bytes: big-endian integers, length-prefixed texts, fixed order.
//!
//! Records, snapshots and evidence are written with it. Reading is total: it never panics, never
//! allocates more than the input is long, and a value has one encoding.

use crate::amount::{Currency, Money, Quantity, Ratio};
use crate::date::Date;

/// Why bytes could not be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CodecError {
    /// The input ends within a value.
    #[error("the input ends at byte {0}, within a value")]
    Short(usize),
    /// A value is not one that the format allows.
    #[error("the value before byte {0} is not one that the format allows")]
    Invalid(usize),
    /// Bytes are left over.
    #[error("bytes are left over from byte {0} on")]
    Trailing(usize),
}

/// Reads canonical bytes from the front.
#[derive(Clone)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// Starts at the first byte.
    pub fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { bytes, at: 0 }
    }

    /// The offset of the next byte.
    pub fn position(&self) -> usize {
        self.at
    }

    /// How many bytes are left.
    pub fn remaining(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// The next `len` bytes.
    pub fn take(&mut self, len: usize) -> Result<&'a [u8], CodecError> {
        let end = self.at.checked_add(len).filter(|end| *end <= self.bytes.len());
        let end = end.ok_or(CodecError::Short(self.bytes.len()))?;
        let taken = &self.bytes[self.at..end];
        self.at = end;
        Ok(taken)
    }

    /// The next `N` bytes as an array.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], CodecError> {
        Ok(self.take(N)?.try_into().expect("take returns the length asked for"))
    }

    /// An unsigned byte.
    pub fn u8(&mut self) -> Result<u8, CodecError> {
        Ok(self.array::<1>()?[0])
    }

    /// A big-endian 16-bit integer.
    pub fn u16(&mut self) -> Result<u16, CodecError> {
        Ok(u16::from_be_bytes(self.array()?))
    }

    /// A big-endian 32-bit integer.
    pub fn u32(&mut self) -> Result<u32, CodecError> {
        Ok(u32::from_be_bytes(self.array()?))
    }

    /// A big-endian 64-bit integer.
    pub fn u64(&mut self) -> Result<u64, CodecError> {
        Ok(u64::from_be_bytes(self.array()?))
    }

    /// A big-endian 128-bit integer.
    pub fn u128(&mut self) -> Result<u128, CodecError> {
        Ok(u128::from_be_bytes(self.array()?))
    }

    /// A big-endian signed 128-bit integer.
    pub fn i128(&mut self) -> Result<i128, CodecError> {
        Ok(i128::from_be_bytes(self.array()?))
    }

    /// A byte that is 0 or 1.
    pub fn bool(&mut self) -> Result<bool, CodecError> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(self.invalid()),
        }
    }

    /// A text: a 16-bit length and UTF-8.
    pub fn text(&mut self) -> Result<&'a str, CodecError> {
        let len = usize::from(self.u16()?);
        let bytes = self.take(len)?;
        std::str::from_utf8(bytes).map_err(|_| self.invalid())
    }

    /// Bytes with a 32-bit length.
    pub fn bytes(&mut self) -> Result<&'a [u8], CodecError> {
        let len = self.u32()? as usize;
        self.take(len)
    }

    /// A date.
    pub fn date(&mut self) -> Result<Date, CodecError> {
        let days = i32::from_be_bytes(self.array()?);
        let date = Date::from_days(days);
        if date.days() == days { Ok(date) } else { Err(self.invalid()) }
    }

    /// A quantity.
    pub fn quantity(&mut self) -> Result<Quantity, CodecError> {
        self.u128().map(Quantity)
    }

    /// A currency: three letters.
    pub fn currency(&mut self) -> Result<Currency, CodecError> {
        let letters = self.array()?;
        Currency::from_bytes(letters).ok_or(self.invalid())
    }

    /// An amount of a currency.
    pub fn money(&mut self) -> Result<Money, CodecError> {
        Ok(Money { currency: self.currency()?, amount: self.u128()? })
    }

    /// A ratio: numerator and denominator without common divisor.
    pub fn ratio(&mut self) -> Result<Ratio, CodecError> {
        let parts = (self.u128()?, self.u128()?);
        let ratio = Ratio::new(Quantity(parts.0), Quantity(parts.1));
        ratio.filter(|ratio| ratio.parts() == parts).ok_or(self.invalid())
    }

    /// A value that may be absent: a byte 0 or 1, and then the value.
    pub fn option<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, CodecError>,
    ) -> Result<Option<T>, CodecError> {
        if self.bool()? { read(self).map(Some) } else { Ok(None) }
    }

    /// A list: a 32-bit count and its items, each of which takes at least one byte.
    pub fn list<T>(
        &mut self,
        mut read: impl FnMut(&mut Self) -> Result<T, CodecError>,
    ) -> Result<Vec<T>, CodecError> {
        let count = self.u32()? as usize;
        if count > self.remaining() {
            return Err(CodecError::Short(self.bytes.len()));
        }
        (0..count).map(|_| read(self)).collect()
    }

    /// The error for a value just read that the format does not allow.
    pub fn invalid(&self) -> CodecError {
        CodecError::Invalid(self.at)
    }

    /// Ends the reading: nothing may be left over.
    pub fn end(self) -> Result<(), CodecError> {
        if self.remaining() == 0 { Ok(()) } else { Err(CodecError::Trailing(self.at)) }
    }
}

/// Writes canonical bytes at the end of a buffer.
pub trait Writer {
    /// Raw bytes.
    fn put(&mut self, bytes: &[u8]);

    /// An unsigned byte.
    fn put_u8(&mut self, value: u8) {
        self.put(&[value]);
    }
    /// A big-endian 16-bit integer.
    fn put_u16(&mut self, value: u16) {
        self.put(&value.to_be_bytes());
    }
    /// A big-endian 32-bit integer.
    fn put_u32(&mut self, value: u32) {
        self.put(&value.to_be_bytes());
    }
    /// A big-endian 64-bit integer.
    fn put_u64(&mut self, value: u64) {
        self.put(&value.to_be_bytes());
    }
    /// A big-endian 128-bit integer.
    fn put_u128(&mut self, value: u128) {
        self.put(&value.to_be_bytes());
    }
    /// A big-endian signed 128-bit integer.
    fn put_i128(&mut self, value: i128) {
        self.put(&value.to_be_bytes());
    }
    /// A byte that is 0 or 1.
    fn put_bool(&mut self, value: bool) {
        self.put_u8(u8::from(value));
    }
    /// A text of at most 65,535 bytes; a longer one is cut at a character, which the limits on every
    /// text of the ledger keep from happening.
    fn put_text(&mut self, text: &str) {
        let end = text.floor_char_boundary(usize::from(u16::MAX));
        self.put_u16(u16::try_from(end).expect("at most u16::MAX"));
        self.put(&text.as_bytes()[..end]);
    }
    /// Bytes with a 32-bit length. The caller holds less than 4 GiB.
    fn put_bytes(&mut self, bytes: &[u8]) {
        self.put_u32(u32::try_from(bytes.len()).expect("less than 4 GiB"));
        self.put(bytes);
    }
    /// A date.
    fn put_date(&mut self, date: Date) {
        self.put(&date.days().to_be_bytes());
    }
    /// A quantity.
    fn put_quantity(&mut self, quantity: Quantity) {
        self.put_u128(quantity.0);
    }
    /// An amount of a currency.
    fn put_money(&mut self, money: Money) {
        self.put(&money.currency.bytes());
        self.put_u128(money.amount);
    }
    /// A ratio.
    fn put_ratio(&mut self, ratio: Ratio) {
        let (numerator, denominator) = ratio.parts();
        self.put_u128(numerator);
        self.put_u128(denominator);
    }
    /// A value that may be absent.
    fn put_option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        self.put_bool(value.is_some());
        if let Some(value) = value {
            write(self, value);
        }
    }
    /// The count of a list; its items follow.
    fn put_count(&mut self, count: usize) {
        self.put_u32(u32::try_from(count).expect("fewer than 2^32 items"));
    }
}

impl Writer for Vec<u8> {
    fn put(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}
