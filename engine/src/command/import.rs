//! Items of draft registers: texts into objects of the Open Cap Format.

use counterfoil_registry::action::Action;
use counterfoil_registry::draft::ImportItem;
use counterfoil_registry::ocf::object::Object;
use counterfoil_registry::rule::Rule;

use super::parse::{Parsed, refuse};
use crate::limits::{OBJECT_BYTES, OBJECTS_PER_ITEM};
use crate::wire::v1;

/// Reads an item; `path` is where it stands in the command.
pub(crate) fn import_item(path: &str, item: &v1::ImportItem) -> Parsed<ImportItem> {
    let objects = objects(path, &item.objects)?;
    let mut waived = Vec::with_capacity(item.waived.len());
    for (at, code) in item.waived.iter().enumerate() {
        match Rule::parse(code).filter(|rule| rule.waivable() && !waived.contains(rule)) {
            Some(rule) => waived.push(rule),
            None => {
                let why = "the code of a rule that can be waived is wanted, each once";
                return refuse(&format!("{path}.waived[{at}]"), why);
            }
        }
    }
    Ok(ImportItem { objects, waived })
}

/// Reads the objects of an item, which together must mean something.
pub(super) fn objects(path: &str, texts: &[String]) -> Parsed<Vec<Object>> {
    if texts.len() > OBJECTS_PER_ITEM {
        return refuse(&format!("{path}.objects"), "more objects than one item may have");
    }
    let mut objects = Vec::with_capacity(texts.len());
    for (at, text) in texts.iter().enumerate() {
        let at = || format!("{path}.objects[{at}]");
        if text.len() > OBJECT_BYTES {
            return refuse(&at(), "the object is larger than the limit");
        }
        let Some(object) = Object::parse_json(text) else {
            return refuse(&at(), "an object in normal form as canonical JSON is wanted");
        };
        let personal = object.kind().personal_fields();
        if let Some(field) = personal.iter().find(|field| object.value(field).is_some()) {
            let why = format!("{field}: personal data does not enter the ledger");
            return refuse(&at(), &why);
        }
        objects.push(object);
    }
    match Action::of(&objects) {
        Ok(_) => Ok(objects),
        Err(error) => refuse(&format!("{path}.objects"), &error.to_string()),
    }
}
