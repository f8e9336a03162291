//! `/auth/signin`: start a session.

use axum::extract::State;
use common::http::Query;
use serde_json::json;

use super::Shown;
use super::sign::{SignPage, Way};
use crate::client::Client;
use crate::form::Form;
use crate::next::within_the_site;
use crate::render;
use crate::visitor::{Visitor, pass_cookies};

/// The form; whoever is signed in already goes on.
pub(crate) async fn show(query: Query, visitor: Visitor) -> Shown {
    let next = within_the_site(query.get("next").unwrap_or_default());
    if visitor.person.is_some() {
        return Ok(render::see_other(next));
    }
    Ok(SignPage::blank(&visitor, Way::In, next))
}

/// Starts a session and goes on.
pub(crate) async fn sign_in(
    State(client): State<Client>,
    query: Query,
    visitor: Visitor,
    form: Form,
) -> Shown {
    let next = within_the_site(query.get("next").or(form.filled("next")).unwrap_or_default());
    let email = form.get("email");
    let credentials = json!({ "email": email, "password": form.get("password") });
    match client.api.post(&visitor.caller, "/api/users/signin", &credentials).await {
        Ok(reply) => {
            let mut response = render::see_other(next);
            pass_cookies(&reply.headers, response.headers_mut());
            Ok(response)
        }
        Err(error) => Ok(SignPage::again(&visitor, Way::In, next, email, error)),
    }
}
