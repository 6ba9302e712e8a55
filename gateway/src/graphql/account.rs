//! Securities accounts: one holder of record, one operator, several classes.

use async_graphql::{ComplexObject, Context, ID, Object, Result, SimpleObject, Union};
use counterfoil_engine::wire::v1;
use counterfoil_registry::handle::{AccountId, ClassId, Holder as HolderId};

use super::certificate::Certificate;
use super::input::Input;
use super::issuer::{Stakeholder, StockClass};
use super::page::{Page, Paging};
use super::party::Party;
use super::scalar::Decimal;
use super::sight::{Sight, held, id};
use super::submission::{SubmissionInput, act, payload};
use crate::history::records::Moment;

/// A securities account.
#[derive(SimpleObject, Clone)]
#[graphql(complex)]
pub(crate) struct SecuritiesAccount {
    /// The handle, such as `A42-B`.
    pub(super) id: ID,
    #[graphql(skip)]
    account: AccountId,
    #[graphql(skip)]
    sight: Sight,
}

/// The holder of record.
#[derive(Union, Clone)]
pub(crate) enum Holder {
    /// A party of the ledger.
    Party(Party),
    /// A stakeholder that is not linked to a party yet.
    Stakeholder(Stakeholder),
}

impl Holder {
    /// The holder, as one who may see the account or register sees it.
    pub(crate) fn shown(sight: &Sight, holder: HolderId) -> Option<Holder> {
        match holder {
            HolderId::Party(party) => Party::shown(sight, party, None).map(Holder::Party),
            HolderId::Stakeholder(stakeholder) => {
                Stakeholder::shown(sight, stakeholder).map(Holder::Stakeholder)
            }
        }
    }
}

impl SecuritiesAccount {
    /// The account with this handle, if the reader may see it.
    pub(crate) fn find(sight: &Sight, account: AccountId) -> Option<SecuritiesAccount> {
        sight.register().account(account)?;
        let seen = sight.eyes().account(account);
        seen.then(|| SecuritiesAccount { id: id(account), account, sight: sight.clone() })
    }
}

#[ComplexObject]
impl SecuritiesAccount {
    /// The holder of record.
    async fn holder(&self) -> Result<Option<Holder>> {
        let account = held(self.sight.register().account(self.account))?;
        Ok(Holder::shown(&self.sight, account.holder))
    }

    /// The participant who may instruct.
    async fn operator(&self) -> Result<Option<Party>> {
        let account = held(self.sight.register().account(self.account))?;
        Ok(Party::shown(&self.sight, account.operator, None))
    }

    /// What it holds, class by class, the class that it has held for longest first.
    async fn positions(
        &self,
        #[graphql(desc = "So many from the beginning, at most 100.")] first: Option<i32>,
        #[graphql(desc = "Behind this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end, at most 100.")] last: Option<i32>,
        #[graphql(desc = "In front of this cursor.")] before: Option<String>,
    ) -> Result<Page<Position>> {
        let positions = self.sight.register().positions(self.account);
        let mut classes: Vec<ClassId> = positions.map(|position| position.class).collect();
        classes.reverse();
        let paging = Paging { first, after, last, before };
        let page = paging.of(0..classes.len() as u64, |at| {
            let class = classes.get(usize::try_from(at).ok()?)?;
            let position = self.sight.register().position(self.account, *class)?;
            (!position.quantity.is_zero()).then(|| Position {
                quantity: position.quantity.into(),
                certificate_count: position.certificates,
                class: *class,
                account: self.account,
                sight: self.sight.clone(),
            })
        })?;
        Ok(page)
    }
}

/// What one account holds of one class.
#[derive(SimpleObject, Clone)]
#[graphql(complex)]
pub(crate) struct Position {
    /// Shares held.
    quantity: Decimal,
    /// How many open certificates.
    certificate_count: u32,
    #[graphql(skip)]
    class: ClassId,
    #[graphql(skip)]
    account: AccountId,
    #[graphql(skip)]
    sight: Sight,
}

#[ComplexObject]
impl Position {
    /// The class.
    async fn stock_class(&self) -> Result<StockClass> {
        Ok(held(StockClass::shown(&self.sight, self.class))?)
    }

    /// The open certificates, the oldest first.
    async fn certificates(
        &self,
        #[graphql(desc = "So many from the beginning, at most 100.")] first: Option<i32>,
        #[graphql(desc = "Behind this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end, at most 100.")] last: Option<i32>,
        #[graphql(desc = "In front of this cursor.")] before: Option<String>,
    ) -> Result<Page<Certificate>> {
        let open = self.sight.register().certificates(self.account, self.class);
        let open: Vec<_> = open.map(|certificate| certificate.id).collect();
        let issuer = held(self.sight.register().class(self.class))?.issuer;
        let register = self
            .sight
            .past(move |history, height| history.register(issuer, Moment::Height(height)));
        let register = held(register.await?)?;
        let paging = Paging { first, after, last, before };
        Ok(paging.of(0..open.len() as u64, |at| {
            let certificate = open.get(usize::try_from(at).ok()?)?;
            Certificate::of(&self.sight, &register, *certificate)
        })?)
    }
}

payload!(
    /// What `openSecuritiesAccount` did.
    OpenSecuritiesAccountPayload {
        /// The account's handle.
        account: Option<ID> = account,
    }
);

/// Mutations of securities accounts.
#[derive(Default)]
pub(crate) struct AccountMutation;

#[Object]
impl AccountMutation {
    /// Opens a securities account for a party; the signer operates it.
    async fn open_securities_account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The command, as the variable $input.")] input: Input<
            v1::OpenSecuritiesAccount,
        >,
        #[graphql(desc = "Who signed it, and how.")] submission: SubmissionInput,
    ) -> Result<OpenSecuritiesAccountPayload> {
        act(ctx, input, submission).await
    }
}
