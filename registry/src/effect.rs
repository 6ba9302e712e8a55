//! What events do to the register, fully expanded: whoever folds effects evaluates no rule.
//!
//! Effects are the contents of the register section of a record, so their bytes are part of the
//! evidence (`docs/formats/evidence.md`): tags and layouts never change, new ones are added.

use crate::amount::Quantity;
use crate::codec::{CodecError, Reader, Writer};
use crate::date::Date;
use crate::handle::{AccountId, CertificateId, ClassId, Holder, IssuerId, PartyId, StakeholderId};

mod terms;

pub use terms::{Authorized, ClassKind, Conversion, Instrument, Rounding, decode_kind};

/// One change of one register.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Effect {
    /// An issuer has a register.
    IssuerRegistered {
        /// The issuer.
        issuer: IssuerId,
        /// The party that it is.
        party: PartyId,
        /// The participant who keeps the register.
        registrar: PartyId,
        /// Whether the register is a draft until it is activated.
        draft: bool,
        /// Its date of formation.
        formed: Date,
        /// What its charter authorizes over all classes.
        authorized: Authorized,
        /// Its id in the package that it came from; empty where there is none.
        source_id: String,
    },
    /// A class of stock exists.
    ClassRegistered {
        /// The class.
        class: ClassId,
        /// Its issuer.
        issuer: IssuerId,
        /// Common or preferred.
        kind: ClassKind,
        /// Decimals to which a share can be divided, 0 to 10.
        decimals: u8,
        /// Shares authorized.
        authorized: Authorized,
        /// Its name.
        name: String,
        /// Its id in the package that it came from; empty where there is none.
        source_id: String,
    },
    /// A stakeholder has a line in the register, and an account that the registrar operates.
    StakeholderRegistered {
        /// The stakeholder.
        stakeholder: StakeholderId,
        /// The issuer.
        issuer: IssuerId,
        /// The account that holds its certificates.
        account: AccountId,
        /// Its id in the package that it came from; empty where there is none.
        source_id: String,
    },
    /// A stakeholder turned out to be a party; the certificates in its account are that party's.
    StakeholderLinked {
        /// The stakeholder.
        stakeholder: StakeholderId,
        /// The party.
        party: PartyId,
        /// The account of the stakeholder.
        account: AccountId,
        /// The participant who operates the account from now on.
        operator: PartyId,
    },
    /// A certificate came into being.
    CertificateOpened(Opened),
    /// A certificate ended.
    CertificateClosed {
        /// Which.
        certificate: CertificateId,
        /// Its class.
        class: ClassId,
        /// The account that it lay in.
        account: AccountId,
        /// Its quantity.
        quantity: Quantity,
    },
    /// The holder accepted a certificate.
    CertificateAccepted {
        /// Which.
        certificate: CertificateId,
    },
    /// A draft register was opened for live commands.
    RegisterActivated {
        /// The issuer.
        issuer: IssuerId,
        /// SHA-256 of the package that it came from.
        package: [u8; 32],
        /// How many departures from the format its reader found.
        findings: u32,
    },
}

/// A certificate as it came into being.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Opened {
    /// Its id.
    pub certificate: CertificateId,
    /// Its class.
    pub class: ClassId,
    /// The account that it lies in.
    pub account: AccountId,
    /// The holder of record.
    pub holder: Holder,
    /// Its quantity.
    pub quantity: Quantity,
    /// The printed number (OCF `custom_id`); empty: its id is its number.
    pub number: String,
    /// Its id in the package that it came from (OCF `security_id`); empty where there is none.
    pub source_id: String,
}

impl Effect {
    /// Writes the canonical bytes.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Effect::IssuerRegistered {
                issuer,
                party,
                registrar,
                draft,
                formed,
                authorized,
                source_id,
            } => {
                out.put_u8(1);
                out.put_u32(issuer.0);
                out.put_u32(party.0);
                out.put_u32(registrar.0);
                out.put_bool(*draft);
                out.put_date(*formed);
                authorized.encode(out);
                out.put_text(source_id);
            }
            Effect::ClassRegistered {
                class,
                issuer,
                kind,
                decimals,
                authorized,
                name,
                source_id,
            } => {
                out.put_u8(2);
                out.put_u32(class.0);
                out.put_u32(issuer.0);
                out.put_u8(*kind as u8);
                out.put_u8(*decimals);
                authorized.encode(out);
                out.put_text(name);
                out.put_text(source_id);
            }
            Effect::StakeholderRegistered { stakeholder, issuer, account, source_id } => {
                out.put_u8(3);
                out.put_u32(stakeholder.0);
                out.put_u32(issuer.0);
                out.put_u32(account.0);
                out.put_text(source_id);
            }
            Effect::StakeholderLinked { stakeholder, party, account, operator } => {
                out.put_u8(4);
                out.put_u32(stakeholder.0);
                out.put_u32(party.0);
                out.put_u32(account.0);
                out.put_u32(operator.0);
            }
            Effect::CertificateOpened(opened) => {
                out.put_u8(5);
                encode_certificate(opened.certificate, out);
                out.put_u32(opened.class.0);
                out.put_u32(opened.account.0);
                encode_holder(opened.holder, out);
                out.put_quantity(opened.quantity);
                out.put_text(&opened.number);
                out.put_text(&opened.source_id);
            }
            Effect::CertificateClosed { certificate, class, account, quantity } => {
                out.put_u8(6);
                encode_certificate(*certificate, out);
                out.put_u32(class.0);
                out.put_u32(account.0);
                out.put_quantity(*quantity);
            }
            Effect::CertificateAccepted { certificate } => {
                out.put_u8(7);
                encode_certificate(*certificate, out);
            }
            Effect::RegisterActivated { issuer, package, findings } => {
                out.put_u8(8);
                out.put_u32(issuer.0);
                out.put(package);
                out.put_u32(*findings);
            }
        }
    }

    /// Reads the canonical bytes.
    pub fn decode(from: &mut Reader<'_>) -> Result<Effect, CodecError> {
        Ok(match from.u8()? {
            1 => Effect::IssuerRegistered {
                issuer: IssuerId(from.u32()?),
                party: PartyId(from.u32()?),
                registrar: PartyId(from.u32()?),
                draft: from.bool()?,
                formed: from.date()?,
                authorized: Authorized::decode(from)?,
                source_id: from.text()?.to_owned(),
            },
            2 => Effect::ClassRegistered {
                class: ClassId(from.u32()?),
                issuer: IssuerId(from.u32()?),
                kind: decode_kind(from)?,
                decimals: from.u8()?,
                authorized: Authorized::decode(from)?,
                name: from.text()?.to_owned(),
                source_id: from.text()?.to_owned(),
            },
            3 => Effect::StakeholderRegistered {
                stakeholder: StakeholderId(from.u32()?),
                issuer: IssuerId(from.u32()?),
                account: AccountId(from.u32()?),
                source_id: from.text()?.to_owned(),
            },
            4 => Effect::StakeholderLinked {
                stakeholder: StakeholderId(from.u32()?),
                party: PartyId(from.u32()?),
                account: AccountId(from.u32()?),
                operator: PartyId(from.u32()?),
            },
            5 => Effect::CertificateOpened(Opened {
                certificate: decode_certificate(from)?,
                class: ClassId(from.u32()?),
                account: AccountId(from.u32()?),
                holder: decode_holder(from)?,
                quantity: from.quantity()?,
                number: from.text()?.to_owned(),
                source_id: from.text()?.to_owned(),
            }),
            6 => Effect::CertificateClosed {
                certificate: decode_certificate(from)?,
                class: ClassId(from.u32()?),
                account: AccountId(from.u32()?),
                quantity: from.quantity()?,
            },
            7 => Effect::CertificateAccepted { certificate: decode_certificate(from)? },
            8 => Effect::RegisterActivated {
                issuer: IssuerId(from.u32()?),
                package: from.array()?,
                findings: from.u32()?,
            },
            _ => return Err(from.invalid()),
        })
    }
}

/// Writes a certificate id: record, place, slot.
pub fn encode_certificate(id: CertificateId, out: &mut Vec<u8>) {
    out.put_u64(id.record);
    out.put_u32(id.place);
    out.put_u32(id.slot);
}

/// Reads a certificate id.
pub fn decode_certificate(from: &mut Reader<'_>) -> Result<CertificateId, CodecError> {
    Ok(CertificateId { record: from.u64()?, place: from.u32()?, slot: from.u32()? })
}

/// Writes a holder: 0 and a party, or 1 and a stakeholder.
pub fn encode_holder(holder: Holder, out: &mut Vec<u8>) {
    match holder {
        Holder::Party(party) => {
            out.put_u8(0);
            out.put_u32(party.0);
        }
        Holder::Stakeholder(stakeholder) => {
            out.put_u8(1);
            out.put_u32(stakeholder.0);
        }
    }
}

/// Reads a holder.
pub fn decode_holder(from: &mut Reader<'_>) -> Result<Holder, CodecError> {
    match from.u8()? {
        0 => Ok(Holder::Party(PartyId(from.u32()?))),
        1 => Ok(Holder::Stakeholder(StakeholderId(from.u32()?))),
        _ => Err(from.invalid()),
    }
}
