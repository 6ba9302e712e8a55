//! Texts into terms, one function for each kind of field.

use std::str::FromStr;
use std::sync::Arc;

use counterfoil_registry::amount::{Currency, Quantity};
use counterfoil_registry::date::Date;
use counterfoil_registry::effect::{Authorized, ClassKind};
use counterfoil_registry::handle::CertificateId;

use super::import::objects;
use super::{
    AmountText, Command, FieldError, Instruct, Movement, Reference, Roles, import_item, joint,
};
use crate::key::PublicKey;
use crate::limits::{KEYS_PER_PARTICIPANT, NAMED_CERTIFICATES, QUANTITY_UNITS, TEXT_BYTES};
use crate::wire::v1::{self, command::Command as Wire};

pub(super) type Parsed<T> = Result<T, FieldError>;

pub(super) fn refuse<T>(path: &str, why: &str) -> Parsed<T> {
    Err(FieldError { path: path.to_owned(), why: why.to_owned() })
}

/// A handle such as `A42-7`.
fn handle<T>(path: &str, text: &str, parse: fn(&str) -> Option<T>) -> Parsed<T> {
    let why = "a handle with its check character, such as A42-7, is wanted";
    parse(text).map_or_else(|| refuse(path, why), Ok)
}

pub(super) fn date(path: &str, text: &str) -> Parsed<Date> {
    Date::parse(text).map_or_else(|| refuse(path, "a date YYYY-MM-DD is wanted"), Ok)
}

pub(super) fn quantity(path: &str, text: &str) -> Parsed<Quantity> {
    let why =
        "the shortest decimal above zero with at most ten decimals and 10^15 shares is wanted";
    let fits = |quantity: &Quantity| !quantity.is_zero() && quantity.0 <= QUANTITY_UNITS;
    Quantity::parse(text).filter(fits).map_or_else(|| refuse(path, why), Ok)
}

pub(super) fn authorized(path: &str, text: &str) -> Parsed<Authorized> {
    let why = "a number of shares, UNLIMITED or NOT APPLICABLE is wanted";
    Authorized::parse(text).map_or_else(|| refuse(path, why), Ok)
}

fn reference(path: &str, text: &str) -> Parsed<Reference> {
    let why = "1 to 35 visible ASCII characters are wanted";
    Reference::parse(text).map_or_else(|| refuse(path, why), Ok)
}

/// A name, printed number or package id; it may be empty.
pub(super) fn label(path: &str, text: String) -> Parsed<String> {
    // Marks that reverse the reading direction let one name pass for another.
    let harmful = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if text.len() > TEXT_BYTES || text.chars().any(harmful) {
        return refuse(path, "at most 200 bytes without control or direction marks are wanted");
    }
    Ok(text)
}

pub(super) fn name(path: &str, text: String) -> Parsed<String> {
    if text.trim().is_empty() { refuse(path, "a text is wanted") } else { label(path, text) }
}

fn array<const N: usize>(path: &str, bytes: &[u8]) -> Parsed<[u8; N]> {
    bytes.try_into().or_else(|_| refuse(path, &format!("{N} bytes are wanted")))
}

pub(super) fn number<T: FromStr + ToString>(path: &str, text: &str) -> Parsed<T> {
    let value = text.parse::<T>().ok().filter(|value| value.to_string() == text);
    value.map_or_else(|| refuse(path, "a small whole number is wanted"), Ok)
}

pub(super) fn currency(path: &str, text: &str) -> Parsed<Currency> {
    let why = "a currency code of three capital letters is wanted";
    Currency::parse(text).map_or_else(|| refuse(path, why), Ok)
}

fn amount(path: &str, text: String) -> Parsed<AmountText> {
    // The scale follows from the asset; that it is a decimal at all can be said here.
    let decimal = counterfoil_registry::amount::parse_decimal(&text, 10).is_some();
    if decimal { Ok(AmountText(text)) } else { refuse(path, "the shortest decimal is wanted") }
}

pub(super) fn class_kind(path: &str, kind: v1::ClassKind) -> Parsed<ClassKind> {
    match kind {
        v1::ClassKind::Common => Ok(ClassKind::Common),
        v1::ClassKind::Preferred => Ok(ClassKind::Preferred),
        v1::ClassKind::Unspecified => refuse(path, "COMMON or PREFERRED is wanted"),
    }
}

pub(super) fn command(message: v1::Command) -> Parsed<Command> {
    use counterfoil_registry::handle::{AccountId, ClassId, IssuerId, PartyId, StakeholderId};

    use crate::handle::{AssetId, CashAccountId};

    let joint = match &message.command {
        Some(Wire::LinkStakeholder(_) | Wire::ActivateRegister(_)) => joint(&message),
        _ => crate::hash::Hash::ZERO,
    };
    let Some(wire) = message.command else {
        return refuse("command", "one of the documented commands is wanted");
    };
    Ok(match wire {
        Wire::RegisterParty(c) => Command::RegisterParty {
            legal: match c.kind() {
                v1::PartyKind::Legal => true,
                v1::PartyKind::Natural => false,
                v1::PartyKind::Unspecified => {
                    return refuse("registerParty.kind", "NATURAL or LEGAL is wanted");
                }
            },
            details: array("registerParty.details", &c.details)?,
        },
        Wire::AdmitParticipant(c) => Command::AdmitParticipant {
            party: handle("admitParticipant.party", &c.party, PartyId::parse)?,
            roles: roles(&c.roles)?,
            keys: keys("admitParticipant.keys", &c.keys)?,
        },
        Wire::AddKey(c) => Command::AddKey {
            participant: handle("addKey.participant", &c.participant, PartyId::parse)?,
            key: PublicKey(array("addKey.key", &c.key)?),
        },
        Wire::RevokeKey(c) => Command::RevokeKey {
            participant: handle("revokeKey.participant", &c.participant, PartyId::parse)?,
            key: PublicKey(array("revokeKey.key", &c.key)?),
        },
        Wire::OpenSecuritiesAccount(c) => Command::OpenSecuritiesAccount {
            holder: handle("openSecuritiesAccount.holder", &c.holder, PartyId::parse)?,
        },
        Wire::CreateCashAsset(c) => Command::CreateCashAsset {
            currency: currency("createCashAsset.currency", &c.currency)?,
            bank: handle("createCashAsset.bank", &c.bank, PartyId::parse)?,
        },
        Wire::OpenCashAccount(c) => Command::OpenCashAccount {
            party: handle("openCashAccount.party", &c.party, PartyId::parse)?,
            asset: handle("openCashAccount.asset", &c.asset, AssetId::parse)?,
            operator: handle("openCashAccount.operator", &c.operator, PartyId::parse)?,
        },
        Wire::CreditCash(c) => Command::CreditCash {
            account: handle("creditCash.account", &c.account, CashAccountId::parse)?,
            amount: amount("creditCash.amount", c.amount)?,
            reference: reference("creditCash.reference", &c.reference)?,
        },
        Wire::RedeemCash(c) => Command::RedeemCash {
            account: handle("redeemCash.account", &c.account, CashAccountId::parse)?,
            amount: amount("redeemCash.amount", c.amount)?,
            reference: reference("redeemCash.reference", &c.reference)?,
        },
        Wire::RegisterIssuer(c) => Command::RegisterIssuer {
            party: handle("registerIssuer.party", &c.party, PartyId::parse)?,
            registrar: handle("registerIssuer.registrar", &c.registrar, PartyId::parse)?,
            formed: date("registerIssuer.formed", &c.formed)?,
            authorized: authorized("registerIssuer.authorized", &c.authorized)?,
            source_id: label("registerIssuer.sourceId", c.source_id)?,
            draft: c.draft,
        },
        Wire::RegisterStockClass(c) => Command::RegisterStockClass {
            issuer: handle("registerStockClass.issuer", &c.issuer, IssuerId::parse)?,
            kind: class_kind("registerStockClass.kind", c.kind())?,
            authorized: authorized("registerStockClass.authorized", &c.authorized)?,
            decimals: match number::<u8>("registerStockClass.decimals", &c.decimals)? {
                decimals @ 0..=10 => decimals,
                _ => return refuse("registerStockClass.decimals", "0 to 10 is wanted"),
            },
            name: name("registerStockClass.name", c.name)?,
            source_id: label("registerStockClass.sourceId", c.source_id)?,
        },
        Wire::RegisterStakeholder(c) => Command::RegisterStakeholder {
            issuer: handle("registerStakeholder.issuer", &c.issuer, IssuerId::parse)?,
            source_id: name("registerStakeholder.sourceId", c.source_id)?,
        },
        Wire::LinkStakeholder(c) => Command::LinkStakeholder {
            stakeholder: handle(
                "linkStakeholder.stakeholder",
                &c.stakeholder,
                StakeholderId::parse,
            )?,
            party: handle("linkStakeholder.party", &c.party, PartyId::parse)?,
            operator: handle("linkStakeholder.operator", &c.operator, PartyId::parse)?,
            joint,
        },
        Wire::IssueStock(c) => Command::IssueStock {
            class: handle("issueStock.class", &c.class, ClassId::parse)?,
            account: handle("issueStock.account", &c.account, AccountId::parse)?,
            quantity: quantity("issueStock.quantity", &c.quantity)?,
            consideration: match (c.consideration.is_empty(), c.currency.is_empty()) {
                (true, true) => None,
                _ => Some((
                    amount("issueStock.consideration", c.consideration)?,
                    currency("issueStock.currency", &c.currency)?,
                )),
            },
            date: match c.date.as_str() {
                "" => None,
                text => Some(date("issueStock.date", text)?),
            },
            number: label("issueStock.number", c.number)?,
        },
        Wire::TransferStock(c) => Command::TransferStock {
            class: handle("transferStock.class", &c.class, ClassId::parse)?,
            from: handle("transferStock.from", &c.from, AccountId::parse)?,
            to: handle("transferStock.to", &c.to, AccountId::parse)?,
            quantity: quantity("transferStock.quantity", &c.quantity)?,
            certificates: certificates(&c.certificates)?,
        },
        Wire::InstructSettlement(c) => Command::InstructSettlement(instruct(c)?),
        Wire::CancelInstruction(c) => Command::CancelInstruction {
            reference: reference("cancelInstruction.reference", &c.reference)?,
        },
        Wire::ImportRegister(c) => Command::ImportRegister {
            issuer: handle("importRegister.issuer", &c.issuer, IssuerId::parse)?,
            items: {
                for (at, item) in c.items.iter().enumerate() {
                    import_item(&format!("importRegister.items[{at}]"), item)?;
                }
                Arc::new(c.items)
            },
        },
        Wire::ActivateRegister(c) => Command::ActivateRegister {
            issuer: handle("activateRegister.issuer", &c.issuer, IssuerId::parse)?,
            package: array("activateRegister.package", &c.package)?,
            findings: number("activateRegister.findings", &c.findings)?,
            items: number("activateRegister.items", &c.items)?,
            outstanding: match Quantity::parse(&c.outstanding) {
                Some(quantity) => quantity,
                None => return refuse("activateRegister.outstanding", "a quantity is wanted"),
            },
            joint,
        },
        Wire::RecordTransaction(c) => Command::RecordTransaction {
            issuer: handle("recordTransaction.issuer", &c.issuer, IssuerId::parse)?,
            objects: objects("recordTransaction", &c.objects)?,
        },
        Wire::SetRepurchasePolicy(c) => Command::SetRepurchasePolicy {
            class: handle("setRepurchasePolicy.class", &c.class, ClassId::parse)?,
            treasury: c.treasury,
        },
        Wire::RaiseFeatureLevel(c) => {
            Command::RaiseFeatureLevel { level: number("raiseFeatureLevel.level", &c.level)? }
        }
    })
}

fn instruct(c: v1::InstructSettlement) -> Parsed<Instruct> {
    use counterfoil_registry::handle::{AccountId, ClassId, PartyId};

    use crate::handle::CashAccountId;

    let at = |name: &str| format!("instructSettlement.{name}");
    let movement = match c.movement() {
        v1::Movement::Deliver => Movement::Deliver,
        v1::Movement::Receive => Movement::Receive,
        v1::Movement::Unspecified => {
            return refuse(&at("movement"), "DELIVER or RECEIVE is wanted");
        }
    };
    let payment = match (c.payment(), c.cash_account.is_empty() && c.amount.is_empty()) {
        (v1::Payment::Free, true) => None,
        (v1::Payment::Free, false) => {
            let why = "no cash account and no amount is wanted with an instruction free of payment";
            return refuse(&at("amount"), why);
        }
        (v1::Payment::Against, _) => Some((
            handle(&at("cashAccount"), &c.cash_account, CashAccountId::parse)?,
            amount(&at("amount"), c.amount)?,
        )),
        (v1::Payment::Unspecified, _) => {
            return refuse(&at("payment"), "AGAINST or FREE is wanted");
        }
    };
    Ok(Instruct {
        reference: reference(&at("reference"), &c.reference)?,
        movement,
        class: handle(&at("class"), &c.class, ClassId::parse)?,
        quantity: quantity(&at("quantity"), &c.quantity)?,
        trade_date: date(&at("tradeDate"), &c.trade_date)?,
        settlement_date: date(&at("settlementDate"), &c.settlement_date)?,
        delivering_party: handle(&at("deliveringParty"), &c.delivering_party, PartyId::parse)?,
        receiving_party: handle(&at("receivingParty"), &c.receiving_party, PartyId::parse)?,
        account: match (c.account.as_str(), movement) {
            ("", Movement::Deliver) => None,
            (text, _) => Some(handle(&at("account"), text, AccountId::parse)?),
        },
        payment,
        common: match c.common_reference.as_str() {
            "" => Reference::default(),
            text => reference(&at("commonReference"), text)?,
        },
    })
}

fn roles(roles: &[i32]) -> Parsed<Roles> {
    let mut all = Roles::default();
    for role in roles {
        match v1::Role::try_from(*role) {
            Ok(role) if role != v1::Role::Unspecified => all = all.with(Roles(1 << role as i32)),
            _ => return refuse("admitParticipant.roles", "the documented roles are wanted"),
        }
    }
    Ok(all)
}

fn keys(path: &str, keys: &[bytes::Bytes]) -> Parsed<Vec<PublicKey>> {
    if keys.is_empty() || keys.len() > KEYS_PER_PARTICIPANT {
        return refuse(path, "1 to 64 keys are wanted");
    }
    keys.iter().map(|key| array(path, key).map(PublicKey)).collect()
}

fn certificates(texts: &[String]) -> Parsed<Vec<CertificateId>> {
    let path = "transferStock.certificates";
    if texts.len() > NAMED_CERTIFICATES {
        return refuse(path, "at most 64 certificates can be named");
    }
    texts.iter().map(|text| handle(path, text, CertificateId::parse)).collect()
}
