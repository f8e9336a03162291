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

use self::history::{History, Outcome, SETTLED_WITHIN};
use self::lossy_bus::{Losses, LossyBus};
use self::lossy_store::LossyStore;

/// Worlds at the same time: most of their time they wait.
const MAX_CONCURRENT: usize = 6;

async fn world(losses: &Losses, hides_overdue: bool, deletes: HashSet<Subject>) -> World {
    let (losses, deletes) = (losses.clone(), Arc::new(Mutex::new(deletes)));
    World::with(WorldConfig {
        make_bus: Box::new(move |_| Arc::new(LossyBus { bus: LocalBus::new(), losses })),
        wrap_store: Box::new(move |database| {
            Arc::new(LossyStore { database, hides_overdue, deletes: Arc::clone(&deletes) })
        }),
        ..WorldConfig::default()
    })
    .await
}

/// Lives through the history once for each subject.
async fn of_each(subjects: &[Subject], hides_overdue: bool) -> Vec<(Subject, usize, Outcome)> {
    let lives = subjects.iter().map(|subject| async move {
        let losses = Losses::default();
        let world = world(&losses, hides_overdue, HashSet::new()).await;
        let outcome = History::new(&world, &losses, *subject).await.run().await;
        (*subject, losses.lost(), outcome)
    });
    stream::iter(lives).buffer_unordered(MAX_CONCURRENT).collect().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_purchase_settles_though_every_delivery_of_any_one_event_is_lost() {
    let mut failed = Vec::new();
    for (subject, lost, Outcome { violations, bought_after, settled_after }) in
        of_each(Subject::ALL, false).await
    {
        eprintln!("{subject}: lost {lost}, bought {bought_after:?}, settled {settled_after:?}");
        assert!(lost > 0, "{subject} was not published");
        if !violations.is_empty() || bought_after > Duration::from_secs(90) {
            failed.push(format!("{subject}, {bought_after:?}:\n  {}", violations.join("\n  ")));
        }
    }
    assert!(failed.is_empty(), "not within {SETTLED_WITHIN:?}:\n{}", failed.join("\n"));
}
