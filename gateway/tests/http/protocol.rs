//! The protocol: GraphQL over HTTP as its audits want it, and the bounds in front of everything.

use std::io::Read;
use std::time::{Duration, Instant};

use counterfoil_engine::driver::Limits;
use counterfoil_engine::wire::v1::{self, command::Command};
use counterfoil_gateway::http::GRAPHQL_BYTES;
use counterfoil_gateway::service::Options;
use counterfoil_tests::Actor;
use serde_json::json;

use crate::stand::{Answer, Stand, codes};

const JSON: &str = "application/json";
const GRAPHQL: &str = "application/graphql-response+json";

/// The audits of the npm package graphql-http that a server most easily fails.
#[test]
fn requests_are_read_as_graphql_over_http_says() {
    let stand = Stand::open();
    let post = |media: &str, accept: &str, body: &str| {
        stand.post("/graphql", &[("content-type", media), ("accept", accept)], body)
    };
    let cases = [
        (JSON, JSON, r#"{"query":"{ __typename }"}"#, 200),
        (JSON, GRAPHQL, r#"{"query":"{ __typename }"}"#, 200),
        (JSON, "*/*", r#"{"query":"{ __typename }"}"#, 200),
        ("application/json; charset=utf-8", GRAPHQL, r#"{"query":"{ __typename }"}"#, 200),
        (
            JSON,
            GRAPHQL,
            r#"{"query":"{ __typename }","operationName":null,"variables":null,"extensions":null}"#,
            200,
        ),
        (JSON, GRAPHQL, r#"{"query":"query Q { __typename }","operationName":"Q"}"#, 200),
        (
            JSON,
            GRAPHQL,
            r#"{"query":"query Q($a: Boolean!) { ledger @include(if: $a) { height } }","variables":{"a":true}}"#,
            200,
        ),
        // Not requests at all: 400 in both media types.
        (JSON, GRAPHQL, r#"{"query":"#, 400),
        (JSON, JSON, r#"{"query":"#, 400),
        (JSON, JSON, r#"{"notquery":1}"#, 400),
        (JSON, JSON, r#"{"query":{"a":1}}"#, 400),
        (JSON, JSON, r#"{"query":"{ __typename }","operationName":{"a":1}}"#, 400),
        (JSON, JSON, r#"{"query":"{ __typename }","variables":[1]}"#, 400),
        (JSON, JSON, r#"[{"query":"{ __typename }"}]"#, 400),
        (JSON, JSON, "", 400),
        // Documents that do not execute: 400 where the client knows what that means.
        (JSON, GRAPHQL, r#"{"query":"{"}"#, 400),
        (JSON, JSON, r#"{"query":"{"}"#, 200),
        (JSON, GRAPHQL, r#"{"query":"{ nowhere }"}"#, 400),
        (JSON, JSON, r#"{"query":"{ nowhere }"}"#, 200),
        ("text/plain", JSON, r#"{"query":"{ __typename }"}"#, 415),
        ("application/x-www-form-urlencoded", JSON, "query=%7B__typename%7D", 415),
        ("multipart/form-data", JSON, "x", 415),
        ("application/json; charset=iso-8859-1", JSON, r#"{"query":"{ __typename }"}"#, 415),
        (JSON, "text/html", r#"{"query":"{ __typename }"}"#, 406),
    ];
    for (media, accept, body, status) in cases {
        let answer = post(media, accept, body);
        assert_eq!(answer.status, status, "{media}, {accept}, {body}: {}", answer.text());
        if status != 406 {
            let wanted = if accept == GRAPHQL { GRAPHQL } else { JSON };
            assert!(answer.header("content-type").starts_with(wanted), "{accept}: {answer:?}");
            let answer = answer.json();
            let executed = answer.get("data").is_some();
            let failed = answer.get("errors").is_some();
            assert!(executed != failed, "{body}: {answer}");
        }
    }
}

#[test]
fn get_carries_out_queries_and_nothing_else() {
    let stand = Stand::open();
    let ok = stand.get("/graphql?query=%7Bledger%7Bheight%7D%7D", &[("accept", GRAPHQL)]);
    assert_eq!(ok.status, 200, "{}", ok.text());
    for query in [
        "mutation%7B__typename%7D",
        "mutation%20A%7B__typename%7D",
        "query%20A%7B__typename%7D%20mutation%20B%7B__typename%7D&operationName=B",
    ] {
        let refused = stand.get(&format!("/graphql?query={query}"), &[]);
        assert_eq!((refused.status, refused.header("allow")), (405, "POST"), "{query}");
        assert_eq!(codes(&refused.json()), ["METHOD_NOT_ALLOWED"]);
    }
    let two = "query%20A%7B__typename%7D%20mutation%20B%7B__typename%7D&operationName=A";
    assert_eq!(stand.get(&format!("/graphql?query={two}"), &[]).status, 200);
    assert_eq!(stand.get("/graphql", &[]).status, 400);
    assert_eq!(stand.get("/graphql?query=%7B__typename%7D&variables=nonsense", &[]).status, 400);
    assert_eq!(stand.get("/v1/submissions", &[]).status, 405);
    assert_eq!(stand.get("/nowhere", &[]).json()["error"]["code"], "NOT_FOUND");
}

#[test]
fn a_mutation_takes_its_command_as_the_variable() {
    let stand = Stand::open();
    let answer = stand.graphql(
        "",
        "mutation { cancelInstruction(input: {reference: \"A\"}, submission: {participant: \"P3-5\", \
         key: \"00\", submissionId: \"s\", validUntil: \"x\", salt: \"\", signature: \"\"}) { status } }",
        &json!({}),
    );
    assert_eq!(codes(&answer), ["MUTATION_FORM"]);
}

#[test]
fn bombs_are_refused_in_milliseconds() {
    let stand = Stand::open();
    let doubling: String =
        (0..40).map(|at| format!("fragment F{at} on Ledger{{...F{0} ...F{0}}} ", at + 1)).collect();
    let aliases: String = (0..200).map(|at| format!("a{at}: ledger {{ height }} ")).collect();
    let page = "edges{node{".to_owned();
    let bombs = [
        format!("{{ledger{{...F0}}}} {doubling} fragment F40 on Ledger{{height}}"),
        format!("{{{aliases}}}"),
        "{a".repeat(5_000),
        format!("{{issuer(id:{}", "[".repeat(9_000)),
        format!(
            "{{certificate(id:\"x\"){{{}id{}}}}}",
            format!("precededBy(first:100){{{page}").repeat(3),
            "}}}".repeat(3)
        ),
    ];
    for bomb in bombs {
        let start = Instant::now();
        let answer = stand.graphql("", &bomb, &json!({}));
        assert_eq!(codes(&answer), ["QUERY_TOO_COMPLEX"], "{answer}");
        assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    }
}

#[test]
fn a_body_is_bounded_whether_or_not_it_says_how_long_it_is() {
    let stand = Stand::open();
    let headers = [("content-type", JSON)];
    let large = format!("{{\"query\":\"{}\"}}", " ".repeat(GRAPHQL_BYTES));
    // A client that is still sending may lose the connection before it reads why.
    let refused = |answer: Option<Answer>, code: bool| {
        let Some(answer) = answer else { return };
        assert_eq!(answer.status, 413, "{}", answer.text());
        assert!(!code || answer.json()["error"]["code"] == "BODY_TOO_LARGE");
    };
    refused(stand.try_post("/graphql", &headers, large.as_str()), true);
    let mut endless = std::io::repeat(b' ').take(GRAPHQL_BYTES as u64 + 1);
    let mut endless: &mut dyn Read = &mut endless;
    let endless = ureq::SendBody::from_reader(&mut endless);
    refused(stand.try_post("/graphql", &headers, endless), false);
    let wish = format!("{{\"participant\":\"{}\"}}", "P".repeat(10_000));
    assert_eq!(stand.post("/v1/challenge", &headers, wish.as_str()).status, 413);
}

#[test]
fn bodies_are_received_where_there_is_room() {
    let stand = Stand::open();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let all = runtime.block_on(stand.service.room(usize::MAX)).unwrap();
    let query = "{ ledger { height } }";
    assert_eq!(codes(&stand.graphql("", query, &json!({}))), ["OVERLOADED"]);
    let wait = stand.post("/v1/submissions", &[("content-type", JSON)], "{}");
    assert_eq!((wait.status, wait.header("retry-after")), (503, "1"));
    assert_eq!(stand.get("/graphql?query=%7Bledger%7Bheight%7D%7D", &[]).status, 200, "no body");
    drop(all);
    stand.ask("", query);
}

#[test]
fn a_stranger_learns_the_schema_only_where_it_is_developed() {
    let stand = Stand::open();
    let answer = stand.graphql("", "{ __schema { types { name } } }", &json!({}));
    assert!(answer["data"]["__schema"].is_null(), "{answer}");
    let answer = stand.graphql("", "{ legder { height } }", &json!({}));
    assert!(!answer.to_string().contains("ledger"), "no suggestion: {answer}");
    let open = Stand::with(Limits::default(), Options { development: true });
    let answer = open.graphql("", "{ __schema { types { name } } }", &json!({}));
    assert!(answer["data"]["__schema"]["types"].as_array().is_some_and(|types| types.len() > 50));
}

#[test]
fn a_server_says_how_it_is() {
    let stand = Stand::open();
    assert_eq!(
        (stand.get("/healthz", &[]).status, stand.get("/healthz", &[]).text()),
        (200, "ok\n".to_owned())
    );
    let height = stand.service.node.view().machine.height();
    stand.service.history.wait_height(height, Duration::from_secs(30)).unwrap();
    let ready = stand.get("/readyz", &[]);
    assert_eq!(
        (ready.status, ready.json()["ready"].as_bool()),
        (200, Some(true)),
        "{}",
        ready.text()
    );
    let metrics = stand.get("/metrics", &[]).text();
    assert!(metrics.contains(&format!("\ncounterfoil_height {height}\n")), "{metrics}");
    assert!(metrics.contains("# TYPE counterfoil_log_syncs_total counter\n"), "{metrics}");
    let landing = stand.get("/", &[]);
    assert!(landing.text().contains("counterfoil.test/market"));
    assert!(landing.header("content-security-policy").starts_with("default-src 'none'"));
    assert_eq!(landing.header("x-content-type-options"), "nosniff");
    for code in ["KEY_REVOKED", "OVERLOADED"] {
        let page = stand.get(&format!("/errors/{code}"), &[]);
        assert_eq!(page.status, 200);
        assert!(page.text().contains(code));
    }
    assert_eq!(stand.get("/errors/%3Cscript%3E", &[]).status, 404);
}

#[test]
fn an_index_that_has_stopped_is_not_hidden() {
    let stand = Stand::without_past();
    let start = Instant::now();
    let answer = stand.graphql("", "{ checkpoint { note } }", &json!({}));
    assert!(start.elapsed() < Duration::from_secs(4), "nobody waits for what does not come");
    assert_eq!(codes(&answer), ["HISTORY_UNAVAILABLE"]);
    let message = answer["errors"][0]["message"].as_str().unwrap();
    assert!(message.ends_with("(ARCHIVE_UNREADABLE)"), "the code and no more: {message}");
    let health = stand.get("/healthz", &[]);
    assert_eq!((health.status, health.text().as_str()), (503, "failed\n"));
    assert_eq!(stand.get("/readyz", &[]).status, 503);
    let metrics = stand.get("/metrics", &[]).text();
    assert!(metrics.contains("\ncounterfoil_index_stopped 1\n"), "{metrics}");
    assert!(stand.ask("", "{ ledger { height } }")["ledger"]["height"].is_string());
}

#[test]
fn the_examples_of_the_documentation_work() {
    let stand = Stand::open();
    let operator = stand.token(Actor::Operator);
    let page = include_str!("../../../docs/api.md");
    let blocks = page.split("```graphql\n").skip(1);
    let blocks = blocks.flat_map(|block| block.split("```").next().unwrap().split("\n\n"));
    let (mutations, queries): (Vec<&str>, Vec<&str>) =
        blocks.partition(|block| block.starts_with("mutation"));
    for query in &queries {
        // The heights and handles are those of another ledger.
        let query = query.replace("minHeight: \"57\"", "minHeight: \"1\"");
        let query = query.replace("height: \"57\"", "height: \"1\"");
        let answer = stand.graphql(&operator, &query, &json!({}));
        assert!(answer.get("errors").is_none(), "{query}: {answer}");
    }
    let command = v1::CancelInstruction { reference: "SALE-1".to_owned() };
    let signed = stand.sign(Actor::Seller, "s", Command::CancelInstruction(command));
    let answer = stand.graphql("", mutations[0], &signed.variables());
    let payload = &answer["data"]["cancelInstruction"];
    assert_eq!(payload["userErrors"][0]["code"], "INSTRUCTION_UNKNOWN", "{answer}");
    assert_eq!((queries.len(), mutations.len()), (6, 1));
}
