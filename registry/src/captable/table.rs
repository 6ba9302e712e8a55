//! The cap table of one issuer at the end of one date: every position, and what counts under a
//! definition.

use super::{Definition, FoldError};
use crate::amount::{Money, Quantity};
use crate::date::Date;
use crate::effect::{Authorized, ClassKind, Instrument, Pool};
use crate::handle::{ClassId, Holder, IssuerId, PlanId, SecurityId};
use crate::vesting::VestingError;

mod build;

/// Who held what of an issuer at the end of a date.
///
/// Invariants: per class, issued = outstanding + treasury + retired; the holdings of a class, and
/// their shares as converted, add up to its line; grants and warrants add up to those of the
/// holders.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CapTable {
    /// The issuer.
    pub issuer: IssuerId,
    /// Its id in the package that it came from; empty where there is none.
    pub source_id: String,
    /// The date.
    pub as_of: Date,
    /// The classes in the order of their registration.
    pub classes: Vec<ClassLine>,
    /// Those who held any, parties before stakeholders, in the order of their handles.
    pub holders: Vec<HolderLine>,
    /// The stock plans in the order of their registration.
    pub plans: Vec<PlanLine>,
    /// Grants that are outstanding, in the order of their records.
    pub grants: Vec<GrantLine>,
    /// Warrants that are outstanding, in the order of their records.
    pub warrants: Vec<WarrantLine>,
    /// Convertibles that are outstanding, in the order of their records.
    pub convertibles: Vec<ConvertibleLine>,
    /// What could not be counted, and why.
    pub notes: Vec<Note>,
}

/// A stock class and its totals.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClassLine {
    /// The class.
    pub class: ClassId,
    /// Its id in the package that it came from; empty where there is none.
    pub source_id: String,
    /// Its name.
    pub name: String,
    /// Common or preferred.
    pub kind: ClassKind,
    /// Shares authorized.
    pub authorized: Authorized,
    /// Shares ever issued, in shares of the date: a split multiplies them.
    pub issued: Quantity,
    /// Shares that holders held.
    pub outstanding: Quantity,
    /// Shares that the issuer bought back and kept.
    pub treasury: Quantity,
    /// Shares that are no more: cancelled, retracted, converted, or bought back and retired.
    pub retired: Quantity,
    /// The common stock that the outstanding ones convert into; themselves where they convert into
    /// none.
    pub as_converted: Quantity,
}

/// What one holder held.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HolderLine {
    /// The holder of record.
    pub holder: Holder,
    /// The id in the package of the stakeholder, or of the first one linked to the party; empty
    /// where there is none.
    pub source_id: String,
    /// Stock by class, in the order of the classes; none is zero.
    pub holdings: Vec<Holding>,
    /// Options, units and appreciation rights outstanding.
    pub options: Quantity,
    /// Shares for which warrants are outstanding, as far as their number is known.
    pub warrants: Quantity,
    /// What of it counts as shares, by what definitions tell apart.
    pub dilution: Dilution,
}

/// What was held of one class.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Holding {
    /// The class.
    pub class: ClassId,
    /// How many shares.
    pub quantity: Quantity,
    /// The common stock that they convert into.
    pub as_converted: Quantity,
}

/// Shares, as converted, that a holder's securities which are no stock stand for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Dilution {
    /// Options and stock-settled appreciation rights, as far as they can be exercised.
    pub vested_options: Quantity,
    /// The others.
    pub unvested_options: Quantity,
    /// Restricted stock units.
    pub units: Quantity,
    /// Warrants.
    pub warrants: Quantity,
}

/// A stock plan and its pool.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PlanLine {
    /// The plan.
    pub plan: PlanId,
    /// Its id in the package.
    pub source_id: String,
    /// Its name.
    pub name: String,
    /// Reserved, granted, returned, exercised and available.
    pub pool: Pool,
}

/// A grant of options, units or appreciation rights.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GrantLine {
    /// Which.
    pub security: SecurityId,
    /// Its id in the package; empty where there is none.
    pub source_id: String,
    /// Its holder.
    pub holder: Holder,
    /// The id in the package of the holder.
    pub holder_source_id: String,
    /// What it is.
    pub instrument: Instrument,
    /// The price for one share, where it has one.
    pub price: Option<Money>,
    /// How much it has ever been, in shares of the date: a split multiplies it.
    pub granted: Quantity,
    /// Exercised or released of it.
    pub exercised: Quantity,
    /// Cancelled of it.
    pub cancelled: Quantity,
    /// What is left of it.
    pub outstanding: Quantity,
    /// What had vested of the whole grant, exercised or not; after a cancellation nothing of what
    /// was cancelled vests.
    pub vested: Quantity,
    /// What is left and vested.
    pub exercisable: Quantity,
}

/// A warrant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WarrantLine {
    /// Which.
    pub security: SecurityId,
    /// Its id in the package; empty where there is none.
    pub source_id: String,
    /// Its holder.
    pub holder: Holder,
    /// The id in the package of the holder.
    pub holder_source_id: String,
    /// The class that all its triggers convert into, where they do.
    pub class: Option<ClassId>,
    /// The id in the package of that class.
    pub class_source_id: String,
    /// What is left of it; none where the warrant leaves its number of shares open.
    pub outstanding: Option<Quantity>,
    /// The price for one share, where it has one.
    pub price: Option<Money>,
}

/// A note, a SAFE or another convertible.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConvertibleLine {
    /// Which.
    pub security: SecurityId,
    /// Its id in the package; empty where there is none.
    pub source_id: String,
    /// Its holder.
    pub holder: Holder,
    /// The id in the package of the holder.
    pub holder_source_id: String,
    /// What is left of the invested amount.
    pub amount: Money,
}

/// Something that a cap table could not count.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Note {
    /// The security, by its id in the package or its handle.
    pub security: String,
    /// Why.
    pub error: VestingError,
}

impl HolderLine {
    /// What was held of a class.
    pub fn of(&self, class: ClassId) -> Quantity {
        let holding = self.holdings.iter().find(|holding| holding.class == class);
        holding.map_or(Quantity::ZERO, |holding| holding.quantity)
    }

    /// What of it counts under a definition.
    pub fn total(&self, definition: &Definition) -> Result<Quantity, FoldError> {
        let stock = self.holdings.iter().map(|holding| match definition.as_converted {
            true => holding.as_converted,
            false => holding.quantity,
        });
        sum(stock.chain(self.dilution.counted(definition)))
    }
}

impl Dilution {
    fn counted(&self, definition: &Definition) -> impl Iterator<Item = Quantity> + use<> {
        [
            (definition.vested_options, self.vested_options),
            (definition.unvested_options, self.unvested_options),
            (definition.units, self.units),
            (definition.warrants, self.warrants),
        ]
        .into_iter()
        .filter_map(|(counts, quantity)| counts.then_some(quantity))
    }
}

impl CapTable {
    /// All that counts under a definition.
    pub fn total(&self, definition: &Definition) -> Result<Quantity, FoldError> {
        let holders = self.holders.iter().map(|line| line.total(definition));
        let holders = holders.collect::<Result<Vec<_>, _>>()?;
        sum(holders.into_iter().chain([self.unissued(definition)?]))
    }

    /// What pools have left, where the definition counts it: nobody holds it.
    pub fn unissued(&self, definition: &Definition) -> Result<Quantity, FoldError> {
        let pools = self.plans.iter().filter(|_| definition.unissued_pool);
        sum(pools.map(|line| line.pool.available()))
    }
}

/// The sum, or [`FoldError::Overflow`] beyond the representable range.
fn sum(quantities: impl IntoIterator<Item = Quantity>) -> Result<Quantity, FoldError> {
    let mut all = quantities.into_iter();
    all.try_fold(Quantity::ZERO, Quantity::checked_add).ok_or(FoldError::Overflow)
}

/// Adds to a sum, or [`FoldError::Overflow`] beyond the representable range.
pub(super) fn add(sum: &mut Quantity, quantity: Quantity) -> Result<(), FoldError> {
    *sum = sum.checked_add(quantity).ok_or(FoldError::Overflow)?;
    Ok(())
}
