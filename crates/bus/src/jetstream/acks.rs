//! Acknowledgements of deliveries: ack, nak, or still in progress.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use async_nats::Subject as ReplySubject;
use async_nats::jetstream::AckKind;
use common::{Backoff, Ids};
use parking_lot::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_util::task::TaskTracker;
use tracing::warn;

use super::connection::Connection;

/// The delay before a redelivery, by the number of deliveries so far. Without a delay a consumer that cannot handle an
/// event would spin.
const NAK_BACKOFF: Backoff = Backoff { first: Duration::from_millis(100), max: Duration::from_secs(30) };

/// How often a delivery in progress is reported within the server's `ack_wait`.
const PROGRESS_PER_ACK_WAIT: u32 = 3;

/// An acknowledgement and its subject.
type Ack = (ReplySubject, AckKind);

/// The unacknowledged deliveries, and a queue of acknowledgements that destructors can use too.
pub(super) struct Acks {
    /// By reply subject.
    unacknowledged: Mutex<HashSet<String>>,
    /// Bounded by the unacknowledged deliveries: at most one acknowledgement and one progress report for each.
    queue: UnboundedSender<Ack>,
    ids: Ids,
}

impl Acks {
    pub(super) fn new(ids: Ids) -> (Arc<Self>, UnboundedReceiver<Ack>) {
        let (queue, acks) = unbounded_channel();
        (Arc::new(Self { unacknowledged: Mutex::default(), queue, ids }), acks)
    }

    /// Tracks a delivery, which is reported as in progress until the handle acknowledges it or is dropped.
    pub(super) fn track(self: &Arc<Self>, reply: ReplySubject, deliveries: u64) -> AckHandle {
        self.unacknowledged.lock().insert(reply.to_string());
        AckHandle { acks: Arc::clone(self), reply, deliveries, acknowledged: false }
    }

    /// Reports every unacknowledged delivery as in progress.
    fn in_progress(&self) {
        let unacknowledged = self.unacknowledged.lock();
        for reply in unacknowledged.iter() {
            // Queued under the lock: a report that followed a nak would cancel the nak's delay.
            self.queue.send((reply.as_str().into(), AckKind::Progress)).ok();
        }
    }
}

/// An unacknowledged delivery. Dropping the handle sends a nak with a delay.
pub(super) struct AckHandle {
    acks: Arc<Acks>,
    reply: ReplySubject,
    deliveries: u64,
    acknowledged: bool,
}

impl AckHandle {
    /// Sends an ack.
    pub(super) fn acknowledge(mut self) {
        self.acknowledged = true;
    }
}

impl Drop for AckHandle {
    fn drop(&mut self) {
        let ack = if self.acknowledged {
            AckKind::Ack
        } else {
            let deliveries = u32::try_from(self.deliveries).unwrap_or(u32::MAX);
            AckKind::Nak(Some(NAK_BACKOFF.delay(deliveries, &self.acks.ids)))
        };
        let mut unacknowledged = self.acks.unacknowledged.lock();
        unacknowledged.remove(self.reply.as_str());
        // Fails once the bus is closed; the server then redelivers after `ack_wait`.
        self.acks.queue.send((self.reply.clone(), ack)).ok();
    }
}

/// Sends the queued acknowledgements.
pub(super) struct AckSender {
    pub(super) connection: Arc<Connection>,
    pub(super) queue: UnboundedReceiver<Ack>,
    /// The tasks that may still return deliveries after the stop.
    pub(super) tasks: TaskTracker,
}

impl AckSender {
    /// Sends acknowledgements and progress reports until the bus is closed and its tasks have ended.
    pub(super) async fn run(mut self) {
        let connection = Arc::clone(&self.connection);
        let Connection { acks, clock, settings, stop, .. } = &*connection;
        let interval = settings.options.ack_wait / PROGRESS_PER_ACK_WAIT;
        let mut next_report = clock.sleep(interval);
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                Some(ack) = self.queue.recv() => self.send(ack).await,
                () = &mut next_report => {
                    acks.in_progress();
                    next_report = clock.sleep(interval);
                }
            }
        }
        self.tasks.close();
        self.tasks.wait().await;
        while let Ok(ack) = self.queue.try_recv() {
            self.send(ack).await;
        }
    }

    async fn send(&self, (reply, ack): Ack) {
        if let Err(error) = self.connection.client.publish(reply, ack.into()).await {
            warn!(%error, "an acknowledgement could not be sent; the event will be redelivered");
        }
    }
}
