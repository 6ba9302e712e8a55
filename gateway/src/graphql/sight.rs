//! What one request sees: the ledger at one height, through the eyes of one reader.

use std::sync::{Arc, Mutex};

use async_graphql::{Context, ID};
use counterfoil_engine::driver::View;
use counterfoil_engine::ledger::Ledger;
use counterfoil_engine::machine::Machine;
use counterfoil_registry::handle::PartyId;
use counterfoil_registry::register::Register;

use super::scalar::Height;
use crate::fault::{Code, Fault};
use crate::history::{History, HistoryError};
use crate::service::Service;
use crate::who::{Lookups, Reader, Sight as Eyes};

/// Who asks, and what he sees in the newest view that one of the fields asked for.
pub(crate) struct Asker {
    /// What is asked.
    pub(crate) service: Arc<Service>,
    /// Who asks.
    pub(crate) reader: Reader,
    seen: Mutex<Option<Sight>>,
}

/// The ledger as a reader sees it. Everything below one field of a query has the same view.
#[derive(Clone)]
pub(crate) struct Sight {
    /// What is asked.
    pub(crate) service: Arc<Service>,
    /// Who asks.
    pub(crate) reader: Reader,
    /// The ledger.
    pub(crate) view: Arc<View<Machine>>,
    /// What was looked up of the reader in this view.
    lookups: Arc<Lookups>,
}

impl Asker {
    /// Someone who asks.
    pub(crate) fn new(service: Arc<Service>, reader: Reader) -> Asker {
        Asker { service, reader, seen: Mutex::new(None) }
    }

    /// The asker of a request.
    pub(crate) fn of<'a>(ctx: &Context<'a>) -> &'a Asker {
        ctx.data_unchecked::<Asker>()
    }

    /// The sight of a request: one view for all of its fields, unless one of them wants a later one.
    pub(crate) async fn sight(
        ctx: &Context<'_>,
        min_height: Option<Height>,
    ) -> Result<Sight, Fault> {
        let asker = Asker::of(ctx);
        let least = min_height.map_or(0, |height| height.0);
        let seen = asker.seen().clone();
        if let Some(sight) = seen.filter(|sight| sight.view.machine.height() >= least) {
            return Ok(sight);
        }
        let (service, view) = (asker.service.clone(), asker.service.view_at(least).await?);
        let sight = Sight { service, reader: asker.reader, view, lookups: Arc::default() };
        *asker.seen() = Some(sight.clone());
        Ok(sight)
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Option<Sight>> {
        self.seen.lock().expect("nobody panics while holding it")
    }
}

impl Sight {
    /// The ledger.
    pub(crate) fn ledger(&self) -> &Ledger {
        self.view.machine.ledger()
    }

    /// What the reader may see.
    pub(crate) fn eyes(&self) -> Eyes<'_> {
        Eyes::sharing(self.ledger(), self.reader, self.lookups.clone())
    }

    /// Who asks, if known and a participant.
    pub(crate) fn participant(&self) -> Option<PartyId> {
        match self.reader {
            Reader::Participant(party) if self.eyes().participant() => Some(party),
            _ => None,
        }
    }

    /// Asks the past as it was known at the height of this view.
    pub(crate) async fn past<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&History, u64) -> Result<T, HistoryError> + Send + 'static,
    ) -> Result<T, Fault> {
        let height = self.view.machine.height();
        self.service.past(height, move |history| ask(history, height)).await
    }

    /// The register.
    pub(crate) fn register(&self) -> &Register {
        self.ledger().register()
    }
}

/// Reads a handle; one that is none names nothing.
pub(crate) fn handle<T>(id: &ID, parse: fn(&str) -> Option<T>) -> Option<T> {
    parse(id.as_str())
}

/// A handle as an id.
pub(crate) fn id(handle: impl ToString) -> ID {
    ID(handle.to_string())
}

/// A field of an object that the view holds, since handles are dense and nothing is removed.
pub(crate) fn held<T>(item: Option<T>) -> Result<T, Fault> {
    item.ok_or_else(|| Fault::new(Code::Internal, "a handle names nothing"))
}
