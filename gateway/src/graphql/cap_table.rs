//! Cap tables by date, on both axes of time.

use async_graphql::{ComplexObject, OneofObject, Result, SimpleObject};
use counterfoil_registry::captable::{self, Definition};
use counterfoil_registry::handle::{Holder as HolderId, IssuerId};

use super::account::Holder;
use super::input::ClassKind;
use super::issuer::{Issuer, StockClass};
use super::page::{Page, Paging};
use super::party::{Party, name};
use super::scalar::{Date, DateTime, Decimal, Height};
use super::sight::{Sight, held};
use crate::fault::{Code, Fault};
use crate::history::records::Moment;
use crate::history::register::AsOf;

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

/// Who held what of an issuer at the end of a day.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct CapTable {
    /// The day.
    as_of: Date,
    /// What is counted as fully diluted.
    definition: &'static str,
    /// Shares outstanding over all classes, each counted as one.
    fully_diluted: Decimal,
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
    /// Shares issued until then.
    issued: Decimal,
    /// Shares that holders held.
    outstanding: Decimal,
    /// Shares cancelled until then.
    retired: Decimal,
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
        as_of: Option<MomentInput>,
        known_at: Option<MomentInput>,
    ) -> Result<Option<CapTable>, Fault> {
        if !sight.eyes().register(issuer) {
            return Ok(None);
        }
        let table = sight.past(move |history, height| {
            // The index may be ahead of the view, whose handles the answer is shown by.
            let known_at = match known_at {
                None => height,
                Some(MomentInput::Height(known)) => known.0.min(height),
                Some(MomentInput::Time(time)) => {
                    history.height_of(Moment::Time(time.0))?.min(height)
                }
                Some(MomentInput::Date(date)) => {
                    history.height_of(Moment::Date(date.0))?.min(height)
                }
            };
            let as_of = as_of.map(|moment| match moment {
                MomentInput::Date(date) => AsOf::Date(date.0),
                MomentInput::Time(time) => AsOf::Time(time.0),
                MomentInput::Height(day) => AsOf::Height(day.0.min(height)),
            });
            history.cap_table(issuer, as_of, Moment::Height(known_at))
        });
        table.await?.map(|table| CapTable::of(sight, table)).transpose()
    }

    fn of(sight: &Sight, table: captable::CapTable) -> Result<CapTable, Fault> {
        let definition = Definition::OUTSTANDING;
        let whole = table.total(&definition);
        let whole = whole.map_err(|error| Fault::new(Code::Internal, error.to_string()))?;
        let classes = table.classes.iter().map(|line| ClassLine {
            name: line.name.clone(),
            kind: line.kind.into(),
            authorized: line.authorized.to_string(),
            issued: line.issued.into(),
            outstanding: line.outstanding.into(),
            retired: line.retired.into(),
            class: line.class,
            sight: sight.clone(),
        });
        Ok(CapTable {
            as_of: Date(table.as_of),
            definition: definition.sentence,
            fully_diluted: whole.into(),
            classes: classes.collect(),
            table,
            sight: sight.clone(),
        })
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
        let holders = &self.table.holders;
        let paging = Paging { first, after, last, before };
        Ok(paging.of(0..holders.len() as u64, |at| {
            let line = holders.get(usize::try_from(at).ok()?)?;
            let holdings = line.holdings.iter().map(|holding| Holding {
                quantity: holding.quantity.into(),
                class: holding.class,
                sight: self.sight.clone(),
            });
            Some(HolderLine {
                holdings: holdings.collect(),
                holder: line.holder,
                issuer: self.table.issuer,
                sight: self.sight.clone(),
            })
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
        match self.holder {
            HolderId::Party(party) => {
                Party::shown(&self.sight, party, Some(self.issuer)).map(Holder::Party)
            }
            holder => Holder::shown(&self.sight, holder),
        }
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
