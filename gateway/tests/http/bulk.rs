//! The bulk way in, and what happens when too much comes.

use counterfoil_engine::driver::Limits;
use counterfoil_engine::submission::{Author, Mode};
use counterfoil_engine::wire::v1::{self, Movement, command::Command};
use counterfoil_engine::wire::{Encoding, submission_json};
use counterfoil_gateway::service::Options;
use counterfoil_tests::{Actor, Market, OPENING};
use prost::Message as _;
use serde_json::json;

use crate::stand::Stand;

const PROTOBUF: [(&str, &str); 1] = [("content-type", "application/protobuf")];
const JSON: [(&str, &str); 1] = [("content-type", "application/json")];

fn signed(stand: &Stand, id: &str, encoding: Encoding, commands: Vec<Command>) -> v1::Submission {
    let author = Author {
        ledger: stand.market.genesis.ledger_id(),
        participant: Actor::Seller.party(),
        key: Actor::Seller.key(),
        encoding,
    };
    let salted = commands.into_iter().enumerate();
    let salted = salted.map(|(at, command)| ([at as u8; 16], command)).collect();
    author.sign(id, OPENING.plus_ms(60_000), Mode::Independent, salted)
}

#[test]
fn thousands_of_commands_have_their_outcomes_in_order() {
    let stand = Stand::open();
    let side = |at: usize| {
        // Each third one repeats a reference.
        let reference = if at % 3 == 2 { "R-0".to_owned() } else { format!("R-{at}") };
        Market::side(&reference, Movement::Deliver, 1 + at as u64, "")
    };
    let submission = signed(&stand, "bulk-1", Encoding::Protobuf, (0..900).map(side).collect());
    let answer = stand.post("/v1/submissions", &PROTOBUF, submission.encode_to_vec());
    assert_eq!(answer.status, 200, "{}", answer.text());
    let told = answer.json();
    assert_eq!(
        (told["submissionId"].as_str(), told["replayed"].as_bool()),
        (Some("bulk-1"), Some(false))
    );
    let outcomes = told["outcomes"].as_array().unwrap();
    assert_eq!(outcomes.len(), 900);
    for (at, outcome) in outcomes.iter().enumerate() {
        match at % 3 {
            2 => assert_eq!(outcome["error"]["code"], "REFERENCE_USED", "{at}"),
            _ => assert_eq!(outcome["made"]["status"], "UNMATCHED", "{at}: {outcome}"),
        }
    }
    let again = stand.post("/v1/submissions", &PROTOBUF, submission.encode_to_vec()).json();
    assert_eq!(again["replayed"], true);
    for (first, second) in outcomes.iter().zip(again["outcomes"].as_array().unwrap()) {
        assert_eq!(first["recordHash"], second["recordHash"]);
        assert_eq!(first["made"], second["made"]);
    }
}

#[test]
fn canonical_json_serves_as_well() {
    let stand = Stand::open();
    let side = Market::side("R-1", Movement::Deliver, 5, "");
    let submission = signed(&stand, "bulk-1", Encoding::Json, vec![side]);
    let text = submission_json(&submission).unwrap();
    let told = stand.post("/v1/submissions", &JSON, text.as_str()).json();
    assert_eq!(told["outcomes"][0]["made"]["status"], "UNMATCHED", "{told}");

    let spaced = text.replacen(':', ": ", 1);
    for (headers, body, status, code) in [
        (&JSON, spaced.as_bytes(), 400, "SUBMISSION_MALFORMED"),
        (&JSON, b"{}".as_slice(), 400, "SUBMISSION_MALFORMED"),
        (&PROTOBUF, b"\xff\xff".as_slice(), 400, "SUBMISSION_MALFORMED"),
        (&[("content-type", "text/plain")], text.as_bytes(), 415, "MEDIA_TYPE_UNSUPPORTED"),
    ] {
        let answer = stand.post("/v1/submissions", headers, body);
        assert_eq!((answer.status, answer.json()["error"]["code"].as_str()), (status, Some(code)));
    }
    let forged = text.replace("bulk-1", "bulk-2");
    let answer = stand.post("/v1/submissions", &JSON, forged.as_str());
    assert_eq!(answer.status, 422);
    assert_eq!(answer.json()["error"]["code"], "SIGNATURE_INVALID");
    assert_eq!(answer.json()["error"]["path"], json!(["submission"]));
}

#[test]
fn too_much_at_a_time_is_refused_and_can_be_sent_again() {
    let limits = Limits { in_flight_max: 0, ..Limits::default() };
    let stand = Stand::with(limits, Options::default());
    let command = v1::RegisterParty { kind: 2, details: vec![1; 32].into() };
    let author = Author {
        ledger: stand.market.genesis.ledger_id(),
        participant: Actor::Operator.party(),
        key: Actor::Operator.key(),
        encoding: Encoding::Protobuf,
    };
    let commands = vec![([1; 16], Command::RegisterParty(command))];
    let submission = author.sign("s", OPENING.plus_ms(60_000), Mode::Independent, commands);
    let answer = stand.post("/v1/submissions", &PROTOBUF, submission.encode_to_vec());
    assert_eq!((answer.status, answer.header("retry-after")), (503, "1"));
    assert_eq!(answer.json()["error"]["code"], "OVERLOADED");
    assert_eq!(answer.json()["error"]["retry"], true);
    let metrics = stand.get("/metrics", &[]).text();
    assert!(metrics.contains("counterfoil_submissions_failed_total 1\n"), "{metrics}");
}

#[test]
fn up_to_a_hundred_instructions_go_under_one_signature() {
    let stand = Stand::open();
    let commands = vec![
        Market::side("R-1", Movement::Deliver, 5, ""),
        Command::CancelInstruction(v1::CancelInstruction { reference: "R-1".to_owned() }),
        Command::CancelInstruction(v1::CancelInstruction { reference: "R-2".to_owned() }),
    ];
    let submission = signed(&stand, "batch-1", Encoding::Json, commands);
    let hex = |bytes: &[u8]| counterfoil_engine::hash::to_hex(bytes);
    let items = submission.commands.iter();
    let input: Vec<serde_json::Value> =
        items.clone().map(|item| serde_json::from_slice(&item.command).unwrap()).collect();
    let salts: Vec<String> = items.map(|item| hex(&item.salt)).collect();
    let query = "mutation($input: [InstructionCommandInput!]!, $submission: BatchSubmissionInput!) { \
                 submitInstructions(input: $input, submission: $submission) { outcomes { status \
                 receipt { recordIndex } userErrors { code } } userErrors { code } } }";
    let variables = json!({ "input": input, "submission": {
        "participant": Actor::Seller.party().to_string(),
        "key": Actor::Seller.key().public().to_string(),
        "submissionId": "batch-1",
        "validUntil": OPENING.plus_ms(60_000).to_string(),
        "mode": "INDEPENDENT",
        "salts": salts,
        "signature": hex(&submission.signature),
    }});
    let answer = stand.graphql("", query, &variables);
    let payload = &answer["data"]["submitInstructions"];
    assert_eq!(payload["userErrors"], json!([]), "{answer}");
    assert_eq!(payload["outcomes"][0]["status"], "UNMATCHED");
    assert_eq!(payload["outcomes"][1]["status"], "CANCELLED");
    assert_eq!(payload["outcomes"][2]["userErrors"], json!([{ "code": "INSTRUCTION_UNKNOWN" }]));
}
