//! The signature of Stripe's webhooks (<https://docs.stripe.com/webhooks/signature>).

use std::time::Duration;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use common::Time;

/// The largest difference between the time of signing and ours, so that a copied webhook cannot be replayed later.
const MAX_AGE: Duration = Duration::from_mins(5);

/// The largest number of signatures of a webhook. Stripe sends one for each secret, at most two during a roll.
const MAX_SIGNATURES: usize = 5;

/// Whether one of the secrets signed this body at about this time. `header` is `t=<seconds>,v1=<hex>`, with one `v1` for
/// each secret of the sender, at most [`MAX_SIGNATURES`]; other schemes are ignored.
pub(super) fn is_valid(header: &str, body: &[u8], secrets: &[String], now: Time) -> bool {
    let mut sent = None;
    let mut signatures = Vec::new();
    for (name, value) in header.split(',').filter_map(|part| part.trim().split_once('=')) {
        match name {
            "t" => sent = Some(value),
            "v1" if signatures.len() == MAX_SIGNATURES => return false,
            // An empty signature is none.
            "v1" => signatures.push(hex::decode(value).unwrap_or_default()),
            _ => {}
        }
    }
    let Some(sent) = sent.filter(|sent| is_recent(sent, now)) else { return false };
    let signed = [sent.as_bytes(), b".", body].concat();
    let mut valid = false;
    for secret in secrets {
        // Once a secret: the body is up to 1 MiB long.
        let expected = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), &signed);
        for signature in &signatures {
            // No early exit, which would reveal the secret or signature that matched; each comparison takes constant time.
            valid |= verify_slices_are_equal(expected.as_ref(), signature).is_ok();
        }
    }
    valid
}

fn is_recent(seconds: &str, now: Time) -> bool {
    let Some(sent) = seconds.parse::<i64>().ok().and_then(|seconds| seconds.checked_mul(1000)) else {
        return false;
    };
    let sent = Time::from_millis(sent);
    (now - sent).max(sent - now) <= MAX_AGE
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = br#"{"id":"evt_1"}"#;
    const SENT: i64 = 1_700_000_000;

    fn signed(secret: &str, body: &[u8]) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let tag = hmac::sign(&key, &[format!("{SENT}.").as_bytes(), body].concat());
        hex::encode(tag)
    }

    fn check(header: &str, seconds_later: i64) -> bool {
        let secrets = ["whsec_old".to_owned(), "whsec_new".to_owned()];
        is_valid(header, BODY, &secrets, Time::from_millis((SENT + seconds_later) * 1000))
    }

    #[test]
    fn each_of_our_secrets_is_good() {
        let (old, new, other) = (signed("whsec_old", BODY), signed("whsec_new", BODY), signed("other", BODY));
        for header in [
            format!("t={SENT},v1={old}"),
            format!("t={SENT},v1={new}"),
            format!("v1={other}, v0=00 , v1={new}, t={SENT}"),
        ] {
            assert!(check(&header, 0), "{header}");
        }
    }

    #[test]
    fn at_most_five_signatures_are_looked_at() {
        let good = signed("whsec_new", BODY);
        let with_others = |count| format!("t={SENT}{},v1={good}", ",v1=00".repeat(count));
        assert!(check(&with_others(4), 0));
        assert!(!check(&with_others(5), 0) && !check(&with_others(60_000), 0));
        assert!(!check(&format!("t={SENT},v1={good}{}", ",v1=".repeat(5)), 0));
    }

    #[test]
    fn a_webhook_is_good_for_five_minutes() {
        let header = format!("t={SENT},v1={}", signed("whsec_new", BODY));
        assert!(check(&header, 300) && check(&header, -300));
        assert!(!check(&header, 301) && !check(&header, -301));
    }

    #[test]
    fn what_we_did_not_agree_on_is_refused() {
        let good = signed("whsec_new", BODY);
        for header in [
            String::new(),
            format!("v1={good}"),
            format!("t={SENT}"),
            format!("t={SENT},v0={good}"),
            format!("t={SENT},v1={}", &good[2..]),
            format!("t={SENT},v1=zz{}", &good[2..]),
            format!("t={SENT},v1=é{good}"),
            format!("t={},v1={good}", SENT + 1),
            format!("t={},v1={good}", i64::MAX),
            format!("t=now,v1={good}"),
            format!("t={SENT},v1={}", signed("other", BODY)),
            format!("t={SENT},v1={}", signed("whsec_new", b"{}")),
        ] {
            assert!(!check(&header, 0), "{header}");
        }
    }
}
