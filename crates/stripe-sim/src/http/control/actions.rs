//! Actions of buyers, banks and Stripe's dashboard: `POST /sim/charges/{id}/dispute`,
//! `/sim/disputes/{id}/{win|lose}` and `/sim/events/{id}/resend`.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use common::Decision;

use super::render::answer;
use crate::dispute::DisputeReason;
use crate::error::ApiError;
use crate::event::Delivery;
use crate::http::middleware::RequestId;
use crate::http::{Call, Reply, disputes};
use crate::id::{ItemId, Kind};
use crate::intent::NothingToDispute;
use crate::param::Params;
use crate::record::Record;
use crate::sim::StripeSim;

/// Opens a dispute for this `reason`, by default `fraudulent`.
pub(crate) async fn dispute(
    State(sim): State<StripeSim>,
    Path(text): Path<String>,
    Extension(request_id): Extension<RequestId>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    let id = ItemId::in_path(Kind::Charge, &text)?;
    let params = Params::parse(&body)?;
    params.reject_unknown(&["reason"])?;
    let reason = params.text("reason").map_or(Ok(DisputeReason::Fraudulent), DisputeReason::parse)?;
    let missing = || ItemId::missing(Kind::Charge, &text);
    let call = Call::from_bank(request_id);
    let reply = sim.perform(&call, id.owner, |intent| {
        let intent = intent.ok_or_else(missing)?;
        let is_the_latest = intent.latest_charge() == Some(id.position);
        let disputed = intent.dispute(reason, sim.context());
        disputed.ok().filter(|_| is_the_latest).ok_or_else(|| refused(NothingToDispute))
    });
    Ok(answer(&headers, reply.await?, &format!("/sim/payment_intents/{}", id.owner)))
}

fn refused(NothingToDispute: NothingToDispute) -> ApiError {
    ApiError::invalid(
        "There is nothing to dispute: no money of this charge is left, or it is disputed already.",
    )
}

/// Decides a dispute.
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
    let reply = disputes::decide(&sim, &Call::from_bank(request_id), &text, won).await?;
    Ok(answer(&headers, reply, &format!("/sim/payment_intents/{}", id.owner)))
}

/// Sends an event to every subscribed endpoint again, including those that accepted it or are new.
pub(crate) async fn resend(
    State(sim): State<StripeSim>,
    Path(text): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let id = ItemId::in_path(Kind::Event, &text)?;
    let missing = || ItemId::missing(Kind::Event, &text);
    let (endpoints, now) = (sim.endpoints().await?, sim.0.clock.now());
    let reschedule = |current: Option<&Record>| {
        let current = current.filter(|record| record.event(id.position).is_some())?;
        let mut next = Record::next(Some(current), current.intent.clone(), now);
        for event in next.events.iter_mut().filter(|event| event.position == id.position) {
            for endpoint in endpoints.iter().filter(|endpoint| endpoint.subscribes_to(event.kind)) {
                let name = endpoint.id.to_string();
                match event.deliveries.iter_mut().find(|delivery| delivery.endpoint == name) {
                    Some(delivery) => delivery.due = Some(now),
                    None => event.deliveries.push(Delivery::new(name, now)),
                }
            }
        }
        Some(Decision::without_event(next))
    };
    let record = sim.commit(id.owner.0, None, reschedule).await?.ok_or_else(missing)?;
    sim.0.work_added.notify_one();
    let view = record.view(Kind::Event, id.position, &sim.0.settings.public_url, now).ok_or_else(missing)?;
    Ok(answer(&headers, Reply::ok(view), &format!("/sim/events/{text}")))
}
