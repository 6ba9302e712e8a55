//! The desk at which people sign: a client of the server, and what was done under which id.
//!
//! Each step is one submission. What the ledger has executed under the id of a step, however long
//! ago, is looked up and not done again, so that a story that broke off goes on where it was.

use counterfoil_engine::hash::{Hash, sha256, to_hex};
use counterfoil_engine::submission::Mode;
use counterfoil_engine::wire::Encoding;
use counterfoil_engine::wire::v1::{self, command::Command};
use serde_json::{Value, json};

use crate::client::{self, Client, Signer};
use crate::exit::Failure;
use crate::server::now;

/// How long what is signed here may be executed.
const VALID_MS: u64 = 5 * 60_000;

/// The client, and the operator, who reads everything.
pub(crate) struct Desk {
    pub(crate) client: Client,
    pub(crate) ledger: Hash,
    pub(crate) operator: Signer,
    token: String,
}

impl Desk {
    /// The desk of the ledger that a server serves.
    pub(crate) fn open(client: Client, operator: Signer) -> Result<Desk, Failure> {
        let ledger = client.ledger()?;
        let token = client.token(ledger, &operator)?;
        Ok(Desk { client, ledger, operator, token })
    }

    /// Signs commands as one step and sends them, unless the ledger has executed the step already.
    /// What each of them made.
    pub(crate) fn send(
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
    pub(crate) fn instruct(
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
    pub(crate) fn ask(&self, query: &str, variables: Value) -> Result<Value, Failure> {
        self.client.graphql(query, variables, Some(&self.token))
    }

    /// Enters a party and tells the server what is personal of it.
    pub(crate) fn enter(
        &self,
        by: &Signer,
        step: &str,
        personal: &Value,
        legal: bool,
    ) -> Result<String, Failure> {
        let (told, details) = self.salted(personal);
        let kind = if legal { v1::PartyKind::Legal } else { v1::PartyKind::Natural };
        let register = v1::RegisterParty { kind: kind.into(), details: details.0.to_vec().into() };
        let party =
            self.send(by, step, vec![Command::RegisterParty(register)])?.made(0, "party")?;
        self.tell(&party, &told)?;
        Ok(party)
    }

    /// Personal data as the server is told them, and the salted hash by which the ledger knows them.
    /// The salt follows from the operator's key, so that the same is told again after a crash.
    pub(crate) fn salted(&self, personal: &Value) -> (Value, Hash) {
        let personal = personal.to_string();
        let salt = sha256(&[&self.operator.key.sign(personal.as_bytes())]);
        let details = sha256(&[&salt.0, personal.as_bytes()]);
        (json!({ "personal": personal, "salt": salt.to_string() }), details)
    }

    /// Tells the server the name of a party or stakeholder; it stays outside the ledger.
    pub(crate) fn tell(&self, holder: &str, personal: &Value) -> Result<(), Failure> {
        self.client.tell(holder, personal, &self.token)
    }

    /// The evidence bundle of an issuer.
    pub(crate) fn bundle(&self, issuer: &str) -> Result<Vec<u8>, Failure> {
        self.client.bundle(issuer, &self.token)
    }
}

/// What a step did.
pub(crate) struct Done {
    /// The height of its block.
    pub(crate) height: String,
    /// The day of its block.
    pub(crate) day: String,
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
    pub(crate) fn made(&self, place: usize, what: &str) -> Result<String, Failure> {
        client::handle(self.made.get(place), what)
    }
}
