//! Vesting: what is recorded of a security names a condition of its terms.

use std::collections::BTreeMap;

use crate::ocf::findings::Findings;
use crate::ocf::normal::shown;
use crate::ocf::object::{Kind, Value};
use crate::ocf::package::Package;
use crate::ocf::{Code, Refusal};

/// The conditions of one `VESTING_TERMS`.
#[derive(Default)]
struct Conditions {
    ids: Vec<String>,
    /// Those that a vesting start meets.
    starts: Vec<String>,
}

/// Makes every vesting start and event meet a condition. LENIENT reads a start as the one that the
/// terms have, and leaves out what meets nothing; returns whether it did. No share depends on it.
pub(super) fn agree(package: &mut Package, findings: &mut Findings) -> Result<bool, Refusal> {
    let met = |kind| matches!(kind, Kind::VestingStart | Kind::VestingEvent);
    if !package.items.iter().any(|item| met(item.object.kind())) {
        return Ok(false);
    }
    let terms: BTreeMap<String, Conditions> = package
        .of(Kind::VestingTerms)
        .map(|terms| (terms.id().to_owned(), conditions(terms.value("vesting_conditions"))))
        .collect();
    let issuances = package.items.iter().map(|item| &item.object);
    let issuances = issuances.filter(|object| super::role(object.kind()) == super::Role::Issuance);
    let of_security: BTreeMap<String, String> = issuances
        .filter_map(|issuance| {
            let terms = issuance.text("vesting_terms_id").unwrap_or_default();
            Some((issuance.text("security_id")?.to_owned(), terms.to_owned()))
        })
        .collect();
    let mut left_out = Vec::new();
    let mut renamed = Vec::new();
    for (at, item) in package.items.iter().enumerate() {
        let object = &item.object;
        let (true, Some(security)) = (met(object.kind()), object.text("security_id")) else {
            continue;
        };
        let (file, id) = (package.file(item.file), object.id());
        // What names no security is left out by then.
        let Some(named) = of_security.get(security) else { continue };
        let Some(terms) = terms.get(named) else {
            let what = "its security names no vesting terms";
            findings.note(Code::ReferenceUnknown, file, id, what, "kept: nothing comes of it")?;
            continue;
        };
        let condition = object.text("vesting_condition_id").unwrap_or_default();
        if terms.ids.iter().any(|known| known == condition) {
            continue;
        }
        let what = format!(
            "vesting_condition_id: the terms of its security have no condition \"{}\"",
            shown(condition)
        );
        match &terms.starts[..] {
            [only] if object.kind() == Kind::VestingStart => {
                let done = format!("read as {only}, which alone is met by a start");
                findings.departure(Code::ReferenceUnknown, file, id, what, done)?;
                renamed.push((at, only.clone()));
            }
            _ => {
                let done = "left out: it meets no condition";
                findings.departure(Code::ReferenceUnknown, file, id, what, done)?;
                left_out.push(at);
            }
        }
    }
    for (at, condition) in renamed {
        package.items[at].object.set("vesting_condition_id", condition.into());
    }
    super::index::remove(package, &left_out);
    Ok(!left_out.is_empty())
}

fn conditions(list: Option<&Value>) -> Conditions {
    let mut conditions = Conditions::default();
    for condition in list.and_then(Value::as_array).into_iter().flatten() {
        let text =
            |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
        let (id, trigger) = (text(condition.get("id")), condition.get("trigger"));
        if text(trigger.and_then(|trigger| trigger.get("type"))) == "VESTING_START_DATE" {
            conditions.starts.push(id.clone());
        }
        conditions.ids.push(id);
    }
    conditions
}
