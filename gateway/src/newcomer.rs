//! A company on its way from an Open Cap Format package into a ledger.
//!
//! The package is read and carried out offline first, so that the ledger meets no surprise. What is
//! personal goes to the store of names; the rest becomes items of a draft register, which registrar
//! and operator activate together. Each step is one submission whose id follows from the package: a
//! company that came half way goes on where it was.

use counterfoil_engine::limits::COMMAND_BYTES;
use counterfoil_engine::wire::v1::{self, command::Command};
use counterfoil_registry::action::Action;
use counterfoil_registry::draft::ImportItem;
use counterfoil_registry::ocf::import::import;
use counterfoil_registry::ocf::object::{Kind, Object};
use counterfoil_registry::ocf::source::Source;
use counterfoil_registry::ocf::{Finding, Options, Refusal, read};
use prost::Message as _;
use serde_json::{Value, json};

use crate::client::Signer;
use crate::desk::Desk;
use crate::exit::Failure;

/// Bytes of items in one command: the ledger's limit with room for what is around them.
const CHUNK_BYTES: usize = COMMAND_BYTES * 3 / 4;
/// Commands in one submission: 3 MiB of items.
const CHUNKS: usize = 16;

/// A company as the ledger takes it.
pub(crate) struct Newcomer {
    /// Its id in the package.
    id: String,
    /// Its legal name.
    pub(crate) name: String,
    formed: String,
    authorized: String,
    digest: [u8; 32],
    /// Departures from the format, and what was done about them.
    pub(crate) findings: Vec<Finding>,
    /// What happened to it, in order.
    pub(crate) items: Vec<v1::ImportItem>,
    /// What is personal of each stakeholder, by its id in the package.
    people: Vec<(String, Value)>,
    /// Shares outstanding over all classes.
    pub(crate) outstanding: String,
}

/// A company that is in the ledger.
pub(crate) struct BroughtIn {
    /// The issuer's handle.
    pub(crate) issuer: String,
    /// The party that it is.
    pub(crate) party: String,
    /// The height at which its register was activated, and the day.
    pub(crate) activated: (String, String),
}

impl Newcomer {
    /// Reads a package and carries it out offline, under the rules of the ledger.
    pub(crate) fn read(source: &Source, options: Options) -> Result<Newcomer, Failure> {
        let refused = |refusal: Refusal| Failure::refused(refusal.code.as_str(), refusal.reason());
        let package = read(source, options).map_err(refused)?;
        let imported = import(&package, options.mode).map_err(refused)?;
        let issuer = match Action::of(std::slice::from_ref(&package.issuer)) {
            Ok(Action::Issuer(issuer)) => issuer,
            // What was imported has an issuer that can be read.
            _ => return Err(Failure::refused("OCF_FIELD_INVALID", "the issuer cannot be read")),
        };
        let holders = package.items.iter().map(|item| &item.object);
        let holders = holders.filter(|object| object.kind() == Kind::Stakeholder);
        let personal = |holder: &Object| {
            let (_, personal) = holder.clone().split_personal();
            Some((holder.id().to_owned(), json!(personal?.fields())))
        };
        Ok(Newcomer {
            id: issuer.id,
            name: package.issuer.text("legal_name").unwrap_or_default().to_owned(),
            formed: issuer.formed.to_string(),
            authorized: issuer.authorized.to_string(),
            digest: source.digest(),
            people: holders.filter_map(personal).collect(),
            items: imported.items.items.iter().map(message).collect(),
            outstanding: imported.outstanding().to_string(),
            findings: imported.findings,
        })
    }

    /// Brings the company into the ledger. The ids of the submissions begin with `prefix`.
    pub(crate) fn bring_in(
        &self,
        desk: &Desk,
        registrar: &Signer,
        prefix: &str,
    ) -> Result<BroughtIn, Failure> {
        let step = |name: &str| format!("{prefix}-{name}");
        let personal = json!({ "name": self.name });
        let party = desk.enter(registrar, &step("party"), &personal, true)?;
        let register = Command::RegisterIssuer(v1::RegisterIssuer {
            party: party.clone(),
            registrar: registrar.participant.to_string(),
            formed: self.formed.clone(),
            authorized: self.authorized.clone(),
            source_id: self.id.clone(),
            draft: true,
        });
        let registered = desk.send(&desk.operator, &step("issuer"), vec![register])?;
        let issuer = registered.made(0, "issuer")?;
        for (number, commands) in self.chunks(&issuer).chunks(CHUNKS).enumerate() {
            desk.send(registrar, &step(&format!("items-{number}")), commands.to_vec())?;
        }
        let activate = Command::ActivateRegister(v1::ActivateRegister {
            issuer: issuer.clone(),
            package: self.digest.to_vec().into(),
            findings: self.findings.len().to_string(),
            items: self.items.len().to_string(),
            outstanding: self.outstanding.clone(),
        });
        desk.send(registrar, &step("activate"), vec![activate.clone()])?;
        let activation = desk.send(&desk.operator, &step("activate"), vec![activate])?;
        self.tell_people(desk, &issuer, &activation.height)?;
        Ok(BroughtIn { issuer, party, activated: (activation.height, activation.day) })
    }

    /// The items in as few commands as hold them.
    fn chunks(&self, issuer: &str) -> Vec<Command> {
        let mut commands = Vec::new();
        let (mut items, mut bytes) = (Vec::new(), 0);
        let mut close = |items: &mut Vec<v1::ImportItem>| {
            let items = std::mem::take(items);
            let issuer = issuer.to_owned();
            commands.push(Command::ImportRegister(v1::ImportRegister { issuer, items }));
        };
        for item in &self.items {
            let length = item.encoded_len();
            if bytes + length > CHUNK_BYTES && !items.is_empty() {
                close(&mut items);
                bytes = 0;
            }
            bytes += length;
            items.push(item.clone());
        }
        if !items.is_empty() {
            close(&mut items);
        }
        commands
    }

    /// Tells the names of the stakeholders, which stay outside the ledger.
    fn tell_people(&self, desk: &Desk, issuer: &str, height: &str) -> Result<(), Failure> {
        let query = "query($issuer: ID!, $height: Height!, $after: String) {
            issuer(id: $issuer, minHeight: $height) {
              stakeholders(first: 100, after: $after) {
                nodes { id sourceId } pageInfo { hasNextPage endCursor } } } }";
        let people: std::collections::BTreeMap<&str, &Value> =
            self.people.iter().map(|(id, personal)| (id.as_str(), personal)).collect();
        let mut after = Value::Null;
        loop {
            let asked = json!({ "issuer": issuer, "height": height, "after": after });
            let answer = desk.ask(query, asked)?;
            let page = &answer["issuer"]["stakeholders"];
            for line in page["nodes"].as_array().into_iter().flatten() {
                let source_id = line["sourceId"].as_str().unwrap_or_default();
                if let Some(personal) = people.get(source_id) {
                    desk.tell(line["id"].as_str().unwrap_or_default(), &desk.salted(personal).0)?;
                }
            }
            if page["pageInfo"]["hasNextPage"] != true {
                return Ok(());
            }
            after = page["pageInfo"]["endCursor"].clone();
        }
    }
}

/// The message of an item. Personal data stays behind: the ledger would refuse it.
fn message(item: &ImportItem) -> v1::ImportItem {
    let public = item.objects.iter().map(|object| object.clone().split_personal().0);
    v1::ImportItem {
        objects: public.map(|object| object.to_json()).collect(),
        waived: item.waived.iter().map(|rule| rule.code().to_owned()).collect(),
    }
}
