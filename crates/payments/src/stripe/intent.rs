//! A `PaymentIntent` in our words.

use stripe_shared::{PaymentIntent, PaymentIntentStatus};

use super::Failure;
use super::failure::card_error;
use crate::domain::{ClientSecret, Intent, IntentState, Seen};

/// What matters of it.
pub(super) fn seen(intent: PaymentIntent) -> Result<Seen, Failure> {
    let state = state(&intent);
    let client_secret =
        intent.client_secret.ok_or_else(|| Failure::away("an answer without a client secret"))?;
    let intent = Intent { id: intent.id.to_string(), client_secret: ClientSecret(client_secret) };
    Ok(Seen { intent, state })
}

fn state(intent: &PaymentIntent) -> IntentState {
    match intent.status {
        PaymentIntentStatus::RequiresPaymentMethod => {
            IntentState::RequiresPaymentMethod(intent.last_payment_error.as_deref().map(card_error))
        }
        PaymentIntentStatus::RequiresCapture => IntentState::RequiresCapture,
        PaymentIntentStatus::Succeeded => IntentState::Succeeded,
        PaymentIntentStatus::Canceled => IntentState::Canceled,
        // Also any state that Stripe may add: nothing is decided on what we do not understand.
        _ => IntentState::UnderWay,
    }
}
