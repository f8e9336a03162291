//! The live feed: every change of a ticket, from the bus to any number of readers.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bus::{Bus, Lagged};
use common::event::{Subject, TicketSnapshot};
use common::{Envelope, Event, EventId};
use futures::stream::{BoxStream, Stream, StreamExt, unfold};
use parking_lot::Mutex;
use runtime::Worker;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::broadcast::{Receiver, Sender};
use tokio_util::sync::CancellationToken;

/// Every change of a ticket.
const SUBJECTS: &[Subject] = &[
    Subject::TicketCreated,
    Subject::TicketUpdated,
    Subject::TicketReserved,
    Subject::TicketReleased,
    Subject::TicketSold,
    Subject::TicketWithdrawn,
];

/// Updates buffered for slow readers, which share them. A reader that lags further behind gets a reset.
const MAX_BUFFERED: usize = 256;

/// Changes kept for readers that reconnect: some minutes of a busy market, and less than three megabytes.
const MAX_RECENT: usize = 1024;

/// A change of a ticket.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) id: EventId,
    pub(crate) subject: Subject,
    pub(crate) ticket: TicketSnapshot,
}

/// An item of a reader's stream.
#[derive(Debug)]
pub(crate) enum FeedItem {
    /// A change.
    Change(Arc<Change>),
    /// Changes were lost: the reader has to load everything again, then follow the changes from here. The last change
    /// before, if one is known.
    Reset(Option<EventId>),
}

#[derive(Debug, Clone)]
enum FeedUpdate {
    Change(Arc<Change>),
    /// Changes were lost.
    Gap,
}

/// The live changes of tickets. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Feed(Arc<Channel>);

struct Channel {
    /// Locked while an update is published, so that a new reader gets each change either from here or as an update.
    recent: Mutex<Recent>,
    /// Updates so far.
    changes: AtomicU64,
    updates: Sender<FeedUpdate>,
}

impl Feed {
    /// A feed of the changes from now on, and the worker that publishes them.
    pub(crate) fn new(bus: &dyn Bus) -> (Self, Worker) {
        let (recent, updates) = (Mutex::default(), Sender::new(MAX_BUFFERED));
        let feed = Self(Arc::new(Channel { recent, changes: AtomicU64::new(0), updates }));
        let (publisher, events) = (feed.clone(), bus.live(SUBJECTS));
        let run = move |stop: CancellationToken| async move {
            stop.run_until_cancelled(publisher.publish_all(events)).await;
        };
        // Always idle: readers wait for the worker, other work does not.
        (feed, Worker::new("live-tickets", run, || async { true }))
    }

    /// A number that grows with each change, and where changes were lost.
    pub(crate) fn changes(&self) -> u64 {
        self.0.changes.load(Ordering::Acquire)
    }

    /// The changes after the one of the id `last`, or else from now on. The stream does not end by itself.
    pub(crate) fn subscribe(&self, last: Option<&str>) -> impl Stream<Item = FeedItem> + Send + use<> {
        let reader = self.reader(|recent| match last {
            None => Some(Vec::new()),
            Some(id) => recent.after(id.parse().ok()?),
        });
        unfold(reader, async |mut reader| Some((reader.next().await?, reader)))
    }

    /// A reader that begins with the changes that `missed` finds, or with a reset if it returns `None`.
    fn reader(&self, missed: impl FnOnce(&Recent) -> Option<Vec<Arc<Change>>>) -> Reader {
        let recent = self.0.recent.lock();
        let first = match missed(&recent) {
            Some(changes) => changes.into_iter().map(FeedItem::Change).collect(),
            None => VecDeque::from([FeedItem::Reset(recent.last())]),
        };
        Reader { feed: self.clone(), first, updates: self.0.updates.subscribe() }
    }

    async fn publish_all(self, mut events: BoxStream<'static, Result<Arc<Envelope>, Lagged>>) {
        while let Some(event) = events.next().await {
            self.publish(event);
        }
    }

    fn publish(&self, event: Result<Arc<Envelope>, Lagged>) {
        let mut recent = self.0.recent.lock();
        let update = match event.map(|event| change(&event)) {
            Ok(None) => return,
            Ok(Some(change)) => {
                let change = Arc::new(change);
                // The bus may deliver an event twice.
                if !recent.add(Arc::clone(&change)) {
                    return;
                }
                FeedUpdate::Change(change)
            }
            Err(Lagged) => {
                recent.clear();
                FeedUpdate::Gap
            }
        };
        self.0.changes.fetch_add(1, Ordering::Release);
        // Fails without readers.
        let _ = self.0.updates.send(update);
    }
}

fn change(event: &Envelope) -> Option<Change> {
    match &event.event {
        Event::TicketCreated(ticket)
        | Event::TicketUpdated(ticket)
        | Event::TicketReserved(ticket)
        | Event::TicketReleased(ticket)
        | Event::TicketSold(ticket)
        | Event::TicketWithdrawn(ticket) => {
            Some(Change { id: event.id, subject: event.subject(), ticket: ticket.clone() })
        }
        _ => None,
    }
}

struct Reader {
    feed: Feed,
    /// The items before the updates.
    first: VecDeque<FeedItem>,
    updates: Receiver<FeedUpdate>,
}

impl Reader {
    async fn next(&mut self) -> Option<FeedItem> {
        if let Some(first) = self.first.pop_front() {
            return Some(first);
        }
        match self.updates.recv().await {
            Ok(FeedUpdate::Change(change)) => Some(FeedItem::Change(change)),
            Ok(FeedUpdate::Gap) | Err(RecvError::Lagged(_)) => {
                // A reader that loads everything again does not need the buffered updates.
                *self = self.feed.reader(|_| None);
                self.first.pop_front()
            }
            Err(RecvError::Closed) => None,
        }
    }
}

/// The last changes, oldest first.
#[derive(Debug, Default)]
struct Recent(VecDeque<Arc<Change>>);

impl Recent {
    /// Adds a change. Returns `false` if it is there already.
    fn add(&mut self, change: Arc<Change>) -> bool {
        if self.0.iter().any(|known| known.id == change.id) {
            return false;
        }
        if self.0.len() == MAX_RECENT {
            self.0.pop_front();
        }
        self.0.push_back(change);
        true
    }

    /// The changes after this one. Returns `None` if it is not there, so that later ones may be missing, too.
    fn after(&self, id: EventId) -> Option<Vec<Arc<Change>>> {
        let position = self.0.iter().position(|change| change.id == id)?;
        Some(self.0.range(position + 1..).cloned().collect())
    }

    fn last(&self) -> Option<EventId> {
        self.0.back().map(|change| change.id)
    }

    /// Drops all changes: some are missing after them.
    fn clear(&mut self) {
        self.0.clear();
    }
}
