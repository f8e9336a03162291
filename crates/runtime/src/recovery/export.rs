//! `export-events`: the states that a service knows, as events.

use common::{Envelope, Time};
use futures::future::{BoxFuture, FutureExt};
use store::{StoreError, UnreadableDocument};

use super::{Present, PresentState};
use crate::{ServiceContext, ServiceStore};

type Found<'a> = &'a mut (dyn FnMut(Result<PresentState, UnreadableDocument>) + Send);
type ExportFn = for<'a> fn(&'a ServiceContext, Found<'a>) -> BoxFuture<'a, Result<(), StoreError>>;

/// A collection that `export-events` prints.
#[derive(Debug, Clone, Copy)]
pub struct Export(ExportFn);

impl Export {
    /// The collection of this type.
    pub const fn of<D: Present>() -> Self {
        Self(scan::<D>)
    }
}

fn scan<'a, D: Present>(
    context: &'a ServiceContext,
    found: Found<'a>,
) -> BoxFuture<'a, Result<(), StoreError>> {
    async move {
        let (documents, mut after) = (context.store.collection::<D>(), None);
        loop {
            let (batch, last) = documents.scan(after).await?;
            if last.is_none() {
                return Ok(());
            }
            after = last;
            for document in batch {
                found(document.map(|document| document.present()));
            }
        }
    }
    .boxed()
}

/// Passes the states that a service knows to `found` as events, of aggregates that changed after `since`,
/// if that is known. Returns the
/// unreadable documents. The service may be running.
///
/// # Errors
/// The database failed.
pub async fn export_events(
    service: &ServiceStore,
    context: &ServiceContext,
    since: Option<Time>,
    mut found: impl FnMut(Envelope) + Send,
) -> Result<Vec<UnreadableDocument>, StoreError> {
    let mut unreadable = Vec::new();
    for export in service.recovery.exports {
        let mut emit = |document| match document {
            Ok(state) => envelopes(context, since, state).for_each(&mut found),
            Err(error) => unreadable.push(error),
        };
        (export.0)(context, &mut emit).await?;
    }
    Ok(unreadable)
}

fn envelopes(
    context: &ServiceContext,
    since: Option<Time>,
    state: PresentState,
) -> impl Iterator<Item = Envelope> {
    let PresentState { aggregate, version, changed_at, events } = state;
    let is_new = since.zip(changed_at).is_none_or(|(since, changed_at)| changed_at >= since);
    events.into_iter().filter(move |_| is_new).map(move |event| Envelope {
        id: context.ids.next(),
        schema: event.subject().schema(),
        aggregate,
        version,
        time: changed_at.unwrap_or_else(|| context.clock.now()),
        trace: None,
        event,
    })
}
