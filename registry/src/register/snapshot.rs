//! The register as canonical bytes, for snapshots and for the digest of the state.

use super::{
    Account, Class, Issuer, Name, Party, Plan, PlanStock, Position, Register, Security, Slot,
    Stakeholder, Target, dense, position_key,
};
use crate::codec::{CodecError, Reader, Writer};
use crate::effect::{
    Authorized, Conversion, Instrument, Pool, decode_certificate, decode_holder, decode_kind,
    encode_certificate, encode_holder,
};
use crate::handle::{AccountId, ClassId, IssuerId, PartyId, PlanId, SecurityId, StakeholderId};
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
        encode_all(out, &self.plans, encode_plan);
        encode_all(out, &self.securities, encode_security);
        encode_all(out, &self.plan_stock, |out, stock: &PlanStock| {
            encode_certificate(stock.certificate, out);
            out.put_u32(stock.issuer.0);
            out.put_option(stock.plan, |out, plan| out.put_u32(plan.0));
            out.put_quantity(stock.drawn);
            out.put_quantity(stock.ceased);
            out.put_date(stock.last);
            out.put_quantity(stock.returned);
            out.put_bool(stock.by_itself);
            out.put_quantity(stock.moved);
        });
        encode_all(out, &self.names, encode_name);
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
        register.plans = decode_all(from, decode_plan)?;
        register.securities = decode_all(from, decode_security)?;
        register.take_over_plan_stock(decode_all(from, |from| {
            Ok(PlanStock {
                certificate: decode_certificate(from)?,
                issuer: IssuerId(from.u32()?),
                plan: from.option(|from| from.u32().map(PlanId))?,
                drawn: from.quantity()?,
                ceased: from.quantity()?,
                last: from.date()?,
                returned: from.quantity()?,
                by_itself: from.bool()?,
                moved: from.quantity()?,
            })
        })?);
        register.names = decode_all(from, decode_name)?;
        for (at, position) in register.positions.iter().enumerate() {
            register.position_of.insert(position_key(position.account, position.class), dense(at));
        }
        let mut used = Index::new(seed);
        for (at, name) in register.names.iter().enumerate() {
            used.insert(name.digest, dense(at));
        }
        register.name_at = used;
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
    out.put_bool(issuer.excess);
    out.put_date(issuer.ruled);
    out.put_date(issuer.last);
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
        excess: from.bool()?,
        ruled: from.date()?,
        last: from.date()?,
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
    out.put_quantity(class.treasury);
    out.put_quantity(class.retired);
    out.put_bool(class.keeps_repurchased);
    out.put_bool(class.excess);
    for date in [class.ruled, class.last, class.split, class.converts_since] {
        out.put_date(date);
    }
    out.put_count(class.conversions.len());
    for conversion in &class.conversions {
        conversion.encode(out);
    }
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
        treasury: from.quantity()?,
        retired: from.quantity()?,
        keeps_repurchased: from.bool()?,
        excess: from.bool()?,
        ruled: from.date()?,
        last: from.date()?,
        split: from.date()?,
        converts_since: from.date()?,
        conversions: from.list(Conversion::decode)?,
        name: from.text()?.to_owned(),
        source_id: from.text()?.to_owned(),
    })
}

fn encode_plan(out: &mut Vec<u8>, plan: &Plan) {
    out.put_u32(plan.issuer.0);
    out.put_count(plan.classes.len());
    for class in &plan.classes {
        out.put_u32(class.0);
    }
    plan.pool.encode(out);
    out.put_bool(plan.returns);
    out.put_bool(plan.excess);
    out.put_date(plan.ruled);
    out.put_date(plan.last);
    out.put_text(&plan.source_id);
}

fn decode_plan(from: &mut Reader<'_>) -> Result<Plan, CodecError> {
    Ok(Plan {
        issuer: IssuerId(from.u32()?),
        classes: from.list(|from| from.u32().map(ClassId))?,
        pool: Pool::decode(from)?,
        returns: from.bool()?,
        excess: from.bool()?,
        ruled: from.date()?,
        last: from.date()?,
        source_id: from.text()?.to_owned(),
    })
}

fn encode_security(out: &mut Vec<u8>, security: &Security) {
    out.put_u32(security.issuer.0);
    out.put_u8(security.instrument as u8);
    out.put_u32(security.account.0);
    out.put_option(security.quantity, Vec::put_quantity);
    out.put_option(security.currency, |out, currency| out.put(&currency.bytes()));
    out.put_option(security.plan, |out, plan| out.put_u32(plan.0));
    out.put_option(security.class, |out, class| out.put_u32(class.0));
    out.put_option(security.price, Vec::put_money);
    out.put_date(security.date);
    out.put_date(security.last);
    out.put_bool(security.accepted);
    out.put_bool(security.ended);
    out.put_quantity(security.cancelled);
    out.put_quantity(security.returned);
    out.put_bool(security.by_itself);
    out.put_quantity(security.moved);
}

fn decode_security(from: &mut Reader<'_>) -> Result<Security, CodecError> {
    Ok(Security {
        issuer: IssuerId(from.u32()?),
        instrument: Instrument::decode(from)?,
        account: AccountId(from.u32()?),
        quantity: from.option(Reader::quantity)?,
        currency: from.option(Reader::currency)?,
        plan: from.option(|from| from.u32().map(PlanId))?,
        class: from.option(|from| from.u32().map(ClassId))?,
        price: from.option(Reader::money)?,
        date: from.date()?,
        last: from.date()?,
        accepted: from.bool()?,
        ended: from.bool()?,
        cancelled: from.quantity()?,
        returned: from.quantity()?,
        by_itself: from.bool()?,
        moved: from.quantity()?,
    })
}

fn encode_name(out: &mut Vec<u8>, name: &Name) {
    out.put_u128(name.digest);
    match name.target {
        Target::Known => out.put_u8(0),
        Target::Class(class) => {
            out.put_u8(1);
            out.put_u32(class.0);
        }
        Target::Stakeholder(stakeholder) => {
            out.put_u8(2);
            out.put_u32(stakeholder.0);
        }
        Target::Plan(plan) => {
            out.put_u8(3);
            out.put_u32(plan.0);
        }
        Target::Certificate(certificate) => {
            out.put_u8(4);
            encode_certificate(certificate, out);
        }
        Target::Security(security) => {
            out.put_u8(5);
            out.put_u32(security.0);
        }
    }
}

fn decode_name(from: &mut Reader<'_>) -> Result<Name, CodecError> {
    let digest = from.u128()?;
    let target = match from.u8()? {
        0 => Target::Known,
        1 => Target::Class(ClassId(from.u32()?)),
        2 => Target::Stakeholder(StakeholderId(from.u32()?)),
        3 => Target::Plan(PlanId(from.u32()?)),
        4 => Target::Certificate(decode_certificate(from)?),
        5 => Target::Security(SecurityId(from.u32()?)),
        _ => return Err(from.invalid()),
    };
    Ok(Name { digest, target })
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
