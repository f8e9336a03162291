//! Hashing is made to be slow: it runs on a few threads, and only so many requests may wait for one.

use std::error::Error;
use std::sync::Arc;

use argon2::password_hash;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{Password, PasswordFault, TypedPassword, argon};
use crate::domain::{Email, PasswordHash};

/// A pool for slow work on passwords. Cheap to clone.
///
/// Hashes are Argon2id with 19 MiB, two passes and one lane: the library's defaults, which follow OWASP's Password
/// Storage Cheat Sheet.
#[derive(Clone)]
pub(crate) struct Hashing {
    admitted: Arc<Semaphore>,
    threads: Arc<Semaphore>,
    /// The hash of a password that nobody has.
    decoy: PasswordHash,
}

/// Nothing was hashed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HashError {
    /// Too many requests wait already.
    #[error("too many passwords are being checked")]
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
    /// How many requests may wait for a thread: what two cores work off in some six seconds, well within the time that
    /// a reply may take ([`common::http::MiddlewareStack::REQUEST_TIMEOUT`]).
    pub(crate) const QUEUE: usize = 512;

    /// A pool of `threads`, as many as there are cores: more would take turns at the same cores, and each takes
    /// 19 MiB. The decoy has a random `salt` as every hash has.
    pub(crate) async fn start(threads: usize, secret: [u8; 32], salt: [u8; 16]) -> Result<Self, HashError> {
        let threads = threads.max(1);
        let mut pool = Self {
            admitted: Arc::new(Semaphore::new(threads + Self::QUEUE)),
            threads: Arc::new(Semaphore::new(threads)),
            decoy: PasswordHash::new(String::new()),
        };
        pool.decoy = pool.seat().await?.run(move || hash(&secret, &salt)).await?.0?;
        Ok(pool)
    }

    /// Waits for a thread.
    pub(crate) async fn seat(&self) -> Result<Seat, HashError> {
        let admitted = Arc::clone(&self.admitted).try_acquire_owned().map_err(|_| HashError::Busy)?;
        let thread = Arc::clone(&self.threads).acquire_owned().await.map_err(|_| HashError::Busy)?;
        Ok(Seat { _permits: [admitted, thread] })
    }

    /// Judges a new password: see [`Password::choose`].
    pub(crate) async fn choose(
        &self,
        typed: TypedPassword,
        email: Option<Email>,
    ) -> Result<Result<Password, PasswordFault>, HashError> {
        Ok(self.seat().await?.run(move || Password::choose(typed, email.as_ref())).await?.0)
    }

    /// Hashes a password with this salt, which must be random.
    pub(crate) async fn hash(&self, password: Password, salt: [u8; 16]) -> Result<PasswordHash, HashError> {
        self.seat().await?.run(move || hash(password.as_bytes(), &salt)).await?.0
    }

    /// What a password is checked against when there is no such account, so that the answer takes as long.
    pub(crate) fn decoy(&self) -> PasswordHash {
        self.decoy.clone()
    }
}

/// A thread of the pool, for one piece of work.
pub(crate) struct Seat {
    _permits: [OwnedSemaphorePermit; 2],
}

impl Seat {
    /// Whether the hash is that of the password. The seat comes back: whoever keeps it until the answer is noted lets
    /// nobody overtake.
    pub(crate) async fn verify(
        self,
        password: TypedPassword,
        hash: PasswordHash,
    ) -> Result<(bool, Self), HashError> {
        let work = move || argon::verify(password.as_bytes(), hash.as_str());
        let (right, seat) = self.run(work).await?;
        Ok((right?, seat))
    }

    async fn run<T: Send + 'static>(
        self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<(T, Self), HashError> {
        // The seat goes along: if the caller hangs up, it is free only when the thread is.
        let work = move || (work(), self);
        tokio::task::spawn_blocking(work).await.map_err(|error| HashError::Failed(error.into()))
    }
}

fn hash(password: &[u8], salt: &[u8]) -> Result<PasswordHash, HashError> {
    Ok(PasswordHash::new(argon::hash(password, salt)?.to_string()))
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
        let chosen = pool.choose(typed, None).await.expect("a seat").expect("strong");
        let hash = pool.hash(chosen, [3; 16]).await.expect("a hash");
        assert!(hash.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        for (text, right) in
            [("cafe\u{301} vexed quartz glyph", true), ("cafe vexed quartz glyph", false), ("", false)]
        {
            let seat = pool.seat().await.expect("a seat");
            let (verified, _) = seat.verify(TypedPassword::new(text), hash.clone()).await.expect("an answer");
            assert_eq!(verified, right, "{text}");
        }
    }

    #[tokio::test]
    async fn the_decoy_costs_as_much_as_a_hash() {
        let pool = pool().await;
        let decoy = phc::PasswordHash::new(pool.decoy.as_str()).expect("a hash");
        let hash = hash(b"vexed quartz glyph", &[3; 16]).expect("a hash");
        let hash = phc::PasswordHash::new(hash.as_str()).expect("a hash");
        assert_eq!(
            (decoy.algorithm, decoy.version, decoy.params),
            (hash.algorithm, hash.version, hash.params)
        );
    }

    #[tokio::test]
    async fn who_comes_when_the_queue_is_full_is_told_so() {
        let pool = pool().await;
        let seat = pool.seat().await.expect("a seat");
        let mut waiting: Vec<_> = (0..Hashing::QUEUE).map(|_| Box::pin(pool.seat())).collect();
        for one in &mut waiting {
            assert!(poll_once(one.as_mut()).await.is_none(), "it waits");
        }
        assert!(matches!(pool.seat().await, Err(HashError::Busy)));
        drop(seat);
        assert!(poll_once(waiting[0].as_mut()).await.is_some(), "the first in the queue is next");
    }

    /// Polls once.
    async fn poll_once<F: Future>(mut future: std::pin::Pin<&mut F>) -> Option<F::Output> {
        let poll = std::future::poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await;
        if let Poll::Ready(output) = poll { Some(output) } else { None }
    }
}
