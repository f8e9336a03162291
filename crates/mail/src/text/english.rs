//! The texts, by kind of email.

/// The texts of one kind of email.
pub(crate) struct EmailTexts {
    /// The subject, which is also the heading.
    pub(crate) subject: &'static str,
    /// The first paragraph.
    pub(crate) lead: &'static str,
    /// The label of the link; empty if the email has none.
    pub(crate) button: &'static str,
    /// The paragraph after the link.
    pub(crate) after: &'static str,
}

/// Declares the kinds, and the English texts.
macro_rules! texts {
    ($($word:ident: $text_of_word:expr,)*; $($kind:ident { $($text:ident: $value:expr,)* })*) => {
        /// All texts of emails.
        pub(crate) struct Texts {
            /// The language (BCP 47).
            pub(crate) lang: &'static str,
            $(pub(crate) $word: &'static str,)*
            $(pub(crate) $kind: EmailTexts,)*
        }

        /// The English texts.
        pub(crate) static ENGLISH: Texts = Texts {
            lang: "en",
            $($word: $text_of_word,)*
            $($kind: EmailTexts { $($text: $value,)* },)*
        };
    };
}

texts! {
    site: "Ticketing",
    // For programs that show no button.
    link: "If the button does not work, open this address:",
    footer: "This email was sent by Ticketing because of your account. Replies are not read.",
    unknown_browser: "unknown",
    authenticator: "An authenticator app",
    passkey: "A passkey",
    ;
    verify_address {
        subject: "Verify your email address",
        lead: "Welcome to Ticketing. Please verify that this is your address.",
        button: "Verify the address",
        after: "The link is valid for 24 hours. If you did not sign up, ignore this email.",
    }
    confirm_address {
        subject: "Confirm your new email address",
        lead: "You asked to use this address for your account at Ticketing. Nothing changes before you confirm it.",
        button: "Confirm the address",
        after: "The link is valid for 24 hours. If you did not ask for this, ignore this email.",
    }
    address_changed {
        subject: "A change of your email address was requested",
        lead: "Someone who knows your password asked to change the address of your account to {new}. The change takes effect when that address is confirmed.",
        button: "",
        after: "If that was not you, change your password at once: {account}",
    }
    password_reset {
        subject: "Set a new password",
        lead: "You asked for a new password for your account at Ticketing.",
        button: "Set a new password",
        after: "The link is valid for 30 minutes and works once. If you did not ask for this, ignore this email: your password stays as it is.",
    }
    password_changed {
        subject: "Your password was changed",
        lead: "The password of your account was changed on {at}. Every other device was signed out.",
        button: "",
        after: "If that was not you, set a new password at once: {forgotten}",
    }
    new_browser {
        subject: "A new browser signed in to your account",
        lead: "A browser that had not signed in to your account before did so on {at}. Browser: {browser}.",
        button: "Show the signed-in devices",
        after: "If that was not you, change your password at once; that signs every other device out.",
    }
    factor_added {
        subject: "A way to sign in was added to your account",
        lead: "{factor} was added to your account on {at}.",
        button: "Show how you sign in",
        after: "If that was not you, change your password at once, and remove what you did not add.",
    }
    factor_removed {
        subject: "A way to sign in was removed from your account",
        lead: "{factor} was removed from your account on {at}.",
        button: "Show how you sign in",
        after: "If that was not you, change your password at once, and add it again.",
    }
    order_complete {
        subject: "Your order is complete",
        lead: "The ticket is yours: {event}. You paid {price}.",
        button: "Show the order",
        after: "Keep this email as your receipt.",
    }
    order_expired {
        subject: "Your order expired",
        lead: "The payment for “{title}” did not arrive in time, so the order was cancelled. No money was taken.",
        button: "Show the ticket",
        after: "If the ticket is still for sale, you can order it again.",
    }
    ticket_sold {
        subject: "Your ticket was sold",
        lead: "“{title}” was sold for {price}.",
        button: "Show your sales",
        after: "The page of your sales also shows refunds.",
    }
    order_refunded {
        subject: "Your order was refunded",
        lead: "{amount} of your payment for “{title}” was returned to your card.",
        button: "Show the order",
        after: "Banks need up to ten days to show a refund.",
    }
    sale_refunded {
        subject: "A sale was refunded",
        lead: "{amount} of the payment for “{title}” was returned to the buyer.",
        button: "Show your sales",
        after: "A refund does not change who has the ticket.",
    }
}
