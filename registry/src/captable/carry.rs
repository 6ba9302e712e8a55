//! Carrying out an event that was judged.

use std::sync::Arc;

use super::judge::Flows;
use super::{
    CertificateFacts, ClassFacts, Dated, Fold, IssuerFacts, PlanFacts, SecurityFacts,
    StakeholderFacts, Told, Totals,
};
use crate::effect::{Effect, Opened, Pool, SecurityOpened};
use crate::event::{Event, EventKind};
use crate::handle::{CertificateId, ClassId, IssuerId, SecurityId};
use crate::ocf::object::Object;

const JUDGED: &str = "the event was judged";

/// What an event closed or reduced, which its results come from.
struct Sources {
    certificates: Vec<(CertificateId, ClassId)>,
    security: Option<SecurityId>,
}

impl Fold {
    pub(super) fn carry_out(&mut self, event: &Event, flows: Flows) {
        let mut sources = Sources { certificates: Vec::new(), security: None };
        for effect in &event.effects {
            match effect {
                Effect::CertificateClosed { certificate, class, .. } => {
                    sources.certificates.push((*certificate, *class));
                }
                Effect::SecurityClosed { security, .. }
                | Effect::SecurityReduced { security, .. } => sources.security = Some(*security),
                _ => {}
            }
        }
        for (class, flow) in flows {
            let class = self.classes.get_mut(&class).expect(JUDGED);
            class.totals = class.totals.after(flow).expect(JUDGED);
            class.flow(event.date, flow);
        }
        for effect in &event.effects {
            match effect {
                Effect::CertificateOpened(opened) => self.open_certificate(event, opened, &sources),
                Effect::SecurityOpened(opened) => self.open_security_facts(event, opened, &sources),
                Effect::CertificateClosed { certificate, .. } => {
                    self.certificate_mut(*certificate).closed = Some((event.date, event.kind));
                }
                Effect::CertificateAccepted { certificate } => {
                    self.certificate_mut(*certificate).accepted = Some(event.date);
                }
                Effect::CertificateScaled { certificate, after, .. } => {
                    self.certificate_mut(*certificate).scaled.push((event.date, *after));
                }
                Effect::SecurityClosed { .. }
                | Effect::SecurityReduced { .. }
                | Effect::SecurityScaled { .. }
                | Effect::SecurityAccepted { .. }
                | Effect::SecurityRepriced { .. } => self.change_security(event, effect),
                other => self.change(event, other),
            }
        }
        self.tell(event);
    }

    /// Keeps the words of an event, or what it did where it has none.
    fn tell(&mut self, event: &Event) {
        let mut documented = false;
        for effect in &event.effects {
            if let Effect::Documented { issuer, objects } = effect {
                documented = true;
                self.remember_ids(*issuer, &event.effects);
                let objects = objects.iter().map(|object| self.in_words(*issuer, object));
                let objects: Vec<_> = objects.collect();
                self.keep_issuances(event, &objects);
                if let Some(finding) = self.untold(event, &objects) {
                    self.untold.entry(*issuer).or_default().push((event.date, finding));
                }
                let told = self.told.entry(*issuer).or_default();
                told.push(Told::Documented(event.date, objects));
            }
        }
        if !documented && let Some(issuer) = self.issuer_of(event) {
            self.remember_ids(issuer, &event.effects);
            self.told.entry(issuer).or_default().push(Told::Bare(event.clone()));
        }
    }

    /// Gives each security that an event opens what its issuance says.
    fn keep_issuances(&mut self, event: &Event, objects: &[Arc<Object>]) {
        for effect in &event.effects {
            let Effect::SecurityOpened(opened) = effect else { continue };
            let issues = |object: &&Arc<Object>| {
                object.kind().as_str().ends_with("_ISSUANCE")
                    && object.text("security_id") == Some(opened.source_id.as_str())
            };
            let facts = self.securities.get_mut(&opened.security).expect(JUDGED);
            facts.issuance = objects.iter().find(issues).cloned();
        }
    }

    /// The issuer of an event that opens, closes or registers something.
    fn issuer_of(&self, event: &Event) -> Option<IssuerId> {
        event.effects.iter().find_map(|effect| match effect {
            Effect::IssuerRegistered { issuer, .. }
            | Effect::ClassRegistered { issuer, .. }
            | Effect::StakeholderRegistered { issuer, .. } => Some(*issuer),
            Effect::CertificateOpened(Opened { class, .. })
            | Effect::CertificateClosed { class, .. } => Some(self.classes.get(class)?.issuer),
            _ => None,
        })
    }

    fn certificate_mut(&mut self, id: CertificateId) -> &mut CertificateFacts {
        self.certificates.get_mut(&id).expect(JUDGED)
    }

    fn open_certificate(&mut self, event: &Event, opened: &Opened, sources: &Sources) {
        let converted = event.kind == EventKind::Conversion;
        let of_class = |class: ClassId| {
            sources.certificates.iter().filter(move |(_, closed)| *closed == class)
        };
        // A balance continues its own class; what is converted comes from another one.
        let same: Vec<CertificateId> = of_class(opened.class).map(|(id, _)| *id).collect();
        let preceded_by = if same.is_empty() && converted {
            sources.certificates.iter().map(|(id, _)| *id).collect()
        } else {
            same
        };
        for id in &preceded_by {
            self.certificate_mut(*id).resulted_in.push(opened.certificate);
        }
        if let Some(security) = sources.security {
            let security = self.securities.get_mut(&security).expect(JUDGED);
            security.converted_into.push(opened.certificate);
        }
        let facts = CertificateFacts {
            class: opened.class,
            account: opened.account,
            holder: opened.holder,
            quantity: opened.quantity,
            number: opened.number.clone(),
            source_id: opened.source_id.clone(),
            origin: event.kind,
            opened: event.date,
            accepted: None,
            closed: None,
            scaled: Vec::new(),
            preceded_by,
            resulted_in: Vec::new(),
            converted_from: sources.security,
            plan: None,
        };
        self.certificates.insert(opened.certificate, facts);
    }

    fn open_security_facts(&mut self, event: &Event, opened: &SecurityOpened, sources: &Sources) {
        if let Some(before) = sources.security {
            let before = self.securities.get_mut(&before).expect(JUDGED);
            before.resulted_in.push(opened.security);
        }
        let facts = SecurityFacts {
            issuer: opened.issuer,
            instrument: opened.instrument,
            account: opened.account,
            holder: opened.holder,
            quantity: opened.quantity,
            currency: opened.currency,
            plan: opened.plan,
            class: opened.class,
            price: Dated::new(opened.price),
            number: opened.number.clone(),
            source_id: opened.source_id.clone(),
            origin: event.kind,
            opened: event.date,
            accepted: None,
            closed: None,
            changes: Vec::new(),
            preceded_by: sources.security,
            resulted_in: Vec::new(),
            converted_into: Vec::new(),
            issuance: None,
        };
        self.securities.insert(opened.security, facts);
    }

    fn change_security(&mut self, event: &Event, effect: &Effect) {
        let (date, kind) = (event.date, event.kind);
        let mut with = |id: &SecurityId, change: &dyn Fn(&mut SecurityFacts)| {
            change(self.securities.get_mut(id).expect(JUDGED));
        };
        match effect {
            Effect::SecurityClosed { security, .. } => {
                with(security, &|facts| facts.closed = Some((date, kind)));
            }
            Effect::SecurityReduced { security, after, .. } => with(security, &|facts| {
                facts.changes.push((date, kind, *after));
                if after.is_zero() {
                    facts.closed = Some((date, kind));
                }
            }),
            Effect::SecurityScaled { security, after, price, .. } => with(security, &|facts| {
                facts.changes.push((date, kind, *after));
                facts.price.set(date, *price);
                if after.is_zero() {
                    facts.closed = Some((date, kind));
                }
            }),
            Effect::SecurityAccepted { security } => {
                with(security, &|facts| facts.accepted = Some(date));
            }
            Effect::SecurityRepriced { security, price } => {
                with(security, &|facts| facts.price.set(date, Some(*price)));
            }
            _ => {}
        }
    }

    fn change(&mut self, event: &Event, effect: &Effect) {
        match effect {
            Effect::IssuerRegistered {
                issuer,
                party,
                registrar,
                formed,
                authorized,
                source_id,
                ..
            } => {
                let facts = IssuerFacts {
                    party: *party,
                    registrar: *registrar,
                    formed: *formed,
                    authorized: Dated::new(*authorized),
                    source_id: source_id.clone(),
                };
                self.issuers.insert(*issuer, facts);
            }
            Effect::ClassRegistered {
                class,
                issuer,
                kind,
                decimals,
                authorized,
                name,
                source_id,
            } => {
                let facts = ClassFacts {
                    issuer: *issuer,
                    kind: *kind,
                    decimals: *decimals,
                    authorized: Dated::new(*authorized),
                    conversions: Dated::new(Vec::new()),
                    name: name.clone(),
                    source_id: source_id.clone(),
                    splits: Vec::new(),
                    totals: Totals::default(),
                    flows: Vec::new(),
                };
                self.classes.insert(*class, facts);
            }
            Effect::StakeholderRegistered { stakeholder, issuer, account, source_id } => {
                let (issuer, account, source_id) = (*issuer, *account, source_id.clone());
                let facts = StakeholderFacts { issuer, account, source_id, linked: None };
                self.stakeholders.insert(*stakeholder, facts);
                self.of_account.insert(account, *stakeholder);
            }
            Effect::StakeholderLinked { stakeholder, party, .. } => {
                let line = self.stakeholders.get_mut(stakeholder).expect(JUDGED);
                line.linked = Some((event.date, *party));
            }
            Effect::IssuerAuthorized { issuer, authorized } => {
                let issuer = self.issuers.get_mut(issuer).expect(JUDGED);
                issuer.authorized.set(event.date, *authorized);
            }
            Effect::ClassAuthorized { class, authorized } => {
                let class = self.classes.get_mut(class).expect(JUDGED);
                class.authorized.set(event.date, *authorized);
            }
            Effect::ConversionsSet { class, conversions } => {
                let class = self.classes.get_mut(class).expect(JUDGED);
                if event.kind == EventKind::Registration {
                    class.conversions = Dated::new(conversions.clone());
                } else {
                    class.conversions.set(event.date, conversions.clone());
                }
            }
            Effect::ClassSplit { class, ratio, .. } => {
                self.classes.get_mut(class).expect(JUDGED).splits.push((event.date, *ratio));
            }
            Effect::PlanRegistered { plan, issuer, classes, reserved, returns, source_id } => {
                let facts = PlanFacts {
                    issuer: *issuer,
                    classes: classes.clone(),
                    returns: *returns,
                    source_id: source_id.clone(),
                    reserved: *reserved,
                    flows: Vec::new(),
                    pool: Pool { reserved: *reserved, ..Pool::default() },
                };
                self.plans.insert(*plan, facts);
            }
            Effect::StockOfPlan { certificate, plan } => {
                self.certificate_mut(*certificate).plan = Some(*plan);
            }
            Effect::PoolReserved { plan, .. }
            | Effect::PoolDrawn { plan, .. }
            | Effect::PoolReturned { plan, .. }
            | Effect::PoolExercised { plan, .. }
            | Effect::PoolScaled { plan, .. } => {
                let plan = self.plans.get_mut(plan).expect(JUDGED);
                plan.pool = plan.pool.after(effect).expect(JUDGED);
                plan.flow(event.date, effect.clone());
            }
            _ => {}
        }
    }
}
