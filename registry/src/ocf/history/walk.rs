//! The history, event after event: what each security holds, and whether what happens to it adds up.
//!
//! Quantities are those of the register ([`Quantity`], in units of 10^-10); amounts of convertibles
//! are in the same units of their currency.

use std::collections::BTreeMap;

use super::fresh::Fresh;
use super::index::{Index, Role};
use crate::amount::{DECIMALS, Quantity, Ratio};
use crate::draft::Decimals;
use crate::effect::Authorized;
use crate::ocf::findings::Findings;
use crate::ocf::object::{Kind, Object, Value};
use crate::ocf::package::{Item, Package};
use crate::ocf::{Code, Refusal};
use crate::rule::Rule;

mod balance;
mod pool;
mod terminal;

/// Splits of one class: more are no history of a company.
const SPLITS_MAX: usize = 1_000;

/// Goes through a package; what is left in it adds up. Returns whether something was left out.
pub(super) fn walk(
    package: &mut Package,
    index: Index,
    findings: &mut Findings,
) -> Result<bool, Refusal> {
    let order = super::order(&index);
    let classes = classes(package);
    let states = index.securities.iter().map(|_| State::default()).collect();
    let mut walk =
        Walk { package, index, findings, states, classes, made: Vec::new(), fresh: None };
    walk.retractions()?;
    for at in order {
        if !walk.index.txs[at].out {
            walk.step(at)?;
        }
    }
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

/// A class of stock as the days go by.
#[derive(Debug, Default)]
struct Class {
    /// Its smallest unit.
    unit: u128,
    splits: Vec<Ratio>,
    /// Securities other than stock that were issued for its shares.
    derivatives: usize,
}

struct Walk<'a> {
    package: &'a mut Package,
    index: Index,
    findings: &'a mut Findings,
    states: Vec<State>,
    classes: BTreeMap<String, Class>,
    /// Objects that were made, each after the item that it follows.
    made: Vec<(usize, Object)>,
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
        for at in 0..self.index.txs.len() {
            let tx = &self.index.txs[at];
            let Some(security) = tx.security.filter(|_| !tx.out && is_acceptance(tx.kind)) else {
                continue;
            };
            let events = self.index.securities[security].events.iter();
            let mut events = events.map(|event| &self.index.txs[*event]);
            if events.any(|event| !event.out && is_retraction(event.kind)) {
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
            Role::Terminal => self.terminal(at),
            Role::Remark | Role::Vesting => self.remark(at),
            Role::Class if self.index.txs[at].kind == Kind::StockClassSplit => self.split(at),
            Role::Class | Role::Entity => Ok(()),
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
        let stock = issuance.kind() == Kind::StockIssuance;
        let class = issuance.text("stock_class_id");
        let class = class.and_then(|class| self.classes.get_mut(class));
        let splits = class.map_or(0, |class| {
            class.derivatives += usize::from(!stock);
            class.splits.len()
        });
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

    /// What a security holds now, the splits of its class included.
    fn held(&mut self, security: usize) -> Option<Quantity> {
        let issuance = self.object(self.index.securities[security].issuance);
        if issuance.kind() == Kind::StockIssuance {
            let class = issuance.text("stock_class_id").unwrap_or_default();
            if let Some(class) = self.classes.get(class) {
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

    fn split(&mut self, at: usize) -> Result<(), Refusal> {
        let object = self.object(at);
        let ratio = object.value("split_ratio");
        let part = |name| {
            let part = ratio.and_then(|ratio| ratio.get(name));
            part.and_then(Value::as_str).and_then(Quantity::parse)
        };
        let ratio = match (part("numerator"), part("denominator")) {
            (Some(new), Some(old)) => Ratio::new(new, old),
            _ => None,
        };
        let class = object.text("stock_class_id").unwrap_or_default().to_owned();
        let Some(ratio) = ratio else {
            let what = "split_ratio: a ratio above zero is wanted";
            return Err(self.refusal(at, Code::FieldInvalid, what));
        };
        let known = self.classes.entry(class).or_default();
        known.splits.push(ratio);
        let (splits, derivatives) = (known.splits.len(), known.derivatives);
        if splits > SPLITS_MAX {
            let what = format!("a class has at most {SPLITS_MAX} splits");
            return Err(self.refusal(at, Code::FieldInvalid, what));
        }
        if derivatives > 0 {
            let item = &self.package.items[self.index.txs[at].item];
            let (file, id) = (self.package.file(item.file), item.object.id());
            let what = format!("{derivatives} grants were issued for shares of the class");
            let done =
                "they are left as they stand; what the split made of them is for the file to say";
            self.findings.note(Code::DerivativesNotSplit, file, id, what, done)?;
        }
        Ok(())
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
        self.fits(at, security)?;
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

    /// Whether a transaction is for the kind of security that it names.
    fn fits(&self, at: usize, security: usize) -> Result<(), Refusal> {
        let wanted = issuance_of(self.index.txs[at].kind);
        let found = self.object(self.index.securities[security].issuance).kind();
        if wanted.is_some_and(|wanted| wanted != found) {
            let what =
                format!("{} is for another kind of security than {found}", self.index.txs[at].kind);
            return Err(self.refusal(at, Code::SecurityKind, what));
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

/// The smallest unit of each class, as the register will have it; without a split none matters.
fn classes(package: &Package) -> BTreeMap<String, Class> {
    if package.of(Kind::StockClassSplit).next().is_none() {
        return BTreeMap::new();
    }
    let decimals = Decimals::of(package.items.iter().map(|item| &item.object));
    let classes = package.of(Kind::StockClass).map(|class| {
        let authorized = class.text("initial_shares_authorized").and_then(Authorized::parse);
        let decimals = decimals.of_class(class.id(), authorized.unwrap_or_default());
        let unit = 10u128.pow(u32::from(DECIMALS.saturating_sub(decimals)));
        (class.id().to_owned(), Class { unit, ..Class::default() })
    });
    classes.collect()
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

/// The issuance of the securities that a kind of transaction is for; none where it is for any.
fn issuance_of(kind: Kind) -> Option<Kind> {
    let name = kind.as_str();
    [
        ("TX_STOCK_PLAN_", None),
        ("TX_STOCK_", Some(Kind::StockIssuance)),
        ("TX_EQUITY_COMPENSATION_", Some(Kind::EquityCompensationIssuance)),
        ("TX_WARRANT_", Some(Kind::WarrantIssuance)),
        ("TX_CONVERTIBLE_", Some(Kind::ConvertibleIssuance)),
    ]
    .into_iter()
    .find(|(prefix, _)| name.starts_with(prefix))
    .and_then(|(_, issuance)| issuance)
}
