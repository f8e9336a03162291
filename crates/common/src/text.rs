//! Validated text of users: trimmed, NFC, of bounded length, without characters that would change the text around it.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

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
    /// The text has a line separator (U+2028) or a paragraph separator (U+2029).
    #[error("must not contain line separators")]
    Separator,
    /// A character that sets the direction of writing has no end, or an end no beginning.
    #[error("must not contain unbalanced marks of the writing direction")]
    Direction,
    /// The text has no visible character.
    #[error("must have a visible character")]
    Invisible,
}

/// One line of text: trimmed, NFC, 1 to `max` scalar values, no control character or line separator, balanced marks of
/// direction, and at least one visible character.
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
    if text.chars().any(|c| matches!(c, '\u{2028}' | '\u{2029}')) {
        return Err(TextError::Separator);
    }
    if !is_balanced(&text) {
        return Err(TextError::Direction);
    }
    if !text.chars().any(is_visible) {
        return Err(TextError::Invisible);
    }
    if text.chars().count() > max {
        return Err(TextError::TooLong(max));
    }
    Ok(text)
}

/// Whether each embedding, override and isolate is ended, in each line (UAX #9 sections 2.1 to 2.5): an open one would
/// change the direction of what stands behind the text.
fn is_balanced(text: &str) -> bool {
    text.lines().all(|line| {
        let mut open = Vec::new();
        for c in line.chars() {
            let is_ended = match c {
                '\u{202a}' | '\u{202b}' | '\u{202d}' | '\u{202e}' => {
                    open.push('\u{202c}');
                    true
                }
                '\u{2066}'..='\u{2068}' => {
                    open.push('\u{2069}');
                    true
                }
                '\u{202c}' | '\u{2069}' => open.pop() == Some(c),
                _ => true,
            };
            if !is_ended {
                return false;
            }
        }
        open.is_empty()
    })
}

/// Whether a character shows: not white space, not a mark that needs another character, and not one that is ignored when a
/// font lacks it (`Default_Ignorable_Code_Point` of Unicode 17, and fillers that look like a space).
fn is_visible(c: char) -> bool {
    let is_ignored = matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}');
    !is_ignored && !c.is_whitespace() && !is_combining_mark(c)
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

    #[test]
    fn line_separators_are_refused() {
        for text in ["a\u{2028}b", "a\u{2029}b"] {
            assert_eq!(line(text, 9), Err(TextError::Separator));
            assert_eq!(lines(text, 9), Err(TextError::Separator));
        }
        // White space at the ends is trimmed.
        assert_eq!(line("a\u{2028}", 9), Ok("a".into()));
    }

    #[test]
    fn marks_of_direction_must_be_balanced() {
        for text in [
            "\u{202e}exe.tekcit",
            "a\u{2066}b",
            "a\u{202c}",
            "a\u{2069}b\u{2066}",
            "\u{2066}a\u{202e}b\u{2069}\u{202c}",
            "\u{202a}a\u{2069}",
        ] {
            assert_eq!(line(text, 99), Err(TextError::Direction), "{text:?}");
        }
        assert_eq!(lines("\u{2066}a\nb\u{2069}", 99), Err(TextError::Direction), "a line ends each");
        for text in ["\u{2067}שלום\u{2069} 2026", "\u{202b}\u{2068}a\u{2069}b\u{202c}", "שלום\u{200f}!"]
        {
            assert_eq!(line(text, 99), Ok(text.into()), "{text:?}");
        }
    }

    #[test]
    fn a_text_must_have_a_visible_character() {
        for text in [
            "\u{200b}",
            "\u{200b} \u{200d}",
            "\u{3164}",
            "\u{2800}",
            "\u{ad}\u{feff}",
            "\u{301}",
            "\u{e0041}",
        ] {
            assert_eq!(line(text, 99), Err(TextError::Invisible), "{text:?}");
        }
        for text in ["👩\u{200d}👧", "e\u{301}", "-", "한", "ไทย", "🎫"] {
            assert!(line(text, 99).is_ok(), "{text:?}");
        }
    }
}
