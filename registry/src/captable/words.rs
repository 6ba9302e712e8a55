//! One name for one thing in what events say in the words of the format.
//!
//! A live transaction may name a thing by its handle, although the package that the register came
//! from gave it an id. Told as it was entered it would name, for a reader of the format, something
//! that is not there. So handles are replaced by the ids of the package, where there are such.

use std::sync::Arc;

use super::Fold;
use crate::effect::Effect;
use crate::handle::{
    AccountId, CertificateId, ClassId, IssuerId, PlanId, SecurityId, StakeholderId,
};
use crate::ocf::object::{Kind, Object, Value};

/// What the field of an object refers to.
#[derive(Clone, Copy)]
enum Refers {
    Class,
    Plan,
    Stakeholder,
    Security,
}

/// The fields that refer to things entered before.
const FIELDS: [(&str, Refers); 4] = [
    ("security_id", Refers::Security),
    ("stakeholder_id", Refers::Stakeholder),
    ("stock_class_id", Refers::Class),
    ("stock_plan_id", Refers::Plan),
];

/// The fields in which rights name the classes that they convert into.
const RIGHTS: [&str; 3] = ["exercise_triggers", "conversion_triggers", "conversion_rights"];

impl Fold {
    /// Remembers ids of the package that look like handles: a register takes them for ids first.
    pub(super) fn remember_ids(&mut self, issuer: IssuerId, effects: &[Effect]) {
        for effect in effects {
            let id = match effect {
                Effect::ClassRegistered { source_id, .. }
                | Effect::StakeholderRegistered { source_id, .. }
                | Effect::PlanRegistered { source_id, .. } => source_id,
                Effect::CertificateOpened(opened) => &opened.source_id,
                Effect::SecurityOpened(opened) => &opened.source_id,
                _ => continue,
            };
            if looks_like_a_handle(id) {
                self.handle_like.insert((issuer, id.clone()));
            }
        }
    }

    /// An object in which things are named by the ids of the package, where they have one.
    pub(super) fn in_words(&self, issuer: IssuerId, object: &Arc<Object>) -> Arc<Object> {
        let mut changed: Option<Object> = None;
        for (field, refers) in FIELDS {
            let named = object.text(field).and_then(|text| self.id_of(issuer, refers, text));
            if let Some(id) = named {
                changed.get_or_insert_with(|| object.as_ref().clone()).set(field, id.into());
            }
        }
        if let Some(Value::Array(list)) = object.value("security_ids") {
            let id = |value: &Value| {
                let id = value.as_str().and_then(|t| self.id_of(issuer, Refers::Security, t));
                id.map_or_else(|| value.clone(), Value::from)
            };
            let ids: Vec<Value> = list.iter().map(id).collect();
            if ids != *list {
                changed
                    .get_or_insert_with(|| object.as_ref().clone())
                    .set("security_ids", ids.into());
            }
        }
        let of_rights = matches!(
            object.kind(),
            Kind::WarrantIssuance | Kind::ConvertibleIssuance | Kind::StockClass
        );
        for field in RIGHTS.into_iter().filter(|_| of_rights) {
            let Some(mut rights) = object.value(field).cloned() else { continue };
            if self.convert_into_ids(issuer, &mut rights) {
                changed.get_or_insert_with(|| object.as_ref().clone()).set(field, rights);
            }
        }
        changed.map_or_else(|| object.clone(), Arc::new)
    }

    /// Names the class of each right within a value by its id; whether one was named otherwise.
    fn convert_into_ids(&self, issuer: IssuerId, value: &mut Value) -> bool {
        match value {
            Value::Array(list) => list
                .iter_mut()
                .fold(false, |changed, value| changed | self.convert_into_ids(issuer, value)),
            Value::Object(map) => map.iter_mut().fold(false, |changed, (key, value)| {
                let id = value
                    .as_str()
                    .filter(|_| key == "converts_to_stock_class_id")
                    .and_then(|text| self.id_of(issuer, Refers::Class, text));
                let named = match id {
                    Some(id) => {
                        *value = id.into();
                        true
                    }
                    None => self.convert_into_ids(issuer, value),
                };
                named || changed
            }),
            _ => false,
        }
    }

    /// The id in the package of what a handle names, where it has one.
    fn id_of(&self, issuer: IssuerId, refers: Refers, text: &str) -> Option<&str> {
        if !looks_like_a_handle(text) || self.handle_like.contains(&(issuer, text.to_owned())) {
            return None;
        }
        let id = match refers {
            Refers::Class => &self.classes.get(&ClassId::parse(text)?)?.source_id,
            Refers::Plan => &self.plans.get(&PlanId::parse(text)?)?.source_id,
            Refers::Stakeholder => {
                let line = match StakeholderId::parse(text) {
                    Some(line) => line,
                    None => *self.of_account.get(&AccountId::parse(text)?)?,
                };
                &self.stakeholders.get(&line)?.source_id
            }
            Refers::Security => match CertificateId::parse(text) {
                Some(certificate) => &self.certificates.get(&certificate)?.source_id,
                None => &self.securities.get(&SecurityId::parse(text)?)?.source_id,
            },
        };
        Some(id.as_str()).filter(|id| !id.is_empty())
    }
}

fn looks_like_a_handle(text: &str) -> bool {
    let bytes = text.as_bytes();
    // The check character stands behind the only hyphen.
    bytes.len() >= 4
        && bytes[bytes.len() - 2] == b'-'
        && b"SHLGAN".contains(&bytes[0])
        && bytes[1].is_ascii_digit()
}
