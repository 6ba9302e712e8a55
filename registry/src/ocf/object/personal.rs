//! Personal data: what never enters the ledger, because nothing leaves it again.

use super::{Kind, Object};

impl Kind {
    /// The fields of such an object that say something about a person: names, addresses, contacts,
    /// tax numbers, and free text about a stakeholder. What a company is called is no personal data.
    pub fn personal_fields(self) -> &'static [&'static str] {
        match self {
            Kind::Issuer => &["address", "email", "phone", "tax_ids"],
            Kind::Stakeholder => &[
                "addresses",
                "comments",
                "contact_info",
                "issuer_assigned_id",
                "name",
                "primary_contact",
                "tax_ids",
            ],
            _ => &[],
        }
    }
}

impl Object {
    /// The object without its personal fields, and those fields under the same kind and id, where
    /// it has any.
    pub fn split_personal(mut self) -> (Object, Option<Object>) {
        let mut personal = Object::new(self.kind, self.id.clone(), Default::default());
        for field in self.kind.personal_fields() {
            if let Some(value) = self.remove(field) {
                personal.set(field, value);
            }
        }
        let personal = (!personal.fields.is_empty()).then_some(personal);
        (self, personal)
    }

    /// Puts back what [`Object::split_personal`] took out.
    pub fn join_personal(&mut self, personal: &Object) {
        for field in self.kind.personal_fields() {
            if let Some(value) = personal.value(field) {
                self.set(field, value.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_out_of_a_stakeholder_can_be_put_back() {
        let text = r#"{"id":"x","name":{"legal_name":"Ada"},"object_type":"STAKEHOLDER","stakeholder_type":"INDIVIDUAL","tax_ids":[]}"#;
        let whole = Object::parse_json(text).unwrap();
        let (mut public, personal) = whole.clone().split_personal();
        assert_eq!(
            public.to_json(),
            r#"{"id":"x","object_type":"STAKEHOLDER","stakeholder_type":"INDIVIDUAL"}"#
        );
        public.join_personal(&personal.unwrap());
        assert_eq!(public, whole);
        let (_, personal) = public.clone().split_personal().0.split_personal();
        assert_eq!(personal, None);
    }
}
