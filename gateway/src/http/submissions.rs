//! The bulk way in: thousands of commands under one signature, the outcome of each in order.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use counterfoil_engine::submission::Submission;
use counterfoil_registry::handle::PartyId;
use serde_json::{Value, json};

use super::reader::reader;
use super::{SUBMISSION_BYTES, bytes_of, media};
use crate::fault::{Code, Fault};
use crate::graphql::found::Found;
use crate::graphql::submission::{UserError, user_error};
use crate::service::{CommandOutcome, Service, outcomes_in};
use crate::who::Sight;

/// Executes a submission: protobuf or canonical JSON, as the content type says.
pub(super) async fn submit(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Fault> {
    let protobuf = match media::sent(&headers).as_deref() {
        Some("application/protobuf" | "application/x-protobuf") => true,
        Some("application/json") => false,
        _ => {
            let taken = "application/protobuf and application/json are taken";
            return Err(Fault::new(Code::MediaTypeUnsupported, taken));
        }
    };
    let bytes = bytes_of(&service, &headers, body, SUBMISSION_BYTES).await?;
    let decode = move || match protobuf {
        true => Submission::decode(bytes),
        false => Submission::decode_json(&bytes),
    };
    match service.submit(decode).await? {
        Ok(executed) => {
            let outcomes = service.outcomes(&executed).await?;
            Ok(Json(answer(&executed.submission, outcomes)).into_response())
        }
        Err(refused) => {
            let error = user_error(&refused.refusal, refused.field.as_ref());
            let body = json!({ "error": shown(&error) });
            Ok((StatusCode::UNPROCESSABLE_ENTITY, Json(body)).into_response())
        }
    }
}

/// What became of a submission, as it was answered when it was executed, for who may see it.
pub(super) async fn executed(
    State(service): State<Arc<Service>>,
    Path((participant, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Json<Value>, Fault> {
    let reader = reader(&service, &headers)?;
    let view = service.node.view();
    let participant = PartyId::parse(&participant).ok_or(Code::NotFound)?;
    if !Sight::new(view.machine.ledger(), reader).submission(participant) {
        return Err(Code::NotFound.into());
    }
    let found = service.past(view.machine.height(), move |history| {
        let Some(found) = history.submission(participant, &id)? else { return Ok(None) };
        let Some(block) = history.block(found.height)? else { return Ok(None) };
        let outcomes = outcomes_in(&block)?;
        let submission = Submission::decode(block.submission).ok();
        Ok(submission.map(|submission| (submission, outcomes)))
    });
    let (submission, outcomes) = found.await?.ok_or(Code::NotFound)?;
    Ok(Json(answer(&submission, outcomes)))
}

fn answer(submission: &Submission, outcomes: Vec<CommandOutcome>) -> Value {
    let first = outcomes.first();
    let head = first.map(|outcome| (outcome.receipt, outcome.replayed));
    let items = submission.items.iter().zip(outcomes);
    let outcomes = items.map(|(item, outcome)| {
        let receipt = &outcome.receipt;
        let mut told = json!({
            "recordIndex": receipt.record_index.to_string(),
            "recordHash": receipt.record_hash.to_string(),
        });
        match &outcome.refusal {
            Some(refusal) => {
                told["error"] = shown(&user_error(refusal, item.command.as_ref().err()));
            }
            None => {
                let found = Found::of(item.command.as_ref().ok(), &outcome.sections);
                told["made"] = found.to_json();
            }
        }
        told
    });
    let outcomes: Vec<Value> = outcomes.collect();
    json!({
        "submissionId": submission.header.id,
        "digest": submission.digest.to_string(),
        "height": head.as_ref().map(|(receipt, _)| receipt.height.to_string()),
        "committedAt": head.as_ref().map(|(receipt, _)| receipt.committed_at.to_string()),
        "replayed": head.is_some_and(|(_, replayed)| replayed),
        "outcomes": outcomes,
    })
}

fn shown(error: &UserError) -> Value {
    json!({
        "code": error.code.0.code(),
        "message": error.message,
        "path": error.path,
        "retry": error.retry,
        "docsUrl": error.docs_url,
    })
}
