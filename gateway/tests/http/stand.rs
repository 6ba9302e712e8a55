//! A server over a node on real files, with the market of the scenarios in it, and its clients.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use counterfoil_engine::driver::ledger::Origin;
use counterfoil_engine::driver::{Clock, Limits, Node, Reply, initialise};
use counterfoil_engine::evidence::record::{command_leaf, submission_root};
use counterfoil_engine::hash::{Hash, to_hex};
use counterfoil_engine::key::PrivateKey;
use counterfoil_engine::machine::Machine;
use counterfoil_engine::replica::Settings;
use counterfoil_engine::storage::{Home, Identity, Sizes};
use counterfoil_engine::submission::{Header, Mode};
use counterfoil_engine::time::Timestamp;
use counterfoil_engine::wire::{self, Encoding, v1};
use counterfoil_gateway::history::{History, Setup};
use counterfoil_gateway::people::People;
use counterfoil_gateway::service::{Options, Service};
use counterfoil_tests::archive::MemoryArchive;
use counterfoil_tests::{Actor, Market, OPENING};
use serde_json::{Value, json};
use tokio::sync::oneshot;

const SOON: Duration = Duration::from_secs(30);

/// What the clocks of server and node say.
pub(crate) struct Wall(AtomicU64);

impl Clock for Wall {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::Relaxed))
    }
}

impl Wall {
    pub(crate) fn pass(&self, ms: u64) {
        self.0.fetch_add(ms, Ordering::Relaxed);
    }
}

/// The server.
pub(crate) struct Stand {
    pub(crate) service: Arc<Service>,
    pub(crate) wall: Arc<Wall>,
    pub(crate) market: Market,
    address: SocketAddr,
    agent: ureq::Agent,
    end: Option<oneshot::Sender<()>>,
    runtime: Option<tokio::runtime::Runtime>,
    _folder: tempfile::TempDir,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.bytes.clone()).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }
}

fn node(
    folder: &Path,
    market: &Market,
    limits: Limits,
    wall: &Arc<Wall>,
    reads: bool,
) -> (Node<Machine>, Arc<History>) {
    let (genesis, secret) = (market.genesis.clone(), market.secret.clone());
    let ledger = genesis.ledger_id();
    let identity = Identity { ledger, replica: 1, incarnation: 1 };
    let mut home = Home::create(&folder.join("home"), identity, Sizes::default()).unwrap();
    let settings = Settings { id: 1, cluster: ledger, seed: 7, window_bytes: 1 << 20 };
    let origin = Origin { genesis: genesis.clone(), secret: secret.clone(), seed: 7 };
    initialise::<Machine>(settings, &origin, &mut home.stores.log, &home.stores.snapshots).unwrap();
    let fatal = Arc::new(|fatal: &counterfoil_engine::driver::Fatal| panic!("{fatal}"));
    let node = Node::open(settings, limits, home.stores, &origin, wall.clone(), fatal).unwrap();
    assert!(node.wait_ready(SOON));
    let setup = Setup {
        folder: folder.to_owned(),
        genesis,
        secret,
        blocks: match reads {
            true => Arc::new(home.blocks),
            // It begins with the second block.
            false => Arc::new(MemoryArchive::of(&market.blocks[1..2])),
        },
        checkpoint_key: PrivateKey::from_seed([77; 32]),
    };
    (node, Arc::new(History::open(setup).unwrap()))
}

impl Stand {
    /// A server with a market whose seller's client holds 100 shares and whose buyer's client holds
    /// 5,000 euros.
    pub(crate) fn open() -> Stand {
        Stand::with(Limits::default(), Options::default())
    }

    pub(crate) fn with(limits: Limits, options: Options) -> Stand {
        Stand::over(limits, options, true)
    }

    /// A server whose index has stopped, since the archive does not continue.
    pub(crate) fn without_past() -> Stand {
        Stand::over(Limits::default(), Options::default(), false)
    }

    fn over(limits: Limits, options: Options, reads: bool) -> Stand {
        let market = Market::funded(1, 100, 5_000);
        let folder = tempfile::tempdir().unwrap();
        let wall = Arc::new(Wall(AtomicU64::new(OPENING.0)));
        let (node, history) = node(folder.path(), &market, limits, &wall, reads);
        for (_, entry) in market.log.iter().filter(|_| limits.in_flight_max > 0) {
            match node.propose(entry.to_vec()).unwrap().recv_timeout(SOON) {
                Ok(Reply::Committed { .. }) => {}
                other => panic!("not committed: {other:?}"),
            }
        }
        let people = People::open(folder.path()).unwrap();
        let service = Service::new(node, history, people, wall.clone(), [5; 32], options);
        let service = Arc::new(service);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let (end, ended) = oneshot::channel::<()>();
        let serving = counterfoil_gateway::http::serve(listener, service.clone(), async {
            let _ = ended.await;
        });
        runtime.spawn(serving);
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(SOON))
            .build()
            .into();
        Stand {
            service,
            wall,
            market,
            address,
            agent,
            end: Some(end),
            runtime: Some(runtime),
            _folder: folder,
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = self.agent.get(self.url(path));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        answer(request.call().unwrap())
    }

    pub(crate) fn post(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        body: impl ureq::AsSendBody,
    ) -> Answer {
        self.try_post(path, headers, body).expect("the connection holds")
    }

    /// As [`Stand::post`]; none where the connection was closed while the body was on its way.
    pub(crate) fn try_post(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        body: impl ureq::AsSendBody,
    ) -> Option<Answer> {
        let mut request = self.agent.post(self.url(path));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send(body).ok().map(answer)
    }

    /// A token for an actor's key.
    pub(crate) fn token(&self, actor: Actor) -> String {
        let key = actor.key();
        let wish =
            json!({ "participant": actor.party().to_string(), "key": key.public().to_string() });
        let json_type = [("content-type", "application/json")];
        let challenge = self.post("/v1/challenge", &json_type, wish.to_string()).json();
        let challenge = challenge["challenge"].as_str().unwrap();
        let signature = to_hex(&key.sign(challenge.as_bytes()));
        let signed = json!({ "challenge": challenge, "signature": signature });
        let admitted = self.post("/v1/token", &json_type, signed.to_string()).json();
        admitted["token"].as_str().unwrap_or_else(|| panic!("{admitted}")).to_owned()
    }

    /// Sends a request to `/graphql`, with a token where there is one.
    pub(crate) fn graphql(&self, token: &str, query: &str, variables: &Value) -> Value {
        let body = json!({ "query": query, "variables": variables }).to_string();
        let bearer = format!("Bearer {token}");
        let mut headers = vec![("content-type", "application/json")];
        if !token.is_empty() {
            headers.push(("authorization", &bearer));
        }
        self.post("/graphql", &headers, body).json()
    }

    /// Asks, and expects an answer without errors.
    pub(crate) fn ask(&self, token: &str, query: &str) -> Value {
        let answer = self.graphql(token, query, &json!({}));
        assert!(answer.get("errors").is_none(), "{query}: {answer}");
        answer["data"].clone()
    }

    /// Carries out a signed command; the payload of the mutation.
    pub(crate) fn act(&self, signed: &Signed) -> Value {
        let answer = self.graphql("", &signed.document(), &signed.variables());
        assert!(answer.get("errors").is_none(), "{answer}");
        answer["data"][&signed.field].clone()
    }

    /// A command signed by an actor, valid for a minute.
    pub(crate) fn sign(&self, actor: Actor, id: &str, command: v1::command::Command) -> Signed {
        Signed::new(
            &self.market,
            self.wall.now().plus_ms(60_000),
            (actor, actor.key()),
            id,
            command,
        )
    }
}

impl Drop for Stand {
    fn drop(&mut self) {
        if let Some(end) = self.end.take() {
            let _ = end.send(());
        }
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(SOON);
        }
    }
}

fn answer(mut response: ureq::http::Response<ureq::Body>) -> Answer {
    let headers = response.headers().iter();
    let headers = headers
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().to_owned()));
    Answer {
        status: response.status().as_u16(),
        headers: headers.collect(),
        bytes: response.body_mut().read_to_vec().unwrap(),
    }
}

/// A single command as a client sends it.
#[derive(Clone)]
pub(crate) struct Signed {
    pub(crate) field: String,
    pub(crate) input: Value,
    pub(crate) submission: Value,
}

impl Signed {
    pub(crate) fn new(
        market: &Market,
        valid_until: Timestamp,
        (actor, key): (Actor, PrivateKey),
        id: &str,
        command: v1::command::Command,
    ) -> Signed {
        let command = v1::Command { command: Some(command) };
        let bytes = wire::encode_command(&command, Encoding::Json);
        let salt = [id.len() as u8; 16];
        let header = Header {
            ledger: market.genesis.ledger_id(),
            participant: actor.party(),
            key: key.public(),
            id: id.to_owned(),
            valid_until,
            encoding: Encoding::Json,
            mode: Mode::Independent,
            commands: 1,
            root: submission_root(&[command_leaf(&salt, &bytes)]),
        };
        let whole: Value = serde_json::from_slice(&bytes).unwrap();
        let (field, input) = whole.as_object().unwrap().iter().next().unwrap();
        let submission = json!({
            "participant": header.participant.to_string(),
            "key": header.key.to_string(),
            "submissionId": id,
            "validUntil": valid_until.to_string(),
            "salt": to_hex(&salt),
            "signature": to_hex(&key.sign(header.text().as_bytes())),
        });
        Signed { field: field.clone(), input: input.clone(), submission }
    }

    pub(crate) fn document(&self) -> String {
        let kind = self.field[..1].to_uppercase() + &self.field[1..];
        let made = match self.field.as_str() {
            "instructSettlement" | "cancelInstruction" => "instruction status",
            "revokeKey" | "addKey" => "participant",
            "creditCash" => "cashAccount",
            _ => "__typename",
        };
        format!(
            "mutation($input: {kind}Input!, $submission: SubmissionInput!) {{ {}(input: $input, \
             submission: $submission) {{ {made} receipt {{ height recordIndex recordHash \
             committedAt replayed }} userErrors {{ code message path retry docsUrl }} }} }}",
            self.field
        )
    }

    pub(crate) fn variables(&self) -> Value {
        json!({ "input": self.input, "submission": self.submission })
    }
}

/// The codes of the errors of an answer.
pub(crate) fn codes(answer: &Value) -> Vec<&str> {
    let errors = answer["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    errors.iter().filter_map(|error| error["extensions"]["code"].as_str()).collect()
}

pub(crate) fn hash(value: &Value) -> Hash {
    Hash::parse(value.as_str().unwrap()).unwrap()
}
