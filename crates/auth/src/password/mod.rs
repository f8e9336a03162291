//! Passwords: the rules for a new one, and the pool that hashes them.

mod argon;
mod hashing;
mod strength;
mod threads;

use std::fmt;

use unicode_normalization::UnicodeNormalization;
use zxcvbn::Score;

use crate::domain::Email;

pub(crate) use hashing::{HashError, Hashing};

/// A password as typed, in Unicode's NFC, because keyboards compose letters differently (NIST SP 800-63B section
/// 3.1.1.2). Nothing is trimmed. `Debug` omits it.
#[derive(Clone, PartialEq, Eq)]
pub struct TypedPassword(String);

impl TypedPassword {
    /// A password from the text of a user.
    pub fn new(text: &str) -> Self {
        Self(text.nfc().collect())
    }

    /// The bytes to hash.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for TypedPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TypedPassword(…)")
    }
}

/// A password that meets the rules for new ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Password(TypedPassword);

/// The reason why a password is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// The password has fewer than [`Password::MIN_LENGTH`] characters.
    #[error("must have at least {} characters", Password::MIN_LENGTH)]
    TooShort,
    /// The password has more than [`Password::MAX_LENGTH`] characters.
    #[error("must have at most {} characters", Password::MAX_LENGTH)]
    TooLong,
    /// The password needs too few guesses.
    #[error("is too easy to guess; use several unusual words, and not your email address")]
    Weak,
    /// The password contains the email address or its local part.
    #[error("must not contain your email address or the part before its @")]
    ContainsAddress,
}

impl Password {
    /// The shortest password, in Unicode scalar values: for a password that is the only factor (NIST SP 800-63B-4
    /// section 3.1.1.2).
    pub const MIN_LENGTH: usize = 15;
    /// The longest password, in Unicode scalar values: bounds the work of a request.
    pub const MAX_LENGTH: usize = 128;
    /// The lowest zxcvbn score: more than 10⁸ guesses (<https://github.com/dropbox/zxcvbn#usage>). No password of
    /// zxcvbn's lists of common ones reaches it.
    const MIN_SCORE: Score = Score::Three;
    /// The shortest local part of an address that a password must not contain: shorter ones are parts of words.
    const MIN_NAME: usize = 4;
    /// The words that attackers of this site try first.
    const SITE_WORDS: [&str; 6] = ["ticketing", "ticket", "tickets", "resale", "marketplace", "concert"];

    /// Checks a new password for the account of an email address, which attackers guess first. The check takes
    /// milliseconds: run it on the blocking pool.
    ///
    /// # Errors
    /// The first rule that the password breaks.
    pub fn choose(typed: TypedPassword, email: Option<&Email>) -> Result<Self, PasswordError> {
        let length = typed.0.chars().count();
        if length < Self::MIN_LENGTH {
            return Err(PasswordError::TooShort);
        }
        if length > Self::MAX_LENGTH {
            return Err(PasswordError::TooLong);
        }
        let address = email.map(Email::normalized).unwrap_or_default();
        let (name, host) = address.split_once('@').unwrap_or_default();
        // With the name, a password contains the whole address.
        let name_or_address = if name.len() < Self::MIN_NAME { &address } else { name };
        if !name_or_address.is_empty() && typed.0.to_lowercase().contains(name_or_address) {
            return Err(PasswordError::ContainsAddress);
        }
        let known = [&address, name, host].into_iter().filter(|word| !word.is_empty());
        let known: Vec<&str> = known.chain(Self::SITE_WORDS).collect();
        if strength::rate(&typed.0, &known) < Self::MIN_SCORE {
            return Err(PasswordError::Weak);
        }
        Ok(Self(typed))
    }

    /// The bytes to hash.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(text: &str) -> Result<Password, PasswordError> {
        let email = Email::parse("annabelle.winterbourne@ticketfans.example").expect("an address");
        Password::choose(TypedPassword::new(text), Some(&email))
    }

    #[test]
    fn length_counts_scalar_values() {
        assert_eq!(choose(""), Err(PasswordError::TooShort));
        assert_eq!(choose("kV9#qz!xjWb4?t"), Err(PasswordError::TooShort));
        assert!(choose("kV9#qz!xjWb4?tR").is_ok());
        assert!(choose("ж7щ!ф9ю¤яэ3ъ!хш").is_ok());
        let max_length: String = "vexed quartz glyph ".chars().cycle().take(Password::MAX_LENGTH).collect();
        assert!(choose(&max_length).is_ok());
        assert_eq!(choose(&format!("{max_length}!")), Err(PasswordError::TooLong));
        // Composed it is one character shorter, which makes it too short.
        assert_eq!(choose("kV9#qz!xjWb4?e\u{301}"), Err(PasswordError::TooShort));
    }

    #[test]
    fn a_guessable_password_is_refused() {
        for text in [
            "aaaaaaaaaaaaaaaa",
            "passwordpassword",
            "1234567890123456",
            "qwertyuiopasdfgh",
            "P@ssw0rd1P@ssw0rd1",
            "                ",
            "concertmarketplace",
            "ticketticketticket",
        ] {
            assert_eq!(choose(text), Err(PasswordError::Weak), "{text}");
        }
    }

    #[test]
    fn a_password_with_the_own_address_is_refused() {
        for text in [
            "annabelle.winterbourne@ticketfans.example",
            "vexed Annabelle.Winterbourne@Ticketfans.Example quartz",
            "annabelle.winterbourne",
            "vexed quartz glyph ANNABELLE.WINTERBOURNE",
        ] {
            assert_eq!(choose(text), Err(PasswordError::ContainsAddress), "{text}");
            assert!(Password::choose(TypedPassword::new(text), None).is_ok(), "{text} for another account");
        }
        assert_eq!(choose("ticketfans.example"), Err(PasswordError::Weak));
        let short = Email::parse("ann@example.com").expect("an address");
        let choose = |text| Password::choose(TypedPassword::new(text), Some(&short));
        assert!(choose("vexed quartz anniversary").is_ok(), "a short name is a part of words");
        assert_eq!(choose("vexed quartz ann@example.com"), Err(PasswordError::ContainsAddress));
    }

    #[test]
    fn nothing_is_trimmed() {
        assert_ne!(TypedPassword::new(" vexed quartz glyph "), TypedPassword::new("vexed quartz glyph"));
    }

    #[test]
    fn composed_and_decomposed_letters_are_the_same_password() {
        assert_eq!(TypedPassword::new("caf\u{e9} quartz"), TypedPassword::new("cafe\u{301} quartz"));
        assert_eq!(TypedPassword::new("\u{212b}ngström"), TypedPassword::new("A\u{30a}ngstro\u{308}m"));
        // NFKC would make these one; NFC keeps what is a different character.
        assert_ne!(TypedPassword::new("ﬁne"), TypedPassword::new("fine"));
    }

    #[test]
    fn a_password_is_not_shown_in_debug_output() {
        let shown = format!("{:?}", choose("vexed quartz glyph"));
        assert_eq!(shown, "Ok(Password(TypedPassword(…)))");
    }
}
