//! The texts of the account page.

use super::table::areas;

areas! {
    AccountTexts {
        title: "Account",
        email: "Email address",
        id: "Account number",
        devices: "Where you are signed in",
        devices_lead: "Sign out any device that you do not recognize or no longer use. The change takes effect at once.",
        this_device: "This device",
        unknown_device: "Unknown device",
        since: "Since",
        last_seen: "Last seen",
        revoke: "Sign out",
        revoke_all: "Sign out every other device",
        password: "Change your password",
        password_lead: "Every other device is signed out.",
        current: "Current password",
        new: "New password",
        change: "Change the password",
        verified: "verified",
        unverified: "Your email address is not verified",
        unverified_text: "Open the link in the email that was sent to {email}. If it did not arrive, look among unwanted emails, or send it again.",
        send_again: "Send it again",
        send_email_again: "Send the email again",
        verify_to_sell: "Open the link in the email that was sent to you, then list and change tickets here.",
        verify_to_buy: "Open the link in the email that was sent to you, then buy tickets here.",
        change_email: "Change your email address",
        change_email_lead: "A link is sent to the new address. Nothing changes before you open it.",
        new_email: "New email address",
        change_email_button: "Send the link",
    }
    PrivacyTexts {
        export: "Download your data",
        export_lead: "Everything that is stored about you, as one JSON file.",
        export_button: "Download my data",
        delete: "Delete your account",
        delete_lead: "Your account is deleted at once and cannot be restored. You are signed out everywhere, your listings are withdrawn, and open orders for them and of yours are canceled. While a purchase or a sale of yours is being paid, the account cannot be deleted.",
        delete_kept: "Tickets that you have bought cannot be opened any more, so print or save them first. Records of payments are kept under your account number, without your email address.",
        delete_paying: "One of your purchases or sales is being paid. Delete your account when that is done.",
        delete_button: "Delete my account",
    }
}
