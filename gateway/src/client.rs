//! A client of the gateway: what signs for people on the command line, in the demo and in tests.
//!
//! It keeps nothing and decides nothing; what it signs is exactly what travels.

use std::time::Duration;

use counterfoil_engine::hash::{Hash, to_hex};
use counterfoil_engine::key::PrivateKey;
use counterfoil_engine::submission::{Author, Mode};
use counterfoil_engine::time::Timestamp;
use counterfoil_engine::wire::Encoding;
use counterfoil_engine::wire::v1::{self, command::Command};
use counterfoil_registry::handle::PartyId;
use prost::Message as _;
use serde_json::{Value, json};

use crate::exit::Failure;
use crate::keys::random;
use crate::server::now;

/// How long a server may take to answer: longer than it waits itself before it gives up.
const PATIENCE: Duration = Duration::from_secs(60);
/// Failures after which a submission may be executed or not, or may be taken later.
const OPEN: [&str; 7] = [
    "SERVER_UNREACHABLE",
    "OUTCOME_UNKNOWN",
    "OVERLOADED",
    "NOT_LEADER",
    "STOPPED",
    "TIMEOUT",
    "HISTORY_UNAVAILABLE",
];
/// Between two tries.
const PAUSE: Duration = Duration::from_secs(1);
/// Answers larger than this are not read: bundles and packages come whole.
const ANSWER_BYTES: u64 = 1 << 30;

/// A participant who can sign.
#[derive(Clone, Debug)]
pub struct Signer {
    /// The participant.
    pub participant: PartyId,
    /// One of its keys.
    pub key: PrivateKey,
}

/// An answer of the server, whatever its status.
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

/// A server, reached over HTTP.
pub struct Client {
    agent: ureq::Agent,
    server: String,
}

impl Client {
    /// The client of the server at a base address such as `http://127.0.0.1:7413`.
    pub fn new(server: &str) -> Client {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .timeout_global(Some(PATIENCE))
            .build();
        Client { agent: config.new_agent(), server: server.trim_end_matches('/').to_owned() }
    }

    /// Gets a resource; `token` lets its owner see more.
    pub fn get(&self, path: &str, token: Option<&str>) -> Result<Answer, Failure> {
        let mut request = self.agent.get(format!("{}{path}", self.server));
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        self.answer(request.call())
    }

    /// Posts a body.
    pub fn post(
        &self,
        path: &str,
        media: &str,
        token: Option<&str>,
        body: &[u8],
    ) -> Result<Answer, Failure> {
        let mut request = self.agent.post(format!("{}{path}", self.server));
        request = request.header("content-type", media);
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        self.answer(request.send(body))
    }

    /// The id of the server's ledger.
    pub fn ledger(&self) -> Result<Hash, Failure> {
        let answer = self.graphql("{ ledger { id } }", json!({}), None)?;
        Hash::parse(answer["ledger"]["id"].as_str().unwrap_or_default()).ok_or_else(|| {
            Failure::environment("SERVER_UNEXPECTED", "the server names no ledger".to_owned())
        })
    }

    /// A token with which a participant may read.
    pub fn token(&self, ledger: Hash, signer: &Signer) -> Result<String, Failure> {
        let (participant, key) = (signer.participant.to_string(), signer.key.public().to_string());
        let wish = json!({ "participant": participant, "key": key });
        let challenge = self.json("/v1/challenge", None, &wish)?;
        let text = challenge["challenge"].as_str().unwrap_or_default();
        // Nothing is signed but a wish to read from the ledger that is meant.
        let expected = format!("counterfoil reading 1\nledger {ledger}\noperation read\n");
        if !text.starts_with(&expected) {
            let what = "the challenge is not one for reading from this ledger";
            return Err(Failure::refused("CHALLENGE_UNEXPECTED", what));
        }
        let signature = to_hex(&signer.key.sign(text.as_bytes()));
        let signed = json!({ "challenge": text, "signature": signature });
        let admitted = self.json("/v1/token", None, &signed)?;
        Ok(admitted["token"].as_str().unwrap_or_default().to_owned())
    }

    /// Sends a submission; what came of it, as `docs/api.md` describes it.
    pub fn submit(&self, submission: &v1::Submission) -> Result<Value, Failure> {
        let body = submission.encode_to_vec();
        self.post("/v1/submissions", "application/protobuf", None, &body)?.accepted()
    }

    /// As [`Client::submit`], but while the outcome is open sends the same bytes again, which have no
    /// second effect, until they are void. `on_retry` hears why.
    pub fn submit_until(
        &self,
        submission: &v1::Submission,
        valid_until: Timestamp,
        mut on_retry: impl FnMut(&Failure),
    ) -> Result<Value, Failure> {
        loop {
            match self.submit(submission) {
                Err(failure) if OPEN.contains(&failure.code.as_str()) && now() < valid_until => {
                    on_retry(&failure);
                    std::thread::sleep(PAUSE);
                }
                outcome => return outcome,
            }
        }
    }

    /// What came of a submission that was executed some time ago; none if there is no such one.
    pub fn executed(
        &self,
        participant: PartyId,
        id: &str,
        token: &str,
    ) -> Result<Option<Value>, Failure> {
        let answer = self.get(&format!("/v1/submissions/{participant}/{id}"), Some(token))?;
        if answer.status == 404 { Ok(None) } else { answer.accepted().map(Some) }
    }

    /// Carries out a GraphQL document; its data.
    pub fn graphql(
        &self,
        query: &str,
        variables: Value,
        token: Option<&str>,
    ) -> Result<Value, Failure> {
        let request = json!({ "query": query, "variables": variables });
        let mut answer = self.json("/graphql", token, &request)?;
        match answer["errors"][0].as_object() {
            None => Ok(answer["data"].take()),
            Some(error) => {
                let code = error["extensions"]["code"].as_str().unwrap_or("GRAPHQL_ERROR");
                let message = error["message"].as_str().unwrap_or_default();
                Err(Failure::refused(code, message))
            }
        }
    }

    /// Tells the name and address of a party or stakeholder.
    pub fn tell(&self, holder: &str, personal: &Value, token: &str) -> Result<(), Failure> {
        let url = format!("{}/v1/people/{holder}", self.server);
        let request = self.agent.put(url).header("content-type", "application/json");
        let request = request.header("authorization", format!("Bearer {token}"));
        let answer = self.answer(request.send(personal.to_string()))?;
        if answer.status == 204 { Ok(()) } else { answer.accepted().map(drop) }
    }

    /// The evidence bundle of an issuer.
    pub fn bundle(&self, issuer: &str, token: &str) -> Result<Vec<u8>, Failure> {
        let answer = self.get(&format!("/v1/issuers/{issuer}/bundle"), Some(token))?;
        if answer.status == 200 { Ok(answer.body) } else { Err(answer.refusal()) }
    }

    /// What is to be said about the Open Cap Format package of an issuer at the end of a day, as it
    /// was known at a height or time, as `docs/api.md` describes it.
    pub fn package_findings(
        &self,
        issuer: &str,
        as_of: Option<&str>,
        known_at: Option<&str>,
        token: &str,
    ) -> Result<Value, Failure> {
        let as_of = as_of.map(|date| format!("&asOf={date}")).unwrap_or_default();
        let known_at = known_at.map(|moment| format!("&knownAt={moment}")).unwrap_or_default();
        let path = format!("/v1/issuers/{issuer}/package?findings=json{as_of}{known_at}");
        self.get(&path, Some(token))?.accepted()
    }

    /// That package, as a zip.
    pub fn package(
        &self,
        issuer: &str,
        as_of: &str,
        known_at: &str,
        token: &str,
    ) -> Result<Vec<u8>, Failure> {
        let path = format!("/v1/issuers/{issuer}/package?asOf={as_of}&knownAt={known_at}");
        let answer = self.get(&path, Some(token))?;
        if answer.status == 200 { Ok(answer.body) } else { Err(answer.refusal()) }
    }

    fn json(&self, path: &str, token: Option<&str>, body: &Value) -> Result<Value, Failure> {
        let body = body.to_string();
        self.post(path, "application/json", token, body.as_bytes())?.accepted()
    }

    fn answer(
        &self,
        answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> Result<Answer, Failure> {
        let unreachable = |error: ureq::Error| {
            Failure::environment("SERVER_UNREACHABLE", format!("{}: {error}", self.server))
                .hint("is the server running? what was sent may be executed or not")
        };
        let mut answer = answer.map_err(unreachable)?;
        let body = answer.body_mut().with_config().limit(ANSWER_BYTES).read_to_vec();
        Ok(Answer { status: answer.status().as_u16(), body: body.map_err(unreachable)? })
    }
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Result<Value, Failure> {
        serde_json::from_slice(&self.body).map_err(|error| {
            let what = format!("the server answered {} without JSON: {error}", self.status);
            Failure::environment("SERVER_UNEXPECTED", what)
        })
    }

    /// The body of an answer that says yes.
    fn accepted(&self) -> Result<Value, Failure> {
        if self.status == 200 { self.json() } else { Err(self.refusal()) }
    }

    /// What a server says that does not do what it was asked.
    fn refusal(&self) -> Failure {
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let graphql = &body["errors"][0];
        let error = &body["error"];
        let code = error["code"].as_str().or(graphql["extensions"]["code"].as_str());
        let message = error["message"].as_str().or(graphql["message"].as_str());
        match (code, message) {
            (Some(code), Some(message)) if self.status < 500 => Failure::refused(code, message),
            (Some(code), Some(message)) => Failure::environment(code, message),
            _ => {
                let what = format!("the server answered with the status {}", self.status);
                Failure::environment("SERVER_UNEXPECTED", what)
            }
        }
    }
}

/// What each command of an executed submission made, such as `{"party":"P3-5"}`; or the first refusal.
pub fn made(answer: &Value) -> Result<Vec<Value>, Failure> {
    let outcomes = answer["outcomes"].as_array().into_iter().flatten();
    let made = outcomes.map(|outcome| match outcome["error"]["code"].as_str() {
        None => Ok(outcome["made"].clone()),
        Some(code) => {
            Err(Failure::refused(code, outcome["error"]["message"].as_str().unwrap_or_default()))
        }
    });
    made.collect()
}

/// A handle that a command made, such as its `party`.
pub fn handle(made: Option<&Value>, what: &str) -> Result<String, Failure> {
    let found = made.and_then(|made| made[what].as_str());
    found.map(str::to_owned).ok_or_else(|| {
        Failure::environment("SERVER_UNEXPECTED", format!("a command made no {what}"))
    })
}

/// A handle of a party, as a signer needs it.
pub fn party(handle: &str) -> Result<PartyId, Failure> {
    PartyId::parse(handle).ok_or_else(|| {
        Failure::environment("SERVER_UNEXPECTED", format!("{handle} is no handle of a party"))
    })
}

/// Signs commands under one header, each with a salt of its own.
pub fn sign(
    ledger: Hash,
    signer: &Signer,
    id: &str,
    valid_until: Timestamp,
    mode: Mode,
    encoding: Encoding,
    commands: Vec<Command>,
) -> Result<v1::Submission, Failure> {
    let mut salted = Vec::with_capacity(commands.len());
    for command in commands {
        let salt = random()?[..16].try_into().expect("half of 32 bytes");
        salted.push((salt, command));
    }
    let Signer { participant, key } = signer.clone();
    let author = Author { ledger, participant, key, encoding };
    Ok(author.sign(id, valid_until, mode, salted))
}
