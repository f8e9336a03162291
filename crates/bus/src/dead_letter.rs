//! Dead letters: events whose retries are exhausted, kept with the reason until an operator requests a replay.

use common::{Decision, Time};
use serde::{Deserialize, Serialize};
use store::{Collection, CommitError, Document, Index, Keys, Page, Range, Store, StoreError};
use uuid::Uuid;

use crate::raw_event::RawEvent;

/// Dead letters that one list or one poll reads; a later one reads the rest.
const MAX_PAGE: usize = 1000;

/// An event that a consumer could not handle within its limits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeadLetter {
    /// Derived from the event and the consumer, so that each pair has at most one dead letter.
    pub id: Uuid,
    /// The version, for optimistic concurrency.
    pub version: u64,
    /// The event, as it was received.
    #[serde(flatten)]
    pub event: RawEvent,
    /// The consumer.
    pub consumer: String,
    /// The error of the last attempt, with its causes.
    pub reason: String,
    /// Failed attempts, those of former replays included.
    pub attempts: u32,
    /// The time at which retries were last exhausted.
    pub failed_at: Time,
    /// Whether an operator has requested a replay.
    pub replay_requested: bool,
}

impl Document for DeadLetter {
    const COLLECTION: &'static str = "dead-letters";
    const INDEXES: &'static [Index] = &[Index::one(BY_TIME), Index::one(BY_CONSUMER), Index::one(REQUESTED)];

    fn id(&self) -> Uuid {
        self.id
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn keys(&self) -> Keys {
        let keys = Keys::none()
            .ordered(BY_TIME, [self.failed_at.into()])
            .ordered(BY_CONSUMER, [self.consumer.as_str().into()]);
        if self.replay_requested {
            keys.ordered(REQUESTED, [self.consumer.as_str().into(), self.failed_at.into()])
        } else {
            keys
        }
    }
}

const BY_TIME: &str = "by-time";
const BY_CONSUMER: &str = "by-consumer";
const REQUESTED: &str = "replay-requested";

impl DeadLetter {
    /// The dead letters of a service, oldest first, at most 1000, and the ids of those that are unreadable themselves.
    ///
    /// # Errors
    /// The database failed.
    pub async fn page(store: &Store) -> Result<Page<Self>, StoreError> {
        letters(store).batch(Range::of(BY_TIME, []).limit(MAX_PAGE)).await
    }

    /// As [`Self::page`], the readable ones only.
    ///
    /// # Errors
    /// The database failed.
    pub async fn list(store: &Store) -> Result<Vec<Self>, StoreError> {
        Ok(Self::page(store).await?.items)
    }

    /// Requests a replay, which the service begins within [`Limits::replay_interval`], perhaps in another process.
    /// Returns `false` if there is no such dead letter.
    ///
    /// [`Limits::replay_interval`]: crate::Limits::replay_interval
    ///
    /// # Errors
    /// The database failed.
    pub async fn request_replay(store: &Store, id: Uuid) -> Result<bool, StoreError> {
        let letters = letters(store);
        let requested = letters.apply(id, |letter| {
            let letter = letter.filter(|letter| !letter.replay_requested)?;
            Some(Decision::without_event(Self {
                version: letter.version + 1,
                replay_requested: true,
                ..letter.clone()
            }))
        });
        requested.await.map(|letter| letter.is_some()).map_err(|error| match error {
            CommitError::Store(error) => error,
            CommitError::Conflict | CommitError::DuplicateKey(_) => StoreError::Unreadable(error.into()),
        })
    }

    /// Removes the dead letters about an aggregate, because its personal data are to be erased.
    ///
    /// # Errors
    /// The database failed, or a dead letter was replayed meanwhile.
    pub async fn erase(store: &Store, aggregate: Uuid) -> Result<(), CommitError> {
        let (letters, mut cursor) = (letters(store), None);
        loop {
            let page = letters.page(Range::of(BY_TIME, []).limit(MAX_PAGE).after(cursor)).await?;
            for letter in page.items.iter().filter(|letter| letter.event.aggregate() == Some(aggregate)) {
                letters.remove(letter).await?;
            }
            cursor = page.next;
            if cursor.is_none() {
                return Ok(());
            }
        }
    }

    /// The dead letters of this consumer to replay, oldest first. Those with an event that this release cannot read
    /// wait for one that can.
    pub(crate) async fn requested(store: &Store, consumer: &str) -> Result<Vec<Self>, StoreError> {
        let range = Range::of(REQUESTED, [consumer.into()]).limit(MAX_PAGE);
        let letters = letters(store);
        let page = letters.search(range, usize::MAX, |letter| letter.event.envelope().is_ok());
        Ok(page.await?.items)
    }

    /// The number of dead letters of this consumer.
    pub(crate) async fn count(store: &Store, consumer: &str) -> Result<usize, StoreError> {
        letters(store).count(Range::of(BY_CONSUMER, [consumer.into()])).await
    }

    /// Keeps an event as a dead letter. Returns whether the dead letter is new.
    pub(crate) async fn keep(
        store: &Store,
        consumer: &str,
        event: &RawEvent,
        failure: &Failure,
    ) -> Result<bool, CommitError> {
        let id = Self::id_of(event, consumer);
        let letters = letters(store);
        let kept = letters.apply(id, |former| {
            let (version, attempts) = former.map_or((0, 0), |letter| (letter.version, letter.attempts));
            Some(Decision::without_event(Self {
                id,
                version: version + 1,
                event: event.clone(),
                consumer: consumer.to_owned(),
                reason: failure.reason.clone(),
                attempts: attempts.saturating_add(failure.attempts),
                failed_at: failure.at,
                replay_requested: false,
            }))
        });
        Ok(kept.await?.is_some_and(|letter| letter.version == 1))
    }

    /// The id of the dead letter of this event and consumer.
    fn id_of(event: &RawEvent, consumer: &str) -> Uuid {
        Uuid::new_v5(&event.id(), consumer.as_bytes())
    }
}

/// The failure that made an event a dead letter.
pub(crate) struct Failure {
    pub(crate) reason: String,
    pub(crate) attempts: u32,
    pub(crate) at: Time,
}

/// The dead letters of a service.
pub(crate) fn letters(store: &Store) -> Collection<DeadLetter> {
    store.collection()
}
