//! A stateful simulator of the part of Stripe's API that takes card payments.
//!
//! It is told apart from Stripe only by its base URL: the same requests, states, error bodies and signed webhooks.
//! Every `PaymentIntent` is one document that also holds its charges, refunds, disputes and movements of the balance,
//! its events with their deliveries, and the replies that its idempotency keys give again: one atomic write covers them
//! all, and a killed process half-does nothing.

mod balance;
mod card;
mod charge;
mod dispute;
mod endpoint;
mod endpoints;
mod error;
mod event;
mod expand;
mod fault;
mod http;
mod id;
mod inspect;
mod intent;
mod metadata;
mod param;
mod perform;
mod record;
mod refund;
mod webhook;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use common::{Ids, SharedClock, Time};
use parking_lot::Mutex;
use store::{Collection, Store};
use tokio::sync::Notify;

pub use balance::Fees;
pub use card::test_cards;
pub use fault::{ApiFaults, FaultSwitch, Faults, WebhookFaults};
pub use inspect::IntentSummary;
pub use intent::Status;

use endpoint::Endpoint;
use record::Record;

/// How the simulator presents itself and whom it tells.
#[derive(Clone)]
pub struct Settings {
    /// Where browsers reach it, such as `http://127.0.0.1:12111`: the beginning of every redirect address.
    pub public_url: String,
    /// Where events are posted (`http` only); `None`: nowhere.
    pub webhook_url: Option<String>,
    /// Sign the events, all of them, as while a secret is being rolled.
    pub webhook_secrets: Vec<String>,
    /// The events that are posted there, by their names; `*`: all.
    pub webhook_events: Vec<String>,
    /// The key for everything.
    pub secret_key: String,
    /// The key that, together with a client secret, confirms and retrieves.
    pub publishable_key: String,
    /// What Stripe takes for its work.
    pub fees: Fees,
}

impl Default for Settings {
    /// The documented keys on the documented address, without webhooks and fees.
    fn default() -> Self {
        Self {
            public_url: "http://127.0.0.1:12111".to_owned(),
            webhook_url: None,
            webhook_secrets: vec!["whsec_sim".to_owned()],
            webhook_events: vec![endpoint::ALL_EVENTS.to_owned()],
            secret_key: "sk_test_sim".to_owned(),
            publishable_key: "pk_test_sim".to_owned(),
            fees: Fees::default(),
        }
    }
}

/// The simulator. Cheap to clone; all clones share one state.
#[derive(Clone)]
pub struct StripeSim(Arc<Shared>);

struct Shared {
    records: Collection<Record>,
    stored_endpoints: Collection<Endpoint>,
    /// As they were read from the database last.
    endpoints: Mutex<Option<Arc<[Endpoint]>>>,
    started: Time,
    clock: SharedClock,
    ids: Ids,
    settings: Settings,
    faults: FaultSwitch,
    /// Idempotency keys whose first request is still being worked on.
    keys_in_use: Mutex<HashSet<String>>,
    /// Rings when something may have become due.
    event_added: Notify,
    /// Rings when a delivery was attempted and its outcome is stored.
    delivery_settled: Notify,
    deliveries_under_way: AtomicUsize,
}

impl StripeSim {
    /// A simulator on this store; it goes on where an earlier one on the same store stopped.
    pub fn new(store: &Store, clock: SharedClock, ids: Ids, settings: Settings) -> Self {
        Self(Arc::new(Shared {
            records: store.collection(),
            stored_endpoints: store.collection(),
            endpoints: Mutex::default(),
            started: clock.now(),
            clock,
            ids,
            settings,
            faults: FaultSwitch::default(),
            keys_in_use: Mutex::default(),
            event_added: Notify::new(),
            delivery_settled: Notify::new(),
            deliveries_under_way: AtomicUsize::new(0),
        }))
    }

    /// The simulator's whole HTTP surface.
    pub fn router(&self) -> axum::Router {
        http::router(self.clone())
    }

    /// The faults that it can be told to have.
    pub fn faults(&self) -> &FaultSwitch {
        &self.0.faults
    }
}
