//! Who may see what: the one place that says so.
//!
//! Pure questions over a view of the ledger. What one may not see is not found: a resolver asks here
//! first and answers both cases alike.
//!
//! | reader | sees |
//! |---|---|
//! | anyone | checkpoints, proofs of hashes, verifier keys |
//! | participant | names and keys of the participants, cash assets; issuers and classes by name |
//! | issuer and its registrar | the register: certificates, all that is known of holders, events, prices |
//! | holder | its accounts, and the certificates, grants, warrants and convertibles in them |
//! | operator of an account (broker) | the account, its certificates, all that is known of its client |
//! | owner of an instruction | it, the one that it is matched with, and those addressed to its clients |
//! | bank | accounts of the money that it owes |
//! | party or operator of a cash account | the account |
//! | operator of the ledger, regulator | everything |
//! | auditor | what an issuer granted: nothing yet, for no command grants |
//!
//! Whether a reader is who he says is a question for [`Reader`]'s maker. Roles are those in the view,
//! so that one who lost a role sees no more with it.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use counterfoil_engine::command::{Movement, Roles};
use counterfoil_engine::effects::{IdentityEffect, decode_all};
use counterfoil_engine::evidence::heads::Ordinal;
use counterfoil_engine::evidence::record::Record;
use counterfoil_engine::handle::{CashAccountId, InstructionId};
use counterfoil_engine::ledger::{Instruction, Ledger, State};
use counterfoil_engine::wire::v1;
use counterfoil_registry::effect::Effect;
use counterfoil_registry::event::decode_events;
use counterfoil_registry::handle::{AccountId, ClassId, Holder, IssuerId, PartyId};

#[cfg(test)]
mod tests;

/// Roles from which nothing is hidden.
const SEES_ALL: Roles = Roles(Roles::OPERATOR.0 | 1 << v1::Role::Regulator as u16);

/// Who asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reader {
    /// Somebody.
    Anonymous,
    /// A participant who proved that a key of his is at hand.
    Participant(PartyId),
}

/// What a reader sees of a ledger. It is made for one reader and one view.
pub struct Sight<'a> {
    ledger: &'a Ledger,
    party: Option<PartyId>,
    roles: Roles,
    lookups: Arc<Lookups>,
}

/// What takes a walk through the whole ledger to know of one reader in one view: looked up once, when
/// first asked for.
#[derive(Debug, Default)]
pub struct Lookups {
    /// Holders of the accounts that the reader operates.
    clients: OnceLock<BTreeSet<PartyId>>,
    /// Chains of the issuers whose register the reader sees.
    registers: OnceLock<BTreeSet<Ordinal>>,
    /// Parties that are issuers.
    issuing: OnceLock<BTreeSet<PartyId>>,
}

impl<'a> Sight<'a> {
    /// What `reader` sees of `ledger`. A reader who is no participant there is anonymous.
    pub fn new(ledger: &'a Ledger, reader: Reader) -> Sight<'a> {
        Sight::sharing(ledger, reader, Arc::default())
    }

    /// As [`Sight::new`], with what was looked up before of the same reader in the same view.
    pub fn sharing(ledger: &'a Ledger, reader: Reader, lookups: Arc<Lookups>) -> Sight<'a> {
        let participant = match reader {
            Reader::Anonymous => None,
            Reader::Participant(party) => ledger.participant(party),
        };
        Sight {
            ledger,
            party: participant.map(|participant| participant.party),
            roles: participant.map_or(Roles::default(), |participant| participant.roles),
            lookups,
        }
    }

    /// Whether nothing is hidden from him.
    pub fn everything(&self) -> bool {
        self.roles.any(SEES_ALL)
    }

    /// Whether he is a participant, and so sees participants, keys, cash assets, and the names of
    /// issuers and classes.
    pub fn participant(&self) -> bool {
        self.party.is_some()
    }

    /// Whether he sees the register of an issuer.
    pub fn register(&self, issuer: IssuerId) -> bool {
        let facts = self.ledger.register().issuer(issuer);
        facts.is_some_and(|facts| self.sees(&[facts.registrar, facts.party]))
    }

    /// Whether he sees a securities account.
    pub fn account(&self, account: AccountId) -> bool {
        let account = self.ledger.register().account(account);
        account.is_some_and(|account| match account.holder {
            Holder::Party(party) => self.sees(&[account.operator, party]),
            Holder::Stakeholder(_) => self.sees(&[account.operator]),
        })
    }

    /// Whether he sees a certificate of a class that lies or lay in an account.
    pub fn certificate(&self, class: ClassId, account: AccountId) -> bool {
        let class = self.ledger.register().class(class);
        class.is_some_and(|class| self.register(class.issuer)) || self.account(account)
    }

    /// Whether he sees a grant, warrant or convertible of an issuer that lies or lay in an account.
    pub fn security(&self, issuer: IssuerId, account: AccountId) -> bool {
        self.register(issuer) || self.account(account)
    }

    /// Whether he sees what a holder holds in the register of an issuer: his own, or all of it.
    pub fn holding(&self, issuer: IssuerId, holder: Holder) -> bool {
        self.register(issuer) || matches!(holder, Holder::Party(party) if self.sees(&[party]))
    }

    /// Whether he sees a cash account.
    pub fn cash_account(&self, account: CashAccountId) -> bool {
        let Some(account) = self.ledger.cash_account(account) else { return false };
        let bank = self.ledger.asset(account.asset).map(|asset| asset.bank);
        self.sees(&[account.party, account.operator]) || bank.is_some_and(|bank| self.sees(&[bank]))
    }

    /// Whether he sees an instruction.
    pub fn instruction(&self, id: InstructionId) -> bool {
        let Some(instruction) = self.ledger.instruction(id) else { return false };
        let of_his_side = |instruction: &Instruction| {
            self.sees(&[instruction.owner])
                || instruction.account.is_some_and(|account| self.account(account))
        };
        of_his_side(instruction)
            || match instruction.state {
                State::Matched { with, .. } | State::Settled { with } => {
                    self.ledger.instruction(with).is_some_and(of_his_side)
                }
                State::Unmatched => self.serves(match instruction.movement {
                    Movement::Deliver => instruction.receiving_party,
                    Movement::Receive => instruction.delivering_party,
                }),
                State::Cancelled => false,
            }
    }

    /// Whether he sees the name of a holder. Who sees a register sees those of everyone in it: `within` is the issuer in whose register the holder was found, where one was.
    pub fn name(&self, holder: Holder, within: Option<IssuerId>) -> bool {
        if within.is_some_and(|issuer| self.register(issuer)) {
            return true;
        }
        match holder {
            Holder::Party(party) => {
                (self.participant() && self.ledger.participant(party).is_some())
                    || self.serves(party)
            }
            Holder::Stakeholder(stakeholder) => {
                let line = self.ledger.register().stakeholder(stakeholder);
                line.is_some_and(|line| self.register(line.issuer))
            }
        }
    }

    /// Whether he sees all that is known of a holder, addresses and tax numbers too: his own, that of
    /// those whom he serves, and that of whoever holds or held in a register that he sees.
    pub fn personal(&self, holder: Holder) -> bool {
        match holder {
            Holder::Party(party) => self.serves(party) || self.held_in_his_registers(party),
            Holder::Stakeholder(_) => self.name(holder, None),
        }
    }

    fn held_in_his_registers(&self, party: PartyId) -> bool {
        let register = self.ledger.register();
        if !register.issuers().any(|(issuer, _)| self.register(issuer)) {
            return false;
        }
        let accounts = register.accounts().filter(|(_, a)| a.holder == Holder::Party(party));
        let classes = accounts.flat_map(|(account, _)| register.positions(account));
        let mut classes = classes.filter_map(|position| register.class(position.class));
        classes.any(|class| self.register(class.issuer))
    }

    /// Whether he may know of a party: a participant, an issuer, or one whose name he sees.
    pub fn party(&self, party: PartyId) -> bool {
        let issuing = || self.ledger.register().issuers().map(|(_, issuer)| issuer.party).collect();
        self.name(Holder::Party(party), None)
            || (self.participant() && self.lookups.issuing.get_or_init(issuing).contains(&party))
    }

    /// Whether he may tell the name and address of a holder. Those of a party must have the hash that
    /// is recorded, so any participant may; those of a stakeholder only who keeps the register.
    pub fn may_tell(&self, holder: Holder) -> bool {
        match holder {
            Holder::Party(party) => {
                self.participant() && self.ledger.register().party(party).is_some()
            }
            Holder::Stakeholder(_) => self.keeps(holder),
        }
    }

    /// Whether he may erase the name and address of a holder: the operator of the ledger, and for a
    /// stakeholder who keeps the register.
    pub fn may_erase(&self, holder: Holder) -> bool {
        match holder {
            Holder::Party(party) => {
                self.roles.any(Roles::OPERATOR) && self.ledger.register().party(party).is_some()
            }
            Holder::Stakeholder(_) => self.keeps(holder),
        }
    }

    /// Whether he keeps the register in which a stakeholder is a line, or runs the ledger.
    fn keeps(&self, holder: Holder) -> bool {
        let Holder::Stakeholder(stakeholder) = holder else { return false };
        let register = self.ledger.register();
        let line = register.stakeholder(stakeholder);
        let registrar = line.and_then(|line| register.issuer(line.issuer)).map(|i| i.registrar);
        registrar.is_some_and(|registrar| {
            self.roles.any(Roles::OPERATOR) || self.party == Some(registrar)
        })
    }

    /// Whether he sees what a participant sent, and what came of it.
    pub fn submission(&self, participant: PartyId) -> bool {
        self.sees(&[participant])
    }

    /// Whether he sees that a record is there, and so its leaf: one of his chain or of a register that
    /// he sees.
    pub fn record(&self, record: &Record) -> bool {
        let own = self.party.and_then(|party| self.ledger.participant(party));
        self.everything()
            || own.is_some_and(|own| record.subjects.link(own.ordinal).is_some())
            || self.of_his_registers(record)
    }

    /// Which sections of a record he sees, in the order register, cash, parties, identities. A section
    /// is shown whole or not at all: one hidden account in it hides it, unless the reader sees the
    /// register that it belongs to.
    pub fn sections(&self, record: &Record, sections: [&[u8]; 4]) -> [bool; 4] {
        if self.everything() {
            return [true; 4];
        }
        let register = self.of_his_registers(record);
        let [events, cash, _, identities] = sections;
        let postings = self.sees_postings(identities);
        [
            register || self.sees_events(events),
            register || (!cash.is_empty() && postings),
            self.participant(),
            self.sees_identities(record, identities),
        ]
    }

    fn sees(&self, parties: &[PartyId]) -> bool {
        self.everything() || self.party.is_some_and(|own| parties.contains(&own))
    }

    /// Whether a party is himself or one for whom he operates a securities account.
    fn serves(&self, party: PartyId) -> bool {
        let Some(own) = self.party else { return false };
        let clients = || {
            let accounts = self.ledger.register().accounts();
            let own_accounts = accounts.filter(|(_, account)| account.operator == own);
            let holders = own_accounts.filter_map(|(_, account)| match account.holder {
                Holder::Party(party) => Some(party),
                Holder::Stakeholder(_) => None,
            });
            holders.collect()
        };
        self.everything()
            || party == own
            || self.lookups.clients.get_or_init(clients).contains(&party)
    }

    fn of_his_registers(&self, record: &Record) -> bool {
        let registers = self.lookups.registers.get_or_init(|| {
            let issuers = self.ledger.register().issuers().map(|(issuer, _)| issuer);
            let seen = issuers.filter(|issuer| self.register(*issuer));
            seen.filter_map(|issuer| self.ledger.issuer_ordinal(issuer)).collect()
        });
        record.subjects.as_slice().iter().any(|link| registers.contains(&link.ordinal))
    }

    /// Whether every certificate in a register section lies in an account that he sees.
    fn sees_events(&self, section: &[u8]) -> bool {
        let events = decode_events(section).unwrap_or_default();
        let mut effects = events.iter().flat_map(|event| &event.effects).peekable();
        effects.peek().is_some()
            && effects.all(|effect| match effect {
                Effect::CertificateOpened(opened) => self.account(opened.account),
                Effect::CertificateClosed { account, .. } => self.account(*account),
                _ => false,
            })
    }

    /// Whether he sees each cash account on which something was posted.
    fn sees_postings(&self, identities: &[u8]) -> bool {
        let effects = decode_all(identities, IdentityEffect::decode).unwrap_or_default();
        let mut accounts = effects.iter().filter_map(|effect| match effect {
            IdentityEffect::PostingAccount { account, .. } => Some(*account),
            _ => None,
        });
        accounts.clone().next().is_some() && accounts.all(|account| self.cash_account(account))
    }

    /// Whether he sees everything that a section of identities names.
    fn sees_identities(&self, record: &Record, section: &[u8]) -> bool {
        let effects = decode_all(section, IdentityEffect::decode).unwrap_or_default();
        !effects.is_empty()
            && effects.iter().all(|effect| match effect {
                IdentityEffect::SecuritiesAccountOpened { account, .. } => self.account(*account),
                IdentityEffect::CashAccountOpened { account, .. }
                | IdentityEffect::PostingAccount { account, .. } => self.cash_account(*account),
                IdentityEffect::Instructed { instruction }
                | IdentityEffect::CancellationRequested { instruction }
                | IdentityEffect::Cancelled { instruction } => self.instruction(*instruction),
                IdentityEffect::Matched { deliver, receive }
                | IdentityEffect::Settled { deliver, receive }
                | IdentityEffect::Pending { deliver, receive, .. } => {
                    self.instruction(*deliver) && self.instruction(*receive)
                }
                // They name nobody: who may know of the record may know them.
                IdentityEffect::Waiting { .. } | IdentityEffect::Drafted { .. } => {
                    self.record(record)
                }
            })
    }
}
