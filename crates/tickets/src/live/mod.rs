//! What happens to tickets, for those who watch: from the bus to any number of streams.

mod recent;
mod watch;

use std::sync::Arc;

use bus::{Bus, Lagged};
use common::event::{Subject, TicketSnapshot};
use common::{Envelope, Event, EventId};
use futures::stream::{BoxStream, StreamExt};
use parking_lot::{Mutex, MutexGuard};
use runtime::Worker;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

pub(crate) use watch::Seen;

use self::recent::Recent;

/// Every change of a ticket.
const SUBJECTS: &[Subject] = &[
    Subject::TicketCreated,
    Subject::TicketUpdated,
    Subject::TicketReserved,
    Subject::TicketReleased,
    Subject::TicketSold,
    Subject::TicketWithdrawn,
];

/// How many changes a reader may lie behind before it is told to begin anew. Readers share them.
const MOST_BEHIND: usize = 256;

/// A change of a ticket.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) id: EventId,
    pub(crate) subject: Subject,
    pub(crate) ticket: TicketSnapshot,
}

/// What readers are told.
#[derive(Debug, Clone)]
enum News {
    /// This has happened.
    Change(Arc<Change>),
    /// Some changes will never be known here.
    Gap,
}

/// The changes of tickets as they happen. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Feed(Arc<Inner>);

struct Inner {
    /// Held while something is told, so that whoever joins gets each change either from here or told, never both.
    recent: Mutex<Recent>,
    readers: broadcast::Sender<News>,
}

impl Feed {
    /// A feed that hears of changes from now on, once its worker runs.
    pub(crate) fn new(bus: &dyn Bus) -> (Self, Worker) {
        let (recent, readers) = (Mutex::default(), broadcast::Sender::new(MOST_BEHIND));
        let feed = Self(Arc::new(Inner { recent, readers }));
        let (teller, events) = (feed.clone(), bus.live(SUBJECTS));
        let run = move |stop: CancellationToken| async move {
            stop.run_until_cancelled(teller.tell_all(events)).await;
        };
        // Readers wait for it, so that nobody else need.
        (feed, Worker::new("live-tickets", run, || async { true }))
    }

    async fn tell_all(self, mut events: BoxStream<'static, Result<Arc<Envelope>, Lagged>>) {
        while let Some(event) = events.next().await {
            self.tell(event);
        }
    }

    fn tell(&self, event: Result<Arc<Envelope>, Lagged>) {
        let mut recent = self.recent();
        let news = match event.map(|event| change(&event)) {
            Ok(None) => return,
            Ok(Some(change)) => {
                let change = Arc::new(change);
                // The bus may bring it twice.
                if !recent.add(Arc::clone(&change)) {
                    return;
                }
                News::Change(change)
            }
            Err(Lagged) => {
                recent.forget();
                News::Gap
            }
        };
        // Fails if nobody reads.
        let _ = self.0.readers.send(news);
    }

    fn recent(&self) -> MutexGuard<'_, Recent> {
        self.0.recent.lock()
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
