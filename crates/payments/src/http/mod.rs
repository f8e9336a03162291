//! The routes.

mod create;
mod list;
mod read;
mod receipt;
mod refusal;
mod signature;
mod statement;
mod view;
mod webhook;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Payments;

/// Where Stripe tells what happened. It signs what it sends, so the rules for browsers do not apply.
pub(crate) const WEBHOOK: &str = "/api/payments/webhook";

pub(crate) fn routes(payments: Payments) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(create::create, list::list))
        .routes(routes!(read::read))
        .routes(routes!(receipt::receipt))
        .routes(routes!(statement::statement))
        .routes(routes!(webhook::webhook))
        .with_state(payments)
}
