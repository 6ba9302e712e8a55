//! The history of a ledger, which a dishonest operator can rewrite: whatever is changed, all hashes,
//! chains, heads and the checkpoint are made anew and signed with the ledger's own key.

use counterfoil_engine::effects::{PartyEffect, decode_all};
use counterfoil_engine::evidence::bundle::Bundle;
use counterfoil_engine::evidence::bundle::build::{
    Closing, Disclosure, History, HistoryBlock, build,
};
use counterfoil_engine::evidence::heads::{Heads, Ordinal};
use counterfoil_engine::evidence::note::{Checkpoint, KeyKind, Note, VerifierKey, sign};
use counterfoil_engine::evidence::record::{
    BlockHeader, Record, Section, Subjects, section_commitment, section_salt,
};
use counterfoil_engine::evidence::tree::NodeStore;
use counterfoil_engine::genesis::{Genesis, Secret};
use counterfoil_engine::hash::Hash;
use counterfoil_engine::key::PrivateKey;
use counterfoil_engine::time::Timestamp;
use counterfoil_registry::handle::IssuerId;
use counterfoil_tests::{ISSUER, Market};

/// Everything that was recorded.
pub(crate) struct Chronicle {
    genesis: Genesis,
    secret: Secret,
    /// The blocks by height, from 1 on, each with its time.
    pub(crate) blocks: Vec<(Timestamp, HistoryBlock)>,
    leaves: Vec<Hash>,
    tree: NodeStore,
    heads: Heads,
    header: BlockHeader,
}

/// The key of the ledger, which signs its checkpoints.
pub(crate) fn ledger_key() -> PrivateKey {
    PrivateKey::from_seed([200; 32])
}

/// What a reader of bundles trusts.
pub(crate) fn trusted() -> Vec<VerifierKey> {
    let key = VerifierKey::new("counterfoil.test/market", KeyKind::Log, ledger_key().public());
    vec![key.expect("a valid name")]
}

impl Chronicle {
    /// What a market recorded.
    pub(crate) fn of(market: &Market) -> Chronicle {
        let blocks = market.blocks.iter().map(|block| (block.header.time, block.into()));
        let mut chronicle = Chronicle {
            genesis: market.genesis.clone(),
            secret: market.secret.clone(),
            blocks: blocks.collect(),
            leaves: Vec::new(),
            tree: NodeStore::default(),
            heads: Heads::default(),
            header: market.blocks[0].header,
        };
        chronicle.rewrite();
        chronicle
    }

    /// The root of the whole tree.
    pub(crate) fn root(&self) -> Hash {
        self.tree.root()
    }

    /// Makes all that follows from the blocks anew: links, commitments, headers, tree, heads.
    pub(crate) fn rewrite(&mut self) {
        (self.leaves, self.tree, self.heads) = <_>::default();
        self.heads.register();
        self.heads.register();
        let mut previous = Hash::ZERO;
        for at in 0..self.blocks.len() {
            let (time, mut block) = self.blocks[at].clone();
            let height = at as u64 + 1;
            block.first_record = self.tree.size();
            let parties = block.records.iter().flat_map(|record| {
                decode_all(&record.sections[2], PartyEffect::decode).expect("well-formed")
            });
            for effect in parties.collect::<Vec<_>>() {
                if let PartyEffect::Admitted { .. } | PartyEffect::IssuerChain { .. } = effect {
                    self.heads.register();
                }
            }
            for (place, recorded) in block.records.iter_mut().enumerate() {
                let mut record = Record::decode(&recorded.leaf).expect("a record");
                (record.height, record.place, record.time) = (height, place as u16, time);
                let mut subjects = Subjects::default();
                for link in record.subjects.as_slice() {
                    let head = self.heads.head(link.ordinal).expect("a subject");
                    assert!(subjects.insert(link.ordinal, head));
                }
                record.subjects = subjects;
                for section in Section::ALL {
                    let bytes = &recorded.sections[section.place()];
                    let salt = section_salt(&self.secret.0, self.tree.size(), section);
                    record.sections[section.place()] = match bytes.is_empty() {
                        true => Hash::ZERO,
                        false => section_commitment(section, &salt, bytes),
                    };
                }
                let leaf = record.encode();
                recorded.leaf = leaf.bytes().to_vec();
                for link in record.subjects.as_slice() {
                    self.heads.advance(link.ordinal, leaf.hash());
                }
                self.append(leaf.hash());
            }
            self.blocks[at].1 = block;
            self.header = BlockHeader {
                height,
                time,
                previous,
                tree_size: self.tree.size(),
                tree_root: self.tree.root(),
                heads_root: self.heads.root(),
                feature_level: 1,
            };
            previous = self.header.hash();
            self.append(previous);
        }
    }

    fn append(&mut self, leaf: Hash) {
        self.leaves.push(leaf);
        self.tree.append(leaf);
    }

    /// The bundle of the market's issuer.
    pub(crate) fn bundle(&self, instructions: bool) -> Bundle {
        self.bundle_of(ISSUER, instructions)
    }

    /// An issuer's bundle under a checkpoint that the ledger signed.
    pub(crate) fn bundle_of(&self, issuer: IssuerId, instructions: bool) -> Bundle {
        let size = self.tree.size();
        let origin = self.genesis.origin.clone();
        let checkpoint = Checkpoint { origin, size, root: self.tree.root() };
        let signature = sign(&checkpoint, &self.genesis.origin, &ledger_key());
        let signatures = vec![signature.expect("a valid name")];
        let closing = Closing {
            header: self.header,
            header_proof: self.tree.inclusion(size - 1, size, &self.leaves).expect("in the tree"),
            heads: &self.heads,
            checkpoint: Note { text: checkpoint.text(), signatures },
        };
        let disclosure = Disclosure { instructions };
        build(&self.genesis, &self.secret, self, &closing, issuer, disclosure).expect("complete")
    }
}

impl History for Chronicle {
    fn chain(&self, ordinal: Ordinal) -> Vec<u64> {
        let holds = |block: &HistoryBlock| {
            let mut records = block.records.iter().map(|record| Record::decode(&record.leaf));
            records.any(|record| record.expect("a record").subjects.link(ordinal).is_some())
        };
        let blocks = (1..).zip(&self.blocks);
        blocks.filter(|(_, (_, block))| holds(block)).map(|(height, _)| height).collect()
    }

    fn block(&self, height: u64) -> Option<HistoryBlock> {
        let at = usize::try_from(height).ok()?.checked_sub(1)?;
        self.blocks.get(at).map(|(_, block)| block.clone())
    }
}
