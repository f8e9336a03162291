//! The signature of a webhook (<https://docs.stripe.com/webhooks/signature>).

use std::time::Duration;

use aws_lc_rs::hmac;
use common::Time;

/// How old a webhook may be, and how far its sender's clock may be ahead: whoever has copied one cannot send it later.
const TOLERANCE: Duration = Duration::from_mins(5);

/// Whether one of these secrets signed this body at about this time. `header` is `t=<seconds>,v1=<hex>`, with one
/// `v1` for each secret that the sender has; other schemes are ignored.
pub(super) fn is_good(header: &str, body: &[u8], secrets: &[String], now: Time) -> bool {
    let mut sent = None;
    let mut signatures = Vec::new();
    for (name, value) in header.split(',').filter_map(|part| part.trim().split_once('=')) {
        match name {
            "t" => sent = Some(value),
            "v1" => signatures.extend(from_hex(value)),
            _ => {}
        }
    }
    let Some(sent) = sent.filter(|sent| is_about(sent, now)) else { return false };
    let signed = [sent.as_bytes(), b".", body].concat();
    // No early exit tells which secret or signature it was; each comparison takes constant time.
    secrets
        .iter()
        .map(|secret| hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()))
        .flat_map(|key| signatures.iter().map(move |signature| (key.clone(), signature)))
        .fold(false, |good, (key, signature)| hmac::verify(&key, &signed, signature).is_ok() || good)
}

fn is_about(seconds: &str, now: Time) -> bool {
    let Some(sent) = seconds.parse::<i64>().ok().and_then(|seconds| seconds.checked_mul(1000)) else {
        return false;
    };
    let sent = Time::from_millis(sent);
    (now - sent).max(sent - now) <= TOLERANCE
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() || !text.len().is_multiple_of(2) {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = br#"{"id":"evt_1"}"#;
    const SENT: i64 = 1_700_000_000;

    fn signed(secret: &str, body: &[u8]) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let tag = hmac::sign(&key, &[format!("{SENT}.").as_bytes(), body].concat());
        tag.as_ref().iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
    }

    fn check(header: &str, seconds_later: i64) -> bool {
        let secrets = ["whsec_old".to_owned(), "whsec_new".to_owned()];
        is_good(header, BODY, &secrets, Time::from_millis((SENT + seconds_later) * 1000))
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
