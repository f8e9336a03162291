//! `POST /auth/signout`: end the session.

use axum::extract::State;
use serde_json::json;

use super::Shown;
use crate::client::Client;
use crate::render;
use crate::visitor::{Visitor, pass_cookies};

/// Ends the session.
pub(crate) async fn sign_out(State(client): State<Client>, visitor: Visitor) -> Shown {
    let reply = client.api.post(&visitor.caller, "/api/users/signout", &json!({})).await?;
    let mut response = render::see_other("/?done=signed-out");
    pass_cookies(&reply.headers, response.headers_mut());
    Ok(response)
}
