use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::*;

fn hash_list() -> impl Strategy<Value = Vec<Hash>> {
    vec(any::<[u8; 32]>().prop_map(Hash), 0..4)
}

fn shown() -> impl Strategy<Value = Option<Disclosed>> {
    option::of((any::<Salt>(), vec(any::<u8>(), 0..20)))
        .prop_map(|shown| shown.map(|(salt, bytes)| Disclosed { salt, bytes }))
}

fn record() -> impl Strategy<Value = BundleRecord> {
    let signed = option::of((any::<u32>(), hash_list()))
        .prop_map(|signed| signed.map(|(submission, proof)| Signed { submission, proof }));
    let sections = [shown(), shown(), shown(), shown()];
    (vec(any::<u8>(), 0..30), signed, shown(), sections).prop_map(
        |(leaf, signed, command, sections)| BundleRecord { leaf, signed, command, sections },
    )
}

fn bundle() -> impl Strategy<Value = Bundle> {
    let chain = (any::<u32>(), hash_list()).prop_map(|(ordinal, proof)| Chain { ordinal, proof });
    let submission = ("[a-z\n]{0,20}", vec(any::<u8>(), 64)).prop_map(|(text, signature)| {
        SignedHeader { text, signature: signature.try_into().expect("64 bytes") }
    });
    let lists = (vec(chain, 0..3), vec(submission, 0..3), vec(record(), 0..3));
    let texts = (vec(any::<u8>(), 0..20), vec(any::<u8>(), 0..20));
    (texts, hash_list(), any::<(u32, u32, u8)>(), lists).prop_map(
        |((genesis, checkpoint), header_proof, (issuer, subjects, fill), lists)| Bundle {
            genesis,
            checkpoint,
            header: [fill; HEADER_BYTES],
            header_proof,
            issuer: IssuerId(issuer),
            subjects,
            chains: lists.0,
            submissions: lists.1,
            records: lists.2,
        },
    )
}

proptest! {
    #[test]
    fn a_bundle_reads_back(bundle in bundle(), cut in any::<prop::sample::Index>()) {
        let bytes = bundle.encode();
        let (read, layout) = Bundle::decode_with_layout(&bytes).unwrap();
        prop_assert_eq!(&read, &bundle);
        prop_assert_eq!(layout.records.len(), bundle.records.len());
        if let Some(last) = layout.records.last() {
            prop_assert_eq!(last.end, bytes.len());
        }
        prop_assert!(Bundle::decode(&bytes[..cut.index(bytes.len())]).is_err());
        prop_assert!(Bundle::decode(&[&bytes[..], &[0]].concat()).is_err());
    }

    #[test]
    fn what_decodes_encodes_to_the_same_bytes(
        bundle in bundle(), at in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        let mut bytes = bundle.encode();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(read) = Bundle::decode(&bytes) {
            prop_assert_eq!(read.encode(), bytes);
        }
    }
}
