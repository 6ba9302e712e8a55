//! Dense handles of what the ledger knows, with a check character for people.
//!
//! A handle is the index given at opening, so that a look-up is an array access. Its text is a
//! letter for the kind, the index, a hyphen and one check character (`A42-7`): ISO 7064 MOD 37,36,
//! which finds each single wrong character and each transposition of neighbours.

use std::fmt;

/// The check character of upper-case letters and digits (ISO 7064 MOD 37,36), or `None` where
/// `text` holds anything else.
pub fn check_character(text: &str) -> Option<char> {
    let mut product = 36u32;
    for c in text.bytes() {
        let value = match c {
            b'0'..=b'9' => u32::from(c - b'0'),
            b'A'..=b'Z' => u32::from(c - b'A') + 10,
            _ => return None,
        };
        let sum = (product + value) % 36;
        product = (if sum == 0 { 36 } else { sum }) * 2 % 37;
    }
    char::from_digit((37 - product) % 36, 36).map(|c| c.to_ascii_uppercase())
}

/// Reads `<prefix><index>-<check>`; a wrong check character, a leading zero or another prefix is
/// `None`.
pub fn parse_handle(text: &str, prefix: char) -> Option<u64> {
    let (body, check) = text.split_once('-')?;
    let index: u64 = body.strip_prefix(prefix)?.parse().ok()?;
    (format_handle(prefix, index) == text && check.len() == 1).then_some(index)
}

/// Writes `<prefix><index>-<check>`.
pub fn format_handle(prefix: char, index: u64) -> String {
    let body = format!("{prefix}{index}");
    let check = check_character(&body).expect("an upper-case letter and digits");
    format!("{body}-{check}")
}

/// Declares a handle type: `handle!(/** docs */ Name, 'X')`.
#[macro_export]
macro_rules! handle {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(pub u32);

        impl $name {
            /// Reads the text of a handle of this kind; a wrong check character is `None`.
            pub fn parse(text: &str) -> Option<Self> {
                let index = $crate::handle::parse_handle(text, $prefix)?;
                u32::try_from(index).ok().map(Self)
            }

            /// The index as a position in memory.
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&$crate::handle::format_handle($prefix, u64::from(self.0)))
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{self}")
            }
        }
    };
}

handle!(
    /// A natural or legal person, known ledger-wide (`P…`).
    PartyId, 'P'
);
handle!(
    /// An issuer of securities and its register (`I…`).
    IssuerId, 'I'
);
handle!(
    /// A stock class (`S…`).
    ClassId, 'S'
);
handle!(
    /// A line in one issuer's register (`H…`).
    StakeholderId, 'H'
);
handle!(
    /// A securities account (`A…`).
    AccountId, 'A'
);

handle!(
    /// A stock plan (`L…`).
    PlanId, 'L'
);
handle!(
    /// A security that is no share: a grant, a warrant or a convertible (`G…`).
    SecurityId, 'G'
);

/// The holder of record of a securities account.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Holder {
    /// A party of the ledger.
    Party(PartyId),
    /// A stakeholder that is not linked to a party yet.
    Stakeholder(StakeholderId),
}

impl Default for Holder {
    fn default() -> Holder {
        Holder::Party(PartyId(0))
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Holder::Party(party) => party.fmt(f),
            Holder::Stakeholder(stakeholder) => stakeholder.fmt(f),
        }
    }
}

/// A certificate: the record that opened it, its place among those which that record opened, and
/// the slot that it occupies in memory while it is open.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct CertificateId {
    /// Index of the opening record in the tree.
    pub record: u64,
    /// Place among the certificates that this record opened, from 0.
    pub place: u32,
    /// Slot in the register's arena; reused after the certificate has closed.
    pub slot: u32,
}

impl CertificateId {
    /// Reads `N<record>.<place>.<slot>-<check>`; anything else is `None`.
    pub fn parse(text: &str) -> Option<CertificateId> {
        let (body, _) = text.split_once('-')?;
        let mut parts = body.strip_prefix('N')?.split('.');
        let id = CertificateId {
            record: parts.next()?.parse().ok()?,
            place: parts.next()?.parse().ok()?,
            slot: parts.next()?.parse().ok()?,
        };
        (id.to_string() == text).then_some(id)
    }
}

impl fmt::Display for CertificateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let CertificateId { record, place, slot } = self;
        let check = check_character(&format!("N{record}Z{place}Z{slot}"))
            .expect("upper-case letters and digits");
        f.pad(&format!("N{record}.{place}.{slot}-{check}"))
    }
}

impl fmt::Debug for CertificateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_account_is_not_another_account() {
        let text = AccountId(4217).to_string();
        assert_eq!(AccountId::parse(&text), Some(AccountId(4217)));
        assert_eq!(PartyId::parse(&text), None);
        for i in 1..text.len() {
            for c in b"0123456789ABCXYZ" {
                let mut wrong = text.clone().into_bytes();
                if wrong[i] != *c {
                    wrong[i] = *c;
                    let wrong = String::from_utf8(wrong).unwrap();
                    assert_eq!(AccountId::parse(&wrong), None, "{wrong}");
                }
            }
        }
        assert_eq!(AccountId::parse("A2417-".to_owned().as_str()), None);
        assert_eq!(AccountId::parse(&format_handle('A', u64::from(u32::MAX) + 1)), None);
    }

    #[test]
    fn the_check_character_is_that_of_iso_7064() {
        // The worked example of ISO 7064 for MOD 37,36.
        assert_eq!(check_character("A12425GABC1234002"), Some('M'));
        assert_eq!(check_character("a"), None);
    }

    #[test]
    fn a_certificate_has_one_text() {
        let id = CertificateId { record: 7, place: 1, slot: 99 };
        assert_eq!(CertificateId::parse(&id.to_string()), Some(id));
        assert_eq!(CertificateId::parse("N7.1.98-0"), None);
        assert_eq!(CertificateId::parse("N7.1"), None);
    }
}
