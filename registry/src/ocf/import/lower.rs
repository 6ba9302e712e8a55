//! Ordering and joining; see [`super`]. LENIENT has one written reading for each defect: a partial
//! event without a balance certificate reduces the certificate in place (the register opens a
//! balance certificate, to which later references lead); a second terminal event is ignored with
//! the certificates that it would open; a result that is missing is left out.

use std::collections::{BTreeMap, BTreeSet};

use super::{ImportClass, ImportIssuance, ImportResult, Lowered, Origin, StockItem};
use crate::amount::{DECIMALS, Money, Quantity};
use crate::date::Date;
use crate::effect::Authorized;
use crate::ocf::model::{Action, Issuance, Item, Package, Transaction};
use crate::ocf::{Code, Finding, Mode, Refusal};
use crate::rule::Rule;

/// Minor units that one amount of the ledger may have.
const MINOR_MAX: u128 = 1_000_000_000_000_000_000;

type Tx = Item<Transaction>;

/// Lowers a package to items; refuses what no reading of it can mean.
pub fn lower(package: &Package, mode: Mode) -> Result<Lowered, Refusal> {
    let mut lowering = Lowering::index(package, mode)?;
    lowering.entities();
    let mut order: Vec<usize> = (0..package.transactions.len()).collect();
    let date = |at: usize| package.transactions[at].value.date;
    order.sort_by_key(|at| (date(*at), *at));
    for day in order.chunk_by(|a, b| date(*a) == date(*b)) {
        lowering.day(day)?;
    }
    Ok(lowering.lowered)
}

struct Lowering<'a> {
    package: &'a Package,
    mode: Mode,
    lowered: Lowered,
    /// Issuances by the certificate that they open.
    issuances: BTreeMap<&'a str, usize>,
    /// The terminal event that opens a certificate.
    opened_by: BTreeMap<&'a str, usize>,
    /// Acceptances by certificate.
    acceptances: BTreeMap<&'a str, Vec<usize>>,
    /// Transactions that were carried out or are being carried out.
    done: BTreeSet<usize>,
    /// Open certificates by the id in the package.
    open: BTreeMap<&'a str, Open<'a>>,
    /// Certificates that ended.
    closed: BTreeSet<&'a str>,
    /// Ids and numbers that balance certificates of this module must not take.
    taken: BTreeSet<String>,
}

/// A certificate as it stands while the days go by.
#[derive(Clone)]
struct Open<'a> {
    issuance: &'a Issuance,
    quantity: Quantity,
    /// The id that the register knows it by.
    security_id: String,
}

impl<'a> Lowering<'a> {
    fn index(package: &'a Package, mode: Mode) -> Result<Lowering<'a>, Refusal> {
        let findings = package.findings.clone();
        let mut lowering = Lowering {
            package,
            mode,
            lowered: Lowered { findings, ..Lowered::default() },
            issuances: BTreeMap::new(),
            opened_by: BTreeMap::new(),
            acceptances: BTreeMap::new(),
            done: BTreeSet::new(),
            open: BTreeMap::new(),
            closed: BTreeSet::new(),
            taken: BTreeSet::new(),
        };
        let stakeholders: BTreeSet<&str> =
            package.stakeholders.iter().map(|item| item.id.as_str()).collect();
        let classes: BTreeSet<&str> = package.classes.iter().map(|item| item.id.as_str()).collect();
        for (at, tx) in package.transactions.iter().enumerate() {
            let security = tx.value.security_id.as_str();
            match &tx.value.action {
                Action::Issuance(issuance) => {
                    let (holder, class) = (&issuance.stakeholder_id, &issuance.class_id);
                    if !stakeholders.contains(holder.as_str()) {
                        let what = format!("no stakeholder has the id {holder}");
                        return Err(lowering.refuse(tx, Code::ReferenceUnknown, what));
                    }
                    if !classes.contains(class.as_str()) {
                        let what = format!("no stock class has the id {class}");
                        return Err(lowering.refuse(tx, Code::ReferenceUnknown, what));
                    }
                    if lowering.issuances.insert(security, at).is_some() {
                        let what = format!("the certificate {security} is issued twice");
                        return Err(lowering.refuse(tx, Code::IdTwice, what));
                    }
                    lowering.taken.extend([security.to_owned(), issuance.number.clone()]);
                }
                Action::Acceptance => lowering.acceptances.entry(security).or_default().push(at),
                Action::Transfer { results, balance, .. } => {
                    for result in results.iter().chain(balance) {
                        lowering.claim(at, result)?;
                    }
                }
                Action::Cancellation { balance, .. } => {
                    if let Some(result) = balance {
                        lowering.claim(at, result)?;
                    }
                }
            }
        }
        let securities = package.transactions.iter().map(|tx| (tx, &tx.value.security_id));
        for (tx, security) in securities {
            if !lowering.issuances.contains_key(security.as_str()) {
                let what = format!("no issuance opens the certificate {security}");
                return Err(lowering.refuse(tx, Code::ReferenceUnknown, what));
            }
        }
        Ok(lowering)
    }

    /// A certificate is opened by one event.
    fn claim(&mut self, at: usize, result: &'a str) -> Result<(), Refusal> {
        if self.opened_by.insert(result, at).is_none() {
            return Ok(());
        }
        let what = format!("another event opens the certificate {result} too");
        Err(self.refuse(&self.package.transactions[at], Code::ResultInvalid, what))
    }

    /// Classes and stakeholders come first, in the order of the files.
    fn entities(&mut self) {
        let package = self.package;
        let mut decimals: BTreeMap<&str, u8> = BTreeMap::new();
        for tx in &package.transactions {
            if let Action::Issuance(issuance) = &tx.value.action {
                let needed = decimals_of(issuance.quantity);
                let of_class = decimals.entry(&issuance.class_id).or_default();
                *of_class = needed.max(*of_class);
            }
        }
        for item in &package.classes {
            let authorized = match item.value.authorized {
                Authorized::Shares(shares) => decimals_of(shares),
                Authorized::Unlimited | Authorized::NotApplicable => 0,
            };
            let issued = decimals.get(item.id.as_str()).copied().unwrap_or_default();
            let class = ImportClass {
                id: item.id.clone(),
                kind: item.value.kind,
                name: item.value.name.clone(),
                authorized: item.value.authorized,
                decimals: issued.max(authorized),
            };
            self.push(item.file, &item.id, StockItem::Class(class));
        }
        for item in &package.stakeholders {
            self.push(item.file, &item.id, StockItem::Stakeholder { id: item.id.clone() });
        }
    }

    /// Carries out the transactions of one date.
    fn day(&mut self, day: &[usize]) -> Result<(), Refusal> {
        let package = self.package;
        for &at in day {
            let tx = &package.transactions[at];
            if let Action::Issuance(issuance) = &tx.value.action
                && !self.opened_by.contains_key(tx.value.security_id.as_str())
            {
                self.issue(tx, issuance);
            }
        }
        for &at in day {
            let tx = &package.transactions[at];
            if tx.value.action == Action::Acceptance
                && self.open.contains_key(tx.value.security_id.as_str())
            {
                self.accept(at)?;
            }
        }
        for &at in day {
            // What opens the certificate goes first, where it is of the same day.
            let mut chain = vec![at];
            let mut met = BTreeSet::from([at]);
            while let Some(&last) = chain.last() {
                let security = package.transactions[last].value.security_id.as_str();
                match self.opened_by.get(security) {
                    Some(before)
                        if self.date(*before) == self.date(at)
                            && !self.done.contains(before)
                            && !self.open.contains_key(security)
                            && met.insert(*before) =>
                    {
                        chain.push(*before);
                    }
                    _ => break,
                }
            }
            for at in chain.into_iter().rev() {
                self.terminal(at)?;
            }
        }
        for &at in day {
            if package.transactions[at].value.action == Action::Acceptance {
                self.accept(at)?;
            }
        }
        Ok(())
    }

    fn issue(&mut self, tx: &'a Tx, issuance: &'a Issuance) {
        let security_id = tx.value.security_id.clone();
        let open = Open { issuance, quantity: issuance.quantity, security_id: security_id.clone() };
        self.open.insert(&tx.value.security_id, open);
        let consideration = self.consideration(tx, issuance);
        let item = ImportIssuance {
            security_id,
            date: tx.value.date,
            class_id: issuance.class_id.clone(),
            stakeholder_id: issuance.stakeholder_id.clone(),
            quantity: issuance.quantity,
            number: issuance.number.clone(),
            consideration,
        };
        self.push(tx.file, &tx.id, StockItem::Issuance(item));
    }

    /// Price times quantity in minor units: both are in units of 10^-10.
    fn consideration(&mut self, tx: &Tx, issuance: &Issuance) -> Option<Money> {
        let Money { amount, currency } = issuance.price;
        if amount == 0 || issuance.quantity.is_zero() {
            return None;
        }
        let unit = 10u128.pow(u32::from(2 * DECIMALS - currency.minor_decimals()));
        let product = amount.checked_mul(issuance.quantity.0);
        let minor = product.filter(|product| product.is_multiple_of(unit)).map(|p| p / unit);
        match minor.filter(|minor| *minor <= MINOR_MAX) {
            Some(minor) => Money::from_minor(minor, currency),
            None => {
                let what = format!("{} at {} each", issuance.quantity, issuance.price);
                self.find(tx, Code::ConsiderationOmitted, what, "issued without a consideration");
                None
            }
        }
    }

    fn accept(&mut self, at: usize) -> Result<(), Refusal> {
        if !self.done.insert(at) {
            return Ok(());
        }
        let tx = &self.package.transactions[at];
        let Some(open) = self.open.get(tx.value.security_id.as_str()) else {
            let what = format!("the certificate {} is not open", tx.value.security_id);
            return Err(self.broken(tx, Rule::CertificateUnknown, what));
        };
        let (security_id, date) = (open.security_id.clone(), tx.value.date);
        self.push(tx.file, &tx.id, StockItem::Acceptance { security_id, date });
        Ok(())
    }

    /// Carries out a transfer or a cancellation, once.
    fn terminal(&mut self, at: usize) -> Result<(), Refusal> {
        let package = self.package;
        let tx = &package.transactions[at];
        let (taken, receivers, balance) = match &tx.value.action {
            Action::Transfer { quantity, results, balance } => (*quantity, &results[..], balance),
            Action::Cancellation { quantity, balance } => (*quantity, &[][..], balance),
            Action::Issuance(_) | Action::Acceptance => return Ok(()),
        };
        if !self.done.insert(at) {
            return Ok(());
        }
        let security = tx.value.security_id.as_str();
        let Some(source) = self.open.get(security).cloned() else {
            if !self.closed.contains(security) {
                let what = format!("the certificate {security} is not issued on that date");
                return Err(self.broken(tx, Rule::CertificateUnknown, what));
            }
            let what = format!("another event has closed the certificate {security}");
            self.tolerate(tx, Code::TerminalTwice, what, "ignored, with what it would open")?;
            return Ok(());
        };
        let mut results = Vec::new();
        let mut sum = Quantity::ZERO;
        for id in receivers {
            if let Some(result) = self.result(tx, &source, id)? {
                sum = sum.checked_add(result.quantity).ok_or_else(|| {
                    self.broken(tx, Rule::QuantityMismatch, "the results are beyond any number")
                })?;
                results.push(result);
            }
        }
        let Some(rest) = source.quantity.checked_sub(taken) else {
            let what = format!("it takes {taken} out of {}", source.quantity);
            return Err(self.broken(tx, Rule::SharesInsufficient, what));
        };
        if !receivers.is_empty() && sum != taken {
            let what = format!("it transfers {taken}, the resulting certificates hold {sum}");
            return Err(self.broken(tx, Rule::QuantityMismatch, what));
        }
        let balance = match balance {
            Some(id) => self.result(tx, &source, id)?,
            None => None,
        };
        let held = balance.as_ref().map_or(Quantity::ZERO, |balance| balance.quantity);
        if balance.is_some() && held != rest {
            let what = format!("{rest} is left, the balance certificate holds {held}");
            return Err(self.broken(tx, Rule::QuantityMismatch, what));
        }
        if let Some(balance) = &balance
            && balance.stakeholder_id != source.issuance.stakeholder_id
        {
            let what = "the balance certificate is of another holder";
            return Err(self.refuse(tx, Code::ResultInvalid, what));
        }
        self.open.remove(security);
        let balance = match balance {
            None if !rest.is_zero() => Some(self.reduce(tx, &source, rest)?),
            other => other,
        };
        if !self.open.contains_key(security) {
            self.closed.insert(security);
        }
        let (security_id, date) = (source.security_id, tx.value.date);
        let opened: Vec<String> =
            results.iter().chain(&balance).map(|result| result.security_id.clone()).collect();
        let item = if receivers.is_empty() {
            StockItem::Cancellation { security_id, date, balance }
        } else {
            results.extend(balance);
            StockItem::Transfer { security_id, date, results }
        };
        self.push(tx.file, &tx.id, item);
        for id in opened {
            for at in self.acceptances.get(id.as_str()).cloned().unwrap_or_default() {
                if self.date(at) == date {
                    self.accept(at)?;
                }
            }
        }
        Ok(())
    }

    /// The certificate that a terminal event opens, as its issuance describes it.
    fn result(
        &mut self,
        tx: &Tx,
        source: &Open<'a>,
        id: &'a str,
    ) -> Result<Option<ImportResult>, Refusal> {
        let package = self.package;
        let Some(&at) = self.issuances.get(id) else {
            let what = format!("no issuance opens the resulting certificate {id}");
            self.tolerate(tx, Code::ReferenceUnknown, what, "the link is left out")?;
            return Ok(None);
        };
        let opening = &package.transactions[at];
        let Action::Issuance(issuance) = &opening.value.action else {
            let what = format!("{id} is not a certificate");
            return Err(self.refuse(tx, Code::ResultInvalid, what));
        };
        if opening.value.date != tx.value.date {
            let what = format!("the certificate {id} is dated {}", opening.value.date);
            return Err(self.refuse(tx, Code::ResultInvalid, what));
        }
        if issuance.class_id != source.issuance.class_id {
            let what = format!("the certificate {id} is of another class");
            return Err(self.refuse(tx, Code::ResultInvalid, what));
        }
        let open = Open { issuance, quantity: issuance.quantity, security_id: id.to_owned() };
        self.open.insert(id, open);
        Ok(Some(ImportResult {
            security_id: id.to_owned(),
            stakeholder_id: issuance.stakeholder_id.clone(),
            quantity: issuance.quantity,
            number: issuance.number.clone(),
        }))
    }

    /// LENIENT: what is left stays where it is. Later references to the certificate mean it.
    fn reduce(
        &mut self,
        tx: &'a Tx,
        source: &Open<'a>,
        rest: Quantity,
    ) -> Result<ImportResult, Refusal> {
        let what = format!("{rest} is left and no balance certificate is named");
        let done = "reduced in place, under a balance certificate";
        self.tolerate(tx, Code::BalanceMissing, what, done)?;
        let balance = ImportResult {
            security_id: self.fresh(&tx.value.security_id),
            stakeholder_id: source.issuance.stakeholder_id.clone(),
            quantity: rest,
            number: self.fresh(&source.issuance.number),
        };
        let security_id = balance.security_id.clone();
        let open = Open { issuance: source.issuance, quantity: rest, security_id };
        self.open.insert(&tx.value.security_id, open);
        Ok(balance)
    }

    /// The first of `<text>/2`, `<text>/3` and so on that nothing else is called.
    fn fresh(&mut self, text: &str) -> String {
        let mut nth = 2usize;
        loop {
            let candidate = format!("{text}/{nth}");
            if self.taken.insert(candidate.clone()) {
                return candidate;
            }
            nth += 1;
        }
    }

    fn date(&self, at: usize) -> Date {
        self.package.transactions[at].value.date
    }

    fn push(&mut self, file: usize, id: &str, item: StockItem) {
        self.lowered.items.push(item);
        self.lowered.origins.push(Origin { file, id: id.to_owned() });
    }

    /// Refuses a departure in STRICT, and notes it with what was done in LENIENT.
    fn tolerate(&mut self, tx: &Tx, code: Code, what: String, done: &str) -> Result<(), Refusal> {
        if self.mode == Mode::Strict {
            return Err(self.refuse(tx, code, what));
        }
        self.find(tx, code, what, done);
        Ok(())
    }

    fn find(&mut self, tx: &Tx, code: Code, what: String, done: &str) {
        let finding = Finding::new(code, self.package.file(tx.file), &tx.id, what, done);
        self.lowered.findings.push(finding);
    }

    fn refuse(&self, tx: &Tx, code: Code, what: impl Into<String>) -> Refusal {
        Refusal::new(code, self.package.file(tx.file), &tx.id, what)
    }

    fn broken(&self, tx: &Tx, rule: Rule, what: impl Into<String>) -> Refusal {
        Refusal::rule(rule, self.package.file(tx.file), &tx.id, what)
    }
}

/// The fewest decimals that a quantity can be written with.
fn decimals_of(quantity: Quantity) -> u8 {
    (0..DECIMALS).find(|decimals| quantity.has_granularity(*decimals)).unwrap_or(DECIMALS)
}
