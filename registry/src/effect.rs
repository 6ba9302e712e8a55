//! What events do to the register, fully expanded: whoever folds effects evaluates no rule.
//!
//! Effects are the contents of the register section of a record, so their bytes are part of the
//! evidence (`docs/formats/evidence.md`): tags and layouts never change, new ones are added.

use std::sync::Arc;

use crate::amount::{Currency, Money, Quantity, Ratio};
use crate::date::Date;
use crate::handle::{
    AccountId, CertificateId, ClassId, Holder, IssuerId, PartyId, PlanId, SecurityId, StakeholderId,
};
use crate::ocf::object::Object;
use crate::rule::Rule;

mod codec;
mod terms;

pub use codec::{decode_certificate, decode_holder, encode_certificate, encode_holder};
pub use terms::{Authorized, ClassKind, Conversion, Instrument, Rounding, decode_kind};

/// One change of one register.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Effect {
    /// An issuer has a register.
    IssuerRegistered {
        /// The issuer.
        issuer: IssuerId,
        /// The party that it is.
        party: PartyId,
        /// The participant who keeps the register.
        registrar: PartyId,
        /// Whether the register is a draft until it is activated.
        draft: bool,
        /// Its date of formation.
        formed: Date,
        /// What its charter authorizes over all classes.
        authorized: Authorized,
        /// Its id in the package that it came from; empty where there is none.
        source_id: String,
    },
    /// A class of stock exists.
    ClassRegistered {
        /// The class.
        class: ClassId,
        /// Its issuer.
        issuer: IssuerId,
        /// Common or preferred.
        kind: ClassKind,
        /// Decimals to which a share can be divided, 0 to 10.
        decimals: u8,
        /// Shares authorized.
        authorized: Authorized,
        /// Its name.
        name: String,
        /// Its id in the package that it came from; empty where there is none.
        source_id: String,
    },
    /// A stakeholder has a line in the register, and an account that the registrar operates.
    StakeholderRegistered {
        /// The stakeholder.
        stakeholder: StakeholderId,
        /// The issuer.
        issuer: IssuerId,
        /// The account that holds its certificates.
        account: AccountId,
        /// Its id in the package that it came from; empty where there is none.
        source_id: String,
    },
    /// A stakeholder turned out to be a party; the certificates in its account are that party's.
    StakeholderLinked {
        /// The stakeholder.
        stakeholder: StakeholderId,
        /// The party.
        party: PartyId,
        /// The account of the stakeholder.
        account: AccountId,
        /// The participant who operates the account from now on.
        operator: PartyId,
    },
    /// A certificate came into being.
    CertificateOpened(Opened),
    /// A certificate ended.
    CertificateClosed {
        /// Which.
        certificate: CertificateId,
        /// Its class.
        class: ClassId,
        /// The account that it lay in.
        account: AccountId,
        /// Its quantity.
        quantity: Quantity,
    },
    /// The holder accepted a certificate.
    CertificateAccepted {
        /// Which.
        certificate: CertificateId,
    },
    /// A draft register was opened for live commands.
    RegisterActivated {
        /// The issuer.
        issuer: IssuerId,
        /// SHA-256 of the package that it came from.
        package: [u8; 32],
        /// How many departures from the format its reader found.
        findings: u32,
    },
    /// The charter authorizes another number of shares over all classes.
    IssuerAuthorized {
        /// The issuer.
        issuer: IssuerId,
        /// Shares authorized from now on.
        authorized: Authorized,
    },
    /// Another number of shares of a class is authorized.
    ClassAuthorized {
        /// The class.
        class: ClassId,
        /// Shares authorized from now on.
        authorized: Authorized,
    },
    /// What shares of a class can be converted into, from now on.
    ConversionsSet {
        /// The class.
        class: ClassId,
        /// Every right.
        conversions: Vec<Conversion>,
    },
    /// What becomes of shares of a class that the issuer buys back.
    RepurchasePolicy {
        /// The class.
        class: ClassId,
        /// Whether they are kept as treasury shares; otherwise they are retired.
        treasury: bool,
    },
    /// Shares of a class were split; its certificates follow as [`Effect::CertificateScaled`].
    ClassSplit {
        /// The class.
        class: ClassId,
        /// New shares for old ones.
        ratio: Ratio,
        /// Treasury shares after it.
        treasury: Quantity,
        /// Retired shares after it, in new shares.
        retired: Quantity,
    },
    /// A certificate stands for another number of shares after a split.
    CertificateScaled {
        /// Which.
        certificate: CertificateId,
        /// Its class.
        class: ClassId,
        /// The account that it lies in.
        account: AccountId,
        /// Its quantity before.
        before: Quantity,
        /// Its quantity after, above zero.
        after: Quantity,
    },
    /// So many of the repurchased shares are kept as treasury shares; the others are retired.
    TreasuryKept {
        /// The class.
        class: ClassId,
        /// How many.
        quantity: Quantity,
    },
    /// A stock plan has a pool of shares.
    PlanRegistered {
        /// The plan.
        plan: PlanId,
        /// The issuer.
        issuer: IssuerId,
        /// Shares of which classes it grants.
        classes: Vec<ClassId>,
        /// Shares reserved.
        reserved: Quantity,
        /// Whether what is cancelled returns to the pool by itself.
        returns: bool,
        /// Its id in the package that it came from.
        source_id: String,
    },
    /// A pool has another size.
    PoolReserved {
        /// The plan.
        plan: PlanId,
        /// Shares reserved from now on.
        reserved: Quantity,
    },
    /// So much is granted out of a pool.
    PoolDrawn {
        /// The plan.
        plan: PlanId,
        /// How much.
        quantity: Quantity,
    },
    /// So much of what was granted is back in a pool.
    PoolReturned {
        /// The plan.
        plan: PlanId,
        /// What was cancelled or bought back.
        from: Granted,
        /// Whether it had returned before, and moves here out of its own pool.
        moved: bool,
        /// How much.
        quantity: Quantity,
    },
    /// A certificate that this event opens is stock of a plan.
    StockOfPlan {
        /// The certificate.
        certificate: CertificateId,
        /// The plan.
        plan: PlanId,
    },
    /// So much of what was granted became shares or was paid out.
    PoolExercised {
        /// The plan.
        plan: PlanId,
        /// How much.
        quantity: Quantity,
    },
    /// A pool follows the split of its class.
    PoolScaled {
        /// The plan.
        plan: PlanId,
        /// The pool after it.
        pool: Pool,
    },
    /// A security that is no share came into being. Boxed, so that effects on shares stay small.
    SecurityOpened(Box<SecurityOpened>),
    /// Such a security ended.
    SecurityClosed {
        /// Which.
        security: SecurityId,
        /// The account that it lay in.
        account: AccountId,
        /// What was left of it; none where its quantity is open.
        quantity: Option<Quantity>,
    },
    /// An exercise or a release took a part of it; nothing left ends it.
    SecurityReduced {
        /// Which.
        security: SecurityId,
        /// What was left before; none where its quantity is open.
        before: Option<Quantity>,
        /// What is left.
        after: Quantity,
    },
    /// It follows the split of its class.
    SecurityScaled {
        /// Which.
        security: SecurityId,
        /// What was left before.
        before: Quantity,
        /// What is left.
        after: Quantity,
        /// Its price for one share, where it has one.
        price: Option<Money>,
    },
    /// The holder accepted it.
    SecurityAccepted {
        /// Which.
        security: SecurityId,
    },
    /// It is exercised at another price.
    SecurityRepriced {
        /// Which.
        security: SecurityId,
        /// The price for one share from now on.
        price: Money,
    },
    /// What the event says in the words of the format: objects in normal form, without personal
    /// data.
    Documented {
        /// The issuer.
        issuer: IssuerId,
        /// The objects.
        objects: Vec<Arc<Object>>,
    },
    /// An imported event breaks a rule, which the activation signs for.
    DefectAccepted {
        /// The issuer.
        issuer: IssuerId,
        /// The rule.
        rule: Rule,
    },
}

/// What a plan granted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Granted {
    /// A grant.
    Security(SecurityId),
    /// Stock.
    Stock(CertificateId),
}

/// The pool of a stock plan: reserved >= drawn - returned. More than it granted may return to it, out
/// of what another plan granted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Pool {
    /// Shares reserved.
    pub reserved: Quantity,
    /// Granted in all.
    pub drawn: Quantity,
    /// Returned to it.
    pub returned: Quantity,
    /// Exercised or released of that.
    pub exercised: Quantity,
}

impl Pool {
    /// What is granted and was not returned.
    pub fn used(&self) -> Quantity {
        self.drawn.checked_sub(self.returned).unwrap_or_default()
    }

    /// The pool after an effect on it; `None` beyond the representable range. Others leave it as it is.
    pub fn after(self, effect: &Effect) -> Option<Pool> {
        Some(match effect {
            Effect::PoolReserved { reserved, .. } => Pool { reserved: *reserved, ..self },
            Effect::PoolDrawn { quantity, .. } => {
                Pool { drawn: self.drawn.checked_add(*quantity)?, ..self }
            }
            Effect::PoolReturned { quantity, .. } => {
                Pool { returned: self.returned.checked_add(*quantity)?, ..self }
            }
            Effect::PoolExercised { quantity, .. } => {
                Pool { exercised: self.exercised.checked_add(*quantity)?, ..self }
            }
            Effect::PoolScaled { pool, .. } => *pool,
            _ => self,
        })
    }

    /// The pool after a split of its only class. What is used is scaled as a whole, so that it never
    /// exceeds what is reserved.
    pub fn scaled<E>(&self, by: impl Fn(Quantity) -> Result<Quantity, E>) -> Option<Pool> {
        let by = |quantity| by(quantity).ok();
        let (used, returned) = (self.used(), by(self.returned)?);
        Some(Pool {
            reserved: by(self.reserved)?,
            drawn: if used.is_zero() {
                by(self.drawn)?
            } else {
                by(used)?.checked_add(returned)?
            },
            returned,
            exercised: by(self.exercised)?,
        })
    }

    /// The pool after parts of what it granted have become more or fewer: what is available stays. A
    /// pool that granted more than it reserves, as a legacy defect, shrinks to nothing at most.
    pub fn regranted(&self, parts: &[(Quantity, Quantity)]) -> Option<Pool> {
        parts.iter().try_fold(*self, |pool, (before, after)| {
            let changed = |sum: Quantity| {
                let more = sum.checked_add(*after)?;
                Some(more.checked_sub(*before).unwrap_or_default())
            };
            Some(Pool { reserved: changed(pool.reserved)?, drawn: changed(pool.drawn)?, ..pool })
        })
    }

    /// What can still be granted.
    pub fn available(&self) -> Quantity {
        let all = self.reserved.checked_add(self.returned);
        all.and_then(|all| all.checked_sub(self.drawn)).unwrap_or_default()
    }
}

/// A security that is no share, as it came into being.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SecurityOpened {
    /// Its id.
    pub security: SecurityId,
    /// Its issuer.
    pub issuer: IssuerId,
    /// What it is.
    pub instrument: Instrument,
    /// The account that it lies in.
    pub account: AccountId,
    /// The holder of record.
    pub holder: Holder,
    /// Shares, units, or the invested amount in units of 10^-10; none where a warrant leaves it open.
    pub quantity: Option<Quantity>,
    /// The currency of the invested amount of a convertible.
    pub currency: Option<Currency>,
    /// The plan that granted it.
    pub plan: Option<PlanId>,
    /// The class that it is for, where it names one.
    pub class: Option<ClassId>,
    /// The price for one share, where it has one.
    pub price: Option<Money>,
    /// Whether it is what is left of the security that the event closes.
    pub balance: bool,
    /// The printed number (OCF `custom_id`).
    pub number: String,
    /// Its id in the package that it came from (OCF `security_id`).
    pub source_id: String,
}

/// A certificate as it came into being.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Opened {
    /// Its id.
    pub certificate: CertificateId,
    /// Its class.
    pub class: ClassId,
    /// The account that it lies in.
    pub account: AccountId,
    /// The holder of record.
    pub holder: Holder,
    /// Its quantity.
    pub quantity: Quantity,
    /// The printed number (OCF `custom_id`); empty: its id is its number.
    pub number: String,
    /// Its id in the package that it came from (OCF `security_id`); empty where there is none.
    pub source_id: String,
}
