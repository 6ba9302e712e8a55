//! Parties, participants, their keys and securities accounts.

use counterfoil_registry::handle::PartyId;
use counterfoil_registry::register::Party;
use counterfoil_registry::rule::Rule;

use super::{Effects, Handled, Ledger, NONE, Participant, Signer};
use crate::command::Roles;
use crate::effects::{IdentityEffect, PartyEffect};
use crate::key::PublicKey;
use crate::limits::KEYS_PER_PARTICIPANT;
use crate::rejection::Rejection;

/// Who may enter parties and open accounts for them.
const SERVES_CLIENTS: Roles =
    Roles(Roles::OPERATOR.0 | Roles::REGISTRAR.0 | Roles::BROKER.0 | Roles::BANK.0);

impl Ledger {
    pub(super) fn register_party(
        &mut self,
        signer: &Signer,
        legal: bool,
        details: [u8; 32],
        effects: &mut Effects,
    ) -> Handled {
        signer.needs(SERVES_CLIENTS)?;
        // Past this line the command succeeds.
        let party = self.register.add_party(Party { legal, details });
        effects.party(PartyEffect::Registered { party, legal, details });
        Ok(())
    }

    pub(super) fn admit_participant(
        &mut self,
        signer: &Signer,
        party: PartyId,
        roles: Roles,
        keys: &[PublicKey],
        effects: &mut Effects,
    ) -> Handled {
        signer.needs(Roles::OPERATOR)?;
        if self.participant(party).is_some() {
            return Err(Rejection::AlreadyParticipant.into());
        }
        for (at, key) in keys.iter().enumerate() {
            if self.key_of.get(key_index(key)).is_some() || keys[..at].contains(key) {
                return Err(Rejection::KeyInUse.into());
            }
        }
        self.register.party(party).ok_or(Rule::PartyUnknown)?;
        // Past this line the command succeeds.
        let ordinal = self.new_ordinal();
        let keys: Vec<(PublicKey, bool)> = keys.iter().map(|key| (*key, false)).collect();
        effects.subject(ordinal);
        effects.party(PartyEffect::Admitted { party, ordinal, roles: roles.0 });
        for (key, _) in &keys {
            effects.party(PartyEffect::KeyAdded { party, key: *key });
        }
        self.add_participant(Participant { party, ordinal, roles, keys, live_submissions: 0 });
        Ok(())
    }

    pub(super) fn add_participant(&mut self, participant: Participant) {
        let (party, keys) = (participant.party, participant.keys.clone());
        let at = u32::try_from(self.participants.push(participant)).unwrap_or(NONE - 1);
        self.participant_of.insert(u64::from(party.0), at);
        for (key, _) in keys {
            self.key_of.insert(key_index(&key), at);
        }
    }

    pub(super) fn add_key(
        &mut self,
        signer: &Signer,
        party: PartyId,
        key: PublicKey,
        effects: &mut Effects,
    ) -> Handled {
        let at = self.own_participant(signer, party)?;
        if self.key_of.get(key_index(&key)).is_some() {
            return Err(Rejection::KeyInUse.into());
        }
        let participant = self.participants.get(at as usize).expect("indexed");
        if participant.keys.len() >= KEYS_PER_PARTICIPANT {
            return Err(Rejection::TooManyKeys.into());
        }
        // Past this line the command succeeds.
        self.participants.get_mut(at as usize).expect("indexed").keys.push((key, false));
        self.key_of.insert(key_index(&key), at);
        self.touch(party, effects);
        effects.party(PartyEffect::KeyAdded { party, key });
        Ok(())
    }

    pub(super) fn revoke_key(
        &mut self,
        signer: &Signer,
        party: PartyId,
        key: PublicKey,
        effects: &mut Effects,
    ) -> Handled {
        let at = self.own_participant(signer, party)?;
        let participant = self.participants.get(at as usize).expect("indexed");
        let found = participant.keys.iter().position(|(known, _)| *known == key);
        let found = found.ok_or(Rejection::KeyUnknown)?;
        if participant.keys[found].1 {
            return Err(Rejection::KeyRevoked.into());
        }
        if participant.keys.iter().filter(|(_, revoked)| !revoked).count() == 1 {
            return Err(Rejection::LastKey.into());
        }
        // Past this line the command succeeds.
        self.participants.get_mut(at as usize).expect("indexed").keys[found].1 = true;
        self.touch(party, effects);
        effects.party(PartyEffect::KeyRevoked { party, key });
        Ok(())
    }

    /// The index of a participant over whose keys the signer decides: his own, or the operator any.
    fn own_participant(&self, signer: &Signer, party: PartyId) -> Result<u32, Rejection> {
        let at = self.participant_of.get(u64::from(party.0));
        let at = at.ok_or(Rejection::ParticipantUnknown)?;
        if at != signer.participant {
            signer.needs(Roles::OPERATOR)?;
        }
        Ok(at)
    }

    pub(super) fn open_securities_account(
        &mut self,
        signer: &Signer,
        holder: PartyId,
        effects: &mut Effects,
    ) -> Handled {
        signer.needs(SERVES_CLIENTS)?;
        self.register.party(holder).ok_or(Rule::PartyUnknown)?;
        // Past this line the command succeeds.
        let operator = signer.party;
        let account = self.register.add_account(holder, operator);
        self.touch(holder, effects);
        effects.identity(IdentityEffect::SecuritiesAccountOpened { account, holder, operator });
        Ok(())
    }
}

/// Half of a public key finds the whole.
pub(super) fn key_index(key: &PublicKey) -> u128 {
    u128::from_be_bytes(key.0[..16].try_into().expect("half of a key"))
}
