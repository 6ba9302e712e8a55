//! A grant over its life: what was granted, and what was exercised and cancelled of it.

use super::super::FoldError;
use super::super::table::add;
use crate::amount::{Quantity, Ratio};
use crate::date::Date;
use crate::event::EventKind;
use crate::vesting::Schedule;

/// One security of a descent.
pub(super) struct Link<'a> {
    pub(super) source_id: &'a str,
    pub(super) opened: Date,
    /// The kind of event that opened it.
    pub(super) origin: EventKind,
    pub(super) quantity: Quantity,
    /// What exercises, releases and splits left of it.
    pub(super) changes: Vec<(Date, EventKind, Quantity)>,
}

/// A grant, and the balances of it.
pub(crate) struct Life<'a> {
    /// The ids of all securities that it came from, the first issuance first, its own last.
    pub(super) descent: Vec<&'a str>,
    /// What was granted first.
    pub(super) granted: Quantity,
    /// When.
    pub(super) issued: Date,
    /// In order.
    changes: Vec<(Date, Change)>,
}

/// A change of what is left.
#[derive(Clone, Copy)]
enum Change {
    Exercised(Quantity),
    Cancelled(Quantity),
    Split(Ratio),
}

/// The figures of a grant at the end of a date, in shares of that date.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Figures {
    pub(crate) granted: Quantity,
    pub(crate) exercised: Quantity,
    pub(crate) cancelled: Quantity,
    /// What had vested of what was granted.
    pub(crate) vested: Quantity,
}

impl<'a> Life<'a> {
    /// The life of a first security and the balances that came from it.
    pub(super) fn of(descent: Vec<&'a str>, links: &[Link<'_>]) -> Life<'a> {
        let first = links.first();
        let mut life = Life {
            descent,
            granted: first.map_or(Quantity::ZERO, |link| link.quantity),
            issued: first.map_or(Date::MIN, |link| link.opened),
            changes: Vec::new(),
        };
        let mut left = life.granted;
        for link in links {
            life.add(link.opened, left, link.quantity, Change::Cancelled);
            left = link.quantity;
            for (date, kind, after) in &link.changes {
                match kind {
                    EventKind::Split => {
                        let ratio = Ratio::new(*after, left).map(Change::Split);
                        life.changes.extend(ratio.map(|split| (*date, split)));
                    }
                    _ => life.add(*date, left, *after, Change::Exercised),
                }
                left = *after;
            }
        }
        life
    }

    fn add(&mut self, date: Date, before: Quantity, after: Quantity, of: fn(Quantity) -> Change) {
        let taken = before.checked_sub(after).filter(|taken| !taken.is_zero());
        self.changes.extend(taken.map(|taken| (date, of(taken))));
    }

    /// The figures under a schedule for what was granted first; nothing vests without one.
    pub(crate) fn at(&self, date: Date, schedule: Option<&Schedule>) -> Result<Figures, FoldError> {
        let (mut exercised, mut cancelled) = (Quantity::ZERO, Quantity::ZERO);
        let mut granted = self.granted;
        // What can have vested at most, and the splits since the grant.
        let (mut most, mut splits) = (granted, Vec::new());
        let vested_at = |date: Date, splits: &[Ratio]| {
            let vested = schedule.map_or(Quantity::ZERO, |schedule| schedule.vested_at(date));
            splits.iter().try_fold(vested, |vested, ratio| scaled(vested, *ratio))
        };
        for (happened, change) in self.changes.iter().filter(|(happened, _)| *happened <= date) {
            match change {
                Change::Exercised(quantity) => add(&mut exercised, *quantity)?,
                Change::Cancelled(quantity) => {
                    add(&mut cancelled, *quantity)?;
                    let vested = vested_at(*happened, &splits)?.min(most);
                    most = vested.max(granted.checked_sub(cancelled).unwrap_or_default());
                }
                Change::Split(ratio) => {
                    splits.push(*ratio);
                    for quantity in [&mut granted, &mut exercised, &mut cancelled, &mut most] {
                        *quantity = scaled(*quantity, *ratio)?;
                    }
                }
            }
        }
        let vested = vested_at(date, &splits)?.min(most);
        Ok(Figures { granted, exercised, cancelled, vested })
    }
}

fn scaled(quantity: Quantity, ratio: Ratio) -> Result<Quantity, FoldError> {
    ratio.of(quantity.0, 1).map(Quantity).ok_or(FoldError::Overflow)
}

impl Figures {
    /// What of so much outstanding is vested and was not exercised.
    pub(crate) fn exercisable(&self, outstanding: Quantity) -> Quantity {
        self.vested.checked_sub(self.exercised).unwrap_or_default().min(outstanding)
    }
}
