//! The address of a person.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An e-mail address as it was typed, trimmed. Its syntax is that of the HTML standard's `<input type=email>`
/// (<https://html.spec.whatwg.org/multipage/input.html#valid-e-mail-address>), so that a browser and this service
/// never disagree. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Email(String);

/// Why a text is not an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmailFault {
    /// Not the form `name@example.com`.
    Syntax,
    /// More than [`Email::LONGEST`] characters.
    TooLong,
}

impl Email {
    /// The longest address that mail can be sent to, in characters (RFC 5321 section 4.5.3.1.3, without the brackets).
    pub const LONGEST: usize = 254;
    /// The longest part of a host name between two dots, in characters (RFC 1034 section 3.5).
    const LONGEST_LABEL: usize = 63;

    /// Reads an address; white space around it is not part of it.
    ///
    /// # Errors
    /// [`EmailFault`] names the rule that the text breaks.
    pub fn parse(text: &str) -> Result<Self, EmailFault> {
        let text = text.trim();
        if text.len() > Self::LONGEST {
            return Err(EmailFault::TooLong);
        }
        let (name, host) = text.split_once('@').ok_or(EmailFault::Syntax)?;
        if name.is_empty() || !name.bytes().all(is_atom) || !host.split('.').all(is_label) {
            return Err(EmailFault::Syntax);
        }
        Ok(Self(text.to_owned()))
    }

    /// The address as it was typed.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What only one account may have: addresses that differ in nothing but case are the same.
    pub fn claimed_as(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

fn is_atom(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&byte)
}

fn is_label(label: &str) -> bool {
    (1..=Email::LONGEST_LABEL).contains(&label.len())
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

impl TryFrom<String> for Email {
    type Error = EmailFault;

    fn try_from(text: String) -> Result<Self, EmailFault> {
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

impl fmt::Display for EmailFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax => f.write_str("must be an e-mail address such as ann@example.com"),
            Self::TooLong => write!(f, "must have at most {} characters", Email::LONGEST),
        }
    }
}

impl std::error::Error for EmailFault {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_browser_takes_for_an_address_is_one() {
        let longest_label = format!("a@{}.com", "b".repeat(63));
        for text in [
            "ann@example.com",
            "a@b",
            "Ann.O'Hara+tickets@mail.example.co.uk",
            "..ann..@example.com",
            "!#$%&'*+/=?^_`{|}~-@example.com",
            "1@2.3",
            "ann@xn--bcher-kva.example",
            "ann@ex--ample.com",
            &longest_label,
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
            assert_eq!(Email::parse(text), Err(EmailFault::Syntax), "{text:?}");
        }
    }

    #[test]
    fn length_is_bounded_after_trimming() {
        let host = format!("@{}.{}.{}", "b".repeat(63), "c".repeat(63), "d".repeat(61));
        let longest = format!("{}{host}", "a".repeat(Email::LONGEST - host.len()));
        assert!(Email::parse(&format!("  {longest}\t")).is_ok());
        assert_eq!(Email::parse(&format!("a{longest}")), Err(EmailFault::TooLong));
    }

    #[test]
    fn an_address_is_kept_as_typed_and_claimed_in_lower_case() {
        let email = Email::parse(" Ann@Example.COM ").expect("an address");
        assert_eq!(email.as_str(), "Ann@Example.COM");
        assert_eq!(email.claimed_as(), "ann@example.com");
    }

    #[test]
    fn an_address_is_not_shown_in_debug_output() {
        let email = Email::parse("ann@example.com").expect("an address");
        assert_eq!(format!("{email:?}"), "Email(…)");
    }
}
