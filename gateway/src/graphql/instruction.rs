//! Settlement instructions (ISO 20022 sese.023) and how far they have come.

use async_graphql::{ComplexObject, Context, Enum, ID, Object, OneofObject, Result, SimpleObject};
use counterfoil_engine::handle::{AssetId, CashAccountId, InstructionId};
use counterfoil_engine::ledger::State;
use counterfoil_engine::wire::v1;
use counterfoil_registry::handle::{AccountId, ClassId, PartyId};

use super::account::SecuritiesAccount;
use super::cash::{CashAccount, CashAsset};
use super::input::{Input, Movement};
use super::issuer::StockClass;
use super::party::Party;
use super::rejection_code::RejectionCode;
use super::scalar::{Date, DateTime, Decimal, Height};
use super::sight::{Sight, held, id};
use super::submission::{
    BatchSubmissionInput, Done, InputText, Receipt, SubmissionInput, UserError, act, canonical,
    carry_out, payload, rejection,
};
use crate::fault::{Code, Fault};
use crate::history::instructions::{StatusEvent, Step};

/// Commands in one `submitInstructions`.
const BATCH: usize = 100;

/// How far an instruction has come.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum InstructionStatus {
    /// No counterpart yet.
    Unmatched,
    /// Matched, and irrevocable by one side; it settles when it can.
    Matched,
    /// Posted, irrevocably.
    Settled,
    /// Cancelled.
    Cancelled,
}

/// A settlement instruction.
#[derive(SimpleObject, Clone)]
#[graphql(complex)]
pub(crate) struct Instruction {
    /// The handle, such as `T3-Q`.
    pub(super) id: ID,
    /// The owner's reference.
    reference: String,
    /// Which way it moves securities.
    movement: Movement,
    /// How many shares.
    quantity: Decimal,
    /// How much is paid in all, in units of the asset's currency; null if free of payment.
    amount: Option<Decimal>,
    /// When it was traded.
    trade_date: Date,
    /// From which day on it may settle.
    settlement_date: Date,
    /// A reference that both sides agreed on; empty where there is none.
    common_reference: String,
    /// When it was accepted.
    entered_at: DateTime,
    /// How far it has come.
    status: InstructionStatus,
    /// Why a matched one does not settle yet; null: its date is not reached, or it does not pend.
    pending_reason: Option<RejectionCode>,
    /// Whether its owner asks for its cancellation.
    cancellation_requested: bool,
    #[graphql(skip)]
    instruction: InstructionId,
    #[graphql(skip)]
    parties: [PartyId; 3],
    #[graphql(skip)]
    class: ClassId,
    #[graphql(skip)]
    securities: Option<AccountId>,
    #[graphql(skip)]
    cash: Option<(CashAccountId, AssetId)>,
    #[graphql(skip)]
    sight: Sight,
}

impl Instruction {
    /// The instruction with this handle, if the reader may see it.
    pub(crate) fn find(sight: &Sight, instruction: InstructionId) -> Option<Instruction> {
        let found = sight.ledger().instruction(instruction)?;
        if !sight.eyes().instruction(instruction) {
            return None;
        }
        let amount = found.payment.and_then(|(_, asset, amount)| {
            let asset = sight.ledger().asset(asset)?;
            Some(Decimal::money(amount, asset.currency))
        });
        let (status, reason) = match found.state {
            State::Unmatched => (InstructionStatus::Unmatched, 0),
            State::Matched { reason, .. } => (InstructionStatus::Matched, reason),
            State::Settled { .. } => (InstructionStatus::Settled, 0),
            State::Cancelled => (InstructionStatus::Cancelled, 0),
        };
        Some(Instruction {
            id: id(instruction),
            reference: found.reference.as_str().to_owned(),
            movement: found.movement.into(),
            quantity: found.quantity.into(),
            amount,
            trade_date: Date(found.trade_date),
            settlement_date: Date(found.settlement_date),
            common_reference: found.common.as_str().to_owned(),
            entered_at: DateTime(found.entered),
            status,
            pending_reason: rejection(reason).map(RejectionCode),
            cancellation_requested: found.cancellation_requested,
            parties: [found.owner, found.delivering_party, found.receiving_party],
            class: found.class,
            securities: found.account,
            cash: found.payment.map(|(account, asset, _)| (account, asset)),
            instruction,
            sight: sight.clone(),
        })
    }
}

#[ComplexObject]
impl Instruction {
    /// Who instructed.
    async fn owner(&self) -> Option<Party> {
        Party::shown(&self.sight, self.parties[0], None)
    }

    /// Who delivers.
    async fn delivering_party(&self) -> Option<Party> {
        Party::shown(&self.sight, self.parties[1], None)
    }

    /// Who receives.
    async fn receiving_party(&self) -> Option<Party> {
        Party::shown(&self.sight, self.parties[2], None)
    }

    /// The class.
    async fn stock_class(&self) -> Result<StockClass> {
        Ok(held(StockClass::shown(&self.sight, self.class))?)
    }

    /// The account of the owner's side; null: the issuer delivers unissued stock.
    async fn account(&self) -> Option<SecuritiesAccount> {
        self.securities.and_then(|account| SecuritiesAccount::find(&self.sight, account))
    }

    /// The cash account of the owner's side; null if free of payment.
    async fn cash_account(&self) -> Option<CashAccount> {
        self.cash.and_then(|(account, _)| CashAccount::find(&self.sight, account))
    }

    /// Which money is paid; null if free of payment.
    async fn asset(&self) -> Option<CashAsset> {
        self.cash.and_then(|(_, asset)| CashAsset::find(&self.sight, asset))
    }

    /// What happened to it, in order.
    async fn events(&self) -> Result<Vec<InstructionEvent>> {
        let instruction = self.instruction;
        let events = self.sight.past(move |history, _| history.instruction(instruction)).await?;
        let height = self.sight.view.machine.height();
        let known = events.into_iter().filter(|event| event.height <= height);
        Ok(known.map(InstructionEvent::from).collect())
    }
}

/// What happened to an instruction.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum InstructionStep {
    /// It was accepted.
    Accepted,
    /// A counterpart was found.
    Matched,
    /// It could not settle at once.
    Pending,
    /// One side of the matched pair asked for its cancellation.
    CancellationRequested,
    /// It was settled, irrevocably.
    Settled,
    /// It was cancelled.
    Cancelled,
}

/// A step in an instruction's life, with its record.
#[derive(SimpleObject, Clone)]
pub(crate) struct InstructionEvent {
    /// What happened.
    step: InstructionStep,
    /// Why it could not settle at once; null: its date was not reached, or it is another step.
    reason: Option<RejectionCode>,
    /// The height of the block.
    height: Height,
    /// The index of the record.
    record_index: Height,
    /// Ledger time.
    at: DateTime,
}

impl From<StatusEvent> for InstructionEvent {
    fn from(event: StatusEvent) -> InstructionEvent {
        let (step, reason) = match event.step {
            Step::Accepted => (InstructionStep::Accepted, 0),
            Step::Matched { .. } => (InstructionStep::Matched, 0),
            Step::Pending { reason, .. } => (InstructionStep::Pending, reason),
            Step::CancellationRequested { .. } => (InstructionStep::CancellationRequested, 0),
            Step::Settled { .. } => (InstructionStep::Settled, 0),
            Step::Cancelled => (InstructionStep::Cancelled, 0),
        };
        InstructionEvent {
            step,
            reason: rejection(reason).map(RejectionCode),
            height: Height(event.height),
            record_index: Height(event.record),
            at: DateTime(event.time),
        }
    }
}

payload!(
    /// What `instructSettlement` did.
    InstructSettlementPayload {
        /// The instruction's handle.
        instruction: Option<ID> = instruction,
        /// How far it came at once.
        status: Option<InstructionStatus> = status,
    }
);
payload!(
    /// What `cancelInstruction` did.
    CancelInstructionPayload {
        /// The instruction's handle.
        instruction: Option<ID> = instruction,
        /// Cancelled, or matched while the counterparty has not asked as well.
        status: Option<InstructionStatus> = status,
    }
);

/// One command of `submitInstructions`; its RFC 8785 text is the command's bytes.
#[derive(OneofObject)]
pub(crate) enum InstructionCommandInput {
    /// Instructs to deliver or to receive.
    InstructSettlement(Input<v1::InstructSettlement>),
    /// Asks to cancel an instruction of the signer.
    CancelInstruction(Input<v1::CancelInstruction>),
}

/// What came of one command of `submitInstructions`.
#[derive(SimpleObject)]
pub(crate) struct InstructionOutcome {
    /// The instruction's handle.
    instruction: Option<ID>,
    /// How far it came at once.
    status: Option<InstructionStatus>,
    /// Where the command is recorded.
    receipt: Option<Receipt>,
    /// Why the command was refused; empty if it was accepted.
    user_errors: Vec<UserError>,
}

impl From<Done> for InstructionOutcome {
    fn from(done: Done) -> InstructionOutcome {
        let Done { found, receipt, errors: user_errors } = done;
        let (instruction, status) = (found.instruction, found.status);
        InstructionOutcome { instruction, status, receipt, user_errors }
    }
}

/// What `submitInstructions` did.
#[derive(SimpleObject)]
pub(crate) struct SubmitInstructionsPayload {
    /// The outcome of each command in order; none if the submission was refused in front of the log.
    outcomes: Vec<InstructionOutcome>,
    /// Why the submission as a whole was refused.
    user_errors: Vec<UserError>,
}

/// Mutations of instructions.
#[derive(Default)]
pub(crate) struct InstructionMutation;

#[Object]
impl InstructionMutation {
    /// Instructs to deliver or to receive (ISO 20022 sese.023). Signed by the operator of the account.
    async fn instruct_settlement(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The command, as the variable $input.")] input: Input<
            v1::InstructSettlement,
        >,
        #[graphql(desc = "Who signed it, and how.")] submission: SubmissionInput,
    ) -> Result<InstructSettlementPayload> {
        act(ctx, input, submission).await
    }

    /// Asks to cancel an instruction of the signer: at once while it is unmatched, else when both ask.
    async fn cancel_instruction(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The command, as the variable $input.")] input: Input<
            v1::CancelInstruction,
        >,
        #[graphql(desc = "Who signed it, and how.")] submission: SubmissionInput,
    ) -> Result<CancelInstructionPayload> {
        act(ctx, input, submission).await
    }

    /// Carries out up to 100 instructions and cancellations under one signature.
    async fn submit_instructions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The commands in order, as the variable $input.")] input: Vec<
            InstructionCommandInput,
        >,
        #[graphql(desc = "Who signed them, and how.")] submission: BatchSubmissionInput,
    ) -> Result<SubmitInstructionsPayload> {
        if input.is_empty() || input.len() > BATCH {
            let why = format!("input: 1 to {BATCH} commands are wanted");
            return Err(Fault::new(Code::ArgumentInvalid, why).into());
        }
        let text = ctx.data_unchecked::<InputText>().0.as_ref();
        let commands = text.and_then(|text| text.as_array());
        let commands = commands.ok_or_else(|| Fault::from(Code::MutationForm))?;
        let commands = commands.iter().map(canonical).collect();
        Ok(match carry_out(ctx, submission, commands).await? {
            Ok(done) => SubmitInstructionsPayload {
                outcomes: done.into_iter().map(InstructionOutcome::from).collect(),
                user_errors: Vec::new(),
            },
            Err(user_errors) => SubmitInstructionsPayload { outcomes: Vec::new(), user_errors },
        })
    }
}
