//! Random failures and crashes: every event is handled, and those of an aggregate in order unless a consumer crashes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bus::{ConsumeError, ConsumerLoop, Incoming, Limits, LocalBus, Subscription};
use common::event::Subject;
use common::{Ids, SeededEntropy};
use futures::FutureExt;
use futures::future::BoxFuture;
use parking_lot::Mutex;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::support::{Handler, Harness, settle};

const SUBJECTS: &[Subject] = &[Subject::ExpirationCompleted];
const ORDERS: u8 = 5;

/// The versions that each of two consumers has handled, by order, in the order of handling.
type Handled = Arc<Mutex<BTreeMap<(&'static str, u128), Vec<u64>>>>;

struct Chaos {
    harness: Harness,
    bus: Arc<LocalBus>,
    chance: Ids,
    handled: Handled,
    calm: Arc<Mutex<bool>>,
}

impl Chaos {
    fn new(seed: u64) -> Self {
        let (harness, bus) = (Harness::new(), LocalBus::new());
        for consumer in ["first", "second"] {
            bus.expect(consumer, SUBJECTS);
        }
        let clock = Arc::new(harness.clock.clone());
        let chance = Ids::new(clock, Arc::new(SeededEntropy::new(seed)));
        Self { harness, bus: Arc::new(bus), chance, handled: Handled::default(), calm: Arc::default() }
    }

    /// A random number below `many`.
    fn one_of(&self, many: u8) -> u8 {
        self.chance.bytes::<1>()[0] % many
    }

    fn relay(&self) -> JoinSet<()> {
        self.harness.relay(self.bus.clone(), &CancellationToken::new())
    }

    fn consumer(&self, consumer: &'static str) -> JoinSet<()> {
        let subscription =
            Subscription { consumer, subjects: SUBJECTS, handler: Arc::new(Handler(self.handler(consumer))) };
        let clock = Arc::new(self.harness.clock.clone());
        let store = self.harness.store.clone();
        let consumers = ConsumerLoop::new(subscription, &*self.bus, store, clock, self.chance.clone());
        // A dead letter would rightly let the next event of its aggregate pass.
        let limits = Limits { max_attempts: u32::MAX, ..Limits::default() };
        let mut running = JoinSet::new();
        running.spawn(consumers.with_limits(limits).run(CancellationToken::new()));
        running
    }

    fn handler(
        &self,
        consumer: &'static str,
    ) -> impl Fn(Incoming) -> BoxFuture<'static, Result<(), ConsumeError>> + Send + Sync + 'static {
        let (handled, calm, chance) = (self.handled.clone(), self.calm.clone(), self.chance.clone());
        move |incoming| {
            let event = incoming.envelope;
            let chosen = if *calm.lock() { u8::MAX } else { chance.bytes::<1>()[0] % 12 };
            let done = || {
                let mut handled = handled.lock();
                handled.entry((consumer, event.aggregate.as_u128())).or_default().push(event.version);
            };
            match chosen {
                0 => async { Err(ConsumeError::RetryLater(Duration::from_millis(300))) }.boxed(),
                1 => async { Err(ConsumeError::Unavailable("unavailable".into())) }.boxed(),
                2 => async { Err(ConsumeError::failed("no")) }.boxed(),
                3 => async { panic!("in the middle of it") }.boxed(),
                4 => futures::future::pending().boxed(),
                // Fails after its work.
                5 => {
                    done();
                    async { Err(ConsumeError::failed("after the work")) }.boxed()
                }
                _ => {
                    done();
                    async { Ok(()) }.boxed()
                }
            }
        }
    }
}

async fn run(seed: u64, crashes: bool) {
    let chaos = Chaos::new(seed);
    let (mut relay, mut first, mut second) =
        (chaos.relay(), chaos.consumer("first"), chaos.consumer("second"));
    let mut committed = BTreeMap::<u128, u64>::new();
    for _ in 0..150 {
        match chaos.one_of(10) {
            // A drop is a crash: the next may start before the last task of the former has ended.
            0 => relay = crash_then(relay, || chaos.relay()),
            1 if crashes => first = crash_then(first, || chaos.consumer("first")),
            2 if crashes => second = crash_then(second, || chaos.consumer("second")),
            3 => chaos.harness.pass(Duration::from_secs(chaos.one_of(40).into())).await,
            4 => chaos.harness.pass(Duration::from_millis(chaos.one_of(200).into())).await,
            _ => {
                let order = chaos.one_of(ORDERS).into();
                chaos.harness.commit(order).await;
                *committed.entry(order).or_default() += 1;
            }
        }
    }
    *chaos.calm.lock() = true;
    for _ in 0..40 {
        chaos.harness.pass(Duration::from_secs(31)).await;
    }
    settle().await;
    assert_eq!(chaos.harness.outbox().await, 0, "seed {seed}");
    let handled = chaos.handled.lock();
    for consumer in ["first", "second"] {
        for (order, last) in &committed {
            let mut distinct = Vec::new();
            for version in &handled[&(consumer, *order)] {
                if !distinct.contains(version) {
                    distinct.push(*version);
                }
            }
            // A consumer that starts anew receives what the former one held in any order.
            if crashes {
                distinct.sort_unstable();
            }
            assert_eq!(distinct, (1..=*last).collect::<Vec<_>>(), "seed {seed}, {consumer}, order {order}");
        }
    }
}

/// Crashes one, and starts another.
fn crash_then(old: JoinSet<()>, start: impl FnOnce() -> JoinSet<()>) -> JoinSet<()> {
    drop(old);
    start()
}

#[tokio::test]
async fn every_event_is_handled_whatever_crashes_and_fails() {
    for seed in 0..8 {
        run(seed, true).await;
    }
}

#[tokio::test]
async fn events_of_an_aggregate_are_handled_in_order_whatever_fails_and_whenever_the_relay_crashes() {
    for seed in 0..8 {
        run(seed, false).await;
    }
}
