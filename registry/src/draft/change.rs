//! What happens to a security that is open, as effects.

use super::plan::{Planner, consideration};
use crate::action::{Change, Extent, Issuance, SecurityKind, Terms};
use crate::amount::{Quantity, Ratio};
use crate::effect::{Effect, Granted};
use crate::handle::{PlanId, SecurityId};
use crate::register::{Certificate, Security, Target};
use crate::rule::Rule;

/// The security that a transaction names.
enum Named<'a> {
    Certificate(Certificate),
    Security(SecurityId, &'a Security),
}

/// What was cancelled or bought back of something.
struct Ceased {
    of: Granted,
    plan: Option<PlanId>,
    quantity: Quantity,
    /// What stands for that in the pool.
    drawn: Quantity,
    /// Whether it is back there by itself.
    by_itself: bool,
}

impl Planner<'_> {
    pub(super) fn changed(
        &mut self,
        kind: Option<SecurityKind>,
        security_id: &str,
        change: &Change,
    ) -> Result<(), Rule> {
        match change {
            Change::Vesting => return self.known(security_id),
            Change::ReturnedToPool { plan_id, quantity } => {
                return self.returned(security_id, plan_id, *quantity);
            }
            _ => {}
        }
        match self.named(security_id, kind)? {
            Named::Certificate(certificate) => self.certificate(certificate, change),
            Named::Security(id, security) => {
                let (id, security) = (id, security.clone());
                self.security(id, &security, change)
            }
        }
    }

    fn named(&self, id: &str, kind: Option<SecurityKind>) -> Result<Named<'_>, Rule> {
        match self.register.security_named(self.issuer, id) {
            Some(Target::Certificate(certificate)) => {
                if kind.is_some_and(|kind| kind != SecurityKind::Stock) {
                    return Err(Rule::SecurityMismatch);
                }
                let certificate = self.register.certificate(certificate);
                certificate.map(Named::Certificate).ok_or(Rule::SecurityEnded)
            }
            Some(Target::Security(security)) => {
                let facts = self.register.security(security).ok_or(Rule::SecurityUnknown)?;
                if kind.is_some_and(|kind| kind != kind_of(facts)) {
                    return Err(Rule::SecurityMismatch);
                }
                if facts.ended {
                    Err(Rule::SecurityEnded)
                } else {
                    Ok(Named::Security(security, facts))
                }
            }
            _ => Err(Rule::SecurityUnknown),
        }
    }

    /// Vesting may be told of a security that has ended since, and may have begun before the issuance:
    /// with the employment, say.
    fn known(&self, id: &str) -> Result<(), Rule> {
        match self.register.security_named(self.issuer, id) {
            Some(Target::Certificate(_) | Target::Security(_)) => Ok(()),
            _ => Err(Rule::SecurityUnknown),
        }
    }

    fn close(&mut self, closed: &Certificate) {
        let Certificate { id, class, account, quantity, .. } = *closed;
        self.push(Effect::CertificateClosed { certificate: id, class, account, quantity });
    }

    fn certificate(&mut self, closed: Certificate, change: &Change) -> Result<(), Rule> {
        match change {
            Change::Accepted => {
                self.push(Effect::CertificateAccepted { certificate: closed.id });
                Ok(())
            }
            Change::Retracted => {
                self.close(&closed);
                self.register.plan_returns(&mut self.event);
                Ok(())
            }
            Change::Transferred { extent, results, balance } => {
                covers(*extent, results)?;
                self.close(&closed);
                self.continued(&closed, balance.as_slice(), true)?;
                self.continued(&closed, results, false)
            }
            Change::Reissued { results } => {
                self.close(&closed);
                self.continued(&closed, results, false)
            }
            Change::Cancelled { extent, balance } => {
                self.reduced(&closed, *extent, balance)?;
                self.register.plan_returns(&mut self.event);
                Ok(())
            }
            Change::Repurchased { quantity, price, balance } => {
                self.event.consideration = consideration(*price, *quantity);
                self.reduced(&closed, Extent::Quantity(*quantity), balance)?;
                let class = self.register.class(closed.class).ok_or(Rule::ClassUnknown)?;
                if class.keeps_repurchased {
                    self.push(Effect::TreasuryKept { class: closed.class, quantity: *quantity });
                }
                Ok(())
            }
            Change::Converted { extent, results, balance } => {
                self.reduced(&closed, *extent, balance)?;
                for result in results {
                    let Terms::Stock { class_id, .. } = &result.terms else {
                        return Err(Rule::ResultMismatch);
                    };
                    if self.class_named(class_id)? == closed.class {
                        return Err(Rule::ResultMismatch);
                    }
                    self.open(result)?;
                }
                Ok(())
            }
            _ => Err(Rule::SecurityMismatch),
        }
    }

    /// Closes a certificate of which a part ceases to be, and opens its balance.
    fn reduced(
        &mut self,
        closed: &Certificate,
        extent: Extent,
        balance: &Option<Issuance>,
    ) -> Result<(), Rule> {
        let kept = balance.as_ref().map_or(Ok(Quantity::ZERO), quantity_of)?;
        let Extent::Quantity(gone) = extent else { return Err(Rule::SecurityMismatch) };
        if gone > closed.quantity {
            return Err(Rule::SecurityInsufficient);
        }
        if gone.checked_add(kept) != Some(closed.quantity) {
            return Err(Rule::QuantityMismatch);
        }
        self.close(closed);
        self.continued(closed, balance.as_slice(), true)
    }

    /// Opens certificates that continue a closed one: of its class, and of its holder too where
    /// nothing changes hands.
    fn continued(
        &mut self,
        closed: &Certificate,
        results: &[Issuance],
        stays: bool,
    ) -> Result<(), Rule> {
        let holder = self.register.account(closed.account).map(|account| account.holder);
        for result in results {
            let Terms::Stock { class_id, .. } = &result.terms else {
                return Err(Rule::ResultMismatch);
            };
            let account = self.account_named(&result.stakeholder_id)?;
            let same = self.register.account(account).map(|account| account.holder) == holder;
            if self.class_named(class_id)? != closed.class || (stays && !same) {
                return Err(Rule::ResultMismatch);
            }
            self.open(result)?;
        }
        Ok(())
    }

    pub(super) fn consolidated(
        &mut self,
        security_ids: &[String],
        result: &Issuance,
    ) -> Result<(), Rule> {
        let mut first: Option<Certificate> = None;
        for id in security_ids {
            let Named::Certificate(closed) = self.named(id, Some(SecurityKind::Stock))? else {
                return Err(Rule::SecurityMismatch);
            };
            let holder = |of: &Certificate| self.register.account(of.account).map(|a| a.holder);
            let same = first.is_none_or(|first| {
                first.class == closed.class && holder(&first) == holder(&closed)
            });
            if !same {
                return Err(Rule::ResultMismatch);
            }
            first.get_or_insert(closed);
            self.close(&closed);
        }
        let first = first.ok_or(Rule::SecurityUnknown)?;
        self.continued(&first, std::slice::from_ref(result), true)
    }

    fn security(&mut self, id: SecurityId, facts: &Security, change: &Change) -> Result<(), Rule> {
        match change {
            Change::Accepted => {
                self.push(Effect::SecurityAccepted { security: id });
                Ok(())
            }
            Change::Repriced { price } => {
                self.push(Effect::SecurityRepriced { security: id, price: *price });
                Ok(())
            }
            Change::Exercised { extent, results } => self.taken(id, facts, *extent, results),
            Change::Released { quantity, results } => {
                self.taken(id, facts, Extent::Quantity(*quantity), results)
            }
            Change::Retracted => {
                self.close_security(id, facts);
                self.back_to_pool(id, facts, facts.quantity.unwrap_or_default());
                Ok(())
            }
            Change::Transferred { extent, results, balance } => {
                covers(*extent, results)?;
                self.close_security(id, facts);
                balance.iter().try_for_each(|balance| self.open_balance(balance))?;
                results.iter().try_for_each(|result| self.open(result))
            }
            Change::Cancelled { extent, balance } => {
                let gone = self.ceased(id, facts, *extent, balance)?;
                let plan = facts.plan.and_then(|plan| self.register.plan(plan));
                if plan.is_some_and(|plan| plan.returns) {
                    self.back_to_pool(id, facts, gone);
                }
                Ok(())
            }
            Change::Converted { extent, results, balance } => {
                self.ceased(id, facts, *extent, balance)?;
                results.iter().try_for_each(|result| self.converted_into(result))
            }
            _ => Err(Rule::SecurityMismatch),
        }
    }

    fn close_security(&mut self, security: SecurityId, facts: &Security) {
        let (account, quantity) = (facts.account, facts.quantity);
        self.push(Effect::SecurityClosed { security, account, quantity });
    }

    /// Closes a security of which a part ceases to be, opens its balance, and says how much ceased.
    fn ceased(
        &mut self,
        id: SecurityId,
        facts: &Security,
        extent: Extent,
        balance: &Option<Issuance>,
    ) -> Result<Quantity, Rule> {
        let kept = balance.as_ref().map_or(Ok(Quantity::ZERO), quantity_of)?;
        let gone = match extent {
            Extent::Quantity(quantity) => quantity,
            Extent::Amount(money) if Some(money.currency) == facts.currency => {
                Quantity(money.amount)
            }
            Extent::Amount(_) => return Err(Rule::CurrencyMismatch),
            Extent::Whole => {
                let left = facts.quantity.unwrap_or_default().checked_sub(kept);
                left.ok_or(Rule::SecurityInsufficient)?
            }
        };
        if let Some(left) = facts.quantity {
            if gone > left {
                return Err(Rule::SecurityInsufficient);
            }
            if gone.checked_add(kept) != Some(left) {
                return Err(Rule::QuantityMismatch);
            }
        }
        self.close_security(id, facts);
        if let Some(balance) = balance {
            self.open_balance(balance)?;
        }
        Ok(gone)
    }

    /// A convertible becomes shares, a warrant or another convertible, as its terms say.
    fn converted_into(&mut self, result: &Issuance) -> Result<(), Rule> {
        match result.terms.kind() {
            SecurityKind::Compensation => Err(Rule::ResultMismatch),
            _ => self.open(result),
        }
    }

    /// An exercise or a release: reduces in place, and opens what it results in.
    fn taken(
        &mut self,
        security: SecurityId,
        facts: &Security,
        extent: Extent,
        results: &[Issuance],
    ) -> Result<(), Rule> {
        let place = self.event.effects.len();
        let mut shares = Quantity::ZERO;
        for result in results {
            let opened = self.open_shares(result)?;
            shares = shares.checked_add(opened).ok_or(Rule::QuantityMismatch)?;
        }
        // A warrant's exercise bears no quantity (OCF 1.2.0): what it results in is what was taken,
        // and all of it where its quantity is open or nothing results.
        let (taken, after) = match (extent, facts.quantity) {
            (Extent::Quantity(taken), Some(left)) => (taken, left.checked_sub(taken)),
            (Extent::Whole, Some(left)) if !results.is_empty() => {
                (shares, left.checked_sub(shares))
            }
            (_, left) => (left.unwrap_or(shares), Some(Quantity::ZERO)),
        };
        let after = after.ok_or(Rule::SecurityInsufficient)?;
        if taken.is_zero() {
            return Err(Rule::QuantityZero);
        }
        // Fewer shares may result, where a part pays the price or the tax; never more.
        if shares > taken {
            return Err(Rule::QuantityMismatch);
        }
        let before = facts.quantity;
        self.event.effects.insert(place, Effect::SecurityReduced { security, before, after });
        if let Some(plan) = facts.plan {
            self.push(Effect::PoolExercised { plan, quantity: taken });
        }
        Ok(())
    }

    fn open_shares(&mut self, result: &Issuance) -> Result<Quantity, Rule> {
        let Terms::Stock { quantity, .. } = &result.terms else {
            return Err(Rule::ResultMismatch);
        };
        self.open(result)?;
        Ok(*quantity)
    }

    fn back_to_pool(&mut self, security: SecurityId, facts: &Security, quantity: Quantity) {
        if let Some(plan) = facts.plan
            && !quantity.is_zero()
        {
            let from = Granted::Security(security);
            self.push(Effect::PoolReturned { plan, from, moved: false, quantity });
        }
    }

    /// What a plan says of itself returns at once; the transaction of the format then only documents
    /// it, unless it names another pool.
    fn returned(&mut self, id: &str, plan_id: &str, quantity: Quantity) -> Result<(), Rule> {
        let plan = self.plan_named(plan_id)?;
        if quantity.is_zero() {
            return Err(Rule::QuantityZero);
        }
        let ceased = self.ceased_of(id)?;
        if quantity > ceased.quantity {
            return Err(Rule::PoolReturnExceeded);
        }
        // A package that splits a class need not say what becomes of its pools: what stands in them for
        // the certificate is what returns.
        let share = Ratio::new(ceased.drawn, ceased.quantity);
        let quantity = share.and_then(|share| share.of(quantity.0, 1)).map(Quantity);
        let quantity = quantity.ok_or(Rule::PoolReturnExceeded)?;
        let (from, by_itself) = (ceased.of, ceased.by_itself);
        match ceased.plan.filter(|_| by_itself) {
            Some(own) if own == plan => {}
            Some(own) => {
                self.push(Effect::PoolDrawn { plan: own, quantity });
                self.push(Effect::PoolReturned { plan, from, moved: true, quantity });
            }
            None => self.push(Effect::PoolReturned { plan, from, moved: false, quantity }),
        }
        Ok(())
    }

    fn ceased_of(&self, id: &str) -> Result<Ceased, Rule> {
        match self.register.security_named(self.issuer, id) {
            Some(Target::Certificate(certificate)) => {
                let stock = self.register.plan_stock(certificate).cloned().unwrap_or_default();
                Ok(Ceased {
                    of: Granted::Stock(certificate),
                    plan: stock.plan,
                    quantity: stock.ceased,
                    drawn: stock.drawn,
                    by_itself: stock.by_itself,
                })
            }
            Some(Target::Security(security)) => {
                let facts = self.register.security(security).ok_or(Rule::SecurityUnknown)?;
                Ok(Ceased {
                    of: Granted::Security(security),
                    plan: facts.plan,
                    quantity: facts.cancelled,
                    drawn: facts.cancelled,
                    by_itself: facts.by_itself,
                })
            }
            _ => Err(Rule::SecurityUnknown),
        }
    }
}

/// What is transferred is what the receivers get.
fn covers(extent: Extent, results: &[Issuance]) -> Result<(), Rule> {
    let mut sum = Quantity::ZERO;
    for result in results {
        let quantity = match (&result.terms, extent) {
            (Terms::Warrant { quantity: None, .. }, _) => return Ok(()),
            (Terms::Convertible { amount }, Extent::Amount(money)) => {
                if amount.currency != money.currency {
                    return Err(Rule::CurrencyMismatch);
                }
                Quantity(amount.amount)
            }
            _ => quantity_of(result)?,
        };
        sum = sum.checked_add(quantity).ok_or(Rule::QuantityMismatch)?;
    }
    let covered = match extent {
        Extent::Quantity(quantity) => sum == quantity,
        Extent::Amount(money) => sum.0 == money.amount,
        Extent::Whole => true,
    };
    if covered { Ok(()) } else { Err(Rule::QuantityMismatch) }
}

/// How much an issuance opens; a quantity that is open counts as none.
fn quantity_of(issuance: &Issuance) -> Result<Quantity, Rule> {
    Ok(match &issuance.terms {
        Terms::Stock { quantity, .. } | Terms::Compensation { quantity, .. } => *quantity,
        Terms::Warrant { quantity, .. } => quantity.unwrap_or_default(),
        Terms::Convertible { amount } => Quantity(amount.amount),
    })
}

fn kind_of(facts: &Security) -> SecurityKind {
    match facts.instrument {
        crate::effect::Instrument::Warrant => SecurityKind::Warrant,
        crate::effect::Instrument::Convertible => SecurityKind::Convertible,
        _ => SecurityKind::Compensation,
    }
}
