//! The key that encrypts auth's secrets where they are stored. A file beside the database holds it, never the database: a
//! copy of the database alone forges no session.

use std::fmt;
use std::fs::{DirBuilder, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use uuid::Uuid;

/// The length of a key, in bytes.
const LENGTH: usize = 32;

/// The keys of a file: the first one seals, each opens, so that a key can be replaced. Cheap to clone. `Debug` omits them.
#[derive(Clone)]
pub struct MasterKey(Arc<Vec<Subkeys>>);

/// The keys that are derived from one of the file, since a key has one purpose.
struct Subkeys {
    sealing: LessSafeKey,
    naming: hmac::Key,
}

/// The file of the master key.
#[derive(Debug, Clone)]
pub enum KeyFile {
    /// The operator's file, such as a mounted secret. The file is only read.
    Given(PathBuf),
    /// A file beside the database, created if it is missing.
    Beside(PathBuf),
    /// None, which is an error once the key is needed.
    Missing,
}

impl KeyFile {
    /// The operator's file if there is one, else the file `auth.key` in the folder of the database.
    pub fn new(given: Option<PathBuf>, database_folder: Option<&Path>) -> Self {
        let beside = || database_folder.map_or(Self::Missing, |folder| Self::Beside(folder.join("auth.key")));
        given.map_or_else(beside, Self::Given)
    }

    /// Reads the key, or creates it of these random bytes.
    ///
    /// # Errors
    /// The file is missing, cannot be read or created, or holds no key.
    pub fn open(&self, random: [u8; LENGTH]) -> Result<MasterKey, KeyFileError> {
        match self {
            Self::Given(file) => MasterKey::read(file),
            Self::Beside(file) => MasterKey::read_or_create(file, random),
            Self::Missing => Err(KeyFileError::Missing),
        }
    }
}

/// The reason why a key file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The file cannot be read or created.
    #[error("the key file {0} cannot be used ({1}): allow reading it, or choose another folder or file")]
    Io(PathBuf, #[source] io::Error),
    /// The file holds no key.
    #[error(
        "the key file {0} must have one key a line, each 32 random bytes in Base64: `openssl rand -base64 32` makes one"
    )]
    Malformed(PathBuf),
    /// The operator has named no file, and there is no folder for one.
    #[error("name the file of the key that encrypts auth's secrets: set AUTH_KEY_FILE")]
    Missing,
}

impl MasterKey {
    /// The keys of a file: one a line, each 32 bytes in Base64.
    ///
    /// # Errors
    /// The file cannot be read, or holds no key.
    pub fn read(file: &Path) -> Result<Self, KeyFileError> {
        let text = std::fs::read_to_string(file).map_err(|error| KeyFileError::Io(file.to_owned(), error))?;
        Self::parse(&text).ok_or_else(|| KeyFileError::Malformed(file.to_owned()))
    }

    /// The keys of a file, which is created with this random key if it is missing. Only the user of the process may read
    /// the file.
    ///
    /// # Errors
    /// The file cannot be read or created, or holds no key.
    pub fn read_or_create(file: &Path, random: [u8; LENGTH]) -> Result<Self, KeyFileError> {
        let failed = |error| KeyFileError::Io(file.to_owned(), error);
        if let Some(folder) = file.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
        }
        match File::options().write(true).create_new(true).mode(0o600).open(file) {
            Ok(mut created) => {
                let line = format!("{}\n", STANDARD.encode(random));
                created.write_all(line.as_bytes()).and_then(|()| created.sync_all()).map_err(failed)?;
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                std::fs::set_permissions(file, Permissions::from_mode(0o600)).map_err(failed)?;
            }
            Err(error) => return Err(failed(error)),
        }
        Self::read(file)
    }

    /// A key of these bytes, which must be random.
    ///
    /// # Panics
    /// Never: every key of this length can be used.
    pub fn from_bytes(bytes: [u8; LENGTH]) -> Self {
        Self(Arc::new(vec![Subkeys::derive(&bytes).expect("a key of the right length")]))
    }

    fn parse(text: &str) -> Option<Self> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let keys = lines.map(|line| {
            let bytes: [u8; LENGTH] = STANDARD.decode(line).ok()?.try_into().ok()?;
            Subkeys::derive(&bytes).ok()
        });
        let keys = keys.collect::<Option<Vec<_>>>().filter(|keys| !keys.is_empty())?;
        Some(Self(Arc::new(keys)))
    }

    fn first(&self) -> &Subkeys {
        &self.0[0]
    }

    /// Encrypts a secret for a purpose (AES-256-GCM). `nonce` must be random.
    ///
    /// # Errors
    /// The secret is longer than the algorithm allows.
    pub(crate) fn seal(
        &self,
        purpose: &str,
        secret: &[u8],
        nonce: [u8; NONCE_LEN],
    ) -> Result<String, Unspecified> {
        let mut sealed = secret.to_vec();
        let aad = Aad::from(purpose);
        let nonce_used = Nonce::assume_unique_for_key(nonce);
        self.first().sealing.seal_in_place_append_tag(nonce_used, aad, &mut sealed)?;
        Ok(URL_SAFE_NO_PAD.encode([&nonce[..], &sealed].concat()))
    }

    /// Decrypts what was sealed for this purpose. Also returns whether the key is the present one. Returns `None` if no key
    /// of the file opens the text.
    pub(crate) fn open(&self, purpose: &str, sealed: &str) -> Option<(Vec<u8>, bool)> {
        let bytes = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_LEN>()?;
        self.0.iter().enumerate().find_map(|(number, keys)| {
            let (nonce, mut plain) = (Nonce::assume_unique_for_key(*nonce), sealed.to_vec());
            let length = keys.sealing.open_in_place(nonce, Aad::from(purpose), &mut plain).ok()?.len();
            plain.truncate(length);
            Some((plain, number == 0))
        })
    }

    /// An id that names these values for a reader with the key, and reveals them to no other.
    pub(crate) fn name(&self, purpose: &str, values: &[&str]) -> Uuid {
        let mut context = hmac::Context::with_key(&self.first().naming);
        for value in std::iter::once(&purpose).chain(values) {
            context.update(value.as_bytes());
            context.update(&[0]);
        }
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&context.sign().as_ref()[..16]);
        uuid::Builder::from_custom_bytes(bytes).into_uuid()
    }
}

impl Subkeys {
    fn derive(key: &[u8; LENGTH]) -> Result<Self, Unspecified> {
        let key = Salt::new(HKDF_SHA256, b"ticketing auth").extract(key);
        let subkey = |purpose: &[u8]| -> Result<[u8; LENGTH], Unspecified> {
            let mut bytes = [0; LENGTH];
            key.expand(&[purpose], SubkeyLength)?.fill(&mut bytes)?;
            Ok(bytes)
        };
        Ok(Self {
            sealing: LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &subkey(b"sealing")?)?),
            naming: hmac::Key::new(hmac::HMAC_SHA256, &subkey(b"naming")?),
        })
    }
}

struct SubkeyLength;

impl KeyType for SubkeyLength {
    fn len(&self) -> usize {
        LENGTH
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(byte: u8) -> String {
        STANDARD.encode([byte; LENGTH])
    }

    #[test]
    fn what_was_sealed_is_opened_for_its_purpose_only() {
        let key = MasterKey::from_bytes([1; LENGTH]);
        let sealed = key.seal("seed", b"secret", [7; NONCE_LEN]).expect("sealed");
        assert_eq!(key.open("seed", &sealed), Some((b"secret".to_vec(), true)));
        assert_eq!(key.open("device", &sealed), None);
        assert_eq!(MasterKey::from_bytes([2; LENGTH]).open("seed", &sealed), None);
        for damaged in ["", "AAAA", &sealed[1..], &sealed[..sealed.len() - 1], &format!("{sealed}A"), "§"] {
            assert_eq!(key.open("seed", damaged), None, "{damaged}");
        }
    }

    #[test]
    fn a_key_is_replaced_by_a_line_before_it() {
        let old = MasterKey::parse(&line(1)).expect("a key");
        let sealed = old.seal("seed", b"secret", [7; NONCE_LEN]).expect("sealed");
        let both = MasterKey::parse(&format!("{}\n\n {}\n", line(2), line(1))).expect("two keys");
        assert_eq!(both.open("seed", &sealed), Some((b"secret".to_vec(), false)));
        let sealed = both.seal("seed", b"secret", [8; NONCE_LEN]).expect("sealed");
        assert_eq!(old.open("seed", &sealed), None);
        for wrong in ["", "\n", "secret", &line(1)[1..], &STANDARD.encode([1; 16])] {
            assert!(MasterKey::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn names_are_the_same_for_the_same_values_only() {
        let key = MasterKey::from_bytes([1; LENGTH]);
        assert_eq!(key.name("failures", &["ann", "1"]), key.name("failures", &["ann", "1"]));
        assert_ne!(key.name("failures", &["ann", "1"]), key.name("failures", &["ann1", ""]));
        assert_ne!(
            key.name("failures", &["ann"]),
            MasterKey::from_bytes([2; LENGTH]).name("failures", &["ann"])
        );
    }

    #[test]
    fn a_missing_file_is_created_for_its_user_only_and_kept() {
        let folder = std::env::temp_dir().join(format!("master-key-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let file = folder.join("auth.key");
        let key = MasterKey::read_or_create(&file, [1; LENGTH]).expect("created");
        std::fs::set_permissions(&file, Permissions::from_mode(0o644)).expect("permitted");
        let again = MasterKey::read_or_create(&file, [2; LENGTH]).expect("read");
        assert_eq!(key.name("x", &[]), again.name("x", &[]));
        assert_eq!(std::fs::metadata(&file).expect("a file").permissions().mode() & 0o777, 0o600);
        std::fs::remove_dir_all(&folder).expect("removed");
    }

    #[test]
    fn a_key_is_not_shown_in_debug_output() {
        assert_eq!(format!("{:?}", MasterKey::from_bytes([1; LENGTH])), "MasterKey(…)");
    }
}
