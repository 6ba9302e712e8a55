//! A client of the gateway: what signs for people on the command line, in the demo and in tests.
//!
//! It keeps nothing and decides nothing; what it signs is exactly what travels.

use std::time::Duration;

use counterfoil_engine::hash::Hash;
use counterfoil_engine::key::PrivateKey;
use counterfoil_engine::submission::{Author, Mode};
use counterfoil_engine::time::Timestamp;
use counterfoil_engine::wire::v1::{self, command::Command};
use counterfoil_engine::wire::Encoding;
use counterfoil_registry::handle::PartyId;
use prost::Message as _;
use serde_json::Value;

use crate::exit::Failure;
use crate::keys::random;

/// How long a server may take to answer: longer than it waits itself before it gives up.
const PATIENCE: Duration = Duration::from_secs(60);
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

    fn answer(
        &self,
        answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> Result<Answer, Failure> {
        let unreachable = |error: ureq::Error| {
            Failure::environment("SERVER_UNREACHABLE", format!("{}: {error}", self.server))
                .hint("is the server running? what was sent may be executed; send it again")
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

/// The bytes of a submission for `POST /v1/submissions`, and their media type.
pub fn body(submission: &v1::Submission) -> (&'static str, Vec<u8>) {
    ("application/x-protobuf", submission.encode_to_vec())
}
