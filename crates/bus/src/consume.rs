//! The loop that feeds a consumer.

mod attempt;
mod lanes;
mod limits;
mod worker;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use common::{Ids, SharedClock};
use futures::stream::{self, BoxStream, StreamExt};
use futures::{FutureExt, Stream};
use store::Store;
use tokio::sync::{Mutex, Semaphore};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, error, info_span, warn};

use self::lanes::{Job, Lanes, Place};
use self::worker::Worker;
use crate::dead_letter::DeadLetter;
use crate::{Bus, Delivery, Subscription};

pub use self::limits::Limits;

/// Feeds one subscription: events of one aggregate in order, others at the same time, each tried until it is handled
/// or kept as a dead letter.
pub struct ConsumerLoop {
    subscription: Subscription,
    deliveries: BoxStream<'static, Delivery>,
    store: Store,
    clock: SharedClock,
    ids: Ids,
    limits: Limits,
}

impl ConsumerLoop {
    /// Subscribes at once, so that nothing that is published from now on is missed, and handles nothing before
    /// [`ConsumerLoop::run`]. Dead letters go to `store`, the listening service's own.
    pub fn new(
        subscription: Subscription,
        bus: &dyn Bus,
        store: Store,
        clock: SharedClock,
        ids: Ids,
    ) -> Self {
        let deliveries = bus.subscribe(subscription.consumer, subscription.subjects);
        Self { subscription, deliveries, store, clock, ids, limits: Limits::default() }
    }

    /// The same with other bounds.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Runs until it is stopped. Then it takes nothing new, lets running handlers finish within
    /// [`Limits::stop_timeout`], and leaves the rest to be delivered again.
    pub async fn run(self, stop: CancellationToken) {
        let Self { subscription, mut deliveries, store, clock, ids, limits } = self;
        let worker = Arc::new(Worker {
            subscription,
            store,
            clock,
            ids,
            limits,
            running: Semaphore::new(limits.max_concurrent),
            alone: Mutex::new(()),
            stop: stop.clone(),
        });
        let mut replays = std::pin::pin!(replays(Arc::clone(&worker)));
        let (mut lanes, mut tasks, mut listening) = (Lanes::default(), JoinSet::new(), true);
        loop {
            let room = lanes.held() < limits.max_buffered;
            let ready = tokio::select! {
                () = stop.cancelled() => break,
                Some(ended) = tasks.join_next() => ended.ok().and_then(|place| lanes.leave(place)),
                delivery = deliveries.next(), if room && listening => {
                    listening = delivery.is_some();
                    // At a stop everybody lets go of the bus in no order.
                    if !listening && !stop.is_cancelled() {
                        error!(consumer = worker.subscription.consumer, "the bus ended a subscription");
                    }
                    delivery.and_then(|delivery| lanes.enter(Job::Delivered(delivery)))
                }
                Some(letter) = replays.next(), if room => lanes.enter(Job::Replay(Box::new(letter))),
            };
            if let Some(job) = ready {
                tasks.spawn(run_job(Arc::clone(&worker), job));
            }
        }
        // What waits here or in the subscription goes back to the bus.
        drop((deliveries, lanes));
        finish(&worker, tasks).await;
    }
}

/// Does one job, and says where it was even if it panicked, so that its lane goes on.
async fn run_job(worker: Arc<Worker>, job: Job) -> Place {
    let (place, event) = (job.place(), job.event());
    let span = info_span!(
        "consume",
        consumer = worker.subscription.consumer,
        subject = event.subject().as_str(),
        aggregate = %event.aggregate,
        event = %event.id,
    );
    let work = AssertUnwindSafe(worker.work(job)).catch_unwind().instrument(span.clone());
    if work.await.is_err() {
        span.in_scope(|| error!("the consumer loop panicked; the event will be delivered again"));
    }
    place
}

/// Waits for the handlers that are running, up to the bound.
async fn finish(worker: &Worker, mut tasks: JoinSet<Place>) {
    let finished = async { while tasks.join_next().await.is_some() {} };
    tokio::select! {
        biased;
        () = finished => return,
        () = worker.clock.sleep(worker.limits.stop_timeout) => {}
    }
    let (consumer, left) = (worker.subscription.consumer, tasks.len());
    warn!(consumer, left, "handlers did not finish in time; their events will be delivered again");
    tasks.shutdown().await;
}

/// The dead letters that this consumer shall handle again, as the regular look finds them.
fn replays(worker: Arc<Worker>) -> impl Stream<Item = DeadLetter> {
    let looks = stream::unfold((worker, false), |(worker, looked)| async move {
        if looked {
            worker.clock.sleep(worker.limits.replay_interval).await;
        }
        count(&worker).await;
        let found = look(&worker).await;
        Some((stream::iter(found), (worker, true)))
    });
    looks.flatten()
}

/// Sets the gauge to what former runs and other processes have left there, too.
async fn count(worker: &Worker) {
    let consumer = worker.subscription.consumer;
    match DeadLetter::count(&worker.store, consumer).await {
        #[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
        Ok(count) => worker.dead_letters().set(count as f64),
        Err(error) => {
            let error: &dyn std::error::Error = &error;
            warn!(consumer, error, "the dead letters could not be counted");
        }
    }
}

async fn look(worker: &Worker) -> Vec<DeadLetter> {
    let Subscription { consumer, subjects, .. } = worker.subscription;
    match DeadLetter::requested(&worker.store, consumer).await {
        // Another subscription of the same consumer handles its own subjects.
        Ok(letters) => {
            letters.into_iter().filter(|letter| subjects.contains(&letter.event.subject())).collect()
        }
        Err(error) => {
            let error: &dyn std::error::Error = &error;
            warn!(consumer, error, "the dead letters could not be read; the next look tries again");
            Vec::new()
        }
    }
}
