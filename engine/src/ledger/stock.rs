//! The register's commands: issuers, classes, stakeholders, issues and transfers free of payment.

use counterfoil_registry::amount::Money;
use counterfoil_registry::date::Date;
use counterfoil_registry::draft::{Entry, EntryError};
use counterfoil_registry::effect::{Effect, Opened};
use counterfoil_registry::event::{Consideration, Event, EventKind};
use counterfoil_registry::handle::{ClassId, Holder, IssuerId, PartyId, StakeholderId};
use counterfoil_registry::ocf::object::Object;
use counterfoil_registry::register::Transfer;
use counterfoil_registry::rule::Rule;

use super::cash::minor_units;
use super::{Effects, Handled, Ledger, Refusal, Signer};
use crate::command::{Command, Roles};
use crate::effects::PartyEffect;
use crate::hash::Hash;
use crate::rejection::Rejection;

impl Ledger {
    pub(super) fn register_issuer(
        &mut self,
        signer: &Signer,
        command: &Command,
        effects: &mut Effects,
    ) -> Handled {
        let Command::RegisterIssuer { party, registrar, formed, authorized, source_id, draft } =
            command
        else {
            return Err(Rejection::Malformed.into());
        };
        signer.needs(Roles::OPERATOR)?;
        let keeper = self.participant(*registrar).ok_or(Rejection::ParticipantUnknown)?;
        if !keeper.roles.any(Roles::REGISTRAR) {
            return Err(Rejection::NotAuthorized.into());
        }
        let issuer = self.register.next_issuer();
        let event = self.registration(Effect::IssuerRegistered {
            issuer,
            party: *party,
            registrar: *registrar,
            draft: *draft,
            formed: *formed,
            authorized: *authorized,
            source_id: source_id.clone(),
        });
        self.register.check(&event)?;
        // Past this line the command succeeds.
        let ordinal = self.new_ordinal();
        self.issuer_ordinals.push(ordinal);
        self.register.apply(&event);
        self.touch_issuer(issuer, effects);
        self.touch(*registrar, effects);
        effects.register(&event);
        effects.party(PartyEffect::IssuerChain { issuer, ordinal });
        Ok(())
    }

    pub(super) fn register_class(
        &mut self,
        signer: &Signer,
        command: &Command,
        effects: &mut Effects,
    ) -> Handled {
        let Command::RegisterStockClass { issuer, kind, name, authorized, decimals, source_id } =
            command
        else {
            return Err(Rejection::Malformed.into());
        };
        self.live_register(signer, *issuer)?;
        let event = self.registration(Effect::ClassRegistered {
            class: self.register.next_class(),
            issuer: *issuer,
            kind: *kind,
            decimals: *decimals,
            authorized: *authorized,
            name: name.clone(),
            source_id: source_id.clone(),
        });
        self.enter(*issuer, event, effects)
    }

    pub(super) fn register_stakeholder(
        &mut self,
        signer: &Signer,
        issuer: IssuerId,
        source_id: &str,
        effects: &mut Effects,
    ) -> Handled {
        self.live_register(signer, issuer)?;
        let event = self.registration(Effect::StakeholderRegistered {
            stakeholder: self.register.next_stakeholder(),
            issuer,
            account: self.register.next_account(),
            source_id: source_id.to_owned(),
        });
        self.enter(issuer, event, effects)
    }

    pub(super) fn link_stakeholder(
        &mut self,
        signer: &Signer,
        stakeholder: StakeholderId,
        party: PartyId,
        operator: PartyId,
        joint: Hash,
        effects: &mut Effects,
    ) -> Handled {
        let line = self.register.stakeholder(stakeholder).ok_or(Rule::StakeholderUnknown)?;
        let (issuer, account) = (line.issuer, line.account);
        let registrar = self.register.issuer(issuer).ok_or(Rule::IssuerUnknown)?.registrar;
        if ![registrar, party, operator].contains(&signer.party) {
            return Err(Rejection::NotAuthorized.into());
        }
        self.participant(operator).ok_or(Rejection::ParticipantUnknown)?;
        let link = Effect::StakeholderLinked { stakeholder, party, account, operator };
        let event = self.registration(link);
        self.register.check(&event)?;
        let first = self.first_signer(joint);
        // One of the two signatures is the registrar's, the other one is not.
        if first.is_some_and(|first| (first == registrar) == (signer.party == registrar)) {
            return Err(Rejection::AlreadySigned.into());
        }
        if !self.joined(signer, joint, effects)? {
            self.touch_issuer(issuer, effects);
            return Ok(());
        }
        // Past this line the command succeeds.
        self.joined_done(joint);
        self.register.apply(&event);
        self.touch(registrar, effects);
        self.touch(operator, effects);
        self.touch(party, effects);
        self.touch_issuer(issuer, effects);
        effects.register(&event);
        Ok(())
    }

    /// Who signed a joint command first, if it waits.
    pub(super) fn first_signer(&self, joint: Hash) -> Option<PartyId> {
        let key = u128::from_be_bytes(joint.0[..16].try_into().expect("half of a hash"));
        let at = self.waiting_of.get(key)?;
        self.waiting.get(at as usize).map(|waiting| waiting.signer)
    }

    pub(super) fn issue(
        &mut self,
        signer: &Signer,
        command: &Command,
        effects: &mut Effects,
    ) -> Handled {
        let Command::IssueStock { class, account, quantity, consideration, date, number } = command
        else {
            return Err(Rejection::Malformed.into());
        };
        let issuer = self.issuer_of(*class)?;
        self.live_register(signer, issuer)?;
        let mut event = Event::default();
        if let Some((amount, currency)) = consideration {
            let minor = minor_units(amount, *currency)?;
            let money = Money::from_minor(minor, *currency);
            event.consideration = money.map(|money| Consideration { money, settled: false });
        }
        let today = self.time.date();
        let date = date.unwrap_or(today);
        if date > today {
            return Err(self.in_the_future(date));
        }
        let certificate = Opened {
            class: *class,
            account: *account,
            quantity: *quantity,
            number: number.clone(),
            ..Opened::default()
        };
        self.register.plan_issuance(&mut event, signer.place, date, certificate)?;
        self.enter(issuer, event, effects)
    }

    pub(super) fn transfer(
        &mut self,
        signer: &Signer,
        command: &Command,
        effects: &mut Effects,
    ) -> Handled {
        let Command::TransferStock { class, from, to, quantity, certificates } = command else {
            return Err(Rejection::Malformed.into());
        };
        let issuer = self.issuer_of(*class)?;
        self.open_register(issuer)?;
        let account = self.register.account(*from).ok_or(Rule::AccountUnknown)?;
        let (holder, operator) = (account.holder, account.operator);
        if signer.party != operator && holder != Holder::Party(signer.party) {
            return Err(Rejection::NotAuthorized.into());
        }
        if from == to {
            return Err(Rejection::SameAccount.into());
        }
        let transfer = Transfer {
            class: *class,
            from: *from,
            to: Some(*to),
            quantity: *quantity,
            certificates,
        };
        let mut event = Event::default();
        let today = self.time.date();
        self.register.plan_movement(&mut event, signer.place, today, &transfer)?;
        self.touch(operator, effects);
        if let Some(receiver) = self.register.account(*to) {
            self.touch(receiver.operator, effects);
        }
        self.enter(issuer, event, effects)
    }

    pub(super) fn record_transaction(
        &mut self,
        signer: &Signer,
        issuer: IssuerId,
        objects: &[Object],
        effects: &mut Effects,
    ) -> Handled {
        self.live_register(signer, issuer)?;
        let today = self.time.date();
        let entry = Entry { issuer, today, ..Entry::default() };
        let event = match entry.plan(&self.register, signer.place, objects) {
            Ok(event) => event,
            Err(EntryError::Rule(rule)) => return Err(rule.into()),
            Err(EntryError::Item(error)) => {
                let detail = error.to_string();
                return Err(Refusal { rejection: Rejection::Malformed, detail });
            }
        };
        if event.date > today {
            return Err(self.in_the_future(event.date));
        }
        self.keeps_what_it_takes(signer, &event)?;
        self.enter(issuer, event, effects)
    }

    /// Who keeps a register takes nothing out of an account that another participant operates, a
    /// split, a retraction and vesting aside: its holder transfers, or surrenders it first.
    fn keeps_what_it_takes(&self, signer: &Signer, event: &Event) -> Handled {
        if matches!(event.kind, EventKind::Split | EventKind::Retraction) {
            return Ok(());
        }
        for effect in &event.effects {
            let account = match effect {
                Effect::CertificateClosed { account, .. }
                | Effect::SecurityClosed { account, .. } => Some(*account),
                Effect::SecurityReduced { security, .. } => {
                    self.register.security(*security).map(|security| security.account)
                }
                _ => None,
            };
            let account = account.and_then(|account| self.register.account(account));
            if account.is_some_and(|account| account.operator != signer.party) {
                return Err(Rejection::NotAuthorized.into());
            }
        }
        Ok(())
    }

    fn in_the_future(&self, date: Date) -> Refusal {
        let detail = format!("{date} lies after the ledger's day {}", self.time.date());
        Refusal { rejection: Rejection::DatesInvalid, detail }
    }

    pub(super) fn set_repurchase_policy(
        &mut self,
        signer: &Signer,
        class: ClassId,
        treasury: bool,
        effects: &mut Effects,
    ) -> Handled {
        let issuer = self.issuer_of(class)?;
        self.live_register(signer, issuer)?;
        let event = self.registration(Effect::RepurchasePolicy { class, treasury });
        self.enter(issuer, event, effects)
    }

    pub(super) fn issuer_of(&self, class: ClassId) -> Result<IssuerId, Rule> {
        self.register.class(class).map(|class| class.issuer).ok_or(Rule::ClassUnknown)
    }

    /// The issuer's register is open for live commands.
    pub(super) fn open_register(&self, issuer: IssuerId) -> Result<PartyId, Refusal> {
        let issuer = self.register.issuer(issuer).ok_or(Rule::IssuerUnknown)?;
        if issuer.draft {
            return Err(Rule::RegisterStatus.into());
        }
        Ok(issuer.registrar)
    }

    /// The register is open and the signer keeps it.
    fn live_register(&self, signer: &Signer, issuer: IssuerId) -> Result<(), Refusal> {
        let registrar = self.open_register(issuer)?;
        signer.is(registrar)?;
        Ok(())
    }

    pub(super) fn registration(&self, effect: Effect) -> Event {
        let (kind, date) = (EventKind::Registration, self.time.date());
        Event { kind, date, consideration: None, effects: vec![effect] }
    }

    /// Checks and carries out an event of one register.
    fn enter(&mut self, issuer: IssuerId, event: Event, effects: &mut Effects) -> Handled {
        self.register.check(&event)?;
        // Past this line the command succeeds.
        self.register.apply(&event);
        self.touch_issuer(issuer, effects);
        effects.register(&event);
        Ok(())
    }
}
