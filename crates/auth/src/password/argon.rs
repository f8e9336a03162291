//! Argon2id, with memory that is returned to the system at once.

use argon2::password_hash::{self, phc};
use argon2::{Algorithm, Argon2, Block, Params, Version};

/// The smallest allocation for a hash. Above 32 MiB the C library maps each allocation, and unmaps it when it is freed
/// (mallopt(3), `M_MMAP_THRESHOLD`). Smaller ones stay cached by thread: 900 MiB after a hundred sign-ups. A hash needs
/// 19 MiB; the rest is never touched, so it takes no memory.
const MIN_ALLOCATION: usize = 33 << 20;

/// Hashes a password with a random salt.
pub(super) fn hash(password: &[u8], salt: &[u8]) -> password_hash::Result<phc::PasswordHash> {
    let params = Params::default();
    let salt = phc::Salt::new(salt)?;
    Ok(phc::PasswordHash {
        algorithm: Algorithm::default().ident(),
        version: Some(Version::default().into()),
        params: phc::ParamsString::try_from(&params)?,
        hash: Some(output(Argon2::from(&params), password, &salt)?),
        salt: Some(salt),
    })
}

/// Whether a PHC string is the hash of the password.
pub(super) fn verify(password: &[u8], hash: &str) -> password_hash::Result<bool> {
    let known = phc::PasswordHash::new(hash)?;
    let (Some(salt), Some(version), Some(expected)) = (known.salt, known.version, known.hash) else {
        return Err(password_hash::Error::EncodingInvalid);
    };
    let (algorithm, params) = (Algorithm::try_from(known.algorithm.as_str())?, Params::try_from(&known)?);
    let argon = Argon2::new(algorithm, Version::try_from(version)?, params);
    // Outputs are compared in constant time.
    Ok(output(argon, password, &salt)? == expected)
}

#[expect(clippy::needless_pass_by_value, reason = "the caller has no other use for it")]
fn output(argon: Argon2<'_>, password: &[u8], salt: &[u8]) -> password_hash::Result<phc::Output> {
    let params = argon.params();
    let mut memory = Vec::with_capacity(params.block_count().max(MIN_ALLOCATION / Block::SIZE));
    memory.resize(params.block_count(), Block::new());
    let mut output = [0; phc::Output::MAX_LENGTH];
    let output = &mut output[..params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN)];
    argon.hash_password_into_with_memory(password, salt, output, &mut memory)?;
    Ok(phc::Output::new(output)?)
}

#[cfg(test)]
mod tests {
    use argon2::password_hash::{PasswordHasher, PasswordVerifier};

    use super::*;

    #[test]
    fn hashes_are_the_same_as_those_of_the_library() {
        let (password, salt) = (b"seven wild geese at dawn", [7; 16]);
        let (ours, theirs) =
            (hash(password, &salt), Argon2::default().hash_password_with_salt(password, &salt));
        let (ours, theirs) = (ours.expect("a hash").to_string(), theirs.expect("a hash").to_string());
        assert_eq!(ours, theirs);
        assert_eq!(verify(password, &theirs), Ok(true));
        assert_eq!(verify(b"eight wild geese at dawn", &theirs), Ok(false));
        assert!(Argon2::default().verify_password(password, ours.as_str()).is_ok());
    }

    #[test]
    fn what_is_no_hash_is_refused() {
        for wrong in ["", "secret", "$argon2id$v=19$m=19456,t=2,p=1"] {
            assert!(verify(b"seven wild geese at dawn", wrong).is_err(), "{wrong}");
        }
    }
}
