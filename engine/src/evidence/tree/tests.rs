use std::path::{Path, PathBuf};

use base64::prelude::{BASE64_STANDARD, Engine};
use proptest::prelude::*;
use serde_json::Value;

use super::*;

/// RFC 9162 2.1.1 word for word.
fn naive_root(leaves: &[Hash]) -> Hash {
    match leaves.len() {
        0 => empty_root(),
        1 => leaves[0],
        n => {
            let (left, right) = leaves.split_at(n.next_power_of_two() / 2);
            node_hash(&naive_root(left), &naive_root(right))
        }
    }
}

fn leaves(count: u64) -> Vec<Hash> {
    (0..count).map(|index| leaf_hash(&index.to_be_bytes())).collect()
}

fn store(leaves: &[Hash]) -> NodeStore {
    let mut store = NodeStore::default();
    leaves.iter().for_each(|leaf| store.append(*leaf));
    store
}

#[test]
fn the_frontier_has_the_root_of_the_definition() {
    let all = leaves(70);
    let mut frontier = Frontier::default();
    for count in 0..all.len() {
        assert_eq!(frontier.root(), naive_root(&all[..count]), "{count} leaves");
        assert_eq!(Frontier::decode(&frontier.encode()), Some(frontier.clone()));
        frontier.append(all[count]);
    }
    assert_eq!(
        empty_root().to_string(),
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    );
}

#[test]
fn every_proof_of_every_small_tree_verifies() {
    let all = leaves(40);
    let nodes = store(&all);
    for size in 1..=40 {
        let root = naive_root(&all[..size as usize]);
        assert_eq!(nodes.root_at(size, &all), Ok(root));
        for index in 0..size {
            let proof = nodes.inclusion(index, size, &all).unwrap();
            assert!(verify_inclusion(index, size, all[index as usize], &proof, root));
            assert!(!verify_inclusion(index ^ 1, size, all[index as usize], &proof, root));
        }
        for old in 1..=size {
            let proof = nodes.consistency(old, size, &all).unwrap();
            let old_root = naive_root(&all[..old as usize]);
            assert!(verify_consistency(old, size, old_root, root, &proof), "{old} to {size}");
            assert!(!verify_consistency(old, size, leaf_hash(b"other"), root, &proof));
        }
    }
    let mut every = NodeStore::with_every_node();
    all.iter().for_each(|leaf| every.append(*leaf));
    for index in 0..40 {
        let nowhere: &[Hash] = &[];
        assert_eq!(every.inclusion(index, 40, nowhere), nodes.inclusion(index, 40, &all));
    }
    assert_eq!(nodes.inclusion(40, 40, &all), Err(ProofError::OutOfRange));
    assert_eq!(nodes.inclusion(0, 41, &all), Err(ProofError::OutOfRange));
    assert_eq!(nodes.consistency(0, 40, &all), Err(ProofError::OutOfRange));
}

#[test]
fn a_proof_over_many_leaves_reads_at_most_two_tiles() {
    struct Counting<'a>(&'a [Hash], std::cell::Cell<usize>);
    impl LeafHashes for Counting<'_> {
        fn leaf(&self, index: u64) -> Option<Hash> {
            self.1.set(self.1.get() + 1);
            self.0.leaf(index)
        }
    }
    let all = leaves(20_011);
    let nodes = store(&all);
    for (index, size) in [(0, 20_011), (20_010, 20_011), (10_000, 19_999), (511, 512), (7, 300)] {
        let counting = Counting(&all, Default::default());
        let proof = nodes.inclusion(index, size, &counting).unwrap();
        let root = naive_root(&all[..size as usize]);
        assert!(verify_inclusion(index, size, all[index as usize], &proof, root));
        assert!(counting.1.get() <= 512, "{} reads", counting.1.get());
    }
    let proof = nodes.consistency(777, 20_011, &all).unwrap();
    assert!(verify_consistency(777, 20_011, naive_root(&all[..777]), nodes.root(), &proof));
    let missing = nodes.inclusion(3, 256, &all[..2]);
    assert_eq!(missing, Err(ProofError::LeafMissing(128)));
}

fn shared() -> Option<PathBuf> {
    let folder = std::env::var("COUNTERFOIL_SHARED")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared").into());
    let folder = Path::new(&folder).join("vectors/rfc6962");
    if !folder.exists() {
        println!("skipped: {} is absent", folder.display());
        return None;
    }
    Some(folder)
}

fn for_each_vector(folder: &Path, check: &mut dyn FnMut(&Value) -> bool) -> usize {
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            count += for_each_vector(&path, check);
        } else {
            let vector: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
            assert_eq!(check(&vector), !vector["wantErr"].as_bool().unwrap(), "{path:?}");
            count += 1;
        }
    }
    count
}

/// A value of another length than a hash cannot be stated in our types and is thereby refused.
fn hash(value: &Value) -> Option<Hash> {
    let bytes = BASE64_STANDARD.decode(value.as_str().unwrap_or("")).unwrap();
    bytes.try_into().ok().map(Hash)
}

fn hashes(value: &Value) -> Option<Vec<Hash>> {
    value.as_array().map_or(Some(Vec::new()), |all| all.iter().map(hash).collect())
}

#[test]
fn published_inclusion_vectors_are_answered_as_stated() {
    let Some(folder) = shared() else { return };
    let count = for_each_vector(&folder.join("inclusion"), &mut |vector| {
        let number = |name: &str| vector[name].as_u64().unwrap();
        let (Some(leaf), Some(root), Some(proof)) =
            (hash(&vector["leafHash"]), hash(&vector["root"]), hashes(&vector["proof"]))
        else {
            return false;
        };
        verify_inclusion(number("leafIdx"), number("treeSize"), leaf, &proof, root)
    });
    assert!(count > 50, "{count} vectors");
}

#[test]
fn published_consistency_vectors_are_answered_as_stated() {
    let Some(folder) = shared() else { return };
    let count = for_each_vector(&folder.join("consistency"), &mut |vector| {
        let number = |name: &str| vector[name].as_u64().unwrap();
        let (Some(old), Some(new), Some(proof)) =
            (hash(&vector["root1"]), hash(&vector["root2"]), hashes(&vector["proof"]))
        else {
            return false;
        };
        verify_consistency(number("size1"), number("size2"), old, new, &proof)
    });
    assert!(count > 50, "{count} vectors");
}

proptest! {
    #[test]
    fn verifiers_and_decoder_are_total(
        a in any::<u64>(), b in any::<u64>(), small in 0_u64..9, depth in 0_usize..70,
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let proof = vec![empty_root(); depth];
        verify_inclusion(a, b, empty_root(), &proof, empty_root());
        verify_inclusion(small, b, empty_root(), &proof, empty_root());
        verify_consistency(a, b, empty_root(), empty_root(), &proof);
        verify_consistency(small, b, empty_root(), empty_root(), &proof);
        if let Some(frontier) = Frontier::decode(&bytes) {
            prop_assert_eq!(frontier.encode(), bytes);
        }
    }
}
