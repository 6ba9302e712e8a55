//! Who may sign, and who did: keys folded from the genesis and the effects on parties, in the order
//! of records, and each signature under a key in force.
//!
//! A submission is admitted before its block changes anything: a key added or revoked at one height
//! counts from the next height on.

use std::collections::btree_map::Entry as MapEntry;
use std::collections::{BTreeMap, BTreeSet};

use counterfoil_registry::handle::{IssuerId, PartyId};

use super::sections::{Contents, created_assets, parties};
use super::{Case, Fault, FaultCode, Part, Place, agree};
use crate::command::{Command, Roles};
use crate::effects::PartyEffect;
use crate::evidence::bundle::build::OPERATOR_ORDINAL;
use crate::evidence::heads::{LEDGER, Ordinal};
use crate::evidence::record::{Record, Section, command_leaf};
use crate::evidence::tree::verify_inclusion;
use crate::genesis::Genesis;
use crate::hash::{Hash, sha256};
use crate::key::PublicKey;
use crate::ledger::OPERATOR;
use crate::submission::Header;
use crate::wire;

/// Each key with the height at which it was added, 0 in the genesis, and that at which it was revoked.
type Keys = BTreeMap<PublicKey, (u64, Option<u64>)>;

/// A participant as the effects tell of it.
struct Participant {
    ordinal: Ordinal,
    roles: Roles,
    /// The keys that it has or had.
    keys: Keys,
}

/// All participants and the chains of issuers.
pub(super) struct Parties {
    participants: BTreeMap<PartyId, Participant>,
    issuers: BTreeMap<IssuerId, Ordinal>,
}

/// A record with all that the bundle opens of it.
pub(super) struct Entry {
    pub(super) contents: Contents,
    /// Who signed it; `None` for one of the system, or where nothing asks.
    pub(super) signer: Option<PartyId>,
    pub(super) command: Option<Command>,
}

impl Parties {
    pub(super) fn fold(case: &Case<'_>, genesis: &Genesis) -> Result<Parties, Fault> {
        let keys = genesis.operator_keys.iter().map(|key| (*key, (0, None))).collect();
        let operator = Participant { ordinal: OPERATOR_ORDINAL, roles: Roles::OPERATOR, keys };
        let mut all = Parties {
            participants: BTreeMap::from([(OPERATOR, operator)]),
            issuers: BTreeMap::new(),
        };
        let mut given = BTreeSet::new();
        for at in 0..case.records.len() {
            for effect in parties(case, at)? {
                let part = Part::Section(Section::Parties);
                all.enter(case, at, effect, &mut given)
                    .map_err(|(code, detail)| case.fault(at, part, code, detail))?;
            }
        }
        // The ledger and the first operator come before everybody; the others are given in order.
        let all_given = given.iter().copied().eq(2..case.bundle.subjects);
        if !all_given || case.bundle.subjects < 2 {
            let count = given.len().saturating_add(2);
            let detail = format!(
                "the tree of heads is said to have {} subjects, the records tell of {count}",
                case.bundle.subjects
            );
            return Err(case.bundle_fault(FaultCode::Subjects, detail));
        }
        for participant in all.participants.values() {
            if participant.roles.any(Roles::OPERATOR) {
                needs_chain(case, participant.ordinal)?;
            }
        }
        needs_chain(case, LEDGER)?;
        Ok(all)
    }

    fn enter(
        &mut self,
        case: &Case<'_>,
        at: usize,
        effect: PartyEffect,
        given: &mut BTreeSet<Ordinal>,
    ) -> Result<(), (FaultCode, String)> {
        let record = &case.records[at].0;
        let twice = |what: String| (FaultCode::Subjects, format!("{what} a second time"));
        // A subject's first record is the one that gives it its ordinal.
        let mut give = |ordinal: Ordinal| {
            let first = record.subjects.link(ordinal).is_some_and(|link| link.counter == 0);
            if first && given.insert(ordinal) {
                return Ok(());
            }
            Err((FaultCode::Subjects, format!("it gives ordinal {ordinal}, and cannot")))
        };
        match effect {
            PartyEffect::Admitted { party, ordinal, roles } => {
                give(ordinal)?;
                let admitted = Participant { ordinal, roles: Roles(roles), keys: BTreeMap::new() };
                if self.participants.insert(party, admitted).is_some() {
                    return Err(twice(format!("{party} is admitted")));
                }
            }
            PartyEffect::IssuerChain { issuer, ordinal } => {
                give(ordinal)?;
                if self.issuers.insert(issuer, ordinal).is_some() {
                    return Err(twice(format!("{issuer} gets a chain")));
                }
            }
            PartyEffect::KeyAdded { party, key } => {
                // Of a chain that is not shown, not every change of a key is known either; then no
                // signature of that participant is accepted.
                let Some(keys) = self.keys_of(case, party, record)? else { return Ok(()) };
                match keys.entry(key) {
                    MapEntry::Vacant(place) => place.insert((record.height, None)),
                    MapEntry::Occupied(_) => return Err(twice(format!("{key} is added"))),
                };
            }
            PartyEffect::KeyRevoked { party, key } => {
                let Some(keys) = self.keys_of(case, party, record)? else { return Ok(()) };
                match keys.get_mut(&key) {
                    Some((_, revoked @ None)) => *revoked = Some(record.height),
                    _ => return Err((FaultCode::Key, format!("{key} cannot be revoked"))),
                }
            }
            PartyEffect::Registered { .. } | PartyEffect::FeatureLevel { .. } => {}
        }
        Ok(())
    }

    /// The keys of a participant, in whose chain the record must stand; `None` where that chain is
    /// not shown.
    fn keys_of(
        &mut self,
        case: &Case<'_>,
        party: PartyId,
        record: &Record,
    ) -> Result<Option<&mut Keys>, (FaultCode, String)> {
        let participant = self.participants.get_mut(&party);
        let participant = participant.filter(|p| record.subjects.link(p.ordinal).is_some());
        let Some(participant) = participant else {
            let detail = format!("it changes a key of {party}, in whose chain it does not stand");
            return Err((FaultCode::Chain, detail));
        };
        Ok(is_shown(case, participant.ordinal).then_some(&mut participant.keys))
    }

    /// The ordinal of the issuer that the bundle is about.
    pub(super) fn issuer(&self, case: &Case<'_>) -> Result<Ordinal, Fault> {
        let issuer = case.bundle.issuer;
        let ordinal = self.issuers.get(&issuer).copied().ok_or_else(|| {
            let detail = format!("no record gives {issuer} a chain");
            case.bundle_fault(FaultCode::ChainMissing, detail)
        })?;
        needs_chain(case, ordinal)?;
        Ok(ordinal)
    }

    fn is_operator(&self, party: PartyId) -> bool {
        self.participants.get(&party).is_some_and(|p| p.roles.any(Roles::OPERATOR))
    }
}

fn is_shown(case: &Case<'_>, ordinal: Ordinal) -> bool {
    case.bundle.chains.binary_search_by_key(&ordinal, |chain| chain.ordinal).is_ok()
}

fn needs_chain(case: &Case<'_>, ordinal: Ordinal) -> Result<(), Fault> {
    if is_shown(case, ordinal) {
        return Ok(());
    }
    let detail = format!("chain {ordinal} is needed, and not there");
    Err(case.bundle_fault(FaultCode::ChainMissing, detail))
}

/// Checks the signature behind every record of which something is opened.
pub(super) fn check(
    case: &Case<'_>,
    parties: &Parties,
    issuer: Ordinal,
    contents: Vec<Contents>,
) -> Result<Vec<Entry>, Fault> {
    let headers = headers(case)?;
    once(case)?;
    let mut used = 0;
    let mut entries = Vec::with_capacity(contents.len());
    for (at, contents) in contents.into_iter().enumerate() {
        let (record, shown) = (&case.records[at].0, &case.bundle.records[at]);
        let mut entry = Entry { contents, signer: None, command: None };
        let Some(signed) = &shown.signed else {
            unsigned(case, at, issuer)?;
            entries.push(entry);
            continue;
        };
        let place = signed.submission as usize;
        let refuse = |code, detail: String| case.fault(at, Part::Signed, code, detail);
        let header = headers.get(place).filter(|_| place <= used).ok_or_else(|| {
            let detail = "submissions do not stand in the order of their use".to_owned();
            refuse(FaultCode::Malformed, detail)
        })?;
        used = used.max(place + 1);
        if sha256(&[case.bundle.submissions[place].text.as_bytes()]) != record.submission {
            let detail = format!("it came under another header than submission {place}");
            return Err(refuse(FaultCode::Submission, detail));
        }
        let (index, size) = (u64::from(record.place), u64::from(header.commands));
        if !verify_inclusion(index, size, record.command, &signed.proof, header.root) {
            let detail = "its command is not under the root that was signed".to_owned();
            return Err(refuse(FaultCode::NotSigned, detail));
        }
        in_force(case, at, parties, header)?;
        entry.signer = Some(header.participant);
        if let Some(shown) = &shown.command {
            let refuse = |detail: String| case.fault(at, Part::Command, FaultCode::Command, detail);
            if command_leaf(&shown.salt, &shown.bytes) != record.command {
                return Err(refuse("it is another command than the record's".to_owned()));
            }
            // A refused command may be malformed; of an accepted one it is the ledger's fault.
            let read = wire::decode_command(&shown.bytes, header.encoding)
                .map_err(|error| error.to_string())
                .and_then(|message| Command::parse(message).map_err(|error| error.to_string()));
            entry.command = match (read, record.outcome) {
                (Ok(command), _) => Some(command),
                (Err(_), 1..) => None,
                (Err(error), 0) => return Err(refuse(error)),
            };
        }
        entitled(case, at, parties, &entry)?;
        if let (Some(command), 0) = (&entry.command, record.outcome) {
            agree::check(command, &entry.contents)
                .map_err(|detail| case.fault(at, Part::Command, FaultCode::Disagrees, detail))?;
        }
        entries.push(entry);
    }
    if used < headers.len() {
        let detail = format!("no record came under submission {used}");
        return Err(submission_fault(case, used, FaultCode::Superfluous, detail));
    }
    Ok(entries)
}

/// Reads the headers and checks their signatures, each once.
fn headers(case: &Case<'_>) -> Result<Vec<Header>, Fault> {
    let submissions = case.bundle.submissions.iter().enumerate();
    submissions
        .map(|(at, signed)| {
            let refuse = |code, detail: String| submission_fault(case, at, code, detail);
            let header = Header::parse(&signed.text)
                .map_err(|error| refuse(FaultCode::Submission, error.to_string()))?;
            if header.ledger != case.ledger {
                let detail = format!("submission {at} is for ledger {}", header.ledger);
                let digest = sha256(&[signed.text.as_bytes()]);
                // A header that records vouch for is right, and then the genesis is not.
                return Err(if case.records.iter().any(|(r, _)| r.submission == digest) {
                    let (place, bytes) = (Place::Genesis, case.layout.genesis.clone());
                    Fault { code: FaultCode::Genesis, place, bytes, detail }
                } else {
                    refuse(FaultCode::Submission, detail)
                });
            }
            if !header.key.verifies(signed.text.as_bytes(), &signed.signature) {
                let detail = format!("the signature is not one of key {}", header.key);
                return Err(refuse(FaultCode::Signature, detail));
            }
            Ok(header)
        })
        .collect()
}

/// A submission is executed in one block only.
fn once(case: &Case<'_>) -> Result<(), Fault> {
    let mut height_of: BTreeMap<Hash, u64> = BTreeMap::new();
    for (at, (record, _)) in case.records.iter().enumerate() {
        if record.outcome == 0
            && !record.submission.is_zero()
            && *height_of.entry(record.submission).or_insert(record.height) != record.height
        {
            let detail = "its submission was executed in an earlier block already";
            return Err(case.fault(at, Part::Leaf, FaultCode::Expired, detail));
        }
    }
    Ok(())
}

/// A record without a signature: one of the system, or one of which nothing is opened.
fn unsigned(case: &Case<'_>, at: usize, issuer: Ordinal) -> Result<(), Fault> {
    let (record, shown) = (&case.records[at].0, &case.bundle.records[at]);
    if shown.command.is_some() {
        let detail = "it is shown without its signature";
        return Err(case.fault(at, Part::Command, FaultCode::SignatureMissing, detail));
    }
    let of_system = record.submission.is_zero() && record.command.is_zero();
    let vouches = case.is_in_chain(at, issuer) || shown.sections.iter().any(Option::is_some);
    if vouches && !of_system {
        let detail = "it is the issuer's or open, and its signature is not shown";
        return Err(case.fault(at, Part::Signed, FaultCode::SignatureMissing, detail));
    }
    if of_system && !record.section(Section::Parties).is_zero() {
        let detail = "nobody signed what it does to parties";
        let part = Part::Section(Section::Parties);
        return Err(case.fault(at, part, FaultCode::NotEntitled, detail));
    }
    Ok(())
}

fn in_force(case: &Case<'_>, at: usize, parties: &Parties, header: &Header) -> Result<(), Fault> {
    let record = &case.records[at].0;
    let refuse = |code, detail: String| case.fault(at, Part::Signed, code, detail);
    let (party, key) = (header.participant, header.key);
    let participant = parties
        .participants
        .get(&party)
        .ok_or_else(|| refuse(FaultCode::Key, format!("{party} is no participant")))?;
    needs_chain(case, participant.ordinal)?;
    if record.subjects.link(participant.ordinal).is_none() {
        let detail = format!("{party} signed it, and it does not stand in that chain");
        return Err(refuse(FaultCode::Chain, detail));
    }
    let in_force = participant.keys.get(&key).is_some_and(|(added, revoked)| {
        *added < record.height && revoked.is_none_or(|revoked| revoked >= record.height)
    });
    // A refused command changes nothing; it is shown for its place in the chain alone.
    if !in_force && record.outcome == 0 {
        return Err(refuse(FaultCode::Key, format!("key {key} of {party} was not in force")));
    }
    if header.valid_until < record.time && record.outcome == 0 {
        let detail =
            format!("it was valid until {}, executed at {}", header.valid_until, record.time);
        return Err(refuse(FaultCode::Expired, detail));
    }
    Ok(())
}

/// Who may change participants, keys and issuers: operators, and everybody his own keys. The command
/// must be shown: a signature over something else must not serve.
fn entitled(case: &Case<'_>, at: usize, parties: &Parties, entry: &Entry) -> Result<(), Fault> {
    let Some(signer) = entry.signer else { return Ok(()) };
    let other_issuer = |effect: &PartyEffect| matches!(effect, PartyEffect::IssuerChain { issuer, .. } if *issuer != case.bundle.issuer);
    for effect in &entry.contents.parties {
        let may = match effect {
            PartyEffect::Registered { .. } => true,
            PartyEffect::KeyAdded { party, .. } | PartyEffect::KeyRevoked { party, .. } => {
                *party == signer || parties.is_operator(signer)
            }
            PartyEffect::Admitted { .. }
            | PartyEffect::IssuerChain { .. }
            | PartyEffect::FeatureLevel { .. } => parties.is_operator(signer),
        };
        if !may {
            let detail = format!("{signer} may not do this");
            let part = Part::Section(Section::Parties);
            return Err(case.fault(at, part, FaultCode::NotEntitled, detail));
        }
    }
    let creates = created_assets(&entry.contents).next().is_some();
    if creates && !parties.is_operator(signer) {
        let detail = format!("{signer} may not create an asset");
        let part = Part::Section(Section::Cash);
        return Err(case.fault(at, part, FaultCode::NotEntitled, detail));
    }
    let public = entry.contents.parties.iter().any(|effect| !other_issuer(effect)) || creates;
    if public && entry.command.is_none() {
        let detail = "what it does to parties or assets is open, its command is not";
        return Err(case.fault(at, Part::Command, FaultCode::CommandMissing, detail));
    }
    Ok(())
}

fn submission_fault(case: &Case<'_>, at: usize, code: FaultCode, detail: String) -> Fault {
    let bytes = case.layout.submissions[at].clone();
    Fault { code, place: Place::Submission(at), bytes, detail }
}
