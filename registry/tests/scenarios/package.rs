//! What a scenario told, once more as a package of the format.
//!
//! The package is read strictly, so that each object that a scenario tells of is one of the format;
//! and it is carried out as an import is, and says the same.

use counterfoil_registry::captable::Fold;
use counterfoil_registry::date::Date;
use counterfoil_registry::ocf::import::import;
use counterfoil_registry::ocf::object::{Kind, Object};
use counterfoil_registry::ocf::source::Source;
use counterfoil_registry::ocf::{Mode, Options, read};
use serde_json::{Value, json};

use crate::company::Company;

const FILES: [(&str, Kind); 8] = [
    ("STAKEHOLDERS", Kind::Stakeholder),
    ("STOCK_CLASSES", Kind::StockClass),
    ("STOCK_LEGEND_TEMPLATES", Kind::StockLegendTemplate),
    ("STOCK_PLANS", Kind::StockPlan),
    ("VESTING_TERMS", Kind::VestingTerms),
    ("VALUATIONS", Kind::Valuation),
    ("FINANCINGS", Kind::Financing),
    ("DOCUMENTS", Kind::Document),
];

/// Reads the package of what was entered. It must be that again, and the cap tables the same.
pub(crate) fn same(company: &Company, date: Date) -> Result<(), String> {
    let options = Options { mode: Mode::Strict, md5: false };
    let package = read(&package(&company.entered), options);
    let package = package.map_err(|refusal| format!("as a package it is refused: {refusal}"))?;
    for object in &company.entered {
        let mut items = package.items.iter().map(|item| &item.object).chain([&package.issuer]);
        let alike = |read: &&Object| (read.kind(), read.id()) == (object.kind(), object.id());
        let read = items.find(alike).ok_or("an object is not read")?;
        if read != object {
            return Err(format!("{} is read as {}", object.to_json(), read.to_json()));
        }
    }
    let imported =
        import(&package, Mode::Strict).map_err(|refusal| format!("import: {refusal}"))?;
    let fold = Fold::of(&imported.events).map_err(|error| error.to_string())?;
    for date in [date, Date::MAX] {
        let table = fold.cap_table(imported.issuer, date).map_err(|error| error.to_string())?;
        let (table, own) = (format!("{table:#?}"), format!("{:#?}", Some(company.table(date)?)));
        if table != own {
            let differs = table.lines().zip(own.lines()).find(|(one, other)| one != other);
            return Err(format!("the package says otherwise: {differs:?}"));
        }
    }
    Ok(())
}

fn package(objects: &[Object]) -> Source {
    let mut manifest = json!({
        "file_type": "OCF_MANIFEST_FILE", "ocf_version": "1.2.1-alpha+main",
        "as_of": "2040-01-01", "generated_at": "2040-01-01T00:00:00Z",
    });
    let mut members = Vec::new();
    let files = FILES.iter().map(|(name, kind)| (*name, Some(*kind)));
    for (name, kind) in files.chain([("TRANSACTIONS", None)]) {
        let items = objects.iter().filter(|object| match kind {
            Some(kind) => object.kind() == kind,
            None => !FILES.iter().any(|(_, kind)| object.kind() == *kind),
        });
        let items = items.filter(|object| object.kind() != Kind::Issuer).map(in_file);
        let items: Vec<Value> = items.collect();
        let file = json!({ "file_type": format!("OCF_{name}_FILE"), "items": items });
        let key = format!("{}_files", name.to_lowercase());
        let name = format!("{name}.json");
        manifest[key] = json!([{ "filepath": name, "md5": "0".repeat(32) }]);
        members.push((name, file.to_string().into_bytes()));
    }
    let issuer = objects.iter().find(|object| object.kind() == Kind::Issuer);
    manifest["issuer"] = in_file(issuer.expect("a company begins with its issuer"));
    members.push(("MANIFEST.json".to_owned(), manifest.to_string().into_bytes()));
    Source::from_members(members).expect("the members are within all bounds")
}

/// An object as a file has it: what normal form leaves out is `null`.
fn in_file(object: &Object) -> Value {
    let mut value: Value = serde_json::from_str(&object.to_json()).expect("an object is JSON");
    if object.kind() == Kind::EquityCompensationIssuance {
        value["expiration_date"] = Value::Null;
    }
    value
}
