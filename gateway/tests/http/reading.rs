//! Reading: tokens, and what one may not see being as if it were not there.

use std::time::Duration;

use counterfoil_engine::wire::v1::Movement;
use counterfoil_gateway::people::Personal;
use counterfoil_registry::handle::{AccountId, CertificateId, Holder};
use counterfoil_tests::{Actor, CLASS, Market, client};
use serde_json::json;

use crate::stand::{Stand, codes};

#[test]
fn what_one_may_not_see_is_not_there() {
    let stand = Stand::open();
    let buyer = stand.token(Actor::Buyer);
    let operator = stand.token(Actor::Operator);
    let view = stand.service.node.view();
    let mut open = view.machine.ledger().register().certificates(AccountId(0), CLASS);
    let certificate = open.next().unwrap().id;
    let closed = CertificateId { place: 9, ..certificate };
    // A field that asks for something of the seller, and the same for what does not exist.
    let account =
        |id: &str| format!("securitiesAccount(id: \"{id}\") {{ holder {{ __typename }} }}");
    let cash = |id: &str| format!("cashAccount(id: \"{id}\") {{ balance }}");
    let node = |id: &str| format!("node(id: \"{id}\") {{ id }}");
    let table = |id: &str| format!("capTable(issuer: \"{id}\") {{ asOf }}");
    let record = |index: &str| format!("record(index: \"{index}\") {{ leaf }}");
    let paper = |id: CertificateId| format!("certificate(id: \"{id}\") {{ id }}");
    let sent = |id: &str| {
        let seller = Actor::Seller.party();
        format!("submission(participant: \"{seller}\", submissionId: \"{id}\") {{ digest }}")
    };
    let cases = [
        (account("A0-Y"), account("A9-G")),
        (cash("C0-Q"), cash("C9-8")),
        (node("A0-Y"), node("A9-G")),
        (node("A0-Y"), node("nonsense")),
        (table("I0-2"), table("I9-J")),
        (record("0"), record("999999")),
        (paper(certificate), paper(closed)),
        (sent("S-5"), sent("S-999")),
    ];
    for (there, absent) in &cases {
        let ask = |token: &str, field: &str| {
            stand.graphql(token, &format!("{{ answer: {field} }}"), &json!({}))
        };
        assert!(ask(&operator, there)["data"]["answer"].is_object(), "{there}");
        for token in ["", &buyer] {
            let hidden = ask(token, there);
            assert_eq!(hidden, ask(token, absent));
            assert_eq!(hidden, json!({ "data": { "answer": null } }));
        }
    }
    for list in ["securitiesAccounts", "cashAccounts", "instructions", "participants", "issuers"] {
        let all = stand.ask(
            "",
            &format!(
                "{{ {list}(first: 100) {{ edges {{ cursor }} pageInfo {{ hasNextPage }} }} }}"
            ),
        );
        assert_eq!(all[list]["edges"], json!([]), "{list}");
    }
    let mine = stand.ask(&buyer, "{ cashAccounts(first: 10) { edges { node { balance } } } }");
    assert_eq!(mine["cashAccounts"]["edges"], json!([{ "node": { "balance": "5000" } }]));
    let all = stand.ask(&operator, "{ cashAccounts(first: 10) { edges { node { id } } } }");
    assert_eq!(all["cashAccounts"]["edges"].as_array().unwrap().len(), 2);
}

#[test]
fn each_reader_sees_his_own() {
    let stand = Stand::open();
    let seller = stand.token(Actor::Seller);
    let me = stand.ask(&seller, "{ me { roles party { id kind } keys { key revoked } } }");
    assert_eq!(me["me"]["roles"], json!(["BROKER"]));
    assert_eq!(me["me"]["keys"][0]["key"], Actor::Seller.key().public().to_string());
    let account = stand.ask(&seller, "{ node(id: \"A0-Y\") { id ... on SecuritiesAccount { positions(first: 1) { edges { node { quantity certificateCount stockClass { name outstanding } } } } } } }");
    let position = &account["node"]["positions"]["edges"][0]["node"];
    assert_eq!(position["quantity"], "100");
    assert_eq!(position["stockClass"], json!({ "name": "Common", "outstanding": null }));
    let registrar = stand.token(Actor::Registrar);
    let issuer = "{ issuer(id: \"I0-2\") { id draft formed authorized sourceId } }";
    let by_name = json!({ "id": "I0-2", "draft": null, "formed": null, "authorized": null, "sourceId": null });
    assert_eq!(stand.ask(&seller, issuer)["issuer"], by_name);
    let whole = stand.ask(&registrar, issuer)["issuer"].clone();
    assert!(whole["draft"] == false && whole["formed"].is_string(), "{whole}");
    let class = stand.ask(&registrar, "{ stockClass(id: \"S0-0\") { outstanding authorized } }");
    assert_eq!(class["stockClass"], json!({ "outstanding": "100", "authorized": "1000000" }));
}

/// The right to a name is not the right to an address.
#[test]
fn what_is_personal_is_for_those_whom_it_concerns() {
    let stand = Stand::open();
    let (broker, investor) = (Holder::Party(Actor::Seller.party()), Holder::Party(client(0)));
    for holder in [broker, investor] {
        let text = "{\"address\":\"Quay 1\",\"name\":\"Ada\"}";
        let personal = Personal::new(holder, text, [1; 32]).unwrap();
        stand.service.people.put(holder, &personal, None).unwrap();
    }
    let table = [
        (Actor::Operator, 200, 200),
        (Actor::Seller, 200, 200),
        (Actor::Registrar, 404, 200),
        (Actor::Buyer, 404, 404),
        (Actor::Bank, 404, 404),
    ];
    for (actor, of_broker, of_investor) in table {
        let token = stand.token(actor);
        let bearer = format!("Bearer {token}");
        for (holder, status) in [(broker, of_broker), (investor, of_investor)] {
            let known =
                stand.get(&format!("/v1/people/{holder}"), &[("authorization", bearer.as_str())]);
            assert_eq!(known.status, status, "{actor:?} asks for {holder}");
            assert!(status != 200 || known.json()["address"] == "Quay 1");
        }
        let name = stand.ask(&token, &format!("{{ party(id: \"{broker}\") {{ name }} }}"));
        assert_eq!(name["party"]["name"], "Ada", "{actor:?}");
    }
    assert_eq!(stand.get(&format!("/v1/people/{broker}"), &[]).status, 404);
}

#[test]
fn a_token_ends() {
    let stand = Stand::open();
    let token = stand.token(Actor::Buyer);
    assert!(stand.ask(&token, "{ me { roles } }")["me"].is_object());
    stand.wall.pass(counterfoil_gateway::auth::TOKEN_MS + 1);
    assert_eq!(codes(&stand.graphql(&token, "{ me { roles } }", &json!({}))), ["UNAUTHENTICATED"]);
    let bearer = format!("Bearer {token}");
    let headers = [("content-type", "application/json"), ("authorization", bearer.as_str())];
    let refused = stand.post("/graphql", &headers, "{\"query\":\"{me{roles}}\"}");
    assert_eq!((refused.status, refused.header("www-authenticate")), (401, "Bearer"));
    for wrong in ["nonsense", "Basic abc", ""] {
        let headers = [("content-type", "application/json"), ("authorization", wrong)];
        assert_eq!(stand.post("/graphql", &headers, "{\"query\":\"{me{roles}}\"}").status, 401);
    }
}

#[test]
fn a_query_waits_for_the_height_that_it_names() {
    let stand = Stand::open();
    let height = stand.ask("", "{ ledger { height } }")["ledger"]["height"].clone();
    let seen = stand.ask("", &format!("{{ ledger(minHeight: {height}) {{ height }} }}"));
    assert_eq!(seen["ledger"]["height"], height);
    let answer = stand.graphql("", "{ ledger(minHeight: \"100000\") { height } }", &json!({}));
    assert_eq!(codes(&answer), ["HEIGHT_NOT_REACHED"]);
    assert_eq!(answer["errors"][0]["extensions"]["retry"], true);
}

#[test]
fn readers_who_wait_do_not_keep_writers_from_acting() {
    let stand = Stand::open();
    let wait = "{ ledger(minHeight: \"100000\") { height } }";
    std::thread::scope(|scope| {
        let waiting: Vec<_> =
            (0..100).map(|_| scope.spawn(|| stand.graphql("", wait, &json!({})))).collect();
        std::thread::sleep(Duration::from_millis(200));
        let sell = Market::side("SALE-1", Movement::Deliver, 1, "");
        let sold = stand.act(&stand.sign(Actor::Seller, "sell", sell));
        assert_eq!(sold["userErrors"], json!([]));
        assert!(waiting.iter().any(|reader| !reader.is_finished()), "the readers still wait");
        for answer in waiting {
            assert_eq!(codes(&answer.join().unwrap()), ["HEIGHT_NOT_REACHED"]);
        }
    });
}
