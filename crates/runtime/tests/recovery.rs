//! `export-events` and `recover`, on a service with one aggregate.

use std::sync::Arc;
use std::time::Duration;

use bus::{Consume, ConsumeError, Incoming, Subscription};
use common::event::{OrderSnapshot, OrderStatus, OrderedTicket, Subject};
use common::{Currency, Decision, Envelope, Event, Money, Time};
use futures::future::{BoxFuture, FutureExt, ready};
use parking_lot::Mutex;
use runtime::testing::{context, edit};
use runtime::{
    Aggregate, EventFiles, Export, Present, PresentState, Recover, Recovery, RecoveryError, RecoverySummary,
    Service, ServiceContext, ServiceStore, export_events, recover,
};
use serde::{Deserialize, Serialize};
use store::{Document, Keys, UniqueKey, Verifier};
use uuid::Uuid;

/// An aggregate that is an order, and holds the key of its ticket unless cancelled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Purchase {
    version: u64,
    order: OrderSnapshot,
}

impl Document for Purchase {
    const COLLECTION: &'static str = "purchases";
    const UNIQUE_KEYS: &'static [&'static str] = &["ticket"];

    fn id(&self) -> Uuid {
        self.order.id.into()
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn keys(&self) -> Keys {
        match self.order.status.known() {
            Some(OrderStatus::Cancelled) => Keys::none(),
            _ => Keys::none().unique(UniqueKey::new("ticket", self.order.ticket.id)),
        }
    }
}

fn event(order: OrderSnapshot) -> Event {
    match order.status.known() {
        Some(OrderStatus::Cancelled) => Event::OrderCancelled(order),
        _ => Event::OrderCompleted(order),
    }
}

impl Present for Purchase {
    fn present(&self) -> PresentState {
        PresentState {
            aggregate: self.id(),
            version: self.version,
            changed_at: Some(self.order.updated_at),
            events: vec![event(self.order.clone())],
        }
    }
}

impl Recover for Purchase {
    fn shown_by(event: &Event) -> Option<Uuid> {
        event.order().map(|order| order.id.into())
    }

    fn adopt(known: Option<&Self>, copy: &Envelope, version: u64, _: Time) -> Option<Decision<Self>> {
        let is_new = known.is_none_or(|known| known.version < copy.version);
        let order = copy.event.order().filter(|_| is_new)?.clone();
        Some(Decision::with_event(Self { version, order: order.clone() }, event(order)))
    }

    fn raise(&self, version: u64, _: Time) -> Decision<Self> {
        Decision::without_event(Self { version, ..self.clone() })
    }
}

const RECOVERY: Recovery = Recovery {
    sources: &["payments"],
    exports: &[Export::of::<Purchase>()],
    aggregates: &[Aggregate::of::<Purchase>()],
};
const DOCUMENTS: &[Verifier] = &[Verifier::of::<Purchase>()];

/// A consumer that refuses the deadlines of these orders, and records what it handles.
#[derive(Default)]
struct Consumer {
    handled: Mutex<Vec<Subject>>,
    refused: Vec<Uuid>,
}

impl Consume for Consumer {
    fn consume(&self, incoming: Incoming) -> BoxFuture<'_, Result<(), ConsumeError>> {
        if self.refused.contains(&incoming.envelope.aggregate) {
            return ready(Err(ConsumeError::RetryLater(Duration::from_secs(1)))).boxed();
        }
        self.handled.lock().push(incoming.envelope.subject());
        ready(Ok(())).boxed()
    }
}

struct Restored {
    context: ServiceContext,
    service: ServiceStore,
    consumer: Arc<Consumer>,
}

impl Restored {
    fn new(refused: &[Uuid]) -> Self {
        let (_, context) = context();
        let store = context.store.clone();
        let service = ServiceStore { name: "purchases", store, documents: DOCUMENTS, recovery: &RECOVERY };
        let consumer = Arc::new(Consumer { refused: refused.to_vec(), ..Consumer::default() });
        Self { context, service, consumer }
    }

    async fn stored(&self, order: OrderSnapshot) {
        let purchase = Purchase { version: order.version, order };
        let purchases = self.context.store.collection::<Purchase>();
        purchases.commit_over(0, Decision::without_event(purchase)).await.expect("stored");
    }

    async fn purchase(&self, number: u128) -> Option<Purchase> {
        self.context.store.collection().get(Uuid::from_u128(number)).await.expect("a database")
    }

    async fn recover(&self, events: &[Event]) -> Result<RecoverySummary, RecoveryError> {
        let envelope = |event: &Event| {
            let (aggregate, version) = match event.order() {
                Some(order) => (order.id.into(), order.version),
                None => (Uuid::from_u128(99), 1),
            };
            let (id, time, event) = (self.context.ids.next(), self.context.clock.now(), event.clone());
            Arc::new(Envelope { id, schema: 1, aggregate, version, time, trace: None, event })
        };
        let given = EventFiles { events: events.iter().map(envelope).collect(), unreadable: Vec::new() };
        let handler = Arc::clone(&self.consumer) as Arc<dyn Consume>;
        let subscription = Subscription { consumer: "purchases", subjects: Subject::ALL, handler };
        let build = async |_: &ServiceContext| {
            Ok(Service { subscriptions: vec![subscription], ..Service::new("purchases", "") })
        };
        recover(&self.service, &self.context, build, given).await
    }
}

fn order(number: u128, ticket: u128, status: OrderStatus, version: u64) -> OrderSnapshot {
    let now = Time::from_millis(1_000);
    OrderSnapshot {
        id: Uuid::from_u128(number).into(),
        user_id: Uuid::from_u128(50).into(),
        ticket: OrderedTicket {
            id: Uuid::from_u128(ticket).into(),
            title: "Concert".into(),
            price: Money { amount: 500, currency: Currency::Usd },
            seller_id: None,
            venue: None,
            starts_at: None,
        },
        status: status.into(),
        cancel_reason: None,
        refunded: None,
        dispute: None,
        expires_at: now,
        version,
        created_at: now,
        updated_at: now,
        overdue: false,
    }
}

fn counts(summary: &RecoverySummary) -> [usize; 5] {
    let RecoverySummary { raised, adopted, created, applied, refused } = summary;
    [*raised, *adopted, *created, *applied, refused.len()]
}

#[tokio::test]
async fn a_copy_is_adopted_if_it_is_newer_and_every_version_is_raised() {
    let restored = Restored::new(&[]);
    let (now, complete) = (restored.context.clock.now(), OrderStatus::Complete);
    restored.stored(order(1, 1, OrderStatus::Paying, 3)).await;
    restored.stored(order(2, 2, OrderStatus::Paying, 4)).await;
    let copies = [order(1, 1, complete, 5), order(2, 2, complete, 4), order(3, 3, complete, 2)].map(event);
    let summary = restored.recover(&copies).await.expect("recovered");
    assert_eq!(counts(&summary), [1, 1, 1, 3, 0], "{summary}");
    let statuses = [(1, complete), (2, OrderStatus::Paying), (3, complete)];
    for (number, status) in statuses {
        let purchase = restored.purchase(number).await.expect("a purchase");
        assert_eq!(purchase.order.status, status, "{number}");
        assert!(purchase.version >= u64::try_from(now.as_millis()).expect("after 1970"), "{purchase:?}");
    }
}

#[tokio::test]
async fn a_recovery_may_be_repeated() {
    let restored = Restored::new(&[]);
    restored.stored(order(1, 1, OrderStatus::Paying, 3)).await;
    let copies = [event(order(1, 1, OrderStatus::Complete, 5)), event(order(2, 2, OrderStatus::Complete, 5))];
    restored.recover(&copies).await.expect("recovered");
    let first = restored.purchase(1).await.expect("a purchase");
    let again = restored.recover(&copies).await.expect("recovered");
    assert_eq!(counts(&again), [2, 0, 0, 2, 0], "nothing is adopted twice");
    let second = restored.purchase(1).await.expect("a purchase");
    assert!(second.version > first.version && second.order == first.order, "{second:?}");
}

#[tokio::test]
async fn an_order_takes_over_the_unique_key_of_one_that_ended_since_the_backup() {
    let restored = Restored::new(&[]);
    restored.stored(order(1, 7, OrderStatus::Paying, 3)).await;
    let copies = [order(2, 7, OrderStatus::Complete, 2), order(1, 7, OrderStatus::Cancelled, 4)].map(event);
    let summary = restored.recover(&copies).await.expect("recovered");
    assert_eq!(counts(&summary), [0, 1, 1, 2, 0], "{summary} {:?}", summary.refused);
    // Both hold the key, according to the copies.
    let contradiction = [event(order(3, 7, OrderStatus::Complete, 2))];
    let summary = restored.recover(&contradiction).await.expect("recovered");
    assert!(summary.refused[0].contains("`ticket` is taken"), "{:?}", summary.refused);
    assert!(restored.purchase(3).await.is_none());
}

#[tokio::test]
async fn a_refused_event_is_reported_and_the_others_are_handled_in_order() {
    let restored = Restored::new(&[Uuid::from_u128(2)]);
    let copies = [
        order(1, 1, OrderStatus::Complete, 2),
        order(2, 2, OrderStatus::Complete, 2),
        order(3, 3, OrderStatus::Cancelled, 2),
    ];
    let summary = restored.recover(&copies.map(event)).await.expect("recovered");
    assert_eq!(counts(&summary), [0, 0, 3, 2, 1], "{summary}");
    assert!(summary.refused[0].starts_with("order.completed of 00000000-"), "{:?}", summary.refused);
    let handled = restored.consumer.handled.lock().clone();
    assert_eq!(
        handled,
        [Subject::OrderCancelled, Subject::OrderCompleted],
        "the end of an order comes first"
    );
}

#[tokio::test]
async fn without_events_of_its_sources_a_service_is_not_recovered() {
    let restored = Restored::new(&[]);
    restored.stored(order(1, 1, OrderStatus::Paying, 3)).await;
    let refused = restored.recover(&[]).await.expect_err("the service would act on its old state");
    assert!(refused.to_string().contains("`export-events` of payments"), "{refused}");
    assert_eq!(restored.purchase(1).await.expect("a purchase").version, 3);
}

#[tokio::test]
async fn an_export_skips_unreadable_documents_and_old_states() {
    let restored = Restored::new(&[]);
    for number in 1..=2 {
        restored.stored(order(number, number, OrderStatus::Complete, 3)).await;
    }
    let new =
        OrderSnapshot { updated_at: Time::from_millis(5_000), ..order(3, 3, OrderStatus::Cancelled, 4) };
    restored.stored(new.clone()).await;
    let unreadable = Uuid::from_u128(1);
    edit::<Purchase>(&restored.context.store, unreadable, |state| {
        state["order"] = "of a newer release".into();
    })
    .await;
    for (since, expected) in [(None, vec![2, 3]), (Some(Time::from_millis(5_000)), vec![3])] {
        let mut exported = Vec::new();
        let export = export_events(&restored.service, &restored.context, since, |event| exported.push(event));
        let skipped = export.await.expect("a database");
        assert_eq!(skipped.iter().map(|document| document.id).collect::<Vec<_>>(), [unreadable]);
        assert_eq!(exported.iter().map(|event| event.aggregate.as_u128()).collect::<Vec<_>>(), expected);
        let last = exported.last().expect("an event");
        assert_eq!((last.version, last.time, &last.event), (4, new.updated_at, &event(new.clone())));
    }
    let raised = restored.recover(&[event(new)]).await.expect("recovered");
    assert_eq!((raised.raised, raised.refused.len()), (2, 1), "the unreadable one is not raised: {raised}");
}
