//! What is told, proved and forgotten of a person.

use counterfoil_registry::handle::{PartyId, StakeholderId};
use serde_json::json;

use super::*;

const ADA: Holder = Holder::Party(PartyId(5));

fn personal(name: &str) -> Personal {
    Personal::new(ADA, &json!({ "name": name }).to_string(), [7; 32]).unwrap()
}

#[test]
fn a_name_is_known_proved_and_erased_for_good() {
    let folder = tempfile::tempdir().unwrap();
    let people = People::open(folder.path()).unwrap();
    assert_eq!(people.get(ADA).unwrap(), Entry::Untold);
    let ada = personal("Ada Verhoeven");
    let recorded = sha256(&[&[7; 32], br#"{"name":"Ada Verhoeven"}"#]).0;
    assert_eq!(ada.details(), recorded);
    people.put(ADA, &ada, Some(recorded)).unwrap();
    // Another process reads the same.
    let again = People::open(folder.path()).unwrap();
    assert_eq!(again.get(ADA).unwrap(), Entry::Known(ada.clone()));
    let other = again.put(ADA, &personal("Eve"), Some(recorded)).unwrap_err();
    assert_eq!(other.code(), "PERSONAL_DATA_MISMATCH");
    again.erase(ADA).unwrap();
    assert_eq!(people.get(ADA).unwrap(), Entry::Erased);
    let told_again = people.put(ADA, &ada, Some(recorded)).unwrap_err();
    assert_eq!(told_again.code(), "PERSONAL_DATA_ERASED");
    let left = fs::read_dir(folder.path().join("people")).unwrap();
    for entry in left.map(|entry| entry.unwrap().path()) {
        assert_eq!(fs::read(&entry).unwrap(), b"", "nothing of the name is left in {entry:?}");
    }
}

#[test]
fn a_stakeholder_of_a_package_keeps_its_whole_personal_part() {
    let folder = tempfile::tempdir().unwrap();
    let people = People::open(folder.path()).unwrap();
    let holder = Holder::Stakeholder(StakeholderId(3));
    let object = json!({
        "name": { "legal_name": "Tomas Lindqvist", "first_name": "Tomas", "last_name": "Lindqvist" },
        "addresses": [{ "address_type": "HOME", "country": "SE" }],
        "tax_ids": [{ "tax_id": "19720101-0000", "country": "SE" }],
    });
    let told = Personal::new(holder, &object.to_string(), [1; 32]).unwrap();
    people.put(holder, &told, None).unwrap();
    let Entry::Known(read) = people.get(holder).unwrap() else { panic!("it was told") };
    assert_eq!((read.name().as_str(), read.object()), ("Tomas Lindqvist", object));
    assert_eq!(people.get(Holder::Party(PartyId(3))).unwrap(), Entry::Untold);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(folder.path().join("people")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }
}

#[test]
fn what_is_no_personal_data_is_refused() {
    let long = json!({ "name": "x".repeat(PERSONAL_BYTES_MAX) }).to_string();
    for text in ["", "null", "[]", "{}", r#"{"name":""}"#, r#"{"name":7}"#, r#"{"name":{}}"#, &long]
    {
        let refused = Personal::new(ADA, text, [0; 32]).unwrap_err();
        assert_eq!(refused.code(), "PERSONAL_DATA_MALFORMED", "{text:.20}");
    }
    let folder = tempfile::tempdir().unwrap();
    let people = People::open(folder.path()).unwrap();
    let path = folder.path().join(format!("people/{ADA}.json"));
    for file in ["{", "{}", r#"{"personal":"{}","salt":"00"}"#, r#"{"personal":"{}"}"#] {
        fs::write(&path, file).unwrap();
        assert_eq!(people.get(ADA).unwrap_err().code(), "PERSONAL_DATA_MALFORMED", "{file}");
    }
}
