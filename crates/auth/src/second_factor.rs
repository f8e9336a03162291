//! The second factor of an account: setting up an authenticator app, and the codes of sign-ins.

use common::http::CurrentUser;
use mail::{Factor, Kind};
use store::CommitError;

use crate::Accounts;
use crate::accounts::SignInError;
use crate::domain::{Challenge, ChallengeExpired, TokenHash, User, What};
use crate::password::TypedPassword;
use crate::secret_token::{self, ChallengeToken};
use crate::security;
use crate::throttle::Origin;
use crate::totp::Seed;

/// The number of recovery codes of an authenticator app.
const RECOVERY_CODES: usize = 10;
/// The random bytes of a recovery code: 120 bits, so that a fast hash is enough.
const RECOVERY_CODE_LENGTH: usize = 15;
/// The characters between two hyphens of a recovery code.
const RECOVERY_CODE_GROUP: usize = 6;

/// A secret for an authenticator app.
pub(crate) struct NewAuthenticator {
    /// The seed in Base32, to type.
    pub(crate) secret: String,
    /// The address in a QR code.
    pub(crate) uri: String,
}

/// A recovery code as people type it, without the differences that do not count.
fn normalized(code: &str) -> String {
    code.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

fn hash(code: &str) -> TokenHash {
    secret_token::hash(normalized(code).as_bytes())
}

impl Accounts {
    /// Begins to set up an authenticator app for the caller, whose password this is.
    pub(crate) async fn begin_authenticator(
        &self,
        caller: &CurrentUser,
        password: TypedPassword,
        from: &Origin,
    ) -> Result<NewAuthenticator, SignInError> {
        let user = self.authenticate(caller, password, from).await?;
        let seed = Seed::generate(&self.ids);
        let sealed = seed.seal(user.id, &self.key, &self.ids).ok_or(SignInError::Seed)?;
        let now = self.now();
        let begin = |user: Option<&User>| user.map(|user| user.begin_authenticator(sealed.clone(), now));
        let user = self.store.apply(user.id, begin).await?.ok_or(SignInError::NoAccount)?;
        let uri = seed.uri(&user.email).ok_or(SignInError::Seed)?;
        Ok(NewAuthenticator { secret: seed.to_base32(), uri })
    }

    /// Confirms the authenticator app by one of its codes, and returns its recovery codes.
    pub(crate) async fn confirm_authenticator(
        &self,
        caller: &CurrentUser,
        code: &str,
        from: &Origin,
    ) -> Result<Vec<String>, SignInError> {
        let codes: Vec<String> = (0..RECOVERY_CODES).map(|_| self.recovery_code()).collect();
        let hashes: Vec<TokenHash> = codes.iter().map(|code| hash(code)).collect();
        let now = self.now();
        let confirm = |user: Option<&User>| {
            let user = user.ok_or(SignInError::NoAccount)?;
            let seed = user.new_authenticator.as_ref();
            let step = seed.and_then(|seed| Seed::open(seed, user.id, &self.key)?.step_of(code, now));
            let notice = Kind::FactorAdded { factor: Factor::Authenticator, at: now };
            let notice = self.email(notice, &user.email);
            Ok::<_, SignInError>(Some(user.confirm_authenticator(step, hashes.clone(), notice, now)?))
        };
        self.store.update(caller.id, confirm).await?;
        self.email_wake.time_stored(now);
        self.record(caller.id, What::AuthenticatorAdded, from).await;
        Ok(codes)
    }

    /// Removes the authenticator app of the caller, whose password this is.
    pub(crate) async fn remove_authenticator(
        &self,
        caller: &CurrentUser,
        password: TypedPassword,
        from: &Origin,
    ) -> Result<(), SignInError> {
        let user = self.authenticate(caller, password, from).await?;
        let now = self.now();
        let remove = |user: Option<&User>| {
            let user = user?;
            let notice = Kind::FactorRemoved { factor: Factor::Authenticator, at: now };
            user.remove_authenticator(self.email(notice, &user.email), now)
        };
        self.store.apply(user.id, remove).await?;
        self.email_wake.time_stored(now);
        self.record(user.id, What::AuthenticatorRemoved, from).await;
        Ok(())
    }

    /// The refusal of a sign-in that waits for the second factor.
    pub(crate) async fn challenge(&self, user: &User) -> Result<SignInError, CommitError> {
        let token = ChallengeToken::generate(self.ids.next(), &self.ids);
        self.challenges.commit(Challenge::new(token.id, user, token.hash(), self.now())).await?;
        security::second_factor_required(user.id);
        let has_recovery_codes = user.authenticator.as_ref().is_some_and(|it| !it.recovery_codes.is_empty());
        let has_passkeys = !user.passkeys.is_empty();
        let factors =
            [Some("totp"), has_recovery_codes.then_some("recovery-code"), has_passkeys.then_some("passkey")]
                .into_iter()
                .flatten();
        Ok(SignInError::SecondFactorRequired { challenge: token.to_secret(), factors: factors.collect() })
    }

    /// Signs in the user of a challenge with a code of the authenticator app, or with a recovery code. A wrong code counts
    /// as a failed sign-in.
    pub(crate) async fn sign_in_with_code(
        &self,
        challenge: &str,
        code: &str,
        from: &Origin,
    ) -> Result<User, SignInError> {
        let token = ChallengeToken::parse(challenge).ok_or(ChallengeExpired)?;
        let stored = self.challenges.get(token.id).await?.ok_or(ChallengeExpired)?;
        let known = self.store.get(stored.user_id).await?.ok_or(ChallengeExpired)?;
        let attempt = self.throttle.attempt(&known.email, Some(known.id), from);
        // Held until a failure is counted, so that codes are tried one after the other.
        let _permit = self.hashing.permit().await?;
        self.check(&attempt, Some(&known)).await?;
        let now = self.now();
        let count = |challenge: Option<&Challenge>| {
            challenge.ok_or(ChallengeExpired)?.attempt(&token.hash(), &known, now).map(Some)
        };
        let counted = self.challenges.update(token.id, count).await?.ok_or(ChallengeExpired)?;
        let accept = |user: Option<&User>| {
            // A change of credentials since the count has voided the challenge.
            let user = user.filter(|user| user.has_credentials_of(&known)).ok_or(ChallengeExpired)?;
            let seed = user.authenticator.as_ref().map(|authenticator| &authenticator.seed);
            let step = seed.and_then(|seed| Seed::open(seed, user.id, &self.key)?.step_of(code, now));
            let accepted = user.use_code(step, now).or_else(|_| user.use_recovery_code(&hash(code), now));
            Ok::<_, SignInError>(Some(accepted?))
        };
        let user = match self.store.update(known.id, accept).await.map_err(SignInError::from) {
            Ok(user) => user.ok_or(SignInError::NoAccount)?,
            Err(SignInError::InvalidCode) => {
                let throttles = self.throttle.failed(attempt, now).await?;
                self.record_failure(Some(known.id), from, throttles);
                return Err(SignInError::InvalidCode);
            }
            Err(error) => return Err(error),
        };
        self.challenges.remove(&counted).await.map_err(|error| match error {
            // Another request with the same challenge was faster.
            CommitError::Conflict => SignInError::ChallengeExpired,
            error => error.into(),
        })?;
        self.throttle.succeeded(&attempt).await?;
        self.record(user.id, What::SignIn, from).await;
        Ok(user)
    }

    fn recovery_code(&self) -> String {
        let text = totp_rs::Secret::from(self.ids.bytes::<RECOVERY_CODE_LENGTH>()).to_base32();
        let text = text.to_ascii_lowercase();
        let groups = text.as_bytes().chunks(RECOVERY_CODE_GROUP).map(String::from_utf8_lossy);
        groups.collect::<Vec<_>>().join("-")
    }
}
