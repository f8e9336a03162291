//! The pages, one file for each address.

mod account;
mod buy;
mod cancel;
mod card;
pub(crate) mod checkout;
pub(crate) mod docs;
mod edit;
mod home;
mod mine;
mod offer;
mod orders;
mod sales;
mod sell;
mod sign;
mod sign_in;
mod sign_out;
mod sign_up;
mod ticket;
mod withdraw;

use axum::Router;
use axum::routing::{get, post};
use common::Problem;

use crate::client::Client;

/// What a page's handler gives: a reply, or a problem that becomes an error page.
pub(crate) type Shown = Result<axum::response::Response, Problem>;

/// The addresses of the pages.
pub(crate) fn routes() -> Router<Client> {
    Router::new()
        .route("/", get(home::show))
        .route("/tickets/new", get(sell::show).post(sell::list))
        .route("/tickets/{id}", get(ticket::show))
        .route("/tickets/{id}/edit", get(edit::show).post(edit::save))
        .route("/tickets/{id}/withdraw", post(withdraw::withdraw))
        .route("/tickets/{id}/buy", post(buy::buy))
        .route("/mine", get(mine::show))
        .route("/sales", get(sales::show))
        .route("/orders", get(orders::show))
        .merge(checkout::routes())
        .route("/orders/{id}/cancel", post(cancel::cancel))
        .route("/auth/signup", get(sign_up::show).post(sign_up::sign_up))
        .route("/auth/signin", get(sign_in::show).post(sign_in::sign_in))
        .route("/auth/signout", post(sign_out::sign_out))
        .route("/account", get(account::show).post(account::change))
}
