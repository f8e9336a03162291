//! A `PaymentIntent` in our words.

use common::event::DisputeStatus;
use futures::future::BoxFuture;
use stripe_core::dispute::ListDispute;
use stripe_shared::{
    ApiErrors, ApiErrorsCode, Charge, Dispute, DisputeStatus as StripeDispute, PaymentIntent,
    PaymentIntentStatus,
};

use super::failure::{CARD_ERROR, card_error};
use super::{Failure, Stripe};
use crate::domain::{CardError, ClientSecret, Intent, IntentState, Moved, Seen};

/// What has to be asked for along with a `PaymentIntent`, so that it tells what became of the money.
pub(super) const WITH_MONEY: &str = "latest_charge.balance_transaction";
/// More disputes than a charge can have.
const MOST_DISPUTES: i64 = 100;

impl Stripe {
    /// What matters of it. Of a disputed one the disputes are asked for.
    /// Boxed, because it is large and part of every other call.
    pub(super) fn seen(&self, intent: PaymentIntent) -> BoxFuture<'_, Result<Seen, Failure>> {
        Box::pin(self.look_into(intent))
    }

    async fn look_into(&self, intent: PaymentIntent) -> Result<Seen, Failure> {
        let state = match intent.status {
            PaymentIntentStatus::RequiresPaymentMethod => {
                IntentState::RequiresPaymentMethod(intent.last_payment_error.as_deref().map(declined))
            }
            PaymentIntentStatus::RequiresCapture => IntentState::RequiresCapture,
            PaymentIntentStatus::Succeeded => IntentState::Succeeded(self.moved(&intent).await?),
            PaymentIntentStatus::Canceled => IntentState::Canceled,
            // Also any state that Stripe may add: nothing is decided on what we do not understand.
            _ => IntentState::UnderWay,
        };
        let client_secret =
            intent.client_secret.ok_or_else(|| Failure::away("an answer without a client secret"))?;
        let intent = Intent { id: intent.id.to_string(), client_secret: ClientSecret(client_secret) };
        Ok(Seen { intent, state })
    }

    async fn moved(&self, intent: &PaymentIntent) -> Result<Moved, Failure> {
        let mut moved = Moved { taken: intent.amount_received, ..Moved::default() };
        let charge = intent.latest_charge.as_ref().and_then(|charge| charge.as_object());
        let Some(charge) = charge else { return Ok(moved) };
        moved.refunded = charge.amount_refunded;
        moved.fees = fee(charge);
        if charge.disputed {
            let request = ListDispute::new().payment_intent(intent.id.to_string()).limit(MOST_DISPUTES);
            for dispute in request.send(&self.0).await?.data {
                add(&mut moved, &dispute);
            }
        }
        Ok(moved)
    }
}

/// Why the last card was declined.
fn declined(error: &ApiErrors) -> CardError {
    let kind = error.type_.as_str();
    let code = error.code.as_ref().map_or(kind, ApiErrorsCode::as_str);
    card_error(code, error.message.as_deref().filter(|_| kind == CARD_ERROR))
}

/// What Stripe kept of the charge. A fee in the account's own currency, if that is another, is not of this money.
fn fee(charge: &Charge) -> i64 {
    let booked = charge.balance_transaction.as_ref().and_then(|transaction| transaction.as_object());
    booked.filter(|booked| booked.currency == charge.currency).map_or(0, |booked| booked.fee)
}

fn add(moved: &mut Moved, dispute: &Dispute) {
    let ours = || dispute.balance_transactions.iter().filter(|booked| booked.currency == dispute.currency);
    moved.withdrawn -= ours().map(|booked| booked.amount).sum::<i64>();
    moved.fees += ours().map(|booked| booked.fee).sum::<i64>();
    let status = match dispute.status {
        StripeDispute::Won => DisputeStatus::Won,
        StripeDispute::Lost => DisputeStatus::Lost,
        // An inquiry that came to nothing, or one that Stripe settled before it began.
        StripeDispute::WarningClosed | StripeDispute::Prevented => return,
        _ => DisputeStatus::Open,
    };
    // Of several the worst counts: one that is open can still be lost, one that is lost stays so.
    moved.dispute = match (moved.dispute, status) {
        (Some(DisputeStatus::Open), _) | (_, DisputeStatus::Open) => Some(DisputeStatus::Open),
        (Some(DisputeStatus::Lost), _) | (_, DisputeStatus::Lost) => Some(DisputeStatus::Lost),
        _ => Some(DisputeStatus::Won),
    };
}
