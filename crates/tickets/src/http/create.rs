//! `POST /api/tickets`

use axum::extract::State;
use common::http::responses::{InvalidBody, VerifiedOnly};
use common::http::{Created, CurrentUser, FieldErrors, FreshId, Parse, RawMoney, Valid};
use common::text::TextError;
use common::{Money, Problem, TicketId, Time};
use serde::Deserialize;
use utoipa::ToSchema;

use super::response::TicketView;
use crate::Tickets;
use crate::domain::{Description, Offer, Price, Refusal, Title, Venue};

/// An offer before it is parsed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(as = TicketOffer)]
pub(super) struct RawOffer {
    /// The title, such as the name of a concert: 1 to 200 characters.
    #[schema(required = true, value_type = String, max_length = 200)]
    title: Option<String>,
    /// The venue: up to 200 characters.
    #[schema(max_length = 200)]
    venue: Option<String>,
    /// The start, in the future.
    #[schema(format = DateTime)]
    starts_at: Option<String>,
    /// Details: up to 5,000 characters.
    #[schema(max_length = 5000)]
    description: Option<String>,
    /// The price, in minor units.
    #[schema(required = true, value_type = Money)]
    price: Option<RawMoney>,
}

/// `None` if it is invalid, `Some(None)` if it is absent.
type Optional<T> = Option<Option<T>>;

impl RawOffer {
    pub(super) fn start(&self, errors: &mut FieldErrors) -> Optional<Time> {
        let Some(text) = &self.starts_at else { return Some(None) };
        let start =
            text.parse::<Time>().map_err(|_| "must be a time such as 2026-11-22T10:00:00Z (RFC 3339)");
        errors.check("startsAt", start).map(Some)
    }

    pub(super) fn offer(self, starts_at: Optional<Time>, errors: &mut FieldErrors) -> Option<Offer> {
        let title = errors.required("title", self.title);
        let title = title.and_then(|title| errors.check("title", Title::parse(&title)));
        let venue = optional("venue", self.venue.as_deref(), Venue::parse, errors);
        let description = optional("description", self.description.as_deref(), Description::parse, errors);
        let price = errors.money("price", self.price);
        let price = price.and_then(|price| errors.check("price.amount", Price::parse(price)));
        Some(Offer {
            title: title?,
            venue: venue?,
            starts_at: starts_at?,
            description: description?,
            price: price?,
        })
    }
}

pub(super) fn check_start(start: Optional<Time>, now: Time, errors: &mut FieldErrors) {
    if start.flatten().is_some_and(|start| start <= now) {
        errors.add("startsAt", Refusal::Late.to_string());
    }
}

/// Parses an optional text; blank counts as absent.
fn optional<T>(
    field: &str,
    text: Option<&str>,
    parse: fn(&str) -> Result<T, TextError>,
    errors: &mut FieldErrors,
) -> Optional<T> {
    match text.map(parse) {
        None | Some(Err(TextError::Empty)) => Some(None),
        Some(text) => errors.check(field, text).map(Some),
    }
}

/// The offer of a new ticket.
#[derive(Debug)]
pub(super) struct NewTicket(Offer);

impl Parse for NewTicket {
    type Raw = RawOffer;

    fn parse(raw: RawOffer, now: Time, errors: &mut FieldErrors) -> Option<Self> {
        let starts_at = raw.start(errors);
        check_start(starts_at, now, errors);
        raw.offer(starts_at, errors).map(Self)
    }
}

/// Puts a ticket on sale.
#[utoipa::path(
    post,
    path = "/api/tickets",
    tag = "tickets",
    request_body = RawOffer,
    responses(
        (status = 201, description = "The ticket; `Location` is its address.", body = TicketView),
        InvalidBody,
        VerifiedOnly,
    ),
)]
pub(super) async fn create(
    State(tickets): State<Tickets>,
    seller: CurrentUser,
    FreshId(id): FreshId<TicketId>,
    Valid(NewTicket(offer)): Valid<NewTicket>,
) -> Result<Created<TicketView>, Problem> {
    seller.may_sell()?;
    let ticket = tickets.list(id, seller.id, offer).await?;
    let location = format!("/api/tickets/{}", ticket.id);
    Ok(Created { location, version: ticket.version, body: TicketView::from(&ticket) })
}
