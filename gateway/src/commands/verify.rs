//! `counterfoil verify`: what an evidence bundle proves, offline.

use std::path::Path;

use counterfoil_engine::evidence::note::VerifierKey;
use counterfoil_engine::evidence::verify::{Report, verify};
use serde_json::json;

use crate::exit::{Failure, read_file};
use crate::table::aligned;

/// Verifies the bundle in `file` under the keys in the file `trust`, one on a line.
pub(crate) fn run(file: &Path, trust: &Path, as_json: bool) -> Result<(), Failure> {
    let keys = trusted_keys(trust)?;
    let report = verify(&read_file(file)?, &keys).map_err(|fault| {
        Failure::refused(fault.code.code(), format!("{}: {fault}", file.display()))
            .hint("the bundle proves nothing; ask for it again, and keep this one")
    })?;
    if as_json {
        say!("{}", to_json(&report));
    } else {
        print(&report);
    }
    Ok(())
}

fn trusted_keys(file: &Path) -> Result<Vec<VerifierKey>, Failure> {
    let text = String::from_utf8(read_file(file)?).unwrap_or_default();
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let keys: Result<Vec<VerifierKey>, _> = lines.map(VerifierKey::parse).collect();
    match keys {
        Ok(keys) if !keys.is_empty() => Ok(keys),
        Ok(_) => Err(Failure::refused("NO_TRUSTED_KEY", format!("{}: no key", file.display()))
            .hint("put the ledger's verifier key into it, name+hash+key on one line")),
        Err(error) => {
            Err(Failure::refused("TRUSTED_KEY_MALFORMED", format!("{}: {error}", file.display())))
        }
    }
}

fn print(report: &Report) {
    let settled = report.settlements;
    say!("VERIFIED {} up to block {} of {}", report.issuer, report.height, report.time);
    say!("  ledger      {}", report.ledger);
    say!(
        "  checkpoint  {} leaves, signed by {}",
        report.checkpoint.size,
        report.signers.join(", ")
    );
    say!(
        "  complete    {} records of the issuer, {} in {} chains",
        report.issuer_records,
        report.records,
        report.chains
    );
    say!("  signatures  {} under keys in force at their record", report.signatures);
    say!(
        "  settlements {} against payment with both legs, {} free of payment",
        settled.against_payment,
        settled.free_of_payment
    );
    let mut rows = Vec::new();
    for class in &report.register.classes {
        for holding in &class.holdings {
            let certificates = holding.certificates.len().to_string();
            rows.push(vec![
                class.name.clone(),
                holding.holder.to_string(),
                holding.quantity.to_string(),
                certificates,
            ]);
        }
        rows.push(vec![
            class.name.clone(),
            "outstanding".to_owned(),
            class.outstanding.to_string(),
            String::new(),
        ]);
    }
    say!("\n{}", aligned(&["class", "holder", "shares", "certificates"], &[2, 3], rows));
}

fn to_json(report: &Report) -> serde_json::Value {
    let classes = report.register.classes.iter().map(|class| {
        let holdings = class.holdings.iter().map(|holding| {
            json!({
                "holder": holding.holder.to_string(),
                "quantity": holding.quantity.to_string(),
                "certificates": holding.certificates.iter().map(ToString::to_string).collect::<Vec<_>>(),
            })
        });
        json!({
            "id": class.class.to_string(),
            "name": class.name,
            "type": class.kind.as_str(),
            "authorized": class.authorized.to_string(),
            "outstanding": class.outstanding.to_string(),
            "holdings": holdings.collect::<Vec<_>>(),
        })
    });
    json!({
        "verified": true,
        "ledger": report.ledger.to_string(),
        "issuer": report.issuer.to_string(),
        "height": report.height.to_string(),
        "time": report.time.to_string(),
        "checkpoint": {
            "origin": report.checkpoint.origin,
            "size": report.checkpoint.size.to_string(),
            "root": report.checkpoint.root.to_string(),
            "signers": report.signers,
        },
        "records": report.records.to_string(),
        "issuerRecords": report.issuer_records.to_string(),
        "chains": report.chains.to_string(),
        "signatures": report.signatures.to_string(),
        "settlements": {
            "againstPayment": report.settlements.against_payment.to_string(),
            "freeOfPayment": report.settlements.free_of_payment.to_string(),
            "bothInstructionsShown": report.settlements.both_instructions.to_string(),
        },
        "commandsHidden": report.commands_hidden.to_string(),
        "classes": classes.collect::<Vec<_>>(),
    })
}
