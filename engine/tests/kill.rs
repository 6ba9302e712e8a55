//! A real process on real files, killed without warning again and again under load: what it had
//! acknowledged is there, and the check of its directory finds nothing.

#![allow(clippy::unwrap_used, reason = "helpers of tests, outside of test functions")]

use std::collections::{BTreeSet, VecDeque};
use std::env;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use counterfoil_engine::driver::{Limits, Node, Reply, SystemClock, abort_process, initialise};
use counterfoil_engine::hash::Hash;
use counterfoil_engine::replica::Settings;
use counterfoil_engine::sim::{Chance, Tally};
use counterfoil_engine::storage::{Home, Identity, Sizes, fsck};

const LEDGER: Hash = Hash([7; 32]);
const SETTINGS: Settings = Settings { id: 1, cluster: LEDGER, seed: 1, window_bytes: 1 << 20 };
/// So small that files are begun and removed all the time.
const SIZES: Sizes = Sizes { log_segment: 8 << 10, archive_file: 8 << 10 };
const ROUNDS: u64 = 20;
const SOON: Duration = Duration::from_secs(30);
/// Tells the child where its directory is, and with which command it begins.
const FOLDER: &str = "COUNTERFOIL_KILL_FOLDER";
const FIRST: &str = "COUNTERFOIL_KILL_FIRST";

fn open(at: &Path) -> Node<Tally> {
    let stores = Home::open(at, LEDGER, SIZES).unwrap().stores;
    let limits = Limits { snapshot_every: 60, ..Limits::default() };
    let clock = Arc::new(SystemClock);
    let node = Node::open(SETTINGS, limits, stores, &(), clock, abort_process()).unwrap();
    assert!(node.wait_ready(SOON));
    node
}

/// The child: not a test of its own. It proposes for ever and says what was acknowledged.
#[test]
fn child() {
    let (Ok(folder), Ok(first)) = (env::var(FOLDER), env::var(FIRST)) else { return };
    let node = open(Path::new(&folder));
    let mut out = std::io::stdout();
    let mut waiting = VecDeque::new();
    for id in first.parse::<u64>().unwrap().. {
        waiting.push_back((id, node.propose(id.to_be_bytes().to_vec()).unwrap()));
        if waiting.len() < 16 {
            continue;
        }
        let (id, reply) = waiting.pop_front().unwrap();
        assert!(matches!(reply.recv_timeout(SOON), Ok(Reply::Committed { .. })));
        writeln!(out, "\nacknowledged {id}").unwrap();
        out.flush().unwrap();
    }
}

/// Lets the child work, kills it after a while, and returns what it had acknowledged.
fn one_life(at: &Path, first: u64, after: Duration) -> Vec<u64> {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "child", "--nocapture"])
        .env(FOLDER, at)
        .env(FIRST, first.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let (begun, first_word) = channel();
    let reader = thread::spawn(move || {
        let mut acknowledged = Vec::new();
        for line in lines.map_while(Result::ok) {
            if let Some(id) = line.strip_prefix("acknowledged ") {
                // A write this short reaches the pipe whole, or not at all.
                acknowledged.push(id.parse().unwrap());
                let _ = begun.send(());
            }
        }
        acknowledged
    });
    first_word.recv_timeout(SOON).expect("the child works");
    thread::sleep(after);
    child.kill().unwrap();
    child.wait().unwrap();
    reader.join().unwrap()
}

#[test]
fn what_was_acknowledged_survives_kills_under_load() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().join("data");
    let identity = Identity { ledger: LEDGER, replica: 1, incarnation: 1 };
    let mut stores = Home::create(&at, identity, SIZES).unwrap().stores;
    initialise::<Tally>(SETTINGS, &(), &mut stores.log, &stores.snapshots).unwrap();
    drop(stores);

    let mut chance = Chance::new(11);
    let mut acknowledged = BTreeSet::new();
    for round in 0..ROUNDS {
        // The ids of a life lie apart from those of the others.
        let after = Duration::from_millis(chance.below(120));
        let life = one_life(&at, 1 + round * 1_000_000, after);
        assert!(!life.is_empty());
        acknowledged.extend(life);
        let report = fsck::<Tally>(&at, Some(&())).unwrap();
        assert_eq!(report.findings, Vec::new(), "round {round}");
    }
    let node = open(&at);
    let view = node.fresh_view(SOON).unwrap();
    for id in &acknowledged {
        assert_eq!(view.machine.executions(*id), 1, "command {id}");
    }
    println!("{} commands acknowledged in {ROUNDS} lives", acknowledged.len());
    node.shutdown();
}
