//! `GET /api/payments/{id}` and `GET /api/payments`

use axum::extract::State;
use common::http::responses::{InvalidPage, NotModified, NotSignedIn, OwnerOnly};
use common::http::{Caching, CurrentUser, Listing, PageQuery, PathId, Query, Versioned};
use common::{FieldError, OrderId, PaymentId, Problem};
use store::{Range, StoreError};

use super::response::PaymentView;
use crate::Payments;
use crate::domain::Payment;
use crate::storage::index;

/// One of your payments. Stripe is polled in a moment if the payment waits for a card: pages read the payment once the
/// browser has seen that the card was accepted.
#[utoipa::path(
    get,
    path = "/api/payments/{id}",
    tag = "payments",
    params(("id" = String, Path, description = "The payment.")),
    responses(
        (status = 200, description = "The payment.", body = PaymentView),
        NotModified,
        OwnerOnly,
    )
)]
pub(crate) async fn read(
    State(payments): State<Payments>,
    buyer: CurrentUser,
    id: PathId<PaymentId>,
) -> Result<Versioned<PaymentView>, Problem> {
    let payment = payments.of_buyer(&buyer, id.parse()?).await?;
    let payment = payments.poll_soon(payment).await?;
    Ok(Versioned { version: payment.version, caching: Caching::Private, body: (&payment).into() })
}

/// Your payments, newest first; with `orderId` only that order's.
#[utoipa::path(
    get,
    path = "/api/payments",
    tag = "payments",
    params(
        ("orderId" = Option<String>, Query, description = "Only the payment of this order."),
        ("limit" = Option<usize>, Query, description = "1 to 100; 20 by default."),
        ("cursor" = Option<String>, Query, description = "`next` of the previous page."),
    ),
    responses(
        (status = 200, description = "A page.", body = Listing<PaymentView>),
        InvalidPage,
        NotSignedIn,
    )
)]
pub(crate) async fn list(
    State(payments): State<Payments>,
    buyer: CurrentUser,
    query: Query,
    page: PageQuery,
) -> Result<Listing<PaymentView>, Problem> {
    let order = query.get("orderId").map(order_id).transpose()?;
    let own = format!("payments/{}", buyer.id);
    let list = order.map_or_else(|| own.clone(), |order| format!("{own}/{order}"));
    let after = page.after(&list)?;
    if let Some(order) = order {
        let found = payments.by_order(order).await?.filter(|payment| payment.buyer_id == buyer.id);
        return Ok(Listing::new(&list, found.iter().map(PaymentView::from).collect(), None));
    }
    let range = Range::of(index::BY_BUYER, [buyer.id.into()]).descending().after(after).limit(page.limit);
    let found = payments.store.page(range).await?;
    Ok(Listing::new(&list, found.items.iter().map(PaymentView::from).collect(), found.next))
}

fn order_id(text: &str) -> Result<OrderId, Problem> {
    text.parse()
        .map_err(|_| Problem::not_valid(vec![FieldError::new("orderId", "must be the id of an order")]))
}

impl Payments {
    /// Commits a poll of Stripe, if the payment waits for one. Returns the payment after it.
    async fn poll_soon(&self, payment: Payment) -> Result<Payment, StoreError> {
        Ok(self.update(&payment, Payment::poll_soon).await?.unwrap_or(payment))
    }

    /// A payment, for its buyer alone.
    pub(super) async fn of_buyer(&self, buyer: &CurrentUser, id: PaymentId) -> Result<Payment, Problem> {
        let payment = self.store.get(id).await?.ok_or_else(Problem::not_found)?;
        if payment.buyer_id == buyer.id { Ok(payment) } else { Err(Problem::not_yours()) }
    }
}
