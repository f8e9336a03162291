//! An authenticator with its browser, for tests (WebAuthn sections 6.1 and 6.5).

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::{SystemRandom, fill};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// An authenticator with one passkey, and the browser in front of it. A test changes the statements of both.
pub struct Authenticator {
    key: EcdsaKeyPair,
    credential: [u8; 32],
    user_handle: Value,
    /// The origin that the browser states.
    pub origin: String,
    /// The id of the relying party that the authenticator signs for; by default that of the options.
    pub relying_party: Option<String>,
    /// Whether the authenticator has verified the user, by a PIN or a finger.
    pub verifies_user: bool,
    /// The number of signatures so far.
    pub counter: u32,
}

const USER_PRESENT: u8 = 0x01;
const USER_VERIFIED: u8 = 0x04;
const HAS_CREDENTIAL: u8 = 0x40;

impl Authenticator {
    /// An authenticator for pages of this origin.
    ///
    /// # Panics
    /// No key can be generated.
    pub fn new(origin: &str) -> Self {
        let mut credential = [0; 32];
        fill(&mut credential).expect("random bytes");
        Self {
            key: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).expect("a key"),
            credential,
            user_handle: Value::Null,
            origin: origin.to_owned(),
            relying_party: None,
            verifies_user: true,
            counter: 0,
        }
    }

    /// Makes its passkey: the `RegistrationResponseJSON` for a reply of `POST /api/users/passkeys/options`.
    ///
    /// # Panics
    /// The options are longer than those of this site.
    pub fn register(&mut self, options: &Value) -> Value {
        let options = &options["publicKey"];
        self.user_handle = options["user"]["id"].clone();
        let mut data = self.data(&options["rp"]["id"], HAS_CREDENTIAL);
        // No model (AAGUID), the length of the id, the id, and the key as COSE in CBOR.
        data.extend([0; 16].into_iter().chain([0, 32]).chain(self.credential));
        let point = self.key.public_key().as_ref();
        data.extend([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]);
        data.extend(&point[1..33]);
        data.extend([0x22, 0x58, 0x20]);
        data.extend(&point[33..]);
        // {"fmt": "none", "attStmt": {}, "authData": data} in CBOR.
        let length = u8::try_from(data.len()).expect("a short one");
        let object =
            [b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".as_slice(), &[length], &data].concat();
        self.credential_json(&json!({
            "clientDataJSON": encoded(&self.client_data("webauthn.create", options)),
            "attestationObject": encoded(&object),
            "transports": ["internal"],
        }))
    }

    /// Signs with its passkey: the `AuthenticationResponseJSON` for a reply of `POST /api/users/signin/passkey/options`.
    ///
    /// # Panics
    /// The key does not sign.
    pub fn sign(&mut self, options: &Value) -> Value {
        let options = &options["publicKey"];
        self.counter += 1;
        let data = self.data(&options["rpId"], 0);
        let client_data = self.client_data("webauthn.get", options);
        let signed = [data.as_slice(), digest(&SHA256, &client_data).as_ref()].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed).expect("a signature");
        self.credential_json(&json!({
            "clientDataJSON": encoded(&client_data),
            "authenticatorData": encoded(&data),
            "signature": encoded(signature.as_ref()),
            "userHandle": self.user_handle,
        }))
    }

    fn credential_json(&self, response: &Value) -> Value {
        let id = encoded(&self.credential);
        json!({
            "id": id, "rawId": id, "type": "public-key", "response": response,
            "clientExtensionResults": {}, "authenticatorAttachment": "platform",
        })
    }

    fn client_data(&self, operation: &str, options: &Value) -> Vec<u8> {
        let challenge = &options["challenge"];
        json!({ "type": operation, "challenge": challenge, "origin": self.origin }).to_string().into_bytes()
    }

    /// The authenticator data without what follows the counter.
    fn data(&self, relying_party: &Value, flags: u8) -> Vec<u8> {
        let id = self.relying_party.as_deref().or(relying_party.as_str()).unwrap_or_default();
        let verified = if self.verifies_user { USER_VERIFIED } else { 0 };
        let mut data = digest(&SHA256, id.as_bytes()).as_ref().to_vec();
        data.push(flags | USER_PRESENT | verified);
        data.extend(self.counter.to_be_bytes());
        data
    }
}

fn encoded(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
