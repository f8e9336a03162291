//! Live events: core NATS subscriptions, for which the server stores nothing.

use std::sync::Arc;

use async_nats::{Message, Subscriber};
use common::Envelope;
use common::event::Subject;
use futures::future::FutureExt;
use futures::stream::{BoxStream, SelectAll, StreamExt, unfold};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};
use tokio_util::task::TaskTracker;
use tracing::error;

use super::connection::{Connection, ConnectionStatus};
use super::origin;
use super::settings::{self, Stream};
use crate::port::Lagged;

/// Events that a listener may lag behind before it misses some.
const MAX_LIVE_BACKLOG: usize = 1024;

type LiveEvent = Result<Arc<Envelope>, Lagged>;

/// The events of these subjects from now on.
pub(super) fn live(
    connection: &Arc<Connection>,
    tasks: &TaskTracker,
    subjects: &'static [Subject],
) -> BoxStream<'static, LiveEvent> {
    let (events, receiver) = broadcast::channel(MAX_LIVE_BACKLOG);
    tasks.spawn(Listener::new(connection, subjects, events).run());
    let stream = unfold(receiver, async |mut receiver| match receiver.recv().await {
        Ok(event) => Some((event, receiver)),
        Err(RecvError::Lagged(_)) => Some((Err(Lagged), receiver)),
        Err(RecvError::Closed) => None,
    });
    stream.boxed()
}

/// Reads messages at once, so that a slow reader delays only itself.
struct Listener {
    connection: Arc<Connection>,
    subjects: &'static [Subject],
    /// One per stream: within a stream, events arrive in the server's order.
    messages: SelectAll<Subscriber>,
    /// Streams whose subscription could not be sent at once.
    pending: Vec<Stream>,
    status: watch::Receiver<ConnectionStatus>,
    gaps: u64,
    events: broadcast::Sender<LiveEvent>,
}

impl Listener {
    /// Subscribes at once, so that every event this process publishes from now on arrives.
    fn new(
        connection: &Arc<Connection>,
        subjects: &'static [Subject],
        events: broadcast::Sender<LiveEvent>,
    ) -> Self {
        let (mut messages, mut pending) = (SelectAll::new(), Vec::new());
        let status = connection.monitor.watch();
        let gaps = status.borrow().gaps;
        for stream in settings::streams(subjects) {
            match connection.client.subscribe(connection.settings.subjects(stream)).now_or_never() {
                Some(Ok(subscriber)) => messages.push(subscriber),
                _ => pending.push(stream),
            }
        }
        Self { connection: Arc::clone(connection), subjects, messages, pending, status, gaps, events }
    }

    /// Runs until the bus is closed or the last reader is dropped.
    async fn run(mut self) {
        let (stop, events) = (self.connection.stop.clone(), self.events.clone());
        tokio::select! {
            () = stop.cancelled() => {}
            () = events.closed() => {}
            () = self.listen() => {}
        }
    }

    async fn listen(&mut self) {
        for stream in std::mem::take(&mut self.pending) {
            let Connection { client, settings, .. } = &*self.connection;
            match client.subscribe(settings.subjects(stream)).await {
                Ok(subscriber) => self.messages.push(subscriber),
                Err(error) => return error!(%error, "live events end: the subscription could not be sent"),
            }
            self.report_gap().await;
        }
        loop {
            tokio::select! {
                Ok(()) = self.status.changed() => {
                    let gaps = self.status.borrow_and_update().gaps;
                    if std::mem::replace(&mut self.gaps, gaps) != gaps {
                        self.report_gap().await;
                    }
                }
                Some(message) = self.messages.next() => self.forward(&message),
                else => return,
            }
        }
    }

    fn forward(&self, message: &Message) {
        // An unreadable event may be one that the reader waits for.
        let event = serde_json::from_slice::<Envelope>(&message.payload).map_err(|_| Lagged);
        if let Some(reason) = origin::fault(&self.connection.settings, message, None, event.as_ref().ok()) {
            return origin::report("live", "live", message, reason);
        }
        if event.as_ref().map_or(true, |event| self.subjects.contains(&event.subject())) {
            self.events.send(event.map(Arc::new)).ok();
        }
    }

    /// Sends [`Lagged`] once the gap has ended: an answer shows that the server has processed all earlier messages, the
    /// subscriptions included.
    async fn report_gap(&self) {
        // Without an answer the connection is lost again, and the next reconnect reports another gap.
        self.connection.context.query_account().await.ok();
        self.events.send(Err(Lagged)).ok();
    }
}
