//! Packages that break the format, in the ways of real files and in others.

use counterfoil_registry::ocf::source::Source;
use counterfoil_registry::ocf::{Mode, Options, Package, Refusal, read};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::company::objects;
use crate::shared::{LENIENT, STRICT, carried_out, issuer, members, package, repaired, sample};

/// Damages one object; returns whether there was anything to damage.
fn damage(objects: &mut Vec<Value>, how: u16, at: usize, which: usize) {
    let at = at % objects.len();
    let keys: Vec<String> = objects[at].as_object().unwrap().keys().cloned().collect();
    let key = keys[which % keys.len()].clone();
    let object = &mut objects[at];
    match how % 22 {
        0 => drop(object.as_object_mut().unwrap().remove(&key)),
        1 => object[&key] = Value::Null,
        2 => object[&key] = json!({ "omitted": true, "comment": "not yet" }),
        3 => object[&key] = "".into(),
        4 => object["createdAt"] = "2024-01-01".into(),
        5 => {
            if let Some(number) =
                object["quantity"].as_str().and_then(|text| text.parse::<u64>().ok())
            {
                object["quantity"] = number.into();
            }
        }
        6 => {
            let date = object["date"].as_str().map(|date| format!("{date}T00:00:00.000Z"));
            if let Some(date) = date {
                object["date"] = date.into();
            }
        }
        7 => drop(object.as_object_mut().unwrap().remove("balance_security_id")),
        8 => drop(objects.remove(at)),
        9 => {
            let copy = objects[at].clone();
            objects.push(copy);
        }
        10 => {
            let mut copy = objects[at].clone();
            copy["id"] = "another".into();
            objects.push(copy);
        }
        11 => object["quantity"] = "0".into(),
        12 => object["date"] = "2020-01-05".into(),
        13 => object[&key] = 0.125.into(),
        14 => object[&key] = json!(["x", 1, null]),
        15 => object["security_id"] = "security-5".into(),
        16 => object["object_type"] = "TX_STOCK_CANCELLATION".into(),
        17 => drop(object.as_object_mut().unwrap().remove("quantity")),
        18 => {
            let kind = object["object_type"].as_str().unwrap_or_default();
            object["object_type"] = match kind.starts_with("TX_STOCK_") {
                true => kind.replace("TX_STOCK_", "TX_WARRANT_"),
                false => kind.replace("TX_EQUITY_COMPENSATION_", "TX_STOCK_"),
            }
            .into();
        }
        // One certificate of two events, and a reissuance that lacks one.
        19 => {
            let results = |object: &Value| object["resulting_security_ids"].as_array().cloned();
            let found = objects.iter().skip(which % objects.len()).find_map(results);
            if let (Some(found), Some(own)) = (found, results(&objects[at])) {
                objects[at]["resulting_security_ids"] = [own, found].concat().into();
            }
        }
        20 => {
            if let Some(list) = object["resulting_security_ids"].as_array_mut() {
                list.push("lost".into());
            }
        }
        _ => object[&key] = "x".into(),
    }
}

/// A refusal names its place: the file, and the item where one is to blame.
fn refused(refusal: &Refusal) {
    assert!(!refusal.what.is_empty());
    assert!(!refusal.file.is_empty(), "{refusal}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: crate::roundtrip::histories(), failure_persistence: None, ..<_>::default() })]

    #[test]
    fn what_is_repaired_passes_strictly(
        choices in prop::collection::vec(any::<u16>(), 20..200),
        damages in prop::collection::vec((any::<u16>(), any::<prop::sample::Index>(), any::<u16>()), 0..6),
    ) {
        let mut objects = objects(&choices);
        for (how, at, which) in damages {
            let at = at.index(objects.len());
            damage(&mut objects, how, at, usize::from(which));
        }
        let source = package(issuer(), &objects);
        if let Ok(repaired) = repaired(&source) {
            // Rules that no reading could mend are the register's to name.
            if let Err(refusal) = carried_out(&repaired, Mode::Lenient) {
                refused(&refusal);
            }
        }
        match repaired(&source) {
            Ok(repaired) => match read(&source, STRICT) {
                Ok(strict) => prop_assert_eq!(findings(&strict), findings(&repaired)),
                Err(refusal) => {
                    refused(&refusal);
                    prop_assert!(repaired.findings.iter().any(|found| found.code == refusal.code));
                }
            },
            Err(refusal) => {
                refused(&refusal);
                let strict = read(&source, STRICT).map(drop).unwrap_err();
                refused(&strict);
            }
        }
    }

    #[test]
    fn no_change_of_a_byte_makes_it_panic(file in 0usize..4, at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut changed = members(&sample());
        let bytes = &mut changed[file].1;
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let source = Source::from_members(changed).unwrap();
        for mode in [Mode::Strict, Mode::Lenient] {
            if let Err(refusal) = read(&source, Options { mode, md5: false }) {
                prop_assert!(!refusal.what.is_empty());
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

fn findings(package: &Package) -> Vec<String> {
    package.findings.iter().map(ToString::to_string).collect()
}
