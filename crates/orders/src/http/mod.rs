//! The routes of `/api/orders`.

mod cancel;
mod create;
mod events;
mod list;
mod new_order;
mod order_body;
mod problem;
mod show;

pub(crate) use events::Watching;
pub(crate) use new_order::NewOrder;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::orders::Orders;

pub(crate) fn routes(orders: Orders, watching: Watching) -> OpenApiRouter {
    let events = OpenApiRouter::new().routes(routes!(events::events)).with_state(watching);
    OpenApiRouter::new()
        .routes(routes!(create::create, list::list))
        .routes(routes!(show::show, cancel::cancel))
        .with_state(orders)
        .merge(events)
}
