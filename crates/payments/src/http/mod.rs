//! The routes.

mod create;
mod read;
mod receipt;
mod response;
mod statement;
mod stripe_signature;
mod webhook;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Payments;

/// The path of Stripe's webhooks. Stripe signs them, so the rules for browsers do not apply.
pub(crate) const WEBHOOK: &str = "/api/payments/webhook";

pub(crate) fn routes(payments: Payments) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(create::create, read::list))
        .routes(routes!(read::read))
        .routes(routes!(receipt::receipt))
        .routes(routes!(statement::statement))
        .routes(routes!(webhook::webhook))
        .with_state(payments)
}
