//! The body of `POST` and `PUT`.

use common::http::{FieldErrors, Parse, RawMoney};
use common::text::TextError;
use common::{Money, Time};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::domain::{Description, Offer, Price, Refusal, Title, Venue};

/// What is offered, as it arrives.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(as = TicketOffer)]
pub(crate) struct RawOffer {
    /// What the ticket is for: 1 to 200 characters.
    #[schema(required = true, value_type = String, max_length = 200)]
    title: Option<String>,
    /// Where it takes place: up to 200 characters.
    #[schema(max_length = 200)]
    venue: Option<String>,
    /// When it begins: in the future.
    #[schema(format = DateTime)]
    starts_at: Option<String>,
    /// More about it: up to 5,000 characters.
    #[schema(max_length = 5000)]
    description: Option<String>,
    /// What it costs, in minor units.
    #[schema(required = true, value_type = Money)]
    price: Option<RawMoney>,
}

/// A ticket to be listed.
#[derive(Debug)]
pub(crate) struct NewTicket(pub(crate) Offer);

impl Parse for NewTicket {
    type Raw = RawOffer;

    fn parse(raw: RawOffer, now: Time, errors: &mut FieldErrors) -> Option<Self> {
        let starts_at = start(&raw, errors);
        check_start(starts_at, now, errors);
        offer(raw, starts_at, errors).map(Self)
    }
}

/// A ticket as it shall be from now on. Whether its start may lie in the past depends on where it lay before, so that
/// is left to the ticket.
#[derive(Debug)]
pub(crate) struct EditedTicket(pub(crate) Offer);

impl Parse for EditedTicket {
    type Raw = RawOffer;

    fn parse(raw: RawOffer, now: Time, errors: &mut FieldErrors) -> Option<Self> {
        let starts_at = start(&raw, errors);
        let offer = offer(raw, starts_at, errors);
        // All faults are reported together: where there are others, this one must not come as a surprise after them.
        if offer.is_none() {
            check_start(starts_at, now, errors);
        }
        offer.map(Self)
    }
}

#[expect(clippy::option_option, reason = "the outer one tells faulty, the inner one absent")]
fn start(raw: &RawOffer, errors: &mut FieldErrors) -> Option<Option<Time>> {
    let Some(text) = &raw.starts_at else { return Some(None) };
    let start = text.parse::<Time>().map_err(|_| "must be a time such as 2026-11-22T10:00:00Z (RFC 3339)");
    errors.check("startsAt", start).map(Some)
}

#[expect(clippy::option_option, reason = "the outer one tells faulty, the inner one absent")]
fn check_start(start: Option<Option<Time>>, now: Time, errors: &mut FieldErrors) {
    if start.flatten().is_some_and(|start| start <= now) {
        errors.add("startsAt", Refusal::Late.to_string());
    }
}

#[expect(clippy::option_option, reason = "the outer one tells faulty, the inner one absent")]
fn offer(raw: RawOffer, starts_at: Option<Option<Time>>, errors: &mut FieldErrors) -> Option<Offer> {
    let title = errors.required("title", raw.title);
    let title = title.and_then(|title| errors.check("title", Title::parse(&title)));
    let venue = optional("venue", raw.venue.as_deref(), Venue::parse, errors);
    let description = optional("description", raw.description.as_deref(), Description::parse, errors);
    let price = errors.money("price", raw.price);
    let price = price.and_then(|price| errors.check("price.amount", Price::parse(price)));
    Some(Offer {
        title: title?,
        venue: venue?,
        starts_at: starts_at?,
        description: description?,
        price: price?,
    })
}

/// An optional text; blank counts as absent.
#[expect(clippy::option_option, reason = "the outer one tells faulty, the inner one absent")]
fn optional<T>(
    field: &str,
    text: Option<&str>,
    parse: fn(&str) -> Result<T, TextError>,
    errors: &mut FieldErrors,
) -> Option<Option<T>> {
    match text.map(parse) {
        None | Some(Err(TextError::Empty)) => Some(None),
        Some(text) => errors.check(field, text).map(Some),
    }
}
