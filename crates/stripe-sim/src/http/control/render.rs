//! Rendering: one layout without scripts, the lines of its tables, and redirects for browsers.

use askama::Template;
use axum::http::header::{ACCEPT, CONTENT_SECURITY_POLICY};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Redirect, Response};
use common::Money;

use crate::error::ApiError;
use crate::event::Event;
use crate::http::Reply;
use crate::id::Kind;
use crate::intent::{PaymentIntent, Status};
use crate::record::Record;
use crate::sim::StripeSim;

/// No `form-action`, because the challenge redirects the browser to the shop.
const CONTENT_POLICY: &str =
    "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'self'";

/// The response for a page.
pub(in crate::http) fn render(page: &impl Template) -> Result<Response, ApiError> {
    match page.render() {
        Ok(html) => Ok(([(CONTENT_SECURITY_POLICY, CONTENT_POLICY)], Html(html)).into_response()),
        Err(error) => {
            tracing::error!(%error, "cannot render a page");
            Err(ApiError::internal())
        }
    }
}

/// Whether the client prefers a page over JSON.
pub(in crate::http) fn is_browser(headers: &HeaderMap) -> bool {
    headers.get(ACCEPT).is_some_and(|accept| accept.as_bytes().starts_with(b"text/html"))
}

/// The reply; for browsers, a redirect to the page that shows the effect.
pub(super) fn answer(headers: &HeaderMap, reply: Reply, page: &str) -> Response {
    if reply.status == StatusCode::OK && is_browser(headers) {
        Redirect::to(page).into_response()
    } else {
        reply.into_response()
    }
}

#[derive(Template)]
#[template(path = "missing.html")]
struct Missing<'a> {
    id: &'a str,
}

/// 404 as a page.
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

/// A delivery within a line.
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
            id: intent.item(Kind::Event, event.position),
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
    pub(super) requires_action: bool,
    pub(super) note: String,
}

impl PaymentLine {
    pub(super) fn of(record: &Record) -> Self {
        let intent = &record.intent;
        let money = |amount| Money { amount, currency: intent.currency }.to_string();
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
            requires_action: intent.status == Status::RequiresAction,
            note: notes.join(", "),
        }
    }
}

impl StripeSim {
    /// Pretty JSON of one of a payment's objects.
    pub(super) fn pretty(&self, record: &Record, kind: Kind, position: u32) -> String {
        let view = record.view(kind, position, &self.0.settings.public_url, self.0.clock.now());
        serde_json::to_string_pretty(&view).unwrap_or_default()
    }
}
