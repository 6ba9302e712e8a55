//! Grants, warrants and convertibles over their whole lives.

use std::sync::Arc;

use async_graphql::{ComplexObject, Enum, ID, Result, SimpleObject};
use counterfoil_registry::captable::SecurityFacts;
use counterfoil_registry::effect::Instrument;
use counterfoil_registry::handle::{
    AccountId, CertificateId, ClassId, Holder as HolderId, IssuerId, PlanId, SecurityId,
};

use super::account::{Holder, SecuritiesAccount};
use super::cap_table::{Money, holder_of};
use super::certificate::{Certificate, kind_name};
use super::event::FormatObject;
use super::issuer::StockClass;
use super::page::{Page, Paging};
use super::party::name;
use super::plan::Plan;
use super::scalar::{Date, Decimal};
use super::sight::{Sight, id};
use crate::fault::Fault;
use crate::history::records::Moment;
use crate::history::register::RegisterAt;

/// What a security is that is no stock.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum SecurityKind {
    /// An option, where nothing is said about its taxation.
    Option,
    /// A non-qualified stock option.
    OptionNso,
    /// An incentive stock option.
    OptionIso,
    /// A restricted stock unit.
    Rsu,
    /// An appreciation right settled in cash.
    Csar,
    /// An appreciation right settled in stock.
    Ssar,
    /// A warrant.
    Warrant,
    /// A note, a SAFE or another convertible.
    Convertible,
}

impl From<Instrument> for SecurityKind {
    fn from(instrument: Instrument) -> SecurityKind {
        match instrument {
            Instrument::Option => SecurityKind::Option,
            Instrument::OptionNso => SecurityKind::OptionNso,
            Instrument::OptionIso => SecurityKind::OptionIso,
            Instrument::Rsu => SecurityKind::Rsu,
            Instrument::Csar => SecurityKind::Csar,
            Instrument::Ssar => SecurityKind::Ssar,
            Instrument::Warrant => SecurityKind::Warrant,
            Instrument::Convertible => SecurityKind::Convertible,
        }
    }
}

/// A grant, a warrant or a convertible. One that has ended is found as well.
#[derive(SimpleObject, Clone)]
#[graphql(complex)]
pub(crate) struct Security {
    /// The handle, such as `G0-A`.
    pub(super) id: ID,
    /// What it is.
    kind: SecurityKind,
    /// The printed number; may be empty.
    number: String,
    /// Its id in the package that it came from; empty where there is none.
    source_id: String,
    /// Shares or units for which it was opened; null for a convertible, and where a warrant leaves
    /// it open.
    opened_quantity: Option<Decimal>,
    /// What is left of them.
    quantity: Option<Decimal>,
    /// What is left of the invested amount of a convertible.
    invested: Option<Money>,
    /// The price for one share, where it has one.
    exercise_price: Option<Money>,
    /// The kind of event that opened it.
    opened_by: String,
    /// Since when it is or was open.
    opened: Date,
    /// When its holder accepted it.
    accepted: Option<Date>,
    /// What exercises, releases and splits left of it, in order.
    changes: Vec<SecurityChange>,
    /// When it ended; null while it is open.
    closed: Option<Date>,
    /// The kind of event that ended it.
    closed_by: Option<String>,
    #[graphql(skip)]
    security: SecurityId,
    #[graphql(skip)]
    account: AccountId,
    #[graphql(skip)]
    holder: HolderId,
    #[graphql(skip)]
    class: Option<ClassId>,
    #[graphql(skip)]
    plan: Option<PlanId>,
    #[graphql(skip)]
    register: Arc<RegisterAt>,
    #[graphql(skip)]
    sight: Sight,
}

/// What an event left of a security.
#[derive(SimpleObject, Clone)]
pub(crate) struct SecurityChange {
    /// When.
    date: Date,
    /// What happened, such as `EXERCISE` or `SPLIT`.
    kind: String,
    /// What was left: shares or units, or the invested amount.
    left: Decimal,
}

impl Security {
    /// The security with this handle, open or ended, if the reader may see it.
    pub(crate) async fn find(
        sight: &Sight,
        security: SecurityId,
    ) -> Result<Option<Security>, Fault> {
        let Some(found) = sight.register().security(security) else { return Ok(None) };
        if !sight.eyes().security(found.issuer, found.account) {
            return Ok(None);
        }
        let register = register(sight, found.issuer).await?;
        Ok(register.and_then(|register| Security::of(sight, &register, security)))
    }

    /// A page of the securities of an issuer that the reader may see, ended ones too, in the order of
    /// their records.
    pub(super) async fn of_issuer(
        sight: &Sight,
        issuer: IssuerId,
        paging: Paging,
    ) -> Result<Page<Security>, Fault> {
        let register = register(sight, issuer).await?;
        let ids: Vec<SecurityId> =
            register.iter().flat_map(|r| r.fold.securities(issuer)).map(|(id, _)| id).collect();
        paging.of(0..ids.len() as u64, |at| {
            let id = ids.get(usize::try_from(at).ok()?)?;
            Security::of(sight, register.as_ref()?, *id)
        })
    }

    /// A security of a register, if the reader may see it.
    fn of(sight: &Sight, register: &Arc<RegisterAt>, security: SecurityId) -> Option<Security> {
        let facts = register.fold.security(security)?;
        let SecurityFacts { issuer, account, holder, class, plan, .. } = *facts;
        let today = sight.ledger().time().date();
        let left = facts.quantity_at(today);
        let money = |quantity: counterfoil_registry::amount::Quantity| {
            let currency = facts.currency?;
            let amount = quantity.0;
            Some(Money::from(counterfoil_registry::amount::Money { amount, currency }))
        };
        let convertible = facts.instrument == Instrument::Convertible;
        let shares = |quantity: Option<_>| quantity.filter(|_| !convertible).map(Decimal::from);
        let changes = facts.changes.iter().map(|(date, kind, left)| SecurityChange {
            date: Date(*date),
            kind: kind_name(kind),
            left: (*left).into(),
        });
        sight.eyes().security(issuer, account).then(|| Security {
            id: id(security),
            kind: facts.instrument.into(),
            number: facts.number.clone(),
            source_id: facts.source_id.clone(),
            opened_quantity: shares(facts.quantity),
            quantity: shares(left),
            invested: left.filter(|_| convertible).and_then(money),
            exercise_price: facts.price.at(today).map(Money::from),
            opened_by: kind_name(facts.origin),
            opened: Date(facts.opened),
            accepted: facts.accepted.map(Date),
            changes: changes.collect(),
            closed: facts.closed.map(|(date, _)| Date(date)),
            closed_by: facts.closed.map(|(_, kind)| kind_name(kind)),
            security,
            account,
            holder,
            class,
            plan,
            register: register.clone(),
            sight: sight.clone(),
        })
    }

    fn facts(&self) -> Option<&SecurityFacts> {
        self.register.fold.security(self.security)
    }
}

/// The register of an issuer as it is known at the height of the view.
async fn register(sight: &Sight, issuer: IssuerId) -> Result<Option<Arc<RegisterAt>>, Fault> {
    sight.past(move |history, height| history.register(issuer, Moment::Height(height))).await
}

#[ComplexObject]
impl Security {
    /// The class that it is for, where it names one.
    async fn stock_class(&self) -> Option<StockClass> {
        StockClass::shown(&self.sight, self.class?)
    }

    /// The plan that granted it, if the reader may see the register.
    async fn plan(&self) -> Result<Option<Plan>> {
        match self.plan {
            Some(plan) => Ok(Plan::find(&self.sight, plan).await?),
            None => Ok(None),
        }
    }

    /// The account that it lies or lay in, if the reader may see it.
    async fn account(&self) -> Option<SecuritiesAccount> {
        SecuritiesAccount::find(&self.sight, self.account)
    }

    /// The holder of record when it was opened.
    async fn holder(&self) -> Option<Holder> {
        holder_of(&self.sight, self.register.issuer, self.holder)
    }

    /// The name of that holder, if one was told.
    async fn holder_name(&self) -> Result<Option<String>> {
        Ok(name(&self.sight, self.holder, Some(self.register.issuer)).await?)
    }

    /// The terms of its issuance in the words of the format: prices, vesting, conversion.
    async fn terms(&self) -> Option<FormatObject> {
        self.facts()?.issuance.as_deref().map(FormatObject::from)
    }

    /// The security that it came from.
    async fn preceded_by(&self) -> Option<Security> {
        Security::of(&self.sight, &self.register, self.facts()?.preceded_by?)
    }

    /// The securities that came from it.
    async fn resulted_in(
        &self,
        #[graphql(desc = "So many from the beginning, at most 100.")] first: Option<i32>,
        #[graphql(desc = "Behind this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end, at most 100.")] last: Option<i32>,
        #[graphql(desc = "In front of this cursor.")] before: Option<String>,
    ) -> Result<Page<Security>> {
        let ids = self.facts().map(|facts| facts.resulted_in.as_slice()).unwrap_or_default();
        Ok(Paging { first, after, last, before }.of(0..ids.len() as u64, |at| {
            let id = ids.get(usize::try_from(at).ok()?)?;
            Security::of(&self.sight, &self.register, *id)
        })?)
    }

    /// The certificates that it became.
    async fn converted_into(
        &self,
        #[graphql(desc = "So many from the beginning, at most 100.")] first: Option<i32>,
        #[graphql(desc = "Behind this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end, at most 100.")] last: Option<i32>,
        #[graphql(desc = "In front of this cursor.")] before: Option<String>,
    ) -> Result<Page<Certificate>> {
        let ids: &[CertificateId] =
            self.facts().map(|facts| facts.converted_into.as_slice()).unwrap_or_default();
        Ok(Paging { first, after, last, before }.of(0..ids.len() as u64, |at| {
            let id = ids.get(usize::try_from(at).ok()?)?;
            Certificate::of(&self.sight, &self.register, *id)
        })?)
    }
}
