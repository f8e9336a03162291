//! `PUT /api/tickets/{id}`

use axum::extract::State;
use common::http::responses::{InvalidBody, VerifiedOwnerOnly, VersionChanged};
use common::http::{Caching, CurrentUser, FieldErrors, IfMatch, Parse, PathId, Valid, Versioned};
use common::{Problem, TicketId, Time};

use super::create::{RawOffer, check_start};
use super::response::{TicketView, owned};
use crate::Tickets;
use crate::domain::{Offer, Ticket};

/// The new offer of a ticket. The ticket itself checks the start, which may have passed if it stays the same.
#[derive(Debug)]
pub(super) struct EditedTicket(Offer);

impl Parse for EditedTicket {
    type Raw = RawOffer;

    fn parse(raw: RawOffer, now: Time, errors: &mut FieldErrors) -> Option<Self> {
        let starts_at = raw.start(errors);
        let offer = raw.offer(starts_at, errors);
        // All errors of a body are reported together, so other errors bring this one along.
        if offer.is_none() {
            check_start(starts_at, now, errors);
        }
        offer.map(Self)
    }
}

/// Replaces the offer of a ticket. Optional fields that are absent are removed.
#[utoipa::path(
    put,
    path = "/api/tickets/{id}",
    tag = "tickets",
    params(
        ("id" = TicketId, Path),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the version to be changed."),
    ),
    request_body = RawOffer,
    responses(
        (status = 200, description = "The ticket as it is now.", body = TicketView),
        (status = 409, description = "`ticket-reserved`, `ticket-sold`, `ticket-withdrawn`"),
        InvalidBody,
        VerifiedOwnerOnly,
        VersionChanged,
    ),
)]
pub(super) async fn edit(
    State(tickets): State<Tickets>,
    user: CurrentUser,
    id: PathId<TicketId>,
    seen: IfMatch,
    Valid(EditedTicket(offer)): Valid<EditedTicket>,
) -> Result<Versioned<TicketView>, Problem> {
    let (id, now) = (id.parse()?, tickets.now());
    let edit = |ticket: Option<&Ticket>| {
        // An invalid body is reported before anything about the ticket.
        offer.check_start(ticket.and_then(|ticket| ticket.offer.starts_at), now)?;
        let ticket = owned(ticket, user.id)?;
        user.may_sell()?;
        seen.check(ticket.version)?;
        Ok::<_, Problem>(ticket.edit(user.id, offer.clone(), now)?)
    };
    let ticket = tickets.store.update(id, edit).await?.ok_or_else(Problem::not_found)?;
    Ok(Versioned { version: ticket.version, caching: Caching::Private, body: TicketView::from(&ticket) })
}
