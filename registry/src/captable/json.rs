//! The cap table as JSON (`docs/cap-table-json.md`). Every number is a text.

use serde::Serialize;

use super::{CapTable, HolderLine};
use crate::handle::ClassId;
use crate::ocf::Finding;

/// The name of what `fullyDiluted` counts.
const DEFINITION: &str = "OUTSTANDING_STOCK";

/// A cap table, ready to be written.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CapTableJson {
    issuer: String,
    as_of: String,
    definition: &'static str,
    classes: Vec<ClassJson>,
    holders: Vec<HolderJson>,
    plans: [(); 0],
    grants: [(); 0],
    warrants: [(); 0],
    convertibles: [(); 0],
    fully_diluted: String,
    findings: Vec<FindingJson>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
struct ClassJson {
    id: String,
    name: String,
    #[serde(rename = "type")]
    kind: &'static str,
    authorized: String,
    issued: String,
    outstanding: String,
    treasury: &'static str,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct HolderJson {
    stakeholder_id: String,
    name: String,
    holdings: Vec<HoldingJson>,
    options: &'static str,
    warrants: &'static str,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct HoldingJson {
    class_id: String,
    quantity: String,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
struct FindingJson {
    code: &'static str,
    file: String,
    item: String,
    what: String,
    done: String,
}

impl CapTable {
    /// The cap table as JSON. Ids are those of the package, or handles where there is none. `name`
    /// tells the name of a holder, which events do not carry; without one its id is shown.
    pub fn to_json(
        &self,
        name: impl Fn(&HolderLine) -> Option<String>,
        findings: &[Finding],
    ) -> CapTableJson {
        let class_id = |id: ClassId| {
            let line = self.classes.iter().find(|line| line.class == id);
            shown(line.map_or("", |line| &line.source_id), id)
        };
        CapTableJson {
            issuer: shown(&self.source_id, self.issuer),
            as_of: self.as_of.to_string(),
            definition: DEFINITION,
            classes: self
                .classes
                .iter()
                .map(|line| ClassJson {
                    id: class_id(line.class),
                    name: line.name.clone(),
                    kind: line.kind.as_str(),
                    authorized: line.authorized.to_string(),
                    issued: line.issued.to_string(),
                    outstanding: line.outstanding.to_string(),
                    treasury: "0",
                })
                .collect(),
            holders: self
                .holders
                .iter()
                .map(|line| {
                    let stakeholder_id = shown(&line.source_id, line.holder);
                    HolderJson {
                        name: name(line).unwrap_or_else(|| stakeholder_id.clone()),
                        stakeholder_id,
                        holdings: line
                            .holdings
                            .iter()
                            .map(|holding| HoldingJson {
                                class_id: class_id(holding.class),
                                quantity: holding.quantity.to_string(),
                            })
                            .collect(),
                        options: "0",
                        warrants: "0",
                    }
                })
                .collect(),
            plans: [],
            grants: [],
            warrants: [],
            convertibles: [],
            fully_diluted: self.fully_diluted.to_string(),
            findings: findings
                .iter()
                .map(|finding| FindingJson {
                    code: finding.code.as_str(),
                    file: finding.file.clone(),
                    item: finding.item.clone(),
                    what: finding.what.clone(),
                    done: finding.done.clone(),
                })
                .collect(),
        }
    }
}

fn shown(source_id: &str, handle: impl ToString) -> String {
    if source_id.is_empty() { handle.to_string() } else { source_id.to_owned() }
}
