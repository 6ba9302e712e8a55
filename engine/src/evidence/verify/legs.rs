//! Settlements: shares one way, cash the other, and nothing else than what was instructed.
//!
//! A settlement is the work of one record, so that both legs are judged together. Where the reader may
//! not see the instructions, since they name cash accounts, the two legs must still be there and in
//! balance; free of payment there is nothing to hide, and both instructions must be shown.

use std::collections::{BTreeMap, BTreeSet};

use counterfoil_registry::amount::{Currency, Money};
use counterfoil_registry::event::{Consideration, Event};
use counterfoil_registry::handle::Holder;

use super::agree::{Movement, money, movement};
use super::sections::created_assets;
use super::signers::Entry;
use super::{Case, Fault, FaultCode, Part, Settlements};
use crate::command::{Command, Instruct, Movement as Way};
use crate::effects::{CashEffect, IdentityEffect};
use crate::evidence::heads::Ordinal;
use crate::evidence::record::Section;
use crate::handle::{AssetId, InstructionId};
use crate::limits::amount_tolerance;

/// A cash leg in balance.
struct Paid {
    asset: AssetId,
    minor: u128,
    /// The lines of the payer and of the payee.
    lines: (u16, u16),
}

type Refused = (Part, FaultCode, String);

/// Judges every record of the issuer's chain; returns the settlements and the number of commands that
/// are not shown.
pub(super) fn check(
    case: &Case<'_>,
    issuer: Ordinal,
    entries: &[Entry],
) -> Result<(Settlements, usize), Fault> {
    let mut ledger = Legs { assets: BTreeMap::new(), instructions: BTreeMap::new() };
    for (at, entry) in entries.iter().enumerate() {
        let refused = |(part, code, detail): Refused| case.fault(at, part, code, detail);
        ledger.note(entry).map_err(refused)?;
    }
    let mut settlements = Settlements::default();
    let mut settled = BTreeSet::new();
    let mut hidden = 0;
    for (at, entry) in entries.iter().enumerate() {
        if !case.is_in_chain(at, issuer) {
            continue;
        }
        hidden += usize::from(entry.signer.is_some() && entry.command.is_none());
        ledger
            .judge(entry, &mut settlements, &mut settled)
            .map_err(|(part, code, detail)| case.fault(at, part, code, detail))?;
    }
    Ok((settlements, hidden))
}

struct Legs<'a> {
    assets: BTreeMap<AssetId, Currency>,
    instructions: BTreeMap<InstructionId, &'a Instruct>,
}

impl<'a> Legs<'a> {
    /// Notes what other records refer to: assets and instructions.
    fn note(&mut self, entry: &'a Entry) -> Result<(), Refused> {
        for effect in created_assets(&entry.contents) {
            if let CashEffect::AssetCreated { asset, currency, .. } = effect
                && self.assets.insert(*asset, *currency).is_some()
            {
                let part = Part::Section(Section::Cash);
                let detail = format!("asset {asset} is created a second time");
                return Err((part, FaultCode::CashUnequal, detail));
            }
        }
        for effect in entry.contents.identities.iter().flatten() {
            let IdentityEffect::Instructed { instruction } = effect else { continue };
            let Some(Command::InstructSettlement(instruct)) = &entry.command else { continue };
            if self.instructions.insert(*instruction, instruct).is_some() {
                let detail = format!("instruction {instruction} is given a second time");
                return Err((Part::Section(Section::Identities), FaultCode::Disagrees, detail));
            }
        }
        Ok(())
    }

    fn judge(
        &self,
        entry: &Entry,
        settlements: &mut Settlements,
        settled: &mut BTreeSet<InstructionId>,
    ) -> Result<(), Refused> {
        let (in_register, in_identities) =
            (Part::Section(Section::Register), Part::Section(Section::Identities));
        let events = entry.contents.events.as_deref().unwrap_or_default();
        let paid = self.cash_leg(entry.contents.cash.as_deref().unwrap_or_default())?;
        self.price(events, paid.as_ref(), entry.command.as_ref())?;
        let instruct = match &entry.command {
            Some(Command::InstructSettlement(instruct)) => Some(instruct),
            _ => None,
        };
        let pair = entry.contents.identities.iter().flatten().find_map(|effect| match effect {
            IdentityEffect::Settled { deliver, receive } => Some((*deliver, *receive)),
            _ => None,
        });
        if entry.signer.is_some() && entry.command.is_none() {
            if !events.is_empty() && paid.is_none() {
                let detail = "it changes the register, and its command is not shown".to_owned();
                return Err((Part::Command, FaultCode::CommandMissing, detail));
            }
        } else if entry.signer.is_some() && instruct.is_none() {
            // Compared with its command already.
            return Ok(());
        }
        if events.is_empty() && entry.signer.is_some() && pair.is_none() {
            return Ok(());
        }
        let moved = match events {
            [event] => movement(event).map(|moved| (event, moved)),
            _ => None,
        };
        let Some((event, moved)) = moved else {
            let detail = "it settles, and no shares move from one account to another".to_owned();
            return Err((in_register, FaultCode::ShareLeg, detail));
        };
        if let Some(instruct) = instruct {
            self.side(instruct, event, &moved, paid.as_ref())?;
        }
        match (pair, &entry.contents.identities) {
            (Some((deliver, receive)), _) => {
                for instruction in [deliver, receive] {
                    if !settled.insert(instruction) {
                        let detail = format!("instruction {instruction} settles a second time");
                        return Err((in_identities, FaultCode::Disagrees, detail));
                    }
                }
                self.both(entry, (deliver, receive), event, &moved, paid.as_ref())?;
                settlements.both_instructions += 1;
            }
            (None, None) if paid.is_some() => {}
            (None, None) => {
                let detail = "a delivery free of payment hides who instructed it".to_owned();
                return Err((in_identities, FaultCode::SectionMissing, detail));
            }
            (None, Some(_)) => {
                let detail = "it settles, and does not say which instructions".to_owned();
                return Err((in_identities, FaultCode::Disagrees, detail));
            }
        }
        match paid {
            Some(_) => settlements.against_payment += 1,
            None => settlements.free_of_payment += 1,
        }
        Ok(())
    }

    /// The cash leg, in balance: one payer, one payee, one asset.
    fn cash_leg(&self, cash: &[CashEffect]) -> Result<Option<Paid>, Refused> {
        let refuse =
            |detail: String| (Part::Section(Section::Cash), FaultCode::CashUnequal, detail);
        if cash.is_empty() {
            return Ok(None);
        }
        let [
            CashEffect::Posted { line: payer, asset, amount: out },
            CashEffect::Posted { line: payee, asset: other, amount: into },
        ] = cash
        else {
            return Err(refuse("a payment is one posting out and one in".to_owned()));
        };
        let balanced = out.checked_add(*into) == Some(0) && *into > 0;
        if asset != other || payer == payee || !balanced {
            let detail = format!("{out} of {asset} out and {into} of {other} in do not balance");
            return Err(refuse(detail));
        }
        if !self.assets.contains_key(asset) {
            return Err(refuse(format!("nothing says what asset {asset} is")));
        }
        Ok(Some(Paid { asset: *asset, minor: into.unsigned_abs(), lines: (*payer, *payee) }))
    }

    /// The price that the register notes is what was paid, if anything was.
    fn price(
        &self,
        events: &[Event],
        paid: Option<&Paid>,
        command: Option<&Command>,
    ) -> Result<(), Refused> {
        let mut prices = events.iter().filter_map(|event| event.consideration);
        let (first, more) = (prices.next(), prices.next());
        match (paid, first) {
            (None, None) => Ok(()),
            (Some(_), None) if events.is_empty() => {
                let detail = "cash moved, and no shares did".to_owned();
                Err((Part::Section(Section::Register), FaultCode::ShareLeg, detail))
            }
            (Some(paid), price) => {
                let currency = self.assets.get(&paid.asset).copied().unwrap_or_default();
                let money = Money::from_minor(paid.minor, currency);
                let settled = price.filter(|price| price.settled).map(|price| price.money);
                if more.is_none() && settled.is_some() && settled == money {
                    return Ok(());
                }
                let minor = paid.minor;
                let detail = match price {
                    Some(price) => {
                        format!("{minor} minor units paid a price of {}", price.money)
                    }
                    None => format!("{minor} minor units paid for nothing that has a price"),
                };
                Err((Part::Section(Section::Cash), FaultCode::CashUnequal, detail))
            }
            // What was paid before, or elsewhere, stands in the register alone.
            (None, Some(_))
                if events.iter().all(|event| event.consideration.is_none_or(|c| !c.settled))
                    && matches!(
                        command,
                        Some(
                            Command::IssueStock { .. }
                                | Command::RecordTransaction { .. }
                                | Command::ActivateRegister { .. }
                        )
                    ) =>
            {
                Ok(())
            }
            (None, Some(price)) => {
                let detail = format!("shares moved at a price of {}, and no cash did", price.money);
                Err((Part::Section(Section::Cash), FaultCode::CashLeg, detail))
            }
        }
    }

    /// One side's instruction against what was posted.
    fn side(
        &self,
        instruct: &Instruct,
        event: &Event,
        moved: &Movement,
        paid: Option<&Paid>,
    ) -> Result<(), Refused> {
        let refuse = |what: &str| {
            let detail = format!("{what} is another one than instructed");
            Err((Part::Section(Section::Register), FaultCode::Disagrees, detail))
        };
        let account = match instruct.movement {
            Way::Deliver => moved.from,
            Way::Receive => Some(moved.to),
        };
        if instruct.account != account {
            return refuse("the account");
        }
        if (instruct.class, instruct.quantity) != (moved.class, moved.quantity) {
            return refuse("the class or the quantity");
        }
        if moved.holder != Holder::Party(instruct.receiving_party) {
            return refuse("the receiving party");
        }
        if event.date < instruct.settlement_date {
            return refuse("the date");
        }
        let Some((_, amount)) = &instruct.payment else {
            if paid.is_none() {
                return Ok(());
            }
            let detail = "cash moved, and none was instructed".to_owned();
            return Err((Part::Section(Section::Cash), FaultCode::Disagrees, detail));
        };
        let (Some(paid), Some(Consideration { money: price, .. })) = (paid, event.consideration)
        else {
            let detail = "payment was instructed, and no cash moved".to_owned();
            return Err((Part::Section(Section::Cash), FaultCode::CashLeg, detail));
        };
        // What is paid is the deliverer's amount.
        let minor = match instruct.movement {
            Way::Deliver => 0,
            Way::Receive => amount_tolerance(price.currency, paid.minor),
        };
        let tolerance = Money::from_minor(minor, price.currency);
        let difference =
            money(amount, price.currency).map(|amount| amount.amount.abs_diff(price.amount));
        if difference.is_none_or(|difference| difference > tolerance.map_or(0, |t| t.amount)) {
            let detail = format!("{} was instructed, the price is {price}", amount.0);
            return Err((Part::Section(Section::Cash), FaultCode::CashUnequal, detail));
        }
        Ok(())
    }

    /// Both sides' instructions against what was posted, and against each other.
    fn both(
        &self,
        entry: &Entry,
        (deliver, receive): (InstructionId, InstructionId),
        event: &Event,
        moved: &Movement,
        paid: Option<&Paid>,
    ) -> Result<(), Refused> {
        let part = Part::Section(Section::Identities);
        let known = |instruction| {
            self.instructions.get(&instruction).copied().ok_or_else(|| {
                let detail = format!("instruction {instruction} settles, and is not shown");
                (part, FaultCode::CommandMissing, detail)
            })
        };
        let (giver, taker) = (known(deliver)?, known(receive)?);
        self.side(giver, event, moved, paid)?;
        self.side(taker, event, moved, paid)?;
        let terms = |side: &Instruct| {
            (side.trade_date, side.settlement_date, side.delivering_party, side.receiving_party)
        };
        let ways = (giver.movement, taker.movement) == (Way::Deliver, Way::Receive);
        if !ways || terms(giver) != terms(taker) {
            let detail = format!("instructions {deliver} and {receive} do not match");
            return Err((part, FaultCode::Disagrees, detail));
        }
        let Some(paid) = paid else { return Ok(()) };
        let account = |line: u16| {
            entry.contents.identities.iter().flatten().find_map(|effect| match effect {
                IdentityEffect::PostingAccount { line: posted, account } if *posted == line => {
                    Some(*account)
                }
                _ => None,
            })
        };
        let wanted =
            [&taker.payment, &giver.payment].map(|side| side.as_ref().map(|(account, _)| *account));
        if [account(paid.lines.0), account(paid.lines.1)] != wanted {
            let detail = "cash moved between other accounts than instructed".to_owned();
            return Err((part, FaultCode::Disagrees, detail));
        }
        Ok(())
    }
}
