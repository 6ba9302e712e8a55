//! What is written is valid against the schema of OCF 1.2.0, where that is at hand.

use std::collections::BTreeMap;
use std::path::Path;

use jsonschema::{Registry, Validator};
use serde_json::Value;

use crate::shared::shared;

/// A validator for each type of file.
pub(crate) struct Schema {
    files: BTreeMap<String, Validator>,
}

impl Schema {
    /// Reads the schema, offline: every `$ref` names the `$id` of another file.
    pub(crate) fn open() -> Option<Schema> {
        let folder = shared("schema-1.2.0")?;
        let mut schemas = BTreeMap::new();
        gather(&folder, &mut schemas);
        let mut registry = Registry::new();
        for (id, schema) in &schemas {
            registry = registry.add(id.clone(), schema.clone()).unwrap();
        }
        let registry = registry.prepare().unwrap();
        let mut files = BTreeMap::new();
        // What all types of files have in common is no type of file.
        let of_file = |id: &str| id.contains("/files/") && !id.contains("/primitives/");
        for (id, schema) in schemas.iter().filter(|(id, _)| of_file(id)) {
            let file_type = schema["properties"]["file_type"]["const"].as_str().unwrap();
            let validator = jsonschema::options()
                .with_registry(&registry)
                .should_validate_formats(true)
                .build(schema);
            files.insert(file_type.to_owned(), validator.unwrap_or_else(|e| panic!("{id}: {e}")));
        }
        assert_eq!(files.len(), 10);
        Some(Schema { files })
    }

    /// Panics at the first member that is not valid.
    pub(crate) fn check(&self, members: &[(String, Vec<u8>)]) {
        for (name, bytes) in members {
            let file: Value = serde_json::from_slice(bytes).unwrap();
            let validator = &self.files[file["file_type"].as_str().unwrap()];
            if let Some(error) = validator.iter_errors(&file).next() {
                panic!("{name}{}: {error}", error.instance_path());
            }
        }
    }
}

fn gather(folder: &Path, schemas: &mut BTreeMap<String, Value>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            gather(&path, schemas);
        } else if path.extension().is_some_and(|end| end == "json") {
            let schema: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
            schemas.insert(schema["$id"].as_str().unwrap().to_owned(), schema);
        }
    }
}

#[test]
fn the_packages_at_hand_are_written_as_the_schema_has_them() {
    let Some(schema) = Schema::open() else { return };
    let sample = counterfoil_registry::ocf::read(&crate::shared::sample(), crate::shared::EXACT);
    schema.check(&crate::shared::written(&sample.unwrap()));
    let Some(folder) = shared("acme-holdings-limited") else { return };
    let source = counterfoil_registry::ocf::source::Source::open(&folder).unwrap();
    // Its terms have a cliff, for which 1.2.0 has no name.
    let mut members = crate::shared::written(&crate::shared::repaired(&source).unwrap());
    members.retain(|(name, _)| !name.starts_with("VestingTerms"));
    schema.check(&members);
}
