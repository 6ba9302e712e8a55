//! The register of an issuer as an Open Cap Format package.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use counterfoil_engine::time::Timestamp;
use counterfoil_registry::date::Date;
use counterfoil_registry::handle::IssuerId;
use counterfoil_registry::ocf::{Finding, archive};
use serde_json::{Value, json};

use super::reader::reader;
use crate::departure::{Departure, leave};
use crate::fault::{Code, Fault};
use crate::history::records::Moment;
use crate::service::Service;
use crate::who::Sight;

/// What is asked for.
#[derive(Default)]
struct Asked {
    as_of: Option<Date>,
    known_at: Option<Moment>,
    /// The findings as JSON in the place of the package.
    findings: bool,
}

/// The package of an issuer as a zip, or what is to be said about it, for those who see its register.
pub(super) async fn package(
    State(service): State<Arc<Service>>,
    Path(issuer): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    let reader = reader(&service, &headers)?;
    let view = service.node.view();
    let issuer = IssuerId::parse(&issuer).ok_or(Code::NotFound)?;
    if !Sight::new(view.machine.ledger(), reader).register(issuer) {
        return Err(Code::NotFound.into());
    }
    let asked = Asked::read(query.as_deref().unwrap_or_default())?;
    let height = view.machine.height();
    let known_at = match asked.known_at.unwrap_or(Moment::Height(height)) {
        Moment::Height(known) if known > height => {
            let detail = format!("knownAt: the ledger is at height {height}");
            return Err(Fault::new(Code::ArgumentInvalid, detail));
        }
        known_at => known_at,
    };
    let people = service.people.clone();
    let answer = service.past(height, move |history| {
        let ledger = view.machine.ledger();
        let departure = leave(history, &people, ledger, issuer, asked.as_of, known_at);
        Ok(departure.and_then(|departure| answer(issuer, departure, asked.findings)))
    });
    answer.await?
}

fn answer(issuer: IssuerId, found: Option<Departure>, findings: bool) -> Result<Response, Fault> {
    let departure = found.ok_or(Code::NotFound)?;
    if findings {
        let list: Vec<Value> = departure.findings.iter().map(shown).collect();
        let body = json!({
            "issuer": issuer.to_string(),
            "asOf": departure.as_of.to_string(),
            "knownAt": departure.known_at.to_string(),
            "objects": departure.objects.to_string(),
            "findings": list,
        });
        return Ok(Json(body).into_response());
    }
    let zip = archive::zip(&departure.members);
    let zip = zip.map_err(|error| Fault::new(Code::Internal, error.to_string()))?;
    let headers = [
        (header::CONTENT_TYPE, "application/zip".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{issuer}.ocf.zip\"")),
    ];
    Ok((headers, zip).into_response())
}

fn shown(finding: &Finding) -> Value {
    json!({
        "code": finding.code.as_str(),
        "file": finding.file,
        "item": finding.item,
        "what": finding.what,
        "done": finding.done,
    })
}

impl Asked {
    /// Reads a query string. What is not known is refused rather than passed over: a misspelt date
    /// would give another package than the one that was meant.
    fn read(query: &str) -> Result<Asked, Fault> {
        let mut asked = Asked::default();
        let wrong = |why: &str| Fault::new(Code::ArgumentInvalid, why);
        for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            // The colons of a time may stand there as they are or escaped.
            let value = value.replace("%3A", ":").replace("%3a", ":");
            match name {
                "asOf" => {
                    let date = Date::parse(&value);
                    asked.as_of = Some(date.ok_or_else(|| wrong("asOf: YYYY-MM-DD is wanted"))?);
                }
                "knownAt" => {
                    let height = value.parse().ok().map(Moment::Height);
                    let moment = height.or_else(|| Timestamp::parse(&value).map(Moment::Time));
                    let why = "knownAt: a height or a time as RFC 3339 in UTC is wanted";
                    asked.known_at = Some(moment.ok_or_else(|| wrong(why))?);
                }
                "findings" if value == "json" => asked.findings = true,
                "findings" => return Err(wrong("findings: json is wanted")),
                _ => return Err(wrong("asOf, knownAt and findings are taken")),
            }
        }
        Ok(asked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_says_what_is_meant_or_is_refused() {
        let asked = Asked::read("asOf=2026-11-20&knownAt=57&findings=json").unwrap();
        assert_eq!((asked.as_of, asked.findings), (Date::parse("2026-11-20"), true));
        assert_eq!(asked.known_at, Some(Moment::Height(57)));
        let at = Asked::read("knownAt=2026-11-20T09%3A00:00.000Z").unwrap().known_at;
        assert_eq!(at, Timestamp::parse("2026-11-20T09:00:00.000Z").map(Moment::Time));
        for wrong in ["asof=2026-11-20", "asOf=20.11.2026", "knownAt=-1", "findings=xml", "x"] {
            let fault = Asked::read(wrong).err().unwrap();
            assert_eq!(fault.code, Code::ArgumentInvalid, "{wrong}");
        }
    }
}
