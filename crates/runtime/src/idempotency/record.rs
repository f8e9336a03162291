//! The stored record of an idempotency key.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use common::{Time, UserId};
use serde::{Deserialize, Serialize};
use store::{Document, Index, Keys};
use uuid::Uuid;

/// The indexes of the records.
pub(super) mod index {
    /// By the time of expiry.
    pub(crate) const BY_EXPIRY: &str = "expires";
}

/// A user's idempotency key on one path.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct KeyRecord {
    pub(super) id: Uuid,
    pub(super) version: u64,
    /// The [`fingerprint`] of the body.
    #[serde(rename = "body")]
    pub(super) fingerprint: String,
    /// The id of the request's new aggregate, the same for a retry after a crash or a failure.
    pub(super) reserved: Uuid,
    /// The request that holds the lease; nil once that request has failed.
    #[serde(rename = "worker")]
    pub(super) holder: Uuid,
    pub(super) started_at: Time,
    pub(super) expires_at: Time,
    /// The reply of the first request, once it has completed.
    pub(super) reply: Option<StoredReply>,
}

/// A reply that is replayed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct StoredReply {
    pub(super) status: u16,
    /// Those of [`REPLAYED_HEADERS`](super::admission::REPLAYED_HEADERS) that the reply had.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Document for KeyRecord {
    const COLLECTION: &'static str = "idempotency-keys";
    const INDEXES: &'static [Index] = &[Index::one(index::BY_EXPIRY)];

    fn id(&self) -> Uuid {
        self.id
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn keys(&self) -> Keys {
        Keys::none().ordered(index::BY_EXPIRY, [self.expires_at.into()])
    }
}

/// The id of the record of a user's key on a path. A cryptographic digest, because the client chooses the key.
pub(super) fn record_id(user: UserId, path: &str, key: &[u8]) -> Uuid {
    let mut name = Uuid::from(user).as_bytes().to_vec();
    name.extend_from_slice(path.as_bytes());
    name.push(0);
    name.extend_from_slice(key);
    let digest = digest(&SHA256, &name);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest.as_ref()[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// The SHA-256 digest of a body, the same for equal JSON with other spacing or another order of fields.
pub(super) fn fingerprint(body: &[u8]) -> String {
    // A `Value` sorts its fields. A body that is not JSON is digested as it is.
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
