use std::path::Path;

use super::*;

#[test]
fn the_first_test_of_rfc_8032_holds() {
    let seed = parse_hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
    let key = PrivateKey::from_seed(seed.unwrap().try_into().unwrap());
    let public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    assert_eq!(key.public().to_string(), public);
    let signature = key.sign(b"");
    assert!(to_hex(&signature).starts_with("e5564300c360ac729086e2cc806e828a"));
    assert!(key.public().verifies(b"", &signature));
    assert!(!key.public().verifies(b"x", &signature));
}

#[test]
fn a_key_of_small_order_verifies_nothing() {
    assert!(!PublicKey([0; 32]).verifies(b"", &[0; 64]));
}

/// C2SP Wycheproof, Ed25519: `verify_strict` answers every test as stated.
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
            let signature = parse_hex(test["sig"].as_str().unwrap()).unwrap();
            // A signature of another length than 64 bytes cannot be stated in our types.
            let signature = <[u8; 64]>::try_from(signature);
            let verified = signature.is_ok_and(|signature| key.verifies(&message, &signature));
            assert_eq!(verified, test["result"] == "valid", "test {}", test["tcId"]);
            count += 1;
        }
    }
    assert_eq!(count, 151);
}
