//! A market in miniature, on which the scenarios of the tests and benchmarks play: one machine, its
//! people with their keys, and sentences of the trade as methods.

#![allow(clippy::needless_update, reason = "`command!` also builds messages that are given whole")]

pub mod archive;

use bytes::Bytes;
use counterfoil_engine::genesis::{Genesis, Secret};
use counterfoil_engine::handle::{AssetId, CashAccountId};
use counterfoil_engine::key::PrivateKey;
use counterfoil_engine::ledger::OPERATOR;
use counterfoil_engine::machine::{Block, Machine, TICK};
use counterfoil_engine::submission::{Author, Mode, Submission};
use counterfoil_engine::time::Timestamp;
use counterfoil_engine::wire::Encoding;
use counterfoil_engine::wire::v1::{self, command::Command};
use counterfoil_registry::handle::{AccountId, ClassId, IssuerId, PartyId};
use counterfoil_registry::ocf::object::{Fields, Kind, Object};
use serde_json::Value;

/// 2026-11-20T09:00:00Z, when every scenario opens.
pub const OPENING: Timestamp = Timestamp(1_795_165_200_000);

/// Who acts in the scenarios; each is a participant with one key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Actor {
    Operator,
    Registrar,
    Bank,
    Seller,
    Buyer,
}

impl Actor {
    /// The key of an actor: tests need no secrets.
    pub fn key(self) -> PrivateKey {
        PrivateKey::from_seed([self as u8 + 1; 32])
    }

    /// The party that the actor is, in the order in which [`Market::open`] enters them.
    pub fn party(self) -> PartyId {
        PartyId(self as u32)
    }
}

/// Objects of the Open Cap Format as the ledger takes them: canonical JSON.
pub fn objects(objects: impl IntoIterator<Item = Value>) -> Vec<String> {
    let canonical = |value: Value| {
        let mut fields: Fields = serde_json::from_value(value).expect("an object is wanted");
        let mut text = |field| fields.remove(field)?.as_str().map(str::to_owned);
        let kind = text("object_type").and_then(|kind| Kind::parse(&kind));
        let id = text("id").expect("every object has an id");
        Object::new(kind.expect("a kind of the format"), id, fields).to_json()
    };
    objects.into_iter().map(canonical).collect()
}

/// A ledger with five participants, one issuer, one class and a bank's euro.
///
/// `Seller` and `Buyer` are brokers. Their clients are `client(0)` and `client(1)`, each with a
/// securities account and a cash account of the same number.
#[derive(Clone, Debug)]
pub struct Market {
    /// The genesis.
    pub genesis: Genesis,
    /// The secret of its replicas.
    pub secret: Secret,
    /// The machine.
    pub machine: Machine,
    /// What the leader's clock says.
    pub clock: Timestamp,
    /// Every block so far.
    pub blocks: Vec<Block>,
    /// Every entry so far with its stamp: the log.
    pub log: Vec<(Timestamp, Bytes)>,
    sent: u64,
}

/// The class of the market's issuer: 1,000,000 shares authorized.
pub const CLASS: ClassId = ClassId(0);
/// The market's issuer, which is its own party.
pub const ISSUER: IssuerId = IssuerId(0);
/// The party that the issuer is.
pub const ISSUER_PARTY: PartyId = PartyId(5);
/// The bank's euro.
pub const EURO: AssetId = AssetId(0);

/// The party that is the client of the seller (0) or of the buyer (1).
pub fn client(number: u32) -> PartyId {
    PartyId(6 + number)
}

/// A command of the vocabulary by its message.
macro_rules! command {
    ($variant:ident { $($field:ident: $value:expr),* $(,)? }) => {
        Command::$variant(v1::$variant { $($field: $value.into(),)* ..Default::default() })
    };
}

impl Market {
    /// A ledger with its operator alone.
    pub fn genesis(seed: u64) -> Market {
        let secret = Secret([42; 32]);
        let genesis = Genesis {
            origin: "counterfoil.test/market".to_owned(),
            created: OPENING,
            operator_keys: vec![Actor::Operator.key().public()],
            secret_hash: secret.hash(),
        };
        let machine = Machine::new(&genesis, &secret, seed);
        let (blocks, log) = (Vec::new(), Vec::new());
        Market { genesis, secret, machine, clock: OPENING, blocks, log, sent: 0 }
    }

    /// The market in the morning: everyone admitted, accounts open, nothing held.
    pub fn open(seed: u64) -> Market {
        let mut market = Market::genesis(seed);
        let party = |at: u8| command!(RegisterParty { kind: 2, details: vec![at; 32] });
        let roles = [
            (Actor::Registrar, v1::Role::Registrar),
            (Actor::Bank, v1::Role::Bank),
            (Actor::Seller, v1::Role::Broker),
            (Actor::Buyer, v1::Role::Broker),
        ];
        market.must(Actor::Operator, (1..8).map(party).collect());
        let admissions = roles.map(|(actor, role)| {
            command!(AdmitParticipant {
                party: actor.party().to_string(),
                roles: vec![role as i32],
                keys: vec![Bytes::from(actor.key().public().0.to_vec())],
            })
        });
        market.must(Actor::Operator, admissions.to_vec());
        let setup = vec![
            command!(RegisterIssuer {
                party: ISSUER_PARTY.to_string(),
                registrar: Actor::Registrar.party().to_string(),
                formed: "2020-01-01",
                authorized: "UNLIMITED",
            }),
            command!(CreateCashAsset { currency: "EUR", bank: Actor::Bank.party().to_string() }),
        ];
        market.must(Actor::Operator, setup);
        let class = command!(RegisterStockClass {
            issuer: ISSUER.to_string(),
            kind: 1,
            name: "Common",
            authorized: "1000000",
            decimals: "0",
        });
        market.must(Actor::Registrar, vec![class]);
        for (number, broker) in [(0, Actor::Seller), (1, Actor::Buyer)] {
            let account = command!(OpenSecuritiesAccount { holder: client(number).to_string() });
            market.must(broker, vec![account]);
            let cash = command!(OpenCashAccount {
                party: client(number).to_string(),
                asset: EURO.to_string(),
                operator: broker.party().to_string(),
            });
            market.must(Actor::Bank, vec![cash]);
        }
        market
    }

    /// The client of the seller holds `shares`, the client of the buyer `euros`.
    pub fn funded(seed: u64, shares: u64, euros: u64) -> Market {
        let mut market = Market::open(seed);
        if shares > 0 {
            let issue = command!(IssueStock {
                class: CLASS.to_string(),
                account: AccountId(0).to_string(),
                quantity: shares.to_string(),
            });
            market.must(Actor::Registrar, vec![issue]);
        }
        if euros > 0 {
            let credit = market.credit(1, &euros.to_string());
            market.must(Actor::Bank, vec![credit]);
        }
        market
    }

    /// A bank's credit to a client.
    pub fn credit(&self, number: u32, amount: &str) -> Command {
        command!(CreditCash {
            account: CashAccountId(number).to_string(),
            amount: amount,
            reference: format!("CREDIT-{}", self.sent),
        })
    }

    /// One side of a trade between the two clients, due today.
    pub fn side(reference: &str, movement: v1::Movement, shares: u64, euros: &str) -> Command {
        let number = u32::from(movement == v1::Movement::Receive);
        let free = euros.is_empty();
        command!(InstructSettlement {
            reference: reference,
            movement: movement as i32,
            payment: if free { v1::Payment::Free } else { v1::Payment::Against } as i32,
            class: CLASS.to_string(),
            quantity: shares.to_string(),
            trade_date: "2026-11-20",
            settlement_date: "2026-11-20",
            delivering_party: client(0).to_string(),
            receiving_party: client(1).to_string(),
            account: AccountId(number).to_string(),
            cash_account: if free { String::new() } else { CashAccountId(number).to_string() },
            amount: euros,
        })
    }

    /// The signed submission of an actor, valid for five minutes.
    pub fn sign(&mut self, actor: Actor, mode: Mode, commands: Vec<Command>) -> v1::Submission {
        self.sent += 1;
        let author = Author {
            ledger: self.genesis.ledger_id(),
            participant: actor.party(),
            key: actor.key(),
            encoding: Encoding::Protobuf,
        };
        let salted = commands.into_iter().enumerate();
        let salted = salted.map(|(at, command)| ([at as u8; 16], command)).collect();
        author.sign(&format!("S-{}", self.sent), self.clock.plus_ms(300_000), mode, salted)
    }

    /// Sends a signed submission; the outcome of each command is a code, `"OK"` where accepted.
    pub fn submit(&mut self, submission: v1::Submission) -> Vec<&'static str> {
        let submission = Submission::from_wire(submission).expect("well-formed");
        self.enter(submission.bytes)
    }

    /// Puts an entry into the log.
    pub fn enter(&mut self, entry: Bytes) -> Vec<&'static str> {
        self.log.push((self.clock, entry.clone()));
        let block = self.machine.apply(self.clock, &entry);
        let code = |outcome: &Result<(), counterfoil_engine::ledger::Refusal>| match outcome {
            Ok(()) => "OK",
            Err(refusal) => refusal.rejection.code(),
        };
        let outcomes = block.records.iter().map(|record| code(&record.outcome)).collect();
        self.blocks.push(block);
        assert_eq!(self.machine.audit(), Vec::<String>::new());
        outcomes
    }

    /// Signs and sends commands, each by itself.
    pub fn send(&mut self, actor: Actor, commands: Vec<Command>) -> Vec<&'static str> {
        let submission = self.sign(actor, Mode::Independent, commands);
        self.submit(submission)
    }

    /// Signs and sends one command.
    pub fn one(&mut self, actor: Actor, command: Command) -> &'static str {
        self.send(actor, vec![command])[0]
    }

    /// Sends commands that must be accepted.
    pub fn must(&mut self, actor: Actor, commands: Vec<Command>) {
        let outcomes = self.send(actor, commands);
        assert!(outcomes.iter().all(|outcome| *outcome == "OK"), "{outcomes:?}");
    }

    /// Lets what is due happen.
    pub fn tick(&mut self) -> usize {
        self.enter(Bytes::from_static(TICK)).len()
    }

    /// What a client holds of the class, as a text.
    pub fn shares(&self, number: u32) -> String {
        let register = self.machine.ledger().register();
        let position = register.position(AccountId(number), CLASS);
        position.map_or("0".to_owned(), |position| position.quantity.to_string())
    }

    /// What a client has, in cents.
    pub fn cents(&self, number: u32) -> u128 {
        let account = self.machine.ledger().cash_account(CashAccountId(number));
        account.expect("the market's accounts").balance
    }

    /// The state of the instruction that an actor gave this reference.
    pub fn state(&self, actor: Actor, reference: &str) -> String {
        use counterfoil_engine::command::Reference;
        use counterfoil_engine::ledger::State;
        let ledger = self.machine.ledger();
        let reference = Reference::parse(reference).expect("a reference");
        let Some(id) = ledger.instruction_of(actor.party(), reference) else {
            return "none".to_owned();
        };
        match ledger.instruction(id).expect("it was found").state {
            State::Unmatched => "unmatched".to_owned(),
            State::Matched { reason, .. } => format!("matched, pending {reason}"),
            State::Settled { .. } => "settled".to_owned(),
            State::Cancelled => "cancelled".to_owned(),
        }
    }
}

/// The operator is party 0 of every ledger.
const _: () = assert!(OPERATOR.0 == Actor::Operator as u32);
