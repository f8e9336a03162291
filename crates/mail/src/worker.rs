//! The worker that sends the pending emails of a collection.

use std::sync::Arc;
use std::time::Duration;

use common::{Backoff, Decision, Ids, SharedClock, Time, error_chain};
use futures::stream::{self, StreamExt, TryStreamExt};
use metrics::counter;
use runtime::{PeriodicJob, WakeSignal, Worker};
use store::{Collection, CommitError, Document, Range, StoreError};
use tokio_util::sync::CancellationToken;

use crate::render::render;
use crate::{
    Failure, Kind, MailOptions, Mailer, OptionsError, PendingEmail, PendingEmails, SendError, SmtpMailer,
};

/// A document that causes emails.
pub trait SendsEmail: Document {
    /// The index of documents with pending emails, ordered by [`PendingEmails::due`].
    const BY_EMAIL_DUE: &'static str;

    /// The index of documents with failed emails, ordered by [`PendingEmails::failed_at`].
    const BY_EMAIL_FAILED: &'static str;

    /// The emails.
    fn emails(&self) -> &PendingEmails;

    /// Replaces the emails, without an event.
    fn with_emails(&self, emails: PendingEmails) -> Decision<Self>;
}

/// The lease of an email: longer than an attempt. After it any replica may send the email again.
const LEASE: Duration = Duration::from_mins(1);
const _: () = assert!(LEASE.as_secs() > crate::smtp::SEND_TIMEOUT.as_secs());
/// Between attempts: soon at first, since a person waits for the email, and later as seldom as mail servers retry.
const RETRY_BACKOFF: Backoff = Backoff { first: Duration::from_secs(10), max: Duration::from_hours(1) };
/// The largest number of emails in flight in one replica; the rest waits in the database.
const MAX_IN_FLIGHT: usize = 8;
/// The largest number of documents read at once.
const MAX_BATCH: usize = 64;
/// The longest sleep of the worker, so that it finds what another replica left behind.
const MAX_SLEEP: Duration = Duration::from_secs(5);

/// The dependencies of every worker that sends emails. Cheap to clone.
#[derive(Clone)]
pub struct EmailContext {
    /// The mail server.
    pub mailer: Arc<dyn Mailer>,
    /// The beginning of every link, without a slash at its end.
    pub public_url: Arc<str>,
    /// The domain in which `Message-ID`s are unique.
    pub domain: Arc<str>,
}

impl EmailContext {
    /// Sends over SMTP, with links that begin with `public_url`. Must be called within a Tokio runtime.
    ///
    /// # Errors
    /// An option is not usable.
    pub fn smtp(options: &MailOptions, public_url: &str) -> Result<Self, OptionsError> {
        let mailer = SmtpMailer::new(options)?;
        let domain = mailer.domain().into();
        Ok(Self { mailer: Arc::new(mailer), public_url: public_url.into(), domain })
    }

    /// An email to be sent now.
    pub fn email(&self, kind: Kind, to: &str, ids: &Ids, now: Time) -> PendingEmail {
        let id: uuid::Uuid = ids.next();
        let message_id = format!("{id}@{}", self.domain);
        PendingEmail { id, kind, to: to.to_owned(), message_id, created_at: now, attempts: 0, due: now }
    }
}

/// Sends the pending emails of a collection. Several replicas may run it: a lease is a commit that one of them wins.
pub struct EmailWorker<D> {
    /// The collection.
    pub collection: Collection<D>,
    /// The dependencies.
    pub context: EmailContext,
    /// The clock.
    pub clock: SharedClock,
    /// The source of jitter.
    pub ids: Ids,
    /// Wakes the worker after the commit of an email.
    pub wake: Arc<WakeSignal>,
}

struct Job<D>(Arc<EmailWorker<D>>);

impl<D> Clone for Job<D> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<D: SendsEmail> EmailWorker<D> {
    /// The worker that runs this job.
    pub fn worker(self) -> Worker {
        // Registered here, so that an alert sees its first increment.
        for outcome in ["sent", "retried", "failed"] {
            counter!("emails_total", "outcome" => outcome).increment(0);
        }
        let clock = self.clock.clone();
        Worker::periodic(Job(Arc::new(self)), clock)
    }

    async fn send_due(&self, stop: &CancellationToken) -> Result<Time, StoreError> {
        let now = self.clock.now();
        let due = Range::of(D::BY_EMAIL_DUE, []).at_most([now.into()]).limit(MAX_BATCH);
        let batch = self.collection.batch(due).await?.items;
        let is_full = batch.len() == MAX_BATCH;
        stream::iter(batch)
            .map(Ok)
            .try_for_each_concurrent(MAX_IN_FLIGHT, |document| async move {
                if stop.is_cancelled() { Ok(()) } else { self.send_next(&document).await }
            })
            .await?;
        if is_full {
            return Ok(now);
        }
        let first = self.collection.batch(Range::of(D::BY_EMAIL_DUE, []).limit(1)).await?.items;
        let next = first.first().and_then(|document| document.emails().due());
        let latest = now.after(MAX_SLEEP);
        Ok(next.map_or(latest, |next| next.min(latest)))
    }

    /// Leases and sends the first due email of a document, and commits the outcome. A document with several due emails is due
    /// again at once.
    async fn send_next(&self, document: &D) -> Result<(), StoreError> {
        let now = self.clock.now();
        let Some((emails, email)) = document.emails().lease(now.after(LEASE), now) else { return Ok(()) };
        let leased = match self.collection.commit(document.with_emails(emails)).await {
            Ok(leased) => leased,
            // Changed meanwhile, such as by another replica that has leased the email.
            Err(CommitError::Conflict | CommitError::DuplicateKey(_)) => return Ok(()),
            Err(CommitError::Store(error @ StoreError::Unreadable(_))) => {
                tracing::error!(email = %email.id, cause = error_chain(&error), "an email stays pending");
                return Ok(());
            }
            Err(CommitError::Store(error)) => return Err(error),
        };
        let result = self.send(&email).await;
        self.record(&leased, &email, &result).await
    }

    async fn send(&self, email: &PendingEmail) -> Result<(), SendError> {
        let message = render(email, &self.context.public_url)
            .map_err(|_| SendError::Permanent("the template failed".to_owned()))?;
        self.context.mailer.send(&message).await
    }

    /// Commits the outcome on the latest state. A crash before it sends the email once more, under the same `Message-ID`.
    async fn record(
        &self,
        leased: &D,
        email: &PendingEmail,
        result: &Result<(), SendError>,
    ) -> Result<(), StoreError> {
        let now = self.clock.now();
        let retry_at = now.after(RETRY_BACKOFF.delay(email.attempts, &self.ids));
        let mut outcome = "sent";
        let decide = |document: Option<&D>| {
            let document = document?;
            let emails = match result {
                Ok(()) => document.emails().sent(email.id)?,
                Err(error) => {
                    let (emails, failure) =
                        document.emails().attempt_failed(email.id, error, retry_at, now)?;
                    outcome = if failure == Failure::ForGood { "failed" } else { "retried" };
                    emails
                }
            };
            Some(document.with_emails(emails))
        };
        match self.collection.apply_from(leased, decide).await {
            Ok(_) => {}
            Err(CommitError::Store(error)) => return Err(error),
            // Emails hold no unique key, and a conflict is retried.
            Err(CommitError::Conflict | CommitError::DuplicateKey(_)) => return Ok(()),
        }
        let kind = email.kind.name();
        counter!("emails_total", "outcome" => outcome).increment(1);
        match (outcome, result) {
            ("failed", Err(error)) => {
                tracing::error!(email = %email.id, kind, attempts = email.attempts, %error, "an email failed for good");
            }
            (_, Err(error)) => {
                tracing::warn!(email = %email.id, kind, attempts = email.attempts, %error, "an email is retried later");
            }
            (_, Ok(())) => tracing::info!(email = %email.id, kind, "an email was sent"),
        }
        Ok(())
    }
}

impl<D: SendsEmail> PeriodicJob for Job<D> {
    const NAME: &'static str = "emails";
    const RETRY_DELAY: Duration = Duration::from_secs(1);
    type Error = StoreError;

    async fn run(&self, stop: &CancellationToken) -> Result<Time, StoreError> {
        self.0.wake.run_started();
        self.0.send_due(stop).await
    }

    async fn is_idle(&self) -> bool {
        let due = Range::of(D::BY_EMAIL_DUE, []).at_most([self.0.clock.now().into()]).limit(1);
        self.0.collection.batch(due).await.is_ok_and(|page| page.items.is_empty())
    }

    async fn woken_before(&self, next: Time) {
        self.0.wake.woken_before(next).await;
    }
}
