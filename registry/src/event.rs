//! Events: what happened to a register, when it took effect, and its effects.

use crate::amount::{Money, Quantity};
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
    /// Another number of shares is authorized (OCF 1.2.0 `TX_ISSUER_AUTHORIZED_SHARES_ADJUSTMENT`,
    /// `TX_STOCK_CLASS_AUTHORIZED_SHARES_ADJUSTMENT`).
    Authorization = 6,
    /// A class converts at another ratio (OCF 1.2.0 `TX_STOCK_CLASS_CONVERSION_RATIO_ADJUSTMENT`).
    ConversionRatio = 7,
    /// Each share of a class became more or fewer (OCF 1.2.0 `TX_STOCK_CLASS_SPLIT`).
    Split = 8,
    /// A pool has another size (OCF 1.2.0 `TX_STOCK_PLAN_POOL_ADJUSTMENT`).
    PoolAdjustment = 9,
    /// Cancelled shares are back in a pool (OCF 1.2.0 `TX_STOCK_PLAN_RETURN_TO_POOL`).
    ReturnToPool = 10,
    /// The issuer bought shares back, a balance aside (OCF 1.2.0 `TX_STOCK_REPURCHASE`).
    Repurchase = 11,
    /// An issuance was taken back before its acceptance (OCF 1.2.0 `TX_*_RETRACTION`).
    Retraction = 12,
    /// A security became shares of another class, a balance aside (OCF 1.2.0
    /// `TX_STOCK_CONVERSION`, `TX_CONVERTIBLE_CONVERSION`).
    Conversion = 13,
    /// The same shares under other certificates (OCF 1.2.0 `TX_STOCK_REISSUANCE`).
    Reissuance = 14,
    /// Several certificates of one holder became one (OCF `TX_STOCK_CONSOLIDATION`).
    Consolidation = 15,
    /// A part of a grant or warrant became shares or was paid out (OCF 1.2.0 `TX_*_EXERCISE`).
    Exercise = 16,
    /// Units of a grant became shares (OCF 1.2.0 `TX_EQUITY_COMPENSATION_RELEASE`).
    Release = 17,
    /// A grant is exercised at another price (OCF `TX_EQUITY_COMPENSATION_REPRICING`).
    Repricing = 18,
    /// Vesting began, a condition of it came true, or it was accelerated (OCF 1.2.0 `TX_VESTING_*`).
    Vesting = 19,
    /// A stakeholder stands in another relationship to the issuer (OCF `CE_STAKEHOLDER_*`).
    StakeholderChange = 20,
    /// Something that moves nothing became known: legends, terms, valuations, financings, documents.
    Information = 21,
}

impl EventKind {
    /// Reads the byte of a kind.
    pub fn from_byte(byte: u8) -> Option<EventKind> {
        EventKind::ALL.iter().copied().find(|kind| *kind as u8 == byte)
    }

    const ALL: &[EventKind] = {
        use EventKind::*;
        &[
            Registration,
            Issuance,
            Acceptance,
            Transfer,
            Cancellation,
            Authorization,
            ConversionRatio,
            Split,
            PoolAdjustment,
            ReturnToPool,
            Repurchase,
            Retraction,
            Conversion,
            Reissuance,
            Consolidation,
            Exercise,
            Release,
            Repricing,
            Vesting,
            StakeholderChange,
            Information,
        ]
    };

    /// Whether an event of this kind may close and open so many shares of one class.
    pub fn balances(self, closed: Quantity, opened: Quantity) -> bool {
        match self {
            EventKind::Issuance | EventKind::Exercise | EventKind::Release => {
                closed.is_zero() && !opened.is_zero()
            }
            EventKind::Transfer | EventKind::Reissuance | EventKind::Consolidation => {
                closed == opened && !closed.is_zero()
            }
            EventKind::Cancellation | EventKind::Repurchase => closed > opened,
            EventKind::Retraction => !closed.is_zero() && opened.is_zero(),
            // Out of one class, a balance aside, into another one.
            EventKind::Conversion => closed > opened || (closed.is_zero() && !opened.is_zero()),
            // What a split closes was too little to be one share of the new ones.
            EventKind::Split => opened.is_zero(),
            _ => closed.is_zero() && opened.is_zero(),
        }
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
    /// Whether what it does to grants, warrants and convertibles is what an event of its kind may do:
    /// as much out as in on a transfer, a balance smaller than the whole on a cancellation or
    /// conversion, no more shares than were exercised or released. A quantity that is open stays so.
    /// What a convertible is converted into is measured by its terms and not by its amount.
    pub fn securities_balance(&self) -> bool {
        let (mut closed, mut reduced) = (None, None);
        let mut opened: Option<Option<Quantity>> = None;
        let mut shares = Quantity::ZERO;
        for effect in &self.effects {
            match effect {
                Effect::SecurityClosed { .. } if closed.is_some() => return false,
                Effect::SecurityClosed { quantity, .. } => closed = Some(*quantity),
                Effect::SecurityReduced { before, after, .. } => {
                    let taken = before.map(|before| before.checked_sub(*after));
                    if reduced.replace(taken).is_some() || taken == Some(None) {
                        return false;
                    }
                }
                Effect::SecurityOpened(security) => {
                    if security.balance && closed.is_none() {
                        return false;
                    }
                    match (self.kind, security.balance) {
                        (EventKind::Conversion, false)
                            if closed.is_none() || security.instrument.is_compensation() =>
                        {
                            return false;
                        }
                        (EventKind::Conversion, false) => continue,
                        (EventKind::Cancellation, false) => return false,
                        _ => {}
                    }
                    let sum = opened.unwrap_or(Some(Quantity::ZERO));
                    opened = Some(match (sum, security.quantity) {
                        (Some(sum), Some(quantity)) => match sum.checked_add(quantity) {
                            Some(sum) => Some(sum),
                            None => return false,
                        },
                        _ => None,
                    });
                }
                Effect::CertificateOpened(certificate) => {
                    match shares.checked_add(certificate.quantity) {
                        Some(sum) => shares = sum,
                        None => return false,
                    }
                }
                _ => {}
            }
        }
        match (self.kind, closed, opened, reduced) {
            (EventKind::Issuance, None, _, None) => true,
            (EventKind::Exercise | EventKind::Release, None, None, Some(taken)) => {
                taken.flatten().is_none_or(|taken| shares <= taken)
            }
            (EventKind::Transfer, Some(closed), Some(opened), None) => closed == opened,
            (EventKind::Cancellation | EventKind::Conversion, Some(closed), Some(opened), None) => {
                closed.is_some() && opened.is_some() && opened < closed
            }
            (
                EventKind::Cancellation | EventKind::Conversion | EventKind::Retraction,
                Some(_),
                None,
                None,
            ) => true,
            (EventKind::Exercise | EventKind::Release, ..) => false,
            (_, None, None, None) => true,
            _ => false,
        }
    }

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
