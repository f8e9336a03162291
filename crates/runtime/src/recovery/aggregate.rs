//! A service's own aggregates: adopted from events of other services, and raised.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::{Envelope, Event, raised_version};
use futures::future::{BoxFuture, FutureExt};
use futures::stream::{self, TryStreamExt};
use store::{CommitError, UnreadableDocument};
use uuid::Uuid;

use super::Recover;
use crate::ServiceContext;

/// The number of commits in flight: databases group them into fewer writes.
const MAX_CONCURRENT: usize = 32;

type AdoptFn = for<'a> fn(&'a ServiceContext, &'a Envelope) -> BoxFuture<'a, Result<Adoption, CommitError>>;
type RaiseFn =
    for<'a> fn(&'a ServiceContext, &'a HashSet<Uuid>) -> BoxFuture<'a, Result<Raised, CommitError>>;

/// A type of aggregates that their service recovers.
#[derive(Debug, Clone, Copy)]
pub struct Aggregate {
    pub(super) shown_by: fn(&Event) -> Option<Uuid>,
    pub(super) adopt: AdoptFn,
    pub(super) raise: RaiseFn,
}

impl Aggregate {
    /// The aggregates of this type.
    pub const fn of<D: Recover>() -> Self {
        Self { shown_by: D::shown_by, adopt: adopt::<D>, raise: raise::<D> }
    }
}

/// The effect of an event that shows an aggregate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Adoption {
    /// The aggregate is as new.
    Nothing,
    /// The aggregate was older.
    Adopted,
    /// The aggregate was lost.
    Created,
}

/// The aggregates that were raised.
#[derive(Debug)]
pub(super) struct Raised {
    pub(super) count: usize,
    pub(super) unreadable: Vec<UnreadableDocument>,
}

fn adopt<'a, D: Recover>(
    context: &'a ServiceContext,
    copy: &'a Envelope,
) -> BoxFuture<'a, Result<Adoption, CommitError>> {
    async move {
        let Some(id) = D::shown_by(&copy.event) else { return Ok(Adoption::Nothing) };
        let documents = context.store.collection::<D>();
        let known = documents.get(id).await?;
        let (expected, now) = (known.as_ref().map_or(0, D::version), context.clock.now());
        let version = raised_version(expected.max(copy.version), now);
        let Some(decision) = D::adopt(known.as_ref(), copy, version, now) else {
            return Ok(Adoption::Nothing);
        };
        documents.commit_over(expected, decision).await?;
        Ok(if known.is_some() { Adoption::Adopted } else { Adoption::Created })
    }
    .boxed()
}

/// Raises every aggregate of the type but the adopted ones, which were raised. Final ones too: a refund may change them later.
fn raise<'a, D: Recover>(
    context: &'a ServiceContext,
    adopted: &'a HashSet<Uuid>,
) -> BoxFuture<'a, Result<Raised, CommitError>> {
    async move {
        let documents = context.store.collection::<D>();
        let (count, mut unreadable, mut after) = (AtomicUsize::new(0), Vec::new(), None);
        loop {
            let (batch, last) = documents.scan(after).await?;
            if last.is_none() {
                return Ok(Raised { count: count.into_inner(), unreadable });
            }
            after = last;
            let mut readable = Vec::new();
            for document in batch {
                match document {
                    Ok(document) if adopted.contains(&document.id()) => {}
                    Ok(document) => readable.push(Ok(document)),
                    Err(error) => unreadable.push(error),
                }
            }
            let raise = async |document: D| {
                let (expected, now) = (document.version(), context.clock.now());
                let decision = document.raise(raised_version(expected, now), now);
                documents.commit_over(expected, decision).await?;
                count.fetch_add(1, Ordering::Relaxed);
                Ok::<_, CommitError>(())
            };
            stream::iter(readable).try_for_each_concurrent(MAX_CONCURRENT, raise).await?;
        }
    }
    .boxed()
}
