//! All texts of emails. Another language is another value of [`Texts`]; the compiler finds missing texts.

mod english;

pub(crate) use english::{ENGLISH, EmailTexts, Texts};
