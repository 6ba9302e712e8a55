//! What can be asked for. What the reader may not see is not found: the answer is the same.

use async_graphql::{Context, ID, Interface, Object, Result};
use counterfoil_engine::command::Reference;
use counterfoil_engine::handle::{AssetId, CashAccountId, InstructionId};
use counterfoil_registry::handle::{
    AccountId, CertificateId, ClassId, IssuerId, PartyId, PlanId, SecurityId, StakeholderId,
};

use super::account::SecuritiesAccount;
use super::cap_table::{CapTable, CapTableDefinition, MomentInput, Wanted};
use super::cash::{CashAccount, CashAsset};
use super::certificate::Certificate;
use super::instruction::Instruction;
use super::issuer::{Issuer, Stakeholder, StockClass};
use super::ledger::Ledger;
use super::page::{Page, Paging};
use super::party::{Participant, Party};
use super::plan::Plan;
use super::record::{self, Checkpoint, Record, Submission};
use super::scalar::Height;
use super::security::Security;
use super::sight::{Asker, Sight, handle};
use crate::fault::Fault;

/// Something with an id of its own.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "&ID", desc = "The handle or id, unique within the ledger."))]
pub(crate) enum Node {
    /// A party.
    Party(Party),
    /// A securities account.
    SecuritiesAccount(SecuritiesAccount),
    /// A cash asset.
    CashAsset(CashAsset),
    /// A cash account.
    CashAccount(CashAccount),
    /// An issuer.
    Issuer(Issuer),
    /// A stock class.
    StockClass(StockClass),
    /// A stakeholder.
    Stakeholder(Stakeholder),
    /// A certificate.
    Certificate(Certificate),
    /// A grant, warrant or convertible.
    Security(Security),
    /// A stock plan.
    Plan(Plan),
    /// An instruction.
    Instruction(Instruction),
    /// A record.
    Record(Record),
}

impl Node {
    /// The thing with this id, if the reader may see it. The first letter says what it is.
    async fn find(sight: &Sight, id: &ID) -> Result<Option<Node>, Fault> {
        if let Some(certificate) = handle(id, CertificateId::parse) {
            return Ok(Certificate::find(sight, certificate).await?.map(Node::Certificate));
        }
        if let Some(security) = handle(id, SecurityId::parse) {
            return Ok(Security::find(sight, security).await?.map(Node::Security));
        }
        if let Some(plan) = handle(id, PlanId::parse) {
            return Ok(Plan::find(sight, plan).await?.map(Node::Plan));
        }
        if let Some(index) = handle(id, record::index) {
            return Ok(Record::find(sight, index).await?.map(Node::Record));
        }
        Ok(Node::live(sight, id))
    }

    fn live(s: &Sight, id: &ID) -> Option<Node> {
        match id.as_str().as_bytes().first()? {
            b'P' => Party::find(s, handle(id, PartyId::parse)?).map(Node::Party),
            b'A' => SecuritiesAccount::find(s, handle(id, AccountId::parse)?)
                .map(Node::SecuritiesAccount),
            b'M' => CashAsset::find(s, handle(id, AssetId::parse)?).map(Node::CashAsset),
            b'C' => CashAccount::find(s, handle(id, CashAccountId::parse)?).map(Node::CashAccount),
            b'I' => Issuer::find(s, handle(id, IssuerId::parse)?).map(Node::Issuer),
            b'S' => StockClass::find(s, handle(id, ClassId::parse)?).map(Node::StockClass),
            b'H' => Stakeholder::find(s, handle(id, StakeholderId::parse)?).map(Node::Stakeholder),
            b'T' => Instruction::find(s, handle(id, InstructionId::parse)?).map(Node::Instruction),
            _ => None,
        }
    }
}

/// The root of queries.
pub struct Query;

/// Everything that can be asked for. Each field takes `minHeight`: the answer waits until the server
/// has seen that block, so that who has a receipt reads what he wrote.
#[Object]
impl Query {
    /// The ledger and how far it has come.
    async fn ledger(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Wait for this height.")] min_height: Option<Height>,
    ) -> Result<Ledger> {
        Ok(Ledger(Asker::sight(ctx, min_height).await?))
    }

    /// The participant whose token the request carries; null without one.
    async fn me(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Wait for this height.")] min_height: Option<Height>,
    ) -> Result<Option<Participant>> {
        let sight = Asker::sight(ctx, min_height).await?;
        Ok(sight.participant().and_then(|party| Participant::find(&sight, party)))
    }

    /// Anything by its id.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A handle or id.")] id: ID,
        #[graphql(desc = "Wait for this height.")] min_height: Option<Height>,
    ) -> Result<Option<Node>> {
        Ok(Node::find(&Asker::sight(ctx, min_height).await?, &id).await?)
    }

    /// A party by its handle.
    async fn party(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The handle, such as `P3-5`.")] id: ID,
        #[graphql(desc = "Wait for this height.")] min_height: Option<Height>,
    ) -> Result<Option<Party>> {
        let sight = Asker::sight(ctx, min_height).await?;
        Ok(handle(&id, PartyId::parse).and_then(|party| Party::find(&sight, party)))
    }

    /// The participants.
    async fn participants(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the beginning, at most 100.")] first: Option<i32>,
        #[graphql(desc = "Behind this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end, at most 100.")] last: Option<i32>,
        #[graphql(desc = "In front of this cursor.")] before: Option<String>,
        #[graphql(desc = "Wait for this height.")] min_height: Option<Height>,
    ) -> Result<Page<Participant>> {
        let sight = Asker::sight(ctx, min_height).await?;
        let range = 0..u64::from(sight.register().next_party().0);
        Ok(Paging { first, after, last, before }
            .scan(&sight, range, |sight, at| {
                Participant::find(sight, PartyId(u32::try_from(at).ok()?))
            })
            .await?)
    }

    /// An issuer by its handle.
    async fn issuer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The handle, such as `I0-2`.")] id: ID,
        #[graphql(desc = "Wait for this height.")] min_height: Option<Height>,
    ) -> Result<Option<Issuer>> {
        let sight = Asker::sight(ctx, min_height).await?;
        Ok(handle(&id, IssuerId::parse).and_then(|issuer| Issuer::find(&sight, issuer)))
    }

    /// The issuers, in the order of their registration.
    async fn issuers(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the beginning, at most 100.")] first: Option<i32>,
        #[graphql(desc = "Behind this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end, at most 100.")] last: Option<i32>,
        #[graphql(desc = "In front of this cursor.")] before: Option<String>,
        #[graphql(desc = "Wait for this height.")] min_height: Option<Height>,
    ) -> Result<Page<Issuer>> {
        let sight = Asker::sight(ctx, min_height).await?;
        let range = 0..u64::from(sight.register().next_issuer().0);
        Ok(Paging { first, after, last, before }
            .scan(&sight, range, |sight, at| Issuer::find(sight, IssuerId(u32::try_from(at).ok()?)))
            .await?)
    }

    /// A stock class by its handle.
    async fn stock_class(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The handle, such as `S0-0`.")] id: ID,
        #[graphql(desc = "Wait for this height.")] min_height: Option<Height>,
    ) -> Result<Option<StockClass>> {
        let sight = Asker::sight(ctx, min_height).await?;
        Ok(handle(&id, ClassId::parse).and_then(|class| StockClass::find(&sight, class)))
    }

    /// A certificate by its id.
    async fn certificate(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The id, such as `N52.0.7-8`.")] id: ID,
        #[graphql(desc = "Wait for this height.")] min_height: Option<Height>,
    ) -> Result<Option<Certificate>> {
        let sight = Asker::sight(ctx, min_height).await?;
        match handle(&id, CertificateId::parse) {
            Some(certificate) => Ok(Certificate::find(&sight, certificate).await?),
            None => Ok(None),
        }
    }

    /// A securities account by its handle.
    async fn securities_account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The handle, such as `A42-B`.")] id: ID,
        #[graphql(desc = "Wait for this height.")] min_height: Option<Height>,
    ) -> Result<Option<SecuritiesAccount>> {
        let sight = Asker::sight(ctx, min_height).await?;
        let account = handle(&id, AccountId::parse);
        Ok(account.and_then(|account| SecuritiesAccount::find(&sight, account)))
    }

    /// The securities accounts that the reader may see.
    async fn securities_accounts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the beginning, at most 100.")] first: Option<i32>,
        #[graphql(desc = "Behind this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end, at most 100.")] last: Option<i32>,
        #[graphql(desc = "In front of this cursor.")] before: Option<String>,
        #[graphql(desc = "Wait for this height.")] min_height: Option<Height>,
    ) -> Result<Page<SecuritiesAccount>> {
        let sight = Asker::sight(ctx, min_height).await?;
        let range = 0..u64::from(sight.register().next_account().0);
        Ok(Paging { first, after, last, before }
            .scan(&sight, range, |sight, at| {
                SecuritiesAccount::find(sight, AccountId(u32::try_from(at).ok()?))
            })
            .await?)
    }

    /// A cash account by its handle.
    async fn cash_account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The handle, such as `C7-C`.")] id: ID,
        #[graphql(desc = "Wait for this height.")] min_height: Option<Height>,
    ) -> Result<Option<CashAccount>> {
        let sight = Asker::sight(ctx, min_height).await?;
        let account = handle(&id, CashAccountId::parse);
        Ok(account.and_then(|account| CashAccount::find(&sight, account)))
    }

    /// The cash accounts that the reader may see.
    async fn cash_accounts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the beginning, at most 100.")] first: Option<i32>,
        #[graphql(desc = "Behind this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end, at most 100.")] last: Option<i32>,
        #[graphql(desc = "In front of this cursor.")] before: Option<String>,
        #[graphql(desc = "Wait for this height.")] min_height: Option<Height>,
    ) -> Result<Page<CashAccount>> {
        let sight = Asker::sight(ctx, min_height).await?;
        let range = 0..u64::from(sight.ledger().next_cash_account().0);
        Ok(Paging { first, after, last, before }
            .scan(&sight, range, |sight, at| {
                CashAccount::find(sight, CashAccountId(u32::try_from(at).ok()?))
            })
            .await?)
    }

    /// The cash assets.
    async fn cash_assets(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the beginning, at most 100.")] first: Option<i32>,
        #[graphql(desc = "Behind this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end, at most 100.")] last: Option<i32>,
        #[graphql(desc = "In front of this cursor.")] before: Option<String>,
        #[graphql(desc = "Wait for this height.")] min_height: Option<Height>,
    ) -> Result<Page<CashAsset>> {
        let sight = Asker::sight(ctx, min_height).await?;
        let range = 0..u64::from(sight.ledger().next_asset().0);
        Ok(Paging { first, after, last, before }
            .scan(&sight, range, |sight, at| {
                CashAsset::find(sight, AssetId(u32::try_from(at).ok()?))
            })
            .await?)
    }

    /// An instruction by its owner and the owner's reference.
    async fn instruction(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The participant who instructed.")] owner: ID,
        #[graphql(desc = "The owner's reference.")] reference: String,
        #[graphql(desc = "Wait for this height.")] min_height: Option<Height>,
    ) -> Result<Option<Instruction>> {
        let sight = Asker::sight(ctx, min_height).await?;
        let of = handle(&owner, PartyId::parse).zip(Reference::parse(&reference));
        let found = of.and_then(|(owner, of)| sight.ledger().instruction_of(owner, of));
        Ok(found.and_then(|instruction| Instruction::find(&sight, instruction)))
    }

    /// The instructions that the reader may see, in the order of their arrival.
    async fn instructions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the beginning, at most 100.")] first: Option<i32>,
        #[graphql(desc = "Behind this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end, at most 100.")] last: Option<i32>,
        #[graphql(desc = "In front of this cursor.")] before: Option<String>,
        #[graphql(desc = "Wait for this height.")] min_height: Option<Height>,
    ) -> Result<Page<Instruction>> {
        let sight = Asker::sight(ctx, min_height).await?;
        let range = 0..u64::from(sight.ledger().next_instruction().0);
        Ok(Paging { first, after, last, before }
            .scan(&sight, range, |sight, at| {
                Instruction::find(sight, InstructionId(u32::try_from(at).ok()?))
            })
            .await?)
    }

    /// Who held what of an issuer at the end of a day; null to who may not see the register.
    #[allow(clippy::too_many_arguments, reason = "one for each argument of the field")]
    async fn cap_table(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The issuer's handle.")] issuer: ID,
        #[graphql(desc = "At the end of this day; without it, now.")] as_of: Option<MomentInput>,
        #[graphql(desc = "As it was known then; without it, as it is known now.")] known_at: Option<
            MomentInput,
        >,
        #[graphql(desc = "What counts as a share; without it FULLY_DILUTED.")] definition: Option<
            CapTableDefinition,
        >,
        #[graphql(desc = "Wait for this height.")] min_height: Option<Height>,
    ) -> Result<Option<CapTable>> {
        let sight = Asker::sight(ctx, min_height).await?;
        let wanted = Wanted { as_of, known_at, definition };
        match handle(&issuer, IssuerId::parse) {
            Some(issuer) => Ok(CapTable::find(&sight, issuer, wanted).await?),
            None => Ok(None),
        }
    }

    /// A record by its index in the tree.
    async fn record(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The index, as a receipt tells it.")] index: Height,
        #[graphql(desc = "Wait for this height.")] min_height: Option<Height>,
    ) -> Result<Option<Record>> {
        let sight = Asker::sight(ctx, min_height).await?;
        Ok(Record::find(&sight, index.0).await?)
    }

    /// What became of a submission, for its participant.
    async fn submission(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The participant who signed it.")] participant: ID,
        #[graphql(desc = "The id that he gave it.")] submission_id: String,
        #[graphql(desc = "Wait for this height.")] min_height: Option<Height>,
    ) -> Result<Option<Submission>> {
        let sight = Asker::sight(ctx, min_height).await?;
        match handle(&participant, PartyId::parse) {
            Some(participant) => Ok(Submission::find(&sight, participant, submission_id).await?),
            None => Ok(None),
        }
    }

    /// The latest signed checkpoint.
    async fn checkpoint(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Wait for this height.")] min_height: Option<Height>,
    ) -> Result<Checkpoint> {
        Ok(Checkpoint::latest(&Asker::sight(ctx, min_height).await?).await?)
    }
}
