//! Pages for people with a browser: what is served here, and what a code means.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use counterfoil_engine::rejection::{Rejection, Retry};

use crate::fault::{Code, Fault};
use crate::service::Service;

/// Nothing is loaded, run or framed.
const POLICY: &str =
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What is served, with a query to try.
pub(super) async fn landing(State(service): State<Arc<Service>>) -> Response {
    let genesis = service.genesis();
    let height = service.node.view().machine.height();
    let body = format!(
        "<h1>Counterfoil</h1>\n\
         <p>The ledger <code>{origin}</code>, id <code>{ledger}</code>, height {height}.</p>\n\
         <h2>What is served</h2>\n<table>\n{rows}</table>\n\
         <h2>A query to try</h2>\n<pre>curl -s -H 'content-type: application/json' \\\n  \
         -d '{{\"query\":\"{{ ledger {{ origin height time treeRoot }} }}\"}}' \\\n  \
         http://THIS_SERVER/graphql</pre>\n\
         <p>Or follow <a href=\"/graphql?query=%7Bledger%7Borigin%20height%20time%20treeRoot%7D%7D\">\
         this link</a>.</p>\n",
        origin = escape(&genesis.origin),
        ledger = genesis.ledger_id(),
        rows = rows(),
    );
    page("Counterfoil", &body)
}

fn rows() -> String {
    let served = [
        ("POST /graphql", "queries and signed commands; GET for queries"),
        ("POST /v1/submissions", "thousands of commands under one signature"),
        ("POST /v1/challenge, /v1/token", "a token to read with, for a participant's key"),
        (
            "GET /v1/issuers/{issuer}/bundle",
            "the evidence bundle of an issuer, for who may have it",
        ),
        ("GET /checkpoint", "the latest signed checkpoint"),
        ("GET /errors/{code}", "what a code means"),
        ("GET /healthz, /readyz, /metrics", "for those who run the server"),
    ];
    let row = |(path, what): (&str, &str)| {
        format!("<tr><td><code>{}</code></td><td>{}</td></tr>\n", escape(path), escape(what))
    };
    served.into_iter().map(row).collect()
}

/// What a code means: one of the ledger or one of the gateway.
pub(super) async fn error(Path(code): Path<String>) -> Result<Response, Fault> {
    let of_ledger = Rejection::all().find(|rejection| rejection.code() == code);
    let of_gateway = Code::ALL.iter().find(|known| known.as_str() == code);
    let (sentence, retry, what) = match (of_ledger, of_gateway) {
        (Some(rejection), _) => {
            let number = format!("Number {} in the records of the ledger.", rejection.number());
            (rejection.sentence(), rejection.retry() == Retry::Later, number)
        }
        (None, Some(code)) => {
            let unchanged =
                if code.changed_nothing() { "; the ledger was not changed" } else { "" };
            let status = format!("HTTP status {}{unchanged}.", code.status());
            (code.sentence(), code.retry(), status)
        }
        (None, None) => return Err(Code::NotFound.into()),
    };
    let retry = match (retry, of_ledger.is_some()) {
        (false, _) => "Sending it again does not help.",
        (true, true) => "The same command can succeed later under a new submission id.",
        (true, false) => "Sending the same bytes again can help.",
    };
    let body = format!(
        "<h1>{code}</h1>\n<p>{sentence}</p>\n<p>{what} {retry}</p>\n<p><a href=\"/\">Counterfoil</a></p>\n",
        code = escape(&code),
        sentence = escape(&capitalised(sentence)),
        what = escape(&what),
    );
    Ok(page(&code, &body))
}

fn capitalised(sentence: &str) -> String {
    let mut letters = sentence.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().collect::<String>());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}

fn page(title: &str, body: &str) -> Response {
    let html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>{}</title></head>\n\
         <body>\n{body}</body>\n</html>\n",
        escape(title)
    );
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
    ];
    (headers, html).into_response()
}

/// Text within HTML, also within attributes.
fn escape(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            letter => html.push(letter),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_shown_is_markup() {
        assert_eq!(escape("<a b='c'>&\""), "&lt;a b=&#39;c&#39;&gt;&amp;&quot;");
        assert_eq!(capitalised("the key was revoked"), "The key was revoked.");
    }
}
