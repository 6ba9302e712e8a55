//! Items of the Open Cap Format on their way into a register: how an item becomes an event.
//!
//! Items name things by the ids of their package, or by handles of the register. [`Entry::enter`]
//! turns an item into an event and carries it out under the rules of the live register: so does the
//! ledger's command for a single transaction. The offline reader of a package and the ledger's
//! activation of a draft both go through [`Entry::enter_all`], which judges the limits of charter and
//! plans when a day is complete, so that what passes in the one passes in the other.
//!
//! In a draft a rule may be broken where the item names it as waived; in a live register a split
//! reaches what becomes shares of the class. Personal data is left out of what an event documents.

use std::sync::Arc;

use crate::action::{Action, ActionError};
use crate::date::Date;
use crate::effect::Effect;
use crate::event::Event;
use crate::handle::IssuerId;
use crate::ocf::object::{Kind, Object};
use crate::register::{Place, Register};
use crate::rule::Rule;

mod change;
mod days;
mod decimals;
mod plan;
#[cfg(test)]
mod tests;

pub use days::Unsigned;
pub use decimals::Decimals;

/// One item of a draft register: what happens in one event.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ImportItem {
    /// The object, and the issuances of what it opens; see [`Action::of`].
    pub objects: Vec<Object>,
    /// The rules that it is known to break, which the activation signs for: legacy defects. Only
    /// those that [`Rule::waivable`] names can be waived.
    pub waived: Vec<Rule>,
}

/// Why an item does not become an event.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum EntryError {
    /// Its objects are no item.
    #[error(transparent)]
    Item(#[from] ActionError),
    /// It would break a rule.
    #[error("{}", .0.sentence())]
    Rule(Rule),
}

impl From<Rule> for EntryError {
    fn from(rule: Rule) -> EntryError {
        EntryError::Rule(rule)
    }
}

/// Where items are entered.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    /// The register.
    pub issuer: IssuerId,
    /// The date of what bears none: classes, stakeholders, plans.
    pub today: Date,
    /// To how many decimals classes are divided.
    pub decimals: Decimals,
}

impl Entry {
    /// Carries out one item, recorded at `place`, and returns its event. An item that breaks a rule
    /// changes nothing.
    pub fn enter(
        &self,
        register: &mut Register,
        place: Place,
        item: &ImportItem,
    ) -> Result<Event, EntryError> {
        let mut event = self.plan(register, place, &item.objects)?;
        while let Err(rule) = register.check(&event) {
            self.sign(&mut event, item, rule)?;
        }
        register.apply(&event);
        Ok(event)
    }

    /// Lets an event name a rule that it breaks, where its item has it waived.
    fn sign(&self, event: &mut Event, item: &ImportItem, rule: Rule) -> Result<(), EntryError> {
        let waived = item.waived.contains(&rule) && rule.waivable();
        if !waived || self.signed(event, rule) {
            return Err(rule.into());
        }
        event.effects.push(Effect::DefectAccepted { issuer: self.issuer, rule });
        Ok(())
    }

    fn signed(&self, event: &Event, rule: Rule) -> bool {
        event.effects.contains(&Effect::DefectAccepted { issuer: self.issuer, rule })
    }

    /// The event of an item; whether it may happen is for [`Register::check`] to say.
    pub fn plan(
        &self,
        register: &Register,
        place: Place,
        objects: &[Object],
    ) -> Result<Event, EntryError> {
        self.plan_action(register, place, &Action::of(objects)?, objects).map_err(EntryError::Rule)
    }

    /// The same for objects that were read.
    fn plan_action(
        &self,
        register: &Register,
        place: Place,
        action: &Action,
        objects: &[Object],
    ) -> Result<Event, Rule> {
        let facts = register.issuer(self.issuer).ok_or(Rule::IssuerUnknown)?;
        let (issuer, live) = (self.issuer, !facts.draft);
        let kind = action.event_kind();
        let date = action.date().unwrap_or(self.today);
        let event = Event { kind, date, consideration: None, effects: Vec::new() };
        let mut planner =
            plan::Planner { register, issuer, live, decimals: &self.decimals, place, event };
        for object in objects {
            planner.references(object)?;
        }
        planner.action(action)?;
        let objects = objects.iter().map(|object| Arc::new(object.clone().split_personal().0));
        let objects = objects.collect();
        planner.event.effects.push(Effect::Documented { issuer, objects });
        Ok(planner.event)
    }
}

/// What an object names beside securities, classes, plans and stakeholders: it was recorded before.
fn named_objects(object: &Object) -> impl Iterator<Item = (Kind, &str)> {
    let legends = object.texts("stock_legend_ids").map(|id| (Kind::StockLegendTemplate, id));
    let terms = object.text("vesting_terms_id").map(|id| (Kind::VestingTerms, id));
    let split = object.text("split_transaction_id").map(|id| (Kind::StockClassSplit, id));
    legends.chain(terms).chain(split)
}
