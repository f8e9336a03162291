//! Passwords: the rules for a new one, and the pool that hashes them.

mod argon;
mod hashing;

use std::fmt;

use unicode_normalization::UnicodeNormalization;
use zxcvbn::{Score, zxcvbn};

use crate::domain::Email;

pub(crate) use hashing::{HashError, Hashing};

/// A password as somebody typed it, in Unicode's NFC, so that two keyboards that compose a letter differently type the
/// same password (NIST SP 800-63B section 3.1.1.2). Nothing is trimmed. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct TypedPassword(String);

impl TypedPassword {
    /// A password as it was typed.
    pub fn new(text: &str) -> Self {
        Self(text.nfc().collect())
    }

    /// Its bytes, for hashing.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for TypedPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TypedPassword(…)")
    }
}

/// A password that may protect an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Password(TypedPassword);

/// Why a password may not protect an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordFault {
    /// Fewer than [`Password::SHORTEST`] characters.
    #[error("must have at least {} characters", Password::SHORTEST)]
    TooShort,
    /// More than [`Password::LONGEST`] characters.
    #[error("must have at most {} characters", Password::LONGEST)]
    TooLong,
    /// Guessed too soon.
    #[error("is too easy to guess; use several unusual words, and not your e-mail address")]
    Weak,
}

impl Password {
    /// The fewest characters, in Unicode scalar values.
    pub const SHORTEST: usize = 8;
    /// The most characters, in Unicode scalar values: it bounds the work of judging one.
    pub const LONGEST: usize = 128;
    /// The least zxcvbn score: it takes more than 10⁸ guesses (<https://github.com/dropbox/zxcvbn#usage>).
    const LEAST_SCORE: Score = Score::Three;

    /// Chooses a password for the account of this address, which whoever guesses will try first. Judging it takes
    /// milliseconds: call it on the hashing pool.
    ///
    /// # Errors
    /// [`PasswordFault`] names the first rule that it breaks.
    pub fn choose(typed: TypedPassword, email: Option<&Email>) -> Result<Self, PasswordFault> {
        let length = typed.0.chars().count();
        if length < Self::SHORTEST {
            return Err(PasswordFault::TooShort);
        }
        if length > Self::LONGEST {
            return Err(PasswordFault::TooLong);
        }
        let address = email.map_or("", Email::as_str);
        let (name, host) = address.split_once('@').unwrap_or_default();
        let known: Vec<&str> = [address, name, host].into_iter().filter(|word| !word.is_empty()).collect();
        if zxcvbn(&typed.0, &known).score() < Self::LEAST_SCORE {
            return Err(PasswordFault::Weak);
        }
        Ok(Self(typed))
    }

    /// Its bytes, for hashing.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(text: &str) -> Result<Password, PasswordFault> {
        let email = Email::parse("annabelle.winterbourne@ticketfans.example").expect("an address");
        Password::choose(TypedPassword::new(text), Some(&email))
    }

    #[test]
    fn length_counts_scalar_values() {
        assert_eq!(choose(""), Err(PasswordFault::TooShort));
        assert_eq!(choose("kV9#qz!"), Err(PasswordFault::TooShort));
        assert_eq!(choose("kV9#qz!x"), Err(PasswordFault::Weak), "long enough, yet soon guessed");
        assert_eq!(choose("ж7щ!ф9ю¤"), Err(PasswordFault::Weak), "long enough, yet soon guessed");
        assert!(choose("kV9#qz!xj").is_ok());
        assert!(choose("ж7щ!ф9ю¤я").is_ok());
        let longest: String = "vexed quartz glyph ".chars().cycle().take(Password::LONGEST).collect();
        assert!(choose(&longest).is_ok());
        assert_eq!(choose(&format!("{longest}!")), Err(PasswordFault::TooLong));
        // Composed it is one character shorter, which makes it too short.
        assert_eq!(choose("kV9#qze\u{301}"), Err(PasswordFault::TooShort));
    }

    #[test]
    fn a_guessable_password_is_refused() {
        for text in
            ["password", "12345678", "qwertyuiop", "aaaaaaaaaaaaaaaa", "P@ssw0rd1", "01.01.1990", "        "]
        {
            assert_eq!(choose(text), Err(PasswordFault::Weak), "{text}");
        }
    }

    #[test]
    fn the_own_address_is_easy_to_guess() {
        for text in [
            "annabelle.winterbourne@ticketfans.example",
            "Annabelle.Winterbourne@Ticketfans.Example",
            "annabelle.winterbourne",
            "ticketfans.example",
            "annabelle.winterbourne1",
        ] {
            assert_eq!(choose(text), Err(PasswordFault::Weak), "{text}");
            assert!(Password::choose(TypedPassword::new(text), None).is_ok(), "{text} of somebody else");
        }
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
