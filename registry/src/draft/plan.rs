//! What an item does, as effects: entities, charters, issuances. What happens to a security that is
//! open is in [`super::change`].

use super::{Decimals, named_objects};
use crate::action::{Action, ClassTerms, Issuance, IssuerTerms, PlanTerms, Terms};
use crate::amount::{DECIMALS, Money, Quantity};
use crate::effect::{Effect, Opened, SecurityOpened};
use crate::event::{Consideration, Event};
use crate::handle::{AccountId, ClassId, IssuerId, PlanId, SecurityId};
use crate::ocf::object::Object;
use crate::register::{Place, Register};
use crate::rule::Rule;

/// Minor units that one amount of the ledger may have.
const MINOR_MAX: u128 = 1_000_000_000_000_000_000;

pub(super) struct Planner<'a> {
    pub(super) register: &'a Register,
    pub(super) issuer: IssuerId,
    pub(super) live: bool,
    pub(super) decimals: &'a Decimals,
    pub(super) place: Place,
    pub(super) event: Event,
}

impl Planner<'_> {
    /// What an object names was recorded before it.
    pub(super) fn references(&self, object: &Object) -> Result<(), Rule> {
        let known = |(kind, id)| self.register.has_object(self.issuer, kind, id);
        if named_objects(object).all(known) { Ok(()) } else { Err(Rule::ReferenceUnknown) }
    }

    pub(super) fn action(&mut self, action: &Action) -> Result<(), Rule> {
        match action {
            Action::Issuer(terms) => self.issuer_described(terms),
            Action::Stakeholder { id } => {
                self.push(Effect::StakeholderRegistered {
                    stakeholder: self.register.next_stakeholder(),
                    issuer: self.issuer,
                    account: self.register.next_account(),
                    source_id: id.clone(),
                });
                Ok(())
            }
            Action::Class(terms) => {
                self.class(terms);
                Ok(())
            }
            Action::Plan(terms) => self.plan(terms),
            Action::Information { .. } => Ok(()),
            Action::IssuerAuthorized { issuer_id, authorized, .. } => {
                let facts = self.register.issuer(self.issuer).ok_or(Rule::IssuerUnknown)?;
                if *issuer_id != facts.source_id && *issuer_id != self.issuer.to_string() {
                    return Err(Rule::IssuerMismatch);
                }
                self.push(Effect::IssuerAuthorized {
                    issuer: self.issuer,
                    authorized: *authorized,
                });
                Ok(())
            }
            Action::ClassAuthorized { class_id, authorized, .. } => {
                let class = self.class_named(class_id)?;
                self.push(Effect::ClassAuthorized { class, authorized: *authorized });
                Ok(())
            }
            Action::ConversionRatio { class_id, ratio, .. } => {
                let class = self.class_named(class_id)?;
                let facts = self.register.class(class).ok_or(Rule::ClassUnknown)?;
                let mut conversions = facts.conversions.clone();
                if conversions.is_empty() {
                    conversions.push(Default::default());
                }
                conversions.iter_mut().for_each(|conversion| conversion.ratio = *ratio);
                self.push(Effect::ConversionsSet { class, conversions });
                Ok(())
            }
            Action::Split { class_id, ratio, .. } => {
                let class = self.class_named(class_id)?;
                self.register.plan_split(&mut self.event, class, *ratio, self.live)
            }
            Action::PoolAdjusted { plan_id, reserved, .. } => {
                let plan = self.plan_named(plan_id)?;
                self.push(Effect::PoolReserved { plan, reserved: *reserved });
                Ok(())
            }
            Action::Issued(issuance) => self.issued(issuance),
            Action::Changed { security, security_id, change, .. } => {
                self.changed(*security, security_id, change)
            }
            Action::Consolidated { security_ids, result, .. } => {
                self.consolidated(security_ids, result)
            }
            Action::StakeholderChanged { stakeholder_id, .. } => {
                let known = self.register.stakeholder_named(self.issuer, stakeholder_id);
                known.map(|_| ()).ok_or(Rule::StakeholderUnknown)
            }
        }
    }

    fn issuer_described(&mut self, terms: &IssuerTerms) -> Result<(), Rule> {
        let facts = self.register.issuer(self.issuer).ok_or(Rule::IssuerUnknown)?;
        let same_id = facts.source_id.is_empty() || facts.source_id == terms.id;
        let same = (facts.formed, facts.authorized) == (terms.formed, terms.authorized);
        if same && same_id { Ok(()) } else { Err(Rule::IssuerDiffers) }
    }

    fn class(&mut self, terms: &ClassTerms) {
        let class = self.register.next_class();
        self.push(Effect::ClassRegistered {
            class,
            issuer: self.issuer,
            kind: terms.kind,
            decimals: self.decimals.of_class(&terms.id, terms.authorized),
            authorized: terms.authorized,
            name: terms.name.clone(),
            source_id: terms.id.clone(),
        });
        if !terms.conversions.is_empty() {
            let conversions = terms.conversions.clone();
            self.push(Effect::ConversionsSet { class, conversions });
        }
    }

    fn plan(&mut self, terms: &PlanTerms) -> Result<(), Rule> {
        let classes = terms.class_ids.iter().map(|id| self.class_named(id));
        let mut classes: Vec<ClassId> = classes.collect::<Result<_, _>>()?;
        let mut seen = std::collections::BTreeSet::new();
        classes.retain(|class| seen.insert(*class));
        self.push(Effect::PlanRegistered {
            plan: self.register.next_plan(),
            issuer: self.issuer,
            classes,
            reserved: terms.reserved,
            returns: terms.returns,
            source_id: terms.id.clone(),
        });
        Ok(())
    }

    fn issued(&mut self, issuance: &Issuance) -> Result<(), Rule> {
        let (plan_id, quantity) = match &issuance.terms {
            Terms::Stock { plan_id, quantity, price, .. } => {
                self.event.consideration = consideration(*price, *quantity);
                (plan_id, *quantity)
            }
            Terms::Compensation { plan_id, quantity, .. } => (plan_id, *quantity),
            Terms::Warrant { .. } => (&None, Quantity::ZERO),
            Terms::Convertible { amount } => {
                self.event.consideration = Some(Consideration { money: *amount, settled: false });
                (&None, Quantity::ZERO)
            }
        };
        self.open(issuance)?;
        if let Some(plan_id) = plan_id {
            let plan = self.plan_named(plan_id)?;
            self.push(Effect::PoolDrawn { plan, quantity });
        }
        Ok(())
    }

    /// Opens what an issuance describes.
    pub(super) fn open(&mut self, issuance: &Issuance) -> Result<(), Rule> {
        self.open_as(issuance, false)
    }

    /// Opens what an event leaves of the security that it closes.
    pub(super) fn open_balance(&mut self, issuance: &Issuance) -> Result<(), Rule> {
        self.open_as(issuance, true)
    }

    fn open_as(&mut self, issuance: &Issuance, balance: bool) -> Result<(), Rule> {
        if issuance.date != self.event.date {
            return Err(Rule::ResultDate);
        }
        let account = self.account_named(&issuance.stakeholder_id)?;
        let (number, source_id) = (issuance.number.clone(), issuance.security_id.clone());
        let opened = match &issuance.terms {
            Terms::Stock { class_id, plan_id, quantity, .. } => {
                let class = self.class_named(class_id)?;
                let quantity = *quantity;
                let opened =
                    Opened { class, account, quantity, number, source_id, ..Opened::default() };
                self.register.plan_opening(&mut self.event, self.place, opened)?;
                return self.of_plan(plan_id.as_deref());
            }
            Terms::Compensation { instrument, plan_id, class_id, quantity, price } => {
                SecurityOpened {
                    instrument: *instrument,
                    quantity: Some(*quantity),
                    plan: plan_id.as_ref().map(|id| self.plan_named(id)).transpose()?,
                    class: class_id.as_ref().map(|id| self.class_named(id)).transpose()?,
                    price: *price,
                    ..SecurityOpened::default()
                }
            }
            Terms::Warrant { class_id, quantity, price } => SecurityOpened {
                instrument: crate::effect::Instrument::Warrant,
                class: class_id.as_ref().map(|id| self.class_named(id)).transpose()?,
                quantity: *quantity,
                price: *price,
                ..SecurityOpened::default()
            },
            Terms::Convertible { amount } => SecurityOpened {
                instrument: crate::effect::Instrument::Convertible,
                quantity: Some(Quantity(amount.amount)),
                currency: Some(amount.currency),
                ..SecurityOpened::default()
            },
        };
        let opens = |effect: &&Effect| matches!(effect, Effect::SecurityOpened(_));
        let nth = u32::try_from(self.event.effects.iter().filter(opens).count());
        let next = nth.ok().and_then(|nth| self.register.next_security().0.checked_add(nth));
        let holder = self.register.account(account).ok_or(Rule::AccountUnknown)?.holder;
        self.push(Effect::SecurityOpened(Box::new(SecurityOpened {
            security: SecurityId(next.ok_or(Rule::RegisterFull)?),
            issuer: self.issuer,
            account,
            holder,
            balance,
            number,
            source_id,
            ..opened
        })));
        Ok(())
    }

    /// The certificate that was opened last is stock of the plan that its issuance names, if it draws on
    /// it or continues what did.
    fn of_plan(&mut self, plan_id: Option<&str>) -> Result<(), Rule> {
        let Some(plan_id) = plan_id else { return Ok(()) };
        let plan = self.plan_named(plan_id)?;
        if let Some(Effect::CertificateOpened(opened)) = self.event.effects.last() {
            let certificate = opened.certificate;
            if self.register.drawn_for(&self.event, certificate, plan).is_some() {
                self.push(Effect::StockOfPlan { certificate, plan });
            }
        }
        Ok(())
    }

    pub(super) fn push(&mut self, effect: Effect) {
        self.event.effects.push(effect);
    }

    pub(super) fn class_named(&self, id: &str) -> Result<ClassId, Rule> {
        self.register.class_named(self.issuer, id).ok_or(Rule::ClassUnknown)
    }

    pub(super) fn plan_named(&self, id: &str) -> Result<PlanId, Rule> {
        self.register.plan_named(self.issuer, id).ok_or(Rule::PlanUnknown)
    }

    pub(super) fn account_named(&self, id: &str) -> Result<AccountId, Rule> {
        self.register.account_named(self.issuer, id).ok_or(Rule::StakeholderUnknown)
    }
}

/// Price times quantity, where that is above zero and a whole number of minor units. Both are in
/// units of 10^-10.
pub(super) fn consideration(price: Money, quantity: Quantity) -> Option<Consideration> {
    let currency = price.currency;
    let unit = 10u128.pow(u32::from(2 * DECIMALS - currency.minor_decimals()));
    let product = price.amount.checked_mul(quantity.0)?;
    let minor = product.is_multiple_of(unit).then_some(product / unit)?;
    let money = Money::from_minor(minor, currency)?;
    (1..=MINOR_MAX).contains(&minor).then_some(Consideration { money, settled: false })
}
