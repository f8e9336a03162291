//! What is published now, for those who watch: plain subscriptions, of which the server keeps nothing.

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

use super::Shared;
use super::link::News;
use super::settings::Owner;
use crate::Lagged;

/// How many events a listener may lie behind before it misses some.
const BACKLOG: usize = 1024;

type Heard = Result<Arc<Envelope>, Lagged>;

/// The events of these subjects from now on.
pub(super) fn live(
    shared: &Arc<Shared>,
    tasks: &TaskTracker,
    subjects: &'static [Subject],
) -> BoxStream<'static, Heard> {
    let (tell, told) = broadcast::channel(BACKLOG);
    tasks.spawn(Listener::new(shared, subjects, tell).run());
    let heard = unfold(told, async |mut told| match told.recv().await {
        Ok(heard) => Some((heard, told)),
        Err(RecvError::Lagged(_)) => Some((Err(Lagged), told)),
        Err(RecvError::Closed) => None,
    });
    heard.boxed()
}

/// Reads at once what the server sends, so that a slow reader holds nothing up but itself.
struct Listener {
    shared: Arc<Shared>,
    subjects: &'static [Subject],
    /// By owner: within one, events come in the order in which the server got them.
    messages: SelectAll<Subscriber>,
    /// Those whose subscription could not be sent at once.
    late: Vec<Owner>,
    link: watch::Receiver<News>,
    gaps: u64,
    tell: broadcast::Sender<Heard>,
}

impl Listener {
    /// Subscribes at once: whatever this process publishes from now on is heard.
    fn new(shared: &Arc<Shared>, subjects: &'static [Subject], tell: broadcast::Sender<Heard>) -> Self {
        let (mut messages, mut late) = (SelectAll::new(), Vec::new());
        let link = shared.link.watch();
        let gaps = link.borrow().gaps;
        for owner in Owner::of_each(subjects) {
            match shared.client.subscribe(shared.settings.subjects(owner)).now_or_never() {
                Some(Ok(subscriber)) => messages.push(subscriber),
                _ => late.push(owner),
            }
        }
        Self { shared: Arc::clone(shared), subjects, messages, late, link, gaps, tell }
    }

    /// Runs until the bus is closed or nobody reads any more.
    async fn run(mut self) {
        let (stop, tell) = (self.shared.stop.clone(), self.tell.clone());
        tokio::select! {
            () = stop.cancelled() => {}
            () = tell.closed() => {}
            () = self.listen() => {}
        }
    }

    async fn listen(&mut self) {
        for owner in std::mem::take(&mut self.late) {
            match self.shared.client.subscribe(self.shared.settings.subjects(owner)).await {
                Ok(subscriber) => self.messages.push(subscriber),
                Err(error) => return error!(%error, "live events end: NATS could not be asked for them"),
            }
            self.missed().await;
        }
        loop {
            tokio::select! {
                Ok(()) = self.link.changed() => {
                    let gaps = self.link.borrow_and_update().gaps;
                    if std::mem::replace(&mut self.gaps, gaps) != gaps {
                        self.missed().await;
                    }
                }
                Some(message) = self.messages.next() => self.hear(&message),
                else => return,
            }
        }
    }

    fn hear(&self, message: &Message) {
        // What cannot be read may be what somebody waits for.
        let event = serde_json::from_slice::<Envelope>(&message.payload).map_err(|_| Lagged);
        if event.as_ref().map_or(true, |event| self.subjects.contains(&event.subject())) {
            self.tell.send(event.map(Arc::new)).ok();
        }
    }

    /// Says that something was missed once nothing more can be: an answer shows that the server has read everything
    /// that was sent before, the subscriptions too.
    async fn missed(&self) {
        // Without an answer the connection is lost again, and this comes again when it is back.
        self.shared.context.query_account().await.ok();
        self.tell.send(Err(Lagged)).ok();
    }
}
