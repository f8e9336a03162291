//! The one thread that writes. Commits that wait at the same time share a transaction, and thereby the cost of making it
//! durable.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::open::LockFile;
use super::permits::Permits;
use super::state::WriterState;
use super::transaction::{self, WriteResult};
use crate::{StoreError, Write};

/// Accepted commits without an answer: they bound the memory of the queue.
const MAX_IN_FLIGHT: u32 = 1024;
/// Commits in one transaction: the first of them waits for the last.
const MAX_BATCH: usize = 256;
/// Published outbox rows wait so long for a commit whose transaction prunes them.
const PRUNE_DELAY: Duration = Duration::from_millis(20);

enum WriterJob {
    Commit {
        write: Write,
        answer: oneshot::Sender<WriteResult>,
        /// Returned when the job is done.
        permit: OwnedSemaphorePermit,
    },
    /// Published outbox rows; answered once they are gone.
    Prune {
        seqs: Vec<u64>,
        answer: oneshot::Sender<()>,
    },
    Close,
}

/// The handle of the thread.
#[derive(Debug)]
pub(super) struct Writer {
    jobs: Sender<WriterJob>,
    permits: Permits,
    thread: tokio::sync::Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    /// Starts the thread, which releases `lock` when it ends.
    pub(super) fn start(
        connection: Connection,
        lock: Option<LockFile>,
        state: Arc<WriterState>,
    ) -> io::Result<Self> {
        let (jobs, queue) = mpsc::channel();
        let mut thread = WriterThread { connection, queue, state, closing: false };
        let thread = std::thread::Builder::new().name("store-writer".into()).spawn(move || {
            thread.run();
            drop(thread);
            // Not by a drop: a child process that is just being started may hold a copy of the file.
            let _ = lock.map(|lock| lock.unlock());
        })?;
        let permits = Permits::new(MAX_IN_FLIGHT);
        Ok(Self { jobs, permits, thread: tokio::sync::Mutex::new(Some(thread)) })
    }

    /// Writes durably.
    pub(super) async fn commit(&self, write: Write) -> WriteResult {
        let permit = self.permits.acquire().await?;
        let (answer, answered) = oneshot::channel();
        self.jobs.send(WriterJob::Commit { write, answer, permit }).map_err(|_| StoreError::closed())?;
        // The thread answers every job that it receives; a job that it never received was not written.
        answered.await.map_err(|_| StoreError::closed())?
    }

    /// Prunes outbox rows, with the next commits if there are any soon.
    pub(super) async fn prune(&self, seqs: Vec<u64>) -> Result<(), StoreError> {
        let (answer, answered) = oneshot::channel();
        self.jobs.send(WriterJob::Prune { seqs, answer }).map_err(|_| StoreError::closed())?;
        answered.await.map_err(|_| StoreError::Unavailable("published events were not removed".into()))
    }

    /// Whether commits are accepted: the writer is not closed, and its thread runs.
    pub(super) fn is_open(&self) -> bool {
        let thread = self.thread.try_lock();
        thread.is_ok_and(|thread| thread.as_ref().is_some_and(|thread| !thread.is_finished()))
    }

    /// Finishes accepted commits and ends the thread.
    pub(super) async fn close(&self) {
        self.permits.close();
        let mut thread = self.thread.lock().await;
        if let Some(thread) = thread.take() {
            // Fails if the thread has ended already.
            let _ = self.jobs.send(WriterJob::Close);
            // The panic hook has reported a panic of the thread.
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }
}

/// Ends the thread, so that the database can be opened again at once. The wait is short: no caller waits for an answer
/// any more.
impl Drop for Writer {
    fn drop(&mut self) {
        if let Some(thread) = self.thread.get_mut().take() {
            let _ = self.jobs.send(WriterJob::Close);
            let _ = thread.join();
        }
    }
}

struct WriterThread {
    connection: Connection,
    queue: Receiver<WriterJob>,
    state: Arc<WriterState>,
    closing: bool,
}

impl WriterThread {
    fn run(&mut self) {
        loop {
            let batch = self.gather();
            if batch.writes.is_empty() && batch.pruned.is_empty() {
                break;
            }
            self.write(batch);
        }
        // Leaves one file behind, not three. On failure, the next start does it.
        let _ = self.connection.pragma(None, "wal_checkpoint", "TRUNCATE", |_| Ok(()));
    }

    /// Waits for a job and takes all that are queued, up to the limit. Empty once the writer is closed.
    fn gather(&mut self) -> WriteBatch {
        let mut batch = WriteBatch::default();
        while batch.writes.len() < MAX_BATCH {
            match self.next(&batch) {
                Some(WriterJob::Commit { write, answer, permit }) => {
                    batch.writes.push(write);
                    batch.answers.push((answer, permit));
                }
                Some(WriterJob::Prune { seqs, answer }) => {
                    batch.published.extend(seqs);
                    batch.pruned.push(answer);
                }
                Some(WriterJob::Close) => self.closing = true,
                None => break,
            }
        }
        batch
    }

    /// The next job of this batch; `None` if the batch is to be written.
    fn next(&self, batch: &WriteBatch) -> Option<WriterJob> {
        if self.closing || !batch.writes.is_empty() {
            return self.queue.try_recv().ok();
        }
        if batch.pruned.is_empty() {
            return Some(self.queue.recv().unwrap_or(WriterJob::Close));
        }
        match self.queue.recv_timeout(PRUNE_DELAY) {
            Ok(job) => Some(job),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => Some(WriterJob::Close),
        }
    }

    fn write(&mut self, batch: WriteBatch) {
        let (results, committed) = transaction::run(&mut self.connection, &batch.writes, &batch.published);
        self.state.record(&batch.writes, &results);
        // Sending fails if the caller no longer waits.
        for ((answer, permit), result) in batch.answers.into_iter().zip(results) {
            let _ = answer.send(result);
            drop(permit);
        }
        for answer in batch.pruned.into_iter().filter(|_| committed.is_ok()) {
            let _ = answer.send(());
        }
    }
}

/// Commits and published outbox rows that share a transaction, and the channels to their callers.
#[derive(Default)]
struct WriteBatch {
    writes: Vec<Write>,
    answers: Vec<(oneshot::Sender<WriteResult>, OwnedSemaphorePermit)>,
    published: Vec<u64>,
    pruned: Vec<oneshot::Sender<()>>,
}
