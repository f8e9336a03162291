//! `POST /v1/refunds`

use axum::extract::State;

use crate::StripeSim;
use crate::error::ApiError;
use crate::http::{Call, Reply};
use crate::id::Kind;
use crate::intent::PaymentIntent;
use crate::refund::{NewRefund, RefundRefusal};

/// Gives money back that was taken, all that is left of it or a part.
pub(crate) async fn create(State(sim): State<StripeSim>, call: Call) -> Result<Reply, ApiError> {
    call.secret_only()?;
    let wanted = NewRefund::read(&call.params)?;
    let call = call.expanding(Kind::Refund.noun())?;
    sim.perform(&call, wanted.intent, |intent| {
        let intent = intent.ok_or_else(|| wanted.missing())?;
        intent.refund(wanted.clone(), sim.terms()).map_err(|refusal| refused(intent, refusal))
    })
    .await
}

/// The refusal in Stripe's words.
fn refused(intent: &PaymentIntent, refusal: RefundRefusal) -> ApiError {
    let charge = intent.latest_charge().map(|place| intent.item(Kind::Charge, place)).unwrap_or_default();
    match refusal {
        RefundRefusal::NothingTaken => {
            let status = intent.status.as_str();
            let message =
                format!("There is no successful charge to refund: the PaymentIntent's status is {status}.");
            ApiError::invalid(message).code("payment_intent_unexpected_state")
        }
        RefundRefusal::AlreadyRefunded => {
            let message = format!("All of the charge {charge} was refunded before.");
            ApiError::invalid(message).code("charge_already_refunded")
        }
        RefundRefusal::MoreThanIsLeft => {
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
