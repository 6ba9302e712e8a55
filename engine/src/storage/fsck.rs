//! The check of a stopped replica's directory: reads everything, changes nothing.
//!
//! Each kind of file is judged by the code that opens it for use. Given what the machine is made
//! from, the log is also executed again from the oldest snapshot, and every block and every newer
//! snapshot must come out as it lies on disk.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use raft::eraftpb::EntryType;

use super::disk::Disk;
use super::home::{OpenFault, lock, read_identity};
use super::identity::Identity;
use super::segment::ARCHIVE;
use super::{Damage, archive, log, snapshots};
use crate::driver::recovery::apply;
use crate::hash::{Hash, sha256};
use crate::replica::{StateMachine, StateSnapshot};

/// Read from the log at once, in bytes.
const STRIDE_BYTES: u64 = 4 << 20;

/// Something that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The stable code.
    pub code: &'static str,
    /// The file within the data directory; empty where it is about several.
    pub file: String,
    /// The byte from which on it is wrong.
    pub offset: u64,
    /// For people.
    pub detail: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding { code, file, offset, detail } = self;
        match file.as_str() {
            "" => write!(f, "{code}: {detail}"),
            file => write!(f, "{code}: {file} at byte {offset}: {detail}"),
        }
    }
}

impl From<Damage> for Finding {
    fn from(damage: Damage) -> Finding {
        let Damage { code, file, offset, why } = damage;
        Finding { code, file, offset, detail: why }
    }
}

/// What was looked at and what was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// What is wrong; empty when all is well.
    pub findings: Vec<Finding>,
    /// Entries in the log.
    pub entries: u64,
    /// The sequence of the last batch of the log.
    pub batches: u64,
    /// Bytes that a crash left behind the log, promised to nobody. The next start cuts them off.
    pub torn_bytes: u64,
    /// Intact snapshots.
    pub snapshots: u64,
    /// Blocks in the archive.
    pub blocks: u64,
    /// Entries executed again.
    pub replayed: u64,
}

/// Checks the data directory of a stopped replica.
///
/// # Errors
/// `DATA_IN_USE`, `DATA_MISSING` and `DATA_NOT_OURS`: there is nothing to check. All else is a
/// finding.
pub fn fsck<M: StateMachine>(at: &Path, origin: Option<&M::Origin>) -> Result<Report, OpenFault> {
    examine::<M>(&lock(at, false)?, &at.display().to_string(), origin)
}

/// As [`fsck`], on any disk.
pub fn examine<M: StateMachine>(
    disk: &Arc<dyn Disk>,
    place: &str,
    origin: Option<&M::Origin>,
) -> Result<Report, OpenFault> {
    let identity = read_identity(&**disk, place)?;
    let mut check = Check { disk: disk.clone(), identity, report: Report::default() };
    let log = check.log();
    let snapshots = check.snapshots();
    let base = match origin {
        Some(origin) => check.base::<M>(origin, &snapshots),
        None => None,
    };
    let first = base.as_ref().map_or(u64::MAX, |(machine, _)| machine.height() + 1);
    let blocks = check.archive(first);
    if let (Some((machine, at)), Some(log), Some(blocks)) = (base, log, blocks) {
        check.replay(machine, at, &log, &snapshots, &blocks);
    }
    Ok(check.report)
}

struct Check {
    disk: Arc<dyn Disk>,
    identity: Identity,
    report: Report,
}

impl Check {
    fn find(&mut self, finding: impl Into<Finding>) {
        self.report.findings.push(finding.into());
    }

    fn note(&mut self, code: &'static str, detail: String) {
        self.find(Finding { code, file: String::new(), offset: 0, detail });
    }

    fn slot(&mut self, file: String) {
        let detail = "one of its two slots is damaged, the other one serves".to_owned();
        self.find(Finding { code: "SLOT_DAMAGED", file, offset: 0, detail });
    }

    fn log(&mut self) -> Option<log::Scan> {
        match log::scan(&*self.disk, &self.identity) {
            Ok(scan) => {
                self.report.entries = scan.contents.last() - scan.contents.floor.index;
                self.report.batches = scan.link.sequence;
                self.report.torn_bytes = scan.torn;
                if scan.is_doubtful {
                    self.slot(log::watermark_name());
                }
                Some(scan)
            }
            Err(damage) => {
                self.find(damage);
                None
            }
        }
    }

    /// The intact ones, the oldest first.
    fn snapshots(&mut self) -> Vec<StateSnapshot> {
        let indexes = match snapshots::indexes(&*self.disk) {
            Ok(indexes) => indexes,
            Err(fault) => {
                self.find(Damage::from(fault));
                return Vec::new();
            }
        };
        let mut intact = Vec::new();
        for index in indexes {
            match snapshots::load(&*self.disk, self.identity.ledger, index) {
                Ok(snapshot) => intact.push(snapshot),
                Err(damage) => self.find(damage),
            }
        }
        if intact.is_empty() {
            self.note("SNAPSHOT_MISSING", "no intact snapshot was found".to_owned());
        }
        self.report.snapshots = intact.len() as u64;
        intact
    }

    /// The machine of the oldest snapshot, and the index where it stands.
    fn base<M: StateMachine>(
        &mut self,
        origin: &M::Origin,
        snapshots: &[StateSnapshot],
    ) -> Option<(M, u64)> {
        let oldest = snapshots.first()?;
        match M::decode(origin, &oldest.state) {
            Ok(machine) => Some((machine, oldest.index)),
            Err(error) => {
                self.note("SNAPSHOT_UNREADABLE", format!("{}: {}", oldest.index, error.0));
                None
            }
        }
    }

    /// Reads every block; the hashes of those from `first` on, by height.
    fn archive(&mut self, first: u64) -> Option<BTreeMap<u64, Hash>> {
        let mut hashes = BTreeMap::new();
        let ledger = self.identity.ledger;
        let read = archive::scan(&*self.disk, ledger).and_then(|scan| {
            let wrong = scan.every_block(&*self.disk, ledger, |height, _, block| {
                if height >= first {
                    hashes.insert(height, sha256(&[block]));
                }
            })?;
            Ok((scan.link.sequence, scan.is_doubtful, wrong))
        });
        match read {
            Ok((blocks, is_doubtful, wrong)) => {
                self.report.blocks = blocks;
                if is_doubtful {
                    self.slot(archive::end_name());
                }
                if let Some(offset) = wrong {
                    let file = super::disk::path(ARCHIVE.name, "offsets");
                    let detail = "it does not lead to the block; delete the file, it is made again";
                    let detail = detail.to_owned();
                    self.find(Finding { code: "ARCHIVE_OFFSETS", file, offset, detail });
                }
                Some(hashes)
            }
            Err(damage) => {
                self.find(damage);
                None
            }
        }
    }

    /// Executes the log again: what is committed, and what the archive shows to be.
    fn replay<M: StateMachine>(
        &mut self,
        mut machine: M,
        base: u64,
        log: &log::Scan,
        snapshots: &[StateSnapshot],
        blocks: &BTreeMap<u64, Hash>,
    ) {
        let floor = log.contents.floor.index;
        if floor > base {
            let detail = format!("the snapshot ends at {base}, the log begins after {floor}");
            return self.note("LOG_GAP", detail);
        }
        self.audit(&machine, base);
        self.archive_reaches(&machine, base);
        let (last, commit) = (log.contents.last(), log.contents.hard_state.commit);
        let mut next = base + 1;
        while next <= last {
            let entries = match log.entries(next, last + 1, STRIDE_BYTES) {
                Ok(entries) => entries,
                Err(fault) => return self.find(Damage::from(fault)),
            };
            for entry in entries {
                let archived = machine.height() < self.report.blocks;
                if entry.index > commit && !archived {
                    return self.audit(&machine, next - 1);
                }
                next = entry.index + 1;
                if entry.get_entry_type() == EntryType::EntryNormal && !entry.data.is_empty() {
                    let block = apply(&mut machine, &entry.data);
                    self.compare::<M>(&machine, &block, entry.index, blocks);
                    self.report.replayed += 1;
                }
                if let Some(snapshot) = snapshots.iter().find(|s| s.index == entry.index) {
                    self.archive_reaches(&machine, entry.index);
                    if machine.encode() != snapshot.state {
                        let detail = format!("replayed, the state at {} is another", entry.index);
                        self.note("REPLAY_DIFFERS", detail);
                    }
                }
            }
        }
        if machine.height() < self.report.blocks {
            let (height, blocks) = (machine.height(), self.report.blocks);
            let detail = format!("the archive has {blocks} blocks, the log makes {height}");
            self.note("REPLAY_DIFFERS", detail);
        }
        self.audit(&machine, last);
    }

    fn compare<M: StateMachine>(
        &mut self,
        machine: &M,
        block: &M::Block,
        index: u64,
        blocks: &BTreeMap<u64, Hash>,
    ) {
        let height = machine.height();
        let Some(archived) = blocks.get(&height) else { return };
        if *archived != sha256(&[&M::archived(block)]) {
            let detail = format!("replayed, the block {height} of entry {index} is another");
            self.note("REPLAY_DIFFERS", detail);
        }
    }

    /// A snapshot is written only when the archive is durable up to it.
    fn archive_reaches<M: StateMachine>(&mut self, machine: &M, index: u64) {
        let (height, blocks) = (machine.height(), self.report.blocks);
        if blocks < height {
            let detail = format!("the archive ends at {blocks}, the snapshot {index} at {height}");
            self.note("ARCHIVE_GAP", detail);
        }
    }

    fn audit<M: StateMachine>(&mut self, machine: &M, index: u64) {
        for law in machine.audit() {
            self.note("AUDIT_FAILED", format!("at entry {index}: {law}"));
        }
    }
}
