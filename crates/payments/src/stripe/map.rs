//! Maps Stripe's `PaymentIntent`, charge and disputes to the domain.

use common::Time;
use common::event::DisputeStatus;
use futures::future::BoxFuture;
use stripe_core::dispute::ListDispute;
use stripe_shared::{
    ApiErrors, ApiErrorsCode, Charge, Dispute, DisputeStatus as StripeDispute, PaymentIntent,
    PaymentIntentStatus,
};

use super::error::{CARD_ERROR, card_error};
use super::{Stripe, StripeError};
use crate::domain::{CardError, ClientSecret, Intent, IntentState, IntentView, MoneyTotals};

/// More disputes than a charge can have.
const MAX_DISPUTES: i64 = 100;

impl Stripe {
    /// Maps a `PaymentIntent`, and reads the disputes of a disputed one. Boxed, because the future is large and part of
    /// every other call.
    pub(super) fn view(&self, intent: PaymentIntent) -> BoxFuture<'_, Result<IntentView, StripeError>> {
        Box::pin(self.map(intent))
    }

    async fn map(&self, intent: PaymentIntent) -> Result<IntentView, StripeError> {
        let state = match intent.status {
            PaymentIntentStatus::RequiresPaymentMethod => {
                IntentState::RequiresPaymentMethod(intent.last_payment_error.as_deref().map(declined))
            }
            PaymentIntentStatus::RequiresConfirmation | PaymentIntentStatus::RequiresAction => {
                IntentState::RequiresAction
            }
            PaymentIntentStatus::RequiresCapture => {
                IntentState::RequiresCapture { authorized_at: charge_of(&intent).map(created) }
            }
            PaymentIntentStatus::Succeeded => IntentState::Succeeded(self.totals(&intent).await?),
            PaymentIntentStatus::Canceled => IntentState::Canceled,
            // Also any state that Stripe may add: no decision depends on an unknown state.
            _ => IntentState::Processing,
        };
        let client_secret = intent
            .client_secret
            .ok_or_else(|| StripeError::unavailable("a reply without a client secret"))?;
        let intent = Intent { id: intent.id.to_string(), client_secret: ClientSecret(client_secret) };
        Ok(IntentView { intent, state })
    }

    async fn totals(&self, intent: &PaymentIntent) -> Result<MoneyTotals, StripeError> {
        let mut totals = MoneyTotals { taken: intent.amount_received, ..MoneyTotals::default() };
        let Some(charge) = charge_of(intent) else { return Ok(totals) };
        totals.refunded = charge.amount_refunded;
        totals.fees = fee(charge);
        if charge.disputed {
            let request = ListDispute::new().payment_intent(intent.id.to_string()).limit(MAX_DISPUTES);
            for dispute in request.send(&self.0).await?.data {
                add(&mut totals, &dispute);
            }
        }
        Ok(totals)
    }
}

/// The latest charge, if the reply contains it.
fn charge_of(intent: &PaymentIntent) -> Option<&Charge> {
    intent.latest_charge.as_ref().and_then(|charge| charge.as_object())
}

/// Stripe's times are whole seconds.
fn created(charge: &Charge) -> Time {
    Time::from_millis(charge.created.saturating_mul(1000))
}

/// The reason why the last card was declined.
fn declined(error: &ApiErrors) -> CardError {
    let kind = error.type_.as_str();
    let code = error.code.as_ref().map_or(kind, ApiErrorsCode::as_str);
    card_error(code, error.message.as_deref().filter(|_| kind == CARD_ERROR))
}

/// Stripe's fee for the charge; 0 if the fee is in another currency.
fn fee(charge: &Charge) -> i64 {
    let booked = charge.balance_transaction.as_ref().and_then(|transaction| transaction.as_object());
    booked.filter(|booked| booked.currency == charge.currency).map_or(0, |booked| booked.fee)
}

fn add(totals: &mut MoneyTotals, dispute: &Dispute) {
    let ours = || dispute.balance_transactions.iter().filter(|booked| booked.currency == dispute.currency);
    totals.withdrawn -= ours().map(|booked| booked.amount).sum::<i64>();
    totals.fees += ours().map(|booked| booked.fee).sum::<i64>();
    let status = match dispute.status {
        StripeDispute::Won => DisputeStatus::Won,
        StripeDispute::Lost => DisputeStatus::Lost,
        // An inquiry that ended without a dispute, or one that Stripe prevented.
        StripeDispute::WarningClosed | StripeDispute::Prevented => return,
        _ => DisputeStatus::Open,
    };
    // The worst of several counts: an open one can still be lost, and a lost one stays lost.
    totals.dispute = match (totals.dispute, status) {
        (Some(DisputeStatus::Open), _) | (_, DisputeStatus::Open) => Some(DisputeStatus::Open),
        (Some(DisputeStatus::Lost), _) | (_, DisputeStatus::Lost) => Some(DisputeStatus::Lost),
        _ => Some(DisputeStatus::Won),
    };
}
