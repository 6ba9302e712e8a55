//! Names, addresses and tax numbers, which stay outside the ledger and can be erased.
//!
//! What is told of a party must have the salted hash that the ledger recorded, so that any
//! participant may tell it. The line of a stakeholder has none: its registrar is believed.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use counterfoil_engine::ledger::Ledger;
use counterfoil_registry::handle::{Holder, PartyId, StakeholderId};
use serde_json::Value;

use super::PERSONAL_BYTES;
use super::challenge::json;
use super::reader::reader;
use crate::fault::{Code, Fault};
use crate::people::{Entry, PeopleError, Personal};
use crate::service::Service;
use crate::who::Sight;

/// What is known of a holder, for who may see it.
pub(super) async fn known(
    State(service): State<Arc<Service>>,
    Path(holder): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Value>, Fault> {
    let own = service.clone();
    let may = move || allowed(&own, &headers, &holder, |eyes, holder| eyes.personal(holder));
    let holder = service.look_up(may).await??;
    match work(&service, move |service| service.people.get(holder)).await? {
        Entry::Known(personal) => Ok(Json(personal.object())),
        Entry::Erased | Entry::Untold => Err(Code::NotFound.into()),
    }
}

/// Tells what is known of a holder, or corrects it.
pub(super) async fn tell(
    State(service): State<Arc<Service>>,
    Path(holder): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, Fault> {
    let holder = allowed(&service, &headers, &holder, |eyes, holder| eyes.may_tell(holder))?;
    let personal: Personal = json(&service, &headers, body, PERSONAL_BYTES).await?;
    let recorded = recorded(service.node.view().machine.ledger(), holder);
    work(&service, move |service| service.people.put(holder, &personal, recorded)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Erases what is known of a holder, for good.
pub(super) async fn erase(
    State(service): State<Arc<Service>>,
    Path(holder): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, Fault> {
    let holder = allowed(&service, &headers, &holder, |eyes, holder| eyes.may_erase(holder))?;
    work(&service, move |service| service.people.erase(holder)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The holder of a handle, if the reader may do that with what is known of it.
fn allowed(
    service: &Service,
    headers: &HeaderMap,
    handle: &str,
    may: impl Fn(&Sight<'_>, Holder) -> bool,
) -> Result<Holder, Fault> {
    let reader = reader(service, headers)?;
    let view = service.node.view();
    let party = PartyId::parse(handle).map(Holder::Party);
    let holder = party.or_else(|| StakeholderId::parse(handle).map(Holder::Stakeholder));
    let eyes = Sight::new(view.machine.ledger(), reader);
    holder.filter(|holder| may(&eyes, *holder)).ok_or_else(|| Code::NotFound.into())
}

/// The salted hash that the ledger holds of a party.
fn recorded(ledger: &Ledger, holder: Holder) -> Option<[u8; 32]> {
    match holder {
        Holder::Party(party) => ledger.register().party(party).map(|party| party.details),
        Holder::Stakeholder(_) => None,
    }
}

/// Works on the disk, off the threads of the network.
async fn work<T: Send + 'static>(
    service: &Arc<Service>,
    step: impl FnOnce(&Service) -> Result<T, PeopleError> + Send + 'static,
) -> Result<T, Fault> {
    let own = service.clone();
    service.look_up(move || step(&own)).await?.map_err(|error| {
        let code = match error {
            PeopleError::Malformed(..) => Code::ArgumentInvalid,
            PeopleError::Mismatch(_) | PeopleError::Erased(_) => Code::PersonalDataRefused,
            PeopleError::Disk(..) => Code::Internal,
        };
        Fault::new(code, format!("{}: {error}", error.code()))
    })
}
