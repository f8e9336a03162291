//! The texts of passkeys.

use super::table::areas;

areas! {
    PasskeyTexts {
        title: "Passkeys",
        lead: "Sign in with a finger, your face or a PIN in place of a password. A passkey stays on your devices and cannot be guessed.",
        unsupported: "Adding a passkey needs JavaScript and a browser that has passkeys.",
        added: "Added",
        last_used: "Last used",
        remove: "Remove",
        name: "Name",
        name_hint: "Such as the device that keeps it.",
        add: "Add a passkey",
        sign_in: "Sign in with a passkey",
        canceled: "No passkey was chosen. Try again when you are ready.",
        again: "This device has a passkey of your account already.",
        elsewhere: "Browsers allow no passkey at this address. Open {address} instead.",
        refused: "This passkey was not accepted. Try again, or use your password.",
        full: "Your account has 20 passkeys. Remove one before you add another.",
        confirm: "Confirm your password",
        confirm_lead: "Your last sign-in is more than 10 minutes ago. Passkeys can be added and removed for 10 minutes after you have confirmed your password.",
        confirm_button: "Confirm",
        failed: "That did not work. Try again in a moment.",
    }
}
