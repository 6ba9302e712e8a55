//! One object of the format in its normal form: the vocabulary in which packages, drafts, events and
//! exports speak of what an issuer recorded.
//!
//! In normal form an object has only fields that the format gives its kind, numbers are texts in one
//! spelling, older names of kinds are replaced by newer ones, and fields without a value are left
//! out. Its text is canonical JSON (RFC 8785), so equal objects have equal bytes.

use std::fmt;

mod personal;
mod shared;
mod text;
mod value;

pub use shared::Text;
pub(super) use text::{WHOLE_MAX, members};
pub use value::{Fields, Name, Value};

/// Declares the kinds of objects: variant and text.
macro_rules! kinds {
    ($($variant:ident = $text:literal;)+) => {
        /// A kind of object, of OCF 1.2.0 or of its main branch. The older `TX_PLAN_SECURITY_*` are
        /// read as `TX_EQUITY_COMPENSATION_*`.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Kind {
            $(#[doc = concat!("`", $text, "`")] $variant,)+
        }

        impl Kind {
            /// Every kind.
            pub const ALL: &'static [Kind] = &[$(Kind::$variant,)+];

            /// The `object_type`.
            pub fn as_str(self) -> &'static str {
                match self { $(Kind::$variant => $text,)+ }
            }

            /// The kind of an `object_type`, which may be an older name.
            pub fn parse(text: &str) -> Option<Kind> {
                if let Some(action) = text.strip_prefix("TX_PLAN_SECURITY_") {
                    return Kind::parse(&format!("TX_EQUITY_COMPENSATION_{action}"));
                }
                match text { $($text => Some(Kind::$variant),)+ _ => None }
            }
        }
    };
}

kinds! {
    Issuer = "ISSUER";
    Stakeholder = "STAKEHOLDER";
    StockClass = "STOCK_CLASS";
    StockLegendTemplate = "STOCK_LEGEND_TEMPLATE";
    StockPlan = "STOCK_PLAN";
    VestingTerms = "VESTING_TERMS";
    Valuation = "VALUATION";
    Financing = "FINANCING";
    Document = "DOCUMENT";
    IssuerAuthorizedSharesAdjustment = "TX_ISSUER_AUTHORIZED_SHARES_ADJUSTMENT";
    StockClassConversionRatioAdjustment = "TX_STOCK_CLASS_CONVERSION_RATIO_ADJUSTMENT";
    StockClassAuthorizedSharesAdjustment = "TX_STOCK_CLASS_AUTHORIZED_SHARES_ADJUSTMENT";
    StockClassSplit = "TX_STOCK_CLASS_SPLIT";
    StockPlanPoolAdjustment = "TX_STOCK_PLAN_POOL_ADJUSTMENT";
    StockPlanReturnToPool = "TX_STOCK_PLAN_RETURN_TO_POOL";
    ConvertibleAcceptance = "TX_CONVERTIBLE_ACCEPTANCE";
    ConvertibleCancellation = "TX_CONVERTIBLE_CANCELLATION";
    ConvertibleConversion = "TX_CONVERTIBLE_CONVERSION";
    ConvertibleIssuance = "TX_CONVERTIBLE_ISSUANCE";
    ConvertibleRetraction = "TX_CONVERTIBLE_RETRACTION";
    ConvertibleTransfer = "TX_CONVERTIBLE_TRANSFER";
    EquityCompensationAcceptance = "TX_EQUITY_COMPENSATION_ACCEPTANCE";
    EquityCompensationCancellation = "TX_EQUITY_COMPENSATION_CANCELLATION";
    EquityCompensationExercise = "TX_EQUITY_COMPENSATION_EXERCISE";
    EquityCompensationIssuance = "TX_EQUITY_COMPENSATION_ISSUANCE";
    EquityCompensationRelease = "TX_EQUITY_COMPENSATION_RELEASE";
    EquityCompensationRepricing = "TX_EQUITY_COMPENSATION_REPRICING";
    EquityCompensationRetraction = "TX_EQUITY_COMPENSATION_RETRACTION";
    EquityCompensationTransfer = "TX_EQUITY_COMPENSATION_TRANSFER";
    StockAcceptance = "TX_STOCK_ACCEPTANCE";
    StockCancellation = "TX_STOCK_CANCELLATION";
    StockConsolidation = "TX_STOCK_CONSOLIDATION";
    StockConversion = "TX_STOCK_CONVERSION";
    StockIssuance = "TX_STOCK_ISSUANCE";
    StockReissuance = "TX_STOCK_REISSUANCE";
    StockRepurchase = "TX_STOCK_REPURCHASE";
    StockRetraction = "TX_STOCK_RETRACTION";
    StockTransfer = "TX_STOCK_TRANSFER";
    WarrantAcceptance = "TX_WARRANT_ACCEPTANCE";
    WarrantCancellation = "TX_WARRANT_CANCELLATION";
    WarrantExercise = "TX_WARRANT_EXERCISE";
    WarrantIssuance = "TX_WARRANT_ISSUANCE";
    WarrantRetraction = "TX_WARRANT_RETRACTION";
    WarrantTransfer = "TX_WARRANT_TRANSFER";
    VestingAcceleration = "TX_VESTING_ACCELERATION";
    VestingStart = "TX_VESTING_START";
    VestingEvent = "TX_VESTING_EVENT";
    StakeholderRelationship = "CE_STAKEHOLDER_RELATIONSHIP";
    StakeholderStatus = "CE_STAKEHOLDER_STATUS";
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// An object in normal form; see the module.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Object {
    kind: Kind,
    id: Text,
    /// Every field but `object_type` and `id`.
    fields: Fields,
}

impl Object {
    /// An object of these fields, which the caller has brought into normal form.
    pub fn new(kind: Kind, id: impl Into<Text>, fields: Fields) -> Object {
        Object { kind, id: id.into(), fields }
    }

    /// Its kind.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Its id in the package.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Every field but `object_type` and `id`.
    pub fn fields(&self) -> &Fields {
        &self.fields
    }

    /// The value of a field.
    pub fn value(&self, field: &str) -> Option<&Value> {
        self.fields.get(field)
    }

    /// The text in a field.
    pub fn text(&self, field: &str) -> Option<&str> {
        self.value(field)?.as_str()
    }

    /// The texts in a field that is a list of them; none where there is no such field.
    pub fn texts(&self, field: &str) -> impl Iterator<Item = &str> {
        let list = self.value(field).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str)
    }

    /// Its id, and its fields to change; the caller keeps the object in normal form.
    pub(super) fn parts(&mut self) -> (&str, &mut Fields) {
        (&self.id, &mut self.fields)
    }

    /// Gives it another id.
    pub fn rename(&mut self, id: String) {
        self.id = id.into();
    }

    /// Sets a field; the caller keeps the object in normal form.
    pub fn set(&mut self, field: &'static str, value: Value) {
        self.fields.insert(field, value);
    }

    /// Takes a field out.
    pub fn remove(&mut self, field: &str) -> Option<Value> {
        self.fields.remove(field)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_found_by_its_text_and_older_names_lead_to_newer_ones() {
        for kind in Kind::ALL {
            assert_eq!(Kind::parse(kind.as_str()), Some(*kind));
        }
        let older = Kind::parse("TX_PLAN_SECURITY_RELEASE");
        assert_eq!(older, Some(Kind::EquityCompensationRelease));
        assert_eq!(Kind::parse("TX_PLAN_SECURITY_"), None);
    }
}
