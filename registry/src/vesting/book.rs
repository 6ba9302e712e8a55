//! What the objects of an issuer say about vesting: terms, what grants promise, what came to pass.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::{Allocation, Award, History, Schedule, Terms, Vesting, VestingError};
use crate::amount::{Quantity, Ratio};
use crate::date::Date;
use crate::ocf::object::{Kind, Object, Value};

/// The vesting of every security of an issuer, by the ids of the format. It borrows the objects.
#[derive(Clone, Debug, Default)]
pub struct Book<'a> {
    terms: BTreeMap<&'a str, Result<Terms, VestingError>>,
    promises: BTreeMap<&'a str, Promise<'a>>,
    recorded: BTreeMap<&'a str, Recorded>,
}

/// A security of a descent.
#[derive(Clone, Debug)]
pub struct Heir<'a> {
    /// Its id in the package.
    pub id: &'a str,
    /// Shares of the first grant for one of its own, from dates on: a part stands for more of them,
    /// and a split makes more of its own.
    pub whole: Vec<(Date, Ratio)>,
}

/// What an issuance promises.
#[derive(Clone, Debug)]
struct Promise<'a> {
    issued: Date,
    terms: Option<&'a str>,
    vestings: Vec<Vesting>,
}

/// What transactions recorded about one security.
#[derive(Clone, Debug, Default)]
struct Recorded {
    started: bool,
    history: History,
}

impl<'a> Book<'a> {
    /// The book of these objects, in normal form. Those that say nothing about vesting are passed.
    pub fn of(objects: impl IntoIterator<Item = &'a Object>) -> Book<'a> {
        let mut book = Book::default();
        for object in objects {
            book.add(object);
        }
        book
    }

    /// Adds one object.
    pub fn add(&mut self, object: &'a Object) {
        match object.kind() {
            Kind::VestingTerms => {
                self.terms.insert(object.id(), Terms::of(object));
            }
            Kind::StockIssuance | Kind::EquityCompensationIssuance | Kind::WarrantIssuance => {
                if let (Some(promise), Some(security)) = (promise_of(object), security_of(object)) {
                    self.promises.insert(security, promise);
                }
            }
            Kind::VestingStart | Kind::VestingEvent => {
                if let (Some(security), Some(date), Some(condition)) =
                    (security_of(object), date_of(object), object.text("vesting_condition_id"))
                {
                    let recorded = self.recorded.entry(security).or_default();
                    recorded.started |= object.kind() == Kind::VestingStart;
                    recorded.history.meet(condition, date);
                }
            }
            Kind::VestingAcceleration => {
                if let (Some(security), Some(date), Some(quantity)) =
                    (security_of(object), date_of(object), quantity_of(object.value("quantity")))
                {
                    self.recorded.entry(security).or_default().history.accelerate(date, quantity);
                }
            }
            _ => {}
        }
    }

    /// Whether the issuance of a security, or terms that it names, say how it vests.
    pub fn vests(&self, security: &str) -> bool {
        self.promises.contains_key(security)
    }

    /// Whether a `TX_VESTING_START` is recorded for a security.
    pub fn started(&self, security: &str) -> bool {
        self.recorded.get(security).is_some_and(|recorded| recorded.started)
    }

    /// The name of the terms of a security.
    pub fn terms_name(&self, security: &str) -> Option<&str> {
        let id = self.promises.get(security)?.terms?;
        self.terms.get(id)?.as_ref().ok().map(|terms| terms.name.as_str())
    }

    /// Whether anything is recorded for a security.
    pub fn recorded(&self, security: &str) -> bool {
        self.recorded.contains_key(security)
    }

    /// The sum of the vestings that the issuance of a security lists, where it lists any.
    pub fn listed(&self, security: &str) -> Option<Quantity> {
        let listed = &self.promises.get(security)?.vestings;
        let sum = |sum: Quantity, vesting: &Vesting| sum.checked_add(vesting.amount);
        listed.iter().try_fold(Quantity::ZERO, sum).filter(|_| !listed.is_empty())
    }

    /// Whether two issuances promise the same.
    pub fn alike(&self, one: &str, two: &str) -> bool {
        let promise = |id| self.promises.get(id).map(|said| (said.terms, &said.vestings));
        promise(one) == promise(two)
    }

    /// Whether a security vests in fractions of a share.
    pub fn fractional(&self, security: &str) -> bool {
        let terms = self.promises.get(security).and_then(|promise| self.terms.get(promise.terms?));
        terms.is_some_and(|terms| {
            terms.as_ref().is_ok_and(|terms| terms.allocation == Allocation::Fractional)
        })
    }

    /// The schedule of so much of a security.
    ///
    /// `descent` are the securities that it came from, the first issuance first, and its own last.
    /// What was recorded for those counts for it too, and it vests from their issuance on, unless its
    /// vesting was started anew: a balance or a transferred grant goes on vesting. `issued` is its
    /// date where the book does not know one.
    pub fn schedule(
        &self,
        descent: &[Heir<'_>],
        quantity: Quantity,
        issued: Date,
    ) -> Result<Schedule, VestingError> {
        let from = descent.iter().rposition(|heir| self.started(heir.id)).unwrap_or(0);
        let heirs = descent.get(from..).unwrap_or_default();
        let promise_of = |heir: &Heir<'_>| self.promises.get(heir.id);
        let issued = heirs.first().and_then(promise_of).map_or(issued, |promise| promise.issued);
        let promise = heirs.last().and_then(promise_of);
        let named = promise.and_then(|promise| promise.terms);
        let terms = match named {
            None => None,
            Some(id) => match self.terms.get(id) {
                Some(terms) => Some(terms.as_ref().map_err(VestingError::clone)?),
                None => return Err(VestingError::TermsUnknown(id.to_owned())),
            },
        };
        let vestings = promise.map_or(&[][..], |promise| &promise.vestings);
        let mut history: Cow<'_, History> = Cow::Owned(History::default());
        for heir in heirs {
            let Some(Recorded { history: recorded, .. }) = self.recorded.get(heir.id) else {
                continue;
            };
            // What was recorded under other terms need not be a condition of these.
            if let Some(terms) = terms
                && vestings.is_empty()
                && promise_of(heir).is_some_and(|promise| promise.terms == named)
            {
                recorded.conditions().try_for_each(|id| terms.condition(id).map(drop))?;
            }
            if history.is_empty() && heir.whole.is_empty() {
                history = Cow::Borrowed(recorded);
            } else {
                history.to_mut().extend(recorded, &heir.whole)?;
            }
        }
        Schedule::of(&Award { quantity, issued, vestings, terms, history: &history })
    }
}

/// What an issuance promises, if it says anything about vesting.
fn promise_of(object: &Object) -> Option<Promise<'_>> {
    let listed = object.value("vestings").and_then(Value::as_array);
    let vestings = listed.into_iter().flatten().filter_map(|vesting| {
        let date = vesting.get("date").and_then(Value::as_str).and_then(Date::parse)?;
        Some(Vesting { date, amount: quantity_of(vesting.get("amount"))? })
    });
    let (terms, vestings) = (object.text("vesting_terms_id"), vestings.collect::<Vec<_>>());
    if terms.is_none() && vestings.is_empty() {
        return None;
    }
    Some(Promise { issued: date_of(object)?, terms, vestings })
}

fn security_of(object: &Object) -> Option<&str> {
    object.text("security_id")
}

fn date_of(object: &Object) -> Option<Date> {
    object.text("date").and_then(Date::parse)
}

fn quantity_of(value: Option<&Value>) -> Option<Quantity> {
    value.and_then(Value::as_str).and_then(Quantity::parse)
}
