//! The email address of a user.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An email address as typed, trimmed. `Debug` omits it.
///
/// The syntax is that of `<input type=email>`, so that browsers and this service never disagree. Source:
/// <https://html.spec.whatwg.org/multipage/input.html#valid-e-mail-address>
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Email(String);

/// The reason why a text is not an email address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmailError {
    /// The text has not the form `name@example.com`.
    Syntax,
    /// The text has more than [`Email::MAX_LENGTH`] characters.
    TooLong,
}

impl Email {
    /// The longest address that accepts mail, in characters (RFC 5321 section 4.5.3.1.3, without the brackets).
    pub const MAX_LENGTH: usize = 254;
    /// The longest label of a host name, in characters (RFC 1034 section 3.5).
    const MAX_LABEL_LENGTH: usize = 63;

    /// Parses an email address, without the white space around it.
    ///
    /// # Errors
    /// The text breaks a rule.
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        let text = text.trim();
        if text.len() > Self::MAX_LENGTH {
            return Err(EmailError::TooLong);
        }
        let (name, host) = text.split_once('@').ok_or(EmailError::Syntax)?;
        if name.is_empty() || !name.bytes().all(is_atom) || !host.split('.').all(is_label) {
            return Err(EmailError::Syntax);
        }
        Ok(Self(text.to_owned()))
    }

    /// The address as typed.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form that is unique among accounts: addresses that differ only in case are equal.
    pub fn normalized(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

fn is_atom(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&byte)
}

fn is_label(label: &str) -> bool {
    (1..=Email::MAX_LABEL_LENGTH).contains(&label.len())
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

impl TryFrom<String> for Email {
    type Error = EmailError;

    fn try_from(text: String) -> Result<Self, EmailError> {
        Self::parse(&text)
    }
}

impl From<Email> for String {
    fn from(email: Email) -> Self {
        email.0
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(…)")
    }
}

impl fmt::Display for EmailError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax => f.write_str("must be an email address such as ann@example.com"),
            Self::TooLong => write!(f, "must have at most {} characters", Email::MAX_LENGTH),
        }
    }
}

impl std::error::Error for EmailError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_browser_takes_for_an_address_is_one() {
        let max_label = format!("a@{}.com", "b".repeat(63));
        for text in [
            "ann@example.com",
            "a@b",
            "Ann.O'Hara+tickets@mail.example.co.uk",
            "..ann..@example.com",
            "!#$%&'*+/=?^_`{|}~-@example.com",
            "1@2.3",
            "ann@xn--bcher-kva.example",
            "ann@ex--ample.com",
            &max_label,
        ] {
            assert_eq!(Email::parse(text).map(String::from), Ok(text.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_a_browser_refuses_is_no_address() {
        let label_too_long = format!("a@{}.com", "b".repeat(64));
        for text in [
            "",
            " ",
            "ann",
            "@example.com",
            "ann@",
            "ann@@example.com",
            "ann@exa mple.com",
            "an n@example.com",
            "ann@example..com",
            "ann@.example.com",
            "ann@example.com.",
            "ann@-example.com",
            "ann@example-.com",
            "ann@exam_ple.com",
            "ann@bücher.example",
            "änn@example.com",
            "\"ann\"@example.com",
            "ann@[127.0.0.1]",
            "ann@example.com,bob@example.com",
            "Ann <ann@example.com>",
            "ann@example.com\nbcc:bob@example.com",
            "ann\0@example.com",
            &label_too_long,
        ] {
            assert_eq!(Email::parse(text), Err(EmailError::Syntax), "{text:?}");
        }
    }

    #[test]
    fn length_is_bounded_after_trimming() {
        let host = format!("@{}.{}.{}", "b".repeat(63), "c".repeat(63), "d".repeat(61));
        let max_length = format!("{}{host}", "a".repeat(Email::MAX_LENGTH - host.len()));
        assert!(Email::parse(&format!("  {max_length}\t")).is_ok());
        assert_eq!(Email::parse(&format!("a{max_length}")), Err(EmailError::TooLong));
    }

    #[test]
    fn an_address_is_kept_as_typed_and_unique_in_lower_case() {
        let email = Email::parse(" Ann@Example.COM ").expect("an address");
        assert_eq!(email.as_str(), "Ann@Example.COM");
        assert_eq!(email.normalized(), "ann@example.com");
    }

    #[test]
    fn an_address_is_not_shown_in_debug_output() {
        let email = Email::parse("ann@example.com").expect("an address");
        assert_eq!(format!("{email:?}"), "Email(…)");
    }
}
