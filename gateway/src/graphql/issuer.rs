//! Issuers, their classes and stakeholders.

use async_graphql::{ComplexObject, Context, ID, Object, Result, SimpleObject};
use counterfoil_engine::wire::v1;
use counterfoil_registry::handle::{AccountId, ClassId, Holder, IssuerId, PartyId, StakeholderId};

use super::account::SecuritiesAccount;
use super::cap_table::{CapTable, CapTableDefinition, MomentInput, Wanted};
use super::certificate::Certificate;
use super::event::{self, EventPage};
use super::input::{ClassKind, Input};
use super::page::{Page, Paging};
use super::party::{Party, name};
use super::plan::Plan;
use super::scalar::{Date, Decimal};
use super::security::Security;
use super::sight::{Sight, held, id};
use super::submission::{SubmissionInput, act, payload};
use super::vesting::{self, VestingLine};

/// An issuer of securities and its register.
#[derive(SimpleObject, Clone)]
#[graphql(complex)]
pub(crate) struct Issuer {
    /// The handle, such as `I0-2`.
    pub(super) id: ID,
    /// Whether the register is a draft that waits for its activation. Null to who may not see the
    /// register.
    draft: Option<bool>,
    /// Date of formation. Null to who may not see the register.
    formed: Option<Date>,
    /// Shares authorized over all classes: a number, UNLIMITED or NOT APPLICABLE. Null to who may not see
    /// the register.
    authorized: Option<String>,
    /// Its id in the package that it came from; empty where there is none. Null to who may not see the
    /// register.
    source_id: Option<String>,
    #[graphql(skip)]
    party: PartyId,
    #[graphql(skip)]
    registrar: PartyId,
    #[graphql(skip)]
    issuer: IssuerId,
    #[graphql(skip)]
    sight: Sight,
}

impl Issuer {
    /// The issuer with this handle, if the reader may know of it.
    pub(crate) fn find(sight: &Sight, issuer: IssuerId) -> Option<Issuer> {
        let found = sight.register().issuer(issuer)?;
        sight.participant()?;
        let seen = sight.eyes().register(issuer);
        Some(Issuer {
            id: id(issuer),
            draft: seen.then_some(found.draft),
            formed: seen.then_some(Date(found.formed)),
            authorized: seen.then(|| found.authorized.to_string()),
            source_id: seen.then(|| found.source_id.clone()),
            party: found.party,
            registrar: found.registrar,
            issuer,
            sight: sight.clone(),
        })
    }
}

#[ComplexObject]
impl Issuer {
    /// The party that it is.
    async fn party(&self) -> Result<Option<Party>> {
        Ok(Party::shown(&self.sight, self.party, None))
    }

    /// The participant who keeps the register.
    async fn registrar(&self) -> Result<Option<Party>> {
        Ok(Party::shown(&self.sight, self.registrar, None))
    }

    /// Its stock classes, in the order of their registration.
    async fn stock_classes(
        &self,
        #[graphql(desc = "So many from the beginning, at most 100.")] first: Option<i32>,
        #[graphql(desc = "Behind this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end, at most 100.")] last: Option<i32>,
        #[graphql(desc = "In front of this cursor.")] before: Option<String>,
    ) -> Result<Page<StockClass>> {
        let range = 0..u64::from(self.sight.register().next_class().0);
        let (paging, issuer) = (Paging { first, after, last, before }, self.issuer);
        let page = paging.scan(&self.sight, range, move |sight, at| {
            let class = ClassId(u32::try_from(at).ok()?);
            let of_issuer = sight.register().class(class)?.issuer == issuer;
            of_issuer.then(|| StockClass::shown(sight, class))?
        });
        Ok(page.await?)
    }

    /// Who held what at the end of a day; null to who may not see the register.
    async fn cap_table(
        &self,
        #[graphql(desc = "At the end of this day; without it, now.")] as_of: Option<MomentInput>,
        #[graphql(desc = "As it was known then; without it, as it is known now.")] known_at: Option<
            MomentInput,
        >,
        #[graphql(desc = "What counts as a share; without it FULLY_DILUTED.")] definition: Option<
            CapTableDefinition,
        >,
    ) -> Result<Option<CapTable>> {
        let wanted = Wanted { as_of, known_at, definition };
        Ok(CapTable::find(&self.sight, self.issuer, wanted).await?)
    }

    /// Its stock plans as they are now, in the order of their registration; null to who may not see
    /// the register.
    async fn plans(&self) -> Result<Option<Vec<Plan>>> {
        Ok(Plan::of_issuer(&self.sight, self.issuer).await?)
    }

    /// The grants, warrants and convertibles that the reader may see, ended ones too, in the order of
    /// their records.
    async fn securities(
        &self,
        #[graphql(desc = "So many from the beginning, at most 100.")] first: Option<i32>,
        #[graphql(desc = "Behind this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end, at most 100.")] last: Option<i32>,
        #[graphql(desc = "In front of this cursor.")] before: Option<String>,
    ) -> Result<Page<Security>> {
        let paging = Paging { first, after, last, before };
        Ok(Security::of_issuer(&self.sight, self.issuer, paging).await?)
    }

    /// What had vested at the end of a day of each security that vests, as far as the reader may see
    /// it: grants and warrants before stock.
    #[allow(clippy::too_many_arguments, reason = "one for each argument of the field")]
    async fn vesting(
        &self,
        #[graphql(desc = "At the end of this day; without it, now.")] as_of: Option<Date>,
        #[graphql(desc = "As it was known then; without it, as it is known now.")] known_at: Option<
            MomentInput,
        >,
        #[graphql(desc = "So many from the beginning, at most 100.")] first: Option<i32>,
        #[graphql(desc = "Behind this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end, at most 100.")] last: Option<i32>,
        #[graphql(desc = "In front of this cursor.")] before: Option<String>,
    ) -> Result<Page<VestingLine>> {
        let paging = Paging { first, after, last, before };
        Ok(vesting::page(&self.sight, self.issuer, as_of, known_at, paging).await?)
    }

    /// What happened to the register, in the order of the records; null to who may not see it.
    async fn events(
        &self,
        #[graphql(desc = "So many from the beginning, at most 100.")] first: Option<i32>,
        #[graphql(desc = "Behind this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end, at most 100.")] last: Option<i32>,
        #[graphql(desc = "In front of this cursor.")] before: Option<String>,
    ) -> Result<Option<EventPage>> {
        let paging = Paging { first, after, last, before };
        Ok(event::page(&self.sight, self.issuer, paging).await?)
    }

    /// The certificates that the reader may see, closed ones too, in the order of their records.
    async fn certificates(
        &self,
        #[graphql(desc = "So many from the beginning, at most 100.")] first: Option<i32>,
        #[graphql(desc = "Behind this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end, at most 100.")] last: Option<i32>,
        #[graphql(desc = "In front of this cursor.")] before: Option<String>,
    ) -> Result<Page<Certificate>> {
        let paging = Paging { first, after, last, before };
        Ok(Certificate::of_issuer(&self.sight, self.issuer, paging).await?)
    }

    /// Its stakeholders, in the order of their registration.
    async fn stakeholders(
        &self,
        #[graphql(desc = "So many from the beginning, at most 100.")] first: Option<i32>,
        #[graphql(desc = "Behind this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end, at most 100.")] last: Option<i32>,
        #[graphql(desc = "In front of this cursor.")] before: Option<String>,
    ) -> Result<Page<Stakeholder>> {
        let range = 0..u64::from(self.sight.register().next_stakeholder().0);
        let (paging, issuer) = (Paging { first, after, last, before }, self.issuer);
        let page = paging.scan(&self.sight, range, move |sight, at| {
            let stakeholder = StakeholderId(u32::try_from(at).ok()?);
            let of_issuer = sight.register().stakeholder(stakeholder)?.issuer == issuer;
            of_issuer.then(|| Stakeholder::find(sight, stakeholder))?
        });
        Ok(page.await?)
    }
}

/// A class of stock and its totals.
#[derive(SimpleObject, Clone)]
#[graphql(complex)]
pub(crate) struct StockClass {
    /// The handle, such as `S0-0`.
    pub(super) id: ID,
    /// Its name.
    name: String,
    /// Common or preferred.
    kind: ClassKind,
    /// Decimals to which a share can be divided.
    decimals: u8,
    /// Its id in the package that it came from; empty where there is none.
    source_id: String,
    #[graphql(skip)]
    issuer: IssuerId,
    #[graphql(skip)]
    class: ClassId,
    #[graphql(skip)]
    sight: Sight,
}

impl StockClass {
    /// The class with this handle, if the reader may know of it.
    pub(crate) fn find(sight: &Sight, class: ClassId) -> Option<StockClass> {
        sight.participant()?;
        StockClass::shown(sight, class)
    }

    /// The class, to one who sees something of it.
    pub(crate) fn shown(sight: &Sight, class: ClassId) -> Option<StockClass> {
        let found = sight.register().class(class)?;
        Some(StockClass {
            id: id(class),
            name: found.name.clone(),
            kind: found.kind.into(),
            decimals: found.decimals,
            source_id: found.source_id.clone(),
            issuer: found.issuer,
            class,
            sight: sight.clone(),
        })
    }

    /// The class in the register, for those who may see the register.
    fn register(&self) -> Option<&counterfoil_registry::register::Class> {
        let seen = self.sight.eyes().register(self.issuer);
        self.sight.register().class(self.class).filter(|_| seen)
    }
}

#[ComplexObject]
impl StockClass {
    /// Its issuer.
    async fn issuer(&self) -> Result<Option<Issuer>> {
        Ok(Issuer::find(&self.sight, self.issuer))
    }

    /// Shares authorized: a number, UNLIMITED or NOT APPLICABLE. Null to who may not see the register.
    async fn authorized(&self) -> Option<String> {
        self.register().map(|class| class.authorized.to_string())
    }

    /// Shares ever issued, in shares of today: a split multiplies them. Null to who may not see the
    /// register.
    async fn issued(&self) -> Option<Decimal> {
        self.register().map(|class| class.issued.into())
    }

    /// Shares that holders hold. Null to who may not see the register.
    async fn outstanding(&self) -> Option<Decimal> {
        self.register().map(|class| class.outstanding.into())
    }

    /// Shares that the issuer bought back and keeps. Null to who may not see the register.
    async fn treasury(&self) -> Option<Decimal> {
        self.register().map(|class| class.treasury.into())
    }

    /// Shares that are no more: cancelled, retracted, converted, or bought back and retired. Null to
    /// who may not see the register.
    async fn retired(&self) -> Option<Decimal> {
        self.register().map(|class| class.retired.into())
    }
}

/// A line in one issuer's register.
#[derive(SimpleObject, Clone)]
#[graphql(complex)]
pub(crate) struct Stakeholder {
    /// The handle, such as `H1-4`.
    pub(super) id: ID,
    /// Its id in the package that it came from; empty where there is none.
    source_id: String,
    #[graphql(skip)]
    stakeholder: StakeholderId,
    #[graphql(skip)]
    issuer: IssuerId,
    #[graphql(skip)]
    account: AccountId,
    #[graphql(skip)]
    party: Option<PartyId>,
    #[graphql(skip)]
    sight: Sight,
}

impl Stakeholder {
    /// The stakeholder with this handle, if the reader may see it.
    pub(crate) fn find(sight: &Sight, stakeholder: StakeholderId) -> Option<Stakeholder> {
        let found = sight.register().stakeholder(stakeholder)?;
        let seen = sight.eyes().register(found.issuer) || sight.eyes().account(found.account);
        seen.then(|| Stakeholder::shown(sight, stakeholder))?
    }

    /// The stakeholder, to one who sees its account or register.
    pub(crate) fn shown(sight: &Sight, stakeholder: StakeholderId) -> Option<Stakeholder> {
        let found = sight.register().stakeholder(stakeholder)?;
        Some(Stakeholder {
            id: id(stakeholder),
            source_id: found.source_id.clone(),
            issuer: found.issuer,
            stakeholder,
            account: found.account,
            party: found.party,
            sight: sight.clone(),
        })
    }
}

#[ComplexObject]
impl Stakeholder {
    /// Its issuer.
    async fn issuer(&self) -> Result<Issuer> {
        Ok(held(Issuer::find(&self.sight, self.issuer))?)
    }

    /// The account that was opened for it, if the reader may see it.
    async fn account(&self) -> Option<SecuritiesAccount> {
        SecuritiesAccount::find(&self.sight, self.account)
    }

    /// Its name, if one was told and the reader may see it.
    async fn name(&self) -> Result<Option<String>> {
        Ok(name(&self.sight, Holder::Stakeholder(self.stakeholder), Some(self.issuer)).await?)
    }

    /// The party that it turned out to be.
    async fn party(&self) -> Option<Party> {
        self.party.and_then(|party| Party::shown(&self.sight, party, Some(self.issuer)))
    }
}

payload!(
    /// What `registerIssuer` did.
    RegisterIssuerPayload {
        /// The issuer's handle.
        issuer: Option<ID> = issuer,
    }
);
payload!(
    /// What `registerStockClass` did.
    RegisterStockClassPayload {
        /// The class's handle.
        stock_class: Option<ID> = class,
    }
);
payload!(
    /// What `registerStakeholder` did.
    RegisterStakeholderPayload {
        /// The stakeholder's handle.
        stakeholder: Option<ID> = stakeholder,
        /// The account that was opened for it.
        account: Option<ID> = account,
    }
);
payload!(
    /// What `linkStakeholder` did.
    LinkStakeholderPayload {
        /// The stakeholder that is linked now.
        stakeholder: Option<ID> = stakeholder,
        /// Whether the command waits for its second signature.
        waits: bool = waits,
    }
);
payload!(
    /// What `importRegister` did.
    ImportRegisterPayload {
        /// The issuer whose draft register has more items now.
        issuer: Option<ID> = issuer,
    }
);
payload!(
    /// What `activateRegister` did.
    ActivateRegisterPayload {
        /// The issuer.
        issuer: Option<ID> = issuer,
        /// Whether the command waits for its second signature.
        waits: bool = waits,
    }
);

/// Mutations of registers.
#[derive(Default)]
pub(crate) struct IssuerMutation;

#[Object]
impl IssuerMutation {
    /// Opens the register of an issuer. Signed by the operator.
    async fn register_issuer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The command, as the variable $input.")] input: Input<v1::RegisterIssuer>,
        #[graphql(desc = "Who signed it, and how.")] submission: SubmissionInput,
    ) -> Result<RegisterIssuerPayload> {
        act(ctx, input, submission).await
    }

    /// Enters a class of stock. Signed by the registrar.
    async fn register_stock_class(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The command, as the variable $input.")] input: Input<
            v1::RegisterStockClass,
        >,
        #[graphql(desc = "Who signed it, and how.")] submission: SubmissionInput,
    ) -> Result<RegisterStockClassPayload> {
        act(ctx, input, submission).await
    }

    /// Enters a stakeholder and opens its account. Signed by the registrar.
    async fn register_stakeholder(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The command, as the variable $input.")] input: Input<
            v1::RegisterStakeholder,
        >,
        #[graphql(desc = "Who signed it, and how.")] submission: SubmissionInput,
    ) -> Result<RegisterStakeholderPayload> {
        act(ctx, input, submission).await
    }

    /// Says that a stakeholder is a party, and who operates its account. Takes effect when both
    /// have signed the same command.
    async fn link_stakeholder(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The command, as the variable $input.")] input: Input<v1::LinkStakeholder>,
        #[graphql(desc = "Who signed it, and how.")] submission: SubmissionInput,
    ) -> Result<LinkStakeholderPayload> {
        act(ctx, input, submission).await
    }

    /// Adds items to a draft register. Signed by the registrar.
    async fn import_register(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The command, as the variable $input.")] input: Input<v1::ImportRegister>,
        #[graphql(desc = "Who signed it, and how.")] submission: SubmissionInput,
    ) -> Result<ImportRegisterPayload> {
        act(ctx, input, submission).await
    }

    /// Validates a draft register and opens it. Takes effect when the registrar and the operator
    /// have both signed the same command.
    async fn activate_register(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The command, as the variable $input.")] input: Input<
            v1::ActivateRegister,
        >,
        #[graphql(desc = "Who signed it, and how.")] submission: SubmissionInput,
    ) -> Result<ActivateRegisterPayload> {
        act(ctx, input, submission).await
    }
}
