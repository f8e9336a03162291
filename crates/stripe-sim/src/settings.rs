//! The simulator's settings.

use crate::balance::Fees;

/// Subscribes to every event.
pub(crate) const ALL_EVENTS: &str = "*";

/// Addresses, keys, webhook and fees of the simulator.
#[derive(Clone)]
pub struct Settings {
    /// The address for browsers, such as `http://127.0.0.1:12111`, which starts every redirect address.
    pub public_url: String,
    /// The receiver of events (`http` only); `None`: no events are sent.
    pub webhook_url: Option<String>,
    /// The secrets that sign events, all at once, as during the roll of a secret.
    pub webhook_secrets: Vec<String>,
    /// The subscribed event types; `*`: all.
    pub webhook_events: Vec<String>,
    /// The key that may do everything.
    pub secret_key: String,
    /// The key that, together with a client secret, confirms and retrieves.
    pub publishable_key: String,
    /// Stripe's fees.
    pub fees: Fees,
}

impl Default for Settings {
    /// The documented address and keys, without webhook and fees.
    fn default() -> Self {
        Self {
            public_url: "http://127.0.0.1:12111".to_owned(),
            webhook_url: None,
            webhook_secrets: vec!["whsec_sim".to_owned()],
            webhook_events: vec![ALL_EVENTS.to_owned()],
            secret_key: "sk_test_sim".to_owned(),
            publishable_key: "pk_test_sim".to_owned(),
            fees: Fees::default(),
        }
    }
}
