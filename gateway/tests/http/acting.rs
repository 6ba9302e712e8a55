//! Acting: a whole trade, and every way in which a signature does not count.

use counterfoil_engine::evidence::bundle::Bundle;
use counterfoil_engine::evidence::tree::verify_inclusion;
use counterfoil_engine::evidence::verify;
use counterfoil_engine::key::PrivateKey;
use counterfoil_engine::wire::v1::{self, Movement, command::Command};
use counterfoil_gateway::history::Inclusion;
use counterfoil_tests::{Actor, Market};
use serde_json::{Value, json};

use crate::stand::{Signed, Stand, codes, hash};

fn sell() -> Command {
    Market::side("SALE-1", Movement::Deliver, 40, "1200.5")
}

fn buy() -> Command {
    Market::side("PURCHASE-1", Movement::Receive, 40, "1200.5")
}

#[test]
fn a_broker_trades_and_sees_what_became_of_it() {
    let stand = Stand::open();
    let sold = stand.act(&stand.sign(Actor::Seller, "sell-1", sell()));
    assert_eq!((sold["status"].as_str(), &sold["userErrors"]), (Some("UNMATCHED"), &json!([])));
    let bought = stand.act(&stand.sign(Actor::Buyer, "buy-1", buy()));
    assert_eq!(bought["status"], "SETTLED", "{bought}");
    let height = bought["receipt"]["height"].as_str().unwrap();

    let seller = stand.token(Actor::Seller);
    let seen = stand.ask(
        &seller,
        &format!(
            "{{ instruction(owner: \"{}\", reference: \"SALE-1\", minHeight: \"{height}\") {{ status \
             amount quantity movement stockClass {{ name }} cashAccount {{ balance asset {{ currency \
             }} }} events {{ step }} }} }}",
            Actor::Seller.party()
        ),
    );
    let instruction = &seen["instruction"];
    assert_eq!(instruction["status"], "SETTLED");
    assert_eq!(
        (instruction["amount"].as_str(), instruction["quantity"].as_str()),
        (Some("1200.5"), Some("40"))
    );
    assert_eq!(
        instruction["cashAccount"],
        json!({ "balance": "1200.5", "asset": { "currency": "EUR" } })
    );
    let steps: Vec<&str> = instruction["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["step"].as_str().unwrap())
        .collect();
    assert_eq!(steps, ["ACCEPTED", "MATCHED", "SETTLED"]);

    let registrar = stand.token(Actor::Registrar);
    let table = "{ capTable(issuer: \"I0-2\") { asOf fullyDiluted classes { name issued outstanding } \
                 holders(first: 10) { edges { node { holder { ... on Party { id } } holdings { quantity } } } } } }";
    let table = stand.ask(&registrar, table)["capTable"].clone();
    assert_eq!(table["asOf"], "2026-11-20");
    assert_eq!(
        table["classes"],
        json!([{ "name": "Common", "issued": "100", "outstanding": "100" }])
    );
    let lines = table["holders"]["edges"].as_array().unwrap();
    let quantities: Vec<&Value> =
        lines.iter().map(|edge| &edge["node"]["holdings"][0]["quantity"]).collect();
    assert_eq!(quantities, ["60", "40"]);
    let ahead = "{ capTable(issuer: \"I0-2\", asOf: {height: \"100000\"}, knownAt: {height: \"100000\"}) \
                 { asOf classes { name issued outstanding } } }";
    let ahead = stand.ask(&registrar, ahead)["capTable"].clone();
    assert_eq!((&ahead["asOf"], &ahead["classes"]), (&table["asOf"], &table["classes"]));
    let before = stand.ask(&registrar, &format!("{{ capTable(issuer: \"I0-2\", knownAt: {{height: \"{}\"}}) {{ holders(first: 10) {{ edges {{ node {{ holdings {{ quantity }} }} }} }} }} }}", height.parse::<u64>().unwrap() - 1));
    assert_eq!(before["capTable"]["holders"]["edges"].as_array().unwrap().len(), 1);
}

#[test]
fn the_lineage_and_the_evidence_of_a_trade_are_there() {
    let stand = Stand::open();
    stand.act(&stand.sign(Actor::Seller, "sell-1", sell()));
    let bought = stand.act(&stand.sign(Actor::Buyer, "buy-1", buy()));
    let buyer = stand.token(Actor::Buyer);
    let accounts = stand.ask(&buyer, "{ securitiesAccounts(first: 5) { edges { node { positions(first: 5) { edges { node { quantity certificates(first: 5) { edges { node { id quantity openedBy precededBy(first: 5) { edges { node { id closedBy } } } } } } } } } } } } }");
    let accounts = accounts["securitiesAccounts"]["edges"].as_array().unwrap();
    assert_eq!(accounts.len(), 1, "a broker sees its client's account and no other");
    let certificate =
        &accounts[0]["node"]["positions"]["edges"][0]["node"]["certificates"]["edges"][0]["node"];
    assert_eq!(
        (certificate["quantity"].as_str(), certificate["openedBy"].as_str()),
        (Some("40"), Some("TRANSFER"))
    );
    assert_eq!(
        certificate["precededBy"]["edges"],
        json!([]),
        "what the seller held is not his to see"
    );

    let registrar = stand.token(Actor::Registrar);
    let lineage = stand.ask(&registrar, &format!("{{ certificate(id: {}) {{ precededBy(first: 5) {{ edges {{ node {{ quantity closedBy closed resultedIn(first: 5) {{ edges {{ node {{ quantity }} }} }} }} }} }} }} }}", certificate["id"]));
    let old = &lineage["certificate"]["precededBy"]["edges"][0]["node"];
    assert_eq!(
        (old["quantity"].as_str(), old["closed"].as_str()),
        (Some("100"), Some("2026-11-20"))
    );
    let results = old["resultedIn"]["edges"].as_array().unwrap();
    assert_eq!(results.len(), 2);
    let events = stand.ask(&registrar, "{ issuer(id: \"I0-2\") { events(last: 1) { edges { node { kind consideration { amount currency settled } opened closed } } } } }");
    let event = &events["issuer"]["events"]["edges"][0]["node"];
    assert_eq!(event["kind"], "TRANSFER");
    assert_eq!(
        event["consideration"],
        json!({ "amount": "1200.5", "currency": "EUR", "settled": true })
    );

    let record = &bought["receipt"]["recordIndex"];
    let seen = stand.ask(&buyer, &format!("{{ checkpoint {{ treeSize treeRoot note verifierKey }} record(index: {record}) {{ recordHash refused sections {{ kind }} inclusion {{ leafIndex leafHash treeSize treeRoot path }} }} }}"));
    let proof = &seen["record"]["inclusion"];
    assert_eq!(seen["record"]["recordHash"], bought["receipt"]["recordHash"]);
    let number = |value: &Value| value.as_str().unwrap().parse::<u64>().unwrap();
    let inclusion = Inclusion {
        index: number(&proof["leafIndex"]),
        leaf: hash(&proof["leafHash"]),
        size: number(&proof["treeSize"]),
        root: hash(&proof["treeRoot"]),
        proof: proof["path"].as_array().unwrap().iter().map(hash).collect(),
    };
    let Inclusion { index, leaf, size, root, proof: path } = inclusion;
    assert!(verify_inclusion(index, size, leaf, &path, root));
    assert_eq!(seen["checkpoint"]["treeRoot"], proof["treeRoot"]);

    let bearer = format!("Bearer {registrar}");
    let bundle = stand.get("/v1/issuers/I0-2/bundle", &[("authorization", &bearer)]);
    assert_eq!(bundle.status, 200, "{}", bundle.text());
    let trusted = stand.service.history.verifier_key().unwrap();
    let report = verify::verify(&bundle.bytes, &[trusted]);
    assert!(report.is_ok(), "{report:?}");
    assert!(Bundle::decode(&bundle.bytes).is_ok());
    for headers in [vec![], vec![("authorization", format!("Bearer {buyer}"))]] {
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let refused = stand.get("/v1/issuers/I0-2/bundle", &headers);
        let absent = stand.get("/v1/issuers/I9-J/bundle", &headers);
        assert_eq!((refused.status, &refused.bytes), (404, &absent.bytes));
    }
    assert_eq!(stand.get("/checkpoint", &[]).text(), seen["checkpoint"]["note"].as_str().unwrap());
}

#[test]
fn a_submission_counts_once_and_its_receipt_comes_back() {
    let stand = Stand::open();
    let signed = stand.sign(Actor::Seller, "sell-1", sell());
    let first = stand.act(&signed);
    let mut again = stand.act(&signed);
    assert_eq!(again["receipt"]["replayed"], true);
    again["receipt"]["replayed"] = false.into();
    assert_eq!(first, again);
    let other = stand.sign(Actor::Seller, "sell-1", buy());
    assert_eq!(refusal(&stand, &other), "SUBMISSION_ID_REUSED");
    let reused = stand.act(&stand.sign(Actor::Seller, "sell-2", sell()));
    assert_eq!(reused["userErrors"][0]["code"], "REFERENCE_USED");
    assert_eq!(reused["userErrors"][0]["path"], json!(["input"]));
    assert!(reused["receipt"].is_object(), "what the ledger refused is recorded");
}

/// "Nothing was done" would be a lie about what was executed and cannot be read.
#[test]
fn a_submission_that_counted_is_never_said_not_to() {
    let stand = Stand::without_past();
    let signed = stand.sign(Actor::Seller, "sell-1", sell());
    assert_eq!(stand.act(&signed)["receipt"]["replayed"], false);
    let again = stand.graphql("", &signed.document(), &signed.variables());
    assert_eq!(codes(&again), ["OUTCOME_UNKNOWN"], "{again}");
    let message = again["errors"][0]["message"].as_str().unwrap();
    assert!(message.contains("HISTORY_UNAVAILABLE") && !message.contains("nothing"), "{message}");
    for (code, says_so) in [("OVERLOADED", true), ("OUTCOME_UNKNOWN", false), ("INTERNAL", false)] {
        let page = stand.get(&format!("/errors/{code}"), &[]).text();
        assert_eq!(page.contains("the ledger was not changed"), says_so, "{code}");
    }
}

/// The code with which a command is refused in front of the log.
fn refusal(stand: &Stand, signed: &Signed) -> String {
    let height = stand.service.node.view().machine.height();
    let payload = stand.act(signed);
    assert_eq!(payload["receipt"], Value::Null, "{payload}");
    assert_eq!(stand.service.node.view().machine.height(), height, "nothing was logged");
    payload["userErrors"][0]["code"].as_str().unwrap().to_owned()
}

#[test]
fn a_signature_that_does_not_count_changes_nothing() {
    let stand = Stand::open();
    let until = counterfoil_tests::OPENING.plus_ms(60_000);
    let with = |key: PrivateKey, command| {
        Signed::new(&stand.market, until, (Actor::Seller, key), "x", command)
    };
    let stranger = PrivateKey::from_seed([99; 32]);
    assert_eq!(refusal(&stand, &with(stranger.clone(), sell())), "KEY_UNKNOWN");

    let good = stand.sign(Actor::Seller, "x", sell());
    let mut forged = good.clone();
    forged.input["quantity"] = "41".into();
    assert_eq!(refusal(&stand, &forged), "SIGNATURE_INVALID");
    let mut other = good.clone();
    other.submission["submissionId"] = "y".into();
    assert_eq!(refusal(&stand, &other), "SIGNATURE_INVALID");
    let mut nobody = good.clone();
    nobody.submission["participant"] = "P6-0".into();
    let answer = stand.graphql("", &nobody.document(), &nobody.variables());
    assert!(answer["data"].is_object() || !codes(&answer).is_empty(), "{answer}");

    let now = counterfoil_tests::OPENING;
    let late = Signed::new(
        &stand.market,
        counterfoil_engine::time::Timestamp(now.0 - 1),
        (Actor::Seller, Actor::Seller.key()),
        "x",
        sell(),
    );
    assert_eq!(refusal(&stand, &late), "SUBMISSION_EXPIRED");
    let long = Signed::new(
        &stand.market,
        now.plus_ms(25 * 3_600_000),
        (Actor::Seller, Actor::Seller.key()),
        "x",
        sell(),
    );
    assert_eq!(refusal(&stand, &long), "VALIDITY_TOO_LONG");

    let other_ledger = Market::genesis(2);
    let mut foreign_market = other_ledger.clone();
    foreign_market.genesis.origin = "counterfoil.test/other".to_owned();
    let foreign =
        Signed::new(&foreign_market, until, (Actor::Seller, Actor::Seller.key()), "x", sell());
    assert_eq!(refusal(&stand, &foreign), "SIGNATURE_INVALID");

    let mut malformed = match sell() {
        Command::InstructSettlement(instruct) => instruct,
        other => panic!("{other:?}"),
    };
    malformed.quantity = "040".to_owned();
    let malformed = stand.sign(Actor::Seller, "x", Command::InstructSettlement(malformed));
    let payload = stand.act(&malformed);
    assert_eq!(payload["userErrors"][0]["code"], "MALFORMED");
    assert_eq!(payload["userErrors"][0]["path"], json!(["input", "quantity"]));
    assert_eq!(payload["receipt"], Value::Null);

    // After all of this the same submission id still serves.
    assert_eq!(stand.act(&good)["userErrors"], json!([]));
}

#[test]
fn a_revoked_key_acts_no_more() {
    let stand = Stand::open();
    let (old, new) = (Actor::Seller.key(), PrivateKey::from_seed([50; 32]));
    let participant = Actor::Seller.party().to_string();
    let add = v1::AddKey { participant: participant.clone(), key: new.public().0.to_vec().into() };
    let added = stand.act(&stand.sign(Actor::Seller, "add", Command::AddKey(add)));
    assert_eq!(added["participant"], participant.as_str());
    let token = stand.token(Actor::Seller);
    let revoke = v1::RevokeKey { participant, key: old.public().0.to_vec().into() };
    let revoked = stand.act(&stand.sign(Actor::Seller, "revoke", Command::RevokeKey(revoke)));
    assert_eq!(revoked["userErrors"], json!([]));
    assert_eq!(refusal(&stand, &stand.sign(Actor::Seller, "sell", sell())), "KEY_REVOKED");
    let answer = stand.graphql(&token, "{ me { roles } }", &json!({}));
    assert_eq!(codes(&answer), ["UNAUTHENTICATED"], "the key's tokens end with it");
    let until = counterfoil_tests::OPENING.plus_ms(60_000);
    let fresh = Signed::new(&stand.market, until, (Actor::Seller, new), "sell", sell());
    assert_eq!(stand.act(&fresh)["userErrors"], json!([]));
}
