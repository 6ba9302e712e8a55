//! Cap tables by date, on both axes of time.

use async_graphql::{ComplexObject, Enum, OneofObject, Result, SimpleObject};
use counterfoil_registry::captable::{self, Definition, FoldError};
use counterfoil_registry::handle::{Holder as HolderId, IssuerId};

use super::account::Holder;
use super::input::ClassKind;
use super::issuer::{Issuer, StockClass};
use super::page::{Page, Paging};
use super::party::{Party, name};
use super::plan::Plan;
use super::scalar::{Date, DateTime, Decimal, Height};
use super::sight::{Sight, held};
use crate::fault::{Code, Fault};
use crate::history::records::Moment;
use crate::history::register::AsOf;

mod lines;

pub(super) use lines::{ConvertibleLine, GrantLine, Money, VestingFinding, WarrantLine};

/// A moment: one of its members.
#[derive(OneofObject, Clone)]
pub(crate) enum MomentInput {
    /// The end of a day.
    Date(Date),
    /// An instant.
    Time(DateTime),
    /// The block of a height.
    Height(Height),
}

impl MomentInput {
    /// Until when something was known.
    pub(super) fn known(self) -> Moment {
        match self {
            MomentInput::Height(height) => Moment::Height(height.0),
            MomentInput::Time(time) => Moment::Time(time.0),
            MomentInput::Date(date) => Moment::Date(date.0),
        }
    }

    fn as_of(self) -> AsOf {
        match self {
            MomentInput::Date(date) => AsOf::Date(date.0),
            MomentInput::Time(time) => AsOf::Time(time.0),
            MomentInput::Height(height) => AsOf::Height(height.0),
        }
    }
}

/// What counts as a share: every party to a term sheet means another thing by fully diluted.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum CapTableDefinition {
    /// Every outstanding share of every class counts as one.
    Outstanding,
    /// Outstanding stock counts as the common stock that it converts into.
    AsConverted,
    /// Outstanding stock as converted, vested options and warrants count.
    Exercisable,
    /// Outstanding stock as converted, all outstanding options, restricted stock units and warrants
    /// count.
    FullyDiluted,
    /// The same, and what pools have left.
    FullyDilutedWithPool,
}

impl From<CapTableDefinition> for Definition {
    fn from(named: CapTableDefinition) -> Definition {
        match named {
            CapTableDefinition::Outstanding => Definition::OUTSTANDING,
            CapTableDefinition::AsConverted => Definition::AS_CONVERTED,
            CapTableDefinition::Exercisable => Definition::EXERCISABLE,
            CapTableDefinition::FullyDiluted => Definition::FULLY_DILUTED,
            CapTableDefinition::FullyDilutedWithPool => Definition::FULLY_DILUTED_WITH_POOL,
        }
    }
}

/// Which cap table is asked for.
#[derive(Clone)]
pub(crate) struct Wanted {
    /// At the end of which day; without it, now.
    pub(crate) as_of: Option<MomentInput>,
    /// As it was known when; without it, as it is known now.
    pub(crate) known_at: Option<MomentInput>,
    /// What counts as a share.
    pub(crate) definition: Option<CapTableDefinition>,
}

/// Who held what of an issuer at the end of a day.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct CapTable {
    /// The day.
    as_of: Date,
    /// What counts as a share.
    definition: CapTableDefinition,
    /// The same in a sentence, to stand beside percentages.
    meaning: &'static str,
    /// All that counts under the definition.
    fully_diluted: Decimal,
    /// What pools have left of it, which nobody holds.
    unissued: Decimal,
    /// The classes, in the order of their registration.
    classes: Vec<ClassLine>,
    #[graphql(skip)]
    table: captable::CapTable,
    #[graphql(skip)]
    sight: Sight,
}

/// A class and its totals on that day.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct ClassLine {
    /// Its name.
    name: String,
    /// Common or preferred.
    kind: ClassKind,
    /// Shares authorized: a number, UNLIMITED or NOT APPLICABLE.
    authorized: String,
    /// Shares issued until then, in shares of the day: a split multiplies them.
    issued: Decimal,
    /// Shares that holders held.
    outstanding: Decimal,
    /// Shares that the issuer had bought back and kept.
    treasury: Decimal,
    /// Shares that were no more: cancelled, retracted, converted, or bought back and retired.
    retired: Decimal,
    /// The common stock that the outstanding ones convert into; themselves where they convert into
    /// none.
    as_converted: Decimal,
    #[graphql(skip)]
    class: counterfoil_registry::handle::ClassId,
    #[graphql(skip)]
    sight: Sight,
}

/// What one holder held.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct HolderLine {
    /// By class, in the order of the classes.
    holdings: Vec<Holding>,
    /// Options, units and appreciation rights outstanding.
    options: Decimal,
    /// Shares for which warrants are outstanding, as far as their number is known.
    warrants: Decimal,
    /// What of all that counts under the definition.
    total: Decimal,
    #[graphql(skip)]
    holder: HolderId,
    #[graphql(skip)]
    issuer: IssuerId,
    #[graphql(skip)]
    sight: Sight,
}

/// What was held of one class.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct Holding {
    /// How many shares.
    quantity: Decimal,
    /// The common stock that they convert into.
    as_converted: Decimal,
    #[graphql(skip)]
    class: counterfoil_registry::handle::ClassId,
    #[graphql(skip)]
    sight: Sight,
}

impl CapTable {
    /// The cap table of an issuer, if the reader may see the register.
    pub(crate) async fn find(
        sight: &Sight,
        issuer: IssuerId,
        wanted: Wanted,
    ) -> Result<Option<CapTable>, Fault> {
        if !sight.eyes().register(issuer) {
            return Ok(None);
        }
        let Wanted { as_of, known_at, definition } = wanted;
        let table = sight.past(move |history, height| {
            // The index may be ahead of the view, whose handles the answer is shown by.
            let known_at = match known_at {
                None => height,
                Some(MomentInput::Height(known)) => known.0.min(height),
                Some(earlier) => history.height_of(earlier.known())?.min(height),
            };
            let as_of = as_of.map(|moment| match moment.as_of() {
                AsOf::Height(day) => AsOf::Height(day.min(height)),
                moment => moment,
            });
            history.cap_table(issuer, as_of, Moment::Height(known_at))
        });
        let definition = definition.unwrap_or(CapTableDefinition::FullyDiluted);
        let of = |table| CapTable::of(sight, table, definition);
        table.await?.map(of).transpose().map_err(beyond)
    }

    fn of(
        sight: &Sight,
        table: captable::CapTable,
        named: CapTableDefinition,
    ) -> Result<CapTable, FoldError> {
        let definition = Definition::from(named);
        let classes = table.classes.iter().map(|line| ClassLine {
            name: line.name.clone(),
            kind: line.kind.into(),
            authorized: line.authorized.to_string(),
            issued: line.issued.into(),
            outstanding: line.outstanding.into(),
            treasury: line.treasury.into(),
            retired: line.retired.into(),
            as_converted: line.as_converted.into(),
            class: line.class,
            sight: sight.clone(),
        });
        Ok(CapTable {
            as_of: Date(table.as_of),
            definition: named,
            meaning: definition.sentence,
            fully_diluted: table.total(&definition)?.into(),
            unissued: table.unissued(&definition)?.into(),
            classes: classes.collect(),
            table,
            sight: sight.clone(),
        })
    }

    fn holder(&self, line: &captable::HolderLine) -> Result<HolderLine, FoldError> {
        let holdings = line.holdings.iter().map(|holding| Holding {
            quantity: holding.quantity.into(),
            as_converted: holding.as_converted.into(),
            class: holding.class,
            sight: self.sight.clone(),
        });
        Ok(HolderLine {
            holdings: holdings.collect(),
            options: line.options.into(),
            warrants: line.warrants.into(),
            total: line.total(&self.definition.into())?.into(),
            holder: line.holder,
            issuer: self.table.issuer,
            sight: self.sight.clone(),
        })
    }

    /// A page of lines.
    fn page<L, T: async_graphql::OutputType>(
        paging: Paging,
        lines: &[L],
        show: impl Fn(&L) -> Option<T>,
    ) -> Result<Page<T>, Fault> {
        paging.of(0..lines.len() as u64, |at| show(lines.get(usize::try_from(at).ok()?)?))
    }
}

/// Sums of a register that were in range when they were recorded.
fn beyond(error: FoldError) -> Fault {
    Fault::new(Code::Internal, error.to_string())
}

/// The holder of a line in the register of an issuer.
pub(super) fn holder_of(sight: &Sight, issuer: IssuerId, holder: HolderId) -> Option<Holder> {
    match holder {
        HolderId::Party(party) => Party::shown(sight, party, Some(issuer)).map(Holder::Party),
        holder => Holder::shown(sight, holder),
    }
}

#[ComplexObject]
impl CapTable {
    /// The issuer.
    async fn issuer(&self) -> Result<Issuer> {
        Ok(held(Issuer::find(&self.sight, self.table.issuer))?)
    }

    /// Those who held any, parties before stakeholders, in the order of their handles.
    async fn holders(
        &self,
        #[graphql(desc = "So many from the beginning, at most 100.")] first: Option<i32>,
        #[graphql(desc = "Behind this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end, at most 100.")] last: Option<i32>,
        #[graphql(desc = "In front of this cursor.")] before: Option<String>,
    ) -> Result<Page<HolderLine>> {
        let paging = Paging { first, after, last, before };
        // What the whole adds up to was in range, and so is each part of it.
        Ok(CapTable::page(paging, &self.table.holders, |line| self.holder(line).ok())?)
    }

    /// The stock plans and their pools on that day, in the order of their registration.
    async fn plans(&self) -> Vec<Plan> {
        let plans = self.table.plans.iter();
        plans.map(|line| Plan::of(&self.sight, self.table.issuer, line)).collect()
    }

    /// Grants of options, units and appreciation rights that were outstanding, in the order of
    /// their records.
    async fn grants(
        &self,
        #[graphql(desc = "So many from the beginning, at most 100.")] first: Option<i32>,
        #[graphql(desc = "Behind this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end, at most 100.")] last: Option<i32>,
        #[graphql(desc = "In front of this cursor.")] before: Option<String>,
    ) -> Result<Page<GrantLine>> {
        let paging = Paging { first, after, last, before };
        Ok(CapTable::page(paging, &self.table.grants, |line| {
            Some(GrantLine::of(&self.sight, self.table.issuer, line))
        })?)
    }

    /// Warrants that were outstanding, in the order of their records.
    async fn warrants(
        &self,
        #[graphql(desc = "So many from the beginning, at most 100.")] first: Option<i32>,
        #[graphql(desc = "Behind this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end, at most 100.")] last: Option<i32>,
        #[graphql(desc = "In front of this cursor.")] before: Option<String>,
    ) -> Result<Page<WarrantLine>> {
        let paging = Paging { first, after, last, before };
        Ok(CapTable::page(paging, &self.table.warrants, |line| {
            Some(WarrantLine::of(&self.sight, self.table.issuer, line))
        })?)
    }

    /// Convertibles that were outstanding, in the order of their records.
    async fn convertibles(
        &self,
        #[graphql(desc = "So many from the beginning, at most 100.")] first: Option<i32>,
        #[graphql(desc = "Behind this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end, at most 100.")] last: Option<i32>,
        #[graphql(desc = "In front of this cursor.")] before: Option<String>,
    ) -> Result<Page<ConvertibleLine>> {
        let paging = Paging { first, after, last, before };
        Ok(CapTable::page(paging, &self.table.convertibles, |line| {
            Some(ConvertibleLine::of(&self.sight, self.table.issuer, line))
        })?)
    }

    /// Grants whose vesting cannot be told, which count as unvested.
    async fn notes(
        &self,
        #[graphql(desc = "So many from the beginning, at most 100.")] first: Option<i32>,
        #[graphql(desc = "Behind this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end, at most 100.")] last: Option<i32>,
        #[graphql(desc = "In front of this cursor.")] before: Option<String>,
    ) -> Result<Page<VestingFinding>> {
        let paging = Paging { first, after, last, before };
        Ok(CapTable::page(paging, &self.table.notes, |note| {
            Some(VestingFinding::of(&note.security, &note.error))
        })?)
    }
}

#[ComplexObject]
impl ClassLine {
    /// The class.
    async fn stock_class(&self) -> Result<StockClass> {
        Ok(held(StockClass::shown(&self.sight, self.class))?)
    }
}

#[ComplexObject]
impl HolderLine {
    /// The holder of record.
    async fn holder(&self) -> Option<Holder> {
        holder_of(&self.sight, self.issuer, self.holder)
    }

    /// The holder's name, if one was told.
    async fn name(&self) -> Result<Option<String>> {
        Ok(name(&self.sight, self.holder, Some(self.issuer)).await?)
    }
}

#[ComplexObject]
impl Holding {
    /// The class.
    async fn stock_class(&self) -> Result<StockClass> {
        Ok(held(StockClass::shown(&self.sight, self.class))?)
    }
}
