//! What happened to a register: events with both of their dates.

use async_graphql::connection::{CursorType, Edge};
use async_graphql::{ID, SimpleObject};
use counterfoil_registry::effect::Effect;
use counterfoil_registry::handle::IssuerId;
use counterfoil_registry::ocf::object::Object;

use super::certificate::kind_name;
use super::page::{self, Paging};
use super::scalar::{CurrencyCode, Date, DateTime, Decimal, Height};
use super::sight::{Sight, id};
use crate::fault::Fault;
use crate::history::page::Page;
use crate::history::records::Moment;
use crate::history::register::{EventCursor, RecordedEvent};

/// A page of events.
pub(crate) type EventPage = page::Page<RegisterEvent, Place>;

/// The place of an event, as a cursor.
pub(crate) struct Place(EventCursor);

impl CursorType for Place {
    type Error = &'static str;

    fn decode_cursor(text: &str) -> Result<Place, Self::Error> {
        EventCursor::parse(text).map(Place).ok_or("a cursor is <record>.<number>")
    }

    fn encode_cursor(&self) -> String {
        self.0.to_string()
    }
}

/// An event of one register.
#[derive(SimpleObject)]
pub(crate) struct RegisterEvent {
    /// What happened, such as `ISSUANCE` or `TRANSFER`.
    kind: String,
    /// From when on it counts, as the documents say.
    effective_date: Date,
    /// When it was recorded: ledger time.
    recorded_at: DateTime,
    /// The height of the block that recorded it.
    height: Height,
    /// The index of the record.
    record_index: Height,
    /// What was paid for it in all, if anything.
    consideration: Option<Consideration>,
    /// The certificates that it opened.
    opened: Vec<ID>,
    /// The certificates that it closed.
    closed: Vec<ID>,
    /// The grants, warrants and convertibles that it opened.
    securities_opened: Vec<ID>,
    /// The grants, warrants and convertibles that it ended.
    securities_closed: Vec<ID>,
    /// What it says in the words of the format, where it was recorded in them.
    documents: Vec<FormatObject>,
}

/// An object of the Open Cap Format in normal form, without personal data.
#[derive(SimpleObject)]
pub(crate) struct FormatObject {
    /// Its `object_type`.
    object_type: &'static str,
    /// Its id in the package that it came from.
    source_id: String,
    /// The whole object, as canonical JSON.
    json: String,
}

impl From<&Object> for FormatObject {
    fn from(object: &Object) -> FormatObject {
        FormatObject {
            object_type: object.kind().as_str(),
            source_id: object.id().to_owned(),
            json: object.to_json(),
        }
    }
}

/// What was paid for an event.
#[derive(SimpleObject)]
pub(crate) struct Consideration {
    /// The amount, in units of the currency.
    amount: Decimal,
    /// The currency.
    currency: CurrencyCode,
    /// Whether it was paid in the same record; otherwise it is what the documents say.
    settled: bool,
}

impl From<&RecordedEvent> for RegisterEvent {
    fn from(at: &RecordedEvent) -> RegisterEvent {
        let (mut opened, mut closed) = (Vec::new(), Vec::new());
        let (mut securities_opened, mut securities_closed) = (Vec::new(), Vec::new());
        let mut documents = Vec::new();
        for effect in &at.event.effects {
            match effect {
                Effect::CertificateOpened(certificate) => opened.push(id(certificate.certificate)),
                Effect::CertificateClosed { certificate, .. } => closed.push(id(certificate)),
                Effect::SecurityOpened(security) => securities_opened.push(id(security.security)),
                Effect::SecurityClosed { security, .. } => securities_closed.push(id(security)),
                Effect::SecurityReduced { security, after, .. } if after.is_zero() => {
                    securities_closed.push(id(security));
                }
                Effect::Documented { objects, .. } => {
                    documents.extend(objects.iter().map(|object| object.as_ref().into()));
                }
                _ => {}
            }
        }
        let consideration = at.event.consideration.map(|paid| Consideration {
            amount: Decimal::units(paid.money.amount),
            currency: CurrencyCode(paid.money.currency),
            settled: paid.settled,
        });
        RegisterEvent {
            kind: kind_name(at.event.kind),
            effective_date: Date(at.event.date),
            recorded_at: DateTime(at.time),
            height: Height(at.height),
            record_index: Height(at.cursor.record),
            consideration,
            opened,
            closed,
            securities_opened,
            securities_closed,
            documents,
        }
    }
}

/// A page of the events of an issuer, if the reader may see the register.
pub(super) async fn page(
    sight: &Sight,
    issuer: IssuerId,
    paging: Paging,
) -> Result<Option<EventPage>, Fault> {
    if !sight.eyes().register(issuer) {
        return Ok(None);
    }
    let wanted = paging.of_history(EventCursor::parse)?;
    let found = move |history: &crate::history::History, height| {
        history.events(issuer, Moment::Height(height), wanted)
    };
    let Some(slice) = sight.past(found).await? else { return Ok(None) };
    let (previous, next) = match wanted {
        Page::First { after, .. } => (after.is_some(), slice.more),
        Page::Last { before, .. } => (slice.more, before.is_some()),
    };
    let edges = slice.items.iter().map(|event| Edge::new(Place(event.cursor), event.into()));
    Ok(Some(EventPage::new(edges.collect(), previous, next)))
}
