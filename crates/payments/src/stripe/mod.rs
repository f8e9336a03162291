//! Stripe, as far as we use it: one call per file, each made once. Repeating is the business of the payment's steps.

mod cancel;
mod capture;
mod create;
mod failure;
mod find;
mod intent;
mod list;
mod refund;
mod retrieve;

use std::time::Duration;

use stripe::{Client, ClientBuilder, IdempotencyKey, RequestStrategy, StripeError};

pub(crate) use failure::Failure;
pub(crate) use list::Listed;

/// How long Stripe may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// A client of Stripe's API. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Stripe(Client);

impl Stripe {
    /// A client with this key; `url`: another address than Stripe's own.
    pub(crate) fn new(secret_key: &str, url: Option<&str>) -> Result<Self, StripeError> {
        let builder = ClientBuilder::new(secret_key).timeout(PATIENCE);
        let builder = match url {
            // The client appends `v1/...` to what it is given.
            Some(url) => builder.url(format!("{}/", url.trim_end_matches('/'))),
            None => builder,
        };
        builder.build().map(Self)
    }
}

/// Sends a change once, under this key.
fn once_under(key: &str) -> Result<RequestStrategy, Failure> {
    let key = IdempotencyKey::new(key).map_err(|error| Failure::away(error.to_string()))?;
    Ok(RequestStrategy::Idempotent(key))
}
