//! What is remembered about an idempotency key.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use common::{Time, UserId};
use serde::{Deserialize, Serialize};
use store::{Document, Index, Keys};
use uuid::Uuid;

/// Index: uses of keys by when they are forgotten.
pub(super) const EXPIRES: &str = "expires";

/// One use of a key by one person on one address.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Use {
    pub(super) id: Uuid,
    pub(super) version: u64,
    /// SHA-256 of the body, in a form in which equal JSON is equal text.
    pub(super) body: String,
    /// The id that the request's new aggregate gets, also when the request is repeated after a crash or a failure.
    pub(super) reserved: Uuid,
    /// Who works on it: one request, by an id of its own; nil once that one has failed.
    pub(super) worker: Uuid,
    pub(super) started_at: Time,
    pub(super) expires_at: Time,
    /// The first reply, once there is one.
    pub(super) reply: Option<Reply>,
}

/// A reply as it is given again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Reply {
    pub(super) status: u16,
    /// Those of [`KEPT`](super::KEPT) that it had.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Document for Use {
    const COLLECTION: &'static str = "idempotency-keys";
    const INDEXES: &'static [Index] = &[Index::one(EXPIRES)];

    fn id(&self) -> Uuid {
        self.id
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn keys(&self) -> Keys {
        Keys::none().ordered(EXPIRES, [self.expires_at.into()])
    }
}

/// Where the use of a key by this person on this address is kept. A cryptographic digest, since the key is the
/// caller's to choose.
pub(super) fn place(person: UserId, path: &str, key: &[u8]) -> Uuid {
    let mut name = Uuid::from(person).as_bytes().to_vec();
    name.extend_from_slice(path.as_bytes());
    name.push(0);
    name.extend_from_slice(key);
    let digest = digest(&SHA256, &name);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest.as_ref()[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// A digest that is the same for equal JSON, however it is spaced or its fields are ordered.
pub(super) fn fingerprint(body: &[u8]) -> String {
    // A `Value` keeps its fields sorted; what is not JSON stands for itself.
    let canonical =
        serde_json::from_slice::<serde_json::Value>(body).map(|json| json.to_string().into_bytes());
    let digest = digest(&SHA256, canonical.as_deref().unwrap_or(body));
    URL_SAFE_NO_PAD.encode(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_json_has_one_fingerprint() {
        assert_eq!(fingerprint(br#"{"a":1,"b":[2]}"#), fingerprint(b" { \"b\": [2], \"a\": 1 } "));
        assert_ne!(fingerprint(br#"{"a":1}"#), fingerprint(br#"{"a":2}"#));
        assert_ne!(fingerprint(b"nonsense"), fingerprint(b"nonsense "));
    }
}
