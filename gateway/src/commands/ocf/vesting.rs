//! `counterfoil ocf vesting`: what has vested at a date, and when the rest will.

use counterfoil_registry::captable::VestingLine;
use counterfoil_registry::date::Date;
use serde_json::{Value, json};

use super::{Company, broken, print_findings};
use crate::cli::Package;
use crate::exit::Failure;
use crate::table::{aligned, grouped, plain};

/// Prints the vesting at a date, or at the date of the package.
pub(crate) fn run(asked: &Package, as_of: Option<Date>) -> Result<(), Failure> {
    let company = Company::read(asked)?;
    let as_of = as_of.unwrap_or(company.as_of);
    let lines = company.fold.vesting(company.issuer, as_of).map_err(broken)?;
    if asked.json {
        let securities: Vec<Value> = lines.iter().map(|line| as_json(line, as_of)).collect();
        let findings = super::findings_json(&company.findings);
        let issuer = company.fold.issuer(company.issuer).map(|issuer| issuer.source_id.as_str());
        let all = json!({
            "issuer": issuer,
            "asOf": as_of.to_string(),
            "securities": securities,
            "findings": findings,
        });
        say!("{all}");
        return Ok(());
    }
    say!("{} at the end of {as_of}\n", plain(&company.legal_name));
    let head = [
        "security",
        "holder",
        "type",
        "granted",
        "vested",
        "left",
        "unvested",
        "next",
        "then vested",
        "ends",
        "terms",
    ];
    let rows: Vec<_> = lines.iter().map(|line| row(line, &company, as_of)).collect();
    match rows.is_empty() {
        true => say!("No grants, and no security under vesting terms."),
        false => say!("{}", aligned(&head, &[3, 4, 5, 6, 8], rows)),
    }
    print_findings(&company.findings, &[]);
    Ok(())
}

fn row(line: &VestingLine, company: &Company, as_of: Date) -> Vec<String> {
    let security = if line.number.is_empty() { &line.security } else { &line.number };
    let (next, then, ends) = match &line.schedule {
        Ok(schedule) => {
            let next = schedule.next_after(as_of);
            let last = schedule.steps().last();
            (
                next.map_or("-".to_owned(), |step| step.date.to_string()),
                next.map_or("-".to_owned(), |step| grouped(step.vested)),
                last.map_or("-".to_owned(), |step| step.date.to_string()),
            )
        }
        Err(error) => (error.code().to_owned(), "-".to_owned(), "-".to_owned()),
    };
    vec![
        security.clone(),
        company.holder(line.holder),
        line.kind.to_owned(),
        grouped(line.granted),
        grouped(line.vested),
        grouped(line.outstanding),
        grouped(line.unvested),
        next,
        then,
        ends,
        line.terms.clone(),
    ]
}

fn as_json(line: &VestingLine, as_of: Date) -> Value {
    let step = |step: &counterfoil_registry::vesting::Step| json!({ "date": step.date.to_string(), "vested": step.vested.to_string() });
    let (schedule, next, error) = match &line.schedule {
        Ok(schedule) => {
            let steps: Vec<Value> = schedule.steps().iter().map(step).collect();
            (steps, schedule.next_after(as_of).map(step), None)
        }
        Err(error) => (Vec::new(), None, Some(error.code())),
    };
    json!({
        "securityId": line.security,
        "stakeholderId": line.holder_source_id,
        "type": line.kind,
        "terms": line.terms,
        "granted": line.granted.to_string(),
        "vested": line.vested.to_string(),
        "quantity": line.outstanding.to_string(),
        "unvested": line.unvested.to_string(),
        "next": next,
        "schedule": schedule,
        "error": error,
    })
}
