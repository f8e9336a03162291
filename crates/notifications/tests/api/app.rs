//! The harness: the notifications service on its real bus with a recording mailer, and samples of events.

use std::sync::Arc;
use std::time::Duration;

use common::clock::SimClock;
use common::event::{
    AccountDeleted, AccountSnapshot, CancelReason, OrderSnapshot, OrderStatus, OrderedTicket,
};
use common::{Currency, Event, Money, OrderId, Time, UserId};
use mail::testing::Recorder;
use mail::{Message, SendError};
use notifications::domain::{OrderEmails, Recipient};
use runtime::ServiceContext;
use runtime::testing::{START, TestService, context};
use uuid::Uuid;

pub(crate) const PRICE: Money = Money { amount: 25_00, currency: Currency::Usd };

pub(crate) struct TestApp {
    pub(crate) service: TestService,
    pub(crate) mailer: Arc<Recorder>,
}

impl TestApp {
    /// A service that knows buyer and seller.
    pub(crate) async fn start() -> Self {
        let app = Self::start_empty().await;
        app.change(buyer(), "buyer@example.com", 1).await;
        app.change(seller(), "seller@example.com", 1).await;
        app
    }

    /// A service that knows no account.
    pub(crate) async fn start_empty() -> Self {
        let (clock, context) = context();
        Self::start_on(clock, context, Recorder::new()).await
    }

    async fn start_on(clock: SimClock, context: ServiceContext, mailer: Arc<Recorder>) -> Self {
        let service = notifications::service(&context, Arc::clone(&mailer).context());
        Self { service: TestService::start_on(clock, context, service, None).await, mailer }
    }

    /// The next process on the same database, whose mailer accepts every email.
    pub(crate) async fn restart(self) -> Self {
        let (clock, context) = self.service.stop().await;
        Self::start_on(clock, context, self.mailer).await
    }

    pub(crate) async fn change(&self, user: UserId, email: &str, version: u64) {
        let (user_id, email) = (user, email.to_owned());
        let account = AccountSnapshot { user_id, email, verified: true, locale: None, version };
        assert!(self.service.receive(user.into(), version, Event::AccountChanged(account)).await);
    }

    pub(crate) async fn delete(&self, user: UserId) {
        let deleted = Event::AccountDeleted(AccountDeleted { user_id: user });
        assert!(self.service.receive(user.into(), 9, deleted).await);
    }

    /// Delivers an event of an order. Returns whether the service has handled it.
    pub(crate) async fn receive(&self, event: Event) -> bool {
        let order = event.order().expect("an order").clone();
        self.service.receive(order.id.into(), order.version, event).await
    }

    /// The subjects of the emails to this address, oldest first.
    pub(crate) async fn subjects(&self, address: &str) -> Vec<String> {
        self.emails(address).await.into_iter().map(|message| message.subject).collect()
    }

    pub(crate) async fn emails(&self, address: &str) -> Vec<Message> {
        self.service.settle().await;
        self.mailer.to(address)
    }

    /// Fails so many attempts for now.
    pub(crate) fn defer(&self, count: usize) {
        for _ in 0..count {
            self.mailer.fail(SendError::Temporary("the mail server replied 451".into()));
        }
    }

    pub(crate) async fn recipient(&self, user: UserId) -> Option<Recipient> {
        self.service.context.store.collection().get(user).await.expect("a database")
    }

    pub(crate) async fn order_emails(&self) -> Option<OrderEmails> {
        self.service.context.store.collection().get(order().id).await.expect("a database")
    }
}

pub(crate) fn start() -> Time {
    START.parse().expect("a time")
}

pub(crate) fn buyer() -> UserId {
    Uuid::from_u128(1).into()
}

pub(crate) fn seller() -> UserId {
    Uuid::from_u128(2).into()
}

/// A complete order.
pub(crate) fn order() -> OrderSnapshot {
    let id: OrderId = Uuid::from_u128(7).into();
    OrderSnapshot {
        id,
        user_id: buyer(),
        ticket: OrderedTicket {
            id: Uuid::from_u128(3).into(),
            title: "A concert".into(),
            price: PRICE,
            seller_id: Some(seller()),
            venue: Some("Philharmonie, Berlin".into()),
            starts_at: Some("2027-01-30T19:30:00Z".parse().expect("a time")),
        },
        status: OrderStatus::Complete.into(),
        cancel_reason: None,
        refunded: None,
        dispute: None,
        expires_at: start().after(Duration::from_mins(15)),
        version: 4,
        created_at: start(),
        updated_at: start(),
        overdue: false,
    }
}

pub(crate) fn completed() -> Event {
    Event::OrderCompleted(order())
}

pub(crate) fn refunded(amount: i64) -> Event {
    let refunded = Some(Money { amount, ..PRICE });
    Event::OrderCompleted(OrderSnapshot { refunded, version: 5, ..order() })
}

pub(crate) fn cancelled(reason: CancelReason) -> Event {
    let (status, cancel_reason) = (OrderStatus::Cancelled.into(), Some(reason.into()));
    Event::OrderCancelled(OrderSnapshot { status, cancel_reason, ..order() })
}
