//! The transactions of the Open Cap Format in an open register, and what its issuer decides about
//! them.

use async_graphql::{Context, ID, Object, Result};
use counterfoil_engine::wire::v1;

use super::input::Input;
use super::submission::{SubmissionInput, act, payload};

payload!(
    /// What `recordTransaction` did.
    RecordTransactionPayload {
        /// The certificates that came into being.
        certificates: Vec<ID> = certificates,
        /// The grants, warrants and convertibles that came into being.
        securities: Vec<ID> = securities,
        /// The class that was entered.
        stock_class: Option<ID> = class,
        /// The plan that was entered.
        plan: Option<ID> = plan,
        /// The stakeholder that was entered.
        stakeholder: Option<ID> = stakeholder,
        /// The account that was opened for it.
        account: Option<ID> = account,
    }
);
payload!(
    /// What `setRepurchasePolicy` did.
    SetRepurchasePolicyPayload {
        /// The class whose shares are treated so from now on.
        stock_class: Option<ID> = class,
    }
);

/// Mutations of what the register holds beyond plain stock.
#[derive(Default)]
pub(crate) struct TransactionMutation;

#[Object]
impl TransactionMutation {
    /// Records a transaction of the Open Cap Format that has no command of its own. Signed by the
    /// registrar.
    async fn record_transaction(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The command, as the variable $input.")] input: Input<
            v1::RecordTransaction,
        >,
        #[graphql(desc = "Who signed it, and how.")] submission: SubmissionInput,
    ) -> Result<RecordTransactionPayload> {
        act(ctx, input, submission).await
    }

    /// Says what becomes of shares of a class that the issuer buys back. Signed by the registrar.
    async fn set_repurchase_policy(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The command, as the variable $input.")] input: Input<
            v1::SetRepurchasePolicy,
        >,
        #[graphql(desc = "Who signed it, and how.")] submission: SubmissionInput,
    ) -> Result<SetRepurchasePolicyPayload> {
        act(ctx, input, submission).await
    }
}
