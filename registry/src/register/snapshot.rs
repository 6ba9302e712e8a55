//! The register as canonical bytes, for snapshots and for the digest of the state.

use super::{
    Account, Class, Issuer, Party, Position, Register, Slot, Stakeholder, dense, position_key,
};
use crate::codec::{CodecError, Reader, Writer};
use crate::effect::{Authorized, decode_holder, decode_kind, encode_holder};
use crate::handle::{AccountId, ClassId, IssuerId, PartyId};
use crate::store::{Cell, Index, Paged};

impl Register {
    /// Writes the canonical bytes: the same state gives the same bytes, whatever the seed.
    pub fn encode(&self, out: &mut Vec<u8>) {
        encode_all(out, &self.parties, |out, party: &Party| {
            out.put_bool(party.legal);
            out.put(&party.details);
        });
        encode_all(out, &self.issuers, encode_issuer);
        encode_all(out, &self.classes, encode_class);
        encode_all(out, &self.stakeholders, |out, line: &Stakeholder| {
            out.put_u32(line.issuer.0);
            out.put_u32(line.account.0);
            out.put_option(line.party, |out, party| out.put_u32(party.0));
            out.put_text(&line.source_id);
        });
        encode_all(out, &self.accounts, |out, account: &Account| {
            encode_holder(account.holder, out);
            out.put_u32(account.operator.0);
            out.put_u32(account.first_position);
        });
        encode_all(out, &self.positions, |out, position: &Position| {
            out.put_u32(position.class.0);
            out.put_u32(position.account.0);
            out.put_quantity(position.quantity);
            for number in
                [position.certificates, position.head, position.tail, position.next_of_account]
            {
                out.put_u32(number);
            }
        });
        encode_all(out, &self.slots, |out, slot: &Slot| {
            out.put_quantity(slot.quantity);
            out.put_u64(slot.record);
            for number in [slot.position, slot.next, slot.prev, slot.place] {
                out.put_u32(number);
            }
            out.put_date(slot.date);
            out.put_bool(slot.accepted);
        });
        out.put_u32(*self.free);
        encode_all(out, &self.used_ids, |out, digest: &u128| out.put_u128(*digest));
    }

    /// Reads the canonical bytes. Whether the state is sound is for [`Register::audit`] to say.
    pub fn decode(from: &mut Reader<'_>, seed: u64) -> Result<Register, CodecError> {
        let mut register = Register::new(seed);
        register.parties =
            decode_all(from, |from| Ok(Party { legal: from.bool()?, details: from.array()? }))?;
        register.issuers = decode_all(from, decode_issuer)?;
        register.classes = decode_all(from, decode_class)?;
        register.stakeholders = decode_all(from, |from| {
            Ok(Stakeholder {
                issuer: IssuerId(from.u32()?),
                account: AccountId(from.u32()?),
                party: from.option(|from| from.u32().map(PartyId))?,
                source_id: from.text()?.to_owned(),
            })
        })?;
        register.accounts = decode_all(from, |from| {
            Ok(Account {
                holder: decode_holder(from)?,
                operator: PartyId(from.u32()?),
                first_position: from.u32()?,
            })
        })?;
        register.positions = decode_all(from, |from| {
            Ok(Position {
                class: ClassId(from.u32()?),
                account: AccountId(from.u32()?),
                quantity: from.quantity()?,
                certificates: from.u32()?,
                head: from.u32()?,
                tail: from.u32()?,
                next_of_account: from.u32()?,
            })
        })?;
        register.slots = decode_all(from, |from| {
            Ok(Slot {
                quantity: from.quantity()?,
                record: from.u64()?,
                position: from.u32()?,
                next: from.u32()?,
                prev: from.u32()?,
                place: from.u32()?,
                date: from.date()?,
                accepted: from.bool()?,
            })
        })?;
        register.free = Cell::new(from.u32()?);
        register.used_ids = decode_all(from, |from| from.u128())?;
        for (at, position) in register.positions.iter().enumerate() {
            register.position_of.insert(position_key(position.account, position.class), dense(at));
        }
        let mut used = Index::new(seed);
        for (at, digest) in register.used_ids.iter().enumerate() {
            used.insert(*digest, dense(at));
        }
        register.used_id_at = used;
        Ok(register)
    }
}

fn encode_issuer(out: &mut Vec<u8>, issuer: &Issuer) {
    out.put_u32(issuer.party.0);
    out.put_u32(issuer.registrar.0);
    out.put_bool(issuer.draft);
    out.put_date(issuer.formed);
    issuer.authorized.encode(out);
    out.put_quantity(issuer.classes_authorized);
    out.put_quantity(issuer.outstanding);
    out.put_text(&issuer.source_id);
}

fn decode_issuer(from: &mut Reader<'_>) -> Result<Issuer, CodecError> {
    Ok(Issuer {
        party: PartyId(from.u32()?),
        registrar: PartyId(from.u32()?),
        draft: from.bool()?,
        formed: from.date()?,
        authorized: Authorized::decode(from)?,
        classes_authorized: from.quantity()?,
        outstanding: from.quantity()?,
        source_id: from.text()?.to_owned(),
    })
}

fn encode_class(out: &mut Vec<u8>, class: &Class) {
    out.put_u32(class.issuer.0);
    out.put_u8(class.kind as u8);
    out.put_u8(class.decimals);
    class.authorized.encode(out);
    out.put_quantity(class.issued);
    out.put_quantity(class.outstanding);
    out.put_quantity(class.retired);
    out.put_text(&class.name);
    out.put_text(&class.source_id);
}

fn decode_class(from: &mut Reader<'_>) -> Result<Class, CodecError> {
    Ok(Class {
        issuer: IssuerId(from.u32()?),
        kind: decode_kind(from)?,
        decimals: from.u8()?,
        authorized: Authorized::decode(from)?,
        issued: from.quantity()?,
        outstanding: from.quantity()?,
        retired: from.quantity()?,
        name: from.text()?.to_owned(),
        source_id: from.text()?.to_owned(),
    })
}

/// Writes a count and the items of a container.
pub fn encode_all<T: Clone + Default>(
    out: &mut Vec<u8>,
    items: &Paged<T>,
    write: impl Fn(&mut Vec<u8>, &T),
) {
    out.put_count(items.len());
    for item in items.iter() {
        write(out, item);
    }
}

/// Reads what [`encode_all`] wrote.
pub fn decode_all<T: Clone + Default>(
    from: &mut Reader<'_>,
    read: impl FnMut(&mut Reader<'_>) -> Result<T, CodecError>,
) -> Result<Paged<T>, CodecError> {
    let mut items = Paged::default();
    for item in from.list(read)? {
        items.push(item);
    }
    Ok(items)
}
