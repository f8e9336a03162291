//! The consumer loop: feeds one subscription's handler.

mod attempt;
mod event_counters;
mod event_processor;
mod handler;
mod keyed_queues;
mod limits;

use std::error::Error;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use common::{Envelope, Ids, SharedClock, trace};
use futures::stream::{self, BoxStream, StreamExt};
use futures::{FutureExt, Stream};
use store::Store;
use tokio::sync::{Mutex, Semaphore};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, error, field, info_span, warn};

use self::event_counters::EventCounters;
use self::event_processor::EventProcessor;
use self::keyed_queues::{Job, JobKey, KeyedQueues};
use crate::dead_letter::DeadLetter;
use crate::port::{Bus, Delivery};

pub use self::handler::{Consume, ConsumeError, Incoming, Subscription};
pub use self::limits::Limits;

/// Feeds one subscription: events of one aggregate in order, other aggregates concurrently. Each event is retried until
/// it is handled or kept as a dead letter.
pub struct ConsumerLoop {
    subscription: Subscription,
    deliveries: BoxStream<'static, Delivery>,
    store: Store,
    clock: SharedClock,
    ids: Ids,
    limits: Limits,
}

impl ConsumerLoop {
    /// Subscribes at once, so that no event published from now on is missed, and handles nothing before
    /// [`ConsumerLoop::run`]. Dead letters go to `store`, which belongs to the consuming service.
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

    /// The same loop with other limits.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Runs until `stop`. Then the loop takes no further event, gives running handlers [`Limits::stop_timeout`] to
    /// finish, and leaves the other events to be redelivered.
    pub async fn run(self, stop: CancellationToken) {
        let Self { subscription, mut deliveries, store, clock, ids, limits } = self;
        let processor = Arc::new(EventProcessor {
            counters: EventCounters::new(subscription.consumer, subscription.subjects),
            subscription,
            store,
            clock,
            ids,
            limits,
            permits: Semaphore::new(limits.max_concurrent),
            quarantine: Mutex::new(()),
            stop: stop.clone(),
        });
        let mut replays = std::pin::pin!(replays(Arc::clone(&processor)));
        let (mut queues, mut tasks, mut subscribed) = (KeyedQueues::default(), JoinSet::new(), true);
        loop {
            let has_room = queues.len() < limits.max_buffered;
            // An event without a permit is left to another process. Events that wait hold none.
            let has_permit = processor.permits.available_permits() > 0;
            let ready = tokio::select! {
                () = stop.cancelled() => break,
                Some(ended) = tasks.join_next() => ended.ok().and_then(|key| queues.complete(key)),
                _ = processor.permits.acquire(), if has_room && !has_permit => None,
                delivery = deliveries.next(), if has_room && has_permit && subscribed => {
                    subscribed = delivery.is_some();
                    // During a stop the bus may close before this loop ends.
                    if !subscribed && !stop.is_cancelled() {
                        error!(consumer = processor.subscription.consumer, "the bus ended a subscription");
                    }
                    delivery.and_then(|delivery| queues.push(Job::Delivered(delivery)))
                }
                Some((letter, event)) = replays.next(), if has_room => {
                    queues.push(Job::Replay(Box::new(letter), event))
                }
            };
            if let Some(job) = ready {
                tasks.spawn(run_job(Arc::clone(&processor), job));
            }
        }
        // Events queued here or in the subscription go back to the bus.
        drop((deliveries, queues));
        finish(&processor, tasks).await;
    }
}

/// Runs one job. Returns its key even after a panic, so that its queue continues.
async fn run_job(processor: Arc<EventProcessor>, job: Job) -> JobKey {
    let (key, consumer) = (job.key(), processor.subscription.consumer);
    let span = if let Some(event) = job.event() {
        info_span!(
            "consume",
            consumer,
            subject = event.subject().as_str(),
            aggregate = %event.aggregate,
            event = %event.id,
            trace = field::Empty,
        )
    } else {
        info_span!("consume", consumer, subject = "unreadable")
    };
    trace::follow(&span, job.event().and_then(|event| event.trace.as_deref()));
    let run = AssertUnwindSafe(processor.run(job)).catch_unwind().instrument(span.clone());
    if run.await.is_err() {
        span.in_scope(|| error!("the consumer loop panicked; the event will be redelivered"));
    }
    key
}

/// Waits for running handlers, at most [`Limits::stop_timeout`].
async fn finish(processor: &EventProcessor, mut tasks: JoinSet<JobKey>) {
    let finished = async { while tasks.join_next().await.is_some() {} };
    tokio::select! {
        biased;
        () = finished => return,
        () = processor.clock.sleep(processor.limits.stop_timeout) => {}
    }
    let (consumer, left) = (processor.subscription.consumer, tasks.len());
    warn!(
        consumer,
        left, "handlers did not finish before the stop timeout; their events will be redelivered"
    );
    tasks.shutdown().await;
}

/// The dead letters to replay, polled for at [`Limits::replay_interval`].
fn replays(processor: Arc<EventProcessor>) -> impl Stream<Item = (DeadLetter, Arc<Envelope>)> {
    let polls = stream::unfold((processor, false), |(processor, polled)| async move {
        if polled {
            processor.clock.sleep(processor.limits.replay_interval).await;
        }
        count(&processor).await;
        let found = requested(&processor).await;
        Some((stream::iter(found), (processor, true)))
    });
    polls.flatten()
}

/// Sets the gauge, dead letters of former runs and of other processes included.
async fn count(processor: &EventProcessor) {
    let consumer = processor.subscription.consumer;
    match DeadLetter::count(&processor.store, consumer).await {
        #[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
        Ok(count) => processor.dead_letter_gauge().set(count as f64),
        Err(error) => {
            warn!(consumer, error = &error as &dyn Error, "the dead letters could not be counted");
        }
    }
}

/// The dead letters to replay, with their events.
async fn requested(processor: &EventProcessor) -> Vec<(DeadLetter, Arc<Envelope>)> {
    let Subscription { consumer, subjects, .. } = processor.subscription;
    match DeadLetter::requested(&processor.store, consumer).await {
        // Another subscription of the same consumer handles its own subjects.
        Ok(letters) => {
            let with_event = |letter: DeadLetter| {
                let event = letter.event.envelope().ok()?;
                subjects.contains(&event.subject()).then(|| (letter, Arc::new(event)))
            };
            letters.into_iter().filter_map(with_event).collect()
        }
        Err(error) => {
            warn!(
                consumer,
                error = &error as &dyn Error,
                "the dead letters could not be read; retrying at the next poll"
            );
            Vec::new()
        }
    }
}
