//! What a server and its command line do with what they cannot use: a code, a sentence, no change.

#![allow(clippy::unwrap_used, reason = "helpers of tests, outside of test functions")]

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use counterfoil_engine::key::PrivateKey;
use counterfoil_engine::submission::Mode;
use counterfoil_engine::time::Timestamp;
use counterfoil_engine::wire::Encoding;
use counterfoil_engine::wire::v1::{self, command::Command as Ask};
use counterfoil_gateway::client::{Signer, sign};
use serde_json::{Value, json};
use support::{Server, admit, counterfoil, json as told, made, send, set_up, soon, text};

mod support;

fn refused(arguments: &[&str], folder: &Path, code: &str, status: i32) {
    let output = counterfoil(arguments, folder);
    let said = text(&output.stderr);
    assert!(said.contains(&format!("error[{code}]")), "{arguments:?} should say {code}: {said}");
    assert_eq!(output.status.code(), Some(status), "{arguments:?}: {said}");
}

/// Every file below a folder, with its contents.
fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut next = vec![folder.to_owned()];
    while let Some(folder) = next.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => next.push(path),
                false => found.push((path.clone(), fs::read(path).unwrap())),
            }
        }
    }
    found.sort();
    found
}

const SERVE: [&str; 5] = ["serve", "--data", "data", "--listen", "127.0.0.1:0"];

#[test]
fn a_server_does_not_start_on_what_it_cannot_use() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    refused(&SERVE, folder, "DATA_MISSING", 3);
    refused(&["fsck", "--data", "data"], folder, "DATA_MISSING", 3);
    let bad_origin = ["init", "--data", "data", "--origin", "not an origin"];
    refused(&bad_origin, folder, "ORIGIN_INVALID", 1);
    set_up(folder);
    let again = ["init", "--data", "data", "--origin", "counterfoil.test/ledger"];
    refused(&again, folder, "DATA_EXISTS", 3);

    fs::write(folder.join("data/counterfoil.toml"), "listen = '127.0.0.1:0'\nlisen = 1\n").unwrap();
    refused(&["serve", "--data", "data"], folder, "SETTINGS_INVALID", 1);
    fs::remove_file(folder.join("data/counterfoil.toml")).unwrap();

    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    refused(&["serve", "--data", "data", "--listen", &address], folder, "ADDRESS_IN_USE", 3);

    let running = Server::start(folder);
    refused(&SERVE, folder, "DATA_IN_USE", 3);
    refused(&["fsck", "--data", "data"], folder, "DATA_IN_USE", 3);
    assert_eq!(running.terminate().0, Some(0));
}

#[test]
fn the_data_of_another_ledger_is_left_alone() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    set_up(one.path());
    set_up(two.path());
    fs::remove_dir_all(two.path().join("data/replica")).unwrap();
    let (from, to) = (one.path().join("data/replica"), two.path().join("data/replica"));
    assert!(Command::new("cp").arg("-r").arg(from).arg(to).status().unwrap().success());
    let before = contents(&two.path().join("data/replica"));
    refused(&SERVE, two.path(), "DATA_OTHER_LEDGER", 3);
    assert_eq!(contents(&two.path().join("data/replica")), before);
}

#[test]
fn a_changed_byte_in_log_or_archive_is_found_and_nothing_is_made_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (ledger, operator) = set_up(folder);
    let server = Server::start(folder);
    admit(&server.client(), ledger, &operator, 9, v1::Role::Bank);
    server.kill();
    for (part, kind, code) in
        [("log", "segment", "LOG_CORRUPT"), ("archive", "blocks", "ARCHIVE_CORRUPT")]
    {
        let mut files = contents(&folder.join("data/replica").join(part)).into_iter();
        let found = files.find(|(path, _)| path.extension().is_some_and(|found| found == kind));
        let (path, bytes) = found.expect("there is a file");
        let mut changed = bytes.clone();
        changed[bytes.len() / 2] ^= 1;
        fs::write(&path, &changed).unwrap();
        refused(&SERVE, folder, code, 3);
        let checked = counterfoil(&["fsck", "--data", "data", "--json"], folder);
        assert_eq!(checked.status.code(), Some(1));
        let report = told(&checked);
        assert_eq!(report["clean"], false);
        assert!(report["findings"].to_string().contains(code), "{report}");
        assert_eq!(fs::read(&path).unwrap(), changed, "nobody repaired it");
        fs::write(&path, &bytes).unwrap();
    }
    let server = Server::start(folder);
    assert_eq!(server.terminate().0, Some(0));
}

#[test]
fn a_full_disk_ends_the_server_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let small = folder.path().join("small");
    fs::create_dir(&small).unwrap();
    let mount = ["-t", "tmpfs", "-o", "size=1m", "tmpfs"];
    let mounted = Command::new("mount").args(mount).arg(&small).output();
    if !mounted.is_ok_and(|output| output.status.success()) {
        println!("skipped: this system does not let the test mount a small file system");
        return;
    }
    let (ledger, operator) = set_up(&small);
    let server = Server::start(&small);
    let client = server.client();
    let mut acknowledged = 0;
    for round in 0..400 {
        let parties = (0..50).map(|_| {
            Ask::RegisterParty(v1::RegisterParty {
                kind: v1::PartyKind::Legal.into(),
                details: vec![3; 32].into(),
            })
        });
        let id = format!("fill-{round}");
        let (mode, encoding) = (Mode::Independent, Encoding::Protobuf);
        let signed = sign(ledger, &operator, &id, soon(), mode, encoding, parties.collect());
        match client.submit(&signed.unwrap()) {
            Ok(_) => acknowledged = round + 1,
            Err(_) => break,
        }
    }
    assert!((1..400).contains(&acknowledged), "the disk did not fill: {acknowledged}");
    let said = server.ended();
    assert!(said.contains("DISK_FULL"), "{said}");
    // Some space, and everything acknowledged is there.
    let roomier = Command::new("mount").args(["-o", "remount,size=16m"]).arg(&small).status();
    assert!(roomier.unwrap().success());
    let server = Server::start(&small);
    let client = server.client();
    let token = client.token(ledger, &operator).unwrap();
    for round in 0..acknowledged {
        let id = format!("fill-{round}");
        assert!(client.executed(operator.participant, &id, &token).unwrap().is_some(), "{id}");
    }
    assert_eq!(server.terminate().0, Some(0));
    let checked = counterfoil(&["fsck", "--data", "data", "--json"], &small);
    assert_eq!(told(&checked)["clean"], true, "{}", text(&checked.stdout));
    assert!(Command::new("umount").arg(&small).status().unwrap().success());
}

/// What the ledger or its gateway says of a submission that it does not take.
#[test]
fn a_submission_that_breaks_a_rule_says_which_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (ledger, operator) = set_up(folder.path());
    let server = Server::start(folder.path());
    let client = server.client();
    let registrar = admit(&client, ledger, &operator, 7, v1::Role::Registrar);
    let bank = admit(&client, ledger, &operator, 8, v1::Role::Bank);
    let broker = admit(&client, ledger, &operator, 9, v1::Role::Broker);
    let former = PrivateKey::from_seed([99; 32]);
    let (add, revoke) = (
        Ask::AddKey(v1::AddKey {
            participant: broker.participant.to_string(),
            key: former.public().0.to_vec().into(),
        }),
        Ask::RevokeKey(v1::RevokeKey {
            participant: broker.participant.to_string(),
            key: former.public().0.to_vec().into(),
        }),
    );
    send(&client, ledger, &broker, "keys", vec![add, revoke]);
    let register = Ask::RegisterIssuer(v1::RegisterIssuer {
        party: registrar.participant.to_string(),
        registrar: registrar.participant.to_string(),
        formed: "2020-01-01".to_owned(),
        authorized: "1000".to_owned(),
        ..Default::default()
    });
    let issuer = made(&send(&client, ledger, &operator, "issuer", vec![register]), 0, "issuer");
    let class = Ask::RegisterStockClass(v1::RegisterStockClass {
        issuer,
        kind: v1::ClassKind::Common.into(),
        name: "Common".to_owned(),
        authorized: "1000".to_owned(),
        decimals: "0".to_owned(),
        ..Default::default()
    });
    let class = made(&send(&client, ledger, &registrar, "class", vec![class]), 0, "stockClass");
    let open = |signer: &Signer, id: &str| {
        let holder = signer.participant.to_string();
        let open = Ask::OpenSecuritiesAccount(v1::OpenSecuritiesAccount { holder });
        made(&send(&client, ledger, signer, id, vec![open]), 0, "account")
    };
    let (from, to) = (open(&broker, "open-1"), open(&broker, "open-2"));
    let issue = |quantity: &str, account: &str| {
        Ask::IssueStock(v1::IssueStock {
            class: class.clone(),
            account: account.to_owned(),
            quantity: quantity.to_owned(),
            ..Default::default()
        })
    };
    send(&client, ledger, &registrar, "issue", vec![issue("600", &from)]);
    let transfer = |quantity: &str| {
        Ask::TransferStock(v1::TransferStock {
            class: class.clone(),
            from: from.clone(),
            to: to.clone(),
            quantity: quantity.to_owned(),
            certificates: Vec::new(),
        })
    };
    let redeem = Ask::CreateCashAsset(v1::CreateCashAsset {
        currency: "EUR".to_owned(),
        bank: bank.participant.to_string(),
    });
    let asset = made(&send(&client, ledger, &operator, "asset", vec![redeem]), 0, "cashAsset");
    let cash = Ask::OpenCashAccount(v1::OpenCashAccount {
        party: broker.participant.to_string(),
        asset,
        operator: broker.participant.to_string(),
    });
    let cash = made(&send(&client, ledger, &bank, "cash", vec![cash]), 0, "cashAccount");
    let redeem = Ask::RedeemCash(v1::RedeemCash {
        account: cash,
        amount: "1".to_owned(),
        reference: "R-1".to_owned(),
    });
    let stranger = Signer { participant: broker.participant, key: PrivateKey::from_seed([1; 32]) };
    let revoked = Signer { participant: broker.participant, key: former };
    let outstanding = || {
        let token = client.token(ledger, &registrar).unwrap();
        let query = "query($id: ID!) { stockClass(id: $id) { outstanding issued } }";
        client.graphql(query, json!({ "id": class }), Some(&token)).unwrap()
    };
    let before = outstanding();
    let table: Vec<(&Signer, Timestamp, Ask, &str)> = vec![
        (&registrar, soon(), issue("401", &from), "AUTHORIZED_SHARES_EXCEEDED"),
        (&registrar, soon(), issue("1", "A99-3"), "MALFORMED"),
        (&registrar, soon(), issue("0", &from), "MALFORMED"),
        (&broker, soon(), issue("1", &from), "NOT_AUTHORIZED"),
        (&broker, soon(), transfer("601"), "SHARES_INSUFFICIENT"),
        (&bank, soon(), redeem, "CASH_INSUFFICIENT"),
        (&stranger, soon(), transfer("1"), "KEY_UNKNOWN"),
        (&revoked, soon(), transfer("1"), "KEY_REVOKED"),
        (&broker, Timestamp(1_000), transfer("1"), "SUBMISSION_EXPIRED"),
        (&broker, soon().plus_ms(48 * 3_600_000), transfer("1"), "VALIDITY_TOO_LONG"),
    ];
    for (place, (signer, until, ask, code)) in table.into_iter().enumerate() {
        let id = format!("bad-{place}");
        let signed =
            sign(ledger, signer, &id, until, Mode::Independent, Encoding::Json, vec![ask]).unwrap();
        let found = match client.submit(&signed) {
            Ok(answer) => answer["outcomes"][0]["error"]["code"].as_str().map(str::to_owned),
            Err(failure) => Some(failure.code),
        };
        assert_eq!(found.as_deref(), Some(code), "row {place}");
        assert_eq!(outstanding(), before, "row {place} changed something");
    }
    // The same bytes again: the first receipt. Other bytes under the same id: refused.
    let once = |quantity: &str| {
        let asks = vec![transfer(quantity)];
        sign(ledger, &broker, "once", soon(), Mode::Independent, Encoding::Json, asks).unwrap()
    };
    let first = once("1");
    let (answer, again) = (client.submit(&first).unwrap(), client.submit(&first).unwrap());
    assert_eq!(answer["outcomes"][0]["recordHash"], again["outcomes"][0]["recordHash"]);
    assert_eq!(
        (&answer["replayed"], &again["replayed"]),
        (&Value::from(false), &Value::from(true))
    );
    assert_eq!(client.submit(&once("2")).unwrap_err().code, "SUBMISSION_ID_REUSED");
    assert_eq!(server.terminate().0, Some(0));
}
