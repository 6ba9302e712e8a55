//! Read, written and read again is the same, for every history.

use counterfoil_registry::captable::Fold;
use counterfoil_registry::ocf::{Mode, read};
use proptest::prelude::*;
use proptest::strategy::ValueTree;

use crate::company::source;
use crate::schema::Schema;
use crate::shared::{STRICT, carried_out, written};

/// How many histories the properties try.
pub(crate) fn histories() -> u32 {
    let asked = std::env::var("COUNTERFOIL_HISTORIES").ok();
    asked.and_then(|asked| asked.parse().ok()).unwrap_or(200)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: histories(), failure_persistence: None, ..<_>::default() })]

    /// `COUNTERFOIL_HISTORIES` asks for more than 200 of them.
    #[test]
    fn a_coherent_history_is_the_same_after_writing(choices in prop::collection::vec(any::<u16>(), 0..400)) {
        let package = read(&source(&choices), STRICT);
        let package = package.unwrap_or_else(|refusal| panic!("{refusal}"));
        written(&package);
        let imported = carried_out(&package, Mode::Strict);
        let imported = imported.unwrap_or_else(|refusal| panic!("{refusal}"));
        Fold::of(&imported.events).unwrap();
    }
}

/// The schema lacks what came after 1.2.0, and its file of transactions does not list the
/// adjustment of the issuer.
#[test]
fn a_coherent_history_is_written_as_the_schema_has_it() {
    let Some(schema) = Schema::open() else { return };
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let choices = prop::collection::vec(any::<u16>(), 0..300);
    for _ in 0..40 {
        let choices = choices.new_tree(&mut runner).unwrap().current();
        let objects: Vec<serde_json::Value> = crate::company::objects(&choices)
            .into_iter()
            .filter(|object| {
                let kind = object["object_type"].as_str().unwrap();
                !kind.starts_with("CE_")
                    && !kind.ends_with("REPRICING")
                    && kind != "TX_ISSUER_AUTHORIZED_SHARES_ADJUSTMENT"
            })
            .map(|mut object| {
                // A consolidation of one is a reissuance in 1.2.0.
                if object["object_type"] == "TX_STOCK_CONSOLIDATION" {
                    object["object_type"] = "TX_STOCK_REISSUANCE".into();
                    let ids = object["security_ids"].take();
                    object["security_id"] = ids[0].clone();
                    object["resulting_security_ids"] =
                        serde_json::json!([object["resulting_security_id"].take()]);
                    let map = object.as_object_mut().unwrap();
                    map.remove("security_ids");
                    map.remove("resulting_security_id");
                    if ids.as_array().unwrap().len() > 1 {
                        return serde_json::Value::Null;
                    }
                }
                object
            })
            .collect();
        if objects.contains(&serde_json::Value::Null) {
            continue;
        }
        let source = crate::shared::package(crate::shared::issuer(), &objects);
        let package = read(&source, STRICT).unwrap_or_else(|refusal| panic!("{refusal}"));
        let result = counterfoil_registry::ocf::write(&package).unwrap();
        assert_eq!(result.findings, []);
        schema.check(&result.members);
    }
}
