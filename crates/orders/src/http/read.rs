//! `GET /api/orders` and `GET /api/orders/{id}`

use axum::extract::State;
use common::http::responses::{InvalidPage, NotModified, NotSignedIn, OwnerOnly};
use common::http::{Caching, CurrentUser, Listing, PageQuery, PathId, Versioned};
use common::{OrderId, Problem};
use store::Range;

use super::response::{OrderView, owned};
use crate::Orders;
use crate::storage::index;

/// The caller's orders, newest first.
#[utoipa::path(
    get,
    path = "/api/orders",
    tag = "orders",
    params(
        ("limit" = Option<u8>, Query, description = "The page size; 20 by default.", minimum = 1, maximum = 100),
        ("cursor" = Option<String>, Query, description = "`next` of the page before."),
    ),
    responses((status = 200, description = "A page.", body = Listing<OrderView>), InvalidPage, NotSignedIn),
)]
pub(super) async fn list(
    State(orders): State<Orders>,
    buyer: CurrentUser,
    page: PageQuery,
) -> Result<Listing<OrderView>, Problem> {
    let list = format!("orders/{}", buyer.id);
    let range = Range::of(index::BY_BUYER, [buyer.id.into()]).descending();
    let page = orders.store.page(range.after(page.after(&list)?).limit(page.limit)).await?;
    Ok(Listing::new(&list, page.items.into_iter().map(OrderView::from).collect(), page.next))
}

/// One of the caller's orders.
#[utoipa::path(
    get,
    path = "/api/orders/{id}",
    tag = "orders",
    params(("id" = OrderId, Path, description = "The order.")),
    responses((status = 200, description = "The order.", body = OrderView), NotModified, OwnerOnly),
)]
pub(super) async fn read(
    State(orders): State<Orders>,
    buyer: CurrentUser,
    id: PathId<OrderId>,
) -> Result<Versioned<OrderView>, Problem> {
    let order = orders.store.get(id.parse()?).await?;
    let order = owned(order.as_ref(), buyer.id)?;
    Ok(Versioned { version: order.version, caching: Caching::Private, body: order.snapshot().into() })
}
