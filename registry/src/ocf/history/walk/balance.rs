//! What an event opens, and what it leaves.

use super::{Fresh, Life, Walk};
use crate::amount::Quantity;
use crate::ocf::history::index::Security;
use crate::ocf::normal::shown;
use crate::ocf::object::{Kind, Object};
use crate::ocf::{Code, Refusal};
use crate::rule::Rule;

impl Walk<'_> {
    /// What the results of an event hold together; none where one does not say.
    pub(super) fn results_hold(&self, at: usize) -> Result<Option<Quantity>, Refusal> {
        let mut sum = Some(Quantity::ZERO);
        for result in &self.index.txs[at].results {
            let held = self.issued(self.index.securities[*result].issuance)?;
            sum = match (sum, held) {
                (Some(sum), Some(held)) => Some(sum.checked_add(held).ok_or_else(|| {
                    self.broken(at, Rule::QuantityMismatch, "the results are beyond any number")
                })?),
                _ => None,
            };
        }
        Ok(sum)
    }

    /// Opens the results of an event. Returns what they hold together, none where one does not say.
    pub(super) fn open_results(
        &mut self,
        at: usize,
        security: usize,
        same: bool,
    ) -> Result<Option<Quantity>, Refusal> {
        let sum = self.results_hold(at)?;
        for result in self.index.txs[at].results.clone() {
            let Security { id, issuance, opener, .. } = &self.index.securities[result];
            if *opener != Some(at) {
                let what = format!("the security {} results from two events", shown(id));
                return Err(self.refusal(at, Code::ResultInvalid, what));
            }
            let issuance = *issuance;
            let found = self.object(issuance).kind();
            let source = self.object(self.index.securities[security].issuance).kind();
            let wanted = if same { source } else { Kind::StockIssuance };
            // A convertible converts into whatever its terms say; it pays nobody's work.
            let free = source == Kind::ConvertibleIssuance
                && !same
                && found != Kind::EquityCompensationIssuance;
            if found != wanted && !free {
                let id = shown(&self.index.securities[result].id);
                let what = format!("its result {id} is opened by {found}, not by {wanted}");
                return Err(self.refusal(at, Code::ResultInvalid, what));
            }
            if same {
                self.same_class(at, security, result)?;
            }
            let held = self.issued(issuance)?;
            if held == Some(Quantity::ZERO) {
                return Err(self.broken(issuance, Rule::QuantityZero, "it opens nothing"));
            }
            self.open(result, held);
        }
        Ok(sum)
    }

    /// Closes a security of which `rest` is left, and opens the balance.
    pub(super) fn settle_balance(
        &mut self,
        at: usize,
        security: usize,
        rest: Option<Quantity>,
    ) -> Result<(), Refusal> {
        let balance = self.index.txs[at].balance;
        let wanted = self.index.txs[at].wanted.clone();
        let none = rest == Some(Quantity::ZERO) || (rest.is_none() && balance.is_none());
        match (balance, none) {
            (Some(balance), false) => {
                self.alike(at, security, balance)?;
                let issuance = self.index.securities[balance].issuance;
                let held = self.issued(issuance)?;
                if let (Some(rest), Some(held)) = (rest, held)
                    && rest != held
                {
                    let what = format!("{rest} is left, and its balance holds {held}");
                    return Err(self.broken(at, Rule::QuantityMismatch, what));
                }
                self.vesting_goes_on(at, security, balance)?;
                self.open(balance, held);
            }
            (Some(balance), true) => {
                let issuance = self.index.securities[balance].issuance;
                if self.issued(issuance)?.is_some_and(|held| !held.is_zero()) {
                    let held = self.issued(issuance)?.unwrap_or_default();
                    let what = format!("nothing is left, and its balance holds {held}");
                    return Err(self.broken(at, Rule::QuantityMismatch, what));
                }
                let what = "nothing is left, and it names a balance of nothing";
                self.departure(at, Code::BalanceMissing, what, "the balance is left out")?;
                self.lose(balance);
                self.change(at).remove("balance_security_id");
            }
            (None, true) => {
                if wanted.is_some() {
                    let what = "nothing is left, and it names a balance that is not there";
                    self.departure(at, Code::BalanceMissing, what, "the link is left out")?;
                    self.change(at).remove("balance_security_id");
                }
            }
            (None, false) => {
                let rest = rest.unwrap_or_default();
                let what = match &wanted {
                    Some(_) => format!("{rest} is left, and its balance is not there"),
                    None => format!("{rest} is left, and it names no balance"),
                };
                let done = "reduced in place: a balance is made, and later references mean it";
                self.departure(at, Code::BalanceMissing, what, done)?;
                let made = self.make(at, security, rest, wanted);
                let id = made.text("security_id").unwrap_or_default();
                self.change(at).set("balance_security_id", id.into());
                let state = &mut self.states[security];
                (state.held, state.stands) = (Some(rest), Some(made));
                return Ok(());
            }
        }
        self.states[security].life = Life::Closed;
        Ok(())
    }

    /// Points out a balance without the vesting of what it is left of: the format takes it as vested.
    fn vesting_goes_on(&mut self, at: usize, from: usize, balance: usize) -> Result<(), Refusal> {
        let vests = |object: &Object| {
            object.value("vesting_terms_id").is_some() || object.value("vestings").is_some()
        };
        let balance = self.object(self.index.securities[balance].issuance);
        if vests(balance) || !vests(self.stands(from)) {
            return Ok(());
        }
        let what = format!(
            "its balance {} names no vesting",
            shown(balance.text("security_id").unwrap_or_default())
        );
        let item = &self.package.items[self.index.txs[at].item];
        let (file, id) = (self.package.file(item.file), item.object.id());
        let done = "the balance counts as vested";
        self.findings.note(Code::VestingDropped, file, id, what, done)
    }

    /// Refuses a certificate of another holder, kind or class than the one it comes from.
    pub(super) fn alike(&self, at: usize, security: usize, other: usize) -> Result<(), Refusal> {
        let (one, two) = (self.stands(security), self.stands(other));
        for field in ["stakeholder_id", "stock_class_id"] {
            if one.kind() != two.kind() || one.text(field) != two.text(field) {
                let id = shown(&self.index.securities[other].id);
                let what = format!("{id} has another {field} than what it comes from");
                return Err(self.refusal(at, Code::ResultInvalid, what));
            }
        }
        Ok(())
    }

    fn same_class(&self, at: usize, security: usize, other: usize) -> Result<(), Refusal> {
        let (one, two) = (self.stands(security), self.stands(other));
        if one.text("stock_class_id") != two.text("stock_class_id") {
            let id = shown(&self.index.securities[other].id);
            let what = format!("{id} is of another class than what it comes from");
            return Err(self.refusal(at, Code::ResultInvalid, what));
        }
        Ok(())
    }

    /// Makes the issuance of what is left of a security. What was recorded of its vesting counts for
    /// the balance without being said again: a start of its own would begin its vesting anew.
    pub(super) fn make(
        &mut self,
        at: usize,
        security: usize,
        rest: Quantity,
        wanted: Option<String>,
    ) -> Object {
        // Named after the first certificate, however often it was reduced.
        let (model, named) =
            (self.stands(security).clone(), self.index.securities[security].issuance);
        let named = self.object(named).clone();
        let date = self.index.txs[at].date.to_string();
        self.given.extend(wanted.clone());
        let made = self.names().certificate(&model, &named, wanted, &date, rest);
        let item = self.index.txs[at].item;
        self.made.push((item, made.clone()));
        made
    }

    /// Names for what is made.
    fn names(&mut self) -> &mut Fresh {
        let items = &self.package.items;
        self.fresh.get_or_insert_with(|| Fresh::of(items))
    }
}
