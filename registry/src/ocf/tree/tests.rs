use proptest::prelude::*;
use serde_json::Value;

use super::*;

fn parse(text: &[u8]) -> Result<Tree<'_>, Refusal> {
    let mut parser = Parser::new("a.json", super::text("a.json", text)?);
    let value = parser.value()?;
    parser.end()?;
    Ok(value)
}

/// Whether both say the same; numbers are compared by their texts.
fn same(tree: &Tree<'_>, value: &Value) -> bool {
    match (tree, value) {
        (Tree::Null, Value::Null) => true,
        (Tree::True, Value::Bool(b)) => *b,
        (Tree::False, Value::Bool(b)) => !b,
        (Tree::Number(a), Value::Number(b)) => {
            serde_json::from_str(a).is_ok_and(|a: serde_json::Number| a == *b)
        }
        (Tree::Text(a), Value::String(b)) => a == b,
        (Tree::List(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Tree::Map(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(&**key).is_some_and(|b| same(a, b)))
        }
        _ => false,
    }
}

#[test]
fn numbers_are_kept_as_they_stand_there() {
    for text in ["0", "-0.10", "1e3", "33.333333333333336", "123456789012345678901234567890"] {
        assert_eq!(parse(text.as_bytes()).unwrap(), Tree::Number(text));
    }
    for text in ["01", "1.", ".5", "-", "+1", "1e", "0x1", "NaN", "1 2"] {
        assert!(parse(text.as_bytes()).is_err(), "{text}");
    }
}

#[test]
fn texts_are_unescaped() {
    let text = br#""a\u00e9\ud83d\ude00\n\/\"""#;
    assert_eq!(parse(text).unwrap().text(), Some("a\u{e9}\u{1f600}\n/\""));
    for text in
        [&br#""\ud800""#[..], br#""\ud800\u0041""#, br#""\x""#, b"\"a\nb\"", b"\"a", b"\"\xff\""]
    {
        assert!(parse(text).is_err());
    }
}

#[test]
fn a_key_occurs_once_and_depth_and_number_are_bounded() {
    let twice = parse(b"{\"a\":1,\n\"a\":2}").unwrap_err();
    assert_eq!(twice.what, "line 2, column 5: the key \"a\" occurs twice");
    let many: String = (0..40).map(|at| format!("\"{}\":0,", at % 39)).collect();
    assert!(parse(format!("{{{}}}", many.trim_end_matches(',')).as_bytes()).is_err());
    let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert!(parse(deep(DEPTH_MAX).as_bytes()).is_ok());
    assert!(parse(deep(DEPTH_MAX + 1).as_bytes()).is_err());
    assert!(parse(deep(100_000).as_bytes()).is_err());
    assert!(parse(format!("[{}0]", "0,".repeat(NODES_MAX)).as_bytes()).is_err());
}

proptest! {
    #[test]
    fn it_agrees_with_another_reader(text in "[\\[\\]{}:, \"a\\\\u0-9e.+-]{0,40}|(true|false|null|\\[1,2\\]|\\{\"a\":\"\\\\u0041\"\\})") {
        let other: Result<Value, _> = serde_json::from_str(&text);
        match (parse(text.as_bytes()), other) {
            (Ok(tree), Ok(value)) => prop_assert!(same(&tree, &value), "{text}"),
            (Err(_), Err(_)) => {}
            // The other reader takes the last of two equal keys, and no number beyond its own.
            (Err(refusal), Ok(_)) => prop_assert!(refusal.what.contains("twice"), "{text}: {refusal}"),
            (Ok(_), Err(error)) => prop_assert!(error.to_string().contains("number out of range"), "{text}"),
        }
    }
}
