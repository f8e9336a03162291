//! `GET /sim`: the latest payments and events, the endpoints, the balance and the faults.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;

use super::page::{EventLine, PaymentLine, render};
use crate::StripeSim;
use crate::endpoint::Endpoint;
use crate::error::ApiError;
use crate::fault::Faults;
use crate::http::list::latest;
use crate::id::Kind;
use crate::param::Params;

/// How many lines a table has.
const LINES: usize = 20;

#[derive(Template)]
#[template(path = "overview.html")]
struct Overview {
    now: String,
    balance: Vec<String>,
    faults: Faults,
    endpoints: Vec<EndpointLine>,
    payments: Vec<PaymentLine>,
    older_payments: Option<String>,
    events: Vec<EventLine>,
    older_events: Option<String>,
}

struct EndpointLine {
    id: String,
    url: String,
    events: String,
    secrets: usize,
    disabled: bool,
}

/// The control page.
pub(crate) async fn overview(
    State(sim): State<StripeSim>,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let params = Params::parse(query.unwrap_or_default().as_bytes())?;
    let now = sim.0.clock.now();
    let (payments, more_payments) =
        latest(&sim, Kind::PaymentIntent, params.text("payments_after"), LINES).await?;
    let (events, more_events) = latest(&sim, Kind::Event, params.text("events_after"), LINES).await?;
    let payments: Vec<PaymentLine> = payments.iter().map(|(record, _)| PaymentLine::of(record)).collect();
    let events: Vec<EventLine> = events
        .iter()
        .filter_map(|(record, place)| Some(EventLine::of(&record.intent, record.event(*place)?)))
        .collect();
    let line = |endpoint: &Endpoint| EndpointLine {
        id: endpoint.id.to_string(),
        url: endpoint.url.clone(),
        events: endpoint.enabled_events.join(", "),
        secrets: endpoint.secrets(now).len(),
        disabled: endpoint.disabled,
    };
    render(&Overview {
        now: now.to_string(),
        balance: sim.sums().await?.lines(),
        faults: sim.faults().pending(),
        endpoints: sim.endpoints().await?.iter().map(line).collect(),
        older_payments: payments.last().filter(|_| more_payments).map(|last| last.id.clone()),
        payments,
        older_events: events.last().filter(|_| more_events).map(|last| last.id.clone()),
        events,
    })
}
