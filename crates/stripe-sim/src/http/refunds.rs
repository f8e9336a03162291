//! `/v1/refunds`

use axum::extract::{Path, State};

use super::{Call, Reply};
use crate::error::ApiError;
use crate::id::{ItemId, Kind};
use crate::intent::{PaymentIntent, RefundRefusal};
use crate::refund::{NewRefund, RefundUpdate};
use crate::sim::StripeSim;

/// `POST`: refunds the remaining captured amount or part of it.
pub(crate) async fn create(State(sim): State<StripeSim>, call: Call) -> Result<Reply, ApiError> {
    call.require_secret_key()?;
    let requested = NewRefund::read(&call.params)?;
    let call = call.with_expansion(Kind::Refund.noun())?;
    sim.perform(&call, requested.intent, |intent| {
        let intent = intent.ok_or_else(|| requested.missing())?;
        intent.refund(requested.clone(), sim.context()).map_err(|refusal| refused(intent, refusal))
    })
    .await
}

/// Stripe's error for a refusal.
fn refused(intent: &PaymentIntent, refusal: RefundRefusal) -> ApiError {
    let charge =
        intent.latest_charge().map(|position| intent.item(Kind::Charge, position)).unwrap_or_default();
    match refusal {
        RefundRefusal::NothingCaptured => {
            let status = intent.status.as_str();
            let message =
                format!("There is no successful charge to refund: the PaymentIntent's status is {status}.");
            ApiError::invalid(message).code("payment_intent_unexpected_state")
        }
        RefundRefusal::AlreadyRefunded => {
            let message = format!("All of the charge {charge} was refunded before.");
            ApiError::invalid(message).code("charge_already_refunded")
        }
        RefundRefusal::ExceedsRefundable => {
            let message =
                format!("At most {} of the charge {charge} can be refunded.", intent.amount_refundable());
            ApiError::invalid(message).about_parameter("amount")
        }
        RefundRefusal::Disputed => {
            let message = format!("The charge {charge} is disputed: the money goes back by way of the bank.");
            ApiError::invalid(message).code("charge_disputed")
        }
    }
}

/// `POST …/{id}`: changes metadata.
pub(crate) async fn update(
    State(sim): State<StripeSim>,
    Path(text): Path<String>,
    call: Call,
) -> Result<Reply, ApiError> {
    call.require_secret_key()?;
    let id = ItemId::in_path(Kind::Refund, &text)?;
    let requested = RefundUpdate::read(&call.params)?;
    let call = call.with_expansion(Kind::Refund.noun())?;
    let missing = || ItemId::missing(Kind::Refund, &text);
    sim.perform(&call, id.owner, |intent| {
        intent.ok_or_else(missing)?.update_refund(id.position, &requested)?.ok_or_else(missing)
    })
    .await
}
