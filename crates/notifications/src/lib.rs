//! Notifications: emails about orders, to buyers and sellers.
//!
//! **Invariant:** of one thing that happens to an order, a person receives one email, however often its event is delivered
//! (`domain/order_emails.rs`).

mod consumer;
pub mod domain;
mod recovery;
mod storage;
mod workers;

pub use recovery::RECOVERY;
pub use storage::DOCUMENTS;

use std::sync::Arc;

use bus::Subscription;
use common::{Ids, SharedClock, Time};
use mail::EmailContext;
use runtime::{Service, ServiceContext, WakeSignal};
use store::{Collection, Store};

use crate::domain::{OrderEmails, Recipient};

/// The name of the service, and of its consumer on the bus.
pub const NAME: &str = "notifications";

/// The notifications service, which sends its emails with `mail`.
pub fn service(context: &ServiceContext, mail: EmailContext) -> Service {
    let notifications = Notifications::new(context, mail);
    Service {
        documents: DOCUMENTS,
        workers: workers::workers(&notifications),
        subscriptions: vec![Subscription {
            consumer: NAME,
            subjects: consumer::SUBJECTS,
            handler: Arc::new(notifications),
        }],
        ..Service::new(NAME, "/api/notifications")
    }
}

/// The state that the consumer and the workers share. Cheap to clone.
#[derive(Clone)]
struct Notifications {
    store: Collection<OrderEmails>,
    recipients: Collection<Recipient>,
    database: Store,
    mail: EmailContext,
    wake: Arc<WakeSignal>,
    clock: SharedClock,
    ids: Ids,
}

impl Notifications {
    fn new(context: &ServiceContext, mail: EmailContext) -> Self {
        let ServiceContext { store, clock, ids, .. } = context;
        Self {
            store: store.collection(),
            recipients: store.collection(),
            database: store.clone(),
            mail,
            wake: Arc::default(),
            clock: clock.clone(),
            ids: ids.clone(),
        }
    }

    fn now(&self) -> Time {
        self.clock.now()
    }
}
