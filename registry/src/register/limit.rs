//! What charter and plans limit: the shares of a class, of an issuer, and of a pool.
//!
//! A live register keeps within each limit at every event. A history that is told afterwards keeps
//! within them at the end of each of its days, since the order within a day is often not known; see
//! [`crate::draft::Entry::enter_all`].

use super::Register;
use crate::amount::Quantity;
use crate::handle::{ClassId, IssuerId, PlanId};
use crate::rule::Rule;

/// A limit of one register.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Limit {
    /// Outstanding and treasury shares of a class are at most those that it authorizes.
    Class(ClassId),
    /// Shares over all classes, outstanding or authorized, are at most those that the issuer
    /// authorizes.
    Issuer(IssuerId),
    /// What a pool grants is at most what it reserves.
    Plan(PlanId),
}

impl Limit {
    /// The rule that demands it.
    pub fn rule(self) -> Rule {
        match self {
            Limit::Class(_) => Rule::AuthorizedSharesExceeded,
            Limit::Issuer(_) => Rule::IssuerAuthorizedExceeded,
            Limit::Plan(_) => Rule::PoolExceeded,
        }
    }
}

impl Register {
    /// Whether the register is beyond a limit now. An issuer's takes in the classes that `counts`
    /// names, and what is outstanding of all.
    pub(crate) fn exceeds(&self, limit: Limit, counts: impl Fn(ClassId) -> bool) -> bool {
        match limit {
            Limit::Class(id) => self.class(id).is_some_and(|class| {
                let sum = class.outstanding.checked_add(class.treasury);
                class.authorized.limit().is_some_and(|limit| sum.is_none_or(|sum| sum > limit))
            }),
            Limit::Issuer(id) => self.issuer(id).is_some_and(|issuer| {
                let Some(limit) = issuer.authorized.limit() else { return false };
                let classes =
                    self.classes().filter(|(of, class)| class.issuer == id && counts(*of));
                let mut shares = classes.filter_map(|(_, class)| class.authorized.limit());
                let sum = shares.try_fold(Quantity::ZERO, |sum, more| sum.checked_add(more));
                issuer.outstanding > limit || sum.is_none_or(|sum| sum > limit)
            }),
            Limit::Plan(id) => {
                self.plan(id).is_some_and(|plan| plan.pool.used() > plan.pool.reserved)
            }
        }
    }

    /// Marks an excess that is signed for.
    pub(crate) fn keep_excess(&mut self, limit: Limit) {
        const FOUND: &str = "a limit that is exceeded is one of something registered";
        match limit {
            Limit::Class(id) => self.classes.get_mut(id.index()).expect(FOUND).excess = true,
            Limit::Issuer(id) => self.issuers.get_mut(id.index()).expect(FOUND).excess = true,
            Limit::Plan(id) => self.plans.get_mut(id.index()).expect(FOUND).excess = true,
        }
    }
}
