//! The scenario: 200 purchases under faults, an outage of Stripe for a week, refunds and disputes, and the end.

use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use common::Clock;
use e2e::audit::{Audit, intents};
use e2e::{HOLD_PERIOD, Person, Rng, World, WorldConfig};
use futures::StreamExt;
use futures::stream::iter;
use store::Backend;
use store::sqlite::SqliteBackend;
use stripe_sim::Fees;

use crate::coverage::{self, Coverage};
use crate::fault_injector::FaultInjector;
use crate::network::Network;
use crate::post_capture::{PostCapture, Sale};
use crate::purchase::{LatePayment, Purchase};
use crate::remote_database::RemoteDatabase;
use crate::unreadable::Unreadable;
use crate::unreliable_bus::{Losses, UnreliableBus};

const PURCHASES: u64 = 200;
/// Purchases during the outage of Stripe.
const PURCHASES_IN_OUTAGE: u64 = 40;
/// Purchases of a negative control.
const CONTROL_PURCHASES: usize = 100;
const MAX_IN_FLIGHT: usize = 16;

/// The clock's largest step while users act.
const MAX_STEP: Duration = Duration::from_millis(40);
/// The clock advances at once up to so long before a late payment.
const LEAD: Duration = Duration::from_millis(300);

/// The card processor's events that no request of ours causes directly.
pub(crate) const EVENTS: [&str; 8] = [
    "payment_intent.payment_failed",
    "payment_intent.requires_action",
    "payment_intent.canceled",
    "charge.expired",
    "charge.refunded",
    "refund.failed",
    "charge.dispute.created",
    "charge.dispute.closed",
];

/// The ends of orders: `complete`, or a cancel reason.
pub(crate) const ENDS: [&str; 4] = ["complete", "by-buyer", "expired", "payment-failed"];

/// Past every retry delay, and past what banks need.
const RECOVERY_STEPS: [Duration; 6] = {
    let (moment, minute) = (Duration::from_secs(5), Duration::from_mins(1));
    [moment, Duration::from_secs(10), Duration::from_secs(30), minute, minute, minute]
};

/// Purchases that completed while other payments were unreadable.
pub(crate) const SALES_BESIDE_UNREADABLE: &str = "sales beside unreadable payments";
/// A third of those that complete in fact.
const MIN_SALES_BESIDE_UNREADABLE: usize = 20;

/// A guard of the promises that a negative control disables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DisabledGuard {
    None,
    PivotStep,
    IdempotencyKeys,
    VersionCheck,
    Republication,
}

/// Runs the scenario. Returns the audit of its end and every violation.
pub(crate) async fn run(seed: u64, disabled: DisabledGuard, coverage: &Coverage) -> (Audit, Vec<String>) {
    let (scenario, mut purchases) = Scenario::start(seed, disabled, coverage).await;
    let in_outage = purchases.split_off(usize::try_from(PURCHASES - PURCHASES_IN_OUTAGE).expect("a few"));
    scenario.buy(purchases).await;
    scenario.buy_in_outage(in_outage).await;
    scenario.refund_and_dispute().await;
    scenario.end().await
}

/// Runs purchases alone with a guard disabled: its violations need neither the outage nor refunds. Returns every violation.
pub(crate) async fn run_control(seed: u64, disabled: DisabledGuard) -> Vec<String> {
    let coverage = Coverage::default();
    let (scenario, mut purchases) = Scenario::start(seed, disabled, &coverage).await;
    purchases.truncate(CONTROL_PURCHASES);
    scenario.buy(purchases).await;
    scenario.end().await.1
}

struct Scenario<'a> {
    world: World,
    faults: FaultInjector,
    network: Network,
    losses: Losses,
    unreadable: Unreadable,
    people: Vec<Person>,
    rng: Rng,
    coverage: &'a Coverage,
}

impl<'a> Scenario<'a> {
    /// The scenario before its purchases.
    async fn start(seed: u64, disabled: DisabledGuard, coverage: &'a Coverage) -> (Self, Vec<Purchase>) {
        let network = Network::new(Rng::new(seed * 7), coverage, disabled != DisabledGuard::IdempotencyKeys);
        let losses = Losses::new(Rng::new(seed * 19), coverage, disabled != DisabledGuard::Republication);
        let unreadable = Unreadable::new(coverage);
        let world = World::with(config(seed, disabled, &network, &losses, &unreadable)).await;
        let faults = FaultInjector::new(&world, &network, coverage, Rng::new(seed * 11));
        let (people, rng) = (people(&world).await, Rng::new(seed));
        let purchases = purchases(seed, &world, &people, &rng, coverage);
        (Self { world, faults, network, losses, unreadable, people, rng, coverage }, purchases)
    }

    /// Purchases under faults; some pay at their deadline or later.
    async fn buy(&self, purchases: Vec<Purchase>) {
        let late = self.run_all(purchases).await;
        self.record_sales().await;
        self.unreadable.lift();
        self.pay_late(late).await;
        self.world.replay_dead_letters().await;
        self.advance_by(RECOVERY_STEPS).await;
    }

    async fn record_sales(&self) {
        let mut sales = 0;
        for person in &self.people {
            let orders = person.all("/api/orders").await;
            sales += orders.iter().filter(|order| order["status"] == "complete").count();
        }
        if sales >= MIN_SALES_BESIDE_UNREADABLE {
            self.coverage.record(SALES_BESIDE_UNREADABLE);
        }
    }

    /// Stripe becomes unavailable during purchases, past every deadline, until its authorizations have expired.
    async fn buy_in_outage(&self, mut purchases: Vec<Purchase>) {
        let second_half = purchases.split_off(purchases.len() / 2);
        let mut late = self.run_all(purchases).await;
        self.network.set_down(true);
        late.extend(self.run_all(second_half).await);
        self.pay_late(late).await;
        self.advance_by([Duration::from_hours(1)].into_iter().chain([Duration::from_hours(24); 7])).await;
        self.network.set_down(false);
        for person in &self.people {
            assert_eq!(person.signs_in().await.status, 200);
        }
        self.advance_by(RECOVERY_STEPS).await;
    }

    /// Refunds and disputes under faults.
    async fn refund_and_dispute(&self) {
        let intents = intents(&self.world.endpoints).await;
        let mut sales = Vec::new();
        let found = intents.iter().filter_map(|intent| Sale::of(&self.world, intent, &self.rng));
        for (sale, action) in found.zip(PostCapture::ALL.into_iter().cycle()) {
            let action = if sale.has_slow_refunds().await { PostCapture::RefundByOperator } else { action };
            sales.push((sale, action));
        }
        let coverage = self.coverage;
        let actions = iter(sales).for_each_concurrent(MAX_IN_FLIGHT, |(sale, action)| async move {
            sale.perform(action, coverage).await;
        });
        self.faults.run(MAX_STEP, actions).await;
        self.advance_by(RECOVERY_STEPS).await;
    }

    async fn end(self) -> (Audit, Vec<String>) {
        self.network.set_faultless();
        self.losses.end();
        // Past two reconciliations, which find what no webhook reported.
        let minutes = [10, 1, 10, 1].map(Duration::from_mins);
        let is_settled = self.advance_by(minutes).await;
        let (audit, mut violations) = self.world.violations().await;
        if !is_settled {
            violations.push("work is left at the end".to_owned());
        }
        record(&self.world, &audit, self.coverage).await;
        (audit, violations)
    }

    /// Advances the clock without faults. Returns whether no work is left in the end.
    async fn advance_by(&self, steps: impl IntoIterator<Item = Duration>) -> bool {
        let mut is_settled = false;
        for step in steps {
            self.world.clock.advance(step);
            is_settled = self.world.try_settle().await;
        }
        is_settled
    }

    async fn run_all(&self, purchases: Vec<Purchase>) -> Vec<LatePayment> {
        let mut late = Vec::new();
        let running = iter(purchases).map(Purchase::run).buffer_unordered(MAX_IN_FLIGHT);
        let all = running.for_each(|one| {
            late.extend(one);
            ready(())
        });
        self.faults.run(MAX_STEP, all).await;
        late
    }

    /// Makes the late payments one after another, each at its time. The clock skips the time in between.
    async fn pay_late(&self, mut late: Vec<LatePayment>) {
        late.sort_by_key(|payment| payment.at);
        let clock = &self.world.clock;
        for one in late {
            clock.advance(one.at.before(LEAD) - clock.now());
            self.faults.run(MAX_STEP, one.pays(clock)).await;
        }
        self.advance_by([HOLD_PERIOD]).await;
    }
}

fn config(
    seed: u64,
    disabled: DisabledGuard,
    network: &Network,
    losses: &Losses,
    unreadable: &Unreadable,
) -> WorldConfig {
    let (network, losses, unreadable) = (network.clone(), losses.clone(), unreadable.clone());
    WorldConfig {
        fees: Fees { basis_points: 290, fixed: 30, dispute: 15_00 },
        make_bus: Box::new(move |clock| {
            let has_pivot_step = disabled != DisabledGuard::PivotStep;
            Arc::new(UnreliableBus::new(clock.clone(), Rng::new(seed * 17), losses, has_pivot_step))
        }),
        open_store: Box::new(move |_| -> Arc<dyn Backend> {
            let database = SqliteBackend::in_memory().expect("a database in memory");
            let checks_versions = disabled != DisabledGuard::VersionCheck;
            let (rng, unreadable) = (Rng::new(seed * 13), unreadable.clone());
            Arc::new(RemoteDatabase { database, rng, unreadable, checks_versions })
        }),
        wrap_stripe: Box::new(move |stripe| network.wrap(stripe)),
        ..WorldConfig::default()
    }
}

async fn people(world: &World) -> Vec<Person> {
    let mut people = Vec::new();
    for name in ["ada", "grace", "linus", "edsger", "barbara"] {
        people.push(world.person(name).await);
    }
    people
}

/// All purchases; their cards cycle through every test card.
fn purchases(seed: u64, world: &World, people: &[Person], rng: &Rng, coverage: &Coverage) -> Vec<Purchase> {
    let mut cards: Vec<&str> = stripe_sim::test_cards().collect();
    rng.shuffle(&mut cards);
    let cards = cards.into_iter().cycle();
    (0..PURCHASES)
        .zip(cards)
        .map(|(number, card)| {
            let person = |offset: u64| {
                let index = (number + offset) % people.len() as u64;
                people[usize::try_from(index).expect("a few")].clone()
            };
            Purchase {
                seller: person(0),
                buyer: person(1),
                rival: person(2),
                card,
                clock: world.clock.clone(),
                rng: Rng::new(seed * 1_000 + number),
                coverage: coverage.clone(),
            }
        })
        .collect()
}

/// Records the card processor's events and the ends of the orders.
async fn record(world: &World, audit: &Audit, coverage: &Coverage) {
    for kind in EVENTS {
        let found = world.endpoints.stripe_get(&format!("/v1/events?limit=1&type={kind}")).await;
        if found.json["data"].as_array().is_some_and(|events| !events.is_empty()) {
            coverage.record(coverage::event(kind));
        }
    }
    for how in ENDS {
        if audit.orders.iter().any(|order| order["status"] == how || order["cancelReason"] == how) {
            coverage.record(coverage::end(how));
        }
    }
}
