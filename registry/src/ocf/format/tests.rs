//! The tables against the schema of OCF 1.2.0, where that is at hand.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Map, Value};

use super::*;

/// The schema by the last part of each `$id`, without its end.
struct Schema(BTreeMap<String, Value>);

fn name(reference: &str) -> String {
    let last = reference.rsplit('/').next().unwrap_or_default();
    last.trim_end_matches(".schema.json").to_owned()
}

impl Schema {
    fn open() -> Option<Schema> {
        let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared");
        let root = std::env::var_os("COUNTERFOIL_SHARED").unwrap_or_else(|| default.into());
        let folder = Path::new(&root).join("ocf/schema-1.2.0");
        if !folder.is_dir() {
            println!("skipped: {} is not there", folder.display());
            return None;
        }
        let mut schemas = BTreeMap::new();
        let mut folders = vec![folder];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let schema: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
                let id = schema["$id"].as_str().unwrap();
                // `primitives/files/File` has the same name, and is a part of the manifest.
                if !id.ends_with("/types/File.schema.json") {
                    schemas.insert(name(id), schema);
                }
            }
        }
        Some(Schema(schemas))
    }

    /// Leads a schema to what it refers to.
    fn resolve<'a>(&'a self, schema: &'a Value) -> (&'a Value, String) {
        match schema.get("$ref").and_then(Value::as_str) {
            Some(reference) => (&self.0[&name(reference)], name(reference)),
            None => (schema, String::new()),
        }
    }

    /// Properties and required ones, those of the primitives included.
    fn properties(&self, schema: &Value) -> (Map<String, Value>, BTreeSet<String>) {
        let (mut properties, mut required) = (Map::new(), BTreeSet::new());
        for part in schema["allOf"].as_array().into_iter().flatten() {
            let (part, _) = self.resolve(part);
            let (more, needed) = self.properties(part);
            properties.extend(more);
            required.extend(needed);
        }
        for (name, value) in schema["properties"].as_object().into_iter().flatten() {
            if value.as_object().is_some_and(|value| !value.is_empty())
                || !properties.contains_key(name)
            {
                properties.insert(name.clone(), value.clone());
            }
        }
        let own = schema["required"].as_array().into_iter().flatten();
        let text = |name: &Value| name.as_str().unwrap().to_owned();
        required.extend(own.map(text));
        // What each of several ways requires is required.
        let ways = schema["anyOf"].as_array().into_iter().flatten();
        let ways = ways.filter_map(|way| way.get("required")?.as_array());
        let ways = ways.map(|names| names.iter().map(text).collect::<BTreeSet<String>>());
        required.extend(ways.reduce(|one, other| &one & &other).unwrap_or_default());
        (properties, required)
    }

    fn compare(&self, at: &str, shape: &Shape, schema: &Value) {
        let (mut properties, mut required) = self.properties(schema);
        for name in ["object_type", "stock_class_id"] {
            // Of the two ways in which a plan names its classes normal form has the newer one.
            if name == "object_type"
                && properties.get(name).is_some_and(|p| p.get("$ref").is_none())
                || at == "STOCK_PLAN"
            {
                properties.remove(name);
                required.remove(name);
            }
        }
        if at == "STOCK_PLAN" {
            required.insert("stock_class_ids".into());
        }
        if at == "STAKEHOLDER" {
            properties.remove("current_relationship");
        }
        for field in shape.fields {
            let at = format!("{at}.{}", field.name);
            if field.since == Since::Main || at == "STAKEHOLDER.current_relationships" {
                assert!(!properties.contains_key(field.name), "{at} is no newer field");
                continue;
            }
            let property = properties.remove(field.name);
            let property = property.unwrap_or_else(|| panic!("{at}: no such field"));
            let needed = matches!(field.need, Need::Must(_) | Need::Null);
            // A right says what it is, though the schema only has it in some places.
            let right = at.ends_with("conversion_right.type") || at.ends_with(".trigger.type");
            assert!(needed == required.contains(field.name) || right, "{at}: required or not");
            self.holds(&at, field.holds, &property);
        }
        assert!(properties.is_empty(), "{at} lacks {:?}", properties.keys());
    }

    fn holds(&self, at: &str, holds: Type, schema: &Value) {
        let (schema, name) = self.resolve(schema);
        let kind = schema["type"].as_str().unwrap_or_default();
        match holds {
            Type::Text | Type::Label | Type::To(_) => {
                assert!(kind == "string" || name == "ObjectType", "{at}: {schema}");
            }
            Type::Enum(known) => {
                let listed = match schema.get("const") {
                    Some(only) => vec![only.as_str().unwrap()],
                    None => {
                        let list =
                            schema["enum"].as_array().unwrap_or_else(|| panic!("{at}: {schema}"));
                        list.iter().map(|value| value.as_str().unwrap()).collect()
                    }
                };
                let (known, listed): (BTreeSet<_>, BTreeSet<_>) =
                    (known.iter().copied().collect(), listed.into_iter().collect());
                assert!(
                    known == listed || at.ends_with(".type") && known.is_subset(&listed),
                    "{at}"
                );
            }
            Type::Bool => assert_eq!(kind, "boolean", "{at}"),
            Type::Integer(least) => {
                assert_eq!(kind, "integer", "{at}");
                assert_eq!(schema["minimum"].as_i64().unwrap_or(i64::MIN), least, "{at}");
            }
            Type::Numeric | Type::Measure => assert_eq!(name, "Numeric", "{at}"),
            Type::Authorized => {
                let names =
                    schema["oneOf"].as_array().unwrap().iter().map(|one| self.resolve(one).1);
                assert_eq!(names.collect::<Vec<_>>(), ["AuthorizedShares", "Numeric"], "{at}");
            }
            Type::Date => {
                let nullable = schema["oneOf"].as_array().map(|list| self.resolve(&list[1]).1);
                assert_eq!(nullable.unwrap_or(name), "Date", "{at}");
            }
            Type::Percentage => assert_eq!(name, "Percentage", "{at}"),
            Type::Currency => assert_eq!(name, "CurrencyCode", "{at}"),
            Type::Country => assert_eq!(name, "CountryCode", "{at}"),
            Type::Subdivision => assert_eq!(name, "CountrySubdivisionCode", "{at}"),
            Type::Md5 => assert_eq!(name, "Md5", "{at}"),
            Type::Moment => assert_eq!(schema["format"], "date-time", "{at}"),
            Type::Email => assert_eq!(schema["format"], "email", "{at}"),
            Type::Phone => assert!(schema["pattern"].is_string(), "{at}"),
            Type::List(of, least, unique) => {
                assert_eq!(kind, "array", "{at}");
                assert_eq!(schema["minItems"].as_u64().unwrap_or(0), least as u64, "{at}");
                let each = schema["uniqueItems"].as_bool().unwrap_or(false);
                // Links to securities are taken once each in any case.
                let links = matches!(of, Type::To(Target::Security));
                assert!(each == (unique == Unique::Each) || links, "{at}");
                self.holds(at, *of, &schema["items"]);
            }
            Type::Part(shape) => self.compare(at, shape, schema),
            Type::OneOf(options) => {
                let one_of = schema.get("oneOf").or(schema.get("anyOf"));
                let listed = one_of.and_then(Value::as_array).unwrap_or_else(|| panic!("{at}"));
                assert_eq!(listed.len(), options.len(), "{at}");
                for one in listed {
                    let (schema, name) = self.resolve(one);
                    let said = schema["properties"]["type"]["const"].as_str();
                    let found = options.iter().find(|(tag, _)| Some(*tag) == said);
                    let (_, shape) = found.unwrap_or_else(|| panic!("{at} lacks {name}"));
                    self.compare(at, shape, schema);
                }
            }
        }
    }
}

#[test]
fn every_table_says_what_the_schema_says() {
    let Some(schema) = Schema::open() else { return };
    let mut seen = 0;
    for file in schema.0.values() {
        let kind = match &file["properties"]["object_type"] {
            Value::Object(kind) if kind.contains_key("const") => kind["const"].as_str(),
            // An older name and the newer one.
            Value::Object(kind) => {
                let names = kind.get("enum").and_then(Value::as_array);
                names.map(|names| names[1].as_str().unwrap())
            }
            _ => None,
        };
        let Some(kind) = kind.filter(|kind| !kind.starts_with("TX_PLAN_SECURITY")) else {
            continue;
        };
        let kind = Kind::parse(kind).unwrap();
        seen += 1;
        schema.compare(kind.as_str(), shape(kind), file);
    }
    let newer = Kind::ALL.iter().filter(|kind| since(**kind) == Since::Main).count();
    assert_eq!(seen, Kind::ALL.len() - newer);
    let (mut properties, required) = schema.properties(&schema.0["OCFManifestFile"]);
    for file in File::ALL {
        let (file_type, key, _, needed) = file.names();
        assert_eq!(required.contains(key), needed, "{key}");
        assert!(properties.remove(key).is_some(), "{key}");
        assert!(schema.0["FileType"]["enum"].as_array().unwrap().contains(&file_type.into()));
    }
    let head: BTreeSet<&str> = HEAD.fields.iter().map(|field| field.name).collect();
    let rest: BTreeSet<&str> = properties.keys().map(String::as_str).collect();
    let rest: BTreeSet<&str> = rest.difference(&head).copied().collect();
    assert_eq!(rest, BTreeSet::from(["file_type", "issuer"]));
}

#[test]
fn fields_are_named_once_and_fit_into_a_word() {
    for kind in Kind::ALL {
        let fields = shape(*kind).fields;
        let names: BTreeSet<&str> = fields.iter().map(|field| field.name).collect();
        assert!(names.len() == fields.len() && fields.len() <= 64, "{kind}");
        assert_eq!(fields[0].name, "id", "{kind}");
    }
}
