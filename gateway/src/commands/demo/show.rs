//! What the demo shows: the cap table, the lineage of certificates, the evidence.

use std::path::Path;

use counterfoil_engine::handle::CashAccountId;
use counterfoil_registry::amount::format_decimal;
use counterfoil_registry::captable::{Definition, Fold, FoldError, HolderLine};
use counterfoil_registry::handle::{CertificateId, IssuerId};

use super::desk::Desk;
use super::step;
use crate::commands::verify;
use crate::exit::{Failure, write_file};
use crate::table::{aligned, cap_table as table, grouped};

fn fold(desk: &Desk) -> Result<Fold, Failure> {
    let broken = |error: FoldError| Failure::refused("RECORD_UNEXPECTED", error.to_string());
    Fold::of(&desk.events()?).map_err(broken)
}

/// The cap table today, folded from the records.
pub(super) fn cap_table(desk: &Desk, issuer: IssuerId) -> Result<String, Failure> {
    let today = desk.machine.ledger().time().date();
    let broken = |error: FoldError| Failure::refused("RECORD_UNEXPECTED", error.to_string());
    let cap_table = fold(desk)?.cap_table(issuer, today).map_err(broken)?;
    let cap_table = cap_table.expect("the issuer was registered");
    let name = |line: &HolderLine| Some(desk.name(line.holder));
    table::by_holder(&cap_table, &Definition::OUTSTANDING, name).map_err(broken)
}

/// Every certificate of the issuer: what it came from and what became of it.
pub(super) fn lineage(desk: &Desk, issuer: IssuerId) -> Result<String, Failure> {
    let fold = fold(desk)?;
    let printed = |id: &CertificateId| match fold.certificate(*id) {
        Some(certificate) if !certificate.number.is_empty() => certificate.number.clone(),
        _ => id.to_string(),
    };
    let list = |ids: &[CertificateId]| ids.iter().map(printed).collect::<Vec<_>>().join(", ");
    let mut rows = Vec::new();
    for (id, certificate) in fold.certificates() {
        let Some(class) = fold.class(certificate.class).filter(|c| c.issuer == issuer) else {
            continue;
        };
        let became = match certificate.closed {
            None => "open".to_owned(),
            Some((date, _)) => format!("{date} {}", list(&certificate.resulted_in)),
        };
        rows.push(vec![
            printed(&id),
            certificate.opened.to_string(),
            desk.name(certificate.holder),
            format!("{} {}", grouped(certificate.quantity), class.name),
            list(&certificate.preceded_by),
            became,
        ]);
    }
    let head = ["certificate", "since", "first holder", "quantity", "from", "became"];
    Ok(aligned(&head, &[], rows))
}

/// What a cash account holds, in major units.
pub(super) fn balance(desk: &Desk, account: &str) -> String {
    let ledger = desk.machine.ledger();
    let account = CashAccountId::parse(account).and_then(|id| ledger.cash_account(id));
    let described = account.and_then(|account| {
        let currency = ledger.asset(account.asset)?.currency;
        let amount = format_decimal(account.balance, currency.minor_decimals());
        Some(format!("{amount} {currency}"))
    });
    described.unwrap_or_else(|| "no account".to_owned())
}

/// Exports the evidence bundle of the issuer with the keys to trust, and verifies the file that was
/// written, without the ledger.
pub(super) fn evidence(desk: &Desk, issuer: IssuerId, folder: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(folder).map_err(|error| {
        Failure::environment("FILE_UNWRITABLE", format!("{}: {error}", folder.display()))
    })?;
    let (bundle, trusted) = desk.bundle(issuer)?;
    let (bundle_file, keys_file) = (folder.join("demo.bundle"), folder.join("trusted-keys.txt"));
    write_file(&bundle_file, &bundle.encode())?;
    write_file(&keys_file, format!("{trusted}\n").as_bytes())?;
    step("The ledger exports the evidence", &format!("{}", bundle_file.display()));
    verify::run(&bundle_file, &keys_file, false)
}
