//! What an item of the Open Cap Format means: objects in normal form, in the register's terms.
//!
//! An *item* is what happens in one event: one object and, where it is a transaction that opens
//! certificates, the issuances of those. [`Action::of`] reads an item; it judges the shape alone, and
//! references are still texts. Packages, draft registers and live commands all go through it, so
//! that a transaction means the same wherever it comes from.
//!
//! Invariant: the results of an action stand in the order of its object, the balance apart.
//! Deliberately absent: vesting (what an issuance promises stays in its object), and everything that
//! moves nothing and names nothing that the rules of the register know.

use crate::amount::{Money, Quantity, Ratio};
use crate::date::Date;
use crate::effect::{Authorized, ClassKind, Conversion, Instrument};
use crate::event::EventKind;
use crate::ocf::object::{Kind, Object};

mod read;
#[cfg(test)]
mod tests;

/// Why objects are not an item.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{kind} {id}: {field}: {why}")]
pub struct ActionError {
    /// The kind of the object.
    pub kind: Kind,
    /// Its id.
    pub id: String,
    /// The field.
    pub field: &'static str,
    /// What is wrong with it.
    pub why: String,
}

/// The issuer, as its package describes it (OCF 1.2.0 `Issuer`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IssuerTerms {
    /// `id`.
    pub id: String,
    /// `formation_date`.
    pub formed: Date,
    /// `initial_shares_authorized`; where it is absent, no number applies.
    pub authorized: Authorized,
}

/// A class of stock (OCF 1.2.0 `StockClass`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClassTerms {
    /// `id`.
    pub id: String,
    /// `class_type`.
    pub kind: ClassKind,
    /// `name`.
    pub name: String,
    /// `initial_shares_authorized`.
    pub authorized: Authorized,
    /// `conversion_rights` with a ratio.
    pub conversions: Vec<Conversion>,
}

/// A stock plan (OCF 1.2.0 `StockPlan`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PlanTerms {
    /// `id`.
    pub id: String,
    /// `stock_class_ids`, or `stock_class_id`.
    pub class_ids: Vec<String>,
    /// `initial_shares_reserved`.
    pub reserved: Quantity,
    /// Whether `default_cancellation_behavior` is `RETURN_TO_POOL`.
    pub returns: bool,
}

/// What a security is when it is issued.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Terms {
    /// Shares (OCF 1.2.0 `StockIssuance`).
    Stock {
        /// `stock_class_id`.
        class_id: String,
        /// `stock_plan_id`.
        plan_id: Option<String>,
        /// `quantity`.
        quantity: Quantity,
        /// `share_price`, for one share.
        price: Money,
    },
    /// An option, a restricted stock unit or an appreciation right
    /// (OCF 1.2.0 `EquityCompensationIssuance`).
    Compensation {
        /// `compensation_type`.
        instrument: Instrument,
        /// `stock_plan_id`.
        plan_id: Option<String>,
        /// `stock_class_id`.
        class_id: Option<String>,
        /// `quantity`.
        quantity: Quantity,
        /// `exercise_price`, or `base_price`.
        price: Option<Money>,
    },
    /// A warrant (OCF 1.2.0 `WarrantIssuance`).
    Warrant {
        /// `converts_to_stock_class_id`, where all its `exercise_triggers` name the same.
        class_id: Option<String>,
        /// `quantity`; often left open.
        quantity: Option<Quantity>,
        /// `exercise_price`.
        price: Option<Money>,
    },
    /// A note, a SAFE or the like (OCF 1.2.0 `ConvertibleIssuance`).
    Convertible {
        /// `investment_amount`.
        amount: Money,
    },
}

/// A security as it is issued, or opened by another transaction.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Issuance {
    /// `security_id`.
    pub security_id: String,
    /// `custom_id`: the printed number.
    pub number: String,
    /// `stakeholder_id`.
    pub stakeholder_id: String,
    /// `date`.
    pub date: Date,
    /// What it is.
    pub terms: Terms,
}

/// Kinds of securities that have transactions of their own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum SecurityKind {
    /// Shares.
    Stock,
    /// Options, restricted stock units, appreciation rights.
    Compensation,
    /// Warrants.
    Warrant,
    /// Notes, SAFEs and the like.
    Convertible,
}

/// How much of a security a transaction concerns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Extent {
    /// So many shares, options or units.
    Quantity(Quantity),
    /// So much of the invested amount.
    Amount(Money),
    /// The transaction does not say: all of it, a balance aside.
    Whole,
}

/// What happens to one security that is open.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Change {
    /// `TX_*_ACCEPTANCE`.
    Accepted,
    /// `TX_*_RETRACTION`: the issuance is taken back before its acceptance.
    Retracted,
    /// `TX_*_TRANSFER`.
    Transferred {
        /// What is transferred, the balance not included.
        extent: Extent,
        /// `resulting_security_ids`.
        results: Vec<Issuance>,
        /// `balance_security_id`.
        balance: Option<Issuance>,
    },
    /// `TX_*_CANCELLATION`.
    Cancelled {
        /// What is cancelled, the balance not included.
        extent: Extent,
        /// `balance_security_id`.
        balance: Option<Issuance>,
    },
    /// `TX_STOCK_REPURCHASE`.
    Repurchased {
        /// `quantity`, the balance not included.
        quantity: Quantity,
        /// `price`, for one share.
        price: Money,
        /// `balance_security_id`.
        balance: Option<Issuance>,
    },
    /// `TX_STOCK_CONVERSION` and `TX_CONVERTIBLE_CONVERSION`.
    Converted {
        /// `quantity_converted`.
        extent: Extent,
        /// `resulting_security_ids`.
        results: Vec<Issuance>,
        /// `balance_security_id`.
        balance: Option<Issuance>,
    },
    /// `TX_STOCK_REISSUANCE`: the same shares under other certificates.
    Reissued {
        /// `resulting_security_ids`.
        results: Vec<Issuance>,
    },
    /// `TX_EQUITY_COMPENSATION_EXERCISE` and `TX_WARRANT_EXERCISE`: reduces in place.
    Exercised {
        /// `quantity`.
        extent: Extent,
        /// `resulting_security_ids`.
        results: Vec<Issuance>,
    },
    /// `TX_EQUITY_COMPENSATION_RELEASE`: reduces in place.
    Released {
        /// `quantity`.
        quantity: Quantity,
        /// `resulting_security_ids`.
        results: Vec<Issuance>,
    },
    /// `TX_EQUITY_COMPENSATION_REPRICING`.
    Repriced {
        /// `new_exercise_price`.
        price: Money,
    },
    /// `TX_STOCK_PLAN_RETURN_TO_POOL`.
    ReturnedToPool {
        /// `stock_plan_id`.
        plan_id: String,
        /// `quantity`.
        quantity: Quantity,
    },
    /// `TX_VESTING_START`, `TX_VESTING_EVENT` and `TX_VESTING_ACCELERATION`; what they say stays in
    /// their objects.
    Vesting,
}

/// What an item means.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Action {
    /// `ISSUER`: what the register was opened with, once more.
    Issuer(IssuerTerms),
    /// `STAKEHOLDER`.
    Stakeholder {
        /// `id`.
        id: String,
    },
    /// `STOCK_CLASS`.
    Class(ClassTerms),
    /// `STOCK_PLAN`.
    Plan(PlanTerms),
    /// `VESTING_TERMS`, `STOCK_LEGEND_TEMPLATE`, `VALUATION`, `FINANCING` and `DOCUMENT`: it moves
    /// nothing, and others may name it.
    Information {
        /// Which of them.
        kind: Kind,
        /// `id`.
        id: String,
        /// `effective_date` or `date`, where it has one.
        date: Option<Date>,
    },
    /// `TX_ISSUER_AUTHORIZED_SHARES_ADJUSTMENT`.
    IssuerAuthorized {
        /// `date`.
        date: Date,
        /// `issuer_id`.
        issuer_id: String,
        /// `new_shares_authorized`.
        authorized: Authorized,
    },
    /// `TX_STOCK_CLASS_AUTHORIZED_SHARES_ADJUSTMENT`.
    ClassAuthorized {
        /// `date`.
        date: Date,
        /// `stock_class_id`.
        class_id: String,
        /// `new_shares_authorized`.
        authorized: Authorized,
    },
    /// `TX_STOCK_CLASS_CONVERSION_RATIO_ADJUSTMENT`.
    ConversionRatio {
        /// `date`.
        date: Date,
        /// `stock_class_id`.
        class_id: String,
        /// `new_ratio_conversion_mechanism.ratio`: shares received for one.
        ratio: Ratio,
    },
    /// `TX_STOCK_CLASS_SPLIT`.
    Split {
        /// `date`.
        date: Date,
        /// `stock_class_id`.
        class_id: String,
        /// `split_ratio`: new shares for old ones.
        ratio: Ratio,
    },
    /// `TX_STOCK_PLAN_POOL_ADJUSTMENT`.
    PoolAdjusted {
        /// `date`.
        date: Date,
        /// `stock_plan_id`.
        plan_id: String,
        /// `shares_reserved`.
        reserved: Quantity,
    },
    /// `TX_*_ISSUANCE` that no other transaction causes.
    Issued(Issuance),
    /// A transaction of one security.
    Changed {
        /// What kind of security the transaction is for. A return to the pool and vesting are for
        /// whatever bears the id.
        security: Option<SecurityKind>,
        /// `security_id`.
        security_id: String,
        /// `date`.
        date: Date,
        /// What happens.
        change: Change,
    },
    /// `TX_STOCK_CONSOLIDATION`: several certificates of one holder become one.
    Consolidated {
        /// `date`.
        date: Date,
        /// `security_ids`.
        security_ids: Vec<String>,
        /// `resulting_security_id`.
        result: Issuance,
    },
    /// `CE_STAKEHOLDER_RELATIONSHIP` and `CE_STAKEHOLDER_STATUS`; what they say stays in their
    /// objects.
    StakeholderChanged {
        /// `date`.
        date: Date,
        /// `stakeholder_id`.
        stakeholder_id: String,
    },
}

impl Action {
    /// Reads an item: its object first, then the issuances that it opens, in any order. The first
    /// field that says nothing valid, a result without its issuance, or an object that does not
    /// belong to the first one, is the error.
    pub fn of(objects: &[Object]) -> Result<Action, ActionError> {
        read::item(objects)
    }

    /// What kind of event it is.
    pub fn event_kind(&self) -> EventKind {
        match self {
            Action::Issuer(_) | Action::Stakeholder { .. } | Action::Class(_) | Action::Plan(_) => {
                EventKind::Registration
            }
            Action::Information { .. } => EventKind::Information,
            Action::IssuerAuthorized { .. } | Action::ClassAuthorized { .. } => {
                EventKind::Authorization
            }
            Action::ConversionRatio { .. } => EventKind::ConversionRatio,
            Action::Split { .. } => EventKind::Split,
            Action::PoolAdjusted { .. } => EventKind::PoolAdjustment,
            Action::Issued(_) => EventKind::Issuance,
            Action::Changed { change, .. } => change.event_kind(),
            Action::Consolidated { .. } => EventKind::Consolidation,
            Action::StakeholderChanged { .. } => EventKind::StakeholderChange,
        }
    }

    /// When it happens; none for what bears no date.
    pub fn date(&self) -> Option<Date> {
        match self {
            Action::Information { date, .. } => *date,
            Action::Issued(issuance) => Some(issuance.date),
            Action::IssuerAuthorized { date, .. }
            | Action::ClassAuthorized { date, .. }
            | Action::ConversionRatio { date, .. }
            | Action::Split { date, .. }
            | Action::PoolAdjusted { date, .. }
            | Action::Changed { date, .. }
            | Action::Consolidated { date, .. }
            | Action::StakeholderChanged { date, .. } => Some(*date),
            Action::Issuer(_) | Action::Stakeholder { .. } | Action::Class(_) | Action::Plan(_) => {
                None
            }
        }
    }
}

impl Change {
    /// What kind of event it is.
    pub fn event_kind(&self) -> EventKind {
        match self {
            Change::Accepted => EventKind::Acceptance,
            Change::Retracted => EventKind::Retraction,
            Change::Transferred { .. } => EventKind::Transfer,
            Change::Cancelled { .. } => EventKind::Cancellation,
            Change::Repurchased { .. } => EventKind::Repurchase,
            Change::Converted { .. } => EventKind::Conversion,
            Change::Reissued { .. } => EventKind::Reissuance,
            Change::Exercised { .. } => EventKind::Exercise,
            Change::Released { .. } => EventKind::Release,
            Change::Repriced { .. } => EventKind::Repricing,
            Change::ReturnedToPool { .. } => EventKind::ReturnToPool,
            Change::Vesting => EventKind::Vesting,
        }
    }
}

/// The fields of a transaction in which it names the securities that it opens.
pub fn result_ids(object: &Object) -> impl Iterator<Item = &str> {
    let single = ["resulting_security_id", "balance_security_id"];
    let single = single.into_iter().filter_map(|field| object.text(field));
    object.texts("resulting_security_ids").chain(single)
}

impl Terms {
    /// The kind of security.
    pub fn kind(&self) -> SecurityKind {
        match self {
            Terms::Stock { .. } => SecurityKind::Stock,
            Terms::Compensation { .. } => SecurityKind::Compensation,
            Terms::Warrant { .. } => SecurityKind::Warrant,
            Terms::Convertible { .. } => SecurityKind::Convertible,
        }
    }
}
