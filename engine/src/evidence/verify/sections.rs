//! Opened sections: under their commitments, and read.

use counterfoil_registry::codec::CodecError;
use counterfoil_registry::event::{Event, decode_events};

use super::{Case, Fault, FaultCode, Part};
use crate::effects::{CashEffect, IdentityEffect, PartyEffect, decode_all};
use crate::evidence::heads::Ordinal;
use crate::evidence::record::{Section, section_commitment};

/// What the sections of a record say; `None` where one is closed, empty where one is absent.
#[derive(Clone, Debug, Default)]
pub(super) struct Contents {
    pub(super) events: Option<Vec<Event>>,
    pub(super) cash: Option<Vec<CashEffect>>,
    pub(super) parties: Vec<PartyEffect>,
    pub(super) identities: Option<Vec<IdentityEffect>>,
}

/// Opens every section that is shown. Of the issuer's records the register and the cash must be.
pub(super) fn open(case: &Case<'_>, issuer: Ordinal) -> Result<Vec<Contents>, Fault> {
    (0..case.records.len())
        .map(|at| {
            let of_issuer = case.is_in_chain(at, issuer);
            Ok(Contents {
                events: content(case, at, Section::Register, of_issuer, decode_events)?,
                cash: content(case, at, Section::Cash, of_issuer, |bytes| {
                    decode_all(bytes, CashEffect::decode)
                })?,
                parties: parties(case, at)?,
                identities: content(case, at, Section::Identities, false, |bytes| {
                    decode_all(bytes, IdentityEffect::decode)
                })?,
            })
        })
        .collect()
}

/// What a record does to parties, participants and keys: never closed, lest a revocation be hidden.
pub(super) fn parties(case: &Case<'_>, at: usize) -> Result<Vec<PartyEffect>, Fault> {
    let decode = |bytes: &[u8]| decode_all(bytes, PartyEffect::decode);
    Ok(content(case, at, Section::Parties, true, decode)?.unwrap_or_default())
}

fn content<T>(
    case: &Case<'_>,
    at: usize,
    section: Section,
    must: bool,
    decode: impl FnOnce(&[u8]) -> Result<Vec<T>, CodecError>,
) -> Result<Option<Vec<T>>, Fault> {
    let refuse = |code, detail: String| case.fault(at, Part::Section(section), code, detail);
    let commitment = case.records[at].0.section(section);
    let shown = &case.bundle.records[at].sections[section.place()];
    match (shown, commitment.is_zero()) {
        (None, true) => Ok(Some(Vec::new())),
        (None, false) if must => {
            Err(refuse(FaultCode::SectionMissing, "it must be open, and is closed".to_owned()))
        }
        (None, false) => Ok(None),
        (Some(_), true) => {
            let detail = "the record has no such section".to_owned();
            Err(refuse(FaultCode::SectionMismatch, detail))
        }
        (Some(shown), false) => {
            if section_commitment(section, &shown.salt, &shown.bytes) != commitment {
                let detail = "the record commits to another content".to_owned();
                return Err(refuse(FaultCode::SectionMismatch, detail));
            }
            let read = decode(&shown.bytes);
            let effects =
                read.map_err(|error| refuse(FaultCode::SectionMalformed, error.to_string()))?;
            if effects.is_empty() {
                let detail = "it is empty, and then it would be absent".to_owned();
                return Err(refuse(FaultCode::SectionMalformed, detail));
            }
            Ok(Some(effects))
        }
    }
}

/// Whether a cash section says what an asset is. It is the one kind that may be open outside the
/// issuer's chain.
pub(super) fn created_assets(contents: &Contents) -> impl Iterator<Item = &CashEffect> {
    let cash = contents.cash.iter().flatten();
    cash.filter(|effect| matches!(effect, CashEffect::AssetCreated { .. }))
}
