//! The schema as a promise: the committed text is what is served, it follows the vocabulary, and
//! nothing that a client uses is taken away unannounced.

#![allow(clippy::unwrap_used, reason = "helpers of tests, outside of test functions")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use async_graphql::Positioned;
use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    BaseType, ConstDirective, FieldDefinition, InputValueDefinition, Type, TypeDefinition,
    TypeKind, TypeSystemDefinition,
};
use counterfoil_engine::rejection::Rejection;
use counterfoil_engine::wire;
use counterfoil_gateway::graphql::sdl;
use prost_reflect::{Cardinality, Kind, MessageDescriptor};

const REGENERATE: &str =
    "COUNTERFOIL_WRITE_SCHEMA=1 cargo test -p counterfoil-gateway --test schema";

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../schema.graphql")
}

#[test]
fn the_committed_schema_is_the_one_that_is_served() {
    let served = sdl();
    let committed = std::fs::read_to_string(path()).unwrap_or_default();
    if std::env::var_os("COUNTERFOIL_WRITE_SCHEMA").is_some() {
        let broken = if committed.is_empty() { Vec::new() } else { breaks(&committed, &served) };
        assert_eq!(broken, Vec::<String>::new(), "deprecate first; not written");
        std::fs::write(path(), served).unwrap();
        return;
    }
    let differs = committed.lines().zip(served.lines()).find(|(a, b)| a != b);
    assert!(
        committed == served,
        "schema.graphql is not what is served; first difference: {differs:?}\nregenerate it: {REGENERATE}"
    );
}

#[test]
fn nothing_is_taken_from_clients_unannounced() {
    let committed = std::fs::read_to_string(path()).unwrap();
    assert_eq!(breaks(&committed, &sdl()), Vec::<String>::new());
}

#[test]
fn a_removal_and_a_tighter_type_are_found() {
    let old = "type Query { a(x: Int, y: Int): Int! b: [String!]! c: Int @deprecated(reason: \"d\") } \
               input I { p: Int q: Int! } enum E { ONE TWO } union U = V | W type V { a: Int } \
               type W { a: Int }";
    let cases: [(&str, &str, &[&str]); 10] = [
        ("c: Int @deprecated(reason: \"d\")", "", &[]),
        ("b: [String!]!", "", &["Query.b is gone"]),
        ("a(x: Int, y: Int): Int!", "a(x: Int, y: Int): Int", &["Query.a was Int!, is Int"]),
        ("a(x: Int, y: Int)", "a(x: Int)", &["Query.a(y) is gone"]),
        ("a(x: Int, y: Int)", "a(x: Int!, y: Int)", &["Query.a(x) was Int, is Int!"]),
        ("a(x: Int, y: Int)", "a(x: Int, y: Int, z: Int!)", &["Query.a(z) is required and new"]),
        ("a(x: Int, y: Int)", "a(x: Int, y: Int, z: Int)", &[]),
        ("p: Int q: Int!", "p: Int! q: Int", &["I.p was Int, is Int!"]),
        ("ONE TWO", "ONE THREE", &["E.TWO is gone"]),
        ("U = V | W", "U = V", &["U.W is gone"]),
    ];
    for (from, to, wanted) in cases {
        assert_eq!(breaks(old, &old.replace(from, to)), wanted, "{from} -> {to}");
    }
}

#[test]
fn everything_is_described() {
    let text = sdl();
    for (name, definition) in types(&text) {
        assert!(definition.description.is_some(), "{name}");
        let fields: Vec<FieldDefinition> = fields(&definition);
        for field in fields {
            assert!(field.description.is_some(), "{name}.{}", field.name.node);
            for argument in &field.arguments {
                let place = format!("{name}.{}({})", field.name.node, argument.node.name.node);
                assert!(argument.node.description.is_some(), "{place}");
            }
        }
        for input in inputs(&definition) {
            assert!(input.description.is_some(), "{name}.{}", input.name.node);
        }
        if let TypeKind::Enum(kind) = &definition.kind {
            for value in &kind.values {
                let value = &value.node;
                assert!(value.description.is_some(), "{name}.{}", value.value.node);
            }
        }
    }
}

#[test]
fn each_command_is_a_mutation_and_its_input_the_message() {
    let text = sdl();
    let types = types(&text);
    let mutations = fields(&types["Mutation"]);
    let command = wire::descriptor("Command").unwrap();
    for member in command.fields() {
        let Kind::Message(message) = member.kind() else { panic!("{member:?}") };
        let mutation = mutations.iter().find(|field| field.name.node == member.json_name());
        let mutation = mutation.unwrap_or_else(|| panic!("no mutation {}", member.json_name()));
        let input = mutation.arguments.iter().find(|a| a.node.name.node == "input").unwrap();
        assert_eq!(input.node.ty.node.to_string(), format!("{}Input!", message.name()));
        same_fields(&types, &message);
    }
    // Each mutation but the one that carries several.
    assert_eq!(mutations.len(), command.fields().len() + 1);
}

fn same_fields(types: &BTreeMap<String, TypeDefinition>, message: &MessageDescriptor) {
    let name = format!("{}Input", message.name());
    let inputs = inputs(&types[&name]);
    let given: BTreeSet<String> = inputs.iter().map(|i| i.name.node.to_string()).collect();
    let wanted: BTreeSet<String> = message.fields().map(|f| f.json_name().to_owned()).collect();
    assert_eq!(given, wanted, "{name}");
    for field in message.fields() {
        let input = inputs.iter().find(|i| i.name.node == field.json_name()).unwrap();
        let (base, list) = match &input.ty.node.base {
            BaseType::Named(named) => (named.to_string(), false),
            BaseType::List(inner) => (inner.base.to_string(), true),
        };
        let place = format!("{name}.{}", field.json_name());
        assert_eq!(list, field.cardinality() == Cardinality::Repeated, "{place}");
        match field.kind() {
            Kind::Message(inner) => {
                assert_eq!(base, format!("{}Input", inner.name()), "{place}");
                same_fields(types, &inner);
            }
            Kind::Enum(kind) => {
                assert_eq!(base, kind.name(), "{place}");
                let TypeKind::Enum(shown) = &types[&base].kind else { panic!("{place}") };
                let shown: BTreeSet<String> =
                    shown.values.iter().map(|value| value.node.value.node.to_string()).collect();
                let values = kind.values().filter(|value| value.number() != 0);
                let values: BTreeSet<String> = values.map(|v| v.name().to_owned()).collect();
                assert_eq!(shown, values, "{place}");
            }
            Kind::Bool => assert_eq!(base, "Boolean", "{place}"),
            Kind::Bytes => assert_eq!(base, "Hex", "{place}"),
            _ => assert!(
                ["ID", "String", "Decimal", "Date", "CurrencyCode"].contains(&base.as_str()),
                "{place} is a {base}"
            ),
        }
    }
}

#[test]
fn the_codes_are_those_of_the_ledger() {
    let text = sdl();
    let TypeKind::Enum(codes) = &types(&text)["RejectionCode"].kind else { panic!("an enum") };
    let shown: BTreeSet<String> =
        codes.values.iter().map(|value| value.node.value.node.to_string()).collect();
    let codes: BTreeSet<String> = Rejection::all().map(|r| r.code().to_owned()).collect();
    assert_eq!(shown, codes);
}

fn types(text: &str) -> BTreeMap<String, TypeDefinition> {
    // The parser does not know descriptions of the schema itself, which stand at the end.
    let definitions =
        text.split_once("\n\"\"\"\nThe ledger of Counterfoil:").map_or(text, |(d, _)| d);
    let document = parse_schema(definitions).unwrap();
    let definitions = document.definitions.into_iter().filter_map(|definition| match definition {
        TypeSystemDefinition::Type(definition) => Some(definition.node),
        _ => None,
    });
    definitions.map(|definition| (definition.name.node.to_string(), definition)).collect()
}

fn fields(definition: &TypeDefinition) -> Vec<FieldDefinition> {
    let fields = match &definition.kind {
        TypeKind::Object(object) => &object.fields,
        TypeKind::Interface(interface) => &interface.fields,
        _ => return Vec::new(),
    };
    fields.iter().map(|field| field.node.clone()).collect()
}

fn inputs(definition: &TypeDefinition) -> Vec<InputValueDefinition> {
    match &definition.kind {
        TypeKind::InputObject(input) => input.fields.iter().map(|f| f.node.clone()).collect(),
        _ => Vec::new(),
    }
}

/// What `new` takes from a client of `old`, but for what `old` announced as deprecated.
fn breaks(old: &str, new: &str) -> Vec<String> {
    let (old, new) = (types(old), types(new));
    let mut found = Vec::new();
    for (name, before) in &old {
        let Some(after) = new.get(name) else {
            found.push(format!("{name} is gone"));
            continue;
        };
        compare_fields(name, before, after, &mut found);
        compare_inputs(name, "", &inputs(before), &inputs(after), &mut found);
        let left = names(after);
        let gone = names(before).into_iter().filter(|member| !left.contains(member));
        found.extend(gone.map(|member| format!("{name}.{member} is gone")));
    }
    found
}

fn compare_fields(
    name: &str,
    before: &TypeDefinition,
    after: &TypeDefinition,
    found: &mut Vec<String>,
) {
    let after = fields(after);
    for field in fields(before) {
        let place = format!("{name}.{}", field.name.node);
        match after.iter().find(|other| other.name.node == field.name.node) {
            None if deprecated(&field.directives) => {}
            None => found.push(format!("{place} is gone")),
            Some(now) => {
                if !promises(&field.ty.node, &now.ty.node) {
                    found.push(format!("{place} was {}, is {}", field.ty.node, now.ty.node));
                }
                let arguments = |field: &FieldDefinition| -> Vec<InputValueDefinition> {
                    field.arguments.iter().map(|argument| argument.node.clone()).collect()
                };
                compare_inputs(&place, "(", &arguments(&field), &arguments(now), found);
            }
        }
    }
}

fn compare_inputs(
    name: &str,
    open: &str,
    before: &[InputValueDefinition],
    after: &[InputValueDefinition],
    found: &mut Vec<String>,
) {
    let place = |input: &InputValueDefinition| match open {
        "" => format!("{name}.{}", input.name.node),
        open => format!("{name}{open}{})", input.name.node),
    };
    for input in before {
        match after.iter().find(|other| other.name.node == input.name.node) {
            None if deprecated(&input.directives) => {}
            None => found.push(format!("{} is gone", place(input))),
            // An input may ask for less than before, as a result may promise more.
            Some(now) if promises(&now.ty.node, &input.ty.node) => {}
            Some(now) => {
                found.push(format!("{} was {}, is {}", place(input), input.ty.node, now.ty.node));
            }
        }
    }
    for input in after {
        let new = before.iter().all(|other| other.name.node != input.name.node);
        if new && !input.ty.node.nullable && input.default_value.is_none() {
            found.push(format!("{} is required and new", place(input)));
        }
    }
}

/// Values of an enum and members of a union; a deprecated value may go.
fn names(definition: &TypeDefinition) -> BTreeSet<String> {
    match &definition.kind {
        TypeKind::Enum(kind) => {
            let kept = kind.values.iter().filter(|value| !deprecated(&value.node.directives));
            kept.map(|value| value.node.value.node.to_string()).collect()
        }
        TypeKind::Union(kind) => kind.members.iter().map(|m| m.node.to_string()).collect(),
        _ => BTreeSet::new(),
    }
}

fn deprecated(directives: &[Positioned<ConstDirective>]) -> bool {
    directives.iter().any(|directive| directive.node.name.node == "deprecated")
}

/// Whether `now` promises a reader everything that `before` did.
fn promises(before: &Type, now: &Type) -> bool {
    let never_null = !now.nullable || before.nullable;
    never_null
        && match (&before.base, &now.base) {
            (BaseType::Named(before), BaseType::Named(now)) => before == now,
            (BaseType::List(before), BaseType::List(now)) => promises(before, now),
            _ => false,
        }
}
