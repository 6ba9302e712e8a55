//! A command against what was done: one sentence for the first thing that differs.
//!
//! A closed section says nothing and is not compared. What a settlement did is judged by
//! [`super::legs`].

use counterfoil_registry::action::Action;
use counterfoil_registry::amount::{Currency, Money, Quantity, parse_decimal};
use counterfoil_registry::effect::{Effect, Opened};
use counterfoil_registry::event::{Consideration, Event, EventKind};
use counterfoil_registry::handle::{AccountId, CertificateId, ClassId, Holder, IssuerId};
use counterfoil_registry::ocf::object::Object;

use super::sections::Contents;
use crate::command::{AmountText, Command, Roles};
use crate::effects::{CashEffect, PartyEffect};

/// Whether an accepted command asked for what its record did.
pub(super) fn check(command: &Command, done: &Contents) -> Result<(), String> {
    match command {
        Command::InstructSettlement(_) => quiet_parties(done),
        Command::RegisterParty { .. }
        | Command::AdmitParticipant { .. }
        | Command::AddKey { .. }
        | Command::RevokeKey { .. }
        | Command::RaiseFeatureLevel { .. } => {
            quiet_register(done)?;
            quiet_cash(done)?;
            parties(command, &done.parties)
        }
        Command::CreateCashAsset { currency, bank } => {
            quiet_register(done)?;
            quiet_parties(done)?;
            match done.cash.as_deref() {
                None => Ok(()),
                Some([CashEffect::AssetCreated { currency: made, bank: owes, .. }])
                    if (made, owes) == (currency, bank) =>
                {
                    Ok(())
                }
                Some(_) => Err("another asset was asked for".to_owned()),
            }
        }
        Command::RegisterIssuer { .. } => {
            quiet_cash(done)?;
            if !matches!(done.parties.as_slice(), [PartyEffect::IssuerChain { .. }]) {
                return Err("an issuer gets one chain".to_owned());
            }
            register(command, done)
        }
        Command::RegisterStockClass { .. }
        | Command::RegisterStakeholder { .. }
        | Command::LinkStakeholder { .. }
        | Command::IssueStock { .. }
        | Command::TransferStock { .. }
        | Command::RecordTransaction { .. }
        | Command::SetRepurchasePolicy { .. }
        | Command::ActivateRegister { .. } => {
            quiet_cash(done)?;
            quiet_parties(done)?;
            register(command, done)
        }
        Command::CreditCash { .. } | Command::RedeemCash { .. } => {
            quiet_register(done)?;
            quiet_parties(done)
        }
        Command::OpenSecuritiesAccount { .. }
        | Command::OpenCashAccount { .. }
        | Command::CancelInstruction { .. }
        | Command::ImportRegister { .. } => {
            quiet_register(done)?;
            quiet_cash(done)?;
            quiet_parties(done)
        }
    }
}

fn quiet_register(done: &Contents) -> Result<(), String> {
    match &done.events {
        Some(events) if !events.is_empty() => {
            Err("the command changes no register, and one changed".to_owned())
        }
        _ => Ok(()),
    }
}

fn quiet_cash(done: &Contents) -> Result<(), String> {
    match &done.cash {
        Some(cash) if !cash.is_empty() => {
            Err("the command moves no cash, and some moved".to_owned())
        }
        _ => Ok(()),
    }
}

fn quiet_parties(done: &Contents) -> Result<(), String> {
    if done.parties.is_empty() {
        return Ok(());
    }
    Err("the command changes no party or key, and one changed".to_owned())
}

fn parties(command: &Command, done: &[PartyEffect]) -> Result<(), String> {
    let agrees = match (command, done) {
        (
            Command::RegisterParty { legal, details },
            [PartyEffect::Registered { legal: is_legal, details: hash, .. }],
        ) => (legal, details) == (is_legal, hash),
        (
            Command::AdmitParticipant { party, roles, keys },
            [PartyEffect::Admitted { party: admitted, roles: given, .. }, added @ ..],
        ) => {
            let added_keys =
                keys.iter().map(|key| PartyEffect::KeyAdded { party: *party, key: *key });
            party == admitted && *roles == Roles(*given) && added_keys.eq(added.iter().cloned())
        }
        (Command::AddKey { participant, key }, [effect]) => {
            *effect == PartyEffect::KeyAdded { party: *participant, key: *key }
        }
        (Command::RevokeKey { participant, key }, [effect]) => {
            *effect == PartyEffect::KeyRevoked { party: *participant, key: *key }
        }
        (Command::RaiseFeatureLevel { level }, [effect]) => {
            *effect == PartyEffect::FeatureLevel { level: *level }
        }
        _ => false,
    };
    if agrees { Ok(()) } else { Err("parties or keys were changed in another way".to_owned()) }
}

fn register(command: &Command, done: &Contents) -> Result<(), String> {
    let Some(events) = &done.events else { return Ok(()) };
    let joint =
        matches!(command, Command::LinkStakeholder { .. } | Command::ActivateRegister { .. });
    // The first of two signatures waits for the other one.
    if joint && events.is_empty() {
        return Ok(());
    }
    if let Command::ActivateRegister { .. } = command {
        return activated(command, events);
    }
    let [event] = events.as_slice() else {
        return Err(format!("one event was asked for, there are {}", events.len()));
    };
    let agrees = match command {
        Command::IssueStock { .. } => issued(command, event),
        Command::TransferStock { class, from, to, quantity, certificates } => {
            event.consideration.is_none()
                && (certificates.is_empty() || closed(event).eq(certificates.iter().copied()))
                && movement(event).is_some_and(|moved| {
                    let wanted = (*class, Some(*from), *to, *quantity);
                    (moved.class, moved.from, moved.to, moved.quantity) == wanted
                })
        }
        Command::RecordTransaction { issuer, objects } => recorded(*issuer, objects, event),
        Command::SetRepurchasePolicy { class, treasury } => {
            let wanted = Effect::RepurchasePolicy { class: *class, treasury: *treasury };
            event.effects == [wanted]
        }
        _ => registered(command, event),
    };
    if agrees { Ok(()) } else { Err("the register was changed in another way".to_owned()) }
}

/// The event is of the kind and the date of what was recorded, and documents just that.
fn recorded(issuer: IssuerId, objects: &[Object], event: &Event) -> bool {
    let Ok(action) = Action::of(objects) else { return false };
    let told = event.effects.iter().filter_map(|effect| match effect {
        Effect::Documented { issuer, objects } => Some((*issuer, objects)),
        _ => None,
    });
    let told: Vec<_> = told.collect();
    let [(of, told)] = told.as_slice() else { return false };
    *of == issuer
        && told.iter().map(|object| object.as_ref()).eq(objects)
        && event.kind == action.event_kind()
        && action.date().is_none_or(|date| date == event.date)
}

fn closed(event: &Event) -> impl Iterator<Item = CertificateId> {
    event.effects.iter().filter_map(|effect| match effect {
        Effect::CertificateClosed { certificate, .. } => Some(*certificate),
        _ => None,
    })
}

fn registered(command: &Command, event: &Event) -> bool {
    let [effect] = event.effects.as_slice() else { return false };
    if event.kind != EventKind::Registration {
        return false;
    }
    match (command, effect) {
        (
            Command::RegisterIssuer { party, registrar, formed, authorized, source_id, draft },
            Effect::IssuerRegistered {
                party: p,
                registrar: r,
                formed: f,
                authorized: a,
                source_id: s,
                draft: d,
                ..
            },
        ) => (party, registrar, formed, authorized, source_id, draft) == (p, r, f, a, s, d),
        (
            Command::RegisterStockClass { issuer, kind, name, authorized, decimals, source_id },
            Effect::ClassRegistered {
                issuer: i,
                kind: k,
                name: n,
                authorized: a,
                decimals: d,
                source_id: s,
                ..
            },
        ) => (issuer, kind, name, authorized, decimals, source_id) == (i, k, n, a, d, s),
        (
            Command::RegisterStakeholder { issuer, source_id },
            Effect::StakeholderRegistered { issuer: i, source_id: s, .. },
        ) => (issuer, source_id) == (i, s),
        (
            Command::LinkStakeholder { stakeholder, party, operator, .. },
            Effect::StakeholderLinked { stakeholder: h, party: p, operator: o, .. },
        ) => (stakeholder, party, operator) == (h, p, o),
        _ => false,
    }
}

fn issued(command: &Command, event: &Event) -> bool {
    let Command::IssueStock { class, account, quantity, consideration, date, number } = command
    else {
        return false;
    };
    let [Effect::CertificateOpened(Opened { class: c, account: a, quantity: q, number: n, .. })] =
        event.effects.as_slice()
    else {
        return false;
    };
    let price = match consideration {
        Some((amount, currency)) => {
            money(amount, *currency).map(|money| Some(Consideration { money, settled: false }))
        }
        None => Some(None),
    };
    event.kind == EventKind::Issuance
        && (class, account, quantity, number) == (c, a, q, n)
        && price == Some(event.consideration)
        && date.is_none_or(|date| date == event.date)
}

fn activated(command: &Command, events: &[Event]) -> Result<(), String> {
    let Command::ActivateRegister { issuer, package, findings, .. } = command else {
        return Err("it is no activation".to_owned());
    };
    let last = events.last().map(|event| event.effects.as_slice());
    let wanted =
        Effect::RegisterActivated { issuer: *issuer, package: *package, findings: *findings };
    if last == Some(&[wanted]) {
        return Ok(());
    }
    Err("the register was activated in another way".to_owned())
}

/// An amount in the currency's minor units, as money.
pub(super) fn money(amount: &AmountText, currency: Currency) -> Option<Money> {
    let minor = parse_decimal(&amount.0, currency.minor_decimals())?;
    Money::from_minor(minor, currency)
}

/// Shares that went from one account, or from nowhere, to another one.
pub(super) struct Movement {
    pub(super) class: ClassId,
    pub(super) from: Option<AccountId>,
    pub(super) to: AccountId,
    pub(super) quantity: Quantity,
    pub(super) holder: Holder,
}

/// What an event moved, if it is an issuance or a transfer of one class to one account. Balance
/// certificates stay where they were and are no movement.
pub(super) fn movement(event: &Event) -> Option<Movement> {
    let (mut from, mut balance) = (None, None);
    let mut moved: Option<Movement> = None;
    for effect in &event.effects {
        match effect {
            Effect::CertificateClosed { class, account, .. } => {
                if *from.get_or_insert((*class, *account)) != (*class, *account) {
                    return None;
                }
            }
            Effect::CertificateOpened(opened) => {
                let Opened { class, account, quantity, holder, .. } = opened;
                if from == Some((*class, *account)) {
                    balance = Some(opened.certificate);
                    continue;
                }
                if moved.is_some() || from.is_some_and(|(closed, _)| closed != *class) {
                    return None;
                }
                moved = Some(Movement {
                    class: *class,
                    from: from.map(|(_, account)| account),
                    to: *account,
                    quantity: *quantity,
                    holder: *holder,
                });
            }
            // The balance of stock of a plan is stock of that plan.
            Effect::StockOfPlan { certificate, .. } if balance == Some(*certificate) => {}
            _ => return None,
        }
    }
    let moved = moved?;
    let kind = if moved.from.is_some() { EventKind::Transfer } else { EventKind::Issuance };
    (event.kind == kind).then_some(moved)
}
