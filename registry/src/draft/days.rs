//! A whole history on its way into a draft: the limits of charter and plans are judged when a day of
//! it is complete.
//!
//! Documents say on which day something happened and seldom in what order, so a class may be raised
//! in the file before the issuer is, or an option granted before the one that makes room for it is
//! cancelled. A day is complete when an item of a later one comes, and the last one at the end. What
//! is told late belongs to the day in which it is told.
//!
//! Classes bear no date. Each counts in what the issuer's classes authorize from the first day on
//! which something happens to it, and every class does at the end.

use std::collections::BTreeSet;

use super::{Entry, EntryError, ImportItem};
use crate::action::Action;
use crate::date::Date;
use crate::effect::Effect;
use crate::event::{Event, EventKind};
use crate::handle::ClassId;
use crate::register::{Limit, Place, Register};
use crate::rule::Rule;

/// What to do about a rule that an item does not name as waived.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unsigned {
    /// The whole history is refused.
    Refuse,
    /// Where the rule can be waived, the item is made to name it.
    Waive,
}

/// The days of a history.
#[derive(Default)]
struct Days {
    /// The latest one that has begun.
    today: Option<Date>,
    /// Limits that may be exceeded without being signed for, and the last item that went beyond.
    open: Vec<(Limit, usize)>,
    /// Classes to which something has happened.
    classes: BTreeSet<ClassId>,
}

impl Entry {
    /// Carries out the items of a draft, in their order, recorded at `place`: it is told which item
    /// it is, and how many certificates those before it opened. The error says which item is at
    /// fault; the register is then in no state to be used.
    pub fn enter_all(
        &self,
        register: &mut Register,
        place: impl Fn(usize, u32) -> Place,
        items: &mut [ImportItem],
        unsigned: Unsigned,
    ) -> Result<Vec<Event>, (usize, EntryError)> {
        let mut events: Vec<Event> = Vec::with_capacity(items.len());
        let mut days = Days::default();
        let mut opened = 0u32;
        for at in 0..items.len() {
            let action = Action::of(&items[at].objects).map_err(|error| (at, error.into()))?;
            if action.date().is_some_and(|date| days.today.is_none_or(|today| date > today)) {
                self.day_ends(register, &mut days, items, &mut events, unsigned, false)?;
                days.today = action.date();
            }
            let place = place(at, opened);
            let event = loop {
                match self.enter_within_day(register, &mut days, place, at, &action, &items[at]) {
                    Ok(event) => break event,
                    Err(EntryError::Rule(rule)) => waive(&mut items[at], at, rule, unsigned)?,
                    Err(error) => return Err((at, error)),
                }
            };
            let opens = |effect: &&Effect| matches!(effect, Effect::CertificateOpened(_));
            let more = event.effects.iter().filter(opens).count();
            opened = opened.saturating_add(u32::try_from(more).unwrap_or(u32::MAX));
            events.push(event);
        }
        self.day_ends(register, &mut days, items, &mut events, unsigned, true)?;
        Ok(events)
    }

    /// Carries out one item, and notes beyond which limits it goes.
    fn enter_within_day(
        &self,
        register: &mut Register,
        days: &mut Days,
        place: Place,
        at: usize,
        action: &Action,
        item: &ImportItem,
    ) -> Result<Event, EntryError> {
        let mut event = self.plan_action(register, place, action, &item.objects)?;
        let limit = Limit::Issuer(self.issuer);
        let classes = event.effects.iter().filter_map(|effect| happens_to(&event, effect));
        let new: Vec<ClassId> = classes.filter(|class| !days.classes.contains(class)).collect();
        // A class that begins to count takes the issuer beyond its limit only where all of them do.
        let begins = !new.is_empty() && register.exceeds(limit, |_| true);
        let exceeded = loop {
            let exceeded = match register.check_within_day(&event) {
                Ok(exceeded) => exceeded,
                Err(rule) => {
                    self.sign(&mut event, item, rule)?;
                    continue;
                }
            };
            let begins = begins.then_some(limit);
            let rules = exceeded.iter().copied().chain(begins).map(Limit::rule);
            let signs = |rule: &Rule| item.waived.contains(rule) && !self.signed(&event, *rule);
            match rules.clone().find(signs) {
                Some(rule) => self.sign(&mut event, item, rule)?,
                None => break exceeded,
            }
        };
        register.apply(&event);
        days.classes.extend(new);
        let counts = |class: ClassId| days.classes.contains(&class);
        let begins = begins && register.exceeds(limit, counts);
        for exceeded in exceeded.into_iter().chain(begins.then_some(limit)) {
            days.open.retain(|(open, _)| *open != exceeded);
            if !self.signed(&event, exceeded.rule()) {
                days.open.push((exceeded, at));
            } else if register.exceeds(exceeded, |_| true) {
                register.keep_excess(exceeded);
            }
        }
        Ok(event)
    }

    /// Judges the limits at the end of a day. The last item that went beyond one answers for it.
    fn day_ends(
        &self,
        register: &mut Register,
        days: &mut Days,
        items: &mut [ImportItem],
        events: &mut [Event],
        unsigned: Unsigned,
        last: bool,
    ) -> Result<(), (usize, EntryError)> {
        for (limit, at) in std::mem::take(&mut days.open) {
            if register.exceeds(limit, |class| last || days.classes.contains(&class)) {
                let rule = limit.rule();
                if !self.signed(&events[at], rule) {
                    waive(&mut items[at], at, rule, unsigned)?;
                    self.sign(&mut events[at], &items[at], rule).map_err(|error| (at, error))?;
                }
                register.keep_excess(limit);
            } else if register.exceeds(limit, |_| true) {
                // Classes to which nothing has happened yet.
                days.open.push((limit, at));
            }
        }
        Ok(())
    }
}

/// The class to which an effect of a dated event happens.
fn happens_to(event: &Event, effect: &Effect) -> Option<ClassId> {
    match effect {
        Effect::CertificateOpened(opened) => Some(opened.class),
        Effect::SecurityOpened(opened) => opened.class,
        Effect::ClassAuthorized { class, .. } | Effect::ClassSplit { class, .. } => Some(*class),
        Effect::ConversionsSet { class, .. } => {
            (event.kind == EventKind::ConversionRatio).then_some(*class)
        }
        _ => None,
    }
}

/// Makes an item name a rule as waived, where that is wanted and possible.
fn waive(
    item: &mut ImportItem,
    at: usize,
    rule: Rule,
    unsigned: Unsigned,
) -> Result<(), (usize, EntryError)> {
    if unsigned == Unsigned::Refuse || !rule.waivable() || item.waived.contains(&rule) {
        return Err((at, rule.into()));
    }
    item.waived.push(rule);
    Ok(())
}
