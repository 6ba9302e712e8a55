//! Events that take from a security, or end it.

use super::{Life, Walk};
use crate::amount::Quantity;
use crate::ocf::history::index::issues_anew;
use crate::ocf::normal::shown;
use crate::ocf::object::Kind;
use crate::ocf::{Code, Refusal};
use crate::rule::Rule;

impl Walk<'_> {
    pub(super) fn terminal(&mut self, at: usize) -> Result<(), Refusal> {
        let Some(security) = self.index.txs[at].security else { return Ok(()) };
        for security in self.index.txs[at].concerned().collect::<Vec<usize>>() {
            self.read_for(at, security)?;
            let left = self.index.txs[at].wanted.as_ref();
            let told = left.is_some_and(|left| self.given.contains(left));
            match self.states[security].life {
                Life::Open if !told => {}
                Life::Open | Life::Closed => return self.second(at, told),
                Life::Ahead | Life::Out => {
                    self.consolidates_in_part(at)?;
                    let what = "what it concerns was left out";
                    let done = "left out, with what it would open";
                    self.departure(at, Code::ReferenceUnknown, what, done)?;
                    self.ignore(at);
                    return Ok(());
                }
            }
        }
        use Kind::*;
        match self.index.txs[at].kind {
            StockTransfer | EquityCompensationTransfer | WarrantTransfer => {
                let taken = self.taken(at, security, true)?;
                self.part(at, security, taken, true)
            }
            StockCancellation
            | EquityCompensationCancellation
            | WarrantCancellation
            | StockRepurchase => {
                let taken = self.taken(at, security, false)?;
                self.part(at, security, taken, false)
            }
            StockConversion => {
                let taken = self.quantity(at, "quantity_converted")?;
                self.part(at, security, taken, false)
            }
            ConvertibleTransfer => {
                let taken = self.amount(at, "amount")?;
                self.part(at, security, taken, true)
            }
            ConvertibleCancellation => {
                let taken = self.amount(at, "amount")?;
                self.part(at, security, taken, false)
            }
            EquityCompensationExercise | EquityCompensationRelease => {
                let taken = self.quantity(at, "quantity")?;
                self.in_place(at, security, taken)
            }
            WarrantExercise => match self.object(at).value("quantity") {
                Some(_) => {
                    let taken = self.quantity(at, "quantity")?;
                    self.in_place(at, security, taken)
                }
                // What it results in is what was taken, and all of it where that is not known.
                None => match self.results_hold(at)? {
                    Some(taken) if !taken.is_zero() && self.held(security).is_some() => {
                        self.in_place(at, security, taken)
                    }
                    _ => self.whole(at, security),
                },
            },
            StockReissuance => self.reissue(at, security),
            StockConsolidation => self.consolidate(at),
            // A conversion of a convertible counts no units: the balance says what is left.
            _ => self.whole(at, security),
        }
    }

    /// Refuses a consolidation of which a certificate was left out while others are there: what they
    /// make up is not known.
    fn consolidates_in_part(&self, at: usize) -> Result<(), Refusal> {
        let mut concerned = self.index.txs[at].concerned();
        if concerned.any(|security| self.states[security].life == Life::Open) {
            let result = self.object(at).text("resulting_security_id").unwrap_or_default();
            let what = format!(
                "a certificate that {} is made up of was left out; say what becomes of the others",
                shown(result)
            );
            return Err(self.refusal(at, Code::ResultInvalid, what));
        }
        Ok(())
    }

    /// Ignores an event after the one that closed its security, or left the balance that it leaves.
    fn second(&mut self, at: usize, told: bool) -> Result<(), Refusal> {
        let what = match told {
            true => "another event has left the certificate that it leaves",
            false => "another event has closed its security",
        };
        if issues_anew(self.index.txs[at].kind) {
            let done = "ignored; the shares that it opens stay as they are issued";
            self.departure(at, Code::TerminalTwice, what, done)?;
            self.let_stand(at)?;
        } else {
            let done = "ignored, with what it would open";
            self.departure(at, Code::TerminalTwice, what, done)?;
        }
        self.ignore(at);
        Ok(())
    }

    /// Leaves an event out, and what it alone would open.
    fn ignore(&mut self, at: usize) {
        self.index.txs[at].out = true;
        for result in self.index.txs[at].opened().collect::<Vec<usize>>() {
            if self.index.securities[result].opener == Some(at) {
                self.lose(result);
            }
        }
    }

    /// Parts an event from its results, which stay as they are issued.
    fn let_stand(&mut self, at: usize) -> Result<(), Refusal> {
        for result in std::mem::take(&mut self.index.txs[at].results) {
            if self.index.securities[result].opener == Some(at) {
                self.index.securities[result].opener = None;
                self.issue(self.index.securities[result].issuance)?;
            }
        }
        self.change(at).set("resulting_security_ids", Vec::<String>::new().into());
        Ok(())
    }

    /// Takes a part of a security, or all of it; what is left stands under a balance.
    fn part(
        &mut self,
        at: usize,
        security: usize,
        taken: Quantity,
        conserved: bool,
    ) -> Result<(), Refusal> {
        if taken.is_zero() {
            if self.index.txs[at].opened().next().is_some() {
                return Err(self.broken(
                    at,
                    Rule::QuantityZero,
                    "it takes nothing and opens something",
                ));
            }
            let what = "it takes nothing";
            self.departure(at, Code::QuantityZero, what, "left out")?;
            self.index.txs[at].out = true;
            return Ok(());
        }
        let rest = match self.held(security) {
            Some(held) => Some(held.checked_sub(taken).ok_or_else(|| {
                let what = format!("it takes {taken} out of {held}");
                self.broken(at, Rule::SharesInsufficient, what)
            })?),
            // A warrant may not say for how many shares it is.
            None => None,
        };
        self.rename(at, security);
        self.cancelled(at, security, taken);
        let opened = self.open_results(at, security, conserved)?;
        if conserved && opened.is_some_and(|opened| opened != taken) {
            let opened = opened.unwrap_or_default();
            let what = format!("it transfers {taken}, and its results hold {opened}");
            return Err(self.broken(at, Rule::QuantityMismatch, what));
        }
        self.settle_balance(at, security, rest)
    }

    /// Ends a security, but for the balance that the event names.
    fn whole(&mut self, at: usize, security: usize) -> Result<(), Refusal> {
        self.rename(at, security);
        let held = self.held(security);
        self.cancelled(at, security, held.unwrap_or_default());
        self.open_results(at, security, false)?;
        let rest = match self.index.txs[at].balance {
            Some(balance) => {
                let issuance = self.index.securities[balance].issuance;
                let rest = self.issued(issuance)?;
                if let (Some(held), Some(rest)) = (held, rest)
                    && rest > held
                {
                    let what = format!("the balance holds {rest} of {held}");
                    return Err(self.broken(at, Rule::QuantityMismatch, what));
                }
                rest
            }
            None => Some(Quantity::ZERO),
        };
        self.settle_balance(at, security, rest)
    }

    /// Reduces a grant or a warrant, which stays the same security.
    fn in_place(&mut self, at: usize, security: usize, taken: Quantity) -> Result<(), Refusal> {
        self.rename(at, security);
        if taken.is_zero() {
            let done = match self.index.txs[at].results.is_empty() {
                true => "left out",
                false => "left out; the shares that it opens stay as they are issued",
            };
            self.departure(at, Code::QuantityZero, "it takes nothing", done)?;
            self.let_stand(at)?;
            self.index.txs[at].out = true;
            return Ok(());
        }
        if let Some(held) = self.held(security) {
            let rest = held.checked_sub(taken).ok_or_else(|| {
                let what = format!("it takes {taken} out of {held}");
                self.broken(at, Rule::SharesInsufficient, what)
            })?;
            self.states[security].held = Some(rest);
            if rest.is_zero() {
                self.states[security].life = Life::Closed;
            }
        }
        self.part_from_results(at, taken)?;
        self.open_results(at, security, false).map(drop)
    }

    /// Parts an event from results that hold more than it takes. Fewer shares may result, where a part
    /// pays the price or the tax, and never more; each says for itself what it takes and holds.
    fn part_from_results(&mut self, at: usize, taken: Quantity) -> Result<(), Refusal> {
        let Some(opened) = self.results_hold(at)?.filter(|opened| *opened > taken) else {
            return Ok(());
        };
        let what = format!("it takes {taken}, and its results hold {opened}");
        let done = "the links are left out: what it takes and what they hold stay as they are told";
        self.departure(at, Code::ResultInvalid, what, done)?;
        self.let_stand(at)
    }

    /// The same shares under other certificates.
    fn reissue(&mut self, at: usize, security: usize) -> Result<(), Refusal> {
        if self.index.txs[at].results.is_empty() {
            let what = "it reissues a certificate as nothing";
            self.departure(at, Code::ReferenceUnknown, what, "left out: the certificate stays")?;
            self.index.txs[at].out = true;
            return Ok(());
        }
        self.rename(at, security);
        let held = self.held(security);
        let opened = self.open_results(at, security, true)?;
        if let Some(wanted) = self.index.txs[at].wanted.clone() {
            let rest = held.zip(opened).and_then(|(held, opened)| held.checked_sub(opened));
            if let Some(rest) = rest.filter(|rest| !rest.is_zero()) {
                return self.reissue_rest(at, security, rest, wanted);
            }
            let what = format!("no issuance opens the resulting security {}", shown(&wanted));
            self.departure(at, Code::ReferenceUnknown, what, "the link is left out")?;
        }
        if let (Some(held), Some(opened)) = (held, opened)
            && held != opened
        {
            let what = format!("it reissues {held}, and its results hold {opened}");
            return Err(self.broken(at, Rule::QuantityMismatch, what));
        }
        self.states[security].life = Life::Closed;
        Ok(())
    }

    /// Makes the one certificate that a reissuance lacks: a reissuance changes neither holder nor
    /// class, so all of it is known.
    fn reissue_rest(
        &mut self,
        at: usize,
        security: usize,
        rest: Quantity,
        wanted: String,
    ) -> Result<(), Refusal> {
        let what = format!("no issuance opens the resulting security {}", shown(&wanted));
        let done = format!("a certificate of {rest} is made: a reissuance keeps its holder");
        self.departure(at, Code::ReferenceUnknown, what, &done)?;
        let mut results: Vec<String> =
            self.object(at).texts("resulting_security_ids").map(str::to_owned).collect();
        results.push(wanted.clone());
        self.change(at).set("resulting_security_ids", results.into());
        let made = self.make(at, security, rest, Some(wanted));
        let state = &mut self.states[security];
        (state.held, state.stands) = (Some(rest), Some(made));
        Ok(())
    }

    /// Several certificates of one holder and class become one.
    fn consolidate(&mut self, at: usize) -> Result<(), Refusal> {
        let mut sources: Vec<usize> = self.index.txs[at].concerned().collect();
        let mut ids = Vec::with_capacity(sources.len());
        let mut sum = Quantity::ZERO;
        for source in &sources {
            let held = self.held(*source).unwrap_or_default();
            sum = sum.checked_add(held).filter(|sum| *sum <= Quantity::MAX).ok_or_else(|| {
                self.broken(at, Rule::QuantityMismatch, "the certificates are beyond any number")
            })?;
            self.alike(at, sources[0], *source)?;
            ids.push(self.stands(*source).text("security_id").unwrap_or_default().to_owned());
        }
        self.change(at).set("security_ids", ids.into());
        match self.index.txs[at].results.first().copied() {
            Some(result) => {
                self.alike(at, sources[0], result)?;
                let opened = self.open_results(at, sources[0], true)?.unwrap_or_default();
                if opened != sum {
                    let what = format!("it consolidates {sum}, and its result holds {opened}");
                    return Err(self.broken(at, Rule::QuantityMismatch, what));
                }
            }
            None => {
                let what = "no issuance opens its result";
                let done = "the issuance is made: all of it is known";
                self.departure(at, Code::ReferenceUnknown, what, done)?;
                let wanted = self.index.txs[at].wanted.clone();
                let made = self.make(at, sources[0], sum, wanted);
                // It lives on as the first of them, under the name of the result.
                let first = &mut self.states[sources[0]];
                (first.held, first.stands) = (Some(sum), Some(made));
                sources.remove(0);
            }
        }
        for source in sources {
            self.states[source].life = Life::Closed;
        }
        Ok(())
    }
}
