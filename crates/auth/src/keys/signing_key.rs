//! A signing key, as stored.

use std::error::Error;
use std::fmt;

use aws_lc_rs::aead::NONCE_LEN;
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use common::{Decision, Time};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::master_key::MasterKey;

/// A key that signs tokens (ES256). The private key is encrypted under the master key; `Debug` omits it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SigningKey {
    /// The `kid` of the tokens.
    pub(crate) id: Uuid,
    pub(crate) version: u64,
    /// The number of the key; the first is 1.
    pub(crate) generation: u32,
    /// When the key starts to sign. The key is published before, so that caches have it by then.
    pub(crate) signs_from: Time,
    /// The key pair as PKCS #8: [`SEALED`] and the encrypted bytes, or, as former releases stored it, Base64.
    pkcs8: String,
}

/// The beginning of an encrypted key pair.
const SEALED: &str = "aes-256-gcm:";

impl SigningKey {
    /// Generates a key, with the system's randomness even in tests: the library accepts no other.
    pub(crate) fn generate(
        id: Uuid,
        generation: u32,
        signs_from: Time,
        key: &MasterKey,
        nonce: [u8; NONCE_LEN],
    ) -> Result<Decision<Self>, Unspecified> {
        let pair = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())?;
        let pkcs8 = seal(id, pair.as_ref(), key, nonce)?;
        Ok(Decision::without_event(Self { id, version: 1, generation, signs_from, pkcs8 }))
    }

    /// The key pair as PKCS #8, and whether it is encrypted under the present master key.
    pub(crate) fn pkcs8(&self, key: &MasterKey) -> Result<(Vec<u8>, bool), Box<dyn Error + Send + Sync>> {
        match self.pkcs8.strip_prefix(SEALED) {
            None => Ok((STANDARD.decode(&self.pkcs8)?, false)),
            Some(sealed) => key
                .open(&purpose(self.id), sealed)
                .ok_or_else(|| "the key file is not the one that this signing key was encrypted with".into()),
        }
    }

    /// Encrypts a key that a former release stored in clear, or that was encrypted under a former master key. Returns
    /// `None` if nothing is to change.
    pub(crate) fn reseal(
        &self,
        key: &MasterKey,
        nonce: [u8; NONCE_LEN],
    ) -> Result<Option<Decision<Self>>, Box<dyn Error + Send + Sync>> {
        let (pair, is_current) = self.pkcs8(key)?;
        if is_current {
            return Ok(None);
        }
        let pkcs8 = seal(self.id, &pair, key, nonce).map_err(|error| error.to_string())?;
        Ok(Some(Decision::without_event(Self { version: self.version + 1, pkcs8, ..self.clone() })))
    }

    /// The key in clear, as former releases read it.
    pub(crate) fn unseal(&self, key: &MasterKey) -> Result<Decision<Self>, Box<dyn Error + Send + Sync>> {
        let pkcs8 = STANDARD.encode(self.pkcs8(key)?.0);
        Ok(Decision::without_event(Self { version: self.version + 1, pkcs8, ..self.clone() }))
    }
}

fn seal(id: Uuid, pair: &[u8], key: &MasterKey, nonce: [u8; NONCE_LEN]) -> Result<String, Unspecified> {
    Ok(format!("{SEALED}{}", key.seal(&purpose(id), pair, nonce)?))
}

/// Binds the encrypted bytes to the key's id.
fn purpose(id: Uuid) -> String {
    format!("signing key {id}")
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("id", &self.id)
            .field("generation", &self.generation)
            .field("signs_from", &self.signs_from)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn generated(key: &MasterKey) -> SigningKey {
        SigningKey::generate(Uuid::nil(), 1, Time::from_millis(0), key, [7; NONCE_LEN]).expect("a key").next
    }

    #[test]
    fn the_private_key_is_not_shown_in_debug_output() {
        let key = generated(&MasterKey::from_bytes([1; 32]));
        assert!(!format!("{key:?}").contains(&key.pkcs8[..16]));
        assert!(!format!("{key:?}").contains("pkcs8"));
    }

    #[test]
    fn a_stored_key_reveals_no_private_key_without_the_master_key() {
        let master = MasterKey::from_bytes([1; 32]);
        let key = generated(&master);
        let (pair, is_current) = key.pkcs8(&master).expect("decrypted");
        assert!(is_current && EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pair).is_ok());
        assert!(key.pkcs8(&MasterKey::from_bytes([2; 32])).is_err());
        let moved = SigningKey { id: Uuid::from_u128(1), ..key };
        assert!(moved.pkcs8(&master).is_err(), "the bytes of another key");
    }

    #[test]
    fn a_key_that_is_stored_in_clear_is_read_and_encrypted_and_can_be_revealed_again() {
        let master = MasterKey::from_bytes([1; 32]);
        let sealed = generated(&master);
        let clear = sealed.unseal(&master).expect("revealed").next;
        assert_eq!(clear.pkcs8(&master).expect("read"), (sealed.pkcs8(&master).expect("read").0, false));
        let again = clear.reseal(&master, [8; NONCE_LEN]).expect("encrypted").expect("it was clear").next;
        assert!(again.pkcs8(&master).expect("read").1 && again.version == 3);
        assert!(again.reseal(&master, [9; NONCE_LEN]).expect("read").is_none());
    }
}
