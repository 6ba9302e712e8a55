//! From a mutation to a submission, and from its record to the payload.
//!
//! The bytes of a command are `{"<mutation>":<input>}`, where the input is the client's own text of
//! the variable `$input` in RFC 8785 form. The header is that of `docs/formats/submission.md` with
//! the encoding json and, for a single command, one command in the mode independent.
//!
//! Payloads hold handles, never objects: a signature gives the right to act, a token the right to
//! read, and a submission can be sent again by anyone who has seen it.

use async_graphql::{Context, Enum, ID, InputObject, Result, SimpleObject};
use counterfoil_engine::command::FieldError;
use counterfoil_engine::evidence::record::{command_leaf, submission_root};
use counterfoil_engine::key::PublicKey;
use counterfoil_engine::ledger::Refusal;
use counterfoil_engine::limits::COMMAND_BYTES;
use counterfoil_engine::rejection::{Rejection, Retry};
use counterfoil_engine::submission::{Header, Item, Mode, Submission};
use counterfoil_engine::wire::{Encoding, WireError, v1};
use counterfoil_registry::handle::PartyId;

use super::found::Found;
use super::input::{Input, Vocabulary};
use super::rejection_code::RejectionCode;
use super::scalar::{DateTime, Hash, Height, Hex};
use super::sight::Asker;
use crate::fault::{Code, Fault, docs_url};
use crate::history::records;
use crate::service::{CommandOutcome, Refused};

/// The variable `$input` as the client wrote it, in RFC 8785 form.
pub(crate) struct InputText(pub(crate) Option<serde_json::Value>);

/// Who signed a single command, and how.
#[derive(InputObject)]
pub(crate) struct SubmissionInput {
    /// The participant who signs.
    participant: ID,
    /// The Ed25519 public key that signs.
    key: Hash,
    /// The signer's id of the submission: 1 to 35 visible ASCII characters without spaces.
    submission_id: String,
    /// Ledger time after which it is void, at most 24 hours ahead.
    valid_until: DateTime,
    /// 16 random bytes that hide the command behind its hash until someone shows it.
    salt: Hex,
    /// The Ed25519 signature over the header, 64 bytes.
    signature: Hex,
}

/// Who signed up to 100 commands under one header, and how.
#[derive(InputObject)]
pub(crate) struct BatchSubmissionInput {
    /// The participant who signs.
    participant: ID,
    /// The Ed25519 public key that signs.
    key: Hash,
    /// The signer's id of the submission: 1 to 35 visible ASCII characters without spaces.
    submission_id: String,
    /// Ledger time after which it is void: at most 10 minutes ahead, 24 hours for one command.
    valid_until: DateTime,
    /// Whether the commands stand or fall together.
    mode: BatchMode,
    /// 16 random bytes for each command, in their order.
    salts: Vec<Hex>,
    /// The Ed25519 signature over the header, 64 bytes.
    signature: Hex,
}

/// Whether the commands of a submission stand or fall together.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum BatchMode {
    /// All or none.
    Atomic,
    /// Each by itself, in order.
    Independent,
}

/// Where a command is recorded.
#[derive(SimpleObject, Clone)]
pub(crate) struct Receipt {
    /// The height of the block.
    pub(crate) height: Height,
    /// The index of the record in the tree.
    pub(crate) record_index: Height,
    /// The hash of the record's leaf (RFC 6962).
    pub(crate) record_hash: Hash,
    /// Ledger time of the block.
    pub(crate) committed_at: DateTime,
    /// Whether the submission had been executed before this request.
    pub(crate) replayed: bool,
}

impl Receipt {
    /// A receipt, and whether it is that of an earlier request.
    pub(crate) fn new(receipt: records::Receipt, replayed: bool) -> Receipt {
        Receipt {
            height: Height(receipt.height),
            record_index: Height(receipt.record_index),
            record_hash: Hash(receipt.record_hash),
            committed_at: DateTime(receipt.committed_at),
            replayed,
        }
    }
}

/// A rule of the ledger that a command broke.
#[derive(SimpleObject, Clone)]
pub(crate) struct UserError {
    /// The stable code.
    pub(crate) code: RejectionCode,
    /// What was wrong, with its figures.
    pub(crate) message: String,
    /// The argument and the members within it that the message is about.
    pub(crate) path: Vec<String>,
    /// Whether the same command can succeed later under a new submission id.
    pub(crate) retry: bool,
    /// Where the page of the code is, relative to this server.
    pub(crate) docs_url: String,
}

/// What came of one command.
pub(crate) struct Done {
    /// What it made.
    pub(crate) found: Found,
    /// Where it is recorded; none if it was refused in front of the log.
    pub(crate) receipt: Option<Receipt>,
    /// Why it was refused; empty if it was accepted.
    pub(crate) errors: Vec<UserError>,
}

/// Carries out a mutation with one command.
pub(crate) async fn act<P: From<Done>, M: Vocabulary>(
    ctx: &Context<'_>,
    input: Input<M>,
    submission: SubmissionInput,
) -> Result<P> {
    let text = ctx
        .data_unchecked::<InputText>()
        .0
        .as_ref()
        .ok_or_else(|| Fault::from(Code::MutationForm))?;
    let command = format!("{{\"{}\":{}}}", input.member(), canonical(text));
    let batch = BatchSubmissionInput {
        participant: submission.participant,
        key: submission.key,
        submission_id: submission.submission_id,
        valid_until: submission.valid_until,
        mode: BatchMode::Independent,
        salts: vec![submission.salt],
        signature: submission.signature,
    };
    let mut done = match carry_out(ctx, batch, vec![command]).await? {
        Ok(done) => done,
        Err(errors) => vec![Done { found: Found::default(), receipt: None, errors }],
    };
    Ok(done.pop().ok_or_else(|| Fault::from(Code::Internal))?.into())
}

/// Carries out several commands under one header: what came of each, or why none was looked at.
pub(crate) async fn carry_out(
    ctx: &Context<'_>,
    batch: BatchSubmissionInput,
    commands: Vec<String>,
) -> Result<Result<Vec<Done>, Vec<UserError>>, Fault> {
    let service = &Asker::of(ctx).service;
    if batch.salts.len() != commands.len() {
        return Err(Fault::new(Code::ArgumentInvalid, "a salt is wanted for each command"));
    }
    let participant = PartyId::parse(batch.participant.as_str());
    let participant = participant
        .ok_or_else(|| Fault::new(Code::ArgumentInvalid, "submission.participant: no handle"))?;
    let ledger = service.genesis().ledger_id();
    let decode = move || read(ledger, participant, batch, commands);
    match service.submit(decode).await? {
        Ok(executed) => {
            let outcomes = service.outcomes(&executed).await?;
            let items = executed.submission.items.iter();
            Ok(Ok(items.zip(outcomes).map(|(item, outcome)| done(item, outcome)).collect()))
        }
        Err(refused) => Ok(Err(vec![refused_in_front(&refused)])),
    }
}

/// Puts together what was signed. The ledger is not asked of the client: a signature for another
/// one does not fit.
fn read(
    ledger: counterfoil_engine::hash::Hash,
    participant: PartyId,
    batch: BatchSubmissionInput,
    commands: Vec<String>,
) -> Result<Submission, WireError> {
    let mut leaves = Vec::with_capacity(commands.len());
    let mut items = Vec::with_capacity(commands.len());
    for (command, salt) in commands.into_iter().zip(batch.salts) {
        if command.len() > COMMAND_BYTES {
            return Err(WireError(format!("a command has at most {COMMAND_BYTES} bytes")));
        }
        let bytes = <[u8; 16]>::try_from(salt.0.0.as_slice());
        let bytes = bytes.map_err(|_| WireError("a salt has 16 bytes".to_owned()))?;
        leaves.push(command_leaf(&bytes, command.as_bytes()));
        items.push(v1::SaltedCommand { salt: salt.0.0.into(), command: command.into() });
    }
    let header = Header {
        ledger,
        participant,
        key: PublicKey(batch.key.0.0),
        id: batch.submission_id,
        valid_until: batch.valid_until.0,
        encoding: Encoding::Json,
        mode: match batch.mode {
            BatchMode::Atomic => Mode::Atomic,
            BatchMode::Independent => Mode::Independent,
        },
        commands: u32::try_from(items.len()).unwrap_or(u32::MAX),
        root: submission_root(&leaves),
    };
    let (header, signature) = (header.text(), batch.signature.0.0.into());
    Submission::from_wire(v1::Submission { header, signature, commands: items })
}

/// RFC 8785 for what commands are made of: texts, lists, objects and truth values. Names are put in
/// order here, whatever order the JSON library keeps; a number is left as it is, for the ledger's
/// reader to refuse.
pub(crate) fn canonical(value: &serde_json::Value) -> String {
    use serde_json::Value as Json;
    match value {
        Json::Object(members) => {
            let mut members: Vec<(&String, &Json)> = members.iter().collect();
            members.sort_by(|a, b| a.0.encode_utf16().cmp(b.0.encode_utf16()));
            let members = members.into_iter();
            let members = members
                .map(|(name, value)| format!("{}:{}", Json::from(name.as_str()), canonical(value)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        }
        Json::Array(items) => {
            format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(","))
        }
        other => other.to_string(),
    }
}

/// An outcome as a mutation tells it.
fn done(item: &Item, outcome: CommandOutcome) -> Done {
    let CommandOutcome { receipt, replayed, refusal, sections } = outcome;
    let errors = refusal.map(|refusal| user_error(&refusal, item.command.as_ref().err()));
    Done {
        found: Found::of(item.command.as_ref().ok(), &sections),
        receipt: Some(Receipt::new(receipt, replayed)),
        errors: errors.into_iter().collect(),
    }
}

fn refused_in_front(refused: &Refused) -> UserError {
    user_error(&refused.refusal, refused.field.as_ref())
}

/// A refusal as data.
pub(crate) fn user_error(refusal: &Refusal, field: Option<&FieldError>) -> UserError {
    let rejection = refusal.rejection;
    let message = match field {
        Some(field) => format!("{} ({field})", rejection.sentence()),
        None => refusal.to_string(),
    };
    let path = match (field, rejection.number()) {
        (Some(field), _) => {
            let members = field.path.split('.').skip(1).map(str::to_owned);
            ["input".to_owned()].into_iter().chain(members).collect()
        }
        // The rules of the header come before all others.
        (None, 101..200) => vec!["submission".to_owned()],
        (None, _) => vec!["input".to_owned()],
    };
    UserError {
        code: RejectionCode(rejection),
        message,
        path,
        retry: rejection.retry() == Retry::Later,
        docs_url: docs_url(rejection.code()),
    }
}

/// Every rejection by its number.
pub(crate) fn rejection(number: u16) -> Option<Rejection> {
    Rejection::all().find(|rejection| rejection.number() == number)
}

/// Declares a payload: its handles, the receipt and the refusals.
macro_rules! payload {
    ($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $field:ident: $type:ty = $take:ident),* $(,)? }) => {
        $(#[$doc])*
        #[derive(async_graphql::SimpleObject)]
        pub(crate) struct $name {
            $($(#[$of])* $field: $type,)*
            /// Where the command is recorded; none if it was refused in front of the log.
            receipt: Option<$crate::graphql::submission::Receipt>,
            /// Why the command was refused; empty if it was accepted.
            user_errors: Vec<$crate::graphql::submission::UserError>,
        }

        impl From<$crate::graphql::submission::Done> for $name {
            fn from(done: $crate::graphql::submission::Done) -> $name {
                let $crate::graphql::submission::Done { found, receipt, errors } = done;
                $name { $($field: found.$take,)* receipt, user_errors: errors }
            }
        }
    };
}
pub(super) use payload;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_canonical_text_is_that_of_rfc_8785() {
        let text = " {\"b\": [true, \"\\u20ac\\n\"], \"a\" : {\"\\ud83d\\ude00\":\"x\",\"\\ufb33\":\"y\"} } ";
        let value = serde_json::from_str(text).unwrap();
        // U+1F600 sorts before U+FB33 by its UTF-16 units, though not by its bytes.
        let wanted =
            "{\"a\":{\"\u{1f600}\":\"x\",\"\u{fb33}\":\"y\"},\"b\":[true,\"\u{20ac}\\n\"]}";
        assert_eq!(canonical(&value), wanted);
    }

    #[test]
    fn an_error_names_its_place() {
        let field = FieldError { path: "issueStock.quantity".to_owned(), why: "no".to_owned() };
        let error = user_error(&Rejection::Malformed.into(), Some(&field));
        assert_eq!(error.path, ["input", "quantity"]);
        assert_eq!(user_error(&Rejection::KeyRevoked.into(), None).path, ["submission"]);
        assert_eq!(user_error(&Rejection::CashInsufficient.into(), None).path, ["input"]);
    }
}
