//! What the charter says of an issuer and its classes, and changes of it.

use super::*;

impl Tally<'_> {
    pub(super) fn charter(&mut self, at: usize, effect: &Effect) -> Result<(), Rule> {
        let register = self.register;
        match effect {
            Effect::IssuerAuthorized { issuer, authorized } => {
                let facts = register.issuer(*issuer).ok_or(Rule::IssuerUnknown)?;
                self.of(*issuer)?;
                self.kind_is(EventKind::Authorization)?;
                let sum = facts.classes_authorized.max(facts.outstanding);
                let limit = authorized.limit();
                self.within(Some(sum), limit, Limit::Issuer(*issuer))?;
                self.not_before(facts.ruled.max(facts.last))
            }
            Effect::ClassAuthorized { class, authorized } => {
                let facts = register.class(*class).ok_or(Rule::ClassUnknown)?;
                self.of(facts.issuer)?;
                self.kind_is(EventKind::Authorization)?;
                let owner = register.issuer(facts.issuer).ok_or(Rule::IssuerUnknown)?;
                let limit = authorized.limit();
                if limit.is_some_and(|shares| !shares.has_granularity(facts.decimals)) {
                    return Err(Rule::QuantityGranularity);
                }
                let sum = facts.outstanding.checked_add(facts.treasury);
                self.within(sum, limit, Limit::Class(*class))?;
                let before = facts.authorized.limit().unwrap_or_default();
                let others = owner.classes_authorized.checked_sub(before);
                let sum = others.and_then(|sum| sum.checked_add(limit.unwrap_or_default()));
                self.within(sum, owner.authorized.limit(), Limit::Issuer(facts.issuer))?;
                self.not_before(facts.ruled.max(facts.last))
            }
            Effect::ConversionsSet { class, .. } => {
                // A class is registered together with its rights.
                let registered = |effect: &Effect| matches!(effect, Effect::ClassRegistered { class: new, .. } if new == class);
                if self.event.effects[..at].iter().any(registered) {
                    return Ok(());
                }
                let facts = register.class(*class).ok_or(Rule::ClassUnknown)?;
                self.of(facts.issuer)?;
                self.not_before(facts.converts_since)?;
                match self.event.kind {
                    EventKind::ConversionRatio | EventKind::Split => Ok(()),
                    _ => Err(Rule::QuantityMismatch),
                }
            }
            Effect::RepurchasePolicy { class, .. } => {
                let facts = register.class(*class).ok_or(Rule::ClassUnknown)?;
                self.of(facts.issuer)
            }
            _ => Err(Rule::QuantityMismatch),
        }
    }

    fn kind_is(&self, kind: EventKind) -> Result<(), Rule> {
        if self.event.kind == kind { Ok(()) } else { Err(Rule::QuantityMismatch) }
    }

    pub(super) fn not_before(&self, date: Date) -> Result<(), Rule> {
        if self.event.date < date { self.breaks(Rule::DateOutOfOrder) } else { Ok(()) }
    }
}
