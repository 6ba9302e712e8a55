//! Cash assets and cash accounts.

use async_graphql::{ComplexObject, Context, ID, Object, Result, SimpleObject};
use counterfoil_engine::handle::{AssetId, CashAccountId};
use counterfoil_engine::wire::v1;
use counterfoil_registry::handle::PartyId;

use super::input::Input;
use super::party::Party;
use super::scalar::{CurrencyCode, Decimal};
use super::sight::{Sight, held, id};
use super::submission::{SubmissionInput, act, payload};

/// A currency and the bank that owes it. Two assets of one currency are different things.
#[derive(SimpleObject, Clone)]
#[graphql(complex)]
pub(crate) struct CashAsset {
    /// The handle, such as `M0-N`.
    pub(super) id: ID,
    /// The currency.
    currency: CurrencyCode,
    #[graphql(skip)]
    bank: PartyId,
    #[graphql(skip)]
    sight: Sight,
}

impl CashAsset {
    /// The asset with this handle, if the reader may know of it.
    pub(crate) fn find(sight: &Sight, asset: AssetId) -> Option<CashAsset> {
        let found = sight.ledger().asset(asset)?;
        sight.participant()?;
        let (currency, bank) = (CurrencyCode(found.currency), found.bank);
        Some(CashAsset { id: id(asset), currency, bank, sight: sight.clone() })
    }
}

#[ComplexObject]
impl CashAsset {
    /// The bank that owes it.
    async fn bank(&self) -> Result<Option<Party>> {
        Ok(Party::shown(&self.sight, self.bank, None))
    }
}

/// One party's money at one bank.
#[derive(SimpleObject, Clone)]
#[graphql(complex)]
pub(crate) struct CashAccount {
    /// The handle, such as `C7-C`.
    pub(super) id: ID,
    /// How much, in units of the currency.
    balance: Decimal,
    #[graphql(skip)]
    party: PartyId,
    #[graphql(skip)]
    operator: PartyId,
    #[graphql(skip)]
    asset: AssetId,
    #[graphql(skip)]
    sight: Sight,
}

impl CashAccount {
    /// The account with this handle, if the reader may see it.
    pub(crate) fn find(sight: &Sight, account: CashAccountId) -> Option<CashAccount> {
        let found = sight.ledger().cash_account(account)?;
        let asset = sight.ledger().asset(found.asset)?;
        let seen = sight.eyes().cash_account(account);
        seen.then(|| CashAccount {
            id: id(account),
            balance: Decimal::money(found.balance, asset.currency),
            party: found.party,
            operator: found.operator,
            asset: found.asset,
            sight: sight.clone(),
        })
    }
}

#[ComplexObject]
impl CashAccount {
    /// Whose money it is.
    async fn party(&self) -> Result<Option<Party>> {
        Ok(Party::shown(&self.sight, self.party, None))
    }

    /// The participant who may instruct payments.
    async fn operator(&self) -> Result<Option<Party>> {
        Ok(Party::shown(&self.sight, self.operator, None))
    }

    /// Which money it is.
    async fn asset(&self) -> Result<CashAsset> {
        Ok(held(CashAsset::find(&self.sight, self.asset))?)
    }
}

payload!(
    /// What `createCashAsset` did.
    CreateCashAssetPayload {
        /// The asset's handle.
        asset: Option<ID> = asset,
    }
);
payload!(
    /// What `openCashAccount` did.
    OpenCashAccountPayload {
        /// The account's handle.
        cash_account: Option<ID> = cash_account,
    }
);
payload!(
    /// What `creditCash` did.
    CreditCashPayload {
        /// The account that holds more now.
        cash_account: Option<ID> = cash_account,
    }
);
payload!(
    /// What `redeemCash` did.
    RedeemCashPayload {
        /// The account that holds less now.
        cash_account: Option<ID> = cash_account,
    }
);

/// Mutations of cash.
#[derive(Default)]
pub(crate) struct CashMutation;

#[Object]
impl CashMutation {
    /// Enters a cash asset: a currency and the bank that owes it. Signed by the operator.
    async fn create_cash_asset(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The command, as the variable $input.")] input: Input<v1::CreateCashAsset>,
        #[graphql(desc = "Who signed it, and how.")] submission: SubmissionInput,
    ) -> Result<CreateCashAssetPayload> {
        act(ctx, input, submission).await
    }

    /// Opens a cash account. Signed by the bank.
    async fn open_cash_account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The command, as the variable $input.")] input: Input<v1::OpenCashAccount>,
        #[graphql(desc = "Who signed it, and how.")] submission: SubmissionInput,
    ) -> Result<OpenCashAccountPayload> {
        act(ctx, input, submission).await
    }

    /// Brings money into an account. Signed by the bank that owes it.
    async fn credit_cash(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The command, as the variable $input.")] input: Input<v1::CreditCash>,
        #[graphql(desc = "Who signed it, and how.")] submission: SubmissionInput,
    ) -> Result<CreditCashPayload> {
        act(ctx, input, submission).await
    }

    /// Takes money out of an account. Signed by the bank that owes it.
    async fn redeem_cash(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The command, as the variable $input.")] input: Input<v1::RedeemCash>,
        #[graphql(desc = "Who signed it, and how.")] submission: SubmissionInput,
    ) -> Result<RedeemCashPayload> {
        act(ctx, input, submission).await
    }
}
