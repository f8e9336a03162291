//! Idempotency keys of requests: one request in flight a key, and the fingerprint that distinguishes requests.

use aws_lc_rs::digest::{Context, SHA256};
use axum::http::{HeaderMap, Method};

use crate::card;
use crate::error::ApiError;
use crate::format::hex;
use crate::param::Params;
use crate::sim::StripeSim;

/// Stripe's limit.
const MAX_KEY_LENGTH: usize = 255;

/// The guard of an idempotency key while its request is in flight.
pub(super) struct InFlightKey {
    sim: StripeSim,
    pub(super) key: String,
    pub(super) fingerprint: String,
}

impl InFlightKey {
    pub(super) fn enter(sim: &StripeSim, key: &str, fingerprint: String) -> Result<Self, ApiError> {
        let mut in_flight = sim.0.keys_in_flight.lock();
        if in_flight.insert(key.to_owned()) {
            Ok(Self { sim: sim.clone(), key: key.to_owned(), fingerprint })
        } else {
            Err(ApiError::key_in_use(key))
        }
    }
}

impl Drop for InFlightKey {
    fn drop(&mut self) {
        self.sim.0.keys_in_flight.lock().remove(&self.key);
    }
}

/// The key of the request; only `POST` has one.
pub(super) fn idempotency_key<'a>(
    method: &Method,
    headers: &'a HeaderMap,
) -> Result<Option<&'a str>, ApiError> {
    let Some(key) = headers.get("idempotency-key").filter(|_| *method == Method::POST) else {
        return Ok(None);
    };
    match key.to_str() {
        Ok(key) if (1..=MAX_KEY_LENGTH).contains(&key.len()) => Ok(Some(key)),
        _ => Err(ApiError::invalid("An idempotency key has 1 to 255 visible ASCII characters.")),
    }
}

/// Distinguishes requests of one idempotency key. Stored, so a card contributes only its last four digits: the whole
/// number could be guessed from its digest.
pub(super) fn fingerprint(params: &Params, caller: &str, path: &str) -> String {
    let mut digest = Context::new(&SHA256);
    let mut add = |part: &str| {
        digest.update(part.as_bytes());
        digest.update(&[0]);
    };
    add(caller);
    add(path);
    for (name, value) in params.sorted() {
        add(name);
        match name {
            name if name.ends_with("[number]") => add(&card::last4(value)),
            name if name.ends_with("[cvc]") => {}
            _ => add(value),
        }
    }
    hex(digest.finish().as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fingerprint_ignores_order_and_keeps_no_card_number() {
        let print = |encoded: &str| {
            let params = Params::parse(encoded.as_bytes()).expect("form-encoded");
            fingerprint(&params, "Secret", "/v1/x")
        };
        assert_eq!(print("a=1&b=2"), print("b=2&a=1"));
        assert_ne!(print("a=1&b=2"), print("a=1&b=3"));
        let card = |number: &str, cvc: &str| print(&format!("card[number]={number}&card[cvc]={cvc}"));
        assert_eq!(card("4242424242424242", "123"), card("5555555555554242", "999"));
    }
}
