//! `POST /v1/payment_intents/{id}/confirm`

use axum::extract::{Path, State};

use super::missing;
use crate::StripeSim;
use crate::card::{PaymentMethod, PaymentMethodChoice};
use crate::error::ApiError;
use crate::http::{Call, Reply};
use crate::id::Kind;
use crate::intent::{Attempt, IntentId};

const KNOWN: &[&str] = &[
    "capture_method",
    "client_secret",
    "error_on_requires_action",
    "expand",
    "expected_payment_method_type",
    "key",
    "off_session",
    "payment_method",
    "payment_method_data",
    "payment_method_options",
    "receipt_email",
    "return_url",
    "setup_future_usage",
    "shipping",
    "use_stripe_sdk",
];

/// Tries to charge the card that the browser, or the merchant, names.
pub(crate) async fn confirm(
    State(sim): State<StripeSim>,
    Path(id): Path<String>,
    call: Call,
) -> Result<Reply, ApiError> {
    let id = IntentId::in_path(&id)?;
    call.params.only(KNOWN)?;
    let choice = PaymentMethodChoice { params: &call.params, now: sim.0.clock.now(), ids: &sim.0.ids };
    let attempt = attempt(&call, choice.read()?)?;
    let call = call.expanding(Kind::PaymentIntent.noun())?;
    sim.perform(&call, id, |intent| {
        let intent = intent.ok_or_else(|| missing(id))?;
        call.may_use(intent)?;
        intent.confirm(attempt.clone(), sim.terms()).map_err(|refusal| sim.refused(&call, intent, refusal))
    })
    .await
}

/// A try with this card.
pub(super) fn attempt(call: &Call, method: Option<PaymentMethod>) -> Result<Attempt, ApiError> {
    Ok(Attempt {
        method,
        return_url: call.params.url("return_url")?,
        receipt_email: call.params.text("receipt_email").map(str::to_owned),
    })
}
