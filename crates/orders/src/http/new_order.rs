//! The body of `POST /api/orders`.

use common::http::{FieldErrors, Parse, RawMoney};
use common::{Money, TicketId, Time};
use serde::Deserialize;

/// What a buyer wants.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewOrder {
    /// The ticket.
    pub(crate) ticket_id: TicketId,
    /// What it costs, as the buyer saw it.
    pub(crate) price: Money,
}

/// [`NewOrder`] on the wire.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RawOrder {
    ticket_id: Option<String>,
    price: Option<RawMoney>,
}

impl Parse for NewOrder {
    type Raw = RawOrder;

    fn parse(raw: RawOrder, _: Time, errors: &mut FieldErrors) -> Option<Self> {
        let ticket_id = errors.required("ticketId", raw.ticket_id);
        let ticket_id = ticket_id.and_then(|id| {
            errors.check("ticketId", id.parse::<TicketId>().map_err(|_| "must be the id of a ticket"))
        });
        let price = errors.money("price", raw.price);
        // Any other price may have been seen before it changed; nobody can have seen one out of these bounds.
        if price.is_some_and(|price| !(1..=Money::MAX).contains(&price.amount)) {
            errors.add("price.amount", format!("must be from 1 to {}", Money::MAX));
        }
        Some(Self { ticket_id: ticket_id?, price: price? })
    }
}

/// [`NewOrder`] in the description of the API.
#[derive(utoipa::ToSchema)]
#[schema(as = NewOrder, rename_all = "camelCase")]
#[expect(dead_code, reason = "it only describes the wire; the values are parsed through `RawOrder`")]
pub(crate) struct NewOrderBody {
    /// The ticket.
    ticket_id: TicketId,
    /// What it costs, as the buyer saw it.
    price: Money,
}
