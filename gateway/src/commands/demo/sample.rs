//! The sample company of the demo, which the binary carries: the package `fixtures/meridian-loom`.

use counterfoil_engine::hash::to_hex;
use counterfoil_engine::wire::v1;
use counterfoil_registry::ocf::import::{Imported, lower};
use counterfoil_registry::ocf::source::Source;
use counterfoil_registry::ocf::{Mode, Options, Refusal, read};
use serde_json::{Value, json};

use crate::exit::Failure;
use crate::items;
use crate::keys::random;

/// The founder's id in the package.
pub(super) const FOUNDER: &str = "holder-ada-verhoeven";

/// A company as the ledger takes it.
pub(super) struct Sample {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) formed: String,
    pub(super) authorized: String,
    pub(super) digest: [u8; 32],
    pub(super) findings: usize,
    pub(super) items: Vec<v1::ImportItem>,
    /// What is known of each stakeholder, by its id in the package.
    pub(super) people: Vec<(String, Value)>,
    pub(super) outstanding: String,
}

macro_rules! member {
    ($name:literal) => {
        (
            $name.to_owned(),
            include_bytes!(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/../fixtures/meridian-loom/",
                $name
            ))
            .to_vec(),
        )
    };
}

/// Reads the package strictly and carries it out offline, under the rules of the ledger.
pub(super) fn read_sample() -> Result<Sample, Failure> {
    let refused = |refusal: Refusal| Failure::refused(refusal.code.as_str(), refusal.to_string());
    let members = [
        member!("Manifest.ocf.json"),
        member!("Stakeholders.ocf.json"),
        member!("StockClasses.ocf.json"),
        member!("Transactions.ocf.json"),
    ];
    let source = Source::from_members(members).map_err(refused)?;
    let options = Options { mode: Mode::Strict, md5: true };
    let package = read(&source, options).map_err(refused)?;
    let lowered = lower(&package, Mode::Strict).map_err(refused)?;
    let imported: Imported = lowered.enter(&package).map_err(refused)?;
    let people = package.stakeholders.iter().map(|stakeholder| {
        let personal = json!({ "name": stakeholder.value.legal_name }).to_string();
        let salt = to_hex(&random()?);
        Ok((stakeholder.id.clone(), json!({ "personal": personal, "salt": salt })))
    });
    let people: Result<Vec<_>, Failure> = people.collect();
    Ok(Sample {
        id: package.issuer.id.clone(),
        name: package.issuer.legal_name.clone(),
        formed: package.issuer.formed.to_string(),
        authorized: package.issuer.authorized.to_string(),
        digest: source.digest(),
        findings: lowered.findings.len(),
        items: lowered.items.iter().map(items::message).collect(),
        people: people?,
        outstanding: imported.outstanding().to_string(),
    })
}
