//! Open Cap Format packages from end to end: members, contents, items, register, cap table.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use counterfoil_registry::amount::Quantity;
use counterfoil_registry::captable::{CapTable, Fold};
use counterfoil_registry::date::Date;
use counterfoil_registry::ocf::import::{Imported, StockItem, lower};
use counterfoil_registry::ocf::model::Package;
use counterfoil_registry::ocf::source::Source;
use counterfoil_registry::ocf::{Code, Mode, Options, Refusal, read};
use counterfoil_registry::rule::Rule;
use proptest::prelude::*;

const LENIENT: Options = Options { mode: Mode::Lenient, md5: false };
const EXACT: Options = Options { mode: Mode::Strict, md5: true };

fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/meridian-loom")
}

/// The members of a package in `COUNTERFOIL_SHARED/ocf`, or `None` where there is no such folder.
fn shared(name: &str) -> Option<PathBuf> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared");
    let root = std::env::var_os("COUNTERFOIL_SHARED").unwrap_or_else(|| default.into());
    let folder = Path::new(&root).join("ocf").join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: {} is not there", folder.display());
    None
}

fn members(source: &Source) -> Vec<(String, Vec<u8>)> {
    source.members().map(|(name, bytes)| (name.to_owned(), bytes.to_vec())).collect()
}

fn zipped(source: &Source, folder: &str) -> Source {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in source.members() {
        let options = zip::write::SimpleFileOptions::default();
        writer.start_file(format!("{folder}{name}"), options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    Source::from_zip(writer.finish().unwrap()).unwrap()
}

fn bring_in(source: &Source, options: Options) -> Result<(Package, Imported), Refusal> {
    let package = read(source, options)?;
    let imported = lower(&package, options.mode)?.enter(&package)?;
    assert!(imported.register.audit().is_empty());
    Ok((package, imported))
}

fn table(imported: &Imported, date: &str) -> CapTable {
    let fold = Fold::of(&imported.events).unwrap();
    fold.cap_table(imported.issuer, Date::parse(date).unwrap()).unwrap().unwrap()
}

#[test]
fn the_sample_company_passes_every_check() {
    let source = Source::open(&sample()).unwrap();
    let (package, imported) = bring_in(&source, EXACT).unwrap();
    assert_eq!(package.findings, []);
    assert_eq!(package.issuer.legal_name, "Meridian Loom, Inc.");
    assert_eq!(imported.outstanding(), Quantity::whole(8_700_000));
    let items = lower(&package, Mode::Strict).unwrap();
    let count = |wanted: fn(&StockItem) -> bool| items.items.iter().filter(|i| wanted(i)).count();
    assert_eq!(count(|item| matches!(item, StockItem::Issuance(_))), 5);
    assert_eq!(count(|item| matches!(item, StockItem::Transfer { .. })), 2);
    assert_eq!(count(|item| matches!(item, StockItem::Cancellation { .. })), 1);
    assert_eq!(count(|item| matches!(item, StockItem::Acceptance { .. })), 8);
    assert_eq!((items.items.len(), items.findings.len()), (24, 0));
    let paid = items.items.iter().filter_map(|item| match item {
        StockItem::Issuance(issuance) => issuance.consideration.map(|paid| paid.to_string()),
        _ => None,
    });
    assert_eq!(
        paid.collect::<Vec<_>>(),
        ["400 USD", "300 USD", "1500 USD", "1500000 USD", "500000 USD"]
    );
}

#[test]
fn the_sample_company_has_these_figures_at_these_dates() {
    let (_, imported) = bring_in(&Source::open(&sample()).unwrap(), EXACT).unwrap();
    // Date, common issued and outstanding, preferred outstanding, everything.
    for (date, issued, common, preferred, all) in [
        ("2021-02-28", 0, 0, 0, 0),
        ("2021-03-01", 7_000_000, 7_000_000, 0, 7_000_000),
        ("2021-12-31", 7_150_000, 7_150_000, 0, 7_150_000),
        ("2022-06-29", 7_150_000, 7_150_000, 0, 7_150_000),
        ("2022-06-30", 7_150_000, 7_150_000, 1_600_000, 8_750_000),
        ("2023-07-31", 7_150_000, 7_150_000, 1_600_000, 8_750_000),
        ("2023-08-01", 7_150_000, 7_100_000, 1_600_000, 8_700_000),
        ("2024-06-30", 7_150_000, 7_100_000, 1_600_000, 8_700_000),
    ] {
        let table = table(&imported, date);
        let figures = [
            table.classes[0].issued,
            table.classes[0].outstanding,
            table.classes[1].outstanding,
            table.fully_diluted,
        ];
        assert_eq!(figures, [issued, common, preferred, all].map(Quantity::whole), "{date}");
    }
    let held = |date: &str| -> BTreeMap<String, Vec<String>> {
        let table = table(&imported, date);
        let line = |quantity: Quantity| quantity.to_string();
        let holders = table.holders.into_iter();
        holders
            .map(|holder| {
                let quantities = holder.holdings.iter().map(|holding| line(holding.quantity));
                (holder.source_id.clone(), quantities.collect())
            })
            .collect()
    };
    let before = held("2023-02-09");
    assert_eq!(before["holder-tomas-lindqvist"], ["3000000"]);
    assert!(!before.contains_key("holder-elena-sorokina"));
    let after = held("2024-06-30");
    assert_eq!(after["holder-tomas-lindqvist"], ["2750000"]);
    assert_eq!(after["holder-elena-sorokina"], ["250000"]);
    assert_eq!(after["holder-priya-nair"], ["100000"]);
    assert_eq!(after["holder-northgate-fund"], ["1600000"]);
    assert!(!after.contains_key("holder-harbor-angels"), "sold everything");
}

#[test]
fn lineage_runs_both_ways() {
    let (_, imported) = bring_in(&Source::open(&sample()).unwrap(), EXACT).unwrap();
    let fold = Fold::of(&imported.events).unwrap();
    let id = |name: &str| {
        let mut found = fold.certificates().filter(|(_, known)| known.source_id == name);
        found.next().expect("a certificate of the sample").0
    };
    let sold = fold.certificate(id("certificate-cs-2")).unwrap();
    assert_eq!(sold.resulted_in, [id("certificate-cs-4"), id("certificate-cs-5")]);
    assert_eq!(sold.closed.unwrap().0.to_string(), "2023-02-10");
    let balance = fold.certificate(id("certificate-cs-5")).unwrap();
    assert_eq!(
        (balance.preceded_by.clone(), &*balance.number),
        (vec![id("certificate-cs-2")], "CS-5")
    );
    assert_eq!(balance.accepted.unwrap().to_string(), "2023-02-13");
    let line = fold.lineage(id("certificate-cs-4"));
    let numbers: Vec<&str> = line.iter().map(|(_, facts)| facts.number.as_str()).collect();
    assert_eq!(numbers, ["CS-2", "CS-4", "CS-5"]);
}

#[test]
fn folder_and_zip_are_equal() {
    let folder = Source::open(&sample()).unwrap();
    let (package, imported) = bring_in(&folder, EXACT).unwrap();
    for zip in [zipped(&folder, ""), zipped(&folder, "meridian-loom/")] {
        assert_eq!(zip, folder);
        let (again, imported_again) = bring_in(&zip, EXACT).unwrap();
        assert_eq!(again.digest, package.digest);
        assert_eq!(imported_again.events, imported.events);
    }
}

#[test]
fn the_json_has_texts_for_numbers() {
    let (package, imported) = bring_in(&Source::open(&sample()).unwrap(), EXACT).unwrap();
    let names = package.legal_names();
    let name = |line: &counterfoil_registry::captable::HolderLine| {
        names.get(line.source_id.as_str()).map(|name| (*name).to_owned())
    };
    let json = table(&imported, "2024-06-30").to_json(name, &package.findings);
    let json = serde_json::to_value(&json).unwrap();
    assert_eq!(json["issuer"], "issuer-meridian-loom");
    assert_eq!(json["asOf"], "2024-06-30");
    assert_eq!(json["fullyDiluted"], "8700000");
    assert_eq!(
        json["classes"][1],
        serde_json::json!({
            "id": "class-series-seed", "name": "Series Seed Preferred Stock", "type": "PREFERRED",
            "authorized": "2500000", "issued": "1600000", "outstanding": "1600000", "treasury": "0",
        })
    );
    assert_eq!(
        json["holders"][0],
        serde_json::json!({
            "stakeholderId": "holder-ada-verhoeven", "name": "Ada Verhoeven",
            "holdings": [{ "classId": "class-common", "quantity": "4000000" }],
            "options": "0", "warrants": "0",
        })
    );
    for key in ["plans", "grants", "warrants", "convertibles", "findings"] {
        assert_eq!(json[key], serde_json::json!([]), "{key}");
    }
    fn no_number(value: &serde_json::Value) -> bool {
        match value {
            serde_json::Value::Number(_) => false,
            serde_json::Value::Array(list) => list.iter().all(no_number),
            serde_json::Value::Object(map) => map.values().all(no_number),
            _ => true,
        }
    }
    assert!(no_number(&json));
}

#[test]
fn a_wrong_md5_is_a_finding_or_a_refusal() {
    let mut changed = members(&Source::open(&sample()).unwrap());
    for (name, bytes) in &mut changed {
        if name.starts_with("Stakeholders") {
            bytes.push(b'\n');
        }
    }
    let source = Source::from_members(changed).unwrap();
    let package = read(&source, Options::default()).unwrap();
    assert_eq!(package.findings.len(), 1);
    assert_eq!(package.findings[0].code, Code::Md5Mismatch);
    let refusal = read(&source, EXACT).unwrap_err();
    assert_eq!((refusal.code, &*refusal.file), (Code::Md5Mismatch, "Stakeholders.ocf.json"));
}

#[test]
fn acme_is_refused_by_the_name_of_what_is_not_supported() {
    let Some(folder) = shared("acme-holdings-limited") else { return };
    let source = Source::open(&folder).unwrap();
    let refusal = bring_in(&source, LENIENT).unwrap_err();
    assert_eq!(refusal.code, Code::TypeUnsupported);
    assert_eq!(refusal.file, "Transactions.ocf.json");
    assert!(refusal.what.starts_with("TX_"), "{refusal}");
}

/// Keeps the certificates that only supported transactions open, and what happens to them.
fn stock_part(folder: &Path, securities: &[&str]) -> Source {
    let mut members = members(&Source::open(folder).unwrap());
    for (name, bytes) in &mut members {
        if name.starts_with("Transactions") {
            let mut file: serde_json::Value = serde_json::from_slice(bytes).unwrap();
            let supported = ["ISSUANCE", "ACCEPTANCE", "TRANSFER", "CANCELLATION"];
            file["items"].as_array_mut().unwrap().retain(|item| {
                let kind = item["object_type"].as_str().unwrap();
                let kind = kind.strip_prefix("TX_STOCK_").unwrap_or_default();
                supported.contains(&kind)
                    && securities.contains(&item["security_id"].as_str().unwrap())
            });
            *bytes = serde_json::to_vec(&file).unwrap();
        }
    }
    Source::from_members(members).unwrap()
}

const STOCK_PART: [&str; 5] = [
    "stock_issuance_01",
    "stock_issuance_02",
    "stock_issuance_03",
    "stock_issuance_04",
    "stock_issuance_07",
];

#[test]
fn the_stock_part_of_acme_is_read_leniently() {
    let Some(folder) = shared("acme-holdings-limited") else { return };
    let source = stock_part(&folder, &STOCK_PART);
    let strict = bring_in(&source, Options::default()).unwrap_err();
    assert_eq!((strict.code, &*strict.item), (Code::FieldInvalid, "sc_01"), "an empty reference");
    let (package, imported) = bring_in(&source, LENIENT).unwrap();
    let found = package.findings.iter().map(|finding| finding.code);
    assert_eq!(found.filter(|code| *code == Code::Md5Mismatch).count(), 5, "its own manifest");
    assert_eq!(package.findings.iter().filter(|f| f.item == "sc_01").count(), 1);
    // 600,000 and what the sale of 300,000 of CS-2 and two cancellations left.
    let table = table(&imported, "2022-12-31");
    assert_eq!(table.classes[0].outstanding, Quantity::whole(680_000));
    assert_eq!(table.classes[0].retired, Quantity::whole(320_000));
}

#[test]
fn invalid_company_is_refused() {
    let Some(folder) = shared("invalid-company") else { return };
    assert!(bring_in(&Source::open(&folder).unwrap(), LENIENT).is_err());
    let refusal = bring_in(&stock_part(&folder, &STOCK_PART), LENIENT).unwrap_err();
    assert_eq!((refusal.code, refusal.rule), (Code::RuleBroken, Some(Rule::SharesInsufficient)));
    assert_eq!(
        refusal.to_string(),
        "OCF_RULE_BROKEN SHARES_INSUFFICIENT in Transactions.ocf.json, item st_01: \
         it takes 30000000 out of 400000"
    );
}

#[test]
fn the_official_samples_are_refused_by_name() {
    let Some(folder) = shared("official-samples") else { return };
    let refusal = bring_in(&Source::open(&folder).unwrap(), LENIENT).unwrap_err();
    assert_eq!(refusal.code, Code::TypeUnsupported, "{refusal}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..<_>::default() })]

    #[test]
    fn no_change_of_a_byte_makes_it_panic(file in 0usize..4, at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut changed = members(&Source::open(&sample()).unwrap());
        let bytes = &mut changed[file].1;
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let source = Source::from_members(changed).unwrap();
        for options in [EXACT, LENIENT] {
            if let Ok((_, imported)) = bring_in(&source, options) {
                Fold::of(&imported.events).unwrap();
            }
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let source = Source::from_members([("a.json".to_owned(), bytes)]).unwrap();
        prop_assert!(read(&source, LENIENT).is_err());
    }

    #[test]
    fn no_depth_or_shape_of_json_makes_it_panic(depth in 0usize..300, text in "[\\[\\]{}:,\"a0-9.]{0,60}") {
        let json = format!("{}{text}{}", "[".repeat(depth), "]".repeat(depth));
        let head = "{\"file_type\":\"OCF_MANIFEST_FILE\",\"issuer\":";
        for bytes in [json.clone(), format!("{head}{json}}}")] {
            let source = Source::from_members([("a.json".to_owned(), bytes.into_bytes())]).unwrap();
            prop_assert!(read(&source, LENIENT).is_err());
        }
    }
}
