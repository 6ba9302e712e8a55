//! Issuers, classes, stakeholders, plans and the objects that describe them.

use super::*;

impl Tally<'_> {
    pub(super) fn entity(&mut self, at: usize, effect: &Effect) -> Result<(), Rule> {
        let register = self.register;
        match effect {
            Effect::IssuerRegistered { issuer, party, registrar, .. } => {
                register.party(*party).ok_or(Rule::PartyUnknown)?;
                register.party(*registrar).ok_or(Rule::PartyUnknown)?;
                expect_next(*issuer == register.next_issuer(), register.issuers.len())
            }
            Effect::ClassRegistered { class, issuer, authorized, decimals, source_id, .. } => {
                let owner = register.issuer(*issuer).ok_or(Rule::IssuerUnknown)?;
                self.of(*issuer)?;
                expect_next(*class == register.next_class(), register.classes.len())?;
                self.new_id(*issuer, Space::Class, source_id)?;
                if let Authorized::Shares(shares) = authorized {
                    if !shares.has_granularity(*decimals) {
                        return Err(Rule::QuantityGranularity);
                    }
                    let sum = owner.classes_authorized.checked_add(*shares);
                    let limit = owner.authorized.limit();
                    self.within(sum, limit, Limit::Issuer(*issuer))?;
                }
                Ok(())
            }
            Effect::StakeholderRegistered { stakeholder, issuer, account, source_id } => {
                register.issuer(*issuer).ok_or(Rule::IssuerUnknown)?;
                self.of(*issuer)?;
                let next = *stakeholder == register.next_stakeholder();
                expect_next(next, register.stakeholders.len())?;
                expect_next(*account == register.next_account(), register.accounts.len())?;
                self.new_id(*issuer, Space::Stakeholder, source_id)
            }
            Effect::StakeholderLinked { stakeholder, party, account, operator } => {
                register.party(*party).ok_or(Rule::PartyUnknown)?;
                register.party(*operator).ok_or(Rule::PartyUnknown)?;
                let line = register.stakeholder(*stakeholder).ok_or(Rule::StakeholderUnknown)?;
                if line.account != *account {
                    return Err(Rule::AccountUnknown);
                }
                if line.party.is_some() { Err(Rule::StakeholderLinked) } else { Ok(()) }
            }
            Effect::PlanRegistered { plan, issuer, classes, source_id, .. } => {
                register.issuer(*issuer).ok_or(Rule::IssuerUnknown)?;
                self.of(*issuer)?;
                for class in classes {
                    let class = register.class(*class).ok_or(Rule::ClassUnknown)?;
                    self.of(class.issuer)?;
                }
                expect_next(*plan == register.next_plan(), register.plans.len())?;
                self.new_id(*issuer, Space::Plan, source_id)
            }
            Effect::RegisterActivated { issuer, .. } => {
                let issuer = register.issuer(*issuer).ok_or(Rule::IssuerUnknown)?;
                if issuer.draft { Ok(()) } else { Err(Rule::RegisterStatus) }
            }
            Effect::Documented { issuer, objects } => {
                register.issuer(*issuer).ok_or(Rule::IssuerUnknown)?;
                self.of(*issuer)?;
                for (nth, object) in objects.iter().enumerate() {
                    self.new_id(*issuer, Space::Object(object.kind()), object.id())?;
                    let again = objects[..nth].iter().chain(self.documented_before(at));
                    let mut again = again.filter(|other| other.kind() == object.kind());
                    if again.any(|other| other.id() == object.id()) {
                        return Err(Rule::IdNotUnique);
                    }
                }
                Ok(())
            }
            Effect::DefectAccepted { issuer, rule } => {
                self.of(*issuer)?;
                let issuer = register.issuer(*issuer).ok_or(Rule::IssuerUnknown)?;
                if issuer.draft && rule.waivable() { Ok(()) } else { Err(Rule::NotWaivable) }
            }
            // The other effects are judged by the other modules.
            _ => Err(Rule::QuantityMismatch),
        }
    }

    /// An id that the issuer has not used; an empty one is none.
    fn new_id(&self, issuer: IssuerId, space: Space, text: &str) -> Result<(), Rule> {
        if text.is_empty() {
            return Ok(());
        }
        self.unused(space.digest(issuer, text), Rule::IdNotUnique)
    }

    fn documented_before(
        &self,
        at: usize,
    ) -> impl Iterator<Item = &std::sync::Arc<crate::ocf::object::Object>> {
        self.event.effects[..at].iter().flat_map(|effect| match effect {
            Effect::Documented { objects, .. } => objects.as_slice(),
            _ => &[],
        })
    }
}

pub(super) fn expect_next(is_next: bool, len: usize) -> Result<(), Rule> {
    if is_next && len < MAX_ITEMS { Ok(()) } else { Err(Rule::RegisterFull) }
}
