//! Both encodings are total and canonical.

use proptest::prelude::*;
use prost_reflect::Kind;

use super::*;

fn instruct(reference: &str) -> v1::Command {
    let instruct = v1::InstructSettlement {
        reference: reference.to_owned(),
        movement: v1::Movement::Deliver.into(),
        payment: v1::Payment::Against.into(),
        class: "S0-0".to_owned(),
        quantity: "100".to_owned(),
        ..v1::InstructSettlement::default()
    };
    v1::Command { command: Some(v1::command::Command::InstructSettlement(instruct)) }
}

#[test]
fn json_is_what_a_person_reads() {
    let text = encode_command(&instruct("T\u{1}\"1"), Encoding::Json);
    assert_eq!(
        std::str::from_utf8(&text).unwrap(),
        r#"{"instructSettlement":{"class":"S0-0","movement":"DELIVER","payment":"AGAINST","quantity":"100","reference":"T\u0001\"1"}}"#
    );
    assert_eq!(decode_command(&text, Encoding::Json).unwrap(), instruct("T\u{1}\"1"));
}

#[test]
fn json_that_is_not_canonical_is_refused_and_the_place_named() {
    let table = [
        (r#"{"cancelInstruction":{"reference":"a"} }"#, "RFC 8785"),
        (r#"{"cancelInstruction":{"reference":"\u0061"}}"#, "RFC 8785"),
        (r#"{"cancelInstruction":{"reference":""}}"#, "RFC 8785"),
        (r#"{"cancelInstruction":{"reference":"a","reference":"a"}}"#, "RFC 8785"),
        (r#"{"cancelInstruction":{"reference":1}}"#, "cancelInstruction.reference: a string"),
        (r#"{"cancelInstruction":{"other":"a"}}"#, "cancelInstruction.other: not a known"),
        (r#"{"cancelInstruction":{"reference":"a"},"addKey":{}}"#, "only one of its kind"),
        (r#"{"addKey":{"key":"AB"}}"#, "addKey.key: lower-case hexadecimal"),
        (r#"[]"#, "an object is wanted"),
        (r#"{"#, "EOF"),
    ];
    for (text, why) in table {
        let error = decode_command(text.as_bytes(), Encoding::Json).unwrap_err();
        assert!(error.0.contains(why), "{text}: {error}");
    }
}

#[test]
fn the_vocabulary_has_only_types_that_the_json_form_knows() {
    for message in POOL.all_messages() {
        for field in message.fields() {
            let known = matches!(
                field.kind(),
                Kind::String | Kind::Bytes | Kind::Bool | Kind::Enum(_) | Kind::Message(_)
            );
            assert!(known, "{}", field.full_name());
        }
    }
}

proptest! {
    #[test]
    fn decoding_is_total_and_canonical(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for encoding in [Encoding::Protobuf, Encoding::Json] {
            if let Ok(command) = decode_command(&bytes, encoding) {
                prop_assert_eq!(encode_command(&command, encoding), bytes.clone());
            }
            let _either_way = decode_submission(&bytes, encoding);
        }
    }

    #[test]
    fn a_changed_byte_never_reads_as_the_same_command(at in 0usize..90, bit in 0u8..8) {
        for encoding in [Encoding::Protobuf, Encoding::Json] {
            let command = instruct("TRADE-1");
            let mut bytes = encode_command(&command, encoding);
            let at = at % bytes.len();
            bytes[at] ^= 1 << bit;
            if let Ok(other) = decode_command(&bytes, encoding) {
                prop_assert_ne!(other, command);
            }
        }
    }
}
