use proptest::prelude::*;

use super::*;
use crate::hash::sha256;
use crate::key::PrivateKey;
use crate::time::Timestamp;

const ORIGIN: &str = "ledger.example/main";

fn key(seed: u8) -> PrivateKey {
    PrivateKey::from_seed([seed; 32])
}

fn checkpoint(size: u64, leaf: &[u8]) -> Checkpoint {
    Checkpoint { origin: ORIGIN.into(), size, root: sha256(&[leaf]) }
}

fn ledger_key() -> VerifierKey {
    VerifierKey::new(ORIGIN, KeyKind::Log, key(1).public()).unwrap()
}

fn witness_key() -> VerifierKey {
    VerifierKey::new("replica-2", KeyKind::Witness, key(2).public()).unwrap()
}

fn note() -> Note {
    let checkpoint = checkpoint(7, b"seven");
    let signatures = vec![
        sign(&checkpoint, ORIGIN, &key(1)).unwrap(),
        cosign(&checkpoint, "replica-2", &key(2), Timestamp(1_700_000_000_999)).unwrap(),
    ];
    Note { text: checkpoint.text(), signatures }
}

/// The example of C2SP `signed-note` (the test key and note of Go's `sumdb/note`).
#[test]
fn the_published_example_verifies() {
    let key =
        VerifierKey::parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
            .unwrap();
    let text = "If you think cryptography is the answer to your problem,\n\
                then you don't know what your problem is.\n\
                \n\
                \u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNX\
                gKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
    let note = Note::parse(text.as_bytes()).unwrap();
    assert_eq!(note.to_string(), text);
    let signature = note.signatures[0].bytes.as_slice().try_into().unwrap();
    assert_eq!(note.signatures[0].key_hash, key.hash());
    assert!(key.key().verifies(note.text.as_bytes(), signature));
}

#[test]
fn ledger_and_replica_vouch_for_a_checkpoint() {
    let text = note().to_string();
    let read = Note::parse(text.as_bytes()).unwrap();
    assert_eq!(read, note());
    let trusted = [witness_key(), ledger_key()];
    let (found, signers) = Checkpoint::verify(&read, &trusted).unwrap();
    assert_eq!((found, signers), (checkpoint(7, b"seven"), vec![1, 0]));
    assert_eq!(Checkpoint::verify(&read, &trusted[1..]).unwrap().1, [0]);
    assert_eq!(
        Checkpoint::verify(&read, &trusted[..1]),
        Err(NoteError::Untrusted(ORIGIN.into())),
        "a witness alone does not speak for the ledger"
    );
}

#[test]
fn a_replaced_or_doubled_signature_is_refused() {
    let bad = Err(NoteError::BadSignature(ORIGIN.into()));
    let mut forged = note();
    forged.signatures[0].bytes[5] ^= 1;
    assert_eq!(Checkpoint::verify(&forged, &[ledger_key()]), bad);
    let mut short = note();
    short.signatures[0].bytes.pop();
    assert_eq!(Checkpoint::verify(&short, &[ledger_key()]), bad);
    let mut doubled = note();
    doubled.signatures.push(doubled.signatures[0].clone());
    assert_eq!(Checkpoint::verify(&doubled, &[ledger_key()]), bad);
    let mut other = note();
    other.text = checkpoint(8, b"eight").text();
    assert_eq!(Checkpoint::verify(&other, &[ledger_key()]), bad);
    let mut retimed = note();
    retimed.signatures[1].bytes[7] ^= 1;
    assert_eq!(
        Checkpoint::verify(&retimed, &[ledger_key(), witness_key()]),
        Err(NoteError::BadSignature("replica-2".into()))
    );
}

#[test]
fn a_key_has_one_text() {
    for key in [ledger_key(), witness_key()] {
        assert_eq!(VerifierKey::parse(&key.to_string()), Ok(key));
    }
    let text = ledger_key().to_string();
    assert!(VerifierKey::parse(&text.replace("main", "other")).is_err(), "the hash is stale");
    assert!(VerifierKey::parse(&text[..text.len() - 1]).is_err());
    assert!(VerifierKey::new("two words", KeyKind::Log, key(1).public()).is_err());
    assert!(VerifierKey::new("a+b", KeyKind::Log, key(1).public()).is_err());
}

#[test]
fn a_checkpoint_has_one_text() {
    let text = checkpoint(7, b"seven").text();
    assert_eq!(Checkpoint::parse(&text), Ok(checkpoint(7, b"seven")));
    for other in [
        text.replace("\n7\n", "\n07\n"),
        text.replace("\n7\n", "\n+7\n"),
        text.replace("\n7\n", "\n18446744073709551616\n"),
        text.replace('=', ""),
        format!("{text}extension\n"),
        format!("\n{}", text.split_once('\n').unwrap().1),
        text.trim_end().to_owned(),
    ] {
        assert!(Checkpoint::parse(&other).is_err(), "{other}");
    }
}

#[test]
fn a_signer_goes_forward_only() {
    let last = checkpoint(7, b"seven");
    assert_eq!(may_sign(None, &last), Ok(()));
    assert_eq!(may_sign(Some(&last), &last), Ok(()));
    assert_eq!(may_sign(Some(&last), &checkpoint(8, b"eight")), Ok(()));
    assert_eq!(
        may_sign(Some(&last), &checkpoint(6, b"six")),
        Err(SignRefusal::SmallerTree { last: 7, next: 6 })
    );
    assert_eq!(may_sign(Some(&last), &checkpoint(7, b"x")), Err(SignRefusal::OtherRoot(7)));
    let other = Checkpoint { origin: "another".into(), ..last.clone() };
    assert_eq!(may_sign(Some(&last), &other), Err(SignRefusal::OtherOrigin));
}

proptest! {
    #[test]
    fn what_parses_prints_as_the_same_bytes(place in 0_usize..400, byte in any::<u8>()) {
        let mut bytes = note().to_string().into_bytes();
        let place = place % bytes.len();
        bytes[place] = byte;
        if let Ok(note) = Note::parse(&bytes) {
            prop_assert_eq!(note.to_string().into_bytes(), bytes);
            if let Ok(checkpoint) = Checkpoint::parse(&note.text) {
                prop_assert_eq!(checkpoint.text(), note.text);
            }
        }
    }

    #[test]
    fn the_parsers_are_total(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let _ = Checkpoint::parse(&text);
        let _ = VerifierKey::parse(&text);
        if let Ok(note) = Note::parse(&bytes) {
            prop_assert_eq!(note.to_string().into_bytes(), bytes);
        }
    }
}
