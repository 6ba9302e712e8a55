//! The two steps to a token: a challenge, and its signature.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use counterfoil_engine::key::PublicKey;
use counterfoil_registry::handle::PartyId;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{SMALL, bytes_of, media};
use crate::auth::CHALLENGE_MS;
use crate::fault::{Code, Fault};
use crate::service::Service;

/// Who wants to read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wish {
    participant: String,
    key: String,
}

/// What he is to sign.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Challenge {
    challenge: String,
    valid_until: String,
}

/// What he signed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Signed {
    challenge: String,
    signature: String,
}

/// With what he may read.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Admitted {
    token: String,
    valid_until: String,
}

/// A challenge for anyone: whether the key is in force is said only to who signs.
pub(super) async fn challenge(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Challenge>, Fault> {
    let wish: Wish = json(&service, &headers, body, SMALL).await?;
    let invalid = |what: &str| Fault::new(Code::ArgumentInvalid, what);
    let participant = PartyId::parse(&wish.participant);
    let participant = participant.ok_or_else(|| invalid("participant: a handle is wanted"))?;
    let key = PublicKey::parse(&wish.key);
    let key = key.ok_or_else(|| invalid("key: 64 lower-case hexadecimal digits are wanted"))?;
    let now = service.clock.now();
    Ok(Json(Challenge {
        challenge: service.gate.challenge(participant, key, now),
        valid_until: now.plus_ms(CHALLENGE_MS).to_string(),
    }))
}

/// A token for a signed challenge.
pub(super) async fn token(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Admitted>, Fault> {
    let signed: Signed = json(&service, &headers, body, SMALL).await?;
    let own = service.clone();
    let check = move || {
        let view = own.node.view();
        let (now, ledger) = (own.clock.now(), view.machine.ledger());
        own.gate.answer(&signed.challenge, &signed.signature, now, ledger)
    };
    // A signature takes a tenth of a millisecond and more: not on a thread of the network.
    let token = service.look_up(check).await??;
    Ok(Json(Admitted { token: token.text, valid_until: token.valid_until.to_string() }))
}

/// The body, of at most `limit` bytes, as JSON of a form.
pub(super) async fn json<T: DeserializeOwned>(
    service: &Service,
    headers: &HeaderMap,
    body: Body,
    limit: usize,
) -> Result<T, Fault> {
    if media::sent(headers).as_deref() != Some("application/json") {
        return Err(Fault::new(Code::MediaTypeUnsupported, "application/json in UTF-8 is taken"));
    }
    let bytes = bytes_of(service, headers, body, limit).await?;
    serde_json::from_slice(&bytes)
        .map_err(|error| Fault::new(Code::RequestMalformed, error.to_string()))
}
