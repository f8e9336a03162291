//! The pages and their routes; a form's POST is beside its page.

mod account;
mod actions;
mod activity;
mod auth;
mod authenticator;
mod checkout;
pub(crate) mod docs;
mod edit;
mod email_links;
mod factor;
mod home;
mod mine;
mod orders;
mod sales;
mod security;
mod sell;
mod ticket;
pub(crate) mod ticket_card;
mod ticket_form;

use axum::Router;
use axum::response::Response;
use axum::routing::{get, post};
use common::Problem;

use crate::client::Client;

/// The result of a page's handler: a response, or a problem that becomes an error page.
pub(crate) type PageResult = Result<Response, Problem>;

/// The routes of the pages.
pub(crate) fn routes() -> Router<Client> {
    Router::new()
        .route("/", get(home::show))
        .route("/tickets/new", get(sell::show).post(sell::list))
        .route("/tickets/{id}", get(ticket::show))
        .route("/tickets/{id}/edit", get(edit::show).post(edit::save))
        .route("/tickets/{id}/withdraw", post(actions::withdraw))
        .route("/tickets/{id}/buy", post(actions::buy))
        .route("/mine", get(mine::show))
        .route("/sales", get(sales::show))
        .route("/orders", get(orders::show))
        .route("/orders/{id}", get(checkout::show))
        .route("/orders/{id}/qr.svg", get(checkout::qr::show))
        .route("/orders/{id}/cancel", post(actions::cancel))
        .route("/auth/signup", get(auth::show_sign_up).post(auth::sign_up))
        .route("/auth/signin", get(auth::show_sign_in).post(auth::sign_in))
        .route("/auth/factor", get(factor::show).post(factor::send))
        .route("/auth/signout", post(auth::sign_out))
        .route("/auth/verify", get(email_links::show_verify).post(email_links::verify))
        .route("/auth/forgotten", get(email_links::show_forgotten).post(email_links::forgotten))
        .route("/auth/reset", get(email_links::show_reset).post(email_links::reset))
        .route("/account", get(account::show).post(account::change))
        .route("/account/security", get(security::show).post(security::change))
        .route("/account/activity", get(activity::show))
}

/// The address of a list's page that begins at `cursor`.
fn with_cursor(path: &str, cursor: Option<&str>) -> String {
    let Some(cursor) = cursor else { return path.to_owned() };
    let query = serde_urlencoded::to_string([("cursor", cursor)]).unwrap_or_default();
    format!("{path}?{query}")
}
