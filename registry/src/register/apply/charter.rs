//! Changes of what the charter says.

use super::*;

impl Register {
    pub(super) fn charter(&mut self, event: &Event, effect: &Effect) {
        let date = event.date;
        match effect {
            Effect::IssuerAuthorized { issuer: id, authorized } => {
                let issuer = self.issuers.get_mut(id.index()).expect(CHECKED);
                issuer.authorized = *authorized;
                issuer.ruled = issuer.ruled.max(date);
                self.excess(event, *id);
            }
            Effect::ClassAuthorized { class: id, authorized } => {
                let class = self.classes.get_mut(id.index()).expect(CHECKED);
                let before = class.authorized.limit().unwrap_or_default();
                class.authorized = *authorized;
                class.ruled = class.ruled.max(date);
                let owner = class.issuer;
                let issuer = self.issuers.get_mut(owner.index()).expect(CHECKED);
                let others = issuer.classes_authorized.checked_sub(before).expect(CHECKED);
                let numeric = authorized.limit().unwrap_or_default();
                issuer.classes_authorized = others.checked_add(numeric).expect(CHECKED);
                self.class_excess(event, *id);
                self.excess(event, owner);
            }
            Effect::ConversionsSet { class, conversions } => {
                let class = self.classes.get_mut(class.index()).expect(CHECKED);
                class.conversions = conversions.clone();
                if event.kind != EventKind::Registration {
                    class.converts_since = class.converts_since.max(date);
                }
            }
            Effect::RepurchasePolicy { class, treasury } => {
                let class = self.classes.get_mut(class.index()).expect(CHECKED);
                class.keeps_repurchased = *treasury;
            }
            _ => {}
        }
    }
}
