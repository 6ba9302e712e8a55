//! Parties, participants and keys.

use async_graphql::{ComplexObject, Context, ID, Object, Result, SimpleObject};
use counterfoil_engine::wire::v1;
use counterfoil_registry::handle::{Holder, IssuerId, PartyId};

use super::input::{Input, PartyKind, Role};
use super::scalar::Hash;
use super::sight::{Sight, held, id};
use super::submission::{SubmissionInput, act, payload};
use crate::fault::{Code, Fault};
use crate::people::Entry;

/// A natural or legal person, known ledger-wide.
#[derive(SimpleObject, Clone)]
#[graphql(complex)]
pub(crate) struct Party {
    /// The handle, such as `P3-5`.
    pub(super) id: ID,
    /// Whether a natural or a legal person.
    kind: PartyKind,
    /// Salted hash of the name and address, which stay outside the ledger.
    details: Hash,
    #[graphql(skip)]
    party: PartyId,
    #[graphql(skip)]
    within: Option<IssuerId>,
    #[graphql(skip)]
    sight: Sight,
}

impl Party {
    /// The party with this handle, if the reader may know of it.
    pub(crate) fn find(sight: &Sight, party: PartyId) -> Option<Party> {
        sight.eyes().party(party).then(|| Party::shown(sight, party, None))?
    }

    /// The party, to one who sees something that names it; `within` is the issuer in whose register
    /// it does.
    pub(crate) fn shown(sight: &Sight, party: PartyId, within: Option<IssuerId>) -> Option<Party> {
        let found = sight.register().party(party)?;
        let kind = if found.legal { PartyKind::Legal } else { PartyKind::Natural };
        let (id, details) = (id(party), found.details.into());
        Some(Party { id, kind, details, party, within, sight: sight.clone() })
    }
}

#[ComplexObject]
impl Party {
    /// What it may do, if it is a participant.
    async fn participant(&self) -> Option<Participant> {
        Participant::find(&self.sight, self.party)
    }

    /// Its name, if one was told and the reader may see it.
    async fn name(&self) -> Result<Option<String>> {
        Ok(name(&self.sight, Holder::Party(self.party), self.within).await?)
    }
}

/// The name of a holder, if one was told and the reader may see it. What was erased reads as never
/// told.
pub(super) async fn name(
    sight: &Sight,
    holder: Holder,
    within: Option<IssuerId>,
) -> Result<Option<String>, Fault> {
    let own = sight.clone();
    let look = move || match own.eyes().name(holder, within) {
        true => own.service.people.get(holder),
        false => Ok(Entry::Untold),
    };
    match sight.service.look_up(look).await? {
        Ok(Entry::Known(personal)) => Ok(Some(personal.name())),
        Ok(Entry::Erased | Entry::Untold) => Ok(None),
        Err(error) => Err(Fault::new(Code::Internal, format!("{}: {error}", error.code()))),
    }
}

/// A party with keys and roles.
#[derive(SimpleObject, Clone)]
#[graphql(complex)]
pub(crate) struct Participant {
    /// What it may do.
    roles: Vec<Role>,
    /// Its keys, the revoked ones too.
    keys: Vec<Key>,
    #[graphql(skip)]
    party: PartyId,
    #[graphql(skip)]
    sight: Sight,
}

/// An Ed25519 public key of a participant.
#[derive(SimpleObject, Clone)]
pub(crate) struct Key {
    /// The key.
    key: Hash,
    /// Whether it was revoked: it is void since then, and for ever.
    revoked: bool,
}

impl Participant {
    /// The participant that a party is, if it is one and the reader may know of it.
    pub(crate) fn find(sight: &Sight, party: PartyId) -> Option<Participant> {
        let found = sight.ledger().participant(party)?;
        sight.participant()?;
        let keys = found.keys.iter();
        let keys = keys.map(|(key, revoked)| Key { key: key.0.into(), revoked: *revoked });
        let roles = found.roles.names().filter_map(role).collect();
        Some(Participant { roles, keys: keys.collect(), party, sight: sight.clone() })
    }
}

#[ComplexObject]
impl Participant {
    /// The party that it is.
    async fn party(&self) -> Result<Party> {
        Ok(held(Party::shown(&self.sight, self.party, None))?)
    }
}

fn role(name: &str) -> Option<Role> {
    let roles = [
        (v1::Role::Operator, Role::Operator),
        (v1::Role::Registrar, Role::Registrar),
        (v1::Role::Broker, Role::Broker),
        (v1::Role::Bank, Role::Bank),
        (v1::Role::ClearingHouse, Role::ClearingHouse),
        (v1::Role::Investor, Role::Investor),
        (v1::Role::Auditor, Role::Auditor),
        (v1::Role::Regulator, Role::Regulator),
    ];
    roles.into_iter().find(|(wire, _)| wire.as_str_name() == name).map(|(_, role)| role)
}

payload!(
    /// What `registerParty` did.
    RegisterPartyPayload {
        /// The party's handle.
        party: Option<ID> = party,
    }
);
payload!(
    /// What `admitParticipant` did.
    AdmitParticipantPayload {
        /// The party that is a participant now.
        participant: Option<ID> = party,
    }
);
payload!(
    /// What `addKey` did.
    AddKeyPayload {
        /// The participant whose key it is.
        participant: Option<ID> = party,
    }
);
payload!(
    /// What `revokeKey` did.
    RevokeKeyPayload {
        /// The participant whose key it was.
        participant: Option<ID> = party,
    }
);

/// Mutations of parties, participants and keys.
#[derive(Default)]
pub(crate) struct PartyMutation;

#[Object]
impl PartyMutation {
    /// Enters a natural or legal person. Signed by the operator, a broker, a bank or a registrar.
    async fn register_party(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The command, as the variable $input.")] input: Input<v1::RegisterParty>,
        #[graphql(desc = "Who signed it, and how.")] submission: SubmissionInput,
    ) -> Result<RegisterPartyPayload> {
        act(ctx, input, submission).await
    }

    /// Gives a party keys and roles. Signed by the operator.
    async fn admit_participant(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The command, as the variable $input.")] input: Input<
            v1::AdmitParticipant,
        >,
        #[graphql(desc = "Who signed it, and how.")] submission: SubmissionInput,
    ) -> Result<AdmitParticipantPayload> {
        act(ctx, input, submission).await
    }

    /// Adds a key to a participant. Signed by the participant or the operator.
    async fn add_key(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The command, as the variable $input.")] input: Input<v1::AddKey>,
        #[graphql(desc = "Who signed it, and how.")] submission: SubmissionInput,
    ) -> Result<AddKeyPayload> {
        act(ctx, input, submission).await
    }

    /// Revokes a key of a participant for ever. Signed by the participant or the operator.
    async fn revoke_key(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The command, as the variable $input.")] input: Input<v1::RevokeKey>,
        #[graphql(desc = "Who signed it, and how.")] submission: SubmissionInput,
    ) -> Result<RevokeKeyPayload> {
        act(ctx, input, submission).await
    }
}
