//! `POST /sim/charges/{id}/dispute` and `POST /sim/disputes/{id}/{win|lose}`: what buyers and banks do.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;

use super::answer::answer;
use crate::StripeSim;
use crate::dispute::{DisputeReason, NothingToDispute};
use crate::error::ApiError;
use crate::http::headers::RequestId;
use crate::http::{Call, disputes};
use crate::id::{ItemId, Kind};
use crate::param::Params;

/// The buyer asks the bank for the money back, for this `reason` (`fraudulent`, if none is given).
pub(crate) async fn dispute(
    State(sim): State<StripeSim>,
    Path(text): Path<String>,
    Extension(request_id): Extension<RequestId>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    let id = ItemId::in_path(Kind::Charge, &text)?;
    let params = Params::parse(&body)?;
    params.only(&["reason"])?;
    let reason = params.text("reason").map_or(Ok(DisputeReason::Fraudulent), DisputeReason::parse)?;
    let missing = || ItemId::missing(Kind::Charge, &text);
    let call = Call::of_the_bank(request_id);
    let reply = sim.perform(&call, id.owner, |intent| {
        let intent = intent.ok_or_else(missing)?;
        let is_the_latest = intent.latest_charge() == Some(id.place);
        let disputed = intent.dispute(reason, sim.terms());
        disputed.ok().filter(|_| is_the_latest).ok_or_else(|| refused(NothingToDispute))
    });
    Ok(answer(&headers, reply.await?, &format!("/sim/payment_intents/{}", id.owner)))
}

fn refused(NothingToDispute: NothingToDispute) -> ApiError {
    ApiError::invalid(
        "There is nothing to dispute: no money of this charge is left, or it is disputed already.",
    )
}

/// The bank decides.
pub(crate) async fn decide(
    State(sim): State<StripeSim>,
    Path((text, decision)): Path<(String, String)>,
    Extension(request_id): Extension<RequestId>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let id = ItemId::in_path(Kind::Dispute, &text)?;
    let won = match decision.as_str() {
        "win" => true,
        "lose" => false,
        _ => return Err(ApiError::unknown_url("POST", &format!("/sim/disputes/{text}/{decision}"))),
    };
    let reply = disputes::decide(&sim, &Call::of_the_bank(request_id), &text, won).await?;
    Ok(answer(&headers, reply, &format!("/sim/payment_intents/{}", id.owner)))
}
