//! Events that are lost for good: every delivery of a subject, or a row of an outbox. The marketplace recovers by itself,
//! and does not without the workers that find overdue documents.

mod history;
mod lossy_bus;
mod lossy_store;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use bus::LocalBus;
use common::event::Subject;
use e2e::{World, WorldConfig};
use futures::stream::{self, StreamExt};
use parking_lot::Mutex;
use store::sqlite::SqliteBackend;

use self::history::{History, Outcome, SETTLED_WITHIN};
use self::lossy_bus::{Losses, LossyBus};
use self::lossy_store::LossyStore;

/// Worlds at the same time: most of their time they wait.
const MAX_CONCURRENT: usize = 4;
/// In real time, for work that never ends because the workers find no overdue document.
const CONTROL_SETTLE_TIMEOUT: Duration = Duration::from_secs(1);

/// The tests of all subjects run one after another.
static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

async fn world(losses: &Losses, hides_overdue: bool) -> World {
    world_with(losses, hides_overdue, &Arc::default()).await
}

async fn world_with(losses: &Losses, hides_overdue: bool, deletes: &Arc<Mutex<HashSet<Subject>>>) -> World {
    let (losses, deletes) = (losses.clone(), Arc::clone(deletes));
    let mut config = WorldConfig::default();
    if hides_overdue {
        config.settle_timeout = CONTROL_SETTLE_TIMEOUT;
    }
    World::with(WorldConfig {
        make_bus: Box::new(move |_| Arc::new(LossyBus { bus: LocalBus::new(), losses })),
        open_store: Box::new(move |_| {
            let database = SqliteBackend::in_memory().expect("a database in memory");
            Arc::new(LossyStore { database, hides_overdue, deletes: Arc::clone(&deletes) })
        }),
        ..config
    })
    .await
}

/// The longest time from the end of the loss until both tickets are bought, and, after the last loss, until every replica
/// equals its owner. ARCHITECTURE.md has the reasons.
const fn limits(subject: Subject) -> (Duration, Duration) {
    const AT_ONCE: Duration = Duration::ZERO;
    const SOON: Duration = Duration::from_secs(30);
    const LATER: Duration = Duration::from_mins(2);
    match subject {
        // The next poll of an authorization that is refused for lack of the lock may be a minute away.
        Subject::TicketReserved | Subject::OrderCreated => (LATER, AT_ONCE),
        // Offers are published again two minutes after their last change, locks 30 and 90 seconds after their deadline.
        Subject::TicketReleased | Subject::OrderCancelled => (AT_ONCE, LATER),
        // Asked for one and five minutes after the deadline, which may pass during the last loss.
        Subject::TicketSold => (AT_ONCE, Duration::from_mins(6)),
        Subject::OrderCompleted => (Duration::from_mins(1), SOON),
        Subject::OrderPaymentAccepted | Subject::PaymentAuthorized | Subject::PaymentCaptured => {
            (SOON, AT_ONCE)
        }
        Subject::TicketCreated
        | Subject::TicketUpdated
        | Subject::TicketWithdrawn
        | Subject::TicketReservationRefused
        | Subject::OrderAwaitingPayment
        | Subject::ExpirationCompleted
        | Subject::PaymentStarted
        | Subject::PaymentNotAuthorized
        | Subject::PaymentFailed
        | Subject::PaymentVoided
        | Subject::PaymentRefunded
        | Subject::PaymentDisputed
        | Subject::SessionRevoked
        | Subject::OrderClosingAccepted
        | Subject::OrderClosingRefused
        | Subject::AccountChanged
        | Subject::AccountClosing
        | Subject::AccountDeleted => (AT_ONCE, AT_ONCE),
    }
}

/// Lives through the history once for each loss: a subject, and the consumer that loses it.
async fn of_each(
    losses: impl IntoIterator<Item = (Option<&'static str>, Subject)>,
    hides_overdue: bool,
) -> Vec<(String, Subject, Outcome)> {
    let _alone = ALONE.lock().await;
    let lives = losses.into_iter().map(|(consumer, subject)| async move {
        let losses = Losses::of(consumer);
        let world = world(&losses, hides_overdue).await;
        let outcome = History::new(&world, &losses, subject, hides_overdue).await.run().await;
        let name = format!("{subject} for {}", consumer.unwrap_or("all"));
        assert!(losses.lost() > 0, "{name}: was not published");
        (name, subject, outcome)
    });
    stream::iter(lives).buffer_unordered(MAX_CONCURRENT).collect().await
}

/// The subjects of purchases. No purchase depends on the events of accounts: only emails and deletions do.
fn of_purchases() -> impl Iterator<Item = Subject> {
    let is_of_account = |subject| {
        matches!(
            subject,
            Subject::AccountChanged
                | Subject::AccountClosing
                | Subject::AccountDeleted
                | Subject::OrderClosingAccepted
                | Subject::OrderClosingRefused
        )
    };
    Subject::ALL.iter().copied().filter(move |subject| !is_of_account(*subject))
}

/// Fails unless every outcome is settled within its limits.
fn assert_settled(outcomes: Vec<(String, Subject, Outcome)>) {
    let mut failed = Vec::new();
    for (name, subject, Outcome { violations, bought_after, settled_after }) in outcomes {
        println!("{name}: bought after {bought_after:?}, settled after {settled_after:?}");
        let (to_buy, to_settle) = limits(subject);
        // Nothing asks for the sale before the deadline: payments and the buyer know that the order is complete.
        let to_buy = if name == "order.completed for tickets" { SETTLED_WITHIN } else { to_buy };
        if !violations.is_empty() || bought_after > to_buy || settled_after > to_settle {
            let violations = violations.join("\n  ");
            failed
                .push(format!("{name}: bought {bought_after:?}, settled {settled_after:?}\n  {violations}"));
        }
    }
    assert!(failed.is_empty(), "\n{}", failed.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_purchase_settles_though_every_delivery_of_any_one_event_is_lost() {
    assert_settled(of_each(of_purchases().map(|subject| (None, subject)), false).await);
}

/// The other consumers of the event go on, which asks no one for what one consumer has missed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_purchase_settles_though_one_of_several_consumers_loses_an_event() {
    let losses = Losses::default();
    world(&losses, false).await.finish().await;
    let subscriptions = losses.subscriptions();
    let is_shared = |subject| subscriptions.iter().filter(|(_, other)| *other == subject).count() > 1;
    // The revocations of all services are alike.
    let shared = subscriptions.iter().filter(|(_, subject)| is_shared(*subject));
    let shared = shared.filter(|(_, subject)| *subject != Subject::SessionRevoked);
    let shared = shared.filter(|(_, subject)| of_purchases().any(|of_purchase| of_purchase == *subject));
    let shared: Vec<_> = shared.map(|(consumer, subject)| (Some(*consumer), *subject)).collect();
    assert!(shared.len() > 10, "{shared:?}");
    assert_settled(of_each(shared, false).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_purchase_settles_though_a_row_of_the_outbox_is_deleted_for_every_event() {
    let losses = Losses::default();
    let _alone = ALONE.lock().await;
    // Updates make the tickets known whose creation is lost. No capture fails where an authorization is lost before.
    let kept = [Subject::TicketUpdated, Subject::PaymentFailed];
    let deletes: HashSet<_> = of_purchases().filter(|subject| !kept.contains(subject)).collect();
    let deletes = Arc::new(Mutex::new(deletes));
    let world = world_with(&losses, false, &deletes).await;
    let outcome = History::new(&world, &losses, Subject::SessionRevoked, false).await.run().await;
    assert!(outcome.violations.is_empty(), "\n{}", outcome.violations.join("\n"));
    assert!(deletes.lock().is_empty(), "{deletes:?} were not published");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_workers_of_overdue_documents_a_lost_event_is_lost_for_good() {
    let needed = [
        Subject::TicketReserved,
        Subject::OrderCreated,
        Subject::OrderCompleted,
        Subject::OrderCancelled,
        Subject::PaymentCaptured,
        Subject::PaymentRefunded,
        Subject::PaymentDisputed,
        Subject::SessionRevoked,
    ];
    for (name, _, outcome) in of_each(needed.map(|subject| (None, subject)), true).await {
        // The price of which orders is not to know in the history.
        let is_known = |violation: &&String| violation.contains("\"title\":\"Refused\"");
        let found = outcome.violations.iter().find(|violation| !is_known(violation));
        assert!(found.is_some() || outcome.bought_after > SETTLED_WITHIN, "{name}: settled by itself");
    }
}

/// The events of a deletion.
const OF_DELETIONS: [Subject; 3] =
    [Subject::AccountClosing, Subject::OrderClosingAccepted, Subject::AccountDeleted];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_is_deleted_everywhere_though_every_delivery_of_any_one_event_is_lost() {
    for subject in OF_DELETIONS {
        let losses = Losses::default();
        let world = world(&losses, false).await;
        let (seller, buyer) = world.two_people().await;
        let listed = seller.sells("Concert", crate::flows::usd(20_00)).await;
        world.settle().await;
        losses.begin(subject);
        // The request waits for the decision that is lost.
        let request = crate::deletion::deletes_account(&seller);
        let reply = tokio::time::timeout(Duration::from_secs(1), request).await;
        assert_eq!(reply.is_ok(), subject == Subject::AccountDeleted, "{subject}");
        world.settle().await;
        assert!(losses.lost() > 0, "{subject} was not published");
        losses.end(subject);
        world.advance(Duration::from_mins(1)).await;
        world.forget(&seller);
        assert_eq!(seller.on_another_device().signs_in().await.status, 401, "{subject}");
        let shown = buyer.get(&format!("/api/tickets/{}", crate::flows::id(&listed))).await.json;
        assert_eq!(shown["status"], "withdrawn", "{subject}");
        assert_eq!(buyer.orders(&listed).await.text("code"), "ticket-withdrawn", "{subject}");
        world.finish().await;
    }
}

#[tokio::test]
async fn a_purchase_that_loses_nothing_publishes_no_event_twice() {
    let losses = Losses::default();
    let world = world(&losses, false).await;
    crate::flows::two_people_trade_a_ticket(&world).await;
    assert_eq!(
        losses.published(),
        [
            Subject::AccountChanged,
            Subject::AccountChanged,
            Subject::TicketCreated,
            Subject::OrderCreated,
            Subject::TicketReserved,
            Subject::OrderAwaitingPayment,
            Subject::PaymentStarted,
            Subject::PaymentAuthorized,
            Subject::OrderPaymentAccepted,
            Subject::PaymentCaptured,
            Subject::OrderCompleted,
            Subject::TicketSold,
        ]
    );
    world.advance(Duration::from_hours(24)).await;
    assert_eq!(losses.published(), [], "a sale awaits nothing");
    world.finish().await;
}
