//! What has vested of each grant at a date, and when the rest will.

use async_graphql::{ComplexObject, Result, SimpleObject};
use counterfoil_registry::captable;
use counterfoil_registry::handle::IssuerId;
use counterfoil_registry::vesting::{Schedule, Step};

use super::account::Holder;
use super::cap_table::{MomentInput, VestingFinding, holder_of};
use super::page::{Page, Paging};
use super::party::name;
use super::scalar::{Date, Decimal};
use super::sight::Sight;
use crate::fault::{Code, Fault};
use crate::history::records::Moment;

/// A security that vests, or did.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct VestingLine {
    /// The security, by its id in the package or its handle.
    security: String,
    /// The printed number; may be empty.
    number: String,
    /// Its compensation type, `WARRANT` or `STOCK`.
    kind: String,
    /// The name of its vesting terms; empty where it has none.
    terms: String,
    /// What was granted, in shares of the day.
    granted: Decimal,
    /// What was left of it.
    quantity: Decimal,
    /// What had vested of what was granted.
    vested: Decimal,
    /// What was left and had not vested.
    unvested: Decimal,
    /// Why there is no schedule, where there is none.
    finding: Option<VestingFinding>,
    /// The next date on which something vests.
    next: Option<VestingStep>,
    #[graphql(skip)]
    schedule: Option<Schedule>,
    #[graphql(skip)]
    holder: counterfoil_registry::handle::Holder,
    #[graphql(skip)]
    issuer: IssuerId,
    #[graphql(skip)]
    sight: Sight,
}

/// A date on which something vests.
#[derive(SimpleObject)]
pub(crate) struct VestingStep {
    /// The date.
    date: Date,
    /// Vested from then on, in all, of what was granted first.
    vested: Decimal,
}

impl From<&Step> for VestingStep {
    fn from(step: &Step) -> VestingStep {
        VestingStep { date: Date(step.date), vested: step.vested.into() }
    }
}

/// A page of the lines of an issuer that the reader may see, at the end of a day.
pub(super) async fn page(
    sight: &Sight,
    issuer: IssuerId,
    as_of: Option<Date>,
    known_at: Option<MomentInput>,
    paging: Paging,
) -> Result<Page<VestingLine>, Fault> {
    let as_of = as_of.map_or_else(|| sight.ledger().time().date(), |date| date.0);
    let lines = sight.past(move |history, height| {
        let known_at = known_at.map_or(Moment::Height(height), MomentInput::known);
        let register = history.register(issuer, known_at)?;
        Ok(register.map(|register| register.fold.vesting(issuer, as_of)))
    });
    let lines = lines.await?.transpose();
    let lines = lines.map_err(|error| Fault::new(Code::Internal, error.to_string()))?;
    let lines = lines.unwrap_or_default();
    let eyes = sight.eyes();
    paging.of(0..lines.len() as u64, |at| {
        let line = lines.get(usize::try_from(at).ok()?)?;
        let seen = eyes.holding(issuer, line.holder);
        seen.then(|| VestingLine::of(sight, issuer, line, as_of))
    })
}

impl VestingLine {
    fn of(
        sight: &Sight,
        issuer: IssuerId,
        line: &captable::VestingLine,
        as_of: counterfoil_registry::date::Date,
    ) -> VestingLine {
        let error = line.schedule.as_ref().err();
        let schedule = line.schedule.as_ref().ok();
        VestingLine {
            security: line.security.clone(),
            number: line.number.clone(),
            kind: line.kind.to_owned(),
            terms: line.terms.clone(),
            granted: line.granted.into(),
            quantity: line.outstanding.into(),
            vested: line.vested.into(),
            unvested: line.unvested.into(),
            finding: error.map(|error| VestingFinding::of(&line.security, error)),
            next: schedule.and_then(|all| all.next_after(as_of)).map(VestingStep::from),
            schedule: schedule.cloned(),
            holder: line.holder,
            issuer,
            sight: sight.clone(),
        }
    }
}

#[ComplexObject]
impl VestingLine {
    /// Its holder.
    async fn holder(&self) -> Option<Holder> {
        holder_of(&self.sight, self.issuer, self.holder)
    }

    /// The holder's name, if one was told.
    async fn name(&self) -> Result<Option<String>> {
        Ok(name(&self.sight, self.holder, Some(self.issuer)).await?)
    }

    /// Every date on which something vests of what was granted first, in order.
    async fn schedule(
        &self,
        #[graphql(desc = "So many from the beginning, at most 100.")] first: Option<i32>,
        #[graphql(desc = "Behind this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end, at most 100.")] last: Option<i32>,
        #[graphql(desc = "In front of this cursor.")] before: Option<String>,
    ) -> Result<Page<VestingStep>> {
        let steps = self.schedule.as_ref().map(Schedule::steps).unwrap_or_default();
        Ok(Paging { first, after, last, before }
            .of(0..steps.len() as u64, |at| steps.get(usize::try_from(at).ok()?).map(Into::into))?)
    }
}
