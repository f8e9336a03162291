//! Validated text of users: trimmed, NFC, of bounded length, without control characters.

use unicode_normalization::UnicodeNormalization;

/// The reason why a text is invalid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// The text is blank.
    #[error("must not be empty")]
    Empty,
    /// The text has more Unicode scalar values than allowed.
    #[error("must have at max {0} characters")]
    TooLong(usize),
    /// The text has a control character.
    #[error("must not contain control characters")]
    Control,
}

/// One line of text: trimmed, NFC, 1 to `max` scalar values, no control character.
///
/// # Errors
/// [`TextError`] names the first rule that the text breaks.
pub fn line(text: &str, max: usize) -> Result<String, TextError> {
    clean(text, max, |_| false)
}

/// Several lines of text: as [`line()`], with newlines and tabs.
///
/// # Errors
/// [`TextError`] names the first rule that the text breaks.
pub fn lines(text: &str, max: usize) -> Result<String, TextError> {
    clean(&text.replace("\r\n", "\n"), max, |c| c == '\n' || c == '\t')
}

fn clean(text: &str, max: usize, allowed: impl Fn(char) -> bool) -> Result<String, TextError> {
    let text: String = text.trim().nfc().collect();
    if text.is_empty() {
        return Err(TextError::Empty);
    }
    if text.chars().any(|c| c.is_control() && !allowed(c)) {
        return Err(TextError::Control);
    }
    if text.chars().count() > max {
        return Err(TextError::TooLong(max));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_counts_scalar_values_after_trimming_and_composing() {
        assert_eq!(line("  e\u{301}  ", 1), Ok("é".into()));
        assert_eq!(line(&"🎫".repeat(200), 200), Ok("🎫".repeat(200)));
        assert_eq!(line(&"a".repeat(201), 200), Err(TextError::TooLong(200)));
        assert_eq!(line(" \t ", 200), Err(TextError::Empty));
    }

    #[test]
    fn control_characters_are_refused_but_for_newline_and_tab_in_several_lines() {
        assert_eq!(line("a\u{0}b", 9), Err(TextError::Control));
        assert_eq!(line("a\nb", 9), Err(TextError::Control));
        assert_eq!(lines("a\r\n\tb", 9), Ok("a\n\tb".into()));
        assert_eq!(lines("a\u{7}b", 9), Err(TextError::Control));
    }
}
