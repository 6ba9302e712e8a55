//! Who asks: the token in the header `Authorization`, or nobody.

use axum::http::{HeaderMap, header};

use crate::fault::{Code, Fault};
use crate::service::Service;
use crate::who::Reader;

/// The reader of a request. A token that is not valid is refused rather than passed over, since the
/// sender would take the anonymous answer for his own.
pub(super) fn reader(service: &Service, headers: &HeaderMap) -> Result<Reader, Fault> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(Reader::Anonymous) };
    let refuse = || Fault::new(Code::Unauthenticated, "a bearer token is wanted");
    let (scheme, token) =
        value.to_str().ok().and_then(|text| text.split_once(' ')).ok_or_else(refuse)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(refuse());
    }
    let view = service.node.view();
    let ledger = view.machine.ledger();
    service.gate.admit(token.trim(), service.clock.now(), ledger).map(Reader::Participant)
}
