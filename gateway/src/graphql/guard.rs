//! The guard in front of validation: what a document may cost is bounded before anything walks it.
//!
//! A document of a few hundred bytes of nested fragments keeps a stock server busy for seconds and
//! another one fills its memory, since its own limits are judged after validation. Here the text is
//! measured first, the parser then sees nesting that is bounded, and the cost of each fragment is
//! computed once, so that the whole takes time linear in the document.
//!
//! Invariants: total on any text; recursion is bounded by `LEVELS`; sums saturate.

use std::collections::HashMap;

use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, Field, OperationDefinition, OperationType, Selection,
    SelectionSet,
};
use async_graphql::{Name, Positioned, Value, Variables};

use crate::fault::{Code, Fault};

/// Bytes of a document.
pub(crate) const BYTES: usize = 16 * 1024;
/// Brackets within brackets, and selections within selections and fragments.
pub(crate) const LEVELS: usize = 50;
/// Fields within fields, fragments expanded.
pub(crate) const DEPTH: usize = 15;
/// Fields, fragments expanded.
pub(crate) const FIELDS: u64 = 1_000;
/// Objects that may come back: each `first` or `last` multiplies what is below it, and so does a list
/// without them.
pub(crate) const COMPLEXITY: u64 = 50_000;
/// Lists that come whole where they take no `first` or `last`.
const WHOLE: [&str; 3] = ["classes", "events", "holdings"];
/// How long such a list is taken to be.
pub(crate) const WHOLE_ITEMS: u64 = 50;
/// Fields for which the past is read.
const PAST: [&str; 4] = ["capTable", "certificate", "events", "record"];
/// As how many objects more each of them counts.
pub(crate) const PAST_OBJECTS: u64 = 250;
/// Aliases.
pub(crate) const ALIASES: usize = 30;
/// Directives.
pub(crate) const DIRECTIVES: usize = 20;
/// Fragments.
pub(crate) const FRAGMENTS: usize = 50;
/// Items of a page.
pub(crate) const PAGE: usize = 100;

/// A document that may be validated and executed.
#[derive(Debug)]
pub(crate) struct Guarded {
    /// The document.
    pub(crate) document: ExecutableDocument,
    /// Whether the operation to be executed is a mutation.
    pub(crate) mutates: bool,
}

/// Reads a document and refuses it beyond any limit.
pub(crate) fn guard(
    text: &str,
    operation: Option<&str>,
    variables: &Variables,
) -> Result<Guarded, Fault> {
    if text.len() > BYTES {
        return Err(beyond("bytes", text.len() as u64, BYTES as u64));
    }
    bounded_nesting(text)?;
    let document = async_graphql::parser::parse_query(text)
        .map_err(|error| Fault::new(Code::QueryMalformed, error.to_string()))?;
    if document.fragments.len() > FRAGMENTS {
        return Err(beyond("fragments", document.fragments.len() as u64, FRAGMENTS as u64));
    }
    let mut measure = Measure {
        document: &document,
        variables,
        known: HashMap::new(),
        aliases: 0,
        directives: 0,
    };
    for (_, operation) in document.operations.iter() {
        measure.directives += operation.node.directives.len();
        let cost = measure.selections(&operation.node.selection_set.node, 0)?;
        cost.within()?;
    }
    for name in document.fragments.keys() {
        measure.fragment(name, 0)?.within()?;
    }
    let (aliases, directives) = (measure.aliases, measure.directives);
    if aliases > ALIASES {
        return Err(beyond("aliases", aliases as u64, ALIASES as u64));
    }
    if directives > DIRECTIVES {
        return Err(beyond("directives", directives as u64, DIRECTIVES as u64));
    }
    let mutates = one_mutation(&document, operation)?;
    Ok(Guarded { document, mutates })
}

fn beyond(what: &str, found: u64, limit: u64) -> Fault {
    Fault::new(Code::QueryTooComplex, format!("{what}: {found}, at most {limit}"))
}

/// The parser recurses on brackets, so they are counted before it, outside of strings and comments.
fn bounded_nesting(text: &str) -> Result<(), Fault> {
    let bytes = text.as_bytes();
    let (mut at, mut depth) = (0usize, 0usize);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'#' => {
                let line = bytes[at..].iter().position(|c| matches!(c, b'\n' | b'\r'));
                at += line.unwrap_or(bytes.len() - at);
                continue;
            }
            b'"' => {
                at += string_length(&bytes[at..]);
                continue;
            }
            b'{' | b'[' | b'(' => {
                depth += 1;
                if depth > LEVELS {
                    return Err(beyond("brackets within brackets", depth as u64, LEVELS as u64));
                }
            }
            b'}' | b']' | b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    Ok(())
}

/// Bytes of the string at the beginning; one without an end counts as its opening quotes, so that
/// nothing hides behind it.
fn string_length(bytes: &[u8]) -> usize {
    let (quotes, block) = if bytes.starts_with(b"\"\"\"") { (3, true) } else { (1, false) };
    let mut at = quotes;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' if block && bytes[at..].starts_with(b"\\\"\"\"") => at += 4,
            b'\\' if !block => at += 2,
            b'"' if block && bytes[at..].starts_with(b"\"\"\"") => return at + 3,
            b'"' if !block => return at + 1,
            b'\n' | b'\r' if !block => return quotes,
            _ => at += 1,
        }
    }
    quotes
}

#[derive(Clone, Copy, Default)]
struct Cost {
    fields: u64,
    objects: u64,
    depth: usize,
}

impl Cost {
    fn and(&mut self, other: Cost) {
        self.fields = self.fields.saturating_add(other.fields);
        self.objects = self.objects.saturating_add(other.objects);
        self.depth = self.depth.max(other.depth);
    }

    fn within(self) -> Result<(), Fault> {
        if self.fields > FIELDS {
            return Err(beyond("fields", self.fields, FIELDS));
        }
        if self.depth > DEPTH {
            return Err(beyond("depth", self.depth as u64, DEPTH as u64));
        }
        if self.objects > COMPLEXITY {
            return Err(beyond("complexity", self.objects, COMPLEXITY));
        }
        Ok(())
    }
}

struct Measure<'a> {
    document: &'a ExecutableDocument,
    variables: &'a Variables,
    /// The cost of a fragment; none while it is being computed.
    known: HashMap<Name, Option<Cost>>,
    aliases: usize,
    directives: usize,
}

impl Measure<'_> {
    fn selections(&mut self, set: &SelectionSet, level: usize) -> Result<Cost, Fault> {
        if level > LEVELS {
            return Err(beyond("selections within selections", level as u64, LEVELS as u64));
        }
        let mut cost = Cost::default();
        for selection in &set.items {
            cost.and(match &selection.node {
                Selection::Field(field) => self.field(&field.node, level)?,
                Selection::InlineFragment(inline) => {
                    self.directives += inline.node.directives.len();
                    self.selections(&inline.node.selection_set.node, level + 1)?
                }
                Selection::FragmentSpread(spread) => {
                    self.directives += spread.node.directives.len();
                    self.fragment(&spread.node.fragment_name.node, level)?
                }
            });
        }
        Ok(cost)
    }

    fn field(&mut self, field: &Field, level: usize) -> Result<Cost, Fault> {
        self.aliases += usize::from(field.alias.is_some());
        self.directives += field.directives.len();
        let below = self.selections(&field.selection_set.node, level + 1)?;
        let past = PAST.contains(&field.name.node.as_str());
        let own = if past { 1 + PAST_OBJECTS } else { 1 };
        Ok(Cost {
            fields: below.fields.saturating_add(1),
            objects: below.objects.saturating_mul(self.items(field)).saturating_add(own),
            depth: below.depth + 1,
        })
    }

    /// How many items a field may bring: its `first` or `last`, and the largest page where that is
    /// not known here.
    fn items(&self, field: &Field) -> u64 {
        let argument = field.get_argument("first").or_else(|| field.get_argument("last"));
        let Some(argument) = argument else {
            let whole = WHOLE.contains(&field.name.node.as_str());
            return if whole { WHOLE_ITEMS } else { 1 };
        };
        let given = |name: Name| self.variables.get(&name).cloned().ok_or(());
        let number = match argument.node.clone().into_const_with(given) {
            Ok(Value::Number(number)) => number.as_u64(),
            _ => None,
        };
        number.unwrap_or(PAGE as u64).clamp(1, PAGE as u64)
    }

    fn fragment(&mut self, name: &Name, level: usize) -> Result<Cost, Fault> {
        match self.known.get(name) {
            Some(Some(cost)) => return Ok(*cost),
            Some(None) => {
                return Err(Fault::new(Code::QueryInvalid, format!("{name} contains itself")));
            }
            None => {}
        }
        let Some(fragment) = self.document.fragments.get(name) else {
            return Err(Fault::new(Code::QueryInvalid, format!("no fragment is named {name}")));
        };
        self.known.insert(name.clone(), None);
        self.directives += fragment.node.directives.len();
        let cost = self.selections(&fragment.node.selection_set.node, level + 1)?;
        self.known.insert(name.clone(), Some(cost));
        Ok(cost)
    }
}

/// Whether the operation to be executed is a mutation. A document holds one mutation at most, that
/// mutation one field, and its command is the variable `$input`, whose text the client signed.
fn one_mutation(document: &ExecutableDocument, name: Option<&str>) -> Result<bool, Fault> {
    let refuse = |why: &str| Fault::new(Code::MutationForm, why);
    let mutation =
        |operation: &&Positioned<OperationDefinition>| operation.node.ty == OperationType::Mutation;
    let operations = document.operations.iter().map(|(_, operation)| operation);
    let mutations: Vec<_> = operations.filter(mutation).collect();
    if mutations.len() > 1 {
        return Err(refuse("more than one mutation"));
    }
    for operation in &mutations {
        let [only] = operation.node.selection_set.node.items.as_slice() else {
            return Err(refuse("more than one field"));
        };
        let Selection::Field(field) = &only.node else {
            return Err(refuse("a fragment in place of the field"));
        };
        let input = field.node.get_argument("input");
        let variable = input.is_some_and(|value| value.node.to_string() == "$input");
        if field.node.name.node != "__typename" && !variable {
            return Err(refuse("the argument input must be the variable $input"));
        }
    }
    Ok(match &document.operations {
        DocumentOperations::Single(operation) => mutation(&operation),
        // As the executor chooses: where there is one operation, it needs no name.
        DocumentOperations::Multiple(operations) => {
            let chosen = match name {
                Some(name) => operations.get(name),
                None => operations.values().next().filter(|_| operations.len() == 1),
            };
            chosen.is_some_and(|operation| mutation(&operation))
        }
    })
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use proptest::prelude::*;

    use super::*;

    fn verdict(text: &str) -> Result<bool, Code> {
        guard(text, None, &Default::default()).map(|ok| ok.mutates).map_err(|fault| fault.code)
    }

    #[test]
    fn bombs_are_refused_at_once() {
        let doubling = |count: usize| {
            let fragments: String = (0..count)
                .map(|at| format!("fragment F{at} on A{{...F{0} ...F{0}}} ", at + 1))
                .collect();
            format!("{{a{{...F0}}}} {fragments} fragment F{count} on A{{b}}")
        };
        let aliases: String = (0..100).map(|at| format!("a{at}:v ")).collect();
        let wide = "a(first:100){".repeat(4) + "b" + &"}".repeat(4);
        let of_each = |field: &str| format!("{{a(first:100){{{field}}}}}");
        let many: String = (0..60).map(|at| format!("fragment G{at} on A{{b}} ")).collect();
        let cases = [
            (doubling(20), Err(Code::QueryTooComplex)),
            (doubling(45), Err(Code::QueryTooComplex)),
            (doubling(300), Err(Code::QueryTooComplex)),
            (format!("{{{aliases}}}"), Err(Code::QueryTooComplex)),
            (format!("{{{wide}}}"), Err(Code::QueryTooComplex)),
            (format!("{{v {}}}", "@skip(if:false)".repeat(50)), Err(Code::QueryTooComplex)),
            (format!("{{b}} {many}"), Err(Code::QueryTooComplex)),
            (of_each("capTable{classes{b c d e f g}}"), Err(Code::QueryTooComplex)),
            (of_each("capTable{holders(first:5){holdings{b}}}"), Err(Code::QueryTooComplex)),
            (of_each("capTable{fullyDiluted}"), Ok(false)),
            (of_each("events{b c d}"), Ok(false)),
            ("{capTable{holders(first:100){b{holdings{c d{e}}}}}}".to_owned(), Ok(false)),
            ("{a".repeat(4000), Err(Code::QueryTooComplex)),
            (format!("{{a(x:{}", "[".repeat(10_000)), Err(Code::QueryTooComplex)),
            (" ".repeat(BYTES + 1), Err(Code::QueryTooComplex)),
            (
                "{a{...A}} fragment A on N{n{...B}} fragment B on N{n{...A}}".to_owned(),
                Err(Code::QueryInvalid),
            ),
            ("{a{...Nowhere}}".to_owned(), Err(Code::QueryInvalid)),
            ("{a".to_owned(), Err(Code::QueryMalformed)),
            ("{a{b{c}}}".to_owned(), Ok(false)),
            ("{a(first:100){b(first:50){c}}}".to_owned(), Ok(false)),
            ("{a(text:\"[[[[[{{{{{\") #{{{{{{{{{{\n}".to_owned(), Ok(false)),
        ];
        for (text, wanted) in cases {
            let start = Instant::now();
            assert_eq!(verdict(&text), wanted, "{}", text.get(..100).unwrap_or(&text));
            assert!(start.elapsed() < Duration::from_secs(1), "{text}");
        }
    }

    #[test]
    fn a_document_carries_out_one_mutation_with_the_variable() {
        let cases = [
            ("mutation($input:A!){a(input:$input)}", Ok(true)),
            ("mutation{__typename}", Ok(true)),
            ("mutation Sell($input:A!){a(input:$input)}", Ok(true)),
            ("query Ask{a}", Ok(false)),
            ("query Ask{a} mutation Sell{__typename}", Ok(false)),
            ("mutation{a(input:{b:\"c\"})}", Err(Code::MutationForm)),
            ("mutation($other:A!){a(input:$other)}", Err(Code::MutationForm)),
            ("mutation($input:A!){a(input:$input) b:a(input:$input)}", Err(Code::MutationForm)),
            ("mutation{...M} fragment M on Mutation{a}", Err(Code::MutationForm)),
            ("mutation A{__typename} mutation B{__typename}", Err(Code::MutationForm)),
        ];
        for (text, wanted) in cases {
            assert_eq!(verdict(text), wanted, "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn no_text_makes_the_guard_panic(text in "\\PC{0,200}") {
            let _ = verdict(&text);
        }

        #[test]
        fn the_time_is_linear(parts in prop::collection::vec(
            prop::sample::select(vec![
                "{", "}", "(", ")", "[", "]", "a", "...", "F1", "fragment F1 on A", "...F1 ",
                "\"", "\"\"\"", "#", "\n", "query", "mutation", "$input", ":", "@skip(if:true)",
                "first:100", " ", "\\", "1", "!",
            ]),
            0..3_000,
        )) {
            let text = parts.concat();
            let start = Instant::now();
            let _ = verdict(&text);
            // Some microseconds a byte in a debug build on a busy machine.
            prop_assert!(start.elapsed() < Duration::from_millis(1_000));
        }
    }
}
