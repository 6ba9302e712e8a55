//! Dates that a legacy register has wrong, and that an activation signed for.
//!
//! An event that is dated before what it builds on (the issuance of what it takes, a split of its
//! class, an earlier exercise told first) counts in positions from the day of that on: read under its
//! own date it would take shares of which none were there yet, and no figure between the two dates
//! would add up. Its objects keep the date that they bear.

use super::{CertificateFacts, Fold, SecurityFacts};
use crate::date::Date;
use crate::effect::Effect;
use crate::event::Event;
use crate::handle::{CertificateId, ClassId, SecurityId};
use crate::rule::Rule;

impl Fold {
    /// The day from which an event counts, where its own is before that and signed for.
    pub(super) fn counts_from(&self, event: &Event) -> Option<Date> {
        let signed = |effect: &Effect| {
            let rules = [Rule::DateBeforeIssuance, Rule::DateOutOfOrder];
            matches!(effect, Effect::DefectAccepted { rule, .. } if rules.contains(rule))
        };
        if !event.effects.iter().any(signed) {
            return None;
        }
        let last = event.effects.iter().filter_map(|effect| self.builds_on(effect)).max();
        last.filter(|last| *last > event.date)
    }

    /// The last day of what an effect builds on.
    fn builds_on(&self, effect: &Effect) -> Option<Date> {
        match effect {
            Effect::CertificateOpened(opened) => self.last_split(opened.class),
            Effect::CertificateClosed { certificate, .. }
            | Effect::CertificateAccepted { certificate }
            | Effect::CertificateScaled { certificate, .. } => self.last_of_stock(*certificate),
            Effect::ClassSplit { class, .. } => {
                self.classes.get(class)?.flows.last().map(|(date, _)| *date)
            }
            Effect::SecurityClosed { security, .. }
            | Effect::SecurityReduced { security, .. }
            | Effect::SecurityScaled { security, .. }
            | Effect::SecurityAccepted { security }
            | Effect::SecurityRepriced { security, .. } => self.last_of_security(*security),
            _ => None,
        }
    }

    fn last_split(&self, class: ClassId) -> Option<Date> {
        self.classes.get(&class)?.splits.iter().map(|(date, _)| *date).max()
    }

    fn last_of_stock(&self, id: CertificateId) -> Option<Date> {
        let CertificateFacts { class, opened, .. } = self.certificates.get(&id)?;
        self.last_split(*class).max(Some(*opened))
    }

    fn last_of_security(&self, id: SecurityId) -> Option<Date> {
        let SecurityFacts { opened, changes, .. } = self.securities.get(&id)?;
        changes.last().map(|(date, ..)| *date).max(Some(*opened))
    }
}
