//! The cap table as JSON (`docs/cap-table-json.md`). Every number is a text.

use serde::Serialize;

use super::{CapTable, Definition, FoldError, HolderLine};
use crate::amount::{DECIMALS, Money, Quantity, format_decimal};
use crate::handle::ClassId;
use crate::ocf::Finding;

/// A cap table, ready to be written.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CapTableJson {
    issuer: String,
    as_of: String,
    definition: &'static str,
    classes: Vec<ClassJson>,
    holders: Vec<HolderJson>,
    plans: Vec<PlanJson>,
    grants: Vec<GrantJson>,
    warrants: Vec<WarrantJson>,
    convertibles: Vec<ConvertibleJson>,
    fully_diluted: String,
    findings: Vec<FindingJson>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ClassJson {
    id: String,
    name: String,
    #[serde(rename = "type")]
    kind: &'static str,
    authorized: String,
    issued: String,
    outstanding: String,
    treasury: String,
    as_converted: String,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct HolderJson {
    stakeholder_id: String,
    name: String,
    holdings: Vec<HoldingJson>,
    options: String,
    warrants: String,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct HoldingJson {
    class_id: String,
    quantity: String,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
struct PlanJson {
    id: String,
    name: String,
    reserved: String,
    granted: String,
    exercised: String,
    available: String,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct GrantJson {
    security_id: String,
    stakeholder_id: String,
    #[serde(rename = "type")]
    kind: &'static str,
    quantity: String,
    exercise_price: Option<String>,
    vested: String,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct WarrantJson {
    security_id: String,
    stakeholder_id: String,
    class_id: Option<String>,
    quantity: Option<String>,
    exercise_price: Option<String>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ConvertibleJson {
    security_id: String,
    stakeholder_id: String,
    amount: String,
    currency: String,
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
    /// The cap table as JSON under a definition. Ids are those of the package, or handles where
    /// there is none. `name` tells the name of a holder, which events do not carry; without one its
    /// id is shown.
    pub fn to_json(
        &self,
        definition: &Definition,
        name: impl Fn(&HolderLine) -> Option<String>,
        findings: &[Finding],
    ) -> Result<CapTableJson, FoldError> {
        let classes = self.classes.iter().map(|line| ClassJson {
            id: self.class_id(line.class),
            name: line.name.clone(),
            kind: line.kind.as_str(),
            authorized: line.authorized.to_string(),
            issued: line.issued.to_string(),
            outstanding: line.outstanding.to_string(),
            treasury: line.treasury.to_string(),
            as_converted: line.as_converted.to_string(),
        });
        let holders = self.holders.iter().map(|line| {
            let stakeholder_id = shown(&line.source_id, line.holder);
            let holdings = line.holdings.iter().map(|holding| HoldingJson {
                class_id: self.class_id(holding.class),
                quantity: holding.quantity.to_string(),
            });
            HolderJson {
                name: name(line).unwrap_or_else(|| stakeholder_id.clone()),
                stakeholder_id,
                holdings: holdings.collect(),
                options: line.options.to_string(),
                warrants: line.warrants.to_string(),
            }
        });
        Ok(CapTableJson {
            issuer: shown(&self.source_id, self.issuer),
            as_of: self.as_of.to_string(),
            definition: definition.name,
            classes: classes.collect(),
            holders: holders.collect(),
            plans: self.plans_json(),
            grants: self.grants_json(),
            warrants: self.warrants_json(),
            convertibles: self.convertibles_json(),
            fully_diluted: self.total(definition)?.to_string(),
            findings: self.findings_json(findings),
        })
    }

    fn plans_json(&self) -> Vec<PlanJson> {
        let plans = self.plans.iter().map(|line| PlanJson {
            id: shown(&line.source_id, line.plan),
            name: line.name.clone(),
            reserved: line.pool.reserved.to_string(),
            granted: line.pool.drawn.to_string(),
            exercised: line.pool.exercised.to_string(),
            available: line.pool.available().to_string(),
        });
        plans.collect()
    }

    fn grants_json(&self) -> Vec<GrantJson> {
        let grants = self.grants.iter().map(|line| GrantJson {
            security_id: shown(&line.source_id, line.security),
            stakeholder_id: shown(&line.holder_source_id, line.holder),
            kind: line.instrument.as_str(),
            quantity: line.outstanding.to_string(),
            exercise_price: line.price.map(amount),
            vested: line.vested.to_string(),
        });
        grants.collect()
    }

    fn warrants_json(&self) -> Vec<WarrantJson> {
        let warrants = self.warrants.iter().map(|line| WarrantJson {
            security_id: shown(&line.source_id, line.security),
            stakeholder_id: shown(&line.holder_source_id, line.holder),
            class_id: line.class.map(|class| shown(&line.class_source_id, class)),
            quantity: line.outstanding.as_ref().map(Quantity::to_string),
            exercise_price: line.price.map(amount),
        });
        warrants.collect()
    }

    fn convertibles_json(&self) -> Vec<ConvertibleJson> {
        let convertibles = self.convertibles.iter().map(|line| ConvertibleJson {
            security_id: shown(&line.source_id, line.security),
            stakeholder_id: shown(&line.holder_source_id, line.holder),
            amount: amount(line.amount),
            currency: line.amount.currency.to_string(),
        });
        convertibles.collect()
    }

    /// The findings of the reader, and what could not be counted.
    fn findings_json(&self, findings: &[Finding]) -> Vec<FindingJson> {
        let read = findings.iter().map(|finding| FindingJson {
            code: finding.code.as_str(),
            file: finding.file.clone(),
            item: finding.item.clone(),
            what: finding.what.clone(),
            done: finding.done.clone(),
        });
        let uncounted = self.notes.iter().map(|note| FindingJson {
            code: note.error.code(),
            file: String::new(),
            item: note.security.clone(),
            what: note.error.to_string(),
            done: "counted as unvested".to_owned(),
        });
        read.chain(uncounted).collect()
    }

    fn class_id(&self, id: ClassId) -> String {
        let line = self.classes.iter().find(|line| line.class == id);
        shown(line.map_or("", |line| &line.source_id), id)
    }
}

/// The amount alone; the currency of a price is that of the issuer's documents.
fn amount(money: Money) -> String {
    format_decimal(money.amount, DECIMALS)
}

fn shown(source_id: &str, handle: impl ToString) -> String {
    if source_id.is_empty() { handle.to_string() } else { source_id.to_owned() }
}
