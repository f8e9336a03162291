//! Stripe's webhook signature (<https://docs.stripe.com/webhooks#verify-manually>).

use std::fmt::Write;

use aws_lc_rs::hmac;

/// The value of `Stripe-Signature` for a payload sent at `seconds` since 1970.
pub(crate) fn sign(secret: &str, seconds: i64, payload: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, format!("{seconds}.{payload}").as_bytes());
    format!("t={seconds},v1={}", hex(tag.as_ref()))
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
