//! What events say about each thing over its whole life.

use std::sync::Arc;

use crate::amount::{Currency, Money, Quantity};
use crate::date::Date;
use crate::effect::{Authorized, ClassKind, Conversion, Effect, Instrument, Pool};
use crate::event::EventKind;
use crate::handle::{
    AccountId, CertificateId, ClassId, Holder, IssuerId, PartyId, PlanId, SecurityId,
};
use crate::ocf::object::Object;

/// A value that changes on dates; the first one holds at every date before the second.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Dated<T> {
    first: T,
    /// In the order of their dates; of one date in the order of the events.
    changes: Vec<(Date, T)>,
    /// Where among the changes the last event stands.
    newest: usize,
}

impl<T> Dated<T> {
    /// A value that has not changed yet.
    pub fn new(first: T) -> Dated<T> {
        Dated { first, changes: Vec::new(), newest: 0 }
    }

    /// What holds at the end of a date.
    pub fn at(&self, date: Date) -> &T {
        match self.changes.partition_point(|(since, _)| *since <= date).checked_sub(1) {
            Some(last) => &self.changes[last].1,
            None => &self.first,
        }
    }

    /// What holds last.
    pub fn last(&self) -> &T {
        self.changes.last().map_or(&self.first, |(_, value)| value)
    }

    /// What the last event set, which may be dated before another one.
    pub fn newest(&self) -> &T {
        self.changes.get(self.newest).map_or(&self.first, |(_, value)| value)
    }

    /// What held first, and every change with its date.
    pub fn history(&self) -> (&T, &[(Date, T)]) {
        (&self.first, &self.changes)
    }

    pub(super) fn set(&mut self, date: Date, value: T) {
        let at = self.changes.partition_point(|(since, _)| *since <= date);
        self.changes.insert(at, (date, value));
        self.newest = at;
    }
}

/// An issuer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IssuerFacts {
    /// The party that it is.
    pub party: PartyId,
    /// The participant who keeps the register.
    pub registrar: PartyId,
    /// Date of formation.
    pub formed: Date,
    /// Shares authorized over all classes.
    pub authorized: Dated<Authorized>,
    /// Id in the package that it came from; empty where there is none.
    pub source_id: String,
}

/// The totals of a class: issued = outstanding + treasury + retired.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Totals {
    /// Shares ever issued, in shares of the date: a split multiplies them.
    pub issued: Quantity,
    /// Shares that holders hold.
    pub outstanding: Quantity,
    /// Shares that the issuer bought back and keeps.
    pub treasury: Quantity,
    /// Shares that are no more.
    pub retired: Quantity,
}

/// What an event does to the totals of a class.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Flow {
    /// So many more.
    Issued(Quantity),
    /// So many fewer, of which so many are kept.
    Reduced { quantity: Quantity, treasury: Quantity },
    /// Counted anew.
    Split(Totals),
}

/// A stock class.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClassFacts {
    /// Its issuer.
    pub issuer: IssuerId,
    /// Common or preferred.
    pub kind: ClassKind,
    /// Decimals of a share.
    pub decimals: u8,
    /// Shares authorized.
    pub authorized: Dated<Authorized>,
    /// What a share can be converted into.
    pub conversions: Dated<Vec<Conversion>>,
    /// Its name.
    pub name: String,
    /// Id in the package that it came from; empty where there is none.
    pub source_id: String,
    /// Every split with its date: new shares for old ones.
    pub splits: Vec<(Date, crate::amount::Ratio)>,
    /// The totals after the last event.
    pub(super) totals: Totals,
    /// In the order of their dates; of one date in the order of the events.
    pub(super) flows: Vec<(Date, Flow)>,
}

impl ClassFacts {
    /// The totals after the last event.
    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// The totals at the end of a date; `None` beyond the representable range.
    pub fn totals_at(&self, date: Date) -> Option<Totals> {
        let until = self.flows.iter().take_while(|(since, _)| *since <= date);
        until.map(|(_, flow)| *flow).try_fold(Totals::default(), |totals, flow| totals.after(flow))
    }

    pub(super) fn flow(&mut self, date: Date, flow: Flow) {
        let at = self.flows.partition_point(|(since, _)| *since <= date);
        self.flows.insert(at, (date, flow));
    }
}

impl Totals {
    pub(super) fn after(self, flow: Flow) -> Option<Totals> {
        Some(match flow {
            Flow::Issued(more) => Totals {
                issued: self.issued.checked_add(more)?,
                outstanding: self.outstanding.checked_add(more)?,
                ..self
            },
            Flow::Reduced { quantity, treasury } => Totals {
                outstanding: self.outstanding.checked_sub(quantity)?,
                treasury: self.treasury.checked_add(treasury)?,
                retired: self.retired.checked_add(quantity.checked_sub(treasury)?)?,
                ..self
            },
            Flow::Split(totals) => totals,
        })
    }
}

/// A stakeholder.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StakeholderFacts {
    /// Its issuer.
    pub issuer: IssuerId,
    /// The account that was opened for it.
    pub account: AccountId,
    /// Id in the package that it came from; empty where there is none.
    pub source_id: String,
    /// The party that it turned out to be, and since when.
    pub linked: Option<(Date, PartyId)>,
}

/// A stock plan.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PlanFacts {
    /// Its issuer.
    pub issuer: IssuerId,
    /// Shares of which classes it grants.
    pub classes: Vec<ClassId>,
    /// Whether what is cancelled returns to the pool by itself.
    pub returns: bool,
    /// Id in the package that it came from; empty where there is none.
    pub source_id: String,
    pub(super) reserved: Quantity,
    /// In the order of their dates; of one date in the order of the events.
    pub(super) flows: Vec<(Date, Effect)>,
    /// The pool after the last event.
    pub(super) pool: Pool,
}

impl PlanFacts {
    /// The pool after the last event.
    pub fn pool(&self) -> Pool {
        self.pool
    }

    /// The pool at the end of a date; `None` beyond the representable range.
    pub fn pool_at(&self, date: Date) -> Option<Pool> {
        let first = Pool { reserved: self.reserved, ..Pool::default() };
        let until = self.flows.iter().take_while(|(since, _)| *since <= date);
        until.map(|(_, effect)| effect).try_fold(first, Pool::after)
    }

    pub(super) fn flow(&mut self, date: Date, effect: Effect) {
        let at = self.flows.partition_point(|(since, _)| *since <= date);
        self.flows.insert(at, (date, effect));
    }
}

/// A certificate.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CertificateFacts {
    /// Its class.
    pub class: ClassId,
    /// The account that it lies or lay in.
    pub account: AccountId,
    /// The holder of record when it was opened.
    pub holder: Holder,
    /// Its quantity when it was opened.
    pub quantity: Quantity,
    /// The printed number; empty: its id is its number.
    pub number: String,
    /// Id in the package that it came from; empty where there is none.
    pub source_id: String,
    /// The kind of event that opened it.
    pub origin: EventKind,
    /// Since when it is open.
    pub opened: Date,
    /// When its holder accepted it.
    pub accepted: Option<Date>,
    /// When and by which kind of event it was closed.
    pub closed: Option<(Date, EventKind)>,
    /// The splits of its class while it was open: when, and what it stood for then.
    pub scaled: Vec<(Date, Quantity)>,
    /// The certificates that it came from.
    pub preceded_by: Vec<CertificateId>,
    /// The certificates that came from it.
    pub resulted_in: Vec<CertificateId>,
    /// The grant, warrant or convertible that became it.
    pub converted_from: Option<SecurityId>,
    /// The plan that its issuance names.
    pub plan: Option<PlanId>,
}

impl CertificateFacts {
    /// Whether it was open at the end of a date.
    pub fn open_at(&self, date: Date) -> bool {
        self.opened <= date && self.closed.is_none_or(|(closed, _)| closed > date)
    }

    /// What it stands for at the end of a date on which it is open.
    pub fn quantity_at(&self, date: Date) -> Quantity {
        let until = self.scaled.iter().rev().find(|(since, _)| *since <= date);
        until.map_or(self.quantity, |(_, quantity)| *quantity)
    }

    /// What it stood for last.
    pub(super) fn last_quantity(&self) -> Quantity {
        self.scaled.last().map_or(self.quantity, |(_, quantity)| *quantity)
    }
}

/// A grant, a warrant or a convertible.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SecurityFacts {
    /// Its issuer.
    pub issuer: IssuerId,
    /// What it is.
    pub instrument: Instrument,
    /// The account that it lies or lay in.
    pub account: AccountId,
    /// The holder of record when it was opened.
    pub holder: Holder,
    /// Its quantity when it was opened, or the invested amount in units of 10^-10; none where a
    /// warrant leaves it open.
    pub quantity: Option<Quantity>,
    /// The currency of the invested amount of a convertible.
    pub currency: Option<Currency>,
    /// The plan that granted it.
    pub plan: Option<PlanId>,
    /// The class that it is for, where it names one.
    pub class: Option<ClassId>,
    /// The price for one share, where it has one.
    pub price: Dated<Option<Money>>,
    /// The printed number.
    pub number: String,
    /// Id in the package that it came from; empty where there is none.
    pub source_id: String,
    /// The kind of event that opened it.
    pub origin: EventKind,
    /// Since when it is open.
    pub opened: Date,
    /// When its holder accepted it.
    pub accepted: Option<Date>,
    /// When and by which kind of event it was ended.
    pub closed: Option<(Date, EventKind)>,
    /// What exercises, releases and splits left of it, each with its kind: the last one may end it.
    pub changes: Vec<(Date, EventKind, Quantity)>,
    /// The security that it came from.
    pub preceded_by: Option<SecurityId>,
    /// The securities that came from it.
    pub resulted_in: Vec<SecurityId>,
    /// The certificates that it became.
    pub converted_into: Vec<CertificateId>,
    /// What its issuance says in the words of the format, where it was entered in those.
    pub issuance: Option<Arc<Object>>,
}

impl SecurityFacts {
    /// Whether it was open at the end of a date.
    pub fn open_at(&self, date: Date) -> bool {
        self.opened <= date && self.closed.is_none_or(|(closed, _)| closed > date)
    }

    /// What was left of it at the end of a date on which it was open; none where that is open.
    pub fn quantity_at(&self, date: Date) -> Option<Quantity> {
        let until = self.changes.iter().rev().find(|(since, ..)| *since <= date);
        until.map_or(self.quantity, |(_, _, quantity)| Some(*quantity))
    }

    /// What was left of it after the last event; none where that is open.
    pub fn last_quantity(&self) -> Option<Quantity> {
        self.changes.last().map_or(self.quantity, |(_, _, quantity)| Some(*quantity))
    }
}
