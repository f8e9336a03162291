//! The estimate of a password's strength, in bounded time.

use zxcvbn::{Score, zxcvbn};

/// The number of characters that are looked at: the time of an estimate grows with the square of the length and more.
const MAX_RATED: usize = 40;

/// The symbols that zxcvbn also reads as one letter. Zxcvbn tries every choice of one symbol for each letter, so its time grows
/// with the product of their numbers: up to 1,152 choices, and half a second for 40 characters.
const SYMBOLS: [&str; 7] = ["4@", "({[<", "69", "1!|", "1|7", "$5", "+7"];
/// The largest number of choices.
const MAX_CHOICES: usize = 8;

/// The zxcvbn score of a password for an attacker who tries these words first.
pub(super) fn rate(password: &str, known: &[&str]) -> Score {
    let rated: String = password.chars().take(MAX_RATED).collect();
    zxcvbn(&with_few_choices(rated), known).score()
}

/// The same text, with one symbol for each letter if there are too many choices. Every word stays as easy to find.
fn with_few_choices(text: String) -> String {
    let present = |symbols: &str| symbols.chars().filter(|symbol| text.contains(*symbol)).count().max(1);
    if SYMBOLS.into_iter().map(present).product::<usize>() <= MAX_CHOICES {
        return text;
    }
    let canonical = |symbol| match symbol {
        '@' => '4',
        '{' | '[' | '<' => '(',
        '9' => '6',
        '!' | '|' => '1',
        '$' => '5',
        '+' => '7',
        other => other,
    };
    text.chars().map(canonical).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_the_first_forty_characters_is_not_rated() {
        let strong = "vexed quartz glyph";
        assert_eq!(
            rate(&format!("{}{strong}", "a".repeat(MAX_RATED)), &[]),
            rate(&"a".repeat(MAX_RATED), &[])
        );
        assert!(rate(&format!("{}{strong}", "a".repeat(MAX_RATED - strong.len())), &[]) >= Score::Three);
    }

    #[test]
    fn symbols_have_few_choices_as_letters_and_hide_no_word() {
        let many = "4@8({[<369!1|0$5+7%2";
        assert_eq!(with_few_choices(many.to_owned()), "448((((36611105577%2");
        for few in ["p@ssw0rd", "!@#$%^&*()", "01.02.1990", "vexed quartz glyph"] {
            assert_eq!(with_few_choices(few.to_owned()), few);
        }
        let words = "p@$$w0rd pa55word [{p4ssword}]";
        assert_eq!(rate(words, &[]), rate(&with_few_choices(words.to_owned()), &[]));
    }
}
