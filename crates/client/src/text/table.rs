//! The declaration of the texts, which every language fills.

/// Declares the texts by area, and the English ones.
macro_rules! texts {
    ($($area:ident: $type:ident { $($name:ident: $text:expr,)* })*) => {
        $(
            /// The texts of one area.
            pub(crate) struct $type { $(pub(crate) $name: &'static str,)* }
        )*

        /// All texts of the pages.
        pub(crate) struct Texts {
            /// The language (BCP 47).
            pub(crate) lang: &'static str,
            $(pub(crate) $area: $type,)*
        }

        /// The English texts.
        pub(crate) static ENGLISH: Texts = Texts {
            lang: "en",
            $($area: $type { $($name: $text,)* },)*
        };
    };
}

pub(crate) use texts;
