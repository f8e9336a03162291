//! Argon2id, with memory that is reused while passwords are hashed, and returned to the system after.

use std::time::Duration;

use argon2::password_hash::{self, phc};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::timeout;

/// The smallest allocation for a hash. Above 32 MiB the C library maps each allocation, and unmaps it when it is freed
/// (mallopt(3), `M_MMAP_THRESHOLD`). Smaller ones stay cached by thread: 900 MiB after a hundred sign-ups. A hash needs
/// 19 MiB; the rest is never touched, so it takes no memory.
const MIN_ALLOCATION: usize = 33 << 20;

/// How long unused memory is kept. New memory takes the system a third of a hash or more to zero; at less than
/// four hashes a second that does not matter.
const MEMORY_RETENTION: Duration = Duration::from_millis(250);

/// The memory of past hashes, for the next ones; as much as hashes have run at once.
///
/// The memory is not wiped: from the blocks of a hash, a reader of the process's memory could test guesses of its password
/// faster than by hashing. Such a reader finds the password itself in the freed memory of its request.
#[derive(Default)]
pub(super) struct Memory {
    unused: Mutex<Vec<Vec<Block>>>,
    returned: Notify,
}

impl Memory {
    /// Releases the memory whenever it was not used for [`MEMORY_RETENTION`].
    pub(super) async fn release_unused(&self) {
        loop {
            self.returned.notified().await;
            while timeout(MEMORY_RETENTION, self.returned.notified()).await.is_ok() {}
            self.release();
        }
    }

    /// Releases the memory.
    pub(super) fn release(&self) {
        self.unused.lock().clear();
    }

    /// Lends this number of blocks, with any content.
    fn with<T>(&self, blocks: usize, work: impl FnOnce(&mut [Block]) -> T) -> T {
        let mut memory = self.unused.lock().pop().unwrap_or_default();
        if memory.len() < blocks {
            memory = Vec::with_capacity(blocks.max(MIN_ALLOCATION / Block::SIZE));
            memory.resize(blocks, Block::new());
        }
        let result = work(&mut memory[..blocks]);
        self.unused.lock().push(memory);
        self.returned.notify_one();
        result
    }
}

/// Hashes a password with a random salt.
pub(super) fn hash(
    memory: &Memory,
    password: &[u8],
    salt: &[u8],
) -> password_hash::Result<phc::PasswordHash> {
    let params = Params::default();
    let salt = phc::Salt::new(salt)?;
    Ok(phc::PasswordHash {
        algorithm: Algorithm::default().ident(),
        version: Some(Version::default().into()),
        params: phc::ParamsString::try_from(&params)?,
        hash: Some(output(memory, Argon2::from(&params), password, &salt)?),
        salt: Some(salt),
    })
}

/// Whether a PHC string is the hash of the password.
pub(super) fn verify(memory: &Memory, password: &[u8], hash: &str) -> password_hash::Result<bool> {
    let known = phc::PasswordHash::new(hash)?;
    let (Some(salt), Some(version), Some(expected)) = (known.salt, known.version, known.hash) else {
        return Err(password_hash::Error::EncodingInvalid);
    };
    let (algorithm, params) = (Algorithm::try_from(known.algorithm.as_str())?, Params::try_from(&known)?);
    let argon = Argon2::new(algorithm, Version::try_from(version)?, params);
    // Outputs are compared in constant time.
    Ok(output(memory, argon, password, &salt)? == expected)
}

#[expect(clippy::needless_pass_by_value, reason = "the caller has no other use for it")]
fn output(
    memory: &Memory,
    argon: Argon2<'_>,
    password: &[u8],
    salt: &[u8],
) -> password_hash::Result<phc::Output> {
    let params = argon.params();
    let mut output = [0; phc::Output::MAX_LENGTH];
    let output = &mut output[..params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN)];
    memory.with(params.block_count(), |blocks| {
        argon.hash_password_into_with_memory(password, salt, output, blocks)
    })?;
    Ok(phc::Output::new(output)?)
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use argon2::password_hash::{PasswordHasher, PasswordVerifier};

    use super::*;

    #[test]
    fn hashes_are_the_same_as_those_of_the_library() {
        let (password, salt) = (b"seven wild geese at dawn", [7; 16]);
        let memory = Memory::default();
        // In new memory, then in memory that holds another hash.
        for _ in 0..2 {
            let (ours, theirs) =
                (hash(&memory, password, &salt), Argon2::default().hash_password_with_salt(password, &salt));
            let (ours, theirs) = (ours.expect("a hash").to_string(), theirs.expect("a hash").to_string());
            assert_eq!(ours, theirs);
            assert_eq!(verify(&memory, password, &theirs), Ok(true));
            assert_eq!(verify(&memory, b"eight wild geese at dawn", &theirs), Ok(false));
            assert!(Argon2::default().verify_password(password, ours.as_str()).is_ok());
        }
    }

    #[test]
    fn what_is_no_hash_is_refused() {
        for wrong in ["", "secret", "$argon2id$v=19$m=19456,t=2,p=1"] {
            assert!(verify(&Memory::default(), b"seven wild geese at dawn", wrong).is_err(), "{wrong}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn memory_is_reused_while_passwords_are_hashed_and_released_after() {
        let memory = Memory::default();
        let kept = || memory.unused.lock().len();
        let mut release = pin!(memory.release_unused());
        // Two hashes at once, then one after the other, each within the retention of the last.
        memory.with(1, |_| memory.with(1, |_| ()));
        for _ in 0..4 {
            memory.with(1, |_| assert_eq!(kept(), 1, "one of the two is used again"));
            assert!(timeout(MEMORY_RETENTION.mul_f64(0.9), &mut release).await.is_err());
            assert_eq!(kept(), 2);
        }
        assert!(timeout(MEMORY_RETENTION, &mut release).await.is_err());
        assert_eq!(kept(), 0);
    }
}
