use proptest::prelude::*;

use super::super::tree::{root_of, verify_inclusion};
use super::*;

fn naive_root(heads: &[Head]) -> Hash {
    let leaves: Vec<Hash> =
        heads.iter().enumerate().map(|(place, head)| head.leaf_hash(place as u32)).collect();
    root_of(&leaves)
}

#[test]
fn a_chain_grows_by_one_record_after_the_other() {
    let mut heads = Heads::default();
    assert_eq!(heads.root(), empty_root());
    assert_eq!(heads.register(), Some(LEDGER));
    assert_eq!(heads.register(), Some(1));
    assert_eq!(heads.head(1), Some(Head::default()));
    let record = sha256(&[b"a record"]);
    assert!(heads.advance(1, record));
    assert_eq!(heads.head(1), Some(Head { count: 1, last: record }));
    assert!(!heads.advance(2, record));
    assert_eq!(heads.head(2), None);
    assert_eq!(heads.inclusion(2), None);
}

#[test]
fn a_clone_keeps_what_it_saw() {
    let mut heads = Heads::default();
    (0..200).for_each(|_| assert!(heads.register().is_some()));
    let before = heads.root();
    let mut view = heads.clone();
    heads.advance(77, sha256(&[b"later"]));
    assert_ne!(heads.root(), before);
    assert_eq!(view.root(), before);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn the_tree_equals_the_one_built_afresh(
        steps in proptest::collection::vec((any::<bool>(), any::<u32>(), any::<bool>()), 1..200),
    ) {
        let (mut heads, mut model) = (Heads::default(), Vec::<Head>::new());
        for (step, (register, pick, close)) in steps.into_iter().enumerate() {
            if register || model.is_empty() {
                prop_assert_eq!(heads.register(), Some(model.len() as u32));
                model.push(Head::default());
            } else {
                let ordinal = pick as usize % model.len();
                let record = sha256(&[&step.to_be_bytes()]);
                prop_assert!(heads.advance(ordinal as u32, record));
                model[ordinal] = Head { count: model[ordinal].count + 1, last: record };
            }
            if close {
                prop_assert_eq!(heads.root(), naive_root(&model));
            }
        }
        let root = naive_root(&model);
        prop_assert_eq!(heads.iter().collect::<Heads>().root(), root);
        for (place, head) in model.iter().enumerate() {
            let ordinal = place as u32;
            let proof = heads.inclusion(ordinal).unwrap();
            let leaf = head.leaf_hash(ordinal);
            prop_assert!(verify_inclusion(place as u64, model.len() as u64, leaf, &proof, root));
        }
    }
}
