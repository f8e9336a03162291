//! The routes of `/api/tickets`.

mod create;
mod edit;
mod list_query;
mod read;
mod reply_cache;
mod response;
mod stream;
mod withdraw;

pub(crate) use reply_cache::{Basis, ReplyCache};
pub(crate) use stream::FeedState;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Tickets;

pub(crate) fn routes(tickets: Tickets, feed: FeedState) -> OpenApiRouter {
    let stream = OpenApiRouter::new().routes(routes!(stream::stream)).with_state(feed);
    OpenApiRouter::new()
        .routes(routes!(read::list, create::create))
        .routes(routes!(read::mine))
        .routes(routes!(read::read, edit::edit, withdraw::withdraw))
        .with_state(tickets)
        .merge(stream)
}
