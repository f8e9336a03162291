//! The one thread that writes. It makes everything that waits durable at once, so that many commits share the cost
//! of one.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::apply::{self, Outcome};
use super::error::closed;
use super::news::News;
use super::{admission, open};
use crate::{StoreError, Write};

/// At most so many commits are accepted and not yet answered.
const MOST_WAITING: usize = 1024;
/// At most so many commits in one transaction: the first of them waits for the last.
const MOST_IN_BATCH: usize = 256;
/// At most so many outbox rows are removed beside them.
const MOST_SENT: usize = 1024;
/// So long acknowledged outbox rows wait for a commit that takes them along.
const SENT_WAITS: Duration = Duration::from_millis(20);
/// So long when removing them has just failed.
const SENT_WAITS_AFTER_FAILURE: Duration = Duration::from_secs(1);

enum Job {
    Commit {
        write: Write,
        answer: oneshot::Sender<Outcome>,
        /// Given back when the job is done.
        place: OwnedSemaphorePermit,
    },
    /// There are acknowledged outbox rows.
    Sent,
    Close,
}

/// The way to the thread.
#[derive(Debug)]
pub(super) struct Writer {
    jobs: Sender<Job>,
    places: Arc<Semaphore>,
    news: Arc<News>,
    thread: tokio::sync::Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    /// Starts the thread. `guard` is let go when it ends.
    pub(super) fn start(
        connection: Connection,
        guard: Option<open::Guard>,
        news: Arc<News>,
    ) -> io::Result<Self> {
        let (jobs, queue) = mpsc::channel();
        let places = Arc::new(Semaphore::new(MOST_WAITING));
        let mut work = Work { connection, queue, news: Arc::clone(&news), closing: false, failed: false };
        let thread = std::thread::Builder::new().name("store-writer".into()).spawn(move || {
            work.run();
            drop(work);
            drop(guard);
        })?;
        Ok(Self { jobs, places, news, thread: tokio::sync::Mutex::new(Some(thread)) })
    }

    /// Writes durably.
    pub(super) async fn commit(&self, write: Write) -> Outcome {
        let place = admission::place(&self.places).await?;
        let (answer, answered) = oneshot::channel();
        self.jobs.send(Job::Commit { write, answer, place }).map_err(|_| closed())?;
        // The thread answers everything that it takes; what it never took was not written.
        answered.await.map_err(|_| closed())?
    }

    /// Removes outbox rows soon.
    pub(super) fn mark_published(&self, seqs: Vec<u64>) -> Result<(), StoreError> {
        // With others waiting already, the thread looks again by itself.
        if self.news.add_sent(seqs) {
            self.jobs.send(Job::Sent).map_err(|_| closed())?;
        }
        Ok(())
    }

    /// Whether commits are taken: it is neither closed, nor has the thread died.
    pub(super) fn is_open(&self) -> bool {
        let thread = self.thread.try_lock();
        thread.is_ok_and(|thread| thread.as_ref().is_some_and(|thread| !thread.is_finished()))
    }

    /// Finishes what was accepted and ends the thread.
    pub(super) async fn close(&self) {
        self.places.close();
        let mut thread = self.thread.lock().await;
        if let Some(thread) = thread.take() {
            // Fails if the thread has ended already.
            let _ = self.jobs.send(Job::Close);
            // A panic of the thread has been reported by the panic hook.
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }
}

/// Whoever drops the database may open it again at once, so the thread has ended by then. There is little to wait
/// for: nobody who wanted an answer is left.
impl Drop for Writer {
    fn drop(&mut self) {
        if let Some(thread) = self.thread.get_mut().take() {
            let _ = self.jobs.send(Job::Close);
            let _ = thread.join();
        }
    }
}

struct Work {
    connection: Connection,
    queue: Receiver<Job>,
    news: Arc<News>,
    closing: bool,
    /// Whether the last transaction failed.
    failed: bool,
}

impl Work {
    fn run(&mut self) {
        loop {
            let jobs = self.gather();
            let idle = jobs.is_empty();
            self.make(jobs);
            if self.closing && idle && (self.failed || self.news.nothing_sent()) {
                break;
            }
        }
        // Leaves one file behind, not three. Whatever prevents it, the next start does it.
        let _ = self.connection.pragma(None, "wal_checkpoint", "TRUNCATE", |_| Ok(()));
    }

    /// Waits for work and takes all there is, up to the limit.
    fn gather(&mut self) -> Batch {
        let mut batch = Batch::default();
        let mut next = self.wait();
        while let Some(job) = next {
            match job {
                Job::Commit { write, answer, place } => {
                    batch.writes.push(write);
                    batch.answers.push((answer, place));
                }
                Job::Sent => {}
                Job::Close => self.closing = true,
            }
            if batch.writes.len() == MOST_IN_BATCH {
                break;
            }
            next = self.queue.try_recv().ok();
        }
        batch
    }

    /// The next job; `None`: it is time for the outbox rows.
    fn wait(&mut self) -> Option<Job> {
        if self.closing {
            return self.queue.try_recv().ok();
        }
        if self.news.nothing_sent() {
            return Some(self.queue.recv().unwrap_or(Job::Close));
        }
        let patience = if self.failed { SENT_WAITS_AFTER_FAILURE } else { SENT_WAITS };
        match self.queue.recv_timeout(patience) {
            Ok(job) => Some(job),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => Some(Job::Close),
        }
    }

    fn make(&mut self, batch: Batch) {
        let sent = self.news.some_sent(MOST_SENT);
        if batch.is_empty() && sent.is_empty() {
            return;
        }
        let (outcomes, committed) = apply::batch(&mut self.connection, &batch.writes, &sent);
        self.failed = !committed;
        if committed {
            self.news.forget_sent(&sent);
        }
        self.news.tell(&batch.writes, &outcomes);
        for ((answer, place), outcome) in batch.answers.into_iter().zip(outcomes) {
            // Who no longer waits needs no answer.
            let _ = answer.send(outcome);
            drop(place);
        }
    }
}

/// Commits that share a transaction, and who waits for them.
#[derive(Default)]
struct Batch {
    writes: Vec<Write>,
    answers: Vec<(oneshot::Sender<Outcome>, OwnedSemaphorePermit)>,
}

impl Batch {
    fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }
}
