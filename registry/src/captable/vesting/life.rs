//! A grant over its life: what was granted, what was exercised and cancelled of it, and which part of
//! it a transfer or a reissuance left.

use std::borrow::Cow;

use super::super::FoldError;
use super::super::table::add;
use crate::amount::{Quantity, Ratio};
use crate::date::Date;
use crate::event::EventKind;
use crate::handle::ClassId;
use crate::vesting::{Heir, Schedule};

/// One security of a descent.
pub(super) struct Link<'a, Id> {
    pub(super) source_id: &'a str,
    pub(super) opened: Date,
    /// The kind of event that opened it.
    pub(super) origin: EventKind,
    /// The class of a certificate.
    pub(super) class: Option<ClassId>,
    pub(super) quantity: Quantity,
    /// What it vests in multiples of.
    pub(super) unit: u128,
    /// What exercises, releases and splits left of it.
    pub(super) changes: Cow<'a, [(Date, EventKind, Quantity)]>,
    /// The one that it came from.
    pub(super) before: Option<Id>,
    /// Whether several came from it.
    pub(super) parts: bool,
}

/// A grant, and what came from it.
#[derive(Clone, Default)]
pub(crate) struct Life<'a> {
    /// The id of the first issuance.
    first: &'a str,
    /// The ids of those before the last about whose vesting something was recorded.
    recorded: Vec<Heir<'a>>,
    /// The id of the last one.
    pub(super) own: &'a str,
    pub(super) class: Option<ClassId>,
    /// What was granted first.
    pub(super) granted: Quantity,
    /// When.
    pub(super) issued: Date,
    /// What is left.
    left: Quantity,
    /// Shares of the first grant for one that is left, from dates on.
    whole: Vec<(Date, Ratio)>,
    /// In order.
    changes: Vec<(Date, Change)>,
}

/// A change of what is left.
#[derive(Clone, Copy)]
enum Change {
    Exercised(Quantity),
    Cancelled(Quantity),
    /// What vests is counted in multiples of `unit` from then on.
    Split {
        ratio: Ratio,
        unit: u128,
    },
    /// Of `before` a part went on by itself, counted in multiples of `unit`.
    Parted {
        before: Quantity,
        after: Quantity,
        unit: u128,
    },
}

/// The figures of a grant at the end of a date, in shares of that date.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Figures {
    pub(crate) granted: Quantity,
    pub(crate) exercised: Quantity,
    pub(crate) cancelled: Quantity,
    /// What had vested of what was granted.
    pub(crate) vested: Quantity,
}

/// A grant at the end of a date.
pub(crate) struct Standing {
    pub(crate) figures: Figures,
    /// What can vest at most.
    most: Quantity,
    steps: Vec<Step>,
}

/// How what vests of the first grant became what vests of what is left of it.
#[derive(Clone, Copy)]
enum Step {
    Scaled {
        ratio: Ratio,
        unit: u128,
    },
    /// This part of what vested beyond what had been exercised.
    Part {
        exercised: Quantity,
        ratio: Ratio,
        unit: u128,
    },
}

impl<'a> Life<'a> {
    /// A life that begins with a security.
    pub(super) fn of<Id>(link: &Link<'a, Id>) -> Life<'a> {
        Life { first: link.source_id, ..Life::default() }.promised_anew(link)
    }

    /// Keeps what was recorded about the last one for those that come from it.
    pub(super) fn remember(&mut self) {
        self.recorded.push(Heir { id: self.own, whole: self.whole.clone() });
    }

    /// The ids that count for the schedule, the first issuance first, its own last.
    pub(super) fn descent(&self) -> Vec<Heir<'a>> {
        let first = Heir { id: self.first, whole: Vec::new() };
        let own = Heir { id: self.own, whole: self.whole.clone() };
        let begins = [self.recorded.first().map(|heir| heir.id), Some(self.own)];
        let first = (!begins.contains(&Some(self.first))).then_some(first);
        first.into_iter().chain(self.recorded.iter().cloned()).chain([own]).collect()
    }

    /// What came from this one under a promise of its own: what was recorded before counts for it.
    pub(super) fn promised_anew<Id>(mut self, link: &Link<'a, Id>) -> Life<'a> {
        (self.granted, self.left) = (link.quantity, link.quantity);
        if self.own.is_empty() && self.recorded.is_empty() {
            self.issued = link.opened;
        }
        self.whole.clear();
        self.changes.clear();
        self.go_on(link)
    }

    /// The balance of a cancellation.
    pub(super) fn reduced<Id>(mut self, link: &Link<'a, Id>) -> Life<'a> {
        self.change(link.opened, link.quantity, Change::Cancelled);
        self.go_on(link)
    }

    /// A part of what was left.
    pub(super) fn parted<Id>(mut self, link: &Link<'a, Id>) -> Life<'a> {
        let (mut before, after) = (self.left, link.quantity);
        let whole = Ratio::new(before, after).and_then(|more| self.times(more));
        // A part beyond any ratio is told like a grant.
        let Some(whole) = whole else { return self.promised_anew(link) };
        // A part of a part to which nothing happened is a part of the first: rounded once.
        if let Some((_, Change::Parted { before: first, after, .. })) = self.changes.last()
            && *after == before
        {
            before = *first;
            self.changes.pop();
        }
        self.whole = vec![(Date::MIN, whole)];
        let parted = Change::Parted { before, after, unit: link.unit };
        self.changes.push((link.opened, parted));
        self.left = link.quantity;
        self.go_on(link)
    }

    fn go_on<Id>(mut self, link: &Link<'a, Id>) -> Life<'a> {
        (self.own, self.class) = (link.source_id, link.class);
        for (date, kind, after) in link.changes.iter() {
            match kind {
                EventKind::Split => {
                    let ratio = Ratio::new(*after, self.left);
                    let split = ratio.map(|ratio| Change::Split { ratio, unit: link.unit });
                    self.changes.extend(split.map(|split| (*date, split)));
                    let whole = ratio.and_then(|ratio| self.times(ratio.inverse()));
                    self.whole.extend(whole.map(|whole| (*date, whole)));
                    self.left = *after;
                }
                _ => self.change(*date, *after, Change::Exercised),
            }
        }
        self
    }

    /// Shares of the first grant for one that is left, when so many come to stand for one.
    fn times(&self, more: Ratio) -> Option<Ratio> {
        self.whole.last().map_or(Some(more), |(_, whole)| whole.times(more))
    }

    fn change(&mut self, date: Date, after: Quantity, of: fn(Quantity) -> Change) {
        let taken = self.left.checked_sub(after).filter(|taken| !taken.is_zero());
        self.changes.extend(taken.map(|taken| (date, of(taken))));
        self.left = after;
    }

    /// The figures under a schedule for what was granted first; nothing vests without one.
    pub(crate) fn at(
        &self,
        date: Date,
        schedule: Option<&Schedule>,
    ) -> Result<Standing, FoldError> {
        let scheduled = |date| schedule.map_or(Quantity::ZERO, |schedule| schedule.vested_at(date));
        let figures = Figures { granted: self.granted, ..Figures::default() };
        let mut now = Standing { figures, most: self.granted, steps: Vec::new() };
        for (happened, change) in self.changes.iter().filter(|(happened, _)| *happened <= date) {
            let figures = &mut now.figures;
            match *change {
                Change::Exercised(quantity) => add(&mut figures.exercised, quantity)?,
                Change::Cancelled(quantity) => {
                    add(&mut figures.cancelled, quantity)?;
                    let rest = figures.granted.checked_sub(figures.cancelled).unwrap_or_default();
                    now.most = now.vested(scheduled(*happened))?.max(rest);
                }
                Change::Split { ratio, unit } => {
                    let Figures { granted, exercised, cancelled, .. } = figures;
                    for quantity in [granted, exercised, cancelled, &mut now.most] {
                        *quantity = scaled(*quantity, ratio, 1)?;
                    }
                    // Rounded once, however often the class was split.
                    let before = match now.steps.last() {
                        Some(Step::Scaled { ratio: before, unit: same }) if *same == unit => {
                            before.times(ratio)
                        }
                        _ => None,
                    };
                    match (before, now.steps.last_mut()) {
                        (Some(ratio), Some(last)) => *last = Step::Scaled { ratio, unit },
                        _ => now.steps.push(Step::Scaled { ratio, unit }),
                    }
                }
                Change::Parted { before, after, unit } => {
                    let ratio = Ratio::new(after, before).ok_or(FoldError::Overflow)?;
                    let step = Step::Part { exercised: figures.exercised, ratio, unit };
                    now.most = step.of(now.most)?.min(after);
                    now.steps.push(step);
                    now.figures = Figures { granted: after, ..Figures::default() };
                }
            }
        }
        now.figures.vested = now.vested(scheduled(date))?;
        Ok(now)
    }
}

impl Standing {
    /// What is vested when so much of the first grant is.
    pub(super) fn vested(&self, of_first: Quantity) -> Result<Quantity, FoldError> {
        let vested = self.steps.iter().try_fold(of_first, |vested, step| step.of(vested))?;
        Ok(vested.min(self.most))
    }
}

impl Step {
    fn of(self, vested: Quantity) -> Result<Quantity, FoldError> {
        match self {
            Step::Scaled { ratio, unit } => scaled(vested, ratio, unit),
            Step::Part { exercised, ratio, unit } => {
                let open = vested.checked_sub(exercised).unwrap_or_default();
                scaled(open, ratio, unit)
            }
        }
    }
}

fn scaled(quantity: Quantity, ratio: Ratio, unit: u128) -> Result<Quantity, FoldError> {
    ratio.of(quantity.0, unit).map(Quantity).ok_or(FoldError::Overflow)
}

impl Figures {
    /// What of so much outstanding is vested and was not exercised.
    pub(crate) fn exercisable(&self, outstanding: Quantity) -> Quantity {
        self.vested.checked_sub(self.exercised).unwrap_or_default().min(outstanding)
    }
}
