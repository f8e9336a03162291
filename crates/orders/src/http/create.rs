//! `POST /api/orders`

use axum::extract::State;
use common::http::responses::{InvalidBody, NotFound, VerifiedOnly};
use common::http::{Created, CurrentUser, FieldErrors, FreshId, Parse, RawMoney, Valid};
use common::{Money, OrderId, Problem, TicketId, Time};
use serde::Deserialize;

use super::response::OrderView;
use crate::Orders;

/// A purchase that a buyer wants.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewOrder {
    pub(crate) ticket_id: TicketId,
    /// The price that the buyer saw.
    pub(crate) price: Money,
}

/// [`NewOrder`] before it is parsed.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = NewOrder)]
pub(crate) struct RawOrder {
    /// The ticket.
    #[schema(required = true, value_type = TicketId)]
    ticket_id: Option<String>,
    /// The price that the buyer saw.
    #[schema(required = true, value_type = Money)]
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
        // Any price in these bounds may have been the ticket's price once.
        if price.is_some_and(|price| !(1..=Money::MAX).contains(&price.amount)) {
            errors.add("price.amount", format!("must be from 1 to {}", Money::MAX));
        }
        Some(Self { ticket_id: ticket_id?, price: price? })
    }
}

/// Orders a ticket for the caller.
///
/// The ticket is held until `expiresAt`; pay by then. Of simultaneous buyers one gets it.
#[utoipa::path(
    post,
    path = "/api/orders",
    tag = "orders",
    request_body = RawOrder,
    responses(
        (status = 201, description = "The order; `Location` is its address.", body = OrderView),
        (status = 409, description = "`own-ticket`, `ticket-sold`, `ticket-withdrawn`, `ticket-reserved`, \
            `price-changed`, `idempotency-key-reused`"),
        InvalidBody,
        VerifiedOnly,
        NotFound,
    ),
)]
pub(super) async fn create(
    State(orders): State<Orders>,
    buyer: CurrentUser,
    FreshId(id): FreshId<OrderId>,
    Valid(wanted): Valid<NewOrder>,
) -> Result<Created<OrderView>, Problem> {
    let order = orders.place(id, &buyer, &wanted).await?;
    Ok(Created { location: format!("/api/orders/{}", order.id), version: order.version, body: order.into() })
}
