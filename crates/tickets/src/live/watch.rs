//! One reader's part of it.

use std::collections::VecDeque;
use std::sync::Arc;

use common::EventId;
use futures::stream::{Stream, unfold};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::recent::Recent;
use super::{Change, Feed, News};

/// What one reader sees.
#[derive(Debug)]
pub(crate) enum Seen {
    /// This has happened.
    Change(Arc<Change>),
    /// More has happened than is known here: look at everything anew. What happens from now on follows. The last
    /// change before that, if one is known.
    Reset(Option<EventId>),
}

struct Reader {
    feed: Feed,
    /// What comes before the news.
    first: VecDeque<Seen>,
    news: Receiver<News>,
}

impl Feed {
    /// The changes behind the one that `last` names, or else from now on. They do not end by themselves.
    pub(crate) fn watch(&self, last: Option<&str>) -> impl Stream<Item = Seen> + Send + use<> {
        let reader = self.join(|recent| match last {
            None => Some(Vec::new()),
            Some(id) => recent.after(id.parse().ok()?),
        });
        unfold(reader, async |mut reader| Some((reader.next().await?, reader)))
    }

    /// Joins the readers, first of all with the changes that `missed` finds. `None`: nobody knows them.
    fn join(&self, missed: impl FnOnce(&Recent) -> Option<Vec<Arc<Change>>>) -> Reader {
        let recent = self.recent();
        let first = match missed(&recent) {
            Some(changes) => changes.into_iter().map(Seen::Change).collect(),
            None => VecDeque::from([Seen::Reset(recent.last())]),
        };
        Reader { feed: self.clone(), first, news: self.0.readers.subscribe() }
    }
}

impl Reader {
    async fn next(&mut self) -> Option<Seen> {
        if let Some(first) = self.first.pop_front() {
            return Some(first);
        }
        match self.news.recv().await {
            Ok(News::Change(change)) => Some(Seen::Change(change)),
            Ok(News::Gap) | Err(RecvError::Lagged(_)) => {
                // What lies between is useless to somebody who looks at everything anew.
                *self = self.feed.join(|_| None);
                self.first.pop_front()
            }
            Err(RecvError::Closed) => None,
        }
    }
}
