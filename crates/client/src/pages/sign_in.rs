//! `/auth/signin`: start a session.

use axum::extract::State;
use common::http::Query;

use super::Shown;
use super::sign::{self, Way};
use crate::client::Client;
use crate::form::Form;
use crate::visitor::Visitor;

/// The form; whoever is signed in already goes on.
pub(crate) async fn show(query: Query, visitor: Visitor) -> Shown {
    Ok(sign::show(Way::In, &query, &visitor))
}

/// Starts a session and goes on.
pub(crate) async fn sign_in(
    State(client): State<Client>,
    query: Query,
    visitor: Visitor,
    form: Form,
) -> Shown {
    sign::send(Way::In, &client, &query, &visitor, &form).await
}
