//! The gateway over HTTP: what is served where, and the bounds in front of everything.
//!
//! Invariants: a handler that panics answers 500 and takes nobody with it; a body is bounded before
//! it is read, and so are the bytes of all bodies at a time and how long one takes; an answer carries
//! no header that lets a browser guess. Deliberately absent: TLS, which the proxy in front ends, and any
//! path that acts without a signature.

use std::any::Any;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use tokio::net::TcpListener;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::RequestBodyTimeoutLayer;

use crate::fault::{Code, Fault, docs_url};
use crate::service::Service;

mod challenge;
mod evidence;
mod graphql;
mod media;
mod operations;
mod package;
mod pages;
mod people;
mod reader;
mod submissions;

/// Bytes of a GraphQL request: a command of 256 KiB with escapes, and the document.
pub const GRAPHQL_BYTES: usize = 640 * 1024;
/// How long a query may take.
pub const QUERY_SECONDS: u64 = 10;
/// Bytes of a bulk submission; its hexadecimal and escapes make JSON larger than what is logged.
const SUBMISSION_BYTES: usize = counterfoil_engine::limits::SUBMISSION_BYTES;
/// Bytes of personal data; escapes make JSON larger than what is kept.
const PERSONAL_BYTES: usize = 2 * crate::people::PERSONAL_BYTES_MAX;
/// How long a client may pause while it sends a body.
const BODY_PAUSE: Duration = Duration::from_secs(10);
/// How long all of a body may take.
const BODY_WHOLE: Duration = Duration::from_secs(30);
/// Bytes of any other body.
const SMALL: usize = 8 * 1024;

/// Serves until `shutdown` is there; requests on their way are answered first.
pub async fn serve(
    listener: TcpListener,
    service: Arc<Service>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    axum::serve(listener, router(service)).with_graceful_shutdown(shutdown).await
}

/// Everything that is served.
pub fn router(service: Arc<Service>) -> Router {
    let schema = crate::graphql::schema(service.options.development);
    let fixed = |name: HeaderName, value: &'static str| {
        SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
    };
    Router::new()
        .route("/", get(pages::landing))
        .route("/errors/{code}", get(pages::error))
        .route("/checkpoint", get(evidence::checkpoint))
        .route("/v1/issuers/{issuer}/bundle", get(evidence::bundle))
        .route("/v1/issuers/{issuer}/package", get(package::package))
        .route("/healthz", get(operations::healthz))
        .route("/readyz", get(operations::readyz))
        .route("/metrics", get(operations::metrics))
        .merge(limited(Router::new().route("/v1/challenge", post(challenge::challenge)), SMALL))
        .merge(limited(Router::new().route("/v1/token", post(challenge::token)), SMALL))
        .route("/v1/submissions/{participant}/{id}", get(submissions::executed))
        .merge(limited(
            Router::new().route(
                "/v1/people/{holder}",
                get(people::known).put(people::tell).delete(people::erase),
            ),
            PERSONAL_BYTES,
        ))
        .merge(limited(
            Router::new().route("/v1/submissions", post(submissions::submit)),
            SUBMISSION_BYTES,
        ))
        .merge(limited(
            Router::new().route("/graphql", any(graphql::graphql)).layer(axum::Extension(schema)),
            GRAPHQL_BYTES,
        ))
        .fallback(|| async { Fault::from(Code::NotFound) })
        .method_not_allowed_fallback(|| async { Fault::from(Code::MethodNotAllowed) })
        .layer(CatchPanicLayer::custom(panicked))
        .layer(fixed(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(fixed(header::CACHE_CONTROL, "no-store"))
        .layer(fixed(header::REFERRER_POLICY, "no-referrer"))
        .with_state(service)
}

/// tower-http's limit ends the body while it is read; axum's own binds only some extractors.
fn limited(router: Router<Arc<Service>>, bytes: usize) -> Router<Arc<Service>> {
    router
        .layer(DefaultBodyLimit::disable())
        .layer(RequestBodyTimeoutLayer::new(BODY_PAUSE))
        .layer(RequestBodyLimitLayer::new(bytes))
        .layer(axum::middleware::map_response(too_large))
}

/// Says in our words what the limit says in its own.
async fn too_large(response: Response) -> Response {
    let own = response.headers().get(header::CONTENT_TYPE);
    let own = own.is_some_and(|media| media.as_bytes().starts_with(b"application/"));
    match response.status() == StatusCode::PAYLOAD_TOO_LARGE && !own {
        true => Fault::from(Code::BodyTooLarge).into_response(),
        false => response,
    }
}

/// The whole of a body, which has at most `limit` bytes. It is received when there is room for as many
/// bytes as it says that it has, or as it may have.
async fn bytes_of(
    service: &Service,
    headers: &HeaderMap,
    body: Body,
    limit: usize,
) -> Result<Bytes, Fault> {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    let length = length.and_then(|length| length.parse().ok()).unwrap_or(limit);
    let _room = service.room(length.min(limit)).await?;
    let whole = tokio::time::timeout(BODY_WHOLE, axum::body::to_bytes(body, limit)).await;
    let whole = whole.map_err(|_| Fault::new(Code::RequestMalformed, "the body took too long"))?;
    whole.map_err(|error| {
        // The limit's error lies below those of the layers that passed it on.
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
        while let Some(error) = cause {
            if error.is::<http_body_util::LengthLimitError>() {
                return Code::BodyTooLarge.into();
            }
            cause = error.source();
        }
        Fault::new(Code::RequestMalformed, "the body ended early")
    })
}

fn panicked(_: Box<dyn Any + Send>) -> Response {
    Fault::from(Code::Internal).into_response()
}

/// Seconds after which a request that was not taken may be sent again.
const RETRY_AFTER: &str = "1";

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let code = self.code;
        let body = serde_json::json!({ "error": {
            "code": code.as_str(),
            "message": self.shown(),
            "retry": code.retry(),
            "docsUrl": docs_url(code.as_str()),
        }});
        let mut response = (code.status(), axum::Json(body)).into_response();
        with_headers(code, &mut response);
        response
    }
}

/// The headers that a status asks for (RFC 9110).
fn with_headers(code: Code, response: &mut Response) {
    let headers = response.headers_mut();
    match code {
        Code::Unauthenticated => {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        code if code.retry() => {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_answered_and_takes_nobody_with_it() {
        async fn panics() {
            panic!("a mistake in the program");
        }
        let router = Router::new()
            .route("/panics", get(panics))
            .route("/", get(|| async { "here" }))
            .layer(CatchPanicLayer::custom(panicked));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async { axum::serve(listener, router).await });
        let ask = move || {
            let agent: ureq::Agent =
                ureq::Agent::config_builder().http_status_as_error(false).build().into();
            let mut failed = agent.get(format!("{url}/panics")).call().unwrap();
            let text = failed.body_mut().read_to_string().unwrap();
            (failed.status(), text, agent.get(format!("{url}/")).call().unwrap().status())
        };
        let (status, text, after) = tokio::task::spawn_blocking(ask).await.unwrap();
        assert_eq!((status.as_u16(), after.as_u16()), (500, 200));
        assert!(text.contains("\"INTERNAL\"") && !text.contains("mistake in"), "{text}");
    }
}
