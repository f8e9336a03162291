//! The accounts of users: sign-up, the check of a password, and its change.

use std::time::Duration;

use common::http::CurrentUser;
use common::{SessionId, UserId};
use mail::{Kind, Secret};
use store::{CommitError, StoreError, UpdateError};

use crate::Accounts;
use crate::domain::{ChallengeExpired, Email, InvalidCode, Session, User, What};
use crate::password::{HashError, Password, TypedPassword};
use crate::security;
use crate::storage::{EMAIL, email_key};
use crate::throttle::{Attempt, Origin, Throttled};

/// The reason why an account was not created.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SignUpError {
    #[error("the email address has an account")]
    EmailTaken,
    #[error(transparent)]
    Hash(#[from] HashError),
    #[error(transparent)]
    Commit(CommitError),
}

/// The reason why a user was not signed in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SignInError {
    #[error("too many sign-ins have failed")]
    Throttled(Duration),
    #[error("the email address or the password is wrong")]
    InvalidCredentials,
    #[error("the account requires a second factor")]
    SecondFactorRequired { challenge: Secret, factors: Vec<&'static str> },
    #[error("the code is wrong or was used")]
    InvalidCode,
    #[error("the sign-in has expired")]
    ChallengeExpired,
    #[error("the seed of an authenticator app cannot be made")]
    Seed,
    #[error("the account is gone")]
    NoAccount,
    #[error(transparent)]
    Hash(#[from] HashError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Commit(#[from] CommitError),
}

impl<E: Into<Self>> From<UpdateError<E>> for SignInError {
    fn from(error: UpdateError<E>) -> Self {
        match error {
            UpdateError::Refused(refusal) => refusal.into(),
            UpdateError::DuplicateKey(name) => Self::Commit(CommitError::DuplicateKey(name)),
            UpdateError::Store(error) => error.into(),
        }
    }
}

impl From<InvalidCode> for SignInError {
    fn from(_: InvalidCode) -> Self {
        Self::InvalidCode
    }
}

impl From<ChallengeExpired> for SignInError {
    fn from(_: ChallengeExpired) -> Self {
        Self::ChallengeExpired
    }
}

impl From<Throttled> for SignInError {
    fn from(Throttled(delay): Throttled) -> Self {
        Self::Throttled(delay)
    }
}

impl Accounts {
    /// Creates an account and sends its verification email. Of simultaneous ones for an email address, the unique key accepts one.
    pub(crate) async fn sign_up(
        &self,
        email: Email,
        password: Password,
        from: &Origin,
    ) -> Result<User, SignUpError> {
        let hash = self.hashing.hash(password, self.ids.bytes()).await?;
        let (id, now) = (self.ids.next(), self.now());
        let verification = self.verification(id, &email);
        let user = User::sign_up(id, email, hash, verification, now);
        let user = self.store.commit(user).await.map_err(|error| match error {
            CommitError::DuplicateKey(EMAIL) => SignUpError::EmailTaken,
            error => SignUpError::Commit(error),
        })?;
        self.email_wake.time_stored(now);
        self.record(user.id, What::SignUp, from).await;
        Ok(user)
    }

    /// Signs in the user with this email address and password. Takes as long if the address has no account.
    ///
    /// # Errors
    /// [`SignInError::SecondFactorRequired`] if the password is right and the account requires more.
    pub(crate) async fn sign_in(
        &self,
        email: &Email,
        password: TypedPassword,
        from: &Origin,
    ) -> Result<User, SignInError> {
        let (user, attempt) = self.verify_password(email, password, from).await?;
        if user.requires_second_factor() {
            return Err(self.challenge(&user).await?);
        }
        self.throttle.succeeded(&attempt).await?;
        self.record(user.id, What::SignIn, from).await;
        Ok(user)
    }

    /// The user with this email address and password.
    async fn verify_password(
        &self,
        email: &Email,
        password: TypedPassword,
        from: &Origin,
    ) -> Result<(User, Attempt), SignInError> {
        let user = self.store.get_by_unique_key(email_key(email)).await?;
        let attempt = self.throttle.attempt(email, user.as_ref().map(|user| user.id), from);
        self.check(&attempt, user.as_ref()).await?;
        let hash = user.as_ref().map_or_else(|| self.hashing.dummy_hash(), |user| user.password.clone());
        let permit = self.hashing.permit().await?;
        // Again, because other attempts may have failed while this one waited for its permit.
        self.check(&attempt, user.as_ref()).await?;
        // The permit is held until the failure is counted, so that no later attempt precedes it.
        let (right, _permit) = permit.verify(password, hash).await?;
        let user_id = user.as_ref().map(|user| user.id);
        let Some(user) = user.filter(|_| right) else {
            let throttles = self.throttle.failed(attempt, self.now()).await?;
            self.record_failure(user_id, from, throttles);
            return Err(SignInError::InvalidCredentials);
        };
        Ok((user, attempt))
    }

    /// The user of a session.
    ///
    /// # Errors
    /// [`SignInError::NoAccount`] if the account is gone.
    pub(crate) async fn user(&self, id: UserId) -> Result<User, SignInError> {
        self.store.get(id).await?.ok_or(SignInError::NoAccount)
    }

    /// Checks whether an attempt for the account of `user` is accepted now.
    pub(crate) async fn check(&self, attempt: &Attempt, user: Option<&User>) -> Result<(), SignInError> {
        self.throttle.check(attempt, self.now()).await?.map_err(|throttled| {
            security::sign_in_throttled(user.map(|user| user.id));
            throttled.into()
        })
    }

    /// The caller, whose password this is: the session counts as just authenticated. A wrong password counts as a failed
    /// sign-in.
    pub(crate) async fn authenticate(
        &self,
        caller: &CurrentUser,
        password: TypedPassword,
        from: &Origin,
    ) -> Result<User, SignInError> {
        // The token's address may be a former one.
        let email = self.user(caller.id).await?.email;
        let (user, attempt) = self.verify_password(&email, password, from).await?;
        // The password alone does not allow more codes to be tried.
        if !user.requires_second_factor() {
            self.throttle.succeeded(&attempt).await?;
        }
        let now = self.now();
        let authenticate = |session: Option<&Session>| session.and_then(|session| session.authenticate(now));
        self.sessions.apply(caller.session, authenticate).await?;
        self.record(user.id, What::Reauthentication, from).await;
        Ok(user)
    }

    /// Changes the password of a user who has just proved the present one, and sends a notice. Every session but `current` ends.
    pub(crate) async fn change_password(
        &self,
        signed_in: &User,
        new: Password,
        current: Option<SessionId>,
        from: &Origin,
    ) -> Result<(), SignInError> {
        let hash = self.hashing.hash(new, self.ids.bytes()).await?;
        let now = self.now();
        let decide = |user: Option<&User>| {
            // After a simultaneous change of the password, the proved one is no longer right.
            let user = user.filter(|user| user.password == signed_in.password);
            let user = user.ok_or(SignInError::InvalidCredentials)?;
            let notice = self.email(Kind::PasswordChanged { at: now }, &user.email);
            Ok::<_, SignInError>(Some(user.change_password(hash.clone(), current, notice, now)))
        };
        self.store.update(signed_in.id, decide).await?;
        self.email_wake.time_stored(now);
        self.record(signed_in.id, What::PasswordChanged, from).await;
        Ok(())
    }
}
