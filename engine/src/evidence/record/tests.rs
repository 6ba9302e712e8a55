use proptest::prelude::*;

use super::super::tree::leaf_hash;
use super::*;

fn hash(seed: u8) -> Hash {
    Hash([seed; 32])
}

fn sample() -> Record {
    let mut subjects = Subjects::default();
    assert!(subjects.insert(9, Head { count: 3, last: hash(9) }));
    assert!(subjects.insert(0, Head { count: 7, last: hash(1) }));
    assert!(subjects.insert(4, Head::default()));
    Record {
        height: 5,
        place: 1,
        time: Timestamp(1_700_000_000_000),
        submission: hash(2),
        command: hash(3),
        outcome: 0,
        subjects,
        sections: [hash(4), Hash::ZERO, hash(5), Hash::ZERO],
    }
}

#[test]
fn a_record_has_the_documented_layout() {
    let leaf = sample().encode();
    let bytes = leaf.bytes();
    assert_eq!(bytes.len(), RECORD_BYTES_MIN + 3 * LINK_BYTES);
    assert_eq!(bytes[..2], [1, 1]);
    assert_eq!(bytes[2..10], 5_u64.to_be_bytes());
    assert_eq!(bytes[10..12], 1_u16.to_be_bytes());
    assert_eq!(bytes[86], 3);
    assert_eq!(bytes[87..91], 0_u32.to_be_bytes());
    assert_eq!(bytes[131..135], 4_u32.to_be_bytes());
    assert_eq!(bytes[175..179], 9_u32.to_be_bytes());
    assert_eq!(leaf.hash(), leaf_hash(bytes));
    assert_eq!(Record::decode(bytes), Ok(sample()));
}

#[test]
fn subjects_stand_once_and_in_order() {
    let mut subjects = Subjects::default();
    for ordinal in [7, 3, 5, 1, 8, 2, 6, 4] {
        assert!(subjects.insert(ordinal, Head::default()));
    }
    assert!(subjects.insert(5, Head { count: 1, last: hash(1) }), "it is there already");
    assert!(!subjects.insert(9, Head::default()), "there is no room");
    let ordinals: Vec<u32> = subjects.as_slice().iter().map(|link| link.ordinal).collect();
    assert_eq!(ordinals, [1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(subjects.link(5).map(|link| link.counter), Some(0));
}

#[test]
fn what_is_not_canonical_is_refused() {
    let good = sample().encode().bytes().to_vec();
    let with = |place: usize, value: u8| {
        let mut bytes = good.clone();
        bytes[place] = value;
        Record::decode(&bytes)
    };
    assert_eq!(with(0, 2), Err(LeafError::Version(2)));
    assert_eq!(with(1, 2), Err(LeafError::Kind(2)));
    assert_eq!(with(86, 9), Err(LeafError::TooManySubjects(9)));
    assert_eq!(with(86, 4), Err(LeafError::Length), "a commitment read as a link");
    assert_eq!(with(134, 9), Err(LeafError::SubjectOrder));
    assert_eq!(with(142, 1), Err(LeafError::Link), "no predecessor of a second record");
    assert_eq!(Record::decode(&good[..good.len() - 1]), Err(LeafError::Length));
    assert_eq!(Record::decode(&[&good[..], &[0]].concat()), Err(LeafError::Length));
    assert_eq!(Record::decode(&[]), Err(LeafError::Length));
}

#[test]
fn a_header_has_one_form() {
    let header = BlockHeader {
        height: 1,
        time: Timestamp(2),
        previous: hash(3),
        tree_size: 4,
        tree_root: hash(5),
        heads_root: hash(6),
        feature_level: 7,
    };
    let bytes = header.encode();
    assert_eq!(BlockHeader::decode(&bytes), Ok(header));
    assert_eq!(header.hash(), leaf_hash(&bytes));
    assert_eq!(BlockHeader::decode(&bytes[..125]), Err(LeafError::Length));
    assert_eq!(Record::decode(&bytes), Err(LeafError::Kind(2)));
}

#[test]
fn a_commitment_binds_section_salt_and_content() {
    let key = [7; 32];
    let salts = Section::ALL.map(|section| section_salt(&key, 42, section));
    assert_eq!((salts[0], salts[1]), section_salts(&key, 42, 0));
    assert_eq!((salts[2], salts[3]), section_salts(&key, 42, 1));
    let commitment = section_commitment(Section::Cash, &salts[1], b"effects");
    assert_ne!(commitment, section_commitment(Section::Register, &salts[1], b"effects"));
    assert_ne!(commitment, section_commitment(Section::Cash, &salts[0], b"effects"));
    assert_eq!(commitment, sha256(&[&[2, 2], &salts[1], b"effects"]));
    for section in Section::ALL {
        assert_eq!(Section::from_tag(section.tag()), Some(section));
    }
    assert_eq!(Section::from_tag(0), None);
}

#[test]
fn a_submission_root_is_a_tree_over_salted_commands() {
    let leaf = command_leaf(&[1; 16], b"command");
    assert_eq!(leaf, leaf_hash(&[&[1; 16][..], b"command"].concat()));
    assert_eq!(submission_root(&[leaf]), leaf);
}

proptest! {
    #[test]
    fn what_decodes_encodes_to_the_same_bytes(
        mut bytes in proptest::collection::vec(any::<u8>(), 0..600), fix in any::<bool>(),
    ) {
        if fix && bytes.len() >= RECORD_BYTES_MIN {
            bytes[..2].copy_from_slice(&[VERSION, KIND_RECORD]);
            bytes[86] = 0;
            bytes.truncate(RECORD_BYTES_MIN);
        }
        if let Ok(record) = Record::decode(&bytes) {
            let leaf = record.encode();
            prop_assert_eq!(leaf.bytes(), &bytes[..]);
        }
        if let Ok(header) = BlockHeader::decode(&bytes) {
            prop_assert_eq!(&header.encode()[..], &bytes[..]);
        }
    }

    #[test]
    fn what_is_encoded_decodes_to_the_same_record(
        ordinals in proptest::collection::vec((any::<u32>(), 0_u64..3), 0..9),
        numbers in any::<(u64, u16, u64, u16)>(), sections in any::<[[u8; 32]; 4]>(),
    ) {
        let mut record = sample();
        (record.height, record.place, record.outcome) = (numbers.0, numbers.1, numbers.3);
        record.time = Timestamp(numbers.2);
        record.sections = sections.map(Hash);
        record.subjects = Subjects::default();
        for (ordinal, count) in ordinals {
            let last = if count == 0 { Hash::ZERO } else { hash(8) };
            let _ = record.subjects.insert(ordinal, Head { count, last });
        }
        prop_assert_eq!(Record::decode(record.encode().bytes()), Ok(record));
    }
}
