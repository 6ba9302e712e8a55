//! The format as data: for every kind of object its file, its fields, what each field holds, and
//! what its absence means.
//!
//! The tables say what OCF 1.2.0 says (`schema/objects` and `schema/types`), and what its main branch
//! adds ([`Since::Main`]). Reading ([`super::normal`]), writing ([`super::write`]) and the list of
//! references ([`super::history`]) follow them; nothing about a field is said anywhere else.
//!
//! In normal form an object has the newer names ([`super::older`] leads to them), and the fields
//! that 1.2.0 spells in another way are turned back on writing.

use super::object::Kind;

mod names;
mod objects;
mod parts;
mod transactions;

/// Ids in one list: what one event may open or close.
pub(super) const IDS_MAX: usize = 1_000;

/// The release that has a kind or a field first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Since {
    /// 1.2.0 or earlier.
    Release,
    /// The main branch after 1.2.0.
    Main,
}

/// What a field holds.
#[derive(Clone, Copy, Debug)]
pub(super) enum Type {
    /// A text.
    Text,
    /// A text that the ledger takes: 1 to 200 bytes without control characters.
    Label,
    /// The id of another object of the package, as a label.
    To(Target),
    /// One of these texts.
    Enum(&'static [&'static str]),
    /// True or false.
    Bool,
    /// A whole JSON number from this one.
    Integer(i64),
    /// An exact number of at most ten decimals (OCF `Numeric`); a finer one is refused.
    Numeric,
    /// The same, of a price or a rate: a finer one is cut to ten decimals.
    Measure,
    /// A number of shares, `UNLIMITED` or `NOT APPLICABLE` (OCF `AuthorizedShares`).
    Authorized,
    /// A part of one (OCF `Percentage`).
    Percentage,
    /// A date.
    Date,
    /// A date and a time with its zone (RFC 3339).
    Moment,
    /// 32 hexadecimal digits.
    Md5,
    /// Three upper-case letters.
    Currency,
    /// Two upper-case letters.
    Country,
    /// One to three upper-case letters or digits.
    Subdivision,
    /// An address of electronic mail.
    Email,
    /// `+1 617 333 4444`, and an extension.
    Phone,
    /// A list of at least so many, each once where it says so.
    List(&'static Type, usize, Unique),
    /// An object within this one.
    Part(&'static Shape),
    /// An object whose `type` says which of these it is.
    OneOf(&'static [(&'static str, &'static Shape)]),
}

/// Whether an element of a list may occur twice.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Unique {
    Each,
    Any,
}

/// What an id leads to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Target {
    Issuer,
    Stakeholder,
    Class,
    Plan,
    Legend,
    Terms,
    /// A security, which an issuance opens.
    Security,
    /// The issuance of a security, by the id of the transaction.
    Issuance,
    /// A split of a class.
    Split,
    /// Any object; its `object_type` stands beside it.
    Object,
}

/// Whether a field is there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Need {
    /// Always; LENIENT fills a gap in this way.
    Must(Gap),
    /// Always, but it may be `null`, which normal form leaves out.
    Null,
    /// Not always; LENIENT leaves out what cannot be read.
    May,
    /// Not always, and never left out where it says something: a holding would change.
    Firm,
}

/// How LENIENT fills a field that is required and missing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Gap {
    /// It does not: the object is refused.
    Refuse,
    /// With an empty list.
    Empty,
    /// With this text.
    Text(&'static str),
    /// With a price of zero in no currency (`XXX`, ISO 4217).
    NoPrice,
    /// With what another field of the object holds.
    As(&'static str),
    /// Not at once: with what this says, when all objects of the package are known.
    Later(&'static str),
    /// With this number.
    Number(i64),
    /// With `false`.
    False,
    /// With a name of which nothing is known.
    Name,
    /// With a mechanism of which nothing is known.
    Mechanism,
    /// With a trigger of which nothing is known.
    Triggers,
}

/// What stands where a text is required and none is known.
pub(super) const UNSTATED: &str = "not stated";

/// A field.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) holds: Type,
    pub(super) need: Need,
    pub(super) since: Since,
}

/// What binds several fields of an object.
#[derive(Clone, Copy, Debug)]
pub(super) enum Tie {
    /// Exactly one of them.
    One(&'static [&'static str]),
    /// At least one of them.
    Some(&'static [&'static str]),
    /// Not more than one of them.
    NotBoth(&'static str, &'static str),
    /// Where the first has one of these texts, exactly one of the others.
    When(&'static str, &'static [&'static str], &'static [&'static str]),
    /// The first needs the second.
    With(&'static str, &'static str),
}

/// The fields of an object.
#[derive(Debug)]
pub(super) struct Shape {
    pub(super) fields: &'static [Field],
    pub(super) ties: &'static [Tie],
}

impl Shape {
    /// The field with this name.
    pub(super) fn field(&self, name: &str) -> Option<(usize, &'static Field)> {
        self.fields.iter().enumerate().find(|(_, field)| field.name == name)
    }
}

/// A type of file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum File {
    Stakeholders,
    StockClasses,
    StockLegendTemplates,
    StockPlans,
    VestingTerms,
    Valuations,
    Financings,
    Documents,
    Transactions,
}

impl File {
    /// Every type but the manifest, in the order of reading and writing.
    pub(super) const ALL: [File; 9] = [
        File::Stakeholders,
        File::StockClasses,
        File::StockLegendTemplates,
        File::StockPlans,
        File::VestingTerms,
        File::Valuations,
        File::Financings,
        File::Documents,
        File::Transactions,
    ];

    /// Its `file_type`, the key of its list in the manifest, its name when written, and whether the
    /// manifest must have the list.
    pub(super) const fn names(self) -> (&'static str, &'static str, &'static str, bool) {
        match self {
            File::Stakeholders => {
                ("OCF_STAKEHOLDERS_FILE", "stakeholders_files", "Stakeholders", true)
            }
            File::StockClasses => {
                ("OCF_STOCK_CLASSES_FILE", "stock_classes_files", "StockClasses", true)
            }
            File::StockLegendTemplates => (
                "OCF_STOCK_LEGEND_TEMPLATES_FILE",
                "stock_legend_templates_files",
                "StockLegends",
                true,
            ),
            File::StockPlans => ("OCF_STOCK_PLANS_FILE", "stock_plans_files", "StockPlans", true),
            File::VestingTerms => {
                ("OCF_VESTING_TERMS_FILE", "vesting_terms_files", "VestingTerms", true)
            }
            File::Valuations => ("OCF_VALUATIONS_FILE", "valuations_files", "Valuations", true),
            File::Financings => ("OCF_FINANCINGS_FILE", "financings_files", "Financings", false),
            File::Documents => ("OCF_DOCUMENTS_FILE", "documents_files", "Documents", false),
            File::Transactions => {
                ("OCF_TRANSACTIONS_FILE", "transactions_files", "Transactions", true)
            }
        }
    }

    /// Its `file_type`.
    pub(super) fn file_type(self) -> &'static str {
        self.names().0
    }

    /// The type of a `file_type`.
    pub(super) fn parse(file_type: &str) -> Option<File> {
        File::ALL.into_iter().find(|file| file.file_type() == file_type)
    }
}

/// The `file_type` of the manifest.
pub(super) const MANIFEST: &str = "OCF_MANIFEST_FILE";
/// The version that is written.
pub(super) const VERSION: &str = "1.2.0";

/// The file in which a kind stands; `None` for the issuer, which is part of the manifest.
pub(super) fn file(kind: Kind) -> Option<File> {
    Some(match kind {
        Kind::Issuer => return None,
        Kind::Stakeholder => File::Stakeholders,
        Kind::StockClass => File::StockClasses,
        Kind::StockLegendTemplate => File::StockLegendTemplates,
        Kind::StockPlan => File::StockPlans,
        Kind::VestingTerms => File::VestingTerms,
        Kind::Valuation => File::Valuations,
        Kind::Financing => File::Financings,
        Kind::Document => File::Documents,
        _ => File::Transactions,
    })
}

/// The release that has a kind first.
pub(super) fn since(kind: Kind) -> Since {
    match kind {
        Kind::StockConsolidation
        | Kind::EquityCompensationRepricing
        | Kind::StakeholderRelationship
        | Kind::StakeholderStatus => Since::Main,
        _ => Since::Release,
    }
}

/// The fields of a kind beside `object_type`, in normal form.
pub(super) fn shape(kind: Kind) -> &'static Shape {
    match file(kind) {
        Some(File::Transactions) => transactions::shape(kind),
        _ => objects::shape(kind),
    }
}

/// The members of a manifest beside its lists of files and the issuer.
pub(super) static HEAD: Shape = Shape {
    fields: &[
        filled("ocf_version", Type::Text, Gap::Text(VERSION)),
        filled("as_of", Type::Date, Gap::Later("its generated_at, or its last transaction")),
        filled("generated_at", Type::Moment, Gap::Later("its as_of")),
        may("comments", parts::COMMENTS),
    ],
    ties: &[],
};

const fn field(name: &'static str, holds: Type, need: Need) -> Field {
    Field { name, holds, need, since: Since::Release }
}

/// A field that is required, and that no reading can fill.
const fn must(name: &'static str, holds: Type) -> Field {
    field(name, holds, Need::Must(Gap::Refuse))
}

/// A field that is required, and filled in this way where it is missing.
const fn filled(name: &'static str, holds: Type, gap: Gap) -> Field {
    field(name, holds, Need::Must(gap))
}

/// A field that may be absent.
const fn may(name: &'static str, holds: Type) -> Field {
    field(name, holds, Need::May)
}

/// A field that may be absent, but not unreadable.
const fn firm(name: &'static str, holds: Type) -> Field {
    field(name, holds, Need::Firm)
}

/// A field of the main branch that may be absent.
const fn newer(name: &'static str, holds: Type) -> Field {
    Field { name, holds, need: Need::May, since: Since::Main }
}

#[cfg(test)]
mod tests;
