//! Ed25519 keys and signatures.
//!
//! Verification is always `verify_strict`: it refuses public keys and signature points of small
//! order and scalars that are not reduced, so that every replica and every later verifier answers
//! alike. A secret key is never printed. Keys come from a seed; drawing one is left to the edge.

use std::fmt;

use ed25519_dalek::{Signer, VerifyingKey};

use crate::hash::{parse_hex, to_hex};

/// An Ed25519 public key, perhaps not a point of the curve: then nothing verifies under it. Its text
/// is 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey(pub [u8; 32]);

impl PublicKey {
    /// Reads 64 lower-case hexadecimal digits; anything else is `None`.
    pub fn parse(text: &str) -> Option<PublicKey> {
        parse_hex(text)?.try_into().ok().map(PublicKey)
    }

    /// Whether this is a key under which anything could verify: a point of the curve that is not
    /// of small order.
    pub fn is_usable(&self) -> bool {
        VerifyingKey::from_bytes(&self.0).is_ok_and(|key| !key.is_weak())
    }

    /// Whether the signature over `message` is this key's, by the strict rule.
    pub fn verify(&self, message: &[u8], signature: &Signature) -> bool {
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        VerifyingKey::from_bytes(&self.0)
            .is_ok_and(|key| key.verify_strict(message, &signature).is_ok())
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_hex(&self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

/// An Ed25519 signature. Its text is 128 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature(pub [u8; 64]);

impl Signature {
    /// Reads 128 lower-case hexadecimal digits; anything else is `None`.
    pub fn parse(text: &str) -> Option<Signature> {
        parse_hex(text)?.try_into().ok().map(Signature)
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_hex(&self.0))
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({self})")
    }
}

/// An Ed25519 secret key. Its memory is wiped when it is dropped.
#[derive(Clone)]
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    /// The key of a 32-byte seed (RFC 8032 5.1.5).
    pub fn from_seed(seed: &[u8; 32]) -> SigningKey {
        SigningKey(ed25519_dalek::SigningKey::from_bytes(seed))
    }

    /// Reads a seed as 64 lower-case hexadecimal digits; anything else is `None`.
    pub fn parse(text: &str) -> Option<SigningKey> {
        let seed: [u8; 32] = parse_hex(text)?.try_into().ok()?;
        Some(SigningKey::from_seed(&seed))
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    /// The signature over `message` (RFC 8032 5.1.6).
    pub fn sign(&self, message: &[u8]) -> Signature {
        Signature(self.0.sign(message).to_bytes())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey of {}", self.public())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_first_test_of_rfc_8032_holds() {
        let key =
            SigningKey::parse("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
                .unwrap();
        let public =
            PublicKey::parse("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
                .unwrap();
        assert_eq!(key.public(), public);
        let signature = key.sign(b"");
        assert!(signature.to_string().starts_with("e5564300c360ac729086e2cc806e828a"));
        assert!(public.verify(b"", &signature));
        assert!(!public.verify(b"x", &signature));
        assert_eq!(Signature::parse(&signature.to_string()), Some(signature));
        assert_eq!(format!("{key:?}"), format!("SigningKey of {public}"));
    }

    #[test]
    fn a_key_of_small_order_verifies_nothing() {
        let weak = PublicKey([0; 32]);
        assert!(!weak.is_usable());
        assert!(!weak.verify(b"", &Signature([0; 64])));
        assert!(SigningKey::from_seed(&[1; 32]).public().is_usable());
    }

    #[test]
    fn wycheproof_is_answered_as_stated() {
        let folder = std::env::var("COUNTERFOIL_SHARED")
            .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared").into());
        let path = Path::new(&folder).join("vectors/ed25519/wycheproof.json");
        let Ok(bytes) = std::fs::read(&path) else {
            println!("skipped: {} is absent", path.display());
            return;
        };
        let file: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        let mut count = 0;
        for group in file["testGroups"].as_array().unwrap() {
            let key = PublicKey::parse(group["publicKey"]["pk"].as_str().unwrap()).unwrap();
            for test in group["tests"].as_array().unwrap() {
                let message = parse_hex(test["msg"].as_str().unwrap()).unwrap();
                // A signature of another length than 64 bytes cannot be stated in our types.
                let signature = Signature::parse(test["sig"].as_str().unwrap());
                let verified = signature.is_some_and(|signature| key.verify(&message, &signature));
                assert_eq!(verified, test["result"] == "valid", "test {}", test["tcId"]);
                count += 1;
            }
        }
        assert_eq!(count, 151);
    }
}
