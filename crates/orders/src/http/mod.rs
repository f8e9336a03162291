//! The routes of `/api/orders`.

mod cancel;
mod create;
mod read;
mod response;
mod stream;

pub(crate) use create::NewOrder;
pub(crate) use stream::FeedState;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Orders;

pub(crate) fn routes(orders: Orders, feed: FeedState) -> OpenApiRouter {
    let stream = OpenApiRouter::new().routes(routes!(stream::stream)).with_state(feed);
    OpenApiRouter::new()
        .routes(routes!(create::create, read::list))
        .routes(routes!(read::read, cancel::cancel))
        .with_state(orders)
        .merge(stream)
}
