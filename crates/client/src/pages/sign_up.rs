//! `/auth/signup`: open an account.

use axum::extract::State;
use common::http::Query;

use super::Shown;
use super::sign::{self, Way};
use crate::client::Client;
use crate::form::Form;
use crate::visitor::Visitor;

/// The form; whoever is signed in already goes on.
pub(crate) async fn show(query: Query, visitor: Visitor) -> Shown {
    Ok(sign::show(Way::Up, &query, &visitor))
}

/// Opens an account and goes on, signed in.
pub(crate) async fn sign_up(
    State(client): State<Client>,
    query: Query,
    visitor: Visitor,
    form: Form,
) -> Shown {
    sign::send(Way::Up, &client, &query, &visitor, &form).await
}
