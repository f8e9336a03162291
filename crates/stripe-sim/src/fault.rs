//! Faults on demand: what goes wrong with Stripe, so that it can be shown that nothing goes wrong with us.

use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What goes wrong from now on. Counts are for the next so many; delays and `reorder` hold until they are cleared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Faults {
    /// With the events.
    pub webhooks: WebhookFaults,
    /// With the requests.
    pub api: ApiFaults,
    /// So many captures are declined for good; the authorization stands.
    pub capture_fails: u32,
}

/// What goes wrong with events.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct WebhookFaults {
    /// So many are sent twice.
    pub duplicate: u32,
    /// So many are never sent.
    pub drop: u32,
    /// Milliseconds by which each is late.
    pub delay_ms: u64,
    /// Each is held back until the next of its object has gone ahead, or for three seconds.
    pub reorder: bool,
}

/// What goes wrong with requests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct ApiFaults {
    /// So many changes are made and answered by 500.
    pub fail_after_commit: u32,
    /// So many requests are answered by 500 before anything is done.
    pub fail_before: u32,
    /// So many requests are answered by 429.
    pub rate_limit: u32,
    /// Milliseconds by which each request is slower.
    pub delay_ms: u64,
}

/// Sets, clears and uses up the faults.
#[derive(Debug, Default)]
pub struct FaultSwitch(Mutex<Faults>);

impl FaultSwitch {
    /// The faults that are still to come.
    pub fn pending(&self) -> Faults {
        *self.lock()
    }

    /// Changes them: `faults.set(|faults| faults.webhooks.drop = 1)`.
    pub fn set(&self, change: impl FnOnce(&mut Faults)) {
        change(&mut self.lock());
    }

    /// No more faults.
    pub fn clear(&self) {
        self.set(|faults| *faults = Faults::default());
    }

    /// Sets what is named in `wanted`, a JSON object in the shape of [`Faults`], and leaves the rest.
    pub(crate) fn merge(&self, wanted: &Value) -> Result<Faults, serde_json::Error> {
        let mut faults = self.lock();
        let mut merged = serde_json::to_value(*faults)?;
        overlay(&mut merged, wanted);
        *faults = serde_json::from_value(merged)?;
        Ok(*faults)
    }

    /// Uses up one of the counted faults, if there is one.
    pub(crate) fn take(&self, count: impl FnOnce(&mut Faults) -> &mut u32) -> bool {
        let mut faults = self.lock();
        let left = count(&mut faults);
        let strikes = *left > 0;
        *left -= u32::from(strikes);
        strikes
    }

    pub(crate) fn api_delay(&self) -> Duration {
        Duration::from_millis(self.lock().api.delay_ms)
    }

    fn lock(&self) -> MutexGuard<'_, Faults> {
        self.0.lock()
    }
}

fn overlay(base: &mut Value, wanted: &Value) {
    match (base, wanted) {
        (Value::Object(base), Value::Object(wanted)) => {
            for (name, value) in wanted {
                overlay(base.entry(name).or_insert(Value::Null), value);
            }
        }
        // A list would be read as a struct's fields in order, so what should be an object is made unreadable.
        (base @ Value::Object(_), _) => *base = Value::Null,
        (base, wanted) => *base = wanted.clone(),
    }
}
