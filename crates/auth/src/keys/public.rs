//! The public halves of the signing keys, as published.

use jsonwebtoken::jwk::{AlgorithmParameters, Jwk};
use jsonwebtoken::{Algorithm, EncodingKey};
use serde::Serialize;
use utoipa::ToSchema;

use super::KeyError;

/// The keys that verify session tokens: a JSON Web Key Set (RFC 7517).
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct PublicKeys {
    /// The keys, oldest first. The last one may not sign yet.
    pub(crate) keys: Vec<PublicKey>,
}

/// A public key: a JSON Web Key on the curve P-256 (RFC 7518 section 6.2).
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct PublicKey {
    /// The key type: `EC`.
    #[schema(example = "EC")]
    pub(crate) kty: &'static str,
    /// The curve: `P-256`.
    #[schema(example = "P-256")]
    pub(crate) crv: &'static str,
    /// The use: `sig`.
    #[schema(example = "sig")]
    pub(crate) r#use: &'static str,
    /// The signature algorithm: `ES256`.
    #[schema(example = "ES256")]
    pub(crate) alg: &'static str,
    /// The key's id, as in the header of tokens.
    pub(crate) kid: String,
    /// The x coordinate: 32 bytes in Base64url.
    pub(crate) x: String,
    /// The y coordinate: 32 bytes in Base64url.
    pub(crate) y: String,
}

impl PublicKey {
    /// The public half of a key pair.
    pub(super) fn of(pair: &EncodingKey, kid: &str) -> Result<Self, KeyError> {
        let jwk = Jwk::from_encoding_key(pair, Algorithm::ES256).map_err(KeyError::unusable)?;
        let AlgorithmParameters::EllipticCurve(point) = jwk.algorithm else {
            return Err(KeyError::unusable("the key is not on an elliptic curve"));
        };
        let kid = kid.to_owned();
        Ok(Self { kty: "EC", crv: "P-256", r#use: "sig", alg: "ES256", kid, x: point.x, y: point.y })
    }
}
