//! Stripe, as far as we use it: one call per file, each made once. Repeating is the business of the payment's steps.

mod cancel;
mod capture;
mod client;
mod create;
mod failure;
mod find;
mod intent;
mod list;
mod refund;
mod retrieve;

use stripe_client_core::{IdempotencyKey, RequestStrategy};

pub(crate) use failure::Failure;
pub(crate) use list::Listed;

use self::client::Client;
use crate::config::ConfigError;

/// Stripe. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Stripe(Client);

impl Stripe {
    /// Stripe with this key; `url`: another address than its own.
    pub(crate) fn new(secret_key: &str, url: Option<&str>) -> Result<Self, ConfigError> {
        Client::new(secret_key, url).map(Self)
    }
}

/// Sends a change once, under this key.
fn once_under(key: &str) -> Result<RequestStrategy, Failure> {
    let key = IdempotencyKey::new(key).map_err(|error| Failure::away(error.to_string()))?;
    Ok(RequestStrategy::Idempotent(key))
}
