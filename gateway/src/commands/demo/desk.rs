//! The desk at which the people of the demo sign: one client of the server, and a key for each.

use std::path::PathBuf;

use counterfoil_engine::hash::{Hash, sha256, to_hex};
use counterfoil_engine::key::PrivateKey;
use counterfoil_engine::submission::Mode;
use counterfoil_engine::wire::Encoding;
use counterfoil_engine::wire::v1::{self, command::Command};
use serde_json::{Value, json};

use crate::client::{self, Client, Signer};
use crate::exit::Failure;
use crate::home::Home;
use crate::keys;
use crate::server::now;

/// How long what is signed here may be executed.
const VALID_MS: u64 = 5 * 60_000;

/// The client, and who signs.
pub(super) struct Desk {
    pub(super) client: Client,
    pub(super) ledger: Hash,
    pub(super) operator: Signer,
    /// Lets the operator read, from whom nothing is hidden.
    token: String,
    keys: PathBuf,
}

impl Desk {
    /// The desk of a ledger; keys of people are kept beside its data.
    pub(super) fn open(client: Client, home: &Home, operator: Signer) -> Result<Desk, Failure> {
        let ledger = home.genesis.ledger_id();
        let token = client.token(ledger, &operator)?;
        let keys = home.path().join("keys");
        Ok(Desk { client, ledger, operator, token, keys })
    }

    /// The public half of a person's key, which is made when it is first asked for.
    pub(super) fn key(&self, name: &str) -> Result<PrivateKey, Failure> {
        let seed = keys::seed(&self.keys.join(format!("demo-{name}.key")))?;
        Ok(PrivateKey::from_seed(seed))
    }

    /// Signs commands as one step and sends them, unless the ledger has executed the step already.
    /// What each of them made.
    pub(super) fn send(
        &self,
        signer: &Signer,
        step: &str,
        commands: Vec<Command>,
    ) -> Result<Done, Failure> {
        let until = now().plus_ms(VALID_MS);
        let answer = match self.client.executed(signer.participant, step, &self.token)? {
            Some(answer) => answer,
            None => {
                let submission = client::sign(
                    self.ledger,
                    signer,
                    step,
                    until,
                    Mode::Independent,
                    Encoding::Protobuf,
                    commands,
                )?;
                self.client.submit(&submission)?
            }
        };
        Done::of(&answer)
    }

    /// Signs one instruction and sends it as a broker's own system would: through GraphQL.
    pub(super) fn instruct(
        &self,
        signer: &Signer,
        step: &str,
        instruction: v1::InstructSettlement,
    ) -> Result<(), Failure> {
        if self.client.executed(signer.participant, step, &self.token)?.is_some() {
            return Ok(());
        }
        let command = Command::InstructSettlement(instruction);
        let until = now().plus_ms(VALID_MS);
        let signed = client::sign(
            self.ledger,
            signer,
            step,
            until,
            Mode::Independent,
            Encoding::Json,
            vec![command],
        )?;
        let only = signed.commands.first().expect("one command was signed");
        // The variable is the signed text itself, without the name of the command around it.
        let command: Value = serde_json::from_slice(&only.command)
            .map_err(|error| Failure::refused("SUBMISSION_MALFORMED", error.to_string()))?;
        let variables = json!({
            "input": command["instructSettlement"],
            "submission": {
                "participant": signer.participant.to_string(),
                "key": signer.key.public().to_string(),
                "submissionId": step,
                "validUntil": until.to_string(),
                "salt": to_hex(&only.salt),
                "signature": to_hex(&signed.signature),
            },
        });
        let mutation = "mutation($input: InstructSettlementInput!, $submission: SubmissionInput!) {
         instructSettlement(input: $input, submission: $submission) {
         receipt { height } userErrors { code message } } }";
        let data = self.client.graphql(mutation, variables, None)?;
        match data["instructSettlement"]["userErrors"][0].as_object() {
            None => Ok(()),
            Some(error) => {
                let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
                Err(Failure::refused(text("code"), text("message")))
            }
        }
    }

    /// Asks, as one from whom nothing is hidden.
    pub(super) fn ask(&self, query: &str, variables: Value) -> Result<Value, Failure> {
        self.client.graphql(query, variables, Some(&self.token))
    }

    /// The name of a person or company, and the salted hash by which the ledger knows it. The salt
    /// follows from the operator's key, so that the same name is told again after a crash.
    pub(super) fn details(&self, name: &str) -> (Value, Hash) {
        let salt = sha256(&[&self.operator.key.sign(name.as_bytes())]);
        let personal = json!({ "name": name }).to_string();
        let details = sha256(&[&salt.0, personal.as_bytes()]);
        (json!({ "personal": personal, "salt": salt.to_string() }), details)
    }

    /// Tells the server the name of a party or stakeholder; it stays outside the ledger.
    pub(super) fn tell(&self, holder: &str, personal: &Value) -> Result<(), Failure> {
        self.client.tell(holder, personal, &self.token)
    }

    /// The evidence bundle of an issuer.
    pub(super) fn bundle(&self, issuer: &str) -> Result<Vec<u8>, Failure> {
        self.client.bundle(issuer, &self.token)
    }
}

/// What a step did.
pub(super) struct Done {
    /// The height of its block.
    pub(super) height: String,
    /// The day of its block.
    pub(super) day: String,
    made: Vec<Value>,
}

impl Done {
    fn of(answer: &Value) -> Result<Done, Failure> {
        let made = client::made(answer)?;
        let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
        let day = text("committedAt").chars().take_while(|letter| *letter != 'T').collect();
        Ok(Done { height: text("height"), day, made })
    }

    /// A handle that the command at a place made, such as its `party`.
    pub(super) fn made(&self, place: usize, what: &str) -> Result<String, Failure> {
        client::handle(self.made.get(place), what)
    }
}
