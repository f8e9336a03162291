//! Stripe's webhook signature (<https://docs.stripe.com/webhooks#verify-manually>).

use std::fmt::Write;

use aws_lc_rs::hmac;

/// The value of `Stripe-Signature` for a payload sent at `seconds` since 1970: one signature for each secret.
pub(crate) fn sign(secrets: &[&str], seconds: i64, payload: &str) -> String {
    let signed = format!("{seconds}.{payload}");
    let mut header = format!("t={seconds}");
    for secret in secrets {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let tag = hmac::sign(&key, signed.as_bytes());
        header.push_str(",v1=");
        header.push_str(&hex(tag.as_ref()));
    }
    header
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
