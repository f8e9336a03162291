//! Stripe's API, as far as payments use it. Each call is made once: retries belong to the payment's steps.

mod api;
mod client;
mod error;
mod list;
mod map;

pub(crate) use error::StripeError;
pub(crate) use list::{Listed, MAX_CLOCK_SKEW};

use self::client::Client;
use crate::config::ConfigError;

/// Stripe. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Stripe(Client);

impl Stripe {
    /// Stripe with this key; `url`: another address than Stripe's own.
    pub(crate) fn new(secret_key: &str, url: Option<&str>) -> Result<Self, ConfigError> {
        Client::new(secret_key, url).map(Self)
    }
}

/// The key of a `PaymentIntent`'s metadata that names the payment, so that the `PaymentIntent` is found even if the reply
/// to its creation was lost.
const PAYMENT: &str = "payment";
/// The key of a `PaymentIntent`'s metadata that names the order.
const ORDER: &str = "order";

/// Expands the charge and its fees in a reply.
const WITH_MONEY: &str = "latest_charge.balance_transaction";
