//! The canonical bytes of effects.

use std::sync::Arc;

use super::{
    Authorized, Conversion, Effect, Granted, Instrument, Opened, Pool, SecurityOpened, decode_kind,
};
use crate::amount::Quantity;
use crate::codec::{CodecError, Reader, Writer};
use crate::handle::{
    AccountId, CertificateId, ClassId, Holder, IssuerId, PartyId, PlanId, SecurityId, StakeholderId,
};
use crate::ocf::object::Object;
use crate::rule::Rule;

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
            Effect::IssuerAuthorized { issuer, authorized } => {
                out.put_u8(9);
                out.put_u32(issuer.0);
                authorized.encode(out);
            }
            Effect::ClassAuthorized { class, authorized } => {
                out.put_u8(10);
                out.put_u32(class.0);
                authorized.encode(out);
            }
            Effect::ConversionsSet { class, conversions } => {
                out.put_u8(12);
                out.put_u32(class.0);
                out.put_count(conversions.len());
                for conversion in conversions {
                    conversion.encode(out);
                }
            }
            Effect::RepurchasePolicy { class, treasury } => {
                out.put_u8(13);
                out.put_u32(class.0);
                out.put_bool(*treasury);
            }
            Effect::ClassSplit { class, ratio, treasury, retired } => {
                out.put_u8(14);
                out.put_u32(class.0);
                out.put_ratio(*ratio);
                out.put_quantity(*treasury);
                out.put_quantity(*retired);
            }
            Effect::CertificateScaled { certificate, class, account, before, after } => {
                out.put_u8(15);
                encode_certificate(*certificate, out);
                out.put_u32(class.0);
                out.put_u32(account.0);
                out.put_quantity(*before);
                out.put_quantity(*after);
            }
            Effect::TreasuryKept { class, quantity } => {
                out.put_u8(16);
                out.put_u32(class.0);
                out.put_quantity(*quantity);
            }
            Effect::PlanRegistered { plan, issuer, classes, reserved, returns, source_id } => {
                out.put_u8(17);
                out.put_u32(plan.0);
                out.put_u32(issuer.0);
                out.put_count(classes.len());
                for class in classes {
                    out.put_u32(class.0);
                }
                out.put_quantity(*reserved);
                out.put_bool(*returns);
                out.put_text(source_id);
            }
            Effect::PoolReserved { plan, reserved } => pool(18, *plan, *reserved, out),
            Effect::PoolDrawn { plan, quantity } => pool(19, *plan, *quantity, out),
            Effect::PoolReturned { plan, from, moved, quantity } => {
                pool(20, *plan, *quantity, out);
                from.encode(out);
                out.put_bool(*moved);
            }
            Effect::StockOfPlan { certificate, plan } => {
                out.put_u8(30);
                encode_certificate(*certificate, out);
                out.put_u32(plan.0);
            }
            Effect::PoolExercised { plan, quantity } => pool(21, *plan, *quantity, out),
            Effect::PoolScaled { plan, pool } => {
                out.put_u8(22);
                out.put_u32(plan.0);
                pool.encode(out);
            }
            Effect::SecurityOpened(opened) => {
                out.put_u8(23);
                opened.encode(out);
            }
            Effect::SecurityClosed { security, account, quantity } => {
                out.put_u8(24);
                out.put_u32(security.0);
                out.put_u32(account.0);
                out.put_option(*quantity, Vec::put_quantity);
            }
            Effect::SecurityReduced { security, before, after } => {
                out.put_u8(25);
                out.put_u32(security.0);
                out.put_option(*before, Vec::put_quantity);
                out.put_quantity(*after);
            }
            Effect::SecurityScaled { security, before, after, price } => {
                out.put_u8(26);
                out.put_u32(security.0);
                out.put_quantity(*before);
                out.put_quantity(*after);
                out.put_option(*price, Vec::put_money);
            }
            Effect::SecurityAccepted { security } => {
                out.put_u8(27);
                out.put_u32(security.0);
            }
            Effect::SecurityRepriced { security, price } => {
                out.put_u8(28);
                out.put_u32(security.0);
                out.put_money(*price);
            }
            Effect::Documented { issuer, objects } => {
                out.put_u8(29);
                out.put_u32(issuer.0);
                out.put_count(objects.len());
                for object in objects {
                    out.put_bytes(object.to_json().as_bytes());
                }
            }
            Effect::DefectAccepted { issuer, rule } => {
                out.put_u8(11);
                out.put_u32(issuer.0);
                out.put_u16(rule.number());
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
            9 => Effect::IssuerAuthorized {
                issuer: IssuerId(from.u32()?),
                authorized: Authorized::decode(from)?,
            },
            10 => Effect::ClassAuthorized {
                class: ClassId(from.u32()?),
                authorized: Authorized::decode(from)?,
            },
            12 => Effect::ConversionsSet {
                class: ClassId(from.u32()?),
                conversions: from.list(Conversion::decode)?,
            },
            13 => Effect::RepurchasePolicy { class: ClassId(from.u32()?), treasury: from.bool()? },
            14 => Effect::ClassSplit {
                class: ClassId(from.u32()?),
                ratio: from.ratio()?,
                treasury: from.quantity()?,
                retired: from.quantity()?,
            },
            15 => Effect::CertificateScaled {
                certificate: decode_certificate(from)?,
                class: ClassId(from.u32()?),
                account: AccountId(from.u32()?),
                before: from.quantity()?,
                after: from.quantity()?,
            },
            16 => Effect::TreasuryKept { class: ClassId(from.u32()?), quantity: from.quantity()? },
            17 => Effect::PlanRegistered {
                plan: PlanId(from.u32()?),
                issuer: IssuerId(from.u32()?),
                classes: from.list(|from| from.u32().map(ClassId))?,
                reserved: from.quantity()?,
                returns: from.bool()?,
                source_id: from.text()?.to_owned(),
            },
            18 => Effect::PoolReserved { plan: PlanId(from.u32()?), reserved: from.quantity()? },
            19 => Effect::PoolDrawn { plan: PlanId(from.u32()?), quantity: from.quantity()? },
            20 => Effect::PoolReturned {
                plan: PlanId(from.u32()?),
                quantity: from.quantity()?,
                from: Granted::decode(from)?,
                moved: from.bool()?,
            },
            30 => Effect::StockOfPlan {
                certificate: decode_certificate(from)?,
                plan: PlanId(from.u32()?),
            },
            21 => Effect::PoolExercised { plan: PlanId(from.u32()?), quantity: from.quantity()? },
            22 => Effect::PoolScaled { plan: PlanId(from.u32()?), pool: Pool::decode(from)? },
            23 => Effect::SecurityOpened(Box::new(SecurityOpened::decode(from)?)),
            24 => Effect::SecurityClosed {
                security: SecurityId(from.u32()?),
                account: AccountId(from.u32()?),
                quantity: from.option(Reader::quantity)?,
            },
            25 => Effect::SecurityReduced {
                security: SecurityId(from.u32()?),
                before: from.option(Reader::quantity)?,
                after: from.quantity()?,
            },
            26 => Effect::SecurityScaled {
                security: SecurityId(from.u32()?),
                before: from.quantity()?,
                after: from.quantity()?,
                price: from.option(Reader::money)?,
            },
            27 => Effect::SecurityAccepted { security: SecurityId(from.u32()?) },
            28 => {
                Effect::SecurityRepriced { security: SecurityId(from.u32()?), price: from.money()? }
            }
            29 => Effect::Documented {
                issuer: IssuerId(from.u32()?),
                objects: from.list(|from| {
                    let text = std::str::from_utf8(from.bytes()?).map_err(|_| from.invalid())?;
                    Object::parse_json(text).map(Arc::new).ok_or(from.invalid())
                })?,
            },
            11 => Effect::DefectAccepted {
                issuer: IssuerId(from.u32()?),
                rule: Rule::from_number(from.u16()?).ok_or(from.invalid())?,
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

fn pool(tag: u8, plan: PlanId, quantity: Quantity, out: &mut Vec<u8>) {
    out.put_u8(tag);
    out.put_u32(plan.0);
    out.put_quantity(quantity);
}

impl Granted {
    fn encode(self, out: &mut Vec<u8>) {
        match self {
            Granted::Security(security) => {
                out.put_u8(0);
                out.put_u32(security.0);
            }
            Granted::Stock(certificate) => {
                out.put_u8(1);
                encode_certificate(certificate, out);
            }
        }
    }

    fn decode(from: &mut Reader<'_>) -> Result<Granted, CodecError> {
        match from.u8()? {
            0 => Ok(Granted::Security(SecurityId(from.u32()?))),
            1 => Ok(Granted::Stock(decode_certificate(from)?)),
            _ => Err(from.invalid()),
        }
    }
}

impl Pool {
    /// Writes the canonical bytes.
    pub fn encode(&self, out: &mut Vec<u8>) {
        for quantity in [self.reserved, self.drawn, self.returned, self.exercised] {
            out.put_quantity(quantity);
        }
    }

    /// Reads the canonical bytes.
    pub fn decode(from: &mut Reader<'_>) -> Result<Pool, CodecError> {
        Ok(Pool {
            reserved: from.quantity()?,
            drawn: from.quantity()?,
            returned: from.quantity()?,
            exercised: from.quantity()?,
        })
    }
}

impl SecurityOpened {
    fn encode(&self, out: &mut Vec<u8>) {
        out.put_u32(self.security.0);
        out.put_u32(self.issuer.0);
        out.put_u8(self.instrument as u8);
        out.put_u32(self.account.0);
        encode_holder(self.holder, out);
        out.put_option(self.quantity, Vec::put_quantity);
        out.put_option(self.currency, |out, currency| out.put(&currency.bytes()));
        out.put_option(self.plan, |out, plan| out.put_u32(plan.0));
        out.put_option(self.class, |out, class| out.put_u32(class.0));
        out.put_option(self.price, Vec::put_money);
        out.put_bool(self.balance);
        out.put_text(&self.number);
        out.put_text(&self.source_id);
    }

    fn decode(from: &mut Reader<'_>) -> Result<SecurityOpened, CodecError> {
        Ok(SecurityOpened {
            security: SecurityId(from.u32()?),
            issuer: IssuerId(from.u32()?),
            instrument: Instrument::decode(from)?,
            account: AccountId(from.u32()?),
            holder: decode_holder(from)?,
            quantity: from.option(Reader::quantity)?,
            currency: from.option(Reader::currency)?,
            plan: from.option(|from| from.u32().map(PlanId))?,
            class: from.option(|from| from.u32().map(ClassId))?,
            price: from.option(Reader::money)?,
            balance: from.bool()?,
            number: from.text()?.to_owned(),
            source_id: from.text()?.to_owned(),
        })
    }
}
