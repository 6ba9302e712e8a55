//! Reading: a signed challenge gives a token that lives for minutes.
//!
//! Both are stateless. A challenge is a text of seven lines that names the ledger, the operation,
//! the participant, the key and when it ends; its last line is a MAC, so that only the server's own
//! challenges are taken. The token carries participant, key and end under a MAC as well. The MAC's
//! key is drawn at start and never stored: a restart ends every token.
//!
//! A token is bound to a key, and each use looks the key up in the view: a key that is revoked ends
//! its tokens at once. Deliberately absent: acting by token. Whoever acts signs.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use counterfoil_engine::hash::{Hash, parse_hex, sha256};
use counterfoil_engine::key::PublicKey;
use counterfoil_engine::ledger::Ledger;
use counterfoil_engine::time::Timestamp;
use counterfoil_registry::handle::PartyId;

use crate::fault::{Code, Fault};

/// How long a challenge may be answered: 2 minutes.
pub const CHALLENGE_MS: u64 = 2 * 60 * 1000;
/// How long a token may be used: 15 minutes.
pub const TOKEN_MS: u64 = 15 * 60 * 1000;

const TITLE: &str = "counterfoil reading 1";
const TOKEN_BYTES: usize = 4 + 32 + 8 + 32;

/// A token and when it ends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Token {
    /// For the header `Authorization: Bearer`.
    pub text: String,
    /// After which it is void.
    pub valid_until: Timestamp,
}

/// Makes and checks challenges and tokens.
pub struct Gate {
    ledger: Hash,
    secret: [u8; 32],
}

impl Gate {
    /// The gate of a ledger; `secret` must be random.
    pub fn new(ledger: Hash, secret: [u8; 32]) -> Gate {
        Gate { ledger, secret }
    }

    /// The text that the participant is to sign.
    pub fn challenge(&self, participant: PartyId, key: PublicKey, now: Timestamp) -> String {
        let until = now.plus_ms(CHALLENGE_MS);
        let body = format!(
            "{TITLE}\nledger {}\noperation read\nparticipant {participant}\nkey {key}\n\
             valid-until {until}\n",
            self.ledger
        );
        let mac = self.mac(b"challenge", body.as_bytes());
        format!("{body}nonce {mac}\n")
    }

    /// A token for a signed challenge, if its key is in force.
    pub fn answer(
        &self,
        challenge: &str,
        signature: &str,
        now: Timestamp,
        ledger: &Ledger,
    ) -> Result<Token, Fault> {
        let refuse = |why: &str| Fault::new(Code::Unauthenticated, why);
        let (body, mac) = challenge.rsplit_once("nonce ").ok_or_else(|| refuse("no nonce"))?;
        let mac = mac.strip_suffix('\n').and_then(Hash::parse);
        let mac = mac.ok_or_else(|| refuse("the nonce is malformed"))?;
        if !equal(&mac, &self.mac(b"challenge", body.as_bytes())) {
            return Err(refuse("the challenge is not one of this server"));
        }
        // Past the MAC the text is ours; only its values are wanted.
        let value = |name: &str| {
            let line = body.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            line.ok_or_else(|| refuse("the challenge is not complete"))
        };
        let participant = PartyId::parse(value("participant")?);
        let key = PublicKey::parse(value("key")?);
        let until = Timestamp::parse(value("valid-until")?);
        let (Some(participant), Some(key), Some(until)) = (participant, key, until) else {
            return Err(refuse("the challenge is not complete"));
        };
        let signature = parse_hex(signature).and_then(|bytes| <[u8; 64]>::try_from(bytes).ok());
        let signature = signature.ok_or_else(|| refuse("the signature is not 64 bytes in hex"))?;
        if until < now {
            return Err(refuse("the challenge has expired"));
        }
        if !key.verifies(challenge.as_bytes(), &signature) {
            return Err(refuse("the signature is not one of this key over the challenge"));
        }
        in_force(ledger, participant, key)?;
        let valid_until = now.plus_ms(TOKEN_MS);
        let mut token = Vec::with_capacity(TOKEN_BYTES);
        token.extend(participant.0.to_be_bytes());
        token.extend(key.0);
        token.extend(valid_until.0.to_be_bytes());
        let mac = self.mac(b"token", &token);
        token.extend(mac.0);
        Ok(Token { text: URL_SAFE_NO_PAD.encode(token), valid_until })
    }

    /// Who shows a token: the participant, if the token and its key are in force.
    pub fn admit(&self, token: &str, now: Timestamp, ledger: &Ledger) -> Result<PartyId, Fault> {
        let refuse = |why: &str| Fault::new(Code::Unauthenticated, why);
        let malformed = || refuse("the token is malformed");
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| malformed())?;
        let bytes = <[u8; TOKEN_BYTES]>::try_from(bytes).map_err(|_| malformed())?;
        let (body, mac) = bytes.split_at(TOKEN_BYTES - 32);
        let mac = Hash(mac.try_into().expect("the last 32 bytes"));
        if !equal(&mac, &self.mac(b"token", body)) {
            return Err(refuse("the token is not one of this server"));
        }
        let party = PartyId(u32::from_be_bytes(body[..4].try_into().expect("4 bytes")));
        let key = PublicKey(body[4..36].try_into().expect("32 bytes"));
        let until = u64::from_be_bytes(body[36..].try_into().expect("8 bytes"));
        if until < now.0 {
            return Err(refuse("the token has expired"));
        }
        in_force(ledger, party, key)?;
        Ok(party)
    }

    /// HMAC-SHA-256 (RFC 2104) under the gate's secret, over the use, the ledger and the text.
    fn mac(&self, purpose: &[u8], text: &[u8]) -> Hash {
        hmac(&self.secret, &[purpose, &self.ledger.0, text])
    }
}

fn hmac(key: &[u8; 32], parts: &[&[u8]]) -> Hash {
    let mut inner = [0x36u8; 64];
    let mut outer = [0x5cu8; 64];
    for (at, byte) in key.iter().enumerate() {
        inner[at] ^= byte;
        outer[at] ^= byte;
    }
    let parts: Vec<&[u8]> = [&inner[..]].into_iter().chain(parts.iter().copied()).collect();
    sha256(&[&outer, &sha256(&parts).0])
}

/// Compares in a time that does not depend on where the two differ.
fn equal(a: &Hash, b: &Hash) -> bool {
    a.0.iter().zip(&b.0).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}

/// One answer for an unknown participant, an unknown key and a revoked one: who asks learns nothing.
fn in_force(ledger: &Ledger, party: PartyId, key: PublicKey) -> Result<(), Fault> {
    let participant = ledger.participant(party);
    let keys = participant.map(|participant| participant.keys.as_slice()).unwrap_or_default();
    match keys.contains(&(key, false)) {
        true => Ok(()),
        false => Err(Fault::new(Code::Unauthenticated, "the key is not in force")),
    }
}

#[cfg(test)]
mod tests {
    use counterfoil_engine::genesis::{Genesis, Secret};
    use counterfoil_engine::hash::to_hex;
    use counterfoil_engine::key::PrivateKey;
    use counterfoil_engine::ledger::OPERATOR;

    use super::*;

    const NOW: Timestamp = Timestamp(1_795_165_200_000);

    fn ledger(key: &PrivateKey) -> Ledger {
        let secret = Secret([1; 32]);
        let genesis = Genesis {
            origin: "counterfoil.test/gate".to_owned(),
            created: NOW,
            operator_keys: vec![key.public()],
            secret_hash: secret.hash(),
        };
        Ledger::new(&genesis, &secret, 1)
    }

    #[test]
    fn the_mac_is_that_of_rfc_4231() {
        // Test case 1; HMAC pads a short key with zeros.
        let mut key = [0; 32];
        key[..20].fill(0x0b);
        let mac = hmac(&key, &[b"Hi ", b"There"]);
        let wanted = "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7";
        assert_eq!(mac.to_string(), wanted);
    }

    #[test]
    fn a_challenge_gives_a_token_to_the_key_that_signs_it() {
        let key = PrivateKey::from_seed([7; 32]);
        let ledger = ledger(&key);
        let gate = Gate::new(ledger.id(), [9; 32]);
        let challenge = gate.challenge(OPERATOR, key.public(), NOW);
        let sign = |text: &str, key: &PrivateKey| to_hex(&key.sign(text.as_bytes()));
        let signed = sign(&challenge, &key);
        let token = gate.answer(&challenge, &signed, NOW, &ledger).unwrap();
        assert_eq!(gate.admit(&token.text, NOW, &ledger), Ok(OPERATOR));

        let stranger = PrivateKey::from_seed([8; 32]);
        let foreign = Gate::new(ledger.id(), [10; 32]);
        let unknown = gate.challenge(OPERATOR, stranger.public(), NOW);
        let late = NOW.plus_ms(CHALLENGE_MS + 1);
        let other = challenge.replace("operation read", "operation act");
        let refused = [
            gate.answer(&challenge, &sign(&challenge, &stranger), NOW, &ledger),
            gate.answer(&challenge, &signed, late, &ledger),
            gate.answer(&other, &sign(&other, &key), NOW, &ledger),
            gate.answer(&unknown, &sign(&unknown, &stranger), NOW, &ledger),
            foreign.answer(&challenge, &signed, NOW, &ledger),
            gate.answer("", "", NOW, &ledger),
        ];
        for (at, answer) in refused.into_iter().enumerate() {
            assert_eq!(answer.unwrap_err().code, Code::Unauthenticated, "case {at}");
        }
        let ended = NOW.plus_ms(TOKEN_MS + 1);
        assert!(gate.admit(&token.text, ended, &ledger).is_err());
        assert!(foreign.admit(&token.text, NOW, &ledger).is_err());
        for at in 0..token.text.len() {
            let mut bytes = token.text.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(bytes).unwrap();
            assert!(gate.admit(&forged, NOW, &ledger).is_err(), "{at}");
        }
    }
}
