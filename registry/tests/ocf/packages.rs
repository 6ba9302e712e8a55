//! Packages of others, and of ours.

use counterfoil_registry::amount::Quantity;
use counterfoil_registry::ocf::object::{Kind, Object};
use counterfoil_registry::ocf::source::Source;
use counterfoil_registry::ocf::{Code, Mode, read};
use counterfoil_registry::rule::Rule;
use serde_json::{Value, json};

use crate::shared::{
    EXACT, LENIENT, STRICT, carried_out, issuer, members, package, repaired, sample, shared, table,
    written,
};

#[test]
fn the_sample_company_is_read_without_a_finding() {
    let package = read(&sample(), EXACT).unwrap();
    assert_eq!(package.findings, []);
    assert_eq!(package.issuer_name(), "Meridian Loom, Inc.");
    assert_eq!(package.of(Kind::StockIssuance).count(), 9);
    written(&package);
}

#[test]
fn a_wrong_md5_is_a_finding_or_a_refusal() {
    let mut changed = members(&sample());
    for (name, bytes) in &mut changed {
        if name.starts_with("Stakeholders") {
            bytes.push(b'\n');
        }
    }
    let source = Source::from_members(changed).unwrap();
    let package = read(&source, STRICT).unwrap();
    assert_eq!(package.findings.len(), 1);
    assert_eq!(package.findings[0].code, Code::Md5Mismatch);
    let refusal = read(&source, EXACT).unwrap_err();
    assert_eq!((refusal.code, &*refusal.file), (Code::Md5Mismatch, "Stakeholders.ocf.json"));
}

#[test]
fn a_member_that_the_manifest_names_again_is_read_once() {
    let mut changed = members(&sample());
    for (name, bytes) in &mut changed {
        if name.starts_with("Manifest") {
            let mut manifest: Value = serde_json::from_slice(bytes).unwrap();
            let files = manifest["transactions_files"].as_array_mut().unwrap();
            files.push(files[0].clone());
            *bytes = serde_json::to_vec(&manifest).unwrap();
        }
    }
    let source = Source::from_members(changed).unwrap();
    assert_eq!(read(&source, EXACT).unwrap_err().code, Code::MemberTwice);
    let package = repaired(&source).unwrap();
    let [finding] = &package.findings[..] else { panic!("{:?}", package.findings) };
    assert_eq!(finding.code, Code::MemberTwice);
    assert_eq!(package.items, read(&sample(), EXACT).unwrap().items);
}

/// Hashes are taken while a file is read; what is found does not tell.
#[test]
fn a_wrong_md5_is_told_before_what_its_file_says() {
    let holder = |id: &str| {
        json!({ "object_type": "STAKEHOLDER", "id": id, "name": { "legal_name": id },
                "stakeholder_type": "INDIVIDUAL", "_key": 1 })
    };
    let source = package(issuer(), &[holder("ada"), holder("bob")]);
    let found: Vec<(Code, String, String)> = read(&source, LENIENT)
        .unwrap()
        .findings
        .into_iter()
        .take(4)
        .map(|finding| (finding.code, finding.file, finding.item))
        .collect();
    let told = |code, file: &str, item: &str| (code, file.to_owned(), item.to_owned());
    let expected = [
        told(Code::Md5Mismatch, "STAKEHOLDERS.json", ""),
        told(Code::FieldUnknown, "STAKEHOLDERS.json", "ada"),
        told(Code::FieldUnknown, "STAKEHOLDERS.json", "bob"),
        told(Code::Md5Mismatch, "STOCK_CLASSES.json", ""),
    ];
    assert_eq!(found, expected);
    assert_eq!(read(&source, STRICT).unwrap_err().code, Code::FieldUnknown);
    assert_eq!(read(&source, EXACT).unwrap_err().code, Code::Md5Mismatch);
}

#[test]
fn a_manifest_of_a_draft_is_known_by_its_issuer_and_read_as_the_release() {
    let with = |from: &str, to: &str, from_too: &str, to_too: &str| {
        let mut changed = members(&sample());
        for (name, bytes) in &mut changed {
            let text = String::from_utf8(bytes.clone()).unwrap();
            let text = if name.starts_with("Manifest") {
                assert!(text.contains(from) && text.contains(from_too));
                text.replace(from, to).replace(from_too, to_too)
            } else {
                let draft = "\"current_shares_authorized\"";
                let text = text.replace("\"initial_shares_authorized\"", draft);
                // One class says the newer name too, and nothing under it.
                let void = format!("\"initial_shares_authorized\": null, {draft}");
                text.replacen(draft, &void, 1)
            };
            *bytes = text.into_bytes();
        }
        Source::from_members(changed).unwrap()
    };
    let (version, draft) = ("\"ocf_version\": \"1.2.0\"", "\"ocf_version\": \"0.7.0\"");
    let (kind, none) = ("OCF_MANIFEST_FILE", "");
    let source = with(version, draft, kind, none);
    assert_eq!(read(&source, STRICT).unwrap_err().code, Code::ManifestMissing);
    let package = repaired(&source).unwrap();
    let codes: Vec<Code> = package.findings.iter().map(|found| found.code).collect();
    for code in [Code::ManifestMissing, Code::VersionUnsupported, Code::FieldUnknown] {
        assert!(codes.contains(&code), "{code}: {codes:?}");
    }
    assert_eq!(package.of(Kind::StockIssuance).count(), 9);
    let authorized = |class: &Object| class.text("initial_shares_authorized").map(str::to_owned);
    let classes: Vec<_> = package.of(Kind::StockClass).map(authorized).collect();
    let sample = read(&sample(), EXACT).unwrap();
    assert_eq!(classes, sample.of(Kind::StockClass).map(authorized).collect::<Vec<_>>());

    let later = with(version, "\"ocf_version\": \"2.0.0\"", kind, kind);
    assert_eq!(read(&later, LENIENT).unwrap_err().code, Code::VersionUnsupported);
}

#[test]
fn acme_is_refused_strictly_and_repaired_leniently() {
    let Some(folder) = shared("acme-holdings-limited") else { return };
    let source = Source::open(&folder).unwrap();
    let refusal = read(&source, STRICT).unwrap_err();
    assert_eq!(refusal.code, Code::FieldUnknown, "{refusal}");
    let package = repaired(&source).unwrap();
    for finding in &package.findings {
        println!("{finding}");
    }
    let count = |code: Code| package.findings.iter().filter(|found| found.code == code).count();
    assert_eq!(count(Code::Md5Mismatch), 5, "its own manifest");
    assert_eq!(count(Code::MemberForeign), 1, "README.json");
    // Three grants name a valuation, one issuance a split, and the terms have a cliff.
    assert_eq!(count(Code::FieldUnknown), 5);
    // Three grants of a plan that is not there, and four exercises without their stock.
    assert_eq!(count(Code::ReferenceUnknown), 7);
    // Two balances of "".
    assert_eq!(count(Code::FieldInvalid), 2);
    let imported = carried_out(&package, Mode::Lenient).unwrap();
    for finding in &imported.findings[package.findings.len()..] {
        println!("{finding}");
    }
    let table = table(&imported, "2023-06-29");
    let outstanding: Vec<_> = table
        .classes
        .iter()
        .map(|line| (line.name.as_str(), line.outstanding.to_string()))
        .collect();
    let expected = [("Ordinary A", "145000"), ("Ordinary B", "50000"), ("Preferred", "15000")];
    assert_eq!(outstanding, expected.map(|(name, shares)| (name, shares.to_owned())));
    let options = imported.register.securities().filter_map(|(_, security)| security.quantity);
    let options = options.fold(Quantity::ZERO, |sum, more| sum.checked_add(more).unwrap());
    assert_eq!(options, Quantity::whole(106_127));
}

#[test]
fn invalid_company_is_refused_in_both_ways() {
    let Some(folder) = shared("invalid-company") else { return };
    let source = Source::open(&folder).unwrap();
    assert!(read(&source, STRICT).is_err());
    let refusal = read(&source, LENIENT).unwrap_err();
    assert_eq!((refusal.code, refusal.rule), (Code::RuleBroken, Some(Rule::SharesInsufficient)));
    assert_eq!(
        refusal.to_string(),
        "OCF_RULE_BROKEN SHARES_INSUFFICIENT in Transactions.ocf.json, item st_01: \
         it takes 30000000 out of 400000"
    );
}

/// The official samples hold every kind of object once and are no coherent company. Each object
/// that concerns nothing else is read and written on its own.
#[test]
fn every_official_sample_is_in_the_tables() {
    let Some(folder) = shared("official-samples") else { return };
    let source = Source::open(&folder).unwrap();
    let mut kinds = std::collections::BTreeSet::new();
    for (name, bytes) in source.members() {
        let file: Value = serde_json::from_slice(bytes).unwrap();
        for item in file["items"].as_array().into_iter().flatten() {
            let text = item["object_type"].as_str().unwrap();
            let kind = Kind::parse(text).unwrap();
            kinds.insert(kind);
            // Its fields are the tables': what is refused, if anything, is what it refers to.
            match read(&package(issuer(), std::slice::from_ref(item)), STRICT) {
                Ok(package) => drop(written(&package)),
                Err(refusal) => {
                    let code = refusal.code;
                    let negative = refusal.what.contains("-867.53");
                    assert!(code == Code::ReferenceUnknown || negative, "{name}: {refusal}");
                }
            }
            let lenient = read(&package(issuer(), std::slice::from_ref(item)), LENIENT);
            match lenient {
                Ok(package) => drop(written(&package)),
                Err(refusal) => assert_eq!(refusal.code, Code::ReferenceUnknown, "{refusal}"),
            }
        }
    }
    // The manifest has the issuer.
    let missing: Vec<&Kind> = Kind::ALL.iter().filter(|kind| !kinds.contains(kind)).collect();
    assert_eq!(missing, [&Kind::Issuer]);
}
