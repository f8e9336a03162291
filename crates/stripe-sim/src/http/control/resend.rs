//! `POST /sim/events/{id}/resend`: every endpoint is sent the event once more, as from Stripe's dashboard.

use std::convert::Infallible;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use common::Decision;
use store::UpdateError;

use super::answer::answer;
use crate::StripeSim;
use crate::error::ApiError;
use crate::event::Delivery;
use crate::http::Reply;
use crate::id::{ItemId, Kind};
use crate::record::Record;

/// Sends it again, also where it was taken or dropped, and to endpoints that were not there yet.
pub(crate) async fn resend(
    State(sim): State<StripeSim>,
    Path(text): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let id = ItemId::in_path(Kind::Event, &text)?;
    let missing = || ItemId::missing(Kind::Event, &text);
    let (endpoints, now) = (sim.endpoints().await?, sim.0.clock.now());
    let again = |current: Option<&Record>| {
        let Some(current) = current.filter(|record| record.event(id.place).is_some()) else {
            return Ok::<_, Infallible>(None);
        };
        let mut next = Record::next(Some(current), current.intent.clone(), now);
        for event in next.events.iter_mut().filter(|event| event.place == id.place) {
            for endpoint in endpoints.iter().filter(|endpoint| endpoint.wants(event.kind)) {
                let name = endpoint.id.to_string();
                match event.deliveries.iter_mut().find(|delivery| delivery.endpoint == name) {
                    Some(delivery) => delivery.due = Some(now),
                    None => event.deliveries.push(Delivery::new(name, now)),
                }
            }
        }
        Ok(Some(Decision::without_event(next)))
    };
    let record = match sim.0.records.update(id.owner.0, again).await {
        Ok(record) => record.ok_or_else(missing)?,
        Err(UpdateError::Refused(never)) => match never {},
        Err(UpdateError::Store(error)) => return Err(error.into()),
        Err(UpdateError::DuplicateKey(_)) => return Err(ApiError::internal()),
    };
    sim.0.event_added.notify_one();
    let view = record.view(Kind::Event, id.place, &sim.0.settings.public_url, now).ok_or_else(missing)?;
    Ok(answer(&headers, Reply::ok(view), &format!("/sim/events/{text}")))
}
