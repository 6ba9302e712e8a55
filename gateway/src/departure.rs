//! The register of an issuer as an Open Cap Format package: how issuers may leave.
//!
//! What the events say is told in the words of the format, and what is personal is put back from the
//! store of names, for those who may see it there. What was erased stays so: its name reads
//! `(erased)`. The package is read back before it goes out, so that whoever gets it can read it
//! strictly; where the ledger never knew what the format asks for, a finding says what stands there.
//!
//! Invariant: the same register, names, date and height give the same bytes.

use std::collections::BTreeMap;

use counterfoil_engine::ledger::Ledger;
use counterfoil_registry::captable::{Export, Fold};
use counterfoil_registry::date::Date;
use counterfoil_registry::event::EventKind;
use counterfoil_registry::handle::{AccountId, Holder, IssuerId, PartyId, StakeholderId};
use counterfoil_registry::ocf::object::{Fields, Kind, Object};
use counterfoil_registry::ocf::source::Source;
use counterfoil_registry::ocf::{
    Code as OcfCode, Finding, Item, Mode, Options, Package, Refusal, read, write,
};
use serde_json::Value;

use crate::fault::{Code, Fault};
use crate::history::History;
use crate::history::records::Moment;
use crate::people::{Entry, People};

/// What stands where a name was erased.
const ERASED: &str = "(erased)";

/// A package on its way out.
pub(crate) struct Departure {
    /// The day at whose end it speaks.
    pub(crate) as_of: Date,
    /// The height up to which the record is told.
    pub(crate) known_at: u64,
    /// Objects in it, the issuer included.
    pub(crate) objects: usize,
    /// The members by their names, in order.
    pub(crate) members: Vec<(String, Vec<u8>)>,
    /// What the format asks for and the ledger does not know, and what 1.2.0 has no name for.
    pub(crate) findings: Vec<Finding>,
}

/// The package of an issuer at the end of a day, as it was known at a moment; without a day at the
/// end of that of the moment. `None` where the issuer was not known then.
pub(crate) fn leave(
    history: &History,
    people: &People,
    ledger: &Ledger,
    issuer: IssuerId,
    as_of: Option<Date>,
    known_at: Moment,
) -> Result<Option<Departure>, Fault> {
    let known_at = history.height_of(known_at)?;
    let time = history.time_of(known_at)?;
    let as_of = as_of.unwrap_or_else(|| time.date());
    let Some(register) = history.register(issuer, Moment::Height(known_at))? else {
        return Ok(None);
    };
    let names = Names::of(people, ledger, &register.fold, issuer);
    let Export { mut objects, findings: untold } = register.fold.export(issuer, as_of);
    for object in &mut objects {
        names.join(object)?;
    }
    let described = objects.iter().position(|object| object.kind() == Kind::Issuer);
    // Whatever enters an issuer into a register tells its object.
    let described = described.ok_or(Code::Internal)?;
    let package = Package {
        digest: [0; 32],
        version: "1.2.0".to_owned(),
        as_of,
        generated_at: time.to_string(),
        comments: vec![format!("{issuer} at the end of {as_of}, as known at height {known_at}")],
        files: Vec::new(),
        issuer: objects.remove(described),
        items: objects.into_iter().map(|object| Item { file: 0, object }).collect(),
        findings: Vec::new(),
    };
    let (package, members, mut findings) = readable(&package).map_err(refused)?;
    findings.extend(untold);
    findings.extend(not_split(&register.fold, issuer, as_of));
    let objects = package.items.len() + 1;
    Ok(Some(Departure { as_of, known_at, objects, members, findings }))
}

/// What is read back, as it is written, and what was found on the way.
type Readable = (Package, Vec<(String, Vec<u8>)>, Vec<Finding>);

/// Writes a package such that it can be read strictly.
fn readable(package: &Package) -> Result<Readable, Refusal> {
    let options = Options { mode: Mode::Lenient, md5: true };
    let mut read = read(&Source::from_members(write(package)?.members)?, options)?;
    let written = write(&read)?;
    let found = std::mem::take(&mut read.findings).into_iter();
    // What 1.2.0 has no name for is found in writing too, and what a split leaves as it was is told
    // grant by grant.
    let twice = [OcfCode::BeyondRelease, OcfCode::DerivativesNotSplit];
    let mut findings: Vec<Finding> =
        found.filter(|finding| !twice.contains(&finding.code)).collect();
    findings.extend(written.findings);
    Ok((read, written.members, findings))
}

/// A split of the format multiplies shares alone; in the ledger grants follow their class.
fn not_split(fold: &Fold, issuer: IssuerId, as_of: Date) -> Vec<Finding> {
    let split = fold.securities(issuer).filter(|(_, security)| {
        let mut changes = security.changes.iter();
        changes.any(|(date, kind, _)| *kind == EventKind::Split && *date <= as_of)
    });
    let finding = split.map(|(handle, security)| Finding {
        code: OcfCode::DerivativesNotSplit,
        file: "Transactions.ocf.json".to_owned(),
        item: match security.source_id.as_str() {
            "" => handle.to_string(),
            source_id => source_id.to_owned(),
        },
        rule: None,
        what: "it was split with its class".to_owned(),
        done: "told as it was before the split".to_owned(),
    });
    finding.collect()
}

fn refused(refusal: Refusal) -> Fault {
    Fault::new(Code::PackageRefused, refusal.to_string())
}

/// Where the personal fields of objects come from.
struct Names<'a> {
    people: &'a People,
    ledger: &'a Ledger,
    fold: &'a Fold,
    issuer: IssuerId,
    /// The lines of the register by their ids in the package.
    lines: BTreeMap<String, (StakeholderId, Option<PartyId>)>,
}

impl<'a> Names<'a> {
    fn of(people: &'a People, ledger: &'a Ledger, fold: &'a Fold, issuer: IssuerId) -> Names<'a> {
        let lines = || {
            fold.stakeholders(issuer).map(|(handle, line)| {
                let party = line.linked.map(|(_, party)| party);
                (line.source_id.as_str(), (handle, party))
            })
        };
        let by_handle = lines().filter(|(id, _)| id.is_empty());
        let by_handle = by_handle.map(|(_, line)| (line.0.to_string(), line));
        let by_id = lines().filter(|(id, _)| !id.is_empty());
        // An id that looks like a handle is an id first, as in the register.
        let lines = by_handle.chain(by_id.map(|(id, line)| (id.to_owned(), line)));
        Names { people, ledger, fold, issuer, lines: lines.collect() }
    }

    /// Puts the personal fields of an issuer or a stakeholder back.
    fn join(&self, object: &mut Object) -> Result<(), Fault> {
        match object.kind() {
            Kind::Issuer => self.join_issuer(object),
            Kind::Stakeholder => self.join_stakeholder(object),
            _ => Ok(()),
        }
    }

    fn join_issuer(&self, object: &mut Object) -> Result<(), Fault> {
        let Some(facts) = self.fold.issuer(self.issuer) else { return Ok(()) };
        let known = self.known(Holder::Party(facts.party))?;
        if object.text("legal_name").is_none() {
            let name = known.name().unwrap_or_else(|| self.issuer.to_string());
            object.set("legal_name", name.into());
        }
        object.join_personal(&Object::new(Kind::Issuer, "", known.fields()));
        Ok(())
    }

    fn join_stakeholder(&self, object: &mut Object) -> Result<(), Fault> {
        let holders = self.holders(object.id());
        let mut known = Known::Nothing;
        for holder in &holders {
            known = self.known(*holder)?;
            if !matches!(known, Known::Nothing) {
                break;
            }
        }
        let name = known.name().unwrap_or_else(|| object.id().to_owned());
        let mut fields = known.fields();
        // A name of its own may stand there as a text, as parties have it.
        if fields.get("name").is_none_or(|name| name.as_object().is_none()) {
            fields.insert("name", [("legal_name", name.into())].into());
        }
        object.join_personal(&Object::new(Kind::Stakeholder, "", fields));
        if object.text("stakeholder_type").is_none()
            && let Some(legal) = holders.iter().find_map(|holder| self.legal(*holder))
        {
            let kind = if legal { "INSTITUTION" } else { "INDIVIDUAL" };
            object.set("stakeholder_type", kind.into());
        }
        Ok(())
    }

    /// Whom a line of the package stands for: the stakeholder, and the party that it turned out to
    /// be; or the holder of an account that is on no line.
    fn holders(&self, id: &str) -> Vec<Holder> {
        if let Some((handle, party)) = self.lines.get(id) {
            let party = party.map(Holder::Party);
            return [Holder::Stakeholder(*handle)].into_iter().chain(party).collect();
        }
        let account = AccountId::parse(id).and_then(|id| self.ledger.register().account(id));
        account.map(|account| account.holder).into_iter().collect()
    }

    fn legal(&self, holder: Holder) -> Option<bool> {
        match holder {
            Holder::Party(party) => self.ledger.register().party(party).map(|party| party.legal),
            Holder::Stakeholder(_) => None,
        }
    }

    fn known(&self, holder: Holder) -> Result<Known, Fault> {
        match self.people.get(holder) {
            Ok(Entry::Known(personal)) => Ok(Known::All(personal.object())),
            Ok(Entry::Erased) => Ok(Known::Erased),
            Ok(Entry::Untold) => Ok(Known::Nothing),
            Err(error) => Err(Fault::new(Code::Internal, format!("{}: {error}", error.code()))),
        }
    }
}

/// What the store of names says of somebody.
enum Known {
    All(Value),
    Erased,
    Nothing,
}

impl Known {
    fn name(&self) -> Option<String> {
        match self {
            Known::All(object) => {
                let name = &object["name"];
                let name = name.as_str().or_else(|| name["legal_name"].as_str());
                name.map(str::to_owned)
            }
            Known::Erased => Some(ERASED.to_owned()),
            Known::Nothing => None,
        }
    }

    /// The fields that hold a value of the format.
    fn fields(&self) -> Fields {
        let Known::All(Value::Object(known)) = self else { return Fields::default() };
        let field = |(name, value): (&String, &Value)| {
            Some((name.clone().into(), serde_json::from_value(value.clone()).ok()?))
        };
        known.iter().filter_map(field).collect::<Vec<_>>().into()
    }
}
