//! What effects are about: authorizations, kinds of classes and instruments, conversion rights.

use crate::amount::{Quantity, Ratio};
use crate::codec::{CodecError, Reader, Writer};

/// How many shares a charter or a class authorizes (OCF 1.2.0 `initial_shares_authorized`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Authorized {
    /// So many.
    Shares(Quantity),
    /// `UNLIMITED`: as many as wanted.
    Unlimited,
    /// `NOT APPLICABLE`: the jurisdiction knows no such number.
    NotApplicable,
}

impl Default for Authorized {
    fn default() -> Authorized {
        Authorized::Shares(Quantity::ZERO)
    }
}

impl Authorized {
    /// The number, where it is one that limits.
    pub fn limit(self) -> Option<Quantity> {
        match self {
            Authorized::Shares(shares) => Some(shares),
            Authorized::Unlimited | Authorized::NotApplicable => None,
        }
    }

    /// Reads a decimal, `UNLIMITED` or `NOT APPLICABLE`.
    pub fn parse(text: &str) -> Option<Authorized> {
        match text {
            "UNLIMITED" => Some(Authorized::Unlimited),
            "NOT APPLICABLE" => Some(Authorized::NotApplicable),
            number => Quantity::parse(number).map(Authorized::Shares),
        }
    }

    /// Writes the canonical bytes.
    pub fn encode(self, out: &mut Vec<u8>) {
        match self {
            Authorized::Shares(shares) => {
                out.put_u8(0);
                out.put_quantity(shares);
            }
            Authorized::Unlimited => out.put_u8(1),
            Authorized::NotApplicable => out.put_u8(2),
        }
    }

    /// Reads the canonical bytes.
    pub fn decode(from: &mut Reader<'_>) -> Result<Authorized, CodecError> {
        match from.u8()? {
            0 => from.quantity().map(Authorized::Shares),
            1 => Ok(Authorized::Unlimited),
            2 => Ok(Authorized::NotApplicable),
            _ => Err(from.invalid()),
        }
    }
}

impl std::fmt::Display for Authorized {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Authorized::Shares(shares) => shares.fmt(f),
            Authorized::Unlimited => f.pad("UNLIMITED"),
            Authorized::NotApplicable => f.pad("NOT APPLICABLE"),
        }
    }
}

/// The kind of a stock class (OCF 1.2.0 `StockClassType`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ClassKind {
    /// Common stock.
    #[default]
    Common,
    /// Preferred stock.
    Preferred,
}

impl ClassKind {
    /// Reads `COMMON` or `PREFERRED`.
    pub fn parse(text: &str) -> Option<ClassKind> {
        match text {
            "COMMON" => Some(ClassKind::Common),
            "PREFERRED" => Some(ClassKind::Preferred),
            _ => None,
        }
    }

    /// The OCF text.
    pub fn as_str(self) -> &'static str {
        match self {
            ClassKind::Common => "COMMON",
            ClassKind::Preferred => "PREFERRED",
        }
    }
}

/// An instrument that is no share (OCF 1.2.0 `CompensationType`, warrants, convertibles).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
#[repr(u8)]
pub enum Instrument {
    /// `OPTION`, where nothing is said about its taxation.
    #[default]
    Option = 1,
    /// `OPTION_NSO`.
    OptionNso = 2,
    /// `OPTION_ISO`.
    OptionIso = 3,
    /// `RSU`: a restricted stock unit.
    Rsu = 4,
    /// `CSAR`: an appreciation right settled in cash.
    Csar = 5,
    /// `SSAR`: an appreciation right settled in stock.
    Ssar = 6,
    /// A warrant.
    Warrant = 7,
    /// A note, a SAFE or another convertible; its quantity is the invested amount.
    Convertible = 8,
}

impl Instrument {
    const ALL: [Instrument; 8] = [
        Instrument::Option,
        Instrument::OptionNso,
        Instrument::OptionIso,
        Instrument::Rsu,
        Instrument::Csar,
        Instrument::Ssar,
        Instrument::Warrant,
        Instrument::Convertible,
    ];

    /// The text: a `CompensationType`, `WARRANT` or `CONVERTIBLE`.
    pub fn as_str(self) -> &'static str {
        match self {
            Instrument::Option => "OPTION",
            Instrument::OptionNso => "OPTION_NSO",
            Instrument::OptionIso => "OPTION_ISO",
            Instrument::Rsu => "RSU",
            Instrument::Csar => "CSAR",
            Instrument::Ssar => "SSAR",
            Instrument::Warrant => "WARRANT",
            Instrument::Convertible => "CONVERTIBLE",
        }
    }

    /// Reads a `CompensationType`.
    pub fn compensation(text: &str) -> Option<Instrument> {
        Self::ALL.into_iter().find(|known| known.is_compensation() && known.as_str() == text)
    }

    /// Whether it is granted for work.
    pub fn is_compensation(self) -> bool {
        !matches!(self, Instrument::Warrant | Instrument::Convertible)
    }

    /// Whether it is an option.
    pub fn is_option(self) -> bool {
        matches!(self, Instrument::Option | Instrument::OptionNso | Instrument::OptionIso)
    }

    /// Reads the byte of an instrument.
    pub fn decode(from: &mut Reader<'_>) -> Result<Instrument, CodecError> {
        let byte = from.u8()?;
        let found = Self::ALL.into_iter().find(|known| *known as u8 == byte);
        found.ok_or(from.invalid())
    }
}

/// How a fraction of a share is rounded on conversion (OCF 1.2.0 `RoundingType`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(u8)]
pub enum Rounding {
    /// `FLOOR`.
    #[default]
    Down = 0,
    /// `CEILING`.
    Up = 1,
    /// `NORMAL`: half up.
    Nearest = 2,
}

impl Rounding {
    /// Reads a `RoundingType`.
    pub fn parse(text: &str) -> Option<Rounding> {
        match text {
            "FLOOR" => Some(Rounding::Down),
            "CEILING" => Some(Rounding::Up),
            "NORMAL" => Some(Rounding::Nearest),
            _ => None,
        }
    }

    /// The OCF text.
    pub fn as_str(self) -> &'static str {
        match self {
            Rounding::Down => "FLOOR",
            Rounding::Up => "CEILING",
            Rounding::Nearest => "NORMAL",
        }
    }
}

/// A right to convert shares of one class into another one (OCF 1.2.0 `StockClassConversionRight`).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Conversion {
    /// The id of the class that results, as the package writes it: it may be entered later. Empty
    /// where the right leads to a future round.
    pub class_id: String,
    /// Shares received for one share.
    pub ratio: Ratio,
    /// What becomes of fractions.
    pub rounding: Rounding,
}

impl Conversion {
    /// Writes the canonical bytes.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.put_text(&self.class_id);
        out.put_ratio(self.ratio);
        out.put_u8(self.rounding as u8);
    }

    /// Reads the canonical bytes.
    pub fn decode(from: &mut Reader<'_>) -> Result<Conversion, CodecError> {
        Ok(Conversion {
            class_id: from.text()?.to_owned(),
            ratio: from.ratio()?,
            rounding: match from.u8()? {
                0 => Rounding::Down,
                1 => Rounding::Up,
                2 => Rounding::Nearest,
                _ => return Err(from.invalid()),
            },
        })
    }
}

/// Reads the byte of a [`ClassKind`].
pub fn decode_kind(from: &mut Reader<'_>) -> Result<ClassKind, CodecError> {
    match from.u8()? {
        0 => Ok(ClassKind::Common),
        1 => Ok(ClassKind::Preferred),
        _ => Err(from.invalid()),
    }
}
