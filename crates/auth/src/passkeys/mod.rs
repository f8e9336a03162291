//! Passkeys (<https://www.w3.org/TR/webauthn-3/>): registration, removal, and the sign-in by signature.

mod challenge;
mod relying_party;

use common::{PasskeyId, UserId};
use mail::{Factor, Kind};
use passki::{
    AuthenticationChallenge, AuthenticationCredential, PasskiError, RegistrationChallenge,
    RegistrationCredential,
};
use store::{CommitError, StoreError, UpdateError};
use uuid::Uuid;

use crate::Accounts;
use crate::domain::{Passkey, SignatureRefusal, TooManyPasskeys, User, What};
use crate::security;
use crate::storage::{PASSKEY, passkey_key};
use crate::throttle::{Origin, Throttled};

pub(crate) use challenge::PasskeyChallenge;
pub(crate) use relying_party::RelyingParty;

/// The reason why a passkey was not added, removed or accepted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PasskeyError {
    /// The challenge, the signature or the passkey is not right.
    #[error("the passkey is not accepted")]
    Refused,
    /// The signature is right, and its counter is not.
    #[error("the signature counter went back")]
    CounterWentBack(UserId, PasskeyId),
    #[error("no such passkey")]
    NotFound,
    #[error(transparent)]
    TooMany(#[from] TooManyPasskeys),
    #[error("too many challenges are open")]
    Throttled(Throttled),
    #[error("the account is gone")]
    NoAccount,
    #[error(transparent)]
    Commit(#[from] CommitError),
}

/// The browser's fault: all that is stored was verified before.
impl From<PasskiError> for PasskeyError {
    fn from(_: PasskiError) -> Self {
        Self::Refused
    }
}

impl From<StoreError> for PasskeyError {
    fn from(error: StoreError) -> Self {
        Self::Commit(error.into())
    }
}

impl From<Throttled> for PasskeyError {
    fn from(throttled: Throttled) -> Self {
        security::challenge_throttled();
        Self::Throttled(throttled)
    }
}

impl<E: Into<PasskeyError>> From<UpdateError<E>> for PasskeyError {
    fn from(error: UpdateError<E>) -> Self {
        match error {
            UpdateError::Refused(refusal) => refusal.into(),
            // An authenticator makes a new id for each passkey.
            UpdateError::DuplicateKey(PASSKEY) => Self::Refused,
            UpdateError::DuplicateKey(name) => CommitError::DuplicateKey(name).into(),
            UpdateError::Store(error) => error.into(),
        }
    }
}

impl Accounts {
    async fn owner(&self, id: UserId) -> Result<User, PasskeyError> {
        self.store.get(id).await?.ok_or(PasskeyError::NoAccount)
    }

    /// The options of a registration by this user, with a new challenge.
    pub(crate) async fn passkey_options(&self, user: UserId) -> Result<RegistrationChallenge, PasskeyError> {
        let owner = self.owner(user).await?;
        owner.check_passkeys()?;
        self.throttle.open_challenge(&user.to_string(), self.now()).await?;
        let challenge = self.new_challenge(Some(user)).await?;
        Ok(self.relying_party.registration_options(&owner, &challenge)?)
    }

    /// Adds the passkey that the user's authenticator has made, and sends a notice.
    pub(crate) async fn add_passkey(
        &self,
        user: UserId,
        name: String,
        credential: &RegistrationCredential,
        from: &Origin,
    ) -> Result<Passkey, PasskeyError> {
        let challenge = self.use_challenge(&credential.response.client_data_json, Some(user)).await?;
        let (owner, now) = (self.owner(user).await?, self.now());
        let named = (self.ids.next(), name);
        let passkey = self.relying_party.register(&owner, &challenge, named, credential, now)?;
        let decide = |user: Option<&User>| {
            let user = user.ok_or(PasskeyError::NoAccount)?;
            if user.passkey_of(&passkey.credential).is_some() {
                return Err(PasskeyError::Refused);
            }
            let notice = self.email(Kind::FactorAdded { factor: Factor::Passkey, at: now }, &user.email);
            Ok::<_, PasskeyError>(Some(user.add_passkey(passkey.clone(), notice, now)?))
        };
        self.store.update(user, decide).await?;
        self.email_wake.time_stored(now);
        self.record(user, What::PasskeyAdded, from).await;
        Ok(passkey)
    }

    /// Removes a passkey, and sends a notice.
    pub(crate) async fn remove_passkey(
        &self,
        user: UserId,
        id: PasskeyId,
        from: &Origin,
    ) -> Result<(), PasskeyError> {
        let now = self.now();
        let decide = |user: Option<&User>| {
            let user = user.ok_or(PasskeyError::NoAccount)?;
            let notice = self.email(Kind::FactorRemoved { factor: Factor::Passkey, at: now }, &user.email);
            user.remove_passkey(id, notice, now).map(Some).ok_or(PasskeyError::NotFound)
        };
        self.store.update(user, decide).await?;
        self.email_wake.time_stored(now);
        self.record(user, What::PasskeyRemoved, from).await;
        Ok(())
    }

    /// The options of a sign-in from this address, with a new challenge.
    pub(crate) async fn passkey_sign_in_options(
        &self,
        from: &Origin,
    ) -> Result<AuthenticationChallenge, PasskeyError> {
        self.throttle.open_challenge_from(from.address, self.now()).await?;
        let challenge = self.new_challenge(None).await?;
        Ok(self.relying_party.sign_in_options(&challenge)?)
    }

    /// The user whose passkey has signed a challenge.
    ///
    /// # Errors
    /// [`PasskeyError::Refused`] without a reason, which would tell whether the passkey exists.
    pub(crate) async fn sign_in_with_passkey(
        &self,
        credential: &AuthenticationCredential,
        from: &Origin,
    ) -> Result<User, PasskeyError> {
        let signed_in = self.verify_passkey(credential).await;
        match &signed_in {
            Ok(user) => self.record(user.id, What::SignIn, from).await,
            Err(PasskeyError::Refused) => self.record_failure(None, from, false),
            Err(PasskeyError::CounterWentBack(user, passkey)) => {
                security::passkey_counter_went_back(*user, *passkey);
                self.record_failure(Some(*user), from, false);
            }
            Err(_) => {}
        }
        signed_in
    }

    async fn verify_passkey(&self, credential: &AuthenticationCredential) -> Result<User, PasskeyError> {
        let challenge = self.use_challenge(&credential.response.client_data_json, None).await?;
        let user = self.store.get_by_unique_key(passkey_key(&credential.raw_id)).await?;
        let user = user.ok_or(PasskeyError::Refused)?;
        let passkey = user.passkey_of(&credential.raw_id).ok_or(PasskeyError::Refused)?;
        let handle = passki::Passki::base64_encode(Uuid::from(user.id).as_bytes());
        if credential.response.user_handle.as_deref() != Some(handle.as_str()) {
            return Err(PasskeyError::Refused);
        }
        let counter = self.relying_party.verify(passkey, &challenge, credential)?;
        let (id, now) = (user.id, self.now());
        let decide = |user: Option<&User>| {
            let user = user.ok_or(SignatureRefusal::Unknown)?;
            user.use_passkey(&credential.raw_id, counter, now).map(Some)
        };
        let accepted = self.store.update(id, decide).await.map_err(|error| match error {
            UpdateError::Refused(SignatureRefusal::Unknown) => PasskeyError::Refused,
            UpdateError::Refused(SignatureRefusal::CounterWentBack(passkey)) => {
                PasskeyError::CounterWentBack(id, passkey)
            }
            UpdateError::DuplicateKey(name) => CommitError::DuplicateKey(name).into(),
            UpdateError::Store(error) => error.into(),
        })?;
        accepted.ok_or(PasskeyError::Refused)
    }
}
