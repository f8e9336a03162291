//! The faults of the card processor, one after another, while time goes by.

use std::time::Duration;

use common::clock::SimClock;
use e2e::{Place, World};
use serde_json::{Value, json};
use stripe_sim::{Faults, StripeSim};

use crate::dice::Dice;
use crate::network::Network;
use crate::seen::{Seen, fault};

/// How often time moves, by the clock on the wall.
const TICK: Duration = Duration::from_millis(2);
/// How long each fault lasts, in ticks.
const TICKS_OF_A_FAULT: u32 = 25;

pub(crate) struct Weather {
    dice: Dice,
    seen: Seen,
    place: Place,
    stripe: StripeSim,
    clock: SimClock,
    network: Network,
}

impl Weather {
    pub(crate) fn of(world: &World, network: &Network, seen: &Seen, dice: Dice) -> Self {
        let (place, stripe, clock) = (world.place.clone(), world.stripe().clone(), world.clock.clone());
        Self { dice, seen: seen.clone(), place, stripe, clock, network: network.clone() }
    }

    /// Until `done`, time goes by, at most `fastest` a tick, under one fault after another.
    #[expect(
        clippy::disallowed_methods,
        reason = "the storm works in real time, only its clock is simulated"
    )]
    pub(crate) async fn rages(&self, fastest: Duration, done: impl Future<Output = ()>) {
        let rages = async {
            let mut kinds = kinds_of_faults();
            loop {
                self.dice.shuffle(&mut kinds);
                for kind in &kinds {
                    let (value, before) = (self.set(kind).await, self.network.requests());
                    for _ in 0..TICKS_OF_A_FAULT {
                        let most = u32::try_from(fastest.as_millis()).expect("a moment");
                        self.clock.advance(Duration::from_millis(u64::from(self.dice.roll(most + 1))));
                        tokio::time::sleep(TICK).await;
                    }
                    let left = self.pending()[kind.as_str()].clone();
                    // Counts are used up; what holds until it is cleared has met every request.
                    let struck = if kind.ends_with("Ms") || value.is_boolean() {
                        self.network.requests() > before
                    } else {
                        left != value
                    };
                    if struck {
                        self.seen.note(fault(kind));
                    }
                }
            }
        };
        tokio::select! {
            () = done => {}
            () = rages => {}
        }
        self.clears_up().await;
    }

    pub(crate) async fn clears_up(&self) {
        let url = format!("{}/sim/faults", self.place.stripe);
        assert_eq!(Place::send(self.place.http.delete(url)).await.status, 204);
    }

    /// Only this fault from now on; how strong it is.
    async fn set(&self, kind: &str) -> Value {
        self.clears_up().await;
        let value = match &self.pending()[kind] {
            Value::Bool(_) => Value::Bool(true),
            _ if kind.ends_with("Ms") => json!(self.dice.roll(2_000) + 1),
            _ => json!(self.dice.roll(3) + 1),
        };
        let mut faults = json!({});
        *kind.split('/').skip(1).fold(&mut faults, |inner, name| &mut inner[name]) = value.clone();
        self.place.stripe_faults(faults).await;
        value
    }

    fn pending(&self) -> serde_json::Map<String, Value> {
        flat(&self.stripe.faults().pending())
    }
}

/// Every fault that the simulator can be told to have, by its path.
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
