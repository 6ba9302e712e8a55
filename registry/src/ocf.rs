//! The Open Cap Format: reading a company's cap table from the package that another system wrote,
//! and writing one.
//!
//! The steps, none of which knows the next one: [`source`] takes the members out of a folder or a
//! zip within fixed bounds; [`read()`] brings each object into normal form along the tables of
//! `format`, looks at them together (`history`), and yields a [`Package`]; [`import`] puts its
//! transactions in order, as the items that a draft register of the ledger takes, and carries the
//! same items out offline through the one [`crate::register::Register`], so that the same rules bind
//! a file and a live command. [`write()`] makes members of a package again, and [`archive`] a folder
//! or a zip of them.
//!
//! Reading is STRICT (the specification: OCF 1.2.0 and its main branch) or LENIENT, where each
//! departure is a [`Finding`] with the one written reading that was applied; what comes out of
//! LENIENT is a package that STRICT accepts.

use std::fmt;

use crate::rule::Rule;

pub mod archive;
mod findings;
mod format;
mod history;
pub mod import;
mod normal;
pub mod object;
mod older;
mod package;
pub mod source;
mod tree;
mod write;

pub use package::{Item, Options, Package, read};
pub use write::{Written, write};

/// How departures from the specification are met.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Mode {
    /// Refused.
    #[default]
    Strict,
    /// Read in the one documented way, with a finding.
    Lenient,
}

/// Declares the closed enum of codes: text code and sentence.
macro_rules! codes {
    ($($variant:ident = $code:literal, $sentence:literal;)+) => {
        /// Why a package is refused, or what was found in it. Codes are stable and never reused;
        /// `docs/ocf.md` lists them.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Code {
            $(#[doc = $sentence] $variant,)+
        }

        impl Code {
            /// Every code, in the order of the steps that give it.
            pub const ALL: &'static [Code] = &[$(Code::$variant,)+];

            /// The text code.
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$variant => $code,)+ }
            }

            /// What it means, in one sentence.
            pub fn sentence(self) -> &'static str {
                match self { $(Code::$variant => $sentence,)+ }
            }
        }
    };
}

codes! {
    Unreadable = "OCF_UNREADABLE", "The file or folder cannot be read.";
    ZipBroken = "OCF_ZIP_BROKEN", "The zip is damaged or of a kind that a package never needs.";
    Encrypted = "OCF_ENCRYPTED", "A member of the zip is encrypted.";
    TooManyMembers = "OCF_TOO_MANY_MEMBERS", "The package has more members than the limit.";
    MemberTooLarge = "OCF_MEMBER_TOO_LARGE", "A member is larger than the limit.";
    PackageTooLarge = "OCF_PACKAGE_TOO_LARGE", "The package is larger than the limit.";
    CompressionRatio = "OCF_COMPRESSION_RATIO", "A member expands further than data does.";
    PathInvalid = "OCF_PATH_INVALID", "The name of a member leads out of the package.";
    MemberTwice = "OCF_MEMBER_TWICE", "Two members have one name.";
    JsonInvalid = "OCF_JSON_INVALID", "A file is not JSON, or too deep, or names a key twice.";
    ManifestMissing = "OCF_MANIFEST_MISSING", "No file is of the type OCF_MANIFEST_FILE.";
    ManifestTwice = "OCF_MANIFEST_TWICE", "Two files are of the type OCF_MANIFEST_FILE.";
    VersionUnsupported = "OCF_VERSION_UNSUPPORTED", "The version is not within 1.0 to 1.2.";
    MemberMissing = "OCF_MEMBER_MISSING", "The manifest names a file that is not there.";
    MemberForeign = "OCF_MEMBER_FOREIGN", "A JSON file is none of the format.";
    MemberUnlisted = "OCF_MEMBER_UNLISTED", "A file of the format is not named in the manifest.";
    Md5Mismatch = "OCF_MD5_MISMATCH", "The MD5 in the manifest is not that of the file.";
    FileTypeUnknown = "OCF_FILE_TYPE_UNKNOWN", "The format has no file of this type.";
    TypeUnknown = "OCF_TYPE_UNKNOWN", "The format has no object of this type.";
    TypeMisplaced = "OCF_TYPE_MISPLACED", "An object stands in a file of another type.";
    NameOlder = "OCF_NAME_OLDER", "An earlier release called it so.";
    BeyondRelease = "OCF_BEYOND_RELEASE", "A later release has it first.";
    FieldMissing = "OCF_FIELD_MISSING", "A field that the format requires is missing.";
    FieldInvalid = "OCF_FIELD_INVALID", "A field does not hold what the format asks for.";
    FieldUnknown = "OCF_FIELD_UNKNOWN", "The format has no such field.";
    IdTwice = "OCF_ID_TWICE", "Two objects of one kind have one id.";
    ReferenceUnknown = "OCF_REFERENCE_UNKNOWN", "A reference names nothing in the package.";
    ResultInvalid = "OCF_RESULT_INVALID",
        "A resulting certificate does not fit the event that opens it.";
    BalanceMissing = "OCF_BALANCE_MISSING",
        "An event takes a part of a certificate and names no balance certificate.";
    TerminalTwice = "OCF_TERMINAL_TWICE", "Two events close one certificate.";
    SecurityKind = "OCF_SECURITY_KIND",
        "A transaction is for another kind of security than the one it names.";
    DateOrder = "OCF_DATE_ORDER",
        "An event is dated before its security, or a result on another day than its event.";
    QuantityZero = "OCF_QUANTITY_ZERO", "Nothing is issued, or nothing is taken.";
    AcceptedRetracted = "OCF_ACCEPTED_RETRACTED", "A security is accepted and retracted.";
    AcceptedTwice = "OCF_ACCEPTED_TWICE", "A security is accepted twice.";
    ReturnExceeded = "OCF_RETURN_EXCEEDED",
        "More returns to a pool than was cancelled of the security.";
    DerivativesNotSplit = "OCF_DERIVATIVES_NOT_SPLIT",
        "A split leaves grants, warrants or conversion rights of its class as they were.";
    VestingDropped = "OCF_VESTING_DROPPED",
        "A balance names no vesting where the grant that it is left of did.";
    SplitUntold = "OCF_SPLIT_UNTOLD", "A live split did more than its transaction says.";
    RuleWaived = "OCF_RULE_WAIVED", "A rule of the register is broken, as a legacy defect.";
    TooManyFindings = "OCF_TOO_MANY_FINDINGS", "The package has more findings than the limit.";
    RuleBroken = "OCF_RULE_BROKEN", "A rule of the register would be broken.";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Why a package is not taken: the first reason that was met.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub struct Refusal {
    /// What kind of reason.
    pub code: Code,
    /// The member of the package; empty where it concerns the package as a whole.
    pub file: String,
    /// The id of the object; empty where it concerns the file as a whole.
    pub item: String,
    /// The rule of the register, where one would be broken.
    pub rule: Option<Rule>,
    /// What was wrong, in words.
    pub what: String,
}

impl Refusal {
    pub(crate) fn new(code: Code, file: &str, item: &str, what: impl Into<String>) -> Refusal {
        Refusal { code, file: file.into(), item: item.into(), rule: None, what: what.into() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        if let Some(rule) = self.rule {
            write!(f, " {}", rule.code())?;
        }
        place(f, &self.file, &self.item)?;
        write!(f, ": {}", self.what)
    }
}

impl Refusal {
    /// The rule, the place and the reason, for who has shown the code already.
    pub fn reason(&self) -> String {
        let whole = self.to_string();
        let reason = whole.strip_prefix(self.code.as_str()).unwrap_or(&whole);
        reason.trim_start_matches([':', ' ']).to_owned()
    }
}

/// A departure from the format, or something read past, and what was done about it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// What kind of finding.
    pub code: Code,
    /// The member of the package.
    pub file: String,
    /// The id of the object; empty where it concerns the file as a whole.
    pub item: String,
    /// The rule of the register that it breaks, where it breaks one.
    pub rule: Option<Rule>,
    /// What was found.
    pub what: String,
    /// What was done.
    pub done: String,
}

impl Finding {
    pub(crate) fn new(
        code: Code,
        file: &str,
        item: &str,
        what: impl Into<String>,
        done: impl Into<String>,
    ) -> Finding {
        let (what, done) = (what.into(), done.into());
        Finding { code, file: file.into(), item: item.into(), rule: None, what, done }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        if let Some(rule) = self.rule {
            write!(f, " {}", rule.code())?;
        }
        place(f, &self.file, &self.item)?;
        write!(f, ": {}; {}", self.what, self.done)
    }
}

fn place(f: &mut fmt::Formatter<'_>, file: &str, item: &str) -> fmt::Result {
    match (file, item) {
        ("", "") => Ok(()),
        (file, "") => write!(f, " in {file}"),
        (file, item) => write!(f, " in {file}, item {item}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_is_used_once_and_documented() {
        let page = include_str!("../../docs/ocf.md");
        let codes: std::collections::BTreeSet<_> = Code::ALL.iter().map(|c| c.as_str()).collect();
        assert_eq!(codes.len(), Code::ALL.len());
        for code in Code::ALL {
            let line = format!("| `{code}` | {} |", code.sentence());
            assert!(page.contains(&line), "docs/ocf.md lacks: {line}");
        }
        assert_eq!(page.matches("| `OCF_").count(), Code::ALL.len(), "codes that do not exist");
    }
}
