//! Splits: what they make of stock, and what they leave as it stands.
//!
//! A package is replayed as it is written: its split multiplies the stock of a class. What becomes
//! shares of the class (grants, warrants, the rights of other classes to convert) is for the file to
//! change by transactions of its own; where the day of the split ends without one, a finding says so.

use std::collections::{BTreeMap, BTreeSet};

use super::{Life, Walk};
use crate::action::{Action, Terms};
use crate::amount::{DECIMALS, Quantity, Ratio};
use crate::draft::Decimals;
use crate::effect::Authorized;
use crate::ocf::object::{Kind, Object};
use crate::ocf::package::Package;
use crate::ocf::{Code, Refusal};

/// Splits of one class: more are no history of a company.
const SPLITS_MAX: usize = 1_000;

/// The classes of a package as the days go by; without a split none matters.
#[derive(Default)]
pub(super) struct Classes {
    classes: BTreeMap<String, Class>,
    /// The only class of each plan that has one.
    of_plan: BTreeMap<String, String>,
    /// The splits of today.
    today: Vec<Split>,
    /// The classes whose conversion is adjusted today.
    adjusted: BTreeSet<String>,
    /// For each class that is split today, the classes that had stock and a right to convert between
    /// it and another one. A day opens with its splits, so that they are the same for all of them.
    rights: BTreeMap<String, Vec<String>>,
}

/// A class of stock.
#[derive(Debug, Default)]
pub(super) struct Class {
    /// Its smallest unit.
    unit: u128,
    splits: Vec<Ratio>,
    /// The grants and warrants that were issued for its shares.
    derivatives: Vec<usize>,
    /// Whether shares of it were issued.
    issued: bool,
    /// The classes that it has a right to convert into.
    into: Vec<String>,
}

struct Split {
    at: usize,
    class: String,
    /// The derivatives before it.
    derivatives: usize,
}

impl Classes {
    /// Those of a package, in the smallest units that the register will have.
    pub(super) fn of(package: &Package) -> Classes {
        if package.of(Kind::StockClassSplit).next().is_none() {
            return Classes::default();
        }
        let decimals = Decimals::of(package.items.iter().map(|item| &item.object));
        let classes = package.of(Kind::StockClass).map(|class| {
            let authorized = class.text("initial_shares_authorized").and_then(Authorized::parse);
            let decimals = decimals.of_class(class.id(), authorized.unwrap_or_default());
            let unit = 10u128.pow(u32::from(DECIMALS.saturating_sub(decimals)));
            let rights = match Action::of(std::slice::from_ref(class)) {
                Ok(Action::Class(terms)) => terms.conversions,
                _ => Vec::new(),
            };
            let into = rights.into_iter().map(|right| right.class_id).collect();
            (class.id().to_owned(), Class { unit, into, ..Class::default() })
        });
        let plans = package.of(Kind::StockPlan).filter_map(|plan| {
            match Action::of(std::slice::from_ref(plan)) {
                Ok(Action::Plan(terms)) => Some((terms.id, only(terms.class_ids)?)),
                _ => None,
            }
        });
        let (classes, of_plan) = (classes.collect(), plans.collect());
        Classes { classes, of_plan, ..Classes::default() }
    }

    /// Notes an issuance. Returns how many splits its class has behind it.
    pub(super) fn issued(&mut self, security: usize, issuance: &Object) -> usize {
        if self.classes.is_empty() {
            return 0;
        }
        if let Some(id) = issuance.text("stock_class_id").filter(|_| is_stock(issuance)) {
            let Some(class) = self.classes.get_mut(id) else { return 0 };
            class.issued = true;
            return class.splits.len();
        }
        if let Some(class) = self.named_by(issuance).and_then(|id| self.classes.get_mut(&id)) {
            class.derivatives.push(security);
        }
        0
    }

    /// The classes that have stock and a right into this class from another one, or out of it into
    /// another one.
    fn rights_of(&self, class_id: &str) -> Vec<String> {
        let converts = |(id, class): &(&String, &Class)| {
            let mut into = class.into.iter();
            class.issued && into.any(|into| (*into == class_id) != (**id == class_id))
        };
        let classes = self.classes.iter().filter(converts);
        classes.map(|(id, _)| id.clone()).collect()
    }

    /// The class for whose shares a grant or a warrant is: the one that it names, or the only one of
    /// its plan or of the package.
    fn named_by(&self, issuance: &Object) -> Option<String> {
        let Ok(Action::Issued(issued)) = Action::of(std::slice::from_ref(issuance)) else {
            return None;
        };
        let (class_id, plan_id) = match issued.terms {
            Terms::Compensation { class_id, plan_id, .. } => (class_id, plan_id),
            Terms::Warrant { class_id, .. } => (class_id, None),
            Terms::Stock { .. } | Terms::Convertible { .. } => return None,
        };
        class_id.or_else(|| match plan_id {
            Some(plan) => self.of_plan.get(&plan).cloned(),
            None => only(self.classes.keys().cloned().collect()),
        })
    }
}

fn is_stock(issuance: &Object) -> bool {
    issuance.kind() == Kind::StockIssuance
}

fn only(class_ids: Vec<String>) -> Option<String> {
    let [class] = <[String; 1]>::try_from(class_ids).ok()?;
    Some(class)
}

impl Walk<'_> {
    /// What a security holds now, the splits of its class included.
    pub(super) fn held(&mut self, security: usize) -> Option<Quantity> {
        let issuance = self.object(self.index.securities[security].issuance);
        if is_stock(issuance) {
            let class = issuance.text("stock_class_id").unwrap_or_default();
            if let Some(class) = self.classes.classes.get(class) {
                let state = &mut self.states[security];
                let due = class.splits.get(state.splits..).unwrap_or_default();
                for ratio in due {
                    let held = state.held.and_then(|held| ratio.of(held.0, class.unit));
                    state.held = held.map(Quantity);
                }
                state.splits = class.splits.len();
            }
        }
        self.states[security].held
    }

    pub(super) fn of_a_class(&mut self, at: usize) -> Result<(), Refusal> {
        let object = self.object(at);
        match object.kind() {
            Kind::StockClassSplit => self.split(at),
            Kind::StockClassConversionRatioAdjustment => {
                let class = object.text("stock_class_id").unwrap_or_default().to_owned();
                self.classes.adjusted.insert(class);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn split(&mut self, at: usize) -> Result<(), Refusal> {
        let Ok(Action::Split { class_id, ratio, .. }) =
            Action::of(std::slice::from_ref(self.object(at)))
        else {
            let what = "split_ratio: a ratio above zero is wanted";
            return Err(self.refusal(at, Code::FieldInvalid, what));
        };
        if !self.classes.rights.contains_key(&class_id) {
            let rights = self.classes.rights_of(&class_id);
            self.classes.rights.insert(class_id.clone(), rights);
        }
        let class = self.classes.classes.entry(class_id.clone()).or_default();
        class.splits.push(ratio);
        let (splits, derivatives) = (class.splits.len(), class.derivatives.len());
        if splits > SPLITS_MAX {
            let what = format!("a class has at most {SPLITS_MAX} splits");
            return Err(self.refusal(at, Code::FieldInvalid, what));
        }
        self.classes.today.push(Split { at, class: class_id, derivatives });
        Ok(())
    }

    /// Notes, at the end of a day, what its splits left as it was.
    pub(super) fn splits_of_the_day(&mut self) -> Result<(), Refusal> {
        let adjusted = std::mem::take(&mut self.classes.adjusted);
        let rights = std::mem::take(&mut self.classes.rights).into_iter().map(|(class, rights)| {
            let rights = rights.iter().filter(|id| !adjusted.contains(*id));
            (class, rights.count())
        });
        let rights: BTreeMap<String, usize> = rights.collect();
        for split in std::mem::take(&mut self.classes.today) {
            let before = self.classes.classes.get(&split.class);
            let before = before.map_or(&[][..], |class| &class.derivatives[..split.derivatives]);
            let left = |kind: Kind| {
                let left = before.iter().filter(|security| {
                    let issuance = self.index.securities[**security].issuance;
                    self.states[**security].life == Life::Open
                        && self.object(issuance).kind() == kind
                });
                left.count()
            };
            let rights = rights.get(&split.class).copied().unwrap_or_default();
            let parts = [
                (left(Kind::EquityCompensationIssuance), "grant"),
                (left(Kind::WarrantIssuance), "warrant"),
                (rights, "conversion right"),
            ];
            let parts: Vec<String> =
                parts.iter().filter(|(count, _)| *count > 0).map(counted).collect();
            if parts.is_empty() {
                continue;
            }
            let item = &self.package.items[self.index.txs[split.at].item];
            let (file, id) = (self.package.file(item.file), item.object.id());
            let what = format!("it leaves {} for shares of the class", parts.join(", "));
            let done = "left as they stand: the file says nothing else on that day";
            self.findings.note(Code::DerivativesNotSplit, file, id, what, done)?;
        }
        Ok(())
    }
}

fn counted((count, name): &(usize, &str)) -> String {
    format!("{count} {name}{}", if *count == 1 { "" } else { "s" })
}
