//! The lines of a cap table that are no stock: grants, warrants and convertibles.

use async_graphql::{ComplexObject, Result, SimpleObject};
use counterfoil_registry::amount;
use counterfoil_registry::captable;
use counterfoil_registry::handle::{Holder as HolderId, IssuerId, SecurityId};
use counterfoil_registry::vesting::VestingError;

use super::holder_of;
use crate::graphql::account::Holder;
use crate::graphql::party::name;
use crate::graphql::scalar::{CurrencyCode, Decimal};
use crate::graphql::security::{Security, SecurityKind};
use crate::graphql::sight::Sight;

/// An amount of money.
#[derive(SimpleObject, Clone)]
pub(crate) struct Money {
    /// The amount, in units of the currency.
    amount: Decimal,
    /// The currency.
    currency: CurrencyCode,
}

impl From<amount::Money> for Money {
    fn from(money: amount::Money) -> Money {
        let amount::Money { amount, currency } = money;
        Money { amount: Decimal::units(amount), currency: CurrencyCode(currency) }
    }
}

/// A security that is no stock, and its holder on the day.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct Held {
    #[graphql(skip)]
    security: SecurityId,
    #[graphql(skip)]
    holder: HolderId,
    #[graphql(skip)]
    issuer: IssuerId,
    #[graphql(skip)]
    sight: Sight,
    /// Its id in the package that it came from; empty where there is none.
    source_id: String,
}

#[ComplexObject]
impl Held {
    /// The security and its whole life.
    async fn security(&self) -> Result<Option<Security>> {
        Ok(Security::find(&self.sight, self.security).await?)
    }

    /// The holder of record.
    async fn holder(&self) -> Option<Holder> {
        holder_of(&self.sight, self.issuer, self.holder)
    }

    /// The holder's name, if one was told.
    async fn name(&self) -> Result<Option<String>> {
        Ok(name(&self.sight, self.holder, Some(self.issuer)).await?)
    }
}

/// A grant of options, units or appreciation rights.
#[derive(SimpleObject)]
pub(crate) struct GrantLine {
    #[graphql(flatten)]
    held: Held,
    /// What it is.
    kind: SecurityKind,
    /// What was left of it.
    quantity: Decimal,
    /// The price for one share, where it has one.
    exercise_price: Option<Money>,
    /// How much it had ever been, in shares of the day: a split multiplies it.
    granted: Decimal,
    /// Exercised or released of it.
    exercised: Decimal,
    /// Cancelled of it.
    cancelled: Decimal,
    /// What had vested of the whole grant, exercised or not.
    vested: Decimal,
    /// What was left and vested.
    exercisable: Decimal,
    /// What was left and had not vested.
    unvested: Decimal,
}

impl GrantLine {
    pub(super) fn of(sight: &Sight, issuer: IssuerId, line: &captable::GrantLine) -> GrantLine {
        let captable::GrantLine { security, holder, outstanding, exercisable, .. } = *line;
        let (source_id, sight) = (line.source_id.clone(), sight.clone());
        GrantLine {
            held: Held { security, holder, issuer, sight, source_id },
            kind: line.instrument.into(),
            quantity: outstanding.into(),
            exercise_price: line.price.map(Money::from),
            granted: line.granted.into(),
            exercised: line.exercised.into(),
            cancelled: line.cancelled.into(),
            vested: line.vested.into(),
            exercisable: exercisable.into(),
            unvested: outstanding.checked_sub(exercisable).unwrap_or_default().into(),
        }
    }
}

/// A warrant.
#[derive(SimpleObject)]
pub(crate) struct WarrantLine {
    #[graphql(flatten)]
    held: Held,
    /// What was left of it; null where the warrant leaves its number of shares open.
    quantity: Option<Decimal>,
    /// The price for one share, where it has one.
    exercise_price: Option<Money>,
}

impl WarrantLine {
    pub(super) fn of(sight: &Sight, issuer: IssuerId, line: &captable::WarrantLine) -> WarrantLine {
        let captable::WarrantLine { security, holder, .. } = *line;
        let (source_id, sight) = (line.source_id.clone(), sight.clone());
        WarrantLine {
            held: Held { security, holder, issuer, sight, source_id },
            quantity: line.outstanding.map(Decimal::from),
            exercise_price: line.price.map(Money::from),
        }
    }
}

/// A note, a SAFE or another convertible.
#[derive(SimpleObject)]
pub(crate) struct ConvertibleLine {
    #[graphql(flatten)]
    held: Held,
    /// What was left of the invested amount.
    invested: Money,
}

impl ConvertibleLine {
    pub(super) fn of(
        sight: &Sight,
        issuer: IssuerId,
        line: &captable::ConvertibleLine,
    ) -> ConvertibleLine {
        let captable::ConvertibleLine { security, holder, amount, .. } = *line;
        let (source_id, sight) = (line.source_id.clone(), sight.clone());
        let held = Held { security, holder, issuer, sight, source_id };
        ConvertibleLine { held, invested: amount.into() }
    }
}

/// Why it cannot be told what has vested of a security.
#[derive(SimpleObject, Clone)]
pub(crate) struct VestingFinding {
    /// The security, by its id in the package or its handle.
    security: String,
    /// The stable code.
    code: String,
    /// The same in words.
    message: String,
}

impl VestingFinding {
    pub(crate) fn of(security: &str, error: &VestingError) -> VestingFinding {
        VestingFinding {
            security: security.to_owned(),
            code: error.code().to_owned(),
            message: error.to_string(),
        }
    }
}
