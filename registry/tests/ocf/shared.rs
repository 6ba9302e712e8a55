//! What the tests of packages have in common.

use std::path::{Path, PathBuf};

use counterfoil_registry::captable::{CapTable, Fold};
use counterfoil_registry::date::Date;
use counterfoil_registry::ocf::import::{Imported, import, items};
use counterfoil_registry::ocf::source::Source;
use counterfoil_registry::ocf::{Mode, Options, Package, Refusal, read};
use serde_json::{Value, json};

pub(crate) const STRICT: Options = Options { mode: Mode::Strict, md5: false };
pub(crate) const LENIENT: Options = Options { mode: Mode::Lenient, md5: false };
pub(crate) const EXACT: Options = Options { mode: Mode::Strict, md5: true };

/// The sample company of the demo.
pub(crate) fn sample() -> Source {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/meridian-loom");
    Source::open(&folder).unwrap()
}

/// A folder in `COUNTERFOIL_SHARED/ocf`, or `None` where there is none.
pub(crate) fn shared(name: &str) -> Option<PathBuf> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared");
    let root = std::env::var_os("COUNTERFOIL_SHARED").unwrap_or_else(|| default.into());
    let folder = Path::new(&root).join("ocf").join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: {} is not there", folder.display());
    None
}

pub(crate) fn members(source: &Source) -> Vec<(String, Vec<u8>)> {
    source.members().map(|(name, bytes)| (name.to_owned(), bytes.to_vec())).collect()
}

/// A package of these objects; each stands in the file of its type.
pub(crate) fn package(issuer: Value, objects: &[Value]) -> Source {
    let files = [
        ("STAKEHOLDERS", "stakeholders"),
        ("STOCK_CLASSES", "stock_classes"),
        ("STOCK_LEGEND_TEMPLATES", "stock_legend_templates"),
        ("STOCK_PLANS", "stock_plans"),
        ("VESTING_TERMS", "vesting_terms"),
        ("VALUATIONS", "valuations"),
        ("FINANCINGS", "financings"),
        ("DOCUMENTS", "documents"),
        ("TRANSACTIONS", "transactions"),
    ];
    let home = |object: &Value| match object["object_type"].as_str().unwrap_or_default() {
        "STAKEHOLDER" => 0,
        "STOCK_CLASS" => 1,
        "STOCK_LEGEND_TEMPLATE" => 2,
        "STOCK_PLAN" => 3,
        "VESTING_TERMS" => 4,
        "VALUATION" => 5,
        "FINANCING" => 6,
        "DOCUMENT" => 7,
        _ => 8,
    };
    let mut manifest = json!({
        "file_type": "OCF_MANIFEST_FILE", "ocf_version": "1.2.1-alpha+main",
        "as_of": "2030-01-01", "generated_at": "2030-01-01T00:00:00Z", "issuer": issuer,
    });
    let mut members = Vec::new();
    for (at, (name, key)) in files.iter().enumerate() {
        let items: Vec<&Value> = objects.iter().filter(|object| home(object) == at).collect();
        let name = format!("{name}.json");
        let file_type = format!("OCF_{}_FILE", files[at].0);
        let file = json!({ "file_type": file_type, "items": items });
        members.push((name.clone(), serde_json::to_vec(&file).unwrap()));
        manifest[format!("{key}_files")] = json!([{ "filepath": name, "md5": "0".repeat(32) }]);
    }
    members.push(("MANIFEST.json".to_owned(), serde_json::to_vec(&manifest).unwrap()));
    Source::from_members(members).unwrap()
}

/// The issuer of the companies of these tests.
pub(crate) fn issuer() -> Value {
    json!({
        "object_type": "ISSUER", "id": "issuer", "legal_name": "Small Inc.",
        "formation_date": "2020-01-01", "country_of_formation": "US",
    })
}

/// Writes a package and reads it again, strictly; both must mean the same. Returns what was written.
pub(crate) fn written(package: &Package) -> Vec<(String, Vec<u8>)> {
    let written = counterfoil_registry::ocf::write(package).unwrap();
    let source = Source::from_members(written.members.clone()).unwrap();
    let again = read(&source, EXACT).unwrap_or_else(|refusal| panic!("{refusal}"));
    same(package, &again);
    let once_more = counterfoil_registry::ocf::write(&again).unwrap();
    assert!(once_more.members == written.members, "the same package gives the same bytes");
    written.members
}

/// Whether two packages mean the same: the same issuer at the same date, and the same items in the
/// same order.
pub(crate) fn same(one: &Package, two: &Package) {
    assert_eq!(one.issuer, two.issuer);
    assert_eq!(one.as_of, two.as_of);
    assert_eq!(one.comments, two.comments);
    let (one, two) = (items(one).unwrap().items, items(two).unwrap().items);
    for (one, two) in one.iter().zip(&two) {
        assert_eq!(one, two);
    }
    assert_eq!(one.len(), two.len());
}

/// Carries a package out; the register's own laws must hold afterwards.
pub(crate) fn carried_out(package: &Package, mode: Mode) -> Result<Imported, Refusal> {
    let imported = import(package, mode)?;
    assert!(imported.register.audit().is_empty());
    Ok(imported)
}

/// The cap table of a package at a date.
pub(crate) fn table(imported: &Imported, date: &str) -> CapTable {
    let fold = Fold::of(&imported.events).unwrap();
    fold.cap_table(imported.issuer, Date::parse(date).unwrap()).unwrap().unwrap()
}

/// Reads leniently; what comes out must pass strictly and mean the same.
pub(crate) fn repaired(source: &Source) -> Result<Package, Refusal> {
    let package = read(source, LENIENT)?;
    written(&package);
    Ok(package)
}
