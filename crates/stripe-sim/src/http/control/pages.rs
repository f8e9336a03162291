//! The pages: `GET /sim`, `/sim/payment_intents/{id}` and `/sim/events/{id}`.

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;

use super::render::{EventLine, PaymentLine, missing, render};
use crate::dispute::DisputeReason;
use crate::endpoint::Endpoint;
use crate::error::ApiError;
use crate::fault::Faults;
use crate::http::read::latest;
use crate::id::{ItemId, Kind};
use crate::intent::Context;
use crate::param::Params;
use crate::record::Record;
use crate::sim::StripeSim;

/// Lines a table.
const PAGE_SIZE: usize = 20;

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
        latest(&sim, Kind::PaymentIntent, params.text("payments_after"), PAGE_SIZE).await?;
    let (events, more_events) = latest(&sim, Kind::Event, params.text("events_after"), PAGE_SIZE).await?;
    let payments: Vec<PaymentLine> = payments.iter().map(|(record, _)| PaymentLine::of(record)).collect();
    let events: Vec<EventLine> = events
        .iter()
        .filter_map(|(record, position)| Some(EventLine::of(&record.intent, record.event(*position)?)))
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
        balance: sim.balance().await?.lines(),
        faults: sim.faults().pending(),
        endpoints: sim.endpoints().await?.iter().map(line).collect(),
        older_payments: payments.last().filter(|_| more_payments).map(|last| last.id.clone()),
        payments,
        older_events: events.last().filter(|_| more_events).map(|last| last.id.clone()),
        events,
    })
}

#[derive(Template)]
#[template(path = "payment.html")]
struct Payment {
    line: PaymentLine,
    /// The charge that can be disputed, if there is one.
    disputable: Option<String>,
    reasons: [&'static str; 7],
    open_disputes: Vec<String>,
    objects: Vec<Object>,
    events: Vec<EventLine>,
}

struct Object {
    id: String,
    json: String,
}

/// One payment and its objects.
pub(crate) async fn payment(
    State(sim): State<StripeSim>,
    Path(text): Path<String>,
) -> Result<Response, ApiError> {
    let id = ItemId::parse(&text).filter(|id| id.kind == Kind::PaymentIntent);
    let Some(id) = id else { return missing(&text) };
    let Some(record) = sim.0.records.get(id.owner.0).await? else { return missing(&text) };
    let intent = &record.intent;
    let open = intent.disputes.iter().enumerate().filter(|(_, dispute)| dispute.status.is_open());
    render(&Payment {
        line: PaymentLine::of(&record),
        disputable: disputable(&record, sim.context()),
        reasons: DisputeReason::ALL.map(DisputeReason::as_str),
        open_disputes: open
            .map(|(index, _)| intent.item(Kind::Dispute, crate::id::position(index)))
            .collect(),
        objects: objects(&sim, &record),
        events: record.events.iter().rev().map(|event| EventLine::of(intent, event)).collect(),
    })
}

fn disputable(record: &Record, context: Context) -> Option<String> {
    record.intent.dispute(DisputeReason::Fraudulent, context).ok()?;
    record.intent.latest_charge().map(|position| record.intent.item(Kind::Charge, position))
}

fn objects(sim: &StripeSim, record: &Record) -> Vec<Object> {
    [Kind::PaymentIntent, Kind::Charge, Kind::Refund, Kind::Dispute, Kind::Transaction]
        .into_iter()
        .flat_map(|kind| record.items(kind).into_iter().map(move |(_, position)| (kind, position)))
        .map(|(kind, position)| Object {
            id: record.intent.item(kind, position),
            json: sim.pretty(record, kind, position),
        })
        .collect()
}

#[derive(Template)]
#[template(path = "event.html")]
struct EventPage {
    /// One line, for the table that the pages share.
    lines: [EventLine; 1],
    json: String,
}

/// One event and its deliveries.
pub(crate) async fn event(
    State(sim): State<StripeSim>,
    Path(text): Path<String>,
) -> Result<Response, ApiError> {
    let Some(id) = ItemId::parse(&text).filter(|id| id.kind == Kind::Event) else { return missing(&text) };
    let Some(record) = sim.0.records.get(id.owner.0).await? else { return missing(&text) };
    let Some(event) = record.event(id.position) else { return missing(&text) };
    let lines = [EventLine::of(&record.intent, event)];
    render(&EventPage { lines, json: sim.pretty(&record, Kind::Event, id.position) })
}
