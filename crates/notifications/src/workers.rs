//! The workers: send emails, and purge what is remembered about old orders.

use std::sync::Arc;
use std::time::Duration;

use mail::EmailWorker;
use runtime::{Purge, Worker};

use crate::Notifications;
use crate::domain::MAX_NEWS_AGE;
use crate::storage::index;

/// How long an order's notices are remembered, after the last one: longer than refunds and disputes of a purchase follow,
/// which publish the order again.
const RETENTION: Duration = Duration::from_hours(400 * 24);
const _: () =
    assert!(RETENTION.as_secs() > MAX_NEWS_AGE.as_secs(), "else an event could cause an email twice");

pub(crate) fn workers(notifications: &Notifications) -> Vec<Worker> {
    let Notifications { store, mail, wake, clock, ids, .. } = notifications.clone();
    let purge = Purge {
        collection: store.clone(),
        index: index::BY_NOTICE,
        retention: RETENTION,
        clock: Arc::clone(&clock),
    };
    let emails = EmailWorker { collection: store, context: mail, clock, ids, wake };
    vec![emails.worker(), purge.worker()]
}
