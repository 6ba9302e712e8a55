//! The inputs of mutations, which are the messages of `command.proto` under other names.
//!
//! A GraphQL input is not written here a second time: its fields, types and descriptions follow from
//! the descriptors of the vocabulary, so that the two cannot differ. What a resolver gets is only
//! the certainty that the variable has the shape of its message. The command itself is the client's
//! own text: a value that went through a GraphQL library is not what was signed.

use std::borrow::Cow;
use std::marker::PhantomData;

use async_graphql::registry::{Deprecation, MetaInputValue, MetaType, Registry};
use async_graphql::{Enum, InputType, InputValueError, InputValueResult, Value};
use counterfoil_engine::wire::{self, v1};
use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};

use super::scalar::{CurrencyCode, Date, Decimal, Hex};

/// A message of the vocabulary that is a mutation's input.
pub(crate) trait Vocabulary: Send + Sync + 'static {
    /// The name of the message.
    const MESSAGE: &'static str;
}

macro_rules! vocabulary {
    ($($message:ident)+) => {
        $(impl Vocabulary for v1::$message {
            const MESSAGE: &'static str = stringify!($message);
        })+
    };
}

vocabulary! {
    RegisterParty AdmitParticipant AddKey RevokeKey OpenSecuritiesAccount CreateCashAsset
    OpenCashAccount CreditCash RedeemCash RegisterIssuer RegisterStockClass RegisterStakeholder
    LinkStakeholder IssueStock TransferStock InstructSettlement CancelInstruction ImportRegister
    ActivateRegister RaiseFeatureLevel RecordTransaction SetRepurchasePolicy
}

/// Fields that may be left out, by message. Any other field is required.
const OPTIONAL: &[(&str, &[&str])] = &[
    ("RegisterIssuer", &["sourceId", "draft"]),
    ("RegisterStockClass", &["sourceId"]),
    ("IssueStock", &["consideration", "currency", "date", "number"]),
    ("TransferStock", &["certificates"]),
    ("InstructSettlement", &["account", "cashAccount", "amount", "commonReference"]),
    ("ImportItem", &["waived"]),
    // Nothing that has its default value is written: shares are retired unless it says otherwise.
    ("SetRepurchasePolicy", &["treasury"]),
];

/// The proof that a variable has the shape of a message.
pub(crate) struct Input<M>(PhantomData<fn() -> M>);

impl<M: Vocabulary> Input<M> {
    /// The member of the command that holds the message.
    pub(crate) fn member(&self) -> String {
        lower_first(M::MESSAGE)
    }
}

impl<M: Vocabulary> InputType for Input<M> {
    type RawValueType = Self;

    fn type_name() -> Cow<'static, str> {
        input_name(M::MESSAGE).into()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        let message = wire::descriptor(M::MESSAGE).expect("the vocabulary has the message");
        register(registry, &message);
        Self::qualified_type_name()
    }

    fn parse(value: Option<Value>) -> InputValueResult<Self> {
        match value {
            Some(Value::Object(_)) => Ok(Input(PhantomData)),
            other => Err(InputValueError::expected_type(other.unwrap_or_default())),
        }
    }

    fn to_value(&self) -> Value {
        Value::Null
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }
}

fn input_name(message: &str) -> String {
    format!("{message}Input")
}

fn lower_first(name: &str) -> String {
    name[..1].to_ascii_lowercase() + &name[1..]
}

/// Enters a message and those within it.
fn register(registry: &mut Registry, message: &MessageDescriptor) {
    let name = input_name(message.name());
    if registry.types.contains_key(&name) {
        return;
    }
    let mut input_fields = async_graphql::indexmap::IndexMap::new();
    for field in message.fields() {
        let ty = type_of(registry, &field, is_optional(message, &field));
        let field_name = field.json_name().to_owned();
        let value = MetaInputValue {
            name: field_name.clone(),
            description: wire::comment(field.path()),
            ty,
            deprecation: Deprecation::NoDeprecated,
            default_value: None,
            visible: None,
            inaccessible: false,
            tags: Vec::new(),
            is_secret: false,
            directive_invocations: Vec::new(),
        };
        input_fields.insert(field_name, value);
    }
    let input = MetaType::InputObject {
        name: name.clone(),
        description: wire::comment(message.path()),
        input_fields,
        visible: None,
        inaccessible: false,
        tags: Vec::new(),
        rust_typename: None,
        oneof: false,
        directive_invocations: Vec::new(),
    };
    registry.types.insert(name, input);
}

fn is_optional(message: &MessageDescriptor, field: &FieldDescriptor) -> bool {
    let fields = OPTIONAL.iter().find(|(name, _)| *name == message.name());
    fields.is_some_and(|(_, fields)| fields.contains(&field.json_name()))
}

fn type_of(registry: &mut Registry, field: &FieldDescriptor, optional: bool) -> String {
    let inner = match field.kind() {
        Kind::Bool => bool::create_type_info(registry),
        Kind::Bytes => <Hex as InputType>::create_type_info(registry),
        Kind::Enum(kind) => match kind.name() {
            "PartyKind" => <PartyKind as InputType>::create_type_info(registry),
            "Role" => <Role as InputType>::create_type_info(registry),
            "ClassKind" => <ClassKind as InputType>::create_type_info(registry),
            "Movement" => <Movement as InputType>::create_type_info(registry),
            "Payment" => <Payment as InputType>::create_type_info(registry),
            other => unreachable!("the enum {other} has no type; the test of the schema finds it"),
        },
        Kind::Message(kind) => {
            register(registry, &kind);
            input_name(kind.name()) + "!"
        }
        _ => scalar_of(registry, field.name()),
    };
    let whole = if field.is_list() { format!("[{inner}]!") } else { inner };
    match optional {
        true => whole.trim_end_matches('!').to_owned(),
        false => whole,
    }
}

/// What a text of the vocabulary says, by the name of its field.
fn scalar_of(registry: &mut Registry, field: &str) -> String {
    match field {
        "quantity" | "amount" | "consideration" | "outstanding" | "findings" | "items"
        | "decimals" | "level" => <Decimal as InputType>::create_type_info(registry),
        "date" | "formed" | "trade_date" | "settlement_date" => {
            <Date as InputType>::create_type_info(registry)
        }
        "currency" => <CurrencyCode as InputType>::create_type_info(registry),
        "party" | "participant" | "holder" | "bank" | "asset" | "operator" | "account"
        | "issuer" | "registrar" | "class" | "from" | "to" | "stakeholder" | "delivering_party"
        | "receiving_party" | "cash_account" | "certificates" => {
            async_graphql::ID::create_type_info(registry)
        }
        _ => String::create_type_info(registry),
    }
}

/// Whether a party is a natural or a legal person.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum PartyKind {
    /// A natural person.
    Natural,
    /// A legal person.
    Legal,
}

/// What a participant may do.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Role {
    /// Runs the ledger: admits participants and issuers.
    Operator,
    /// Keeps registers of issuers.
    Registrar,
    /// Opens accounts for clients and instructs.
    Broker,
    /// Owes cash assets.
    Bank,
    /// Steps between the parties of trades.
    ClearingHouse,
    /// Holds for itself.
    Investor,
    /// Reads what an issuer grants.
    Auditor,
    /// Reads everything.
    Regulator,
}

/// Common or preferred stock.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ClassKind {
    /// Common stock.
    Common,
    /// Preferred stock.
    Preferred,
}

/// Which way an instruction moves securities.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Movement {
    /// Out of the signer's side.
    Deliver,
    /// To the signer's side.
    Receive,
}

/// Whether an instruction moves cash as well.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Payment {
    /// Against payment.
    Against,
    /// Free of payment.
    Free,
}

impl From<counterfoil_registry::effect::ClassKind> for ClassKind {
    fn from(kind: counterfoil_registry::effect::ClassKind) -> ClassKind {
        match kind {
            counterfoil_registry::effect::ClassKind::Common => ClassKind::Common,
            counterfoil_registry::effect::ClassKind::Preferred => ClassKind::Preferred,
        }
    }
}

impl From<counterfoil_engine::command::Movement> for Movement {
    fn from(movement: counterfoil_engine::command::Movement) -> Movement {
        match movement {
            counterfoil_engine::command::Movement::Deliver => Movement::Deliver,
            counterfoil_engine::command::Movement::Receive => Movement::Receive,
        }
    }
}
