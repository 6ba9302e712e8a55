//! The ledger itself: its identity and how far it has come.

use async_graphql::{Context, ID, Object, Result};
use counterfoil_engine::wire::v1;

use super::input::Input;
use super::scalar::{DateTime, Hash, Height};
use super::sight::Sight;
use super::submission::{SubmissionInput, act, payload};

/// The ledger of a view.
pub(crate) struct Ledger(pub(crate) Sight);

/// A ledger at one height. It is the same for every reader.
#[Object]
impl Ledger {
    /// The id: the hash of the genesis.
    async fn id(&self) -> ID {
        ID(self.0.ledger().id().to_string())
    }

    /// The origin that its checkpoints name (C2SP tlog-checkpoint).
    async fn origin(&self) -> &str {
        &self.0.service.genesis().origin
    }

    /// How many blocks it has closed.
    async fn height(&self) -> Height {
        Height(self.0.view.machine.height())
    }

    /// Ledger time: that of the last block.
    async fn time(&self) -> DateTime {
        DateTime(self.0.ledger().time())
    }

    /// The hash of the last block's header.
    async fn header_hash(&self) -> Hash {
        Hash(self.0.view.machine.header_hash())
    }

    /// The size of the tree of records and headers (RFC 9162).
    async fn tree_size(&self) -> Height {
        Height(self.0.view.machine.tree_size())
    }

    /// The root of the tree.
    async fn tree_root(&self) -> Hash {
        Hash(self.0.view.machine.tree_root())
    }

    /// The feature level in force.
    async fn feature_level(&self) -> u32 {
        self.0.ledger().feature_level()
    }
}

payload!(
    /// What `raiseFeatureLevel` did.
    RaiseFeatureLevelPayload {
        /// The level in force from the next block on.
        feature_level: Option<u32> = feature_level,
    }
);

/// Mutations of the ledger itself.
#[derive(Default)]
pub(crate) struct LedgerMutation;

#[Object]
impl LedgerMutation {
    /// Raises the feature level of the ledger. Signed by the operator.
    async fn raise_feature_level(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The command, as the variable $input.")] input: Input<
            v1::RaiseFeatureLevel,
        >,
        #[graphql(desc = "Who signed it, and how.")] submission: SubmissionInput,
    ) -> Result<RaiseFeatureLevelPayload> {
        act(ctx, input, submission).await
    }
}
