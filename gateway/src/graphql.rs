//! The schema: queries over one view of the ledger, and one mutation for each command.
//!
//! Where to look: `guard` (what a document may cost), `sight` (who sees what of which view),
//! `submission` (from a mutation to a record), `input` (the vocabulary as input types); the other
//! files hold one object each, with its inputs, payloads and mutations.
//!
//! Invariants: what a reader may not see is not found. A mutation's command is the client's own
//! text. Numbers that matter are strings. Deliberately absent: subscriptions and batches.

use async_graphql::connection::{Edge, EmptyFields};
use async_graphql::{EmptySubscription, MergedObject, SDLExportOptions, Schema, SchemaBuilder};

mod account;
mod cap_table;
mod cash;
mod certificate;
mod event;
pub(crate) mod found;
pub mod guard;
mod input;
mod instruction;
mod issuer;
mod ledger;
mod page;
mod party;
mod plan;
mod query;
mod record;
mod rejection_code;
mod scalar;
mod security;
pub(crate) mod sight;
pub(crate) mod submission;
mod transaction;
mod vesting;

use page::{Cursor, Page};
pub use query::Query;

/// The commands of the ledger. Each mutation takes its command as the variable `$input` and beside it
/// who signed it; a document carries out one. A refusal is data: `userErrors`.
#[derive(MergedObject, Default)]
pub struct Mutation(
    party::PartyMutation,
    account::AccountMutation,
    cash::CashMutation,
    issuer::IssuerMutation,
    certificate::CertificateMutation,
    transaction::TransactionMutation,
    instruction::InstructionMutation,
    ledger::LedgerMutation,
);

/// The schema of the gateway.
pub type Gateway = Schema<Query, Mutation, EmptySubscription>;

type Builder = SchemaBuilder<Query, Mutation, EmptySubscription>;

/// Describes the pages of lists and their edges, whose types the library makes.
macro_rules! pages {
    ($builder:expr, $($cursor:ty, $node:ty, $one:literal, $many:literal;)+) => {
        $builder$(
            .override_output_type_description::<Page<$node, $cursor>>(
                concat!("A page of ", $many, "."),
            )
            .override_output_type_description::<Edge<$cursor, $node, EmptyFields>>(
                concat!($one, " and its cursor."),
            )
        )+
    };
}

fn builder() -> Builder {
    pages! {
        Schema::build(Query, Mutation::default(), EmptySubscription),
        Cursor, party::Participant, "A participant", "participants";
        Cursor, issuer::Issuer, "An issuer", "issuers";
        Cursor, issuer::StockClass, "A stock class", "stock classes";
        Cursor, issuer::Stakeholder, "A stakeholder", "stakeholders";
        Cursor, account::SecuritiesAccount, "A securities account", "securities accounts";
        Cursor, account::Position, "A position", "positions";
        Cursor, cash::CashAccount, "A cash account", "cash accounts";
        Cursor, cash::CashAsset, "A cash asset", "cash assets";
        Cursor, certificate::Certificate, "A certificate", "certificates";
        Cursor, instruction::Instruction, "An instruction", "instructions";
        Cursor, cap_table::HolderLine, "A holder's line", "a cap table's holders";
        Cursor, cap_table::GrantLine, "A grant's line", "a cap table's grants";
        Cursor, cap_table::WarrantLine, "A warrant's line", "a cap table's warrants";
        Cursor, cap_table::ConvertibleLine, "A convertible's line", "a cap table's convertibles";
        Cursor, cap_table::VestingFinding, "A finding", "a cap table's findings about vesting";
        Cursor, security::Security, "A security", "securities that are no stock";
        Cursor, vesting::VestingLine, "A line", "what has vested";
        Cursor, vesting::VestingStep, "A step", "the steps of a schedule";
        Cursor, record::CommandOutcome, "An outcome", "a submission's outcomes";
        event::Place, event::RegisterEvent, "An event", "a register's events";
    }
}

/// The schema that is served; introspection and suggestions only for development.
pub fn schema(development: bool) -> Gateway {
    match development {
        true => builder().finish(),
        false => builder().disable_introspection().disable_suggestions().finish(),
    }
}

/// The text of `schema.graphql`: sorted, with the limits in the description of the schema.
pub fn sdl() -> String {
    let options = SDLExportOptions::new()
        .sorted_fields()
        .sorted_arguments()
        .sorted_enum_items()
        .include_specified_by()
        .use_space_ident();
    let schema = builder().finish().sdl_with_options(options);
    let schema = schema.trim().replace("\nschema {", &format!("\n{}schema {{", description()));
    schema + "\n"
}

/// What the schema says of itself: the limits.
fn description() -> String {
    format!(
        "\"\"\"\nThe ledger of Counterfoil: securities, cash and settlement.\n\nLimits: a document has at \
         most {} bytes, {} fields with fragments expanded, depth {}, {} aliases, {} directives, {} \
         fragments, {} objects: each `first` or `last` (at most {}) multiplies those below it, a list \
         without them does so by {}, and what is read from the past counts as {} more. A request has \
         at most {} bytes and takes at most {} seconds. GET carries out no mutation; a document \
         carries out one.\n\"\"\"\n",
        guard::BYTES,
        guard::FIELDS,
        guard::DEPTH,
        guard::ALIASES,
        guard::DIRECTIVES,
        guard::FRAGMENTS,
        guard::COMPLEXITY,
        guard::PAGE,
        guard::WHOLE_ITEMS,
        guard::PAST_OBJECTS,
        crate::http::GRAPHQL_BYTES,
        crate::http::QUERY_SECONDS,
    )
}
