//! Certificates, and the commands that make and move them free of payment.

use async_graphql::{ComplexObject, Context, ID, Object, Result, SimpleObject};
use counterfoil_engine::wire::v1;
use counterfoil_registry::handle::{AccountId, CertificateId, ClassId};

use super::account::SecuritiesAccount;
use super::input::Input;
use super::issuer::StockClass;
use super::scalar::{Date, Decimal};
use super::sight::{Sight, held, id};
use super::submission::{SubmissionInput, act, payload};

/// A certificate: so many shares of one class, in one account, of one holder.
#[derive(SimpleObject, Clone)]
#[graphql(complex)]
pub struct Certificate {
    /// The id, such as `N52.0.7-8`: the record that opened it, its place there, and its slot.
    id: ID,
    /// Its quantity.
    quantity: Decimal,
    /// Since when it is open.
    opened: Date,
    /// Whether its holder accepted it.
    accepted: bool,
    #[graphql(skip)]
    class: ClassId,
    #[graphql(skip)]
    account: AccountId,
    #[graphql(skip)]
    sight: Sight,
}

impl Certificate {
    /// The open certificate with this id, if the reader may see it.
    pub fn find(sight: &Sight, certificate: CertificateId) -> Option<Certificate> {
        let found = sight.register().certificate(certificate)?;
        let issuer = sight.register().class(found.class)?.issuer;
        let seen = sight.reader.sees_account(sight.ledger(), found.account)
            || sight.reader.sees_issuer(sight.ledger(), issuer);
        seen.then(|| Certificate {
            id: id(certificate),
            quantity: found.quantity.into(),
            opened: Date(found.date),
            accepted: found.accepted,
            class: found.class,
            account: found.account,
            sight: sight.clone(),
        })
    }
}

#[ComplexObject]
impl Certificate {
    /// Its class.
    async fn stock_class(&self) -> Result<StockClass> {
        Ok(held(StockClass::shown(&self.sight, self.class))?)
    }

    /// The account that it lies in, if the reader may see it.
    async fn account(&self) -> Option<SecuritiesAccount> {
        SecuritiesAccount::find(&self.sight, self.account)
    }
}

payload!(
    /// What `issueStock` did.
    IssueStockPayload {
        /// The certificate that came into being.
        certificates: Vec<ID> = |found| found.certificates.clone(),
    }
);
payload!(
    /// What `transferStock` did.
    TransferStockPayload {
        /// The certificates that came into being: the receiver's, and that of the balance.
        certificates: Vec<ID> = |found| found.certificates.clone(),
    }
);

/// Mutations of certificates.
#[derive(Default)]
pub struct CertificateMutation;

#[Object]
impl CertificateMutation {
    /// Issues stock free of payment. Signed by the registrar.
    async fn issue_stock(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The command, as the variable $input.")] input: Input<v1::IssueStock>,
        #[graphql(desc = "Who signed it, and how.")] submission: SubmissionInput,
    ) -> Result<IssueStockPayload> {
        act(ctx, input, submission).await
    }

    /// Transfers stock free of payment. Signed by the holder or the operator of the account.
    async fn transfer_stock(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The command, as the variable $input.")] input: Input<v1::TransferStock>,
        #[graphql(desc = "Who signed it, and how.")] submission: SubmissionInput,
    ) -> Result<TransferStockPayload> {
        act(ctx, input, submission).await
    }
}
