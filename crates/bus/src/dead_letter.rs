//! Events that a consumer gave up on, kept with the reason until somebody has them handled again.

use common::{Decision, Envelope, Time};
use serde::{Deserialize, Serialize};
use store::{Collection, Document, Index, Keys, Range, Store, StoreError, UpdateError};
use uuid::Uuid;

/// How many dead letters are listed or replayed in one go; those that are left follow in the next.
const MOST_AT_ONCE: usize = 1000;

/// An event that could not be handled in the allowed number of attempts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeadLetter {
    /// Derived from the event and the consumer: giving up twice on the same event makes one dead letter.
    pub id: Uuid,
    /// Its revision.
    pub version: u64,
    /// The event.
    pub event: Envelope,
    /// Who gave up on it.
    pub consumer: String,
    /// Why the last attempt failed, with its causes.
    pub reason: String,
    /// How many attempts have failed, those of former replays included.
    pub attempts: u32,
    /// When it was last given up.
    pub failed_at: Time,
    /// Whether the consumer shall handle it again.
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
    /// The dead letters of a service, oldest first, at most 1000.
    ///
    /// # Errors
    /// The database failed.
    pub async fn list(store: &Store) -> Result<Vec<Self>, StoreError> {
        Ok(letters(store).page(Range::of(BY_TIME, []).limit(MOST_AT_ONCE)).await?.items)
    }

    /// Asks the service to handle this dead letter again. It does so within [`Limits::replay_interval`] of running, and
    /// may run in another process. Returns `false` if there is no such dead letter.
    ///
    /// [`Limits::replay_interval`]: crate::Limits::replay_interval
    ///
    /// # Errors
    /// The database failed.
    pub async fn request_replay(store: &Store, id: Uuid) -> Result<bool, StoreError> {
        let letters = letters(store);
        let found = letters.update::<std::convert::Infallible>(id, |letter| {
            Ok(letter.filter(|letter| !letter.replay_requested).map(|letter| {
                Decision::without_event(Self {
                    version: letter.version + 1,
                    replay_requested: true,
                    ..letter.clone()
                })
            }))
        });
        found.await.map(|letter| letter.is_some()).map_err(|error| match error {
            UpdateError::Refused(never) => match never {},
            UpdateError::DuplicateKey(claim) => {
                StoreError::Unreadable(format!("a dead letter has no claim `{claim}`").into())
            }
            UpdateError::Store(error) => error,
        })
    }

    /// Those that this consumer shall handle again, oldest first.
    pub(crate) async fn requested(store: &Store, consumer: &str) -> Result<Vec<Self>, StoreError> {
        let range = Range::of(REQUESTED, [consumer.into()]).limit(MOST_AT_ONCE);
        Ok(letters(store).page(range).await?.items)
    }

    /// How many this consumer has.
    pub(crate) async fn count(store: &Store, consumer: &str) -> Result<usize, StoreError> {
        let (mut count, mut place) = (0, None);
        loop {
            let page = letters(store).page(Range::of(BY_CONSUMER, [consumer.into()]).after(place)).await?;
            count += page.items.len();
            if page.next.is_none() {
                return Ok(count);
            }
            place = page.next;
        }
    }

    /// Keeps an event that was given up. Returns whether it was not kept before.
    pub(crate) async fn keep(
        store: &Store,
        consumer: &str,
        event: &Envelope,
        failure: &Failure,
    ) -> Result<bool, UpdateError<std::convert::Infallible>> {
        let id = Self::id_of(event, consumer);
        let letters = letters(store);
        let kept = letters.update(id, |former| {
            let (version, attempts) = former.map_or((0, 0), |letter| (letter.version, letter.attempts));
            Ok(Some(Decision::without_event(Self {
                id,
                version: version + 1,
                event: event.clone(),
                consumer: consumer.to_owned(),
                reason: failure.reason.clone(),
                attempts: attempts.saturating_add(failure.attempts),
                failed_at: failure.at,
                replay_requested: false,
            })))
        });
        Ok(kept.await?.is_some_and(|letter| letter.version == 1))
    }

    /// The dead letter of this event and consumer.
    fn id_of(event: &Envelope, consumer: &str) -> Uuid {
        Uuid::new_v5(&event.id.into(), consumer.as_bytes())
    }
}

/// How a consumer came to give up.
pub(crate) struct Failure {
    pub(crate) reason: String,
    pub(crate) attempts: u32,
    pub(crate) at: Time,
}

/// The dead letters of a service.
pub(crate) fn letters(store: &Store) -> Collection<DeadLetter> {
    store.collection()
}
