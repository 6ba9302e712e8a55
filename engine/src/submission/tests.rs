//! One signature, two encodings, no second form.

use proptest::prelude::*;

use super::*;

fn author(encoding: Encoding) -> Author {
    Author {
        ledger: Hash([7; 32]),
        participant: PartyId(3),
        key: PrivateKey::from_seed([9; 32]),
        encoding,
    }
}

fn cancel(reference: &str) -> v1::command::Command {
    v1::command::Command::CancelInstruction(v1::CancelInstruction { reference: reference.into() })
}

fn signed(encoding: Encoding) -> v1::Submission {
    let commands = vec![([1; 16], cancel("A")), ([2; 16], cancel("B"))];
    author(encoding).sign("ID-1", Timestamp(1_800_000_000_000), Mode::Independent, commands)
}

#[test]
fn what_was_signed_reads_back() {
    for encoding in [Encoding::Protobuf, Encoding::Json] {
        let read = Submission::from_wire(signed(encoding)).unwrap();
        assert!(read.signed && read.rooted);
        assert_eq!(read.items.len(), 2);
        assert!(read.items.iter().all(|item| item.command.is_ok()));
        let again = Submission::decode(read.bytes.clone()).unwrap();
        assert_eq!(again.digest, read.digest);
    }
    let json = wire::submission_json(&signed(Encoding::Json)).unwrap();
    let read = Submission::decode_json(json.as_bytes()).unwrap();
    assert!(read.signed && read.rooted);
    assert_eq!(read.header.text(), signed(Encoding::Json).header);
}

#[test]
fn the_header_has_one_form() {
    let text = signed(Encoding::Json).header;
    assert!(Header::parse(&text).is_ok());
    for (from, to) in [
        ("ID-1", "ID 1"),
        ("commands 2", "commands 02"),
        ("mode independent", "mode none"),
        ("\nroot", "\n\nroot"),
        ("submission 1", "submission 2"),
    ] {
        assert!(Header::parse(&text.replace(from, to)).is_err(), "{to}");
    }
    assert!(Header::parse(&format!("{text}x")).is_err());
}

proptest! {
    /// A changed bit is either refused at reading, or the signature or the root no longer holds.
    #[test]
    fn no_bit_of_a_submission_can_change(at in any::<prop::sample::Index>(), bit in 0u8..8) {
        for encoding in [Encoding::Protobuf, Encoding::Json] {
            let wire = signed(encoding);
            let mut bytes = wire.encode_to_vec();
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            if let Ok(read) = Submission::decode(bytes.into()) {
                prop_assert!(!(read.signed && read.rooted));
            }
        }
    }

    #[test]
    fn reading_is_total(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _either_way = Submission::decode(bytes.clone().into());
        let _either_way = Submission::decode_json(&bytes);
    }
}
