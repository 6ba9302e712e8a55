//! The history, event after event: what each security holds, and whether what happens to it adds up.
//!
//! Quantities are those of the register ([`Quantity`], in units of 10^-10); amounts of convertibles
//! are in the same units of their currency.

use std::collections::{BTreeMap, BTreeSet};

use super::fresh::Fresh;
use super::index::{Index, Role};
use crate::amount::Quantity;
use crate::date::Date;
use crate::ocf::findings::Findings;
use crate::ocf::object::{Kind, Object, Value};
use crate::ocf::package::{Item, Package};
use crate::ocf::{Code, Refusal};
use crate::rule::Rule;
use split::Classes;

mod balance;
mod kinds;
mod pool;
mod split;
mod terminal;

/// Goes through a package; what is left in it adds up. Returns whether something was left out.
pub(super) fn walk(
    package: &mut Package,
    index: Index,
    findings: &mut Findings,
) -> Result<bool, Refusal> {
    let order = super::order(&index);
    let classes = Classes::of(package);
    let states = index.securities.iter().map(|_| State::default()).collect();
    let mut walk = Walk {
        package,
        index,
        findings,
        states,
        classes,
        made: Vec::new(),
        given: BTreeSet::new(),
        fresh: None,
    };
    walk.retractions()?;
    let mut today = Date::MIN;
    for at in order {
        if walk.index.txs[at].date > today {
            walk.splits_of_the_day()?;
            today = walk.index.txs[at].date;
        }
        if !walk.index.txs[at].out {
            walk.step(at)?;
        }
    }
    walk.splits_of_the_day()?;
    Ok(walk.end())
}

/// How a security stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Life {
    /// Not issued yet.
    #[default]
    Ahead,
    Open,
    Closed,
    /// Left out of the package.
    Out,
}

#[derive(Clone, Debug, Default)]
struct State {
    life: Life,
    /// What it holds; none where its issuance leaves it open (a warrant may).
    held: Option<Quantity>,
    /// Splits of its class that are in `held`.
    splits: usize,
    accepted: bool,
    /// The object that stands for it now: what was reduced in place lives on in a balance.
    stands: Option<Object>,
    /// What was cancelled of it, under which of its certificates, and not returned to a pool yet.
    cancelled: Vec<(String, Quantity)>,
}

struct Walk<'a> {
    package: &'a mut Package,
    index: Index,
    findings: &'a mut Findings,
    states: Vec<State>,
    classes: Classes,
    /// Objects that were made, each after the item that it follows.
    made: Vec<(usize, Object)>,
    /// Names that events gave to certificates which nothing issues, and under which one was made.
    given: BTreeSet<String>,
    /// Ids and printed numbers that nothing new may take; gathered when the first is asked for.
    fresh: Option<Fresh>,
}

impl Walk<'_> {
    fn object(&self, at: usize) -> &Object {
        &self.package.items[self.index.txs[at].item].object
    }

    fn change(&mut self, at: usize) -> &mut Object {
        &mut self.package.items[self.index.txs[at].item].object
    }

    /// The object that issues a security, or stands for it since it was reduced in place.
    fn stands(&self, security: usize) -> &Object {
        match &self.states[security].stands {
            Some(object) => object,
            None => self.object(self.index.securities[security].issuance),
        }
    }

    fn departure(
        &mut self,
        at: usize,
        code: Code,
        what: impl Into<String>,
        done: &str,
    ) -> Result<(), Refusal> {
        let item = &self.package.items[self.index.txs[at].item];
        let (file, id) = (self.package.file(item.file), item.object.id());
        self.findings.departure(code, file, id, what, done)
    }

    fn refusal(&self, at: usize, code: Code, what: impl Into<String>) -> Refusal {
        let item = &self.package.items[self.index.txs[at].item];
        Refusal::new(code, self.package.file(item.file), item.object.id(), what)
    }

    fn broken(&self, at: usize, rule: Rule, what: impl Into<String>) -> Refusal {
        Refusal { rule: Some(rule), ..self.refusal(at, Code::RuleBroken, what) }
    }

    /// An acceptance of what is retracted: the retraction says that it was never issued.
    fn retractions(&mut self) -> Result<(), Refusal> {
        let retractions = self.index.txs.iter().filter(|tx| !tx.out && is_retraction(tx.kind));
        let retracted: BTreeSet<usize> = retractions.filter_map(|tx| tx.security).collect();
        for at in 0..self.index.txs.len() {
            let tx = &self.index.txs[at];
            let accepted = tx.security.filter(|_| !tx.out && is_acceptance(tx.kind));
            if accepted.is_some_and(|security| retracted.contains(&security)) {
                let what = "it accepts what another event retracts";
                self.departure(at, Code::AcceptedRetracted, what, "left out")?;
                self.index.txs[at].out = true;
            }
        }
        Ok(())
    }

    fn step(&mut self, at: usize) -> Result<(), Refusal> {
        match self.index.txs[at].role {
            Role::Issuance => self.issue(at),
            Role::Terminal => {
                self.terminal(at)?;
                let beyond = self.fresh.as_ref().and_then(Fresh::beyond);
                beyond.map_or(Ok(()), |what| Err(self.refusal(at, Code::PackageTooLarge, what)))
            }
            Role::Remark | Role::Vesting => self.remark(at),
            Role::Class => self.of_a_class(at),
            Role::Entity => Ok(()),
            Role::Return => self.returned(at),
        }
    }

    fn issue(&mut self, at: usize) -> Result<(), Refusal> {
        let Some(security) = self.index.txs[at].security else { return Ok(()) };
        let held = self.issued(at)?;
        if held == Some(Quantity::ZERO) {
            let done = "left out, with what happens to it";
            self.departure(at, Code::QuantityZero, "it issues nothing", done)?;
            self.lose(security);
            return Ok(());
        }
        self.open(security, held);
        Ok(())
    }

    fn open(&mut self, security: usize, held: Option<Quantity>) {
        let at = self.index.txs[self.index.securities[security].issuance].item;
        let issuance = &self.package.items[at].object;
        let splits = self.classes.issued(security, issuance);
        let state = &mut self.states[security];
        (state.life, state.held, state.splits) = (Life::Open, held, splits);
    }

    /// What an issuance says that it issues.
    fn issued(&self, at: usize) -> Result<Option<Quantity>, Refusal> {
        let object = self.object(at);
        match object.kind() {
            Kind::ConvertibleIssuance => self.amount(at, "investment_amount").map(Some),
            _ => match object.value("quantity") {
                Some(_) => self.quantity(at, "quantity").map(Some),
                None => Ok(None),
            },
        }
    }

    fn quantity(&self, at: usize, field: &str) -> Result<Quantity, Refusal> {
        let text = self.object(at).text(field).unwrap_or_default();
        Quantity::parse(text).filter(|quantity| *quantity <= Quantity::MAX).ok_or_else(|| {
            self.refusal(at, Code::FieldInvalid, format!("{field}: {text} is no quantity"))
        })
    }

    fn amount(&self, at: usize, field: &str) -> Result<Quantity, Refusal> {
        let amount = self.object(at).value(field).and_then(|money| money.get("amount"));
        let text = amount.and_then(Value::as_str).unwrap_or_default();
        Quantity::parse(text).filter(|amount| *amount <= Quantity::MAX).ok_or_else(|| {
            self.refusal(at, Code::FieldInvalid, format!("{field}: {text} is no amount"))
        })
    }

    /// Whether the security of a transaction is still part of the package.
    fn remains(&mut self, at: usize) -> Result<bool, Refusal> {
        let Some(security) = self.index.txs[at].security else { return Ok(true) };
        if self.states[security].life != Life::Out {
            self.rename(at, security);
            return Ok(true);
        }
        let done = "left out";
        self.departure(at, Code::ReferenceUnknown, "what it concerns was left out", done)?;
        self.index.txs[at].out = true;
        Ok(false)
    }

    /// Leads a transaction to what its security has become, or to the security itself where it named
    /// a balance that there never was.
    fn rename(&mut self, at: usize, security: usize) {
        let known = &self.index.securities[security];
        let stands = self.states[security].stands.as_ref();
        let id = stands.and_then(|object| object.text("security_id")).unwrap_or(&known.id);
        if self.object(at).text("security_id") != Some(id) {
            let id = Value::from(id);
            self.change(at).set("security_id", id);
        }
    }

    fn remark(&mut self, at: usize) -> Result<(), Refusal> {
        if !self.remains(at)? {
            return Ok(());
        }
        let Some(security) = self.index.txs[at].security else { return Ok(()) };
        if !self.speaks_of(at, security)? {
            return Ok(());
        }
        let kind = self.index.txs[at].kind;
        // Vesting may be told of a security that has ended since; nothing comes of it.
        let vesting = self.index.txs[at].role == Role::Vesting;
        if self.states[security].life != Life::Open && !vesting {
            let what = "its security has ended";
            self.departure(at, Code::TerminalTwice, what, "left out")?;
            self.index.txs[at].out = true;
        } else if let (Kind::EquityCompensationRepricing, Some(price)) =
            (kind, self.object(at).value("new_exercise_price").cloned())
        {
            // What is made of it later bears the price that holds then.
            let mut stands = self.stands(security).clone();
            stands.set("exercise_price", price);
            self.states[security].stands = Some(stands);
        } else if is_acceptance(kind)
            && std::mem::replace(&mut self.states[security].accepted, true)
        {
            let what = "its security is already accepted";
            self.departure(at, Code::AcceptedTwice, what, "left out")?;
            self.index.txs[at].out = true;
        }
        Ok(())
    }

    /// Takes a security out of the package.
    fn lose(&mut self, security: usize) {
        self.states[security].life = Life::Out;
        let issuance = self.index.securities[security].issuance;
        self.index.txs[issuance].out = true;
    }

    /// Takes out what is left out, and puts in what was made.
    fn end(self) -> bool {
        let mut gone: Vec<bool> = vec![false; self.package.items.len()];
        for tx in self.index.txs.iter().filter(|tx| tx.out) {
            gone[tx.item] = true;
        }
        let left_out = gone.contains(&true);
        if self.made.is_empty() && !left_out {
            return false;
        }
        let mut made: BTreeMap<usize, Vec<Object>> = BTreeMap::new();
        for (after, object) in self.made {
            made.entry(after).or_default().push(object);
        }
        let items = std::mem::take(&mut self.package.items);
        for (at, item) in items.into_iter().enumerate() {
            let file = item.file;
            if !gone[at] {
                self.package.items.push(item);
            }
            for object in made.remove(&at).unwrap_or_default() {
                self.package.items.push(Item { file, object });
            }
        }
        left_out
    }
}

fn is_acceptance(kind: Kind) -> bool {
    use Kind::*;
    matches!(
        kind,
        ConvertibleAcceptance | EquityCompensationAcceptance | StockAcceptance | WarrantAcceptance
    )
}

fn is_retraction(kind: Kind) -> bool {
    use Kind::*;
    matches!(
        kind,
        ConvertibleRetraction | EquityCompensationRetraction | StockRetraction | WarrantRetraction
    )
}
