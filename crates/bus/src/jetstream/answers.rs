//! What becomes of deliveries: acknowledged, given back, or still at work.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use async_nats::Subject as ReplyTo;
use async_nats::jetstream::AckKind;
use common::{Backoff, Ids};
use parking_lot::{Mutex, MutexGuard};
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tracing::warn;

use super::Shared;

/// When a delivery that was given back comes again, by how often it came before. Without a delay it would come at
/// once, and a consumer that cannot handle it would spin.
const COMES_AGAIN: Backoff = Backoff { first: Duration::from_millis(100), max: Duration::from_secs(30) };

/// How often a sign of life is sent within the time after which the server takes a delivery back.
const SIGNS_OF_LIFE: u32 = 3;

/// An answer to a delivery.
pub(super) type Answer = (ReplyTo, AckKind);

/// The deliveries that are held, and the way to answer them from anywhere, a destructor included.
pub(super) struct Answers {
    /// By where the answer goes.
    held: Mutex<HashSet<String>>,
    /// Not bounded by itself: no more than one answer and a sign of life wait here for each delivery that is held.
    queue: UnboundedSender<Answer>,
    ids: Ids,
}

impl Answers {
    pub(super) fn new(ids: Ids) -> (Arc<Self>, UnboundedReceiver<Answer>) {
        let (queue, waiting) = unbounded_channel();
        (Arc::new(Self { held: Mutex::default(), queue, ids }), waiting)
    }

    /// Holds a delivery that came for the so-manieth time. The server is told that it is alive until it is answered.
    pub(super) fn hold(
        self: &Arc<Self>,
        reply: ReplyTo,
        times: u64,
        seat: Option<OwnedSemaphorePermit>,
    ) -> Held {
        self.held().insert(reply.to_string());
        Held { answers: Arc::clone(self), reply, times, acknowledged: false, _seat: seat }
    }

    /// Tells the server of everything that is held.
    fn signs_of_life(&self) {
        let held = self.held();
        for reply in held.iter() {
            // Sent while nothing can be answered: behind a negative answer it would cancel the delay.
            self.queue.send((reply.as_str().into(), AckKind::Progress)).ok();
        }
    }

    fn held(&self) -> MutexGuard<'_, HashSet<String>> {
        self.held.lock()
    }
}

/// A delivery that waits for its answer. Dropping it gives it back, to come again a little later.
pub(super) struct Held {
    answers: Arc<Answers>,
    reply: ReplyTo,
    times: u64,
    acknowledged: bool,
    _seat: Option<OwnedSemaphorePermit>,
}

impl Held {
    /// It is done.
    pub(super) fn acknowledge(mut self) {
        self.acknowledged = true;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let answer = if self.acknowledged {
            AckKind::Ack
        } else {
            let times = u32::try_from(self.times).unwrap_or(u32::MAX);
            AckKind::Nak(Some(COMES_AGAIN.delay(times, &self.answers.ids)))
        };
        let mut held = self.answers.held();
        held.remove(self.reply.as_str());
        // Fails once the bus is closed: then the server takes the delivery back by itself.
        self.answers.queue.send((self.reply.clone(), answer)).ok();
    }
}

/// Sends answers and signs of life until the bus is closed, then the answers that are left.
pub(super) async fn send(shared: Arc<Shared>, mut queue: UnboundedReceiver<Answer>) {
    let every = shared.settings.options.ack_wait / SIGNS_OF_LIFE;
    let mut sign_of_life = shared.clock.sleep(every);
    loop {
        tokio::select! {
            () = shared.stop.cancelled() => break,
            Some(answer) = queue.recv() => reply(&shared, answer).await,
            () = &mut sign_of_life => {
                shared.answers.signs_of_life();
                sign_of_life = shared.clock.sleep(every);
            }
        }
    }
    while let Ok(answer) = queue.try_recv() {
        reply(&shared, answer).await;
    }
}

async fn reply(shared: &Shared, (to, answer): Answer) {
    if let Err(error) = shared.client.publish(to, answer.into()).await {
        warn!(%error, "NATS could not be told what became of an event; it will deliver it again");
    }
}
