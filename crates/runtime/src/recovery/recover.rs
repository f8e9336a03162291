//! `recover`: adopts what other services know, raises versions, and handles the events of other services.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use bus::{ConsumeError, Incoming};
use common::event::Subject;
use common::{Envelope, error_chain};
use futures::stream::{self, StreamExt};
use store::{CommitError, StoreError};
use uuid::Uuid;

use super::EventFiles;
use super::aggregate::{Adoption, Aggregate};
use crate::{BoxError, Service, ServiceContext, ServiceStore};

/// The number of events that are handled at once.
const MAX_CONCURRENT: usize = 32;

/// The reason why a recovery ended early. Repeating the recovery continues it.
#[derive(Debug, thiserror::Error)]
pub enum RecoveryError {
    /// No event was given.
    #[error(
        "{service} must not act on its old state: give the output of `export-events` of {} with `--events`",
        .sources.join(", ")
    )]
    NoEvents {
        /// The service.
        service: &'static str,
        /// The services whose events are needed.
        sources: &'static [&'static str],
    },
    /// Another process writes.
    #[error(
        "a document was changed concurrently: stop every process of the service, then run `recover` again"
    )]
    Running,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The service cannot be built.
    #[error(transparent)]
    Build(BoxError),
}

impl From<CommitError> for RecoveryError {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Store(error) => error.into(),
            CommitError::Conflict | CommitError::DuplicateKey(_) => Self::Running,
        }
    }
}

/// The result of a recovery.
#[derive(Debug, Default)]
pub struct RecoverySummary {
    /// Aggregates whose versions were raised, without the following.
    pub raised: usize,
    /// Aggregates that other services knew better.
    pub adopted: usize,
    /// Aggregates that were lost, restored from what other services know.
    pub created: usize,
    /// Events of other services that were handled.
    pub applied: usize,
    /// Events that were refused, and unreadable lines and documents, each with the reason.
    pub refused: Vec<String>,
}

impl fmt::Display for RecoverySummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { raised, adopted, created, applied, refused } = self;
        write!(
            f,
            "Raised: {raised}. Adopted: {adopted}. Created: {created}. Applied: {applied}. Refused: {}.",
            refused.len()
        )
    }
}

/// Recovers the database of a service that is stopped. May be repeated, also after a crash.
///
/// # Errors
/// [`RecoveryError`]. Changes made before the error remain.
pub async fn recover(
    service: &ServiceStore,
    context: &ServiceContext,
    build: impl AsyncFnOnce(&ServiceContext) -> Result<Service, BoxError>,
    given: EventFiles,
) -> Result<RecoverySummary, RecoveryError> {
    let EventFiles { mut events, unreadable } = given;
    let (sources, aggregates) = (service.recovery.sources, service.recovery.aggregates);
    if events.is_empty() && !sources.is_empty() {
        return Err(RecoveryError::NoEvents { service: service.name, sources });
    }
    let mut summary = RecoverySummary { refused: unreadable, ..RecoverySummary::default() };
    events.sort_by_key(|event| event.subject());
    // Before the other versions are raised: they decide which copies are newer.
    for aggregate in aggregates {
        let adopted = adopt_all(aggregate, context, &events, &mut summary).await?;
        let raised = (aggregate.raise)(context, &adopted).await?;
        summary.raised += raised.count;
        summary.refused.extend(raised.unreadable.iter().map(ToString::to_string));
    }
    if !events.is_empty() {
        let service = build(context).await.map_err(RecoveryError::Build)?;
        events.sort_by_key(|event| handling_order(event.subject()));
        for group in events.chunk_by(|one, next| one.subject() == next.subject()) {
            apply(&service, context, group, &mut summary).await;
        }
    }
    Ok(summary)
}

/// Tickets first, since payments wait for locks. The end of an order precedes the orders that follow it on the same ticket.
fn handling_order(subject: Subject) -> (bool, Subject) {
    (subject >= Subject::OrderCreated && subject != Subject::OrderCancelled, subject)
}

/// Adopts every event that shows an aggregate, and returns the changed aggregates. A unique key may be held by an aggregate
/// that a later event ends, so refused events are tried twice.
async fn adopt_all(
    aggregate: &Aggregate,
    context: &ServiceContext,
    events: &[Arc<Envelope>],
    summary: &mut RecoverySummary,
) -> Result<HashSet<Uuid>, RecoveryError> {
    let mut changed = HashSet::new();
    let shown = |event: &Arc<Envelope>| Some(((aggregate.shown_by)(&event.event)?, Arc::clone(event)));
    let mut waiting: Vec<_> = events.iter().filter_map(shown).collect();
    for is_last in [false, true] {
        for (id, event) in std::mem::take(&mut waiting) {
            match (aggregate.adopt)(context, &event).await {
                Ok(Adoption::Nothing) => {}
                Ok(adoption) => {
                    changed.insert(id);
                    summary.count(adoption);
                }
                Err(CommitError::DuplicateKey(_)) if !is_last => waiting.push((id, event)),
                Err(
                    error @ (CommitError::DuplicateKey(_) | CommitError::Store(StoreError::Unreadable(_))),
                ) => summary.refuse(&event, &error),
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(changed)
}

/// Handles events of one subject as the service's consumers do. They are of different aggregates.
async fn apply(
    service: &Service,
    context: &ServiceContext,
    events: &[Arc<Envelope>],
    summary: &mut RecoverySummary,
) {
    let handle = |event: &Arc<Envelope>| {
        let event = Arc::clone(event);
        let incoming = Incoming { envelope: Arc::clone(&event), first_attempt_at: context.clock.now() };
        async move { (event, handle(service, incoming).await) }
    };
    let mut handling = stream::iter(events).map(handle).buffer_unordered(MAX_CONCURRENT);
    while let Some((event, handled)) = handling.next().await {
        match handled {
            Ok(handled) => summary.applied += usize::from(handled),
            Err(ConsumeError::RetryLater(_)) => {
                summary.refuse(&event, &ConsumeError::failed("the aggregate is missing, or not ready yet"));
            }
            Err(error) => summary.refuse(&event, &error),
        }
    }
}

/// Returns whether the service consumes the event.
async fn handle(service: &Service, incoming: Incoming) -> Result<bool, ConsumeError> {
    let subject = incoming.envelope.subject();
    let mut consumers = service.subscriptions.iter();
    match consumers.find(|consumer| consumer.subjects.contains(&subject)) {
        Some(consumer) => consumer.handler.consume(incoming).await.map(|()| true),
        None => Ok(false),
    }
}

impl RecoverySummary {
    fn count(&mut self, adoption: Adoption) {
        match adoption {
            Adoption::Nothing => {}
            Adoption::Adopted => self.adopted += 1,
            Adoption::Created => self.created += 1,
        }
    }

    fn refuse(&mut self, event: &Envelope, error: &(dyn std::error::Error + 'static)) {
        let (subject, aggregate) = (event.subject(), event.aggregate);
        self.refused.push(format!("{subject} of {aggregate}: {}", error_chain(error)));
    }
}
