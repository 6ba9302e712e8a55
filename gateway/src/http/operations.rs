//! For those who run the server: whether it lives, whether it is ready, and its figures.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::service::Service;

/// Blocks that the index may be behind before traffic is better sent elsewhere: a second of load.
const LAG_MAX: u64 = 1_000;

/// Alive until a fault of the disk or of a thread has stopped the node or the index; then a restart is
/// the cure.
pub(super) async fn healthz(State(service): State<Arc<Service>>) -> Response {
    match service.node.figures().failed || service.history.stopped().is_some() {
        false => (StatusCode::OK, "ok\n").into_response(),
        true => (StatusCode::SERVICE_UNAVAILABLE, "failed\n").into_response(),
    }
}

/// Ready when it leads and answers about the past without delay.
pub(super) async fn readyz(State(service): State<Arc<Service>>) -> Response {
    let (node, history) = (service.node.figures(), service.history.figures());
    let behind = node.height.saturating_sub(history.indexed);
    let ready = node.leads && !node.failed && behind <= LAG_MAX && history.stopped.is_none();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = json!({
        "ready": ready,
        "leads": node.leads,
        "height": node.height.to_string(),
        "archived": node.archived.to_string(),
        "indexed": history.indexed.to_string(),
    });
    (status, Json(body)).into_response()
}

/// The figures in the text format of Prometheus (version 0.0.4).
pub(super) async fn metrics(State(service): State<Arc<Service>>) -> Response {
    let (node, history) = (service.node.figures(), service.history.figures());
    let tally = &service.tally;
    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let gauges = [
        ("counterfoil_leads", "Whether this replica leads.", u64::from(node.leads)),
        ("counterfoil_failed", "Whether a fault has stopped the node.", u64::from(node.failed)),
        (
            "counterfoil_index_stopped",
            "Whether a fault has stopped the index.",
            u64::from(history.stopped.is_some()),
        ),
        ("counterfoil_height", "Height of the newest view.", node.height),
        ("counterfoil_archived_height", "Last block durable in the archive.", node.archived),
        ("counterfoil_indexed_height", "Last block that the index holds.", history.indexed),
        ("counterfoil_in_flight", "Submissions on their way.", node.in_flight as u64),
    ];
    let counters = [
        ("counterfoil_log_syncs_total", "Syncs of the log.", node.syncs),
        ("counterfoil_index_rebuilds_total", "Rebuilds of the index.", history.rebuilds),
        ("counterfoil_submissions_executed_total", "Submissions executed.", count(&tally.executed)),
        (
            "counterfoil_submissions_refused_total",
            "Submissions refused in front of the log.",
            count(&tally.refused),
        ),
        (
            "counterfoil_submissions_failed_total",
            "Submissions not taken, or without a known outcome.",
            count(&tally.failed),
        ),
    ];
    let mut text = String::new();
    for (kind, figures) in [("gauge", &gauges[..]), ("counter", &counters[..])] {
        for (name, help, value) in figures {
            // Writing to a string does not fail.
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}");
        }
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}
