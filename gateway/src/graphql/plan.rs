//! Stock plans and their pools.

use std::collections::BTreeMap;

use async_graphql::{ComplexObject, ID, Result, SimpleObject};
use counterfoil_registry::captable::PlanLine;
use counterfoil_registry::handle::{IssuerId, PlanId};
use counterfoil_registry::ocf::object::Kind;

use super::issuer::{Issuer, StockClass};
use super::scalar::Decimal;
use super::sight::{Sight, held, id};
use crate::fault::Fault;
use crate::history::records::Moment;

/// A stock plan and its pool of shares.
#[derive(SimpleObject, Clone)]
#[graphql(complex)]
pub(crate) struct Plan {
    /// The handle, such as `L0-R`.
    pub(super) id: ID,
    /// Its name.
    name: String,
    /// Its id in the package that it came from; empty where there is none.
    source_id: String,
    /// Shares reserved.
    reserved: Decimal,
    /// Granted in all.
    granted: Decimal,
    /// Exercised or released of that.
    exercised: Decimal,
    /// Returned of it.
    returned: Decimal,
    /// What could still be granted.
    available: Decimal,
    #[graphql(skip)]
    plan: PlanId,
    #[graphql(skip)]
    issuer: IssuerId,
    #[graphql(skip)]
    sight: Sight,
}

impl Plan {
    /// A plan as a cap table has it, to one who sees the register.
    pub(crate) fn of(sight: &Sight, issuer: IssuerId, line: &PlanLine) -> Plan {
        Plan {
            id: id(line.plan),
            name: line.name.clone(),
            source_id: line.source_id.clone(),
            reserved: line.pool.reserved.into(),
            granted: line.pool.drawn.into(),
            exercised: line.pool.exercised.into(),
            returned: line.pool.returned.into(),
            available: line.pool.available().into(),
            plan: line.plan,
            issuer,
            sight: sight.clone(),
        }
    }

    /// The plan with this handle as it is now, if the reader may see the register.
    pub(crate) async fn find(sight: &Sight, plan: PlanId) -> Result<Option<Plan>, Fault> {
        let Some(found) = sight.register().plan(plan) else { return Ok(None) };
        let plans = Plan::of_issuer(sight, found.issuer).await?;
        Ok(plans.into_iter().flatten().find(|found| found.plan == plan))
    }

    /// The plans of an issuer as they are now, if the reader may see the register.
    pub(crate) async fn of_issuer(
        sight: &Sight,
        issuer: IssuerId,
    ) -> Result<Option<Vec<Plan>>, Fault> {
        if !sight.eyes().register(issuer) {
            return Ok(None);
        }
        let found =
            sight.past(move |history, height| history.register(issuer, Moment::Height(height)));
        let Some(register) = found.await? else { return Ok(None) };
        let objects = register.fold.documents(issuer).map(|(_, object)| object);
        let named = objects.filter(|object| object.kind() == Kind::StockPlan);
        let named = named.filter_map(|plan| Some((plan.id(), plan.text("plan_name")?)));
        let names: BTreeMap<&str, &str> = named.collect();
        let plans = sight.register().plans().filter(|(_, plan)| plan.issuer == issuer);
        let plans = plans.map(|(id, plan)| {
            let source_id = plan.source_id.clone();
            let name = names
                .get(source_id.as_str())
                .map_or_else(|| source_id.clone(), |name| (*name).to_owned());
            Plan::of(sight, issuer, &PlanLine { plan: id, source_id, name, pool: plan.pool })
        });
        Ok(Some(plans.collect()))
    }
}

#[ComplexObject]
impl Plan {
    /// Its issuer.
    async fn issuer(&self) -> Result<Issuer> {
        Ok(held(Issuer::find(&self.sight, self.issuer))?)
    }

    /// Shares of which classes it grants.
    async fn stock_classes(&self) -> Result<Vec<StockClass>> {
        let plan = held(self.sight.register().plan(self.plan))?;
        let classes = plan.classes.iter();
        Ok(classes.filter_map(|class| StockClass::shown(&self.sight, *class)).collect())
    }
}
