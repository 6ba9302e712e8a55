//! What a command made, as the sections of its record tell: the handles that its sender wants.

use async_graphql::ID;
use counterfoil_engine::command::Command;
use counterfoil_engine::effects::{CashEffect, IdentityEffect, PartyEffect, decode_all};
use counterfoil_registry::effect::Effect;
use counterfoil_registry::event::decode_events;

use super::certificate::kind_name;
use super::instruction::InstructionStatus;
use super::sight::id;

/// The handles in a record, the last of each kind.
#[derive(Default)]
pub(crate) struct Found {
    /// The party or participant.
    pub(crate) party: Option<ID>,
    /// The securities account.
    pub(crate) account: Option<ID>,
    /// The cash asset.
    pub(crate) asset: Option<ID>,
    /// The cash account.
    pub(crate) cash_account: Option<ID>,
    /// The issuer.
    pub(crate) issuer: Option<ID>,
    /// The class.
    pub(crate) class: Option<ID>,
    /// The plan.
    pub(crate) plan: Option<ID>,
    /// The stakeholder.
    pub(crate) stakeholder: Option<ID>,
    /// The certificates that came into being.
    pub(crate) certificates: Vec<ID>,
    /// The grants, warrants and convertibles that came into being.
    pub(crate) securities: Vec<ID>,
    /// The instruction.
    pub(crate) instruction: Option<ID>,
    /// How far the instruction has come.
    pub(crate) status: Option<InstructionStatus>,
    /// Whether the command waits for a second signature.
    pub(crate) waits: bool,
    /// The feature level.
    pub(crate) feature_level: Option<u32>,
}

impl Found {
    /// Reads the sections register, cash, parties, identities. They are the ledger's own, so that
    /// one that does not read is a mistake of the program and shows nothing.
    pub(crate) fn of<S: AsRef<[u8]>>(command: Option<&Command>, sections: &[S; 4]) -> Found {
        let mut found = Found::default();
        let [register, cash, parties, identities] = sections;
        for event in decode_events(register.as_ref()).unwrap_or_default() {
            event.effects.iter().for_each(|effect| found.register(effect));
        }
        for effect in decode_all(cash.as_ref(), CashEffect::decode).unwrap_or_default() {
            if let CashEffect::AssetCreated { asset, .. } = effect {
                found.asset = Some(id(asset));
            }
        }
        for effect in decode_all(parties.as_ref(), PartyEffect::decode).unwrap_or_default() {
            found.party(&effect);
        }
        for effect in decode_all(identities.as_ref(), IdentityEffect::decode).unwrap_or_default() {
            found.identity(&effect);
        }
        // What a command changes without an effect that names it, it names itself.
        if let Some(
            Command::ImportRegister { issuer, .. } | Command::ActivateRegister { issuer, .. },
        ) = command
        {
            found.issuer = Some(id(issuer));
        }
        found
    }

    /// The handles as the bulk way in tells them; what was not made is left out.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        let mut made = serde_json::Map::new();
        let one = [
            ("party", &self.party),
            ("account", &self.account),
            ("cashAsset", &self.asset),
            ("cashAccount", &self.cash_account),
            ("issuer", &self.issuer),
            ("stockClass", &self.class),
            ("plan", &self.plan),
            ("stakeholder", &self.stakeholder),
            ("instruction", &self.instruction),
        ];
        for (name, handle) in one {
            if let Some(handle) = handle {
                made.insert(name.to_owned(), handle.as_str().into());
            }
        }
        let many = [("certificates", &self.certificates), ("securities", &self.securities)];
        for (name, ids) in many.into_iter().filter(|(_, ids)| !ids.is_empty()) {
            let ids = ids.iter().map(|id| id.as_str().into()).collect();
            made.insert(name.to_owned(), serde_json::Value::Array(ids));
        }
        if let Some(status) = self.status {
            made.insert("status".to_owned(), kind_name(status).into());
        }
        if self.waits {
            made.insert("waits".to_owned(), true.into());
        }
        made.into()
    }

    fn register(&mut self, effect: &Effect) {
        match effect {
            Effect::IssuerRegistered { issuer, .. } => self.issuer = Some(id(issuer)),
            Effect::ClassRegistered { class, .. } | Effect::RepurchasePolicy { class, .. } => {
                self.class = Some(id(class));
            }
            Effect::PlanRegistered { plan, .. } => self.plan = Some(id(plan)),
            Effect::StakeholderRegistered { stakeholder, account, .. }
            | Effect::StakeholderLinked { stakeholder, account, .. } => {
                self.stakeholder = Some(id(stakeholder));
                self.account = Some(id(account));
            }
            Effect::CertificateOpened(opened) => self.certificates.push(id(opened.certificate)),
            Effect::SecurityOpened(opened) => self.securities.push(id(opened.security)),
            _ => {}
        }
    }

    fn party(&mut self, effect: &PartyEffect) {
        match effect {
            PartyEffect::Registered { party, .. }
            | PartyEffect::Admitted { party, .. }
            | PartyEffect::KeyAdded { party, .. }
            | PartyEffect::KeyRevoked { party, .. } => self.party = Some(id(party)),
            PartyEffect::FeatureLevel { level } => self.feature_level = Some(*level),
            PartyEffect::IssuerChain { .. } => {}
        }
    }

    fn identity(&mut self, effect: &IdentityEffect) {
        match effect {
            IdentityEffect::SecuritiesAccountOpened { account, .. } => {
                self.account = Some(id(account));
            }
            IdentityEffect::CashAccountOpened { account, .. }
            | IdentityEffect::PostingAccount { account, .. } => {
                self.cash_account = Some(id(account));
            }
            IdentityEffect::Instructed { instruction } => {
                self.instruction = Some(id(instruction));
                self.status = Some(InstructionStatus::Unmatched);
            }
            IdentityEffect::Matched { .. } | IdentityEffect::Pending { .. } => {
                self.status = Some(InstructionStatus::Matched);
            }
            IdentityEffect::Settled { .. } => self.status = Some(InstructionStatus::Settled),
            IdentityEffect::CancellationRequested { instruction } => {
                self.instruction = Some(id(instruction));
                self.status = Some(InstructionStatus::Matched);
            }
            IdentityEffect::Cancelled { instruction } => {
                self.instruction = Some(id(instruction));
                self.status = Some(InstructionStatus::Cancelled);
            }
            IdentityEffect::Waiting { .. } => self.waits = true,
            IdentityEffect::Drafted { .. } => {}
        }
    }
}
