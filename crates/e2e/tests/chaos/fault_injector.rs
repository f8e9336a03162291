//! Injects the faults of the card processor one after another while the clock advances.

use std::time::Duration;

use common::clock::SimClock;
use e2e::{Endpoints, Rng, World};
use serde_json::{Value, json};
use stripe_sim::{Faults, StripeSim};

use crate::coverage::{self, Coverage};
use crate::network::Network;

/// Between two advances of the clock, in real time.
const TICK_INTERVAL: Duration = Duration::from_millis(2);
/// The duration of a fault, in ticks.
const TICKS_PER_FAULT: u32 = 25;

pub(crate) struct FaultInjector {
    rng: Rng,
    coverage: Coverage,
    endpoints: Endpoints,
    stripe: StripeSim,
    clock: SimClock,
    network: Network,
}

impl FaultInjector {
    pub(crate) fn new(world: &World, network: &Network, coverage: &Coverage, rng: Rng) -> Self {
        let (endpoints, stripe, clock) =
            (world.endpoints.clone(), world.stripe().clone(), world.clock.clone());
        Self { rng, coverage: coverage.clone(), endpoints, stripe, clock, network: network.clone() }
    }

    /// Until `done`, injects faults and advances the clock by at most `max_step` a tick.
    #[expect(
        clippy::disallowed_methods,
        reason = "the world works in real time, only its clock is simulated"
    )]
    pub(crate) async fn run(&self, max_step: Duration, done: impl Future<Output = ()>) {
        let inject = async {
            let mut kinds = kinds_of_faults();
            loop {
                self.rng.shuffle(&mut kinds);
                for kind in &kinds {
                    let (value, before) = (self.set(kind).await, self.network.requests());
                    for _ in 0..TICKS_PER_FAULT {
                        let bound = u32::try_from(max_step.as_millis()).expect("a moment") + 1;
                        self.clock.advance(Duration::from_millis(u64::from(self.rng.below(bound))));
                        tokio::time::sleep(TICK_INTERVAL).await;
                    }
                    let left = self.pending()[kind.as_str()].clone();
                    // A counted fault is used up; a lasting one meets every request until it is cleared.
                    let occurred = if kind.ends_with("Ms") || value.is_boolean() {
                        self.network.requests() > before
                    } else {
                        left != value
                    };
                    if occurred {
                        self.coverage.record(coverage::fault(kind));
                    }
                }
            }
        };
        tokio::select! {
            () = done => {}
            () = inject => {}
        }
        self.clear().await;
    }

    async fn clear(&self) {
        let url = format!("{}/sim/faults", self.endpoints.stripe);
        assert_eq!(Endpoints::send(self.endpoints.http.delete(url)).await.status, 204);
    }

    /// Makes this the only fault. Returns its value.
    async fn set(&self, kind: &str) -> Value {
        self.clear().await;
        let value = match &self.pending()[kind] {
            Value::Bool(_) => Value::Bool(true),
            _ if kind.ends_with("Ms") => json!(self.rng.below(2_000) + 1),
            _ => json!(self.rng.below(3) + 1),
        };
        let mut faults = json!({});
        *kind.split('/').skip(1).fold(&mut faults, |inner, name| &mut inner[name]) = value.clone();
        self.endpoints.stripe_faults(faults).await;
        value
    }

    fn pending(&self) -> serde_json::Map<String, Value> {
        flat(&self.stripe.faults().pending())
    }
}

/// Every fault that the simulator can have, by its path.
pub(crate) fn kinds_of_faults() -> Vec<String> {
    flat(&Faults::default()).into_iter().map(|(kind, _)| kind).collect()
}

fn flat(faults: &Faults) -> serde_json::Map<String, Value> {
    fn leaves(path: &str, value: &Value, flat: &mut serde_json::Map<String, Value>) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    leaves(&format!("{path}/{name}"), value, flat);
                }
            }
            leaf => drop(flat.insert(path.to_owned(), leaf.clone())),
        }
    }
    let mut all = serde_json::Map::new();
    leaves("", &serde_json::to_value(faults).expect("JSON"), &mut all);
    all
}
