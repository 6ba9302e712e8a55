//! The sample company of the demo, which the binary carries: the package `fixtures/meridian-loom`.

use counterfoil_engine::wire::v1;
use counterfoil_registry::action::Action;
use counterfoil_registry::ocf::import::import;
use counterfoil_registry::ocf::object::{Kind, Object};
use counterfoil_registry::ocf::source::Source;
use counterfoil_registry::ocf::{Mode, Options, Refusal, read};

use crate::exit::Failure;
use crate::items;

/// A company as the ledger takes it.
pub(super) struct Sample {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) formed: String,
    pub(super) authorized: String,
    pub(super) digest: [u8; 32],
    pub(super) findings: usize,
    pub(super) items: Vec<v1::ImportItem>,
    /// Names of the stakeholders, in the order in which they are entered.
    pub(super) stakeholders: Vec<String>,
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
    let imported = import(&package, Mode::Strict).map_err(refused)?;
    let invalid = || Failure::refused("OCF_FIELD_INVALID", "the sample's issuer".to_owned());
    let Ok(Action::Issuer(issuer)) = Action::of(std::slice::from_ref(&package.issuer)) else {
        return Err(invalid());
    };
    let name = |object: &Object| {
        let name = object.value("name").and_then(|name| name.get("legal_name"));
        name.and_then(|name| name.as_str()).unwrap_or_default().to_owned()
    };
    let holders = package.items.iter().map(|item| &item.object);
    let holders = holders.filter(|object| object.kind() == Kind::Stakeholder);
    Ok(Sample {
        id: issuer.id,
        name: package.issuer.text("legal_name").unwrap_or_default().to_owned(),
        formed: issuer.formed.to_string(),
        authorized: issuer.authorized.to_string(),
        digest: source.digest(),
        findings: imported.findings.len(),
        items: imported.items.items.iter().map(items::message).collect(),
        stakeholders: holders.map(name).collect(),
        outstanding: imported.outstanding().to_string(),
    })
}
