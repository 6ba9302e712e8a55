//! The evidence as files: the signed checkpoint, and the bundle of an issuer.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use counterfoil_engine::evidence::bundle::build::Disclosure;
use counterfoil_registry::handle::IssuerId;

use super::reader::reader;
use crate::fault::{Code, Fault};
use crate::service::Service;
use crate::who::Sight;

/// The latest checkpoint as a signed note (C2SP signed-note), for anyone.
pub(super) async fn checkpoint(State(service): State<Arc<Service>>) -> Result<Response, Fault> {
    let view = service.node.view();
    let height = view.machine.height();
    let signed = service.past(height, move |history| history.checkpoint(&view)).await?;
    let media = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    Ok((media, signed.note.to_string()).into_response())
}

/// The evidence bundle of an issuer, for those who see its register.
pub(super) async fn bundle(
    State(service): State<Arc<Service>>,
    Path(issuer): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    let reader = reader(&service, &headers)?;
    let view = service.node.view();
    let issuer = IssuerId::parse(&issuer).ok_or(Code::NotFound)?;
    let disclosure = {
        let eyes = Sight::new(view.machine.ledger(), reader);
        if !eyes.register(issuer) {
            return Err(Code::NotFound.into());
        }
        Disclosure { instructions: eyes.everything() }
    };
    let height = view.machine.height();
    let bundle = service.past(height, move |history| {
        Ok(history.bundle(&view, issuer, disclosure)?.map(|bundle| bundle.encode()))
    });
    let bytes = bundle.await?.ok_or(Code::NotFound)?;
    let name = format!("attachment; filename=\"{issuer}.bundle\"");
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_DISPOSITION, name),
    ];
    Ok((headers, bytes).into_response())
}
