//! `kill -9` at random moments under load: everything acknowledged is there, once, the directory is
//! clean, and the evidence of it all verifies.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use counterfoil_engine::submission::Mode;
use counterfoil_engine::wire::Encoding;
use counterfoil_engine::wire::v1::{self, command::Command as Ask};
use counterfoil_gateway::client::sign;
use counterfoil_registry::handle::AccountId;
use support::{Server, admit, counterfoil, json, made, send, set_up, soon, text};

mod support;

const ROUNDS: u64 = 20;
const CLIENTS: u64 = 4;

/// What a client was told, by the id of its submission: the record and its hash.
type Told = BTreeMap<String, (String, String)>;

/// A small generator (xorshift), so that a failing run can be repeated from its seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

#[test]
fn what_was_acknowledged_outlives_a_kill_at_any_moment() {
    let seed = std::env::var("KILL_SEED").ok().and_then(|text| text.parse().ok());
    let seed = seed.unwrap_or_else(|| u64::from(std::process::id()) * 0x9e37_79b9 + 1);
    println!("repeat: KILL_SEED={seed} cargo test -p counterfoil-gateway --test kill");
    let mut chance = Chance(seed);
    let folder = tempfile::tempdir().unwrap();
    let (ledger, operator) = set_up(folder.path());
    let server = Server::start(folder.path());
    let client = server.client();
    let registrar = admit(&client, ledger, &operator, 7, v1::Role::Registrar);
    let register = Ask::RegisterIssuer(v1::RegisterIssuer {
        party: registrar.participant.to_string(),
        registrar: registrar.participant.to_string(),
        formed: "2020-01-01".to_owned(),
        authorized: "UNLIMITED".to_owned(),
        ..Default::default()
    });
    let issuer = made(&send(&client, ledger, &operator, "issuer", vec![register]), 0, "issuer");
    let class = Ask::RegisterStockClass(v1::RegisterStockClass {
        issuer: issuer.clone(),
        kind: v1::ClassKind::Common.into(),
        name: "Common".to_owned(),
        authorized: "UNLIMITED".to_owned(),
        decimals: "0".to_owned(),
        ..Default::default()
    });
    let class = made(&send(&client, ledger, &registrar, "class", vec![class]), 0, "stockClass");
    let line = Ask::RegisterStakeholder(v1::RegisterStakeholder {
        issuer: issuer.clone(),
        source_id: "holder".to_owned(),
    });
    let account = made(&send(&client, ledger, &registrar, "holder", vec![line]), 0, "account");
    assert!(AccountId::parse(&account).is_some());
    server.kill();

    let told: Arc<Mutex<Told>> = Arc::default();
    let next = Arc::new(AtomicU64::new(0));
    for _ in 0..ROUNDS {
        let server = Server::start(folder.path());
        let stop = Arc::new(AtomicBool::new(false));
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                let (client, registrar) = (server.client(), registrar.clone());
                let (told, next, stop) = (told.clone(), next.clone(), stop.clone());
                let (class, account) = (class.clone(), account.clone());
                thread::spawn(move || {
                    while !stop.load(Ordering::Relaxed) {
                        let id = format!("issue-{}", next.fetch_add(1, Ordering::Relaxed));
                        let issue = Ask::IssueStock(v1::IssueStock {
                            class: class.clone(),
                            account: account.clone(),
                            quantity: "1".to_owned(),
                            ..Default::default()
                        });
                        let signed = sign(
                            ledger,
                            &registrar,
                            &id,
                            soon(),
                            Mode::Independent,
                            Encoding::Protobuf,
                            vec![issue],
                        )
                        .unwrap();
                        // No answer says nothing: it may be executed or not.
                        let Ok(answer) = client.submit(&signed) else { continue };
                        let outcome = &answer["outcomes"][0];
                        assert!(outcome["error"].is_null(), "{answer}");
                        let part = |name: &str| outcome[name].as_str().unwrap().to_owned();
                        let place = (part("recordIndex"), part("recordHash"));
                        told.lock().unwrap().insert(id, place);
                    }
                })
            })
            .collect();
        thread::sleep(Duration::from_millis(20 + chance.below(180)));
        server.kill();
        stop.store(true, Ordering::Relaxed);
        clients.into_iter().for_each(|client| client.join().unwrap());
    }

    let server = Server::start(folder.path());
    let client = server.client();
    let token = client.token(ledger, &registrar).unwrap();
    let told = told.lock().unwrap();
    assert!(told.len() > 20, "only {} submissions were acknowledged", told.len());
    for (id, place) in told.iter() {
        let found = client.executed(registrar.participant, id, &token).unwrap();
        let found = found.unwrap_or_else(|| panic!("{id} was acknowledged and is not there"));
        let outcome = &found["outcomes"][0];
        let part = |name: &str| outcome[name].as_str().unwrap().to_owned();
        assert_eq!((part("recordIndex"), part("recordHash")), *place, "{id}");
    }
    let query = "query($id: ID!) { stockClass(id: $id) { outstanding } }";
    let answer = client.graphql(query, serde_json::json!({ "id": class }), Some(&token)).unwrap();
    let outstanding: u64 = answer["stockClass"]["outstanding"].as_str().unwrap().parse().unwrap();
    let sent = next.load(Ordering::Relaxed);
    let acknowledged = told.len() as u64;
    println!("{sent} sent, {acknowledged} acknowledged, {outstanding} executed");
    assert!((acknowledged..=sent).contains(&outstanding), "each is executed at most once");
    let (status, said) = server.terminate();
    assert_eq!(status, Some(0), "{said}");

    let checked = counterfoil(&["fsck", "--data", "data", "--json"], folder.path());
    assert_eq!(json(&checked)["clean"], true, "{}", text(&checked.stdout));
    let bundle = counterfoil(&["bundle", &issuer, "out.bundle", "--data", "data"], folder.path());
    assert!(bundle.status.success(), "{}", text(&bundle.stderr));
    let verify = ["verify", "out.bundle", "--trust", "data/trusted-keys.txt", "--json"];
    let report = json(&counterfoil(&verify, folder.path()));
    assert_eq!(report["verified"], true);
    assert_eq!(report["classes"][0]["outstanding"], outstanding.to_string());
}
