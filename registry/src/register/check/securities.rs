//! Grants, warrants, convertibles, and the pools that grants are drawn from.

use super::entities::expect_next;
use super::*;
use crate::effect::{Granted, Pool, SecurityOpened};
use crate::handle::{AccountId, CertificateId, PlanId, SecurityId};
use crate::register::Security;

/// What an event has done to securities that are no shares.
#[derive(Default)]
pub(super) struct Instruments {
    /// The one that it closed, and what was left of it.
    closed: Option<(SecurityId, Option<Quantity>)>,
    /// How many it opened.
    opened: usize,
    /// Whether something returned to a pool by it: once at most.
    returned: bool,
    /// The pools that it touches, as they would be.
    pools: Vec<(PlanId, Pool)>,
}

impl<'a> Tally<'a> {
    pub(super) fn instrument(&mut self, at: usize, effect: &Effect) -> Result<(), Rule> {
        match effect {
            Effect::SecurityOpened(opened) => self.opens_security(at, opened),
            Effect::SecurityClosed { security, account, quantity } => {
                let found = self.open_security(*security)?;
                let same = (found.account, found.quantity) == (*account, *quantity);
                if !same || self.instruments.closed.is_some() {
                    return Err(Rule::SecurityMismatch);
                }
                if self.event.kind == EventKind::Retraction && found.accepted {
                    return Err(Rule::AcceptedNotRetractable);
                }
                self.instruments.closed = Some((*security, *quantity));
                Ok(())
            }
            Effect::SecurityReduced { security, before, after } => {
                let found = self.open_security(*security)?;
                if found.quantity != *before {
                    return Err(Rule::SecurityMismatch);
                }
                let less = before.is_none_or(|before| before > *after);
                if less { Ok(()) } else { Err(Rule::SecurityInsufficient) }
            }
            Effect::SecurityAccepted { security } => {
                let found = self.open_security(*security)?;
                if found.accepted { Err(Rule::AlreadyAccepted) } else { Ok(()) }
            }
            Effect::SecurityRepriced { security, .. } => {
                let found = self.open_security(*security)?;
                // A split lowers the price of a warrant that leaves its number of shares open.
                let priced =
                    found.instrument.is_compensation() || self.event.kind == EventKind::Split;
                if priced { Ok(()) } else { Err(Rule::SecurityMismatch) }
            }
            // A split is compared as a whole with what it should be.
            Effect::SecurityScaled { security, .. } => self.open_security(*security).map(|_| ()),
            Effect::StockOfPlan { certificate, plan } => {
                let facts = self.register.plan(*plan).ok_or(Rule::PlanUnknown)?;
                self.of(facts.issuer)?;
                self.opened_before(at, *certificate)?;
                let drawn = self.register.drawn_for(self.event, *certificate, *plan);
                drawn.map(|_| ()).ok_or(Rule::ResultMismatch)
            }
            other => self.pool(other),
        }
    }

    fn opened_before(&self, at: usize, id: CertificateId) -> Result<(), Rule> {
        let opens = |effect: &Effect| matches!(effect, Effect::CertificateOpened(opened) if opened.certificate == id);
        let opened = self.event.effects[..at].iter().any(opens);
        if opened { Ok(()) } else { Err(Rule::CertificateUnknown) }
    }

    /// The security, which is open and was there on the date of the event.
    fn open_security(&mut self, id: SecurityId) -> Result<&'a Security, Rule> {
        let register = self.register;
        let found = register.security(id).ok_or(Rule::SecurityUnknown)?;
        self.of(found.issuer)?;
        if found.ended {
            return Err(Rule::SecurityEnded);
        }
        self.dated(found.date)?;
        self.not_before(found.last)?;
        Ok(found)
    }

    fn opens_security(&mut self, at: usize, opened: &SecurityOpened) -> Result<(), Rule> {
        let register = self.register;
        let account = register.account(opened.account).ok_or(Rule::AccountUnknown)?;
        self.of(opened.issuer)?;
        register.issuer(opened.issuer).ok_or(Rule::IssuerUnknown)?;
        if opened.holder != account.holder {
            return Err(Rule::CertificateMismatch);
        }
        let nth = u32::try_from(self.instruments.opened).map_err(|_| Rule::RegisterFull)?;
        let next = register.next_security().0.checked_add(nth);
        expect_next(next == Some(opened.security.0), register.securities.len())?;
        let of_issuer = |space: Space, text: &str| space.digest(opened.issuer, text);
        if let Some(plan) = opened.plan {
            let plan = register.plan(plan).ok_or(Rule::PlanUnknown)?;
            self.of(plan.issuer)?;
        }
        if let Some(class) = opened.class {
            let class = register.class(class).ok_or(Rule::ClassUnknown)?;
            self.of(class.issuer)?;
        }
        if !opened.source_id.is_empty() {
            self.unused(of_issuer(Space::Security, &opened.source_id), Rule::IdNotUnique)?;
        }
        for effect in &self.event.effects[..at] {
            let Effect::SecurityOpened(other) = effect else { continue };
            if !other.source_id.is_empty() && other.source_id == opened.source_id {
                return Err(Rule::IdNotUnique);
            }
            if !other.number.is_empty() && other.number == opened.number {
                self.breaks(Rule::NumberNotUnique)?;
            }
        }
        if !opened.number.is_empty() {
            let digest = of_issuer(Space::Number(opened.instrument), &opened.number);
            self.unused(digest, Rule::NumberNotUnique)?;
        }
        if opened.quantity.is_some_and(Quantity::is_zero) {
            return Err(Rule::QuantityZero);
        }
        self.instruments.opened += 1;
        Ok(())
    }

    fn pool(&mut self, effect: &Effect) -> Result<(), Rule> {
        let id = match effect {
            Effect::PoolReserved { plan, .. }
            | Effect::PoolDrawn { plan, .. }
            | Effect::PoolReturned { plan, .. }
            | Effect::PoolExercised { plan, .. }
            | Effect::PoolScaled { plan, .. } => *plan,
            _ => return Err(Rule::QuantityMismatch),
        };
        let facts = self.register.plan(id).ok_or(Rule::PlanUnknown)?;
        self.of(facts.issuer)?;
        self.not_before(facts.ruled)?;
        match effect {
            Effect::PoolReserved { .. } | Effect::PoolScaled { .. } => {
                self.not_before(facts.last)?;
            }
            Effect::PoolReturned { from, moved, quantity, .. } => {
                use EventKind::{Cancellation, Retraction, ReturnToPool};
                if !matches!(self.event.kind, Cancellation | Retraction | ReturnToPool) {
                    return Err(Rule::QuantityMismatch);
                }
                self.returns(*from, *moved, *quantity)?;
            }
            _ => {}
        }
        let pools = &mut self.instruments.pools;
        let at = match pools.iter().position(|(known, _)| *known == id) {
            Some(at) => at,
            None => {
                pools.push((id, facts.pool));
                pools.len() - 1
            }
        };
        pools[at].1 = pools[at].1.after(effect).ok_or(Rule::QuantityMismatch)?;
        Ok(())
    }

    /// What returns to a pool was cancelled: by this event, or by an earlier one and not returned yet.
    /// What moves on had returned to its own.
    fn returns(&mut self, from: Granted, moved: bool, quantity: Quantity) -> Result<(), Rule> {
        let register = self.register;
        let [ceased, returned, on] = match from {
            Granted::Stock(certificate) => {
                let stock = register.plan_stock_after(self.event, certificate);
                let stock = stock.ok_or(Rule::PoolReturnExceeded)?;
                self.of(stock.issuer)?;
                self.dated(stock.last)?;
                let drawn = if stock.ceased.is_zero() { Quantity::ZERO } else { stock.drawn };
                [drawn, stock.returned, stock.moved]
            }
            Granted::Security(id) => {
                let found = register.security(id).ok_or(Rule::SecurityUnknown)?;
                self.of(found.issuer)?;
                self.dated(found.date)?;
                let ceased = match self.instruments.closed {
                    Some((closed, left)) if closed == id => left.unwrap_or_default(),
                    _ => found.cancelled,
                };
                [ceased, found.returned, found.moved]
            }
        };
        let rest = if moved { returned.checked_sub(on) } else { ceased.checked_sub(returned) };
        let again = std::mem::replace(&mut self.instruments.returned, true);
        let draws = |effect: &Effect| matches!(effect, Effect::PoolDrawn { quantity: drawn, .. } if *drawn == quantity);
        let unmoved = moved && !self.event.effects.iter().any(draws);
        let more = quantity > rest.unwrap_or_default() || again || unmoved;
        if more { Err(Rule::PoolReturnExceeded) } else { Ok(()) }
    }

    pub(super) fn instruments_end(&mut self) -> Result<(), Rule> {
        let Instruments { closed, pools, .. } = std::mem::take(&mut self.instruments);
        if !self.event.securities_balance() {
            return Err(Rule::QuantityMismatch);
        }
        if let Some((closed, _)) = closed {
            self.continues(closed)?;
        }
        if matches!(self.event.kind, EventKind::Exercise | EventKind::Release) {
            self.leads_into_its_class()?;
        }
        for (plan, pool) in pools {
            let used = pool.used();
            // A defect that was signed for may shrink, or be split.
            let before = self.register.plan(plan).map(|plan| plan.pool).unwrap_or_default();
            let worse = used > before.used() || pool.reserved < before.reserved;
            if used > pool.reserved && worse && self.event.kind != EventKind::Split {
                self.exceeds(Limit::Plan(plan))?;
            }
        }
        Ok(())
    }

    /// What a transfer or a balance opens is what was closed, in other hands or in parts; what it was
    /// converted into is not.
    fn continues(&self, closed: SecurityId) -> Result<(), Rule> {
        let closed = self.register.security(closed).ok_or(Rule::SecurityUnknown)?;
        let convertible = closed.instrument == crate::effect::Instrument::Convertible;
        if self.event.kind == EventKind::Conversion && !convertible {
            return Err(Rule::SecurityMismatch);
        }
        for effect in &self.event.effects {
            let Effect::SecurityOpened(opened) = effect else { continue };
            if self.event.kind == EventKind::Conversion && !opened.balance {
                continue;
            }
            if opened.currency != closed.currency {
                return Err(Rule::CurrencyMismatch);
            }
            let same = (opened.plan, opened.class) == (closed.plan, closed.class);
            let stays =
                !opened.balance || self.holder(opened.account) == self.holder(closed.account);
            if opened.instrument != closed.instrument {
                return Err(Rule::ResultMismatch);
            }
            if !same || !stays {
                self.breaks(Rule::ResultMismatch)?;
            }
        }
        Ok(())
    }

    /// What a grant is exercised or released into is of the class that it names.
    fn leads_into_its_class(&self) -> Result<(), Rule> {
        let reduced = self.event.effects.iter().find_map(|effect| match effect {
            Effect::SecurityReduced { security, .. } => self.register.security(*security),
            _ => None,
        });
        let class = reduced.and_then(|security| security.class);
        let other = |effect: &Effect| match effect {
            Effect::CertificateOpened(opened) => class.is_some_and(|class| class != opened.class),
            _ => false,
        };
        let leads = !self.event.effects.iter().any(other);
        if leads { Ok(()) } else { self.breaks(Rule::ResultMismatch) }
    }

    fn holder(&self, account: AccountId) -> Option<crate::handle::Holder> {
        self.register.account(account).map(|account| account.holder)
    }
}
