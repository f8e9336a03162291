//! Faults on demand, with which tests show that a client survives Stripe's failures.

use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The pending faults. Counts apply to that many of the next; delays and `reorder` apply until they are cleared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Faults {
    /// Faults of events.
    pub webhooks: WebhookFaults,
    /// Faults of requests.
    pub api: ApiFaults,
    /// Captures to decline permanently; the authorization remains.
    pub capture_fails: u32,
}

/// Faults of events.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct WebhookFaults {
    /// Events to send twice.
    pub duplicate: u32,
    /// Events never to send.
    pub drop: u32,
    /// Milliseconds of delay of each event.
    pub delay_ms: u64,
    /// Holds each event back until the next of its payment is sent, or for three seconds.
    pub reorder: bool,
}

/// Faults of requests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct ApiFaults {
    /// Commands to commit and reply with 500.
    pub fail_after_commit: u32,
    /// Requests to reply to with 500 before any effect.
    pub fail_before: u32,
    /// Requests to reply to with 429.
    pub rate_limit: u32,
    /// Milliseconds of delay of each request.
    pub delay_ms: u64,
}

/// The faults to inject: set, consumed and cleared at run time.
#[derive(Debug, Default)]
pub struct FaultSwitch(Mutex<Faults>);

impl FaultSwitch {
    /// The pending faults.
    pub fn pending(&self) -> Faults {
        *self.lock()
    }

    /// Changes them: `faults.set(|faults| faults.webhooks.drop = 1)`.
    pub fn set(&self, change: impl FnOnce(&mut Faults)) {
        change(&mut self.lock());
    }

    /// Clears all faults.
    pub fn clear(&self) {
        self.set(|faults| *faults = Faults::default());
    }

    /// Sets the members of `requested`, a JSON object in the form of [`Faults`], and keeps the others.
    pub(crate) fn merge(&self, requested: &Value) -> Result<Faults, serde_json::Error> {
        let mut faults = self.lock();
        let mut merged = serde_json::to_value(*faults)?;
        overlay(&mut merged, requested);
        *faults = serde_json::from_value(merged)?;
        Ok(*faults)
    }

    /// Consumes one of the counted faults, if one is pending.
    pub(crate) fn consume(&self, count: impl FnOnce(&mut Faults) -> &mut u32) -> bool {
        let mut faults = self.lock();
        let left = count(&mut faults);
        let injected = *left > 0;
        *left -= u32::from(injected);
        injected
    }

    pub(crate) fn api_delay(&self) -> Duration {
        Duration::from_millis(self.lock().api.delay_ms)
    }

    fn lock(&self) -> MutexGuard<'_, Faults> {
        self.0.lock()
    }
}

fn overlay(base: &mut Value, requested: &Value) {
    match (base, requested) {
        (Value::Object(base), Value::Object(requested)) => {
            for (name, value) in requested {
                overlay(base.entry(name).or_insert(Value::Null), value);
            }
        }
        // Serde would read a list as a struct's fields in order, so anything but an object becomes invalid.
        (base @ Value::Object(_), _) => *base = Value::Null,
        (base, requested) => *base = requested.clone(),
    }
}
