//! The codes of an authenticator app (TOTP, RFC 6238): six digits, new every 30 seconds.

use common::{Ids, Time, UserId};
use totp_rs::{Builder, Secret, Totp};

use crate::domain::{Email, SealedSeed};
use crate::master_key::MasterKey;

/// The name that an app shows above the codes.
const ISSUER: &str = "Ticketing";

/// The secret that an authenticator app and the account share. Without `Debug`.
pub(crate) struct Seed([u8; 20]);

impl Seed {
    /// A new seed.
    pub(crate) fn generate(ids: &Ids) -> Self {
        Self(ids.bytes())
    }

    /// The encrypted seed, which opens for this user alone. Returns `None` if it cannot be encrypted.
    pub(crate) fn seal(&self, user: UserId, key: &MasterKey, ids: &Ids) -> Option<SealedSeed> {
        key.seal(&purpose(user), &self.0, ids.bytes()).ok().map(SealedSeed::new)
    }

    /// The seed of an account. Returns `None` if no key of the file opens it.
    pub(crate) fn open(sealed: &SealedSeed, user: UserId, key: &MasterKey) -> Option<Self> {
        let (seed, _) = key.open(&purpose(user), sealed.as_str())?;
        Some(Self(seed.try_into().ok()?))
    }

    /// The number of the 30 seconds to which a code belongs: the present ones, those before, or those after, since clocks
    /// differ. Returns `None` for any other code.
    pub(crate) fn step_of(&self, code: &str, now: Time) -> Option<u64> {
        let digits: String = code.chars().filter(|c| !c.is_whitespace()).collect();
        let seconds = u64::try_from(now.as_millis().div_euclid(1000)).ok()?;
        self.builder().build().ok()?.check(&digits, seconds)
    }

    /// The seed as people type it into an app.
    pub(crate) fn to_base32(&self) -> String {
        Secret::from(self.0).to_base32()
    }

    /// The address that an app reads from a QR code. Returns `None` if the email address has no place in it.
    pub(crate) fn uri(&self, email: &Email) -> Option<String> {
        let totp: Totp =
            self.builder().with_issuer(Some(ISSUER)).with_account_name(email.as_str()).build().ok()?;
        totp.to_url().ok()
    }

    fn builder(&self) -> Builder {
        Builder::new().with_secret(self.0)
    }
}

/// The purpose of the encryption: a seed that is copied to another account does not open.
fn purpose(user: UserId) -> String {
    format!("totp of {user}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The test vector of RFC 6238, its last six digits.
    #[test]
    fn codes_are_those_of_the_standard_with_one_step_of_drift() {
        let seed = Seed(*b"12345678901234567890");
        let at = |seconds: i64| Time::from_millis(seconds * 1000);
        for (code, seconds, step) in
            [("287082", 59, 1), ("081804", 1_111_111_109, 37_037_036), ("050471", 1_111_111_111, 37_037_037)]
        {
            assert_eq!(seed.step_of(code, at(seconds)), Some(step), "{code}");
        }
        let code = "287082";
        assert_eq!(seed.step_of(code, at(0)), Some(1), "30 seconds ahead");
        assert_eq!(seed.step_of(code, at(89)), Some(1), "30 seconds behind");
        assert_eq!(seed.step_of(code, at(90)), None, "a minute behind");
        assert_eq!(seed.step_of("287 082", at(59)), Some(1));
        for other in ["", "28708", "2870820", "+28708", "287083", "２８７０８２"] {
            assert_eq!(seed.step_of(other, at(59)), None, "{other}");
        }
    }

    #[test]
    fn a_seed_opens_for_its_user_and_under_its_key_alone() {
        let (_, context) = runtime::testing::context();
        let (key, ann, bob) = (MasterKey::from_bytes([1; 32]), context.ids.next(), context.ids.next());
        let seed = Seed::generate(&context.ids);
        let sealed = seed.seal(ann, &key, &context.ids).expect("sealed");
        let opened = Seed::open(&sealed, ann, &key).expect("a seed");
        assert_eq!(opened.0, seed.0);
        assert!(Seed::open(&sealed, bob, &key).is_none());
        assert!(Seed::open(&sealed, ann, &MasterKey::from_bytes([2; 32])).is_none());
        assert!(!sealed.as_str().contains(&seed.to_base32()));
    }

    #[test]
    fn an_app_reads_the_issuer_the_address_and_the_seed() {
        let (_, context) = runtime::testing::context();
        let seed = Seed::generate(&context.ids);
        let email = Email::parse("ann+1@example.com").expect("an address");
        let uri = seed.uri(&email).expect("an address");
        let expected = format!(
            "otpauth://totp/Ticketing:ann%2B1%40example%2Ecom?secret={}&issuer=Ticketing",
            seed.to_base32()
        );
        assert_eq!(uri.replace("%2E", "."), expected.replace("%2E", "."));
        assert_eq!(seed.to_base32().len(), 32);
    }
}
