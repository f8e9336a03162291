//! The pool that hashes and rates passwords: both are slow, so threads and waiting requests are limited.

use std::error::Error;
use std::sync::Arc;

use super::argon::{self, Memory};
use super::threads::{Permit, Threads};
use super::{Password, PasswordError, TypedPassword};
use crate::domain::{Email, PasswordHash};
use argon2::password_hash;
use tokio::task::spawn_blocking;

/// The pool that hashes, verifies and rates passwords. Cheap to clone.
///
/// Hashes are Argon2id with 19 MiB, two passes and one lane: the defaults of the library, which follow OWASP's Password
/// Storage Cheat Sheet.
#[derive(Clone)]
pub(crate) struct Hashing {
    threads: Threads,
    /// The threads that rate new passwords: sign-ups must not delay sign-ins by more than their hash.
    raters: Threads,
    memory: Arc<Memory>,
    dummy_hash: PasswordHash,
}

/// The reason why the pool did no work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HashError {
    /// The queue is full.
    #[error("too many requests wait for a hashing thread")]
    Busy,
    /// A defect: a stored hash cannot be read, or the work panicked.
    #[error("a password could not be hashed")]
    Failed(#[source] Box<dyn Error + Send + Sync>),
}

impl From<password_hash::Error> for HashError {
    fn from(error: password_hash::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl Hashing {
    /// The largest number of requests that wait for a thread: two cores process them in six seconds, well within
    /// [`common::http::MiddlewareStack::REQUEST_TIMEOUT`].
    pub(crate) const MAX_QUEUED: usize = 512;
    /// The largest number of passwords that are rated at once, beside the hashes.
    const MAX_RATERS: usize = 2;

    /// Starts a pool of `threads`, as many as there are cores: more would not be faster, and each takes 19 MiB. `secret`
    /// and `salt` are random; the dummy hash is made of them.
    pub(crate) async fn start(threads: usize, secret: [u8; 32], salt: [u8; 16]) -> Result<Self, HashError> {
        let threads = threads.max(1);
        let mut pool = Self {
            threads: Threads::new(threads, Self::MAX_QUEUED),
            raters: Threads::new(Self::MAX_RATERS, Self::MAX_QUEUED),
            memory: Arc::default(),
            dummy_hash: PasswordHash::new(String::new()),
        };
        pool.dummy_hash = pool.permit().await?.run(move |memory| hash(memory, &secret, &salt)).await?.0?;
        pool.memory.release();
        Ok(pool)
    }

    /// Waits for a thread.
    ///
    /// # Errors
    /// [`HashError::Busy`] if the queue is full.
    pub(crate) async fn permit(&self) -> Result<HashPermit, HashError> {
        let permit = self.threads.permit().await.ok_or(HashError::Busy)?;
        Ok(HashPermit { memory: Arc::clone(&self.memory), _permit: permit })
    }

    /// Releases the pool's memory whenever no password is hashed for a moment.
    pub(crate) async fn release_unused_memory(&self) {
        self.memory.release_unused().await;
    }

    /// Checks a new password, on threads of its own: see [`Password::choose`].
    pub(crate) async fn choose(
        &self,
        typed: TypedPassword,
        email: Option<Email>,
    ) -> Result<Result<Password, PasswordError>, HashError> {
        let permit = self.raters.permit().await.ok_or(HashError::Busy)?;
        let work = move || (Password::choose(typed, email.as_ref()), permit);
        let (chosen, _) = spawn_blocking(work).await.map_err(|error| HashError::Failed(error.into()))?;
        Ok(chosen)
    }

    /// Hashes a password with this salt, which must be random.
    pub(crate) async fn hash(&self, password: Password, salt: [u8; 16]) -> Result<PasswordHash, HashError> {
        self.permit().await?.run(move |memory| hash(memory, password.as_bytes(), &salt)).await?.0
    }

    /// The hash to verify a password against if there is no account, so that the reply takes as long.
    pub(crate) fn dummy_hash(&self) -> PasswordHash {
        self.dummy_hash.clone()
    }
}

/// The permit to use one thread of the pool once.
pub(crate) struct HashPermit {
    memory: Arc<Memory>,
    _permit: Permit,
}

impl HashPermit {
    /// Whether the hash is that of the password. Returns the permit too: hold it until the result is recorded, so that
    /// no other request precedes it.
    pub(crate) async fn verify(
        self,
        password: TypedPassword,
        hash: PasswordHash,
    ) -> Result<(bool, Self), HashError> {
        let work = move |memory: &Memory| argon::verify(memory, password.as_bytes(), hash.as_str());
        let (right, permit) = self.run(work).await?;
        Ok((right?, permit))
    }

    async fn run<T: Send + 'static>(
        self,
        work: impl FnOnce(&Memory) -> T + Send + 'static,
    ) -> Result<(T, Self), HashError> {
        // The permit moves along, so that after a disconnect it is released only with the thread.
        let work = move || (work(&self.memory), self);
        spawn_blocking(work).await.map_err(|error| HashError::Failed(error.into()))
    }
}

fn hash(memory: &Memory, password: &[u8], salt: &[u8]) -> Result<PasswordHash, HashError> {
    Ok(PasswordHash::new(argon::hash(memory, password, salt)?.to_string()))
}

#[cfg(test)]
mod tests {
    use std::task::Poll;

    use argon2::password_hash::phc;

    use super::*;

    async fn pool() -> Hashing {
        Hashing::start(1, [1; 32], [2; 16]).await.expect("a pool")
    }

    #[tokio::test]
    async fn a_password_is_right_or_wrong() {
        let pool = pool().await;
        let typed = TypedPassword::new("caf\u{e9} vexed quartz glyph");
        let chosen = pool.choose(typed, None).await.expect("a permit").expect("strong");
        let hash = pool.hash(chosen, [3; 16]).await.expect("a hash");
        assert!(hash.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        for (text, right) in
            [("cafe\u{301} vexed quartz glyph", true), ("cafe vexed quartz glyph", false), ("", false)]
        {
            let permit = pool.permit().await.expect("a permit");
            let (verified, _) =
                permit.verify(TypedPassword::new(text), hash.clone()).await.expect("an answer");
            assert_eq!(verified, right, "{text}");
        }
    }

    #[tokio::test]
    async fn a_password_is_rated_while_every_hashing_thread_is_in_use() {
        let pool = pool().await;
        let _hash = pool.permit().await.expect("the only thread");
        let chosen = pool.choose(TypedPassword::new("caf\u{e9} vexed quartz glyph"), None).await;
        assert!(chosen.expect("a thread of its own").is_ok());
    }

    #[tokio::test]
    async fn the_dummy_hash_costs_as_much_as_a_hash() {
        let pool = pool().await;
        let dummy = phc::PasswordHash::new(pool.dummy_hash.as_str()).expect("a hash");
        let hash = hash(&pool.memory, b"vexed quartz glyph", &[3; 16]).expect("a hash");
        let hash = phc::PasswordHash::new(hash.as_str()).expect("a hash");
        assert_eq!(
            (dummy.algorithm, dummy.version, dummy.params),
            (hash.algorithm, hash.version, hash.params)
        );
    }

    #[tokio::test]
    async fn a_request_is_refused_while_the_queue_is_full() {
        let pool = pool().await;
        let permit = pool.permit().await.expect("a permit");
        let mut waiting: Vec<_> = (0..Hashing::MAX_QUEUED).map(|_| Box::pin(pool.permit())).collect();
        for one in &mut waiting {
            assert!(poll_once(one.as_mut()).await.is_none(), "it waits");
        }
        assert!(matches!(pool.permit().await, Err(HashError::Busy)));
        drop(permit);
        assert!(poll_once(waiting[0].as_mut()).await.is_some(), "the first in the queue is next");
    }

    async fn poll_once<F: Future>(mut future: std::pin::Pin<&mut F>) -> Option<F::Output> {
        let poll = std::future::poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await;
        if let Poll::Ready(output) = poll { Some(output) } else { None }
    }
}
