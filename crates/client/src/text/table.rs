//! The declaration of the texts, which every language fills.

/// Declares areas of texts, with the English ones.
macro_rules! areas {
    ($($type:ident { $($name:ident: $text:expr,)* })*) => {$(
        /// The texts of one area.
        pub(crate) struct $type { $(pub(crate) $name: &'static str,)* }

        impl $type {
            /// The English texts.
            pub(super) const ENGLISH: Self = Self { $($name: $text,)* };
        }
    )*};
}

/// Declares all texts: first the areas of other files, then further ones.
macro_rules! texts {
    ($($other:ident: $other_type:ident),*; $($area:ident: $type:ident { $($name:ident: $text:expr,)* })*) => {
        $crate::text::table::areas! { $($type { $($name: $text,)* })* }

        /// All texts of the pages.
        pub(crate) struct Texts {
            /// The language (BCP 47).
            pub(crate) lang: &'static str,
            $(pub(crate) $other: $other_type,)*
            $(pub(crate) $area: $type,)*
        }

        /// The English texts.
        pub(crate) static ENGLISH: Texts = Texts {
            lang: "en",
            $($other: $other_type::ENGLISH,)*
            $($area: $type::ENGLISH,)*
        };
    };
}

pub(crate) use {areas, texts};
