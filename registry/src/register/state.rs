//! What the live register keeps of each thing.

use super::NONE;
use crate::amount::{Currency, Money, Quantity};
use crate::date::Date;
use crate::effect::{Authorized, ClassKind, Conversion, Instrument, Pool};
use crate::handle::{
    AccountId, CertificateId, ClassId, Holder, IssuerId, PartyId, PlanId, SecurityId, StakeholderId,
};

/// A natural or legal person.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Party {
    /// Whether a legal person.
    pub legal: bool,
    /// Salted hash of the name and address, which live in an erasable store outside the ledger.
    pub details: [u8; 32],
}

/// An issuer and what its charter says.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Issuer {
    /// The party that it is.
    pub party: PartyId,
    /// The participant who keeps the register.
    pub registrar: PartyId,
    /// Whether the register still waits for its activation.
    pub draft: bool,
    /// Date of formation.
    pub formed: Date,
    /// Shares authorized over all classes.
    pub authorized: Authorized,
    /// Sum of the numeric authorizations of its classes.
    pub classes_authorized: Quantity,
    /// Shares outstanding and in treasury over all classes.
    pub outstanding: Quantity,
    /// Whether more is outstanding or authorized by the classes than the charter allows, as a legacy
    /// defect that was signed for.
    pub excess: bool,
    /// The date of the last change of what is authorized.
    pub ruled: Date,
    /// The date of the last issuance or reduction.
    pub last: Date,
    /// Id in the package that it came from.
    pub source_id: String,
}

/// A stock class and its totals.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Class {
    /// Its issuer.
    pub issuer: IssuerId,
    /// Common or preferred.
    pub kind: ClassKind,
    /// Decimals of a share.
    pub decimals: u8,
    /// Shares authorized.
    pub authorized: Authorized,
    /// Shares ever issued.
    pub issued: Quantity,
    /// Shares that holders hold.
    pub outstanding: Quantity,
    /// Shares that the issuer bought back and keeps.
    pub treasury: Quantity,
    /// Shares cancelled, converted, retracted, or bought back and not kept.
    pub retired: Quantity,
    /// Whether shares bought back are kept as treasury shares.
    pub keeps_repurchased: bool,
    /// Whether more is outstanding than authorized, as a legacy defect that was signed for.
    pub excess: bool,
    /// The date of the last change of what is authorized, split, or reduction.
    pub ruled: Date,
    /// The date of the last issuance or reduction.
    pub last: Date,
    /// The date of the last split.
    pub split: Date,
    /// What a share can be converted into.
    pub conversions: Vec<Conversion>,
    /// The date since when.
    pub converts_since: Date,
    /// Its name.
    pub name: String,
    /// Id in the package that it came from.
    pub source_id: String,
}

/// A stock plan and its pool.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Plan {
    /// Its issuer.
    pub issuer: IssuerId,
    /// Shares of which classes it grants.
    pub classes: Vec<ClassId>,
    /// The pool.
    pub pool: Pool,
    /// Whether what is cancelled returns to the pool by itself.
    pub returns: bool,
    /// Whether more is granted than reserved, as a legacy defect that was signed for.
    pub excess: bool,
    /// The date of the last change of its size.
    pub ruled: Date,
    /// The date of the last grant or return.
    pub last: Date,
    /// Id in the package that it came from.
    pub source_id: String,
}

/// A security that is no share, open or ended.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Security {
    /// Its issuer.
    pub issuer: IssuerId,
    /// What it is.
    pub instrument: Instrument,
    /// The account that it lies in.
    pub account: AccountId,
    /// What is left of it: shares, units, or the invested amount in units of 10^-10; none where a
    /// warrant leaves it open.
    pub quantity: Option<Quantity>,
    /// The currency of the invested amount of a convertible.
    pub currency: Option<Currency>,
    /// The plan that granted it.
    pub plan: Option<PlanId>,
    /// The class that it is for, where it names one.
    pub class: Option<ClassId>,
    /// The price for one share, where it has one.
    pub price: Option<Money>,
    /// Since when.
    pub date: Date,
    /// The date of the last event that touched it.
    pub last: Date,
    /// Whether its holder accepted it.
    pub accepted: bool,
    /// Whether an event ended it.
    pub ended: bool,
    /// What was cancelled of it.
    pub cancelled: Quantity,
    /// What of that is back in a pool.
    pub returned: Quantity,
    /// Whether it returned by itself.
    pub by_itself: bool,
    /// What of that moved on to the pool of another plan.
    pub moved: Quantity,
}

/// A line in one issuer's register.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Stakeholder {
    /// The issuer.
    pub issuer: IssuerId,
    /// The account that was opened for it.
    pub account: AccountId,
    /// The party that it turned out to be.
    pub party: Option<PartyId>,
    /// Id in the package that it came from.
    pub source_id: String,
}

/// A securities account: one holder of record, one operator who may instruct.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Account {
    /// The holder of record.
    pub holder: Holder,
    /// The participant who may instruct.
    pub operator: PartyId,
    pub(super) first_position: u32,
}

impl Default for Account {
    fn default() -> Account {
        Account { holder: Holder::default(), operator: PartyId(0), first_position: NONE }
    }
}

/// What one account holds of one class.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Position {
    /// The class.
    pub class: ClassId,
    /// The account.
    pub account: AccountId,
    /// Shares held.
    pub quantity: Quantity,
    /// Open certificates.
    pub certificates: u32,
    pub(super) head: u32,
    pub(super) tail: u32,
    pub(super) next_of_account: u32,
}

impl Default for Position {
    fn default() -> Position {
        Position {
            class: ClassId(0),
            account: AccountId(0),
            quantity: Quantity::ZERO,
            certificates: 0,
            head: NONE,
            tail: NONE,
            next_of_account: NONE,
        }
    }
}

/// A certificate in the arena: 48 bytes. A free slot has no quantity, and `next` is the next one.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Slot {
    pub(super) quantity: Quantity,
    pub(super) record: u64,
    pub(super) position: u32,
    pub(super) next: u32,
    pub(super) prev: u32,
    pub(super) date: Date,
    pub(super) place: u32,
    pub(super) accepted: bool,
}

/// An open certificate, as it is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Certificate {
    /// Its id.
    pub id: CertificateId,
    /// Its class.
    pub class: ClassId,
    /// The account that it lies in.
    pub account: AccountId,
    /// Its quantity.
    pub quantity: Quantity,
    /// Since when.
    pub date: Date,
    /// Whether its holder accepted it.
    pub accepted: bool,
}

/// What an id of a package stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Target {
    /// Something that no event names.
    #[default]
    Known,
    /// A class.
    Class(ClassId),
    /// A stakeholder.
    Stakeholder(StakeholderId),
    /// A plan.
    Plan(PlanId),
    /// A certificate, open or closed.
    Certificate(CertificateId),
    /// A security that is no share.
    Security(SecurityId),
}

/// An id that an issuer has used.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Name {
    pub(super) digest: u128,
    pub(super) target: Target,
}
