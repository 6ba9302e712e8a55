//! Chains: every record follows from the one before it, and nothing is left out at the end.

use std::collections::BTreeMap;

use super::{Case, Fault, FaultCode, Part, Place};
use crate::evidence::bundle::{Bundle, Layout};
use crate::evidence::heads::{Head, Ordinal};
use crate::evidence::record::{BlockHeader, Record};
use crate::evidence::tree::{leaf_hash, verify_inclusion};
use crate::hash::Hash;

/// Reads the leaves: in order, not beyond the last block, and without effects where refused.
pub(super) fn read(
    bundle: &Bundle,
    layout: &Layout,
    header: &BlockHeader,
) -> Result<Vec<(Record, Hash)>, Fault> {
    let mut records: Vec<(Record, Hash)> = Vec::with_capacity(bundle.records.len());
    for (at, shown) in bundle.records.iter().enumerate() {
        let refuse = |code, detail: String| Fault {
            code,
            place: Place::RecordAt(at),
            bytes: layout.records[at].clone(),
            detail,
        };
        let record = Record::decode(&shown.leaf)
            .map_err(|error| refuse(FaultCode::Record, error.to_string()))?;
        if record.height > header.height || record.time > header.time {
            let detail = "it is later than the last block".to_owned();
            return Err(refuse(FaultCode::Record, detail));
        }
        if record.outcome != 0 && record.sections.iter().any(|section| !section.is_zero()) {
            let detail = "its command was refused, and yet it has effects".to_owned();
            return Err(refuse(FaultCode::Record, detail));
        }
        if let Some((before, _)) = records.last() {
            if (before.height, before.place) >= (record.height, record.place) {
                let detail = "it does not come after the record before it".to_owned();
                let mut fault = refuse(FaultCode::Order, detail);
                fault.bytes.start = layout.records[at - 1].start;
                return Err(fault);
            }
            if before.time > record.time {
                let detail = "it is earlier than the record before it".to_owned();
                return Err(refuse(FaultCode::Record, detail));
            }
        }
        records.push((record, leaf_hash(&shown.leaf)));
    }
    Ok(records)
}

/// Follows every chain to its end; returns how many records each has.
pub(super) fn check(case: &Case<'_>) -> Result<BTreeMap<Ordinal, u64>, Fault> {
    let mut heads: BTreeMap<Ordinal, Head> = BTreeMap::new();
    let mut before = None;
    for (at, chain) in case.bundle.chains.iter().enumerate() {
        if before.is_some_and(|before| before >= chain.ordinal) {
            let detail = "chains do not stand in the order of their ordinals".to_owned();
            let place = Place::Chain(chain.ordinal);
            let bytes = case.layout.chains[at - 1].start..case.layout.chains[at].end;
            return Err(Fault { code: FaultCode::Malformed, place, bytes, detail });
        }
        before = Some(chain.ordinal);
        heads.insert(chain.ordinal, Head::default());
    }
    let mut last: BTreeMap<Ordinal, usize> = BTreeMap::new();
    for (at, (record, hash)) in case.records.iter().enumerate() {
        let mut shown = false;
        for link in record.subjects.as_slice() {
            let Some(head) = heads.get_mut(&link.ordinal) else { continue };
            shown = true;
            if link.counter != head.count {
                let detail = format!(
                    "it is number {} of chain {}, where number {} is due",
                    link.counter, link.ordinal, head.count
                );
                return Err(case.fault(at, Part::Leaf, FaultCode::Chain, detail));
            }
            if link.previous != head.last {
                let before = last.get(&link.ordinal).copied().unwrap_or(at);
                let Record { height, place, .. } = &case.records[before].0;
                let detail = format!(
                    "it does not name record {place} of block {height}, which stands before it in \
                     chain {}: one of the two was changed",
                    link.ordinal
                );
                let mut fault = case.fault(at, Part::Leaf, FaultCode::Chain, detail);
                fault.bytes.start = case.layout.records[before].start;
                return Err(fault);
            }
            last.insert(link.ordinal, at);
            *head = Head { count: head.count.saturating_add(1), last: *hash };
        }
        if !shown {
            let detail = "it stands in none of the chains";
            return Err(case.fault(at, Part::Leaf, FaultCode::Superfluous, detail));
        }
    }
    for (at, chain) in case.bundle.chains.iter().enumerate() {
        let leaf = heads[&chain.ordinal].leaf_hash(chain.ordinal);
        let (index, size) = (u64::from(chain.ordinal), u64::from(case.bundle.subjects));
        if !verify_inclusion(index, size, leaf, &chain.proof, case.header.heads_root) {
            let count = heads[&chain.ordinal].count;
            let mut detail =
                format!("the root of heads does not say that it ends after {count} records");
            let mut bytes = case.layout.chains[at].clone();
            if let Some(last) = last.get(&chain.ordinal) {
                let Record { height, place, .. } = &case.records[*last].0;
                detail.push_str(&format!(", with record {place} of block {height}"));
                bytes.end = case.layout.records[*last].end;
            }
            let place = Place::Chain(chain.ordinal);
            return Err(Fault { code: FaultCode::Head, place, bytes, detail });
        }
    }
    Ok(heads.into_iter().map(|(ordinal, head)| (ordinal, head.count)).collect())
}
