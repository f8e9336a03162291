//! `GET /sim/payment_intents/{id}`: one payment with all that came of it.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;

use super::page::{EventLine, PaymentLine, missing, render};
use crate::StripeSim;
use crate::dispute::DisputeReason;
use crate::error::ApiError;
use crate::id::{ItemId, Kind};
use crate::intent::Terms;
use crate::record::Record;

#[derive(Template)]
#[template(path = "payment.html")]
struct Payment {
    line: PaymentLine,
    /// The charge that can be disputed.
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

/// The page of one payment.
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
        disputable: disputable(&record, sim.terms()),
        reasons: DisputeReason::ALL.map(DisputeReason::as_str),
        open_disputes: open.map(|(place, _)| intent.item(Kind::Dispute, crate::id::place(place))).collect(),
        objects: objects(&sim, &record),
        events: record.events.iter().rev().map(|event| EventLine::of(intent, event)).collect(),
    })
}

fn disputable(record: &Record, terms: Terms) -> Option<String> {
    record.intent.dispute(DisputeReason::Fraudulent, terms).ok()?;
    record.intent.latest_charge().map(|place| record.intent.item(Kind::Charge, place))
}

fn objects(sim: &StripeSim, record: &Record) -> Vec<Object> {
    [Kind::PaymentIntent, Kind::Charge, Kind::Refund, Kind::Dispute, Kind::Transaction]
        .into_iter()
        .flat_map(|kind| record.items(kind).into_iter().map(move |(_, place)| (kind, place)))
        .map(|(kind, place)| Object {
            id: record.intent.item(kind, place),
            json: sim.pretty(record, kind, place),
        })
        .collect()
}
