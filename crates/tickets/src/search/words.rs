//! The words of a query, compared regardless of case and accents.

use std::fmt;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The words of a query: folded, sorted, each once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Words(Vec<String>);

/// Why a query is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WordsError {
    /// More than [`Words::MAX_CHARS`] characters.
    #[error("must have at most {} characters", Words::MAX_CHARS)]
    TooLong,
    /// More than [`Words::MAX_WORDS`] words.
    #[error("must have at most {} words", Words::MAX_WORDS)]
    TooMany,
}

impl Words {
    /// In Unicode scalar values: as long as a title.
    pub(crate) const MAX_CHARS: usize = 200;
    /// Each word is compared with every word of every ticket that is scanned.
    pub(crate) const MAX_WORDS: usize = 16;

    /// Parses a query. Characters other than letters and digits separate words.
    ///
    /// # Errors
    /// [`WordsError`].
    pub(crate) fn parse(query: &str) -> Result<Self, WordsError> {
        if query.chars().count() > Self::MAX_CHARS {
            return Err(WordsError::TooLong);
        }
        let folded = fold(query);
        let mut words: Vec<_> = split(&folded).map(str::to_owned).collect();
        words.sort_unstable();
        words.dedup();
        if words.len() > Self::MAX_WORDS { Err(WordsError::TooMany) } else { Ok(Self(words)) }
    }

    /// The total length.
    pub(crate) fn bytes(&self) -> usize {
        self.0.iter().map(String::len).sum()
    }

    /// Whether every text matches.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether each word begins a word of one of the texts.
    pub(crate) fn match_texts<const N: usize>(&self, texts: [&str; N]) -> bool {
        if self.is_empty() {
            return true;
        }
        let texts = texts.map(fold);
        let begins =
            |wanted: &str| texts.iter().flat_map(|text| split(text)).any(|word| word.starts_with(wanted));
        self.0.iter().all(|wanted| begins(wanted))
    }
}

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}

fn split(folded: &str) -> impl Iterator<Item = &str> {
    folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// The text without accents and in lower case. Upper case comes between: it turns `ß` into `ss` and unites both sigmas.
fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let plain = text.nfkd().filter(|c| !is_combining_mark(*c));
    plain.flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(query: &str, text: &str) -> bool {
        Words::parse(query).expect("words").match_texts([text, "Grüner Jäger"])
    }

    #[test]
    fn every_word_begins_some_word_of_the_texts() {
        for (query, expected) in [
            ("", true),
            (" -- ", true),
            ("jazz", true),
            ("ja cel", true),
            ("cel ja", true),
            ("jazz jäger", true),
            ("azz", false),
            ("jazz opera", false),
            ("jazzy", false),
            ("jazz-cellar", true),
            ("jazzcellar", false),
            ("7", true),
            ("'7\"", true),
        ] {
            assert_eq!(fit(query, "Jazz in the CELLAR, vol. 7"), expected, "{query}");
        }
    }

    #[test]
    fn case_and_accents_make_no_difference() {
        for (query, text) in [
            ("motorhead", "Motörhead"),
            ("MOTÖRHEAD", "motorhead"),
            ("mot\u{f6}r", "moto\u{308}rhead"),
            ("strasse", "Große Straße"),
            ("οδος", "ΟΔΟΣ"),
            ("istanbul", "İSTANBUL"),
            ("fine", "ﬁnest"),
            ("東京", "東京ドーム"),
            ("москва", "МОСКВА"),
            ("12", "①②"),
            ("grun", "nothing else"),
        ] {
            assert!(fit(query, text), "{query} in {text}");
            assert!(!fit(query, "something different") || query == "grun", "{query}");
        }
    }

    #[test]
    fn equal_queries_are_equal_however_they_are_typed() {
        let words = Words::parse("the Jazz, the CELLAR").expect("words");
        assert_eq!(words, Words::parse("cellar jazz THE").expect("words"));
        assert_eq!(words.to_string(), "cellar jazz the");
    }

    #[test]
    fn length_and_number_are_bounded() {
        assert_eq!(Words::parse(&"ä".repeat(201)), Err(WordsError::TooLong));
        assert!(Words::parse(&"ä".repeat(200)).is_ok());
        let words = |count: usize| (0..count).map(|n| n.to_string()).collect::<Vec<_>>().join(" ");
        assert_eq!(Words::parse(&words(17)), Err(WordsError::TooMany));
        assert!(Words::parse(&words(16)).is_ok());
    }
}
