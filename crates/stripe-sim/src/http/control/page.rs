//! Pages: one look, no scripts.

use askama::Template;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{Html, IntoResponse, Response};

use crate::StripeSim;
use crate::error::ApiError;
use crate::event::Event;
use crate::id::Kind;
use crate::intent::PaymentIntent;
use crate::record::Record;

/// Forms lead anywhere, because the challenge sends the browser back to the shop; nothing foreign is loaded.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'self'";

/// The style sheet of every page.
pub(crate) async fn style() -> impl IntoResponse {
    let headers = [(CONTENT_TYPE, "text/css; charset=utf-8"), (CACHE_CONTROL, "no-cache")];
    (headers, include_str!("../../../assets/style.css"))
}

/// A page as it is sent.
pub(super) fn render(page: &impl Template) -> Result<Response, ApiError> {
    match page.render() {
        Ok(html) => Ok(([(CONTENT_SECURITY_POLICY, POLICY)], Html(html)).into_response()),
        Err(error) => {
            tracing::error!(%error, "a page cannot be written");
            Err(ApiError::internal())
        }
    }
}

#[derive(Template)]
#[template(path = "challenge.html")]
struct Challenge<'a> {
    id: &'a str,
    amount: String,
}

/// Where the buyer's bank asks.
pub(in crate::http) fn challenge(id: &str, amount: common::Money) -> Result<Response, ApiError> {
    render(&Challenge { id, amount: amount.to_string() })
}

#[derive(Template)]
#[template(path = "settled.html")]
struct Settled;

/// Nothing is asked (any more).
pub(in crate::http) fn settled() -> Result<Response, ApiError> {
    render(&Settled)
}

#[derive(Template)]
#[template(path = "left.html")]
struct Left<'a> {
    id: &'a str,
}

/// The buyer went away without an answer.
pub(in crate::http) fn left(id: &str) -> Result<Response, ApiError> {
    render(&Left { id })
}

#[derive(Template)]
#[template(path = "missing.html")]
struct Missing<'a> {
    id: &'a str,
}

/// 404, for people.
pub(super) fn missing(id: &str) -> Result<Response, ApiError> {
    let mut page = render(&Missing { id })?;
    *page.status_mut() = StatusCode::NOT_FOUND;
    Ok(page)
}

/// An event as a line of a table.
pub(super) struct EventLine {
    pub(super) id: String,
    pub(super) kind: &'static str,
    pub(super) created: String,
    pub(super) payment: String,
    pub(super) deliveries: Vec<DeliveryLine>,
}

/// How far an event has come at one endpoint.
pub(super) struct DeliveryLine {
    pub(super) endpoint: String,
    pub(super) attempts: u32,
    pub(super) last: String,
    pub(super) next: Option<String>,
}

impl EventLine {
    pub(super) fn of(intent: &PaymentIntent, event: &Event) -> Self {
        let deliveries = event.deliveries.iter().map(|delivery| DeliveryLine {
            endpoint: delivery.endpoint.clone(),
            attempts: delivery.attempts,
            last: delivery.last.map_or_else(|| "not tried yet".to_owned(), |last| last.to_string()),
            next: delivery.due.map(|due| due.to_string()),
        });
        Self {
            id: intent.item(Kind::Event, event.place),
            kind: event.kind.as_str(),
            created: event.created.to_string(),
            payment: intent.id.to_string(),
            deliveries: deliveries.collect(),
        }
    }
}

/// A payment as a line of a table.
pub(super) struct PaymentLine {
    pub(super) id: String,
    pub(super) created: String,
    pub(super) amount: String,
    pub(super) status: &'static str,
    pub(super) card: String,
    pub(super) waits_for_the_bank: bool,
    pub(super) note: String,
}

impl PaymentLine {
    pub(super) fn of(record: &Record) -> Self {
        let intent = &record.intent;
        let money = |amount| common::Money { amount, currency: intent.currency }.to_string();
        let method = intent.payment_method.as_ref().or(intent.charges.last().map(|charge| &charge.method));
        let refunded = intent.amount_refunded();
        let mut notes = Vec::new();
        if refunded > 0 {
            notes.push(format!("{} refunded", money(refunded)));
        }
        if let Some(expires) = intent.expires_at() {
            notes.push(format!("authorization expires {expires}"));
        }
        if !intent.disputes.is_empty() {
            notes.push("disputed".to_owned());
        }
        Self {
            id: intent.id.to_string(),
            created: intent.created.to_string(),
            amount: money(intent.amount),
            status: intent.status.as_str(),
            card: method.map(|method| format!("{} {}", method.brand, method.last4)).unwrap_or_default(),
            waits_for_the_bank: intent.status == crate::Status::RequiresAction,
            note: notes.join(", "),
        }
    }
}

impl StripeSim {
    /// Pretty JSON of one of a payment's objects.
    pub(super) fn pretty(&self, record: &Record, kind: Kind, place: u32) -> String {
        let view = record.view(kind, place, &self.0.settings.public_url, self.0.clock.now());
        serde_json::to_string_pretty(&view).unwrap_or_default()
    }
}
