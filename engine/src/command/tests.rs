//! The shape of commands: what a broker's mistyped form gets.

use super::*;
use crate::wire::{Encoding, decode_command};

fn parse(json: &str) -> Result<Command, FieldError> {
    Command::parse(decode_command(json.as_bytes(), Encoding::Json).unwrap())
}

#[test]
fn a_mistyped_field_is_named() {
    let instruct = |changed: &str, value: &str| {
        let mut fields = std::collections::BTreeMap::from([
            ("account", "A1-V"),
            ("amount", "100"),
            ("cashAccount", "C1-R"),
            ("class", "S0-N"),
            ("deliveringParty", "P1-0"),
            ("movement", "DELIVER"),
            ("payment", "AGAINST"),
            ("quantity", "10"),
            ("receivingParty", "P2-0"),
            ("reference", "T-1"),
            ("settlementDate", "2026-11-21"),
            ("tradeDate", "2026-11-20"),
        ]);
        for (name, prefix) in [
            ("account", 'A'),
            ("cashAccount", 'C'),
            ("class", 'S'),
            ("deliveringParty", 'P'),
            ("receivingParty", 'P'),
        ] {
            let text = counterfoil_registry::handle::format_handle(prefix, 1);
            fields.insert(name, text.leak());
        }
        fields.insert(changed, value);
        fields.retain(|_, value| !value.is_empty());
        let members: Vec<String> =
            fields.iter().map(|(name, value)| format!("\"{name}\":\"{value}\"")).collect();
        parse(&format!("{{\"instructSettlement\":{{{}}}}}", members.join(",")))
    };
    assert!(instruct("reference", "T-1").is_ok());
    assert!(instruct("account", "").is_ok(), "the issuer delivers unissued stock");
    for (field, value) in [
        ("account", "A1-X"),
        ("amount", "1.50"),
        ("amount", "-1"),
        ("cashAccount", ""),
        ("class", "A1-V"),
        ("movement", ""),
        ("payment", ""),
        ("quantity", "0"),
        ("quantity", "1e3"),
        ("quantity", "1000000000000001"),
        ("reference", ""),
        ("reference", " T"),
        ("reference", "123456789012345678901234567890123456"),
        ("settlementDate", "2026-02-30"),
        ("tradeDate", ""),
    ] {
        let error = instruct(field, value).unwrap_err();
        assert_eq!(error.path, format!("instructSettlement.{field}"), "{value:?}: {error}");
    }
}

#[test]
fn a_joint_command_is_the_same_in_both_encodings() {
    let json = br#"{"linkStakeholder":{"operator":"P1-0","party":"P2-0","stakeholder":"H0-0"}}"#;
    let message = decode_command(json, Encoding::Json).unwrap();
    let bytes = crate::wire::encode_command(&message, Encoding::Protobuf);
    let other = decode_command(&bytes, Encoding::Protobuf).unwrap();
    assert_eq!(joint(&message), joint(&other));
}
