//! GraphQL over HTTP (the GraphQL-over-HTTP draft of the GraphQL Foundation), over `Schema::execute`.
//!
//! GET carries out queries only; POST takes `application/json` only, since a browser sends other
//! kinds across origins unasked. Batches are refused. The text of the variable `input` is kept for
//! the mutation as the client wrote it.

use std::sync::Arc;
use std::time::Duration;

use async_graphql::{Request, Response as Answered, ServerError, Value};
use axum::Extension;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use super::media::{self, Answer};
use super::reader::reader;
use super::{GRAPHQL_BYTES, QUERY_SECONDS, bytes_of, with_headers};
use crate::fault::{Code, Fault, docs_url};
use crate::graphql::Gateway;
use crate::graphql::guard::guard;
use crate::graphql::sight::Asker;
use crate::graphql::submission::InputText;
use crate::service::Service;

/// A request as it was read: for the schema, and the client's own text of `input`.
type Read = (Request, Option<serde_json::Value>);

pub(super) async fn graphql(
    State(service): State<Arc<Service>>,
    Extension(schema): Extension<Gateway>,
    request: axum::extract::Request,
) -> Response {
    let Some(answer) = Answer::negotiate(request.headers()) else {
        return Fault::from(Code::NotAcceptable).into_response();
    };
    match respond(service, schema, request).await {
        Ok(answered) => executed(answer, answered),
        Err(fault) => refused(answer, &fault),
    }
}

async fn respond(
    service: Arc<Service>,
    schema: Gateway,
    request: axum::extract::Request,
) -> Result<Answered, Fault> {
    let (parts, body) = request.into_parts();
    let (mut query, input) = match parts.method {
        Method::GET => from_query_string(&parts.uri)?,
        Method::POST => from_body(&service, &parts.headers, body).await?,
        _ => return Err(Fault::new(Code::MethodNotAllowed, "GET and POST are taken")),
    };
    if query.query.is_empty() {
        return Err(Fault::new(Code::RequestMalformed, "the member query is missing"));
    }
    let reader = reader(&service, &parts.headers)?;
    let guarded = guard(&query.query, query.operation_name.as_deref(), &query.variables)?;
    if guarded.mutates && parts.method == Method::GET {
        return Err(Fault::new(Code::MethodNotAllowed, "POST is taken"));
    }
    query.set_parsed_query(guarded.document);
    let query = query.data(Asker::new(service, reader)).data(InputText(input));
    let answered = schema.execute(query);
    if guarded.mutates {
        // A mutation that is on its way is not given up: its outcome has a bound of its own.
        return Ok(answered.await);
    }
    let answered = tokio::time::timeout(Duration::from_secs(QUERY_SECONDS), answered).await;
    answered.map_err(|_| Code::Timeout.into())
}

/// The members of a request in a query string; two of them are JSON.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Members {
    #[serde(default)]
    query: String,
    operation_name: Option<String>,
    variables: Option<String>,
    extensions: Option<String>,
}

fn from_query_string(uri: &Uri) -> Result<Read, Fault> {
    let malformed =
        |error: &dyn std::fmt::Display| Fault::new(Code::RequestMalformed, error.to_string());
    let members = Query::<Members>::try_from_uri(uri).map_err(|error| malformed(&error))?.0;
    let mut request = Request::new(members.query);
    if let Some(text) = members.variables {
        request.variables = serde_json::from_str(&text).map_err(|error| malformed(&error))?;
    }
    if let Some(text) = members.extensions {
        request.extensions = serde_json::from_str(&text).map_err(|error| malformed(&error))?;
    }
    request.operation_name = members.operation_name.filter(|name| !name.is_empty());
    Ok((request, None))
}

async fn from_body(service: &Service, headers: &HeaderMap, body: Body) -> Result<Read, Fault> {
    if media::sent(headers).as_deref() != Some("application/json") {
        return Err(Fault::new(Code::MediaTypeUnsupported, "application/json in UTF-8 is taken"));
    }
    let bytes = bytes_of(service, headers, body, GRAPHQL_BYTES).await?;
    let malformed =
        |error: serde_json::Error| Fault::new(Code::RequestMalformed, error.to_string());
    let mut body: serde_json::Value = serde_json::from_slice(&bytes).map_err(malformed)?;
    let Some(members) = body.as_object_mut() else {
        return Err(Fault::new(
            Code::RequestMalformed,
            "one object is wanted; batches are not taken",
        ));
    };
    members.retain(|_, value| !value.is_null());
    let input = members.get("variables").and_then(|variables| variables.get("input")).cloned();
    let request = serde_json::from_value(body).map_err(malformed)?;
    Ok((request, input))
}

/// The answer of the schema. Without an entry `data` nothing was executed.
fn executed(answer: Answer, mut answered: Answered) -> Response {
    let not_executed = answered.is_err()
        && answered.data == Value::Null
        && answered.errors.iter().all(|error| error.path.is_empty());
    for error in &mut answered.errors {
        explain(error, not_executed);
    }
    if not_executed {
        let body = json!({ "errors": answered.errors });
        return reply(answer, status_of(answer, Code::QueryInvalid), &body);
    }
    match serde_json::to_value(&answered) {
        Ok(body) => reply(answer, StatusCode::OK, &body),
        Err(error) => refused(answer, &Fault::new(Code::Internal, error.to_string())),
    }
}

/// Gives an error its code. A resolver's error is a fault of ours, or a mistake.
fn explain(error: &mut ServerError, not_executed: bool) {
    let fault = error.source::<Fault>().cloned();
    let code = match &fault {
        Some(fault) => fault.code,
        None if not_executed => Code::QueryInvalid,
        // An argument that does not parse is found while the field is resolved.
        None => Code::ArgumentInvalid,
    };
    if let Some(fault) = fault {
        error.message = fault.shown();
    }
    let extensions = error.extensions.get_or_insert_default();
    extensions.set("code", code.as_str());
    extensions.set("retry", code.retry());
    extensions.set("docsUrl", docs_url(code.as_str()));
}

/// The status of a request that was not executed. A client that knows only `application/json` gets
/// 200 for whatever was a request at all.
fn status_of(answer: Answer, code: Code) -> StatusCode {
    let of_document = matches!(
        code,
        Code::QueryMalformed | Code::QueryInvalid | Code::QueryTooComplex | Code::MutationForm
    );
    if of_document && answer == Answer::Json { StatusCode::OK } else { code.status() }
}

fn refused(answer: Answer, fault: &Fault) -> Response {
    let code = fault.code;
    let body = json!({ "errors": [{
        "message": fault.shown(),
        "extensions": {
            "code": code.as_str(), "retry": code.retry(), "docsUrl": docs_url(code.as_str()),
        },
    }]});
    let mut response = reply(answer, status_of(answer, code), &body);
    with_headers(code, &mut response);
    if code == Code::MethodNotAllowed {
        let allow = if fault.detail.starts_with("POST") { "POST" } else { "GET, POST" };
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allow));
    }
    response
}

fn reply(answer: Answer, status: StatusCode, body: &serde_json::Value) -> Response {
    (status, [(header::CONTENT_TYPE, answer.content_type())], body.to_string()).into_response()
}
