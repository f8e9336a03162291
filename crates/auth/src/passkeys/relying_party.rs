//! The relying party of WebAuthn: this site, as browsers and authenticators know it.

use std::sync::Arc;

use common::{PasskeyId, Time};
use passki::{
    AuthenticationChallenge, AuthenticationCredential, AuthenticationOptions, AuthenticationState, Passki,
    PasskiError, RegistrationChallenge, RegistrationCredential, RegistrationOptions, RegistrationState,
    ResidentKeyRequirement, StoredPasskey, UserVerificationRequirement,
};
use url::{Host, Url};
use uuid::Uuid;

use super::PasskeyChallenge;
use crate::domain::{Passkey, User};

/// The name of the site, which browsers show.
const NAME: &str = "Ticketing";
/// The longest id of an authenticator's credential, in bytes (WebAuthn section 7.1, step 26).
const MAX_CREDENTIAL_LENGTH: usize = 1023;

/// The relying party: verifies what authenticators sign for the origins of this site. Cheap to clone.
///
/// [`Passki`] takes its challenges from the operating system; ours replace them.
#[derive(Clone)]
pub(crate) struct RelyingParty(Arc<Passki>);

impl RelyingParty {
    /// The relying party of a public URL. Its id is the host. Browsers accept no IP address as an id, so on this machine
    /// the id is `localhost`, and pages of both origins are accepted.
    pub(crate) fn new(public_url: &str) -> Self {
        let Ok(url) = Url::parse(public_url) else { return Self::of("", &[]) };
        let mut origins = vec![url.origin().ascii_serialization()];
        let is_local = match url.host() {
            Some(Host::Ipv4(address)) => address.is_loopback() || address.is_unspecified(),
            Some(Host::Ipv6(address)) => address.is_loopback() || address.is_unspecified(),
            Some(Host::Domain(_)) | None => false,
        };
        if !is_local {
            return Self::of(url.host_str().unwrap_or_default(), &origins);
        }
        let mut local = url;
        if local.set_host(Some("localhost")).is_ok() {
            origins.push(local.origin().ascii_serialization());
        }
        Self::of("localhost", &origins)
    }

    fn of(id: &str, origins: &[String]) -> Self {
        Self(Arc::new(Passki::new(id, origins, NAME)))
    }

    /// The options of a registration, for the browser, and what the server verifies it by.
    fn registration(
        &self,
        user: &User,
        challenge: &[u8],
    ) -> Result<(RegistrationChallenge, RegistrationState), PasskiError> {
        let existing: Vec<_> = user.passkeys.iter().map(stored).collect::<Result<_, _>>()?;
        let mut options = RegistrationOptions::default();
        options.timeout = timeout();
        options.resident_key = ResidentKeyRequirement::Required;
        options.user_verification = UserVerificationRequirement::Required;
        options.exclude_credentials = Some(&existing);
        let (handle, name) = (Uuid::from(user.id), user.email.as_str());
        let (mut sent, mut state) =
            self.0.start_passkey_registration(handle.as_bytes(), name, name, options)?;
        sent.challenge = Passki::base64_encode(challenge);
        state.challenge = challenge.to_vec();
        Ok((sent, state))
    }

    /// The options of a registration by this user, for the browser.
    pub(super) fn registration_options(
        &self,
        user: &User,
        challenge: &[u8],
    ) -> Result<RegistrationChallenge, PasskiError> {
        Ok(self.registration(user, challenge)?.0)
    }

    /// The passkey that an authenticator has made for this user, who calls it `name`.
    pub(super) fn register(
        &self,
        user: &User,
        challenge: &[u8],
        (id, name): (PasskeyId, String),
        credential: &RegistrationCredential,
        now: Time,
    ) -> Result<Passkey, PasskiError> {
        let (sent, state) = self.registration(user, challenge)?;
        let made = self.0.finish_passkey_registration(credential, &state)?;
        if !sent.pub_key_cred_params.iter().any(|offered| offered.alg == made.algorithm) {
            return Err(PasskiError::UnsupportedAlgorithm(made.algorithm));
        }
        if made.credential_id.is_empty() || made.credential_id.len() > MAX_CREDENTIAL_LENGTH {
            return Err(PasskiError::InvalidAuthenticatorData);
        }
        Ok(Passkey {
            id,
            name,
            credential: Passki::base64_encode(&made.credential_id),
            public_key: Passki::base64_encode(&made.public_key),
            algorithm: made.algorithm,
            counter: made.counter,
            created_at: now,
            last_used_at: None,
        })
    }

    /// The options of a sign-in, for the browser, and what the server verifies it by.
    fn sign_in(
        &self,
        challenge: &[u8],
    ) -> Result<(AuthenticationChallenge, AuthenticationState), PasskiError> {
        let mut options = AuthenticationOptions::default();
        options.timeout = timeout();
        options.user_verification = UserVerificationRequirement::Required;
        let (mut sent, mut state) = self.0.start_passkey_authentication(&[], options)?;
        sent.challenge = Passki::base64_encode(challenge);
        state.challenge = challenge.to_vec();
        Ok((sent, state))
    }

    /// The options of a sign-in, for the browser: any passkey of this site.
    pub(super) fn sign_in_options(&self, challenge: &[u8]) -> Result<AuthenticationChallenge, PasskiError> {
        Ok(self.sign_in(challenge)?.0)
    }

    /// Verifies a signature of this passkey, and returns its counter, which the caller compares with the stored one.
    pub(super) fn verify(
        &self,
        passkey: &Passkey,
        challenge: &[u8],
        credential: &AuthenticationCredential,
    ) -> Result<u32, PasskiError> {
        let (_, state) = self.sign_in(challenge)?;
        Ok(self.0.finish_passkey_authentication(credential, &state, &stored(passkey)?)?.counter)
    }
}

fn timeout() -> u64 {
    u64::try_from(PasskeyChallenge::TIMEOUT.as_millis()).unwrap_or(u64::MAX)
}

/// A passkey in the form of the library, without its counter: the library would compare it before the signature, so that
/// any client could cause the alarm.
fn stored(passkey: &Passkey) -> Result<StoredPasskey, PasskiError> {
    let mut stored = StoredPasskey::default();
    stored.credential_id = Passki::base64_decode(&passkey.credential)?;
    stored.public_key = Passki::base64_decode(&passkey.public_key)?;
    stored.algorithm = passkey.algorithm;
    Ok(stored)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_is_the_host_and_localhost_on_this_machine() {
        for (public_url, id, origins) in [
            ("https://tickets.example", "tickets.example", &["https://tickets.example"][..]),
            ("https://tickets.example:8443", "tickets.example", &["https://tickets.example:8443"]),
            ("http://localhost:3000", "localhost", &["http://localhost:3000"]),
            ("http://127.0.0.1:3000", "localhost", &["http://127.0.0.1:3000", "http://localhost:3000"]),
            ("http://[::1]:3000", "localhost", &["http://[::1]:3000", "http://localhost:3000"]),
            ("http://0.0.0.0:80", "localhost", &["http://0.0.0.0", "http://localhost"]),
            ("", "", &[]),
        ] {
            let RelyingParty(ours) = RelyingParty::new(public_url);
            let Passki { rp_id, rp_origins, .. } = &*ours;
            assert_eq!(
                (rp_id.as_str(), &rp_origins[..]),
                (id, &origins.iter().map(ToString::to_string).collect::<Vec<_>>()[..]),
                "{public_url}"
            );
        }
    }
}
