//! `GET /sim/events/{id}`: one event and its deliveries.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;

use super::page::{EventLine, missing, render};
use crate::StripeSim;
use crate::error::ApiError;
use crate::id::{ItemId, Kind};

#[derive(Template)]
#[template(path = "event.html")]
struct EventPage {
    /// The one event.
    lines: [EventLine; 1],
    json: String,
}

/// The page of one event.
pub(crate) async fn event(
    State(sim): State<StripeSim>,
    Path(text): Path<String>,
) -> Result<Response, ApiError> {
    let Some(id) = ItemId::parse(&text).filter(|id| id.kind == Kind::Event) else { return missing(&text) };
    let Some(record) = sim.0.records.get(id.owner.0).await? else { return missing(&text) };
    let Some(event) = record.event(id.place) else { return missing(&text) };
    let lines = [EventLine::of(&record.intent, event)];
    render(&EventPage { lines, json: sim.pretty(&record, Kind::Event, id.place) })
}
