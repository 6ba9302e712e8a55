//! The totals of a class and its issuer, for events that make, end or scale shares.

use super::*;

impl Register {
    pub(super) fn count(&mut self, event: &Event) {
        match event.kind {
            // Every share that goes out comes in again.
            EventKind::Transfer
            | EventKind::Acceptance
            | EventKind::Reissuance
            | EventKind::Consolidation => {}
            EventKind::Split => self.count_split(event),
            _ => self.count_change(event),
        }
    }

    fn count_change(&mut self, event: &Event) {
        let mut lines: Vec<(ClassId, Quantity, Quantity, Quantity)> = Vec::new();
        for effect in &event.effects {
            let (class, closed, opened, treasury) = match effect {
                Effect::CertificateOpened(opened) => {
                    (opened.class, Quantity::ZERO, opened.quantity, Quantity::ZERO)
                }
                Effect::CertificateClosed { class, quantity, .. } => {
                    (*class, *quantity, Quantity::ZERO, Quantity::ZERO)
                }
                Effect::TreasuryKept { class, quantity } => {
                    (*class, Quantity::ZERO, Quantity::ZERO, *quantity)
                }
                _ => continue,
            };
            let at = lines.iter().position(|line| line.0 == class).unwrap_or_else(|| {
                lines.push((class, Quantity::ZERO, Quantity::ZERO, Quantity::ZERO));
                lines.len() - 1
            });
            let line = &mut lines[at];
            line.1 = line.1.checked_add(closed).expect(CHECKED);
            line.2 = line.2.checked_add(opened).expect(CHECKED);
            line.3 = line.3.checked_add(treasury).expect(CHECKED);
        }
        for (id, closed, opened, treasury) in lines {
            let class = self.classes.get_mut(id.index()).expect(CHECKED);
            let issuer = self.issuers.get_mut(class.issuer.index()).expect(CHECKED);
            class.last = class.last.max(event.date);
            issuer.last = issuer.last.max(event.date);
            if let Some(more) = opened.checked_sub(closed) {
                class.issued = class.issued.checked_add(more).expect(CHECKED);
                class.outstanding = class.outstanding.checked_add(more).expect(CHECKED);
                issuer.outstanding = issuer.outstanding.checked_add(more).expect(CHECKED);
            } else {
                let less = closed.checked_sub(opened).expect("more was closed");
                let retired = less.checked_sub(treasury).expect(CHECKED);
                class.outstanding = class.outstanding.checked_sub(less).expect(CHECKED);
                class.treasury = class.treasury.checked_add(treasury).expect(CHECKED);
                class.retired = class.retired.checked_add(retired).expect(CHECKED);
                class.ruled = class.ruled.max(event.date);
                issuer.outstanding = issuer.outstanding.checked_sub(retired).expect(CHECKED);
            }
            let issuer = class.issuer;
            self.class_excess(event, id);
            self.excess(event, issuer);
        }
    }

    /// After a split everything is counted in new shares.
    fn count_split(&mut self, event: &Event) {
        let split = event.effects.iter().find_map(|effect| match effect {
            Effect::ClassSplit { class, treasury, retired, .. } => {
                Some((*class, *treasury, *retired))
            }
            _ => None,
        });
        let (id, treasury, retired) = split.expect(CHECKED);
        let mut outstanding = Quantity::ZERO;
        for effect in &event.effects {
            if let Effect::CertificateScaled { after, .. } = effect {
                outstanding = outstanding.checked_add(*after).expect(CHECKED);
            }
        }
        let class = self.classes.get_mut(id.index()).expect(CHECKED);
        let before = class.outstanding.checked_add(class.treasury).expect(CHECKED);
        let after = outstanding.checked_add(treasury).expect(CHECKED);
        class.outstanding = outstanding;
        class.treasury = treasury;
        class.retired = retired;
        class.issued = after.checked_add(retired).expect(CHECKED);
        let date = event.date;
        (class.split, class.ruled, class.last) =
            (date.max(class.split), date.max(class.ruled), date.max(class.last));
        let owner = class.issuer;
        let issuer = self.issuers.get_mut(owner.index()).expect(CHECKED);
        let others = issuer.outstanding.checked_sub(before).expect(CHECKED);
        issuer.outstanding = others.checked_add(after).expect(CHECKED);
        issuer.last = issuer.last.max(date);
        self.class_excess(event, id);
        self.excess(event, owner);
    }

    /// Whether a class holds more than it authorizes: the mark of a defect that was signed for comes
    /// with the event that breaks the rule, and goes when the rule holds again.
    pub(super) fn class_excess(&mut self, event: &Event, id: ClassId) {
        let class = self.classes.get_mut(id.index()).expect(CHECKED);
        let sum = class.outstanding.checked_add(class.treasury).expect(CHECKED);
        let over = class.authorized.limit().is_some_and(|limit| sum > limit);
        class.excess = over && (class.excess || accepts_defect(event));
    }

    /// The same for an issuer.
    pub(super) fn excess(&mut self, event: &Event, id: crate::handle::IssuerId) {
        let issuer = self.issuers.get_mut(id.index()).expect(CHECKED);
        let sum = issuer.outstanding.max(issuer.classes_authorized);
        let over = issuer.authorized.limit().is_some_and(|limit| sum > limit);
        issuer.excess = over && (issuer.excess || accepts_defect(event));
    }
}

pub(super) fn accepts_defect(event: &Event) -> bool {
    event.effects.iter().any(|effect| matches!(effect, Effect::DefectAccepted { .. }))
}
