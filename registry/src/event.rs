//! Events: what happened to a register, when it took effect, and its effects.

use crate::amount::Money;
use crate::codec::{CodecError, Reader, Writer};
use crate::date::Date;
use crate::effect::Effect;

/// What happened, in the words of the trade. It says how the effects must balance.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
#[repr(u8)]
pub enum EventKind {
    /// An issuer, class or stakeholder was entered, or a stakeholder linked. No certificate moves.
    #[default]
    Registration = 1,
    /// Shares came into being (OCF 1.2.0 `TX_STOCK_ISSUANCE`).
    Issuance = 2,
    /// The holder accepted a certificate (OCF 1.2.0 `TX_STOCK_ACCEPTANCE`).
    Acceptance = 3,
    /// Shares changed hands: as many out as in, class by class (OCF 1.2.0 `TX_STOCK_TRANSFER`).
    Transfer = 4,
    /// Shares ceased to be, a balance aside (OCF 1.2.0 `TX_STOCK_CANCELLATION`).
    Cancellation = 5,
}

impl EventKind {
    /// Reads the byte of a kind.
    pub fn from_byte(byte: u8) -> Option<EventKind> {
        use EventKind::*;
        [Registration, Issuance, Acceptance, Transfer, Cancellation]
            .into_iter()
            .find(|kind| *kind as u8 == byte)
    }
}

/// What was paid for an event in all.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Consideration {
    /// The amount.
    pub money: Money,
    /// Whether it was paid in the same record, by a cash leg that moves exactly this; otherwise it
    /// is what the documents say.
    pub settled: bool,
}

/// An event of one register: an effective date and fully expanded effects.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Event {
    /// What happened.
    pub kind: EventKind,
    /// From when on it counts, as the documents say.
    pub date: Date,
    /// What was paid for it, if anything.
    pub consideration: Option<Consideration>,
    /// What it does, in order.
    pub effects: Vec<Effect>,
}

impl Event {
    /// Writes the canonical bytes.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.put_u8(self.kind as u8);
        out.put_date(self.date);
        out.put_option(self.consideration, |out, paid| {
            out.put_money(paid.money);
            out.put_bool(paid.settled);
        });
        out.put_count(self.effects.len());
        for effect in &self.effects {
            effect.encode(out);
        }
    }

    /// Reads the canonical bytes.
    pub fn decode(from: &mut Reader<'_>) -> Result<Event, CodecError> {
        Ok(Event {
            kind: EventKind::from_byte(from.u8()?).ok_or(from.invalid())?,
            date: from.date()?,
            consideration: from
                .option(|from| Ok(Consideration { money: from.money()?, settled: from.bool()? }))?,
            effects: from.list(Effect::decode)?,
        })
    }
}

/// Reads the contents of a register section: events one after another to the end.
pub fn decode_events(bytes: &[u8]) -> Result<Vec<Event>, CodecError> {
    let mut from = Reader::new(bytes);
    let mut events = Vec::new();
    while from.remaining() > 0 {
        events.push(Event::decode(&mut from)?);
    }
    Ok(events)
}
