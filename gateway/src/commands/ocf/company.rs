//! A package that was read, and carried out under the rules of the register.

use std::collections::BTreeMap;

use counterfoil_registry::captable::{Fold, FoldError};
use counterfoil_registry::date::Date;
use counterfoil_registry::handle::{Holder, IssuerId};
use counterfoil_registry::ocf::object::Kind;
use counterfoil_registry::ocf::{Finding, Package, Refusal};

use crate::cli;
use crate::exit::Failure;

/// A company out of its package: what its events say, and the names that they do not carry.
pub(crate) struct Company {
    pub(crate) legal_name: String,
    /// The date that the package speaks about.
    pub(crate) as_of: Date,
    pub(crate) issuer: IssuerId,
    pub(crate) fold: Fold,
    pub(crate) findings: Vec<Finding>,
    /// Legal names of stakeholders, by their ids.
    names: BTreeMap<String, String>,
}

impl Company {
    /// Reads a package and carries it out.
    pub(crate) fn read(asked: &cli::Package) -> Result<Company, Failure> {
        let (package, imported) =
            super::carried_out(asked, false).map_err(|refusal| refused(asked, &refusal))?;
        Ok(Company {
            legal_name: package.issuer_name().to_owned(),
            as_of: package.as_of,
            issuer: imported.issuer,
            fold: Fold::of(&imported.events).map_err(broken)?,
            findings: imported.findings,
            names: names(&package),
        })
    }

    /// The name of the stakeholder with this id.
    pub(crate) fn name(&self, source_id: &str) -> Option<String> {
        self.names.get(source_id).cloned()
    }

    /// The name of a holder, or its handle.
    pub(crate) fn holder(&self, holder: Holder) -> String {
        let source_id = match holder {
            Holder::Stakeholder(id) => self.fold.stakeholder(id).map(|line| &line.source_id),
            Holder::Party(_) => None,
        };
        source_id.and_then(|id| self.name(id)).unwrap_or_else(|| holder.to_string())
    }
}

fn names(package: &Package) -> BTreeMap<String, String> {
    let name = package.of(Kind::Stakeholder).filter_map(|object| {
        let name = object.value("name")?.get("legal_name")?.as_str()?;
        Some((object.id().to_owned(), name.to_owned()))
    });
    name.collect()
}

/// A package that was refused, with what may help.
pub(crate) fn refused(asked: &cli::Package, refusal: &Refusal) -> Failure {
    let failure = Failure::refused(refusal.code.as_str(), refusal.reason());
    match asked.lenient {
        true => failure,
        false => failure.hint("--lenient reads what has one documented reading"),
    }
}

/// Events that do not follow from each other, or sums beyond all bounds.
pub(crate) fn broken(error: FoldError) -> Failure {
    Failure::refused("OCF_RULE_BROKEN", error.to_string())
}
