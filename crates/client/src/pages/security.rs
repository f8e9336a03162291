//! `/account/security`: the ways in which the visitor signs in.

use askama::Template;
use axum::extract::State;
use common::Problem;
use common::http::Query;
use http::StatusCode;
use serde_json::json;

use super::PageResult;
use super::authenticator::{self, Authenticator};
use super::passkeys::{self, Passkey};
use crate::api::ApiError;
use crate::client::Client;
use crate::form::{Form, FormErrors};
use crate::layout::Layout;
use crate::render;
use crate::visitor::{Visitor, redirect_with_cookies};

#[derive(Template)]
#[template(path = "account_security.html")]
struct SecurityPage {
    layout: Layout,
    errors: FormErrors,
    /// Whether the password is to be confirmed before passkeys change.
    must_confirm: bool,
    /// `None` while auth is unavailable.
    authenticator: Option<Authenticator>,
    /// `None` while auth is unavailable.
    passkeys: Option<Vec<Passkey>>,
}

/// `GET /account/security`
pub(crate) async fn show(State(client): State<Client>, query: Query, visitor: Visitor) -> PageResult {
    let must_confirm = query.get("confirm").is_some();
    page(&client, &visitor, StatusCode::OK, FormErrors::none(), must_confirm).await
}

/// `POST /account/security`: sets an authenticator app up or removes it, removes a passkey, or confirms the password,
/// depending on the pressed button.
pub(crate) async fn change(State(client): State<Client>, visitor: Visitor, form: Form) -> PageResult {
    let action = form.get("action");
    let redirect =
        |done: &str, reply| Ok(redirect_with_cookies(&format!("/account/security?done={done}"), &reply));
    let done = match action {
        "begin-authenticator" => authenticator::begin(&client, &visitor, &form).await,
        "confirm-authenticator" => authenticator::confirm(&client, &visitor, &form).await,
        "remove-authenticator" => authenticator::remove(&client, &visitor, &form)
            .await
            .map(|reply| redirect("authenticator-removed", reply)),
        "remove-passkey" => {
            passkeys::remove(&client, &visitor, &form).await?.map(|reply| redirect("passkey-removed", reply))
        }
        "confirm" => {
            let password = json!({ "password": form.get("current") });
            let reply = client.api.post(&visitor.caller, "/api/users/reauthentication", &password).await;
            reply.map(|reply| redirect("confirmed", reply))
        }
        _ => return Err(Problem::not_found()),
    };
    match done {
        Ok(page) => page,
        Err(error) => {
            let must_confirm = action == "confirm" || action == "remove-passkey" && is_stale(&error);
            let field = if action == "confirm" { "current" } else { "password" };
            let (status, errors) = form_errors(&visitor, error, field);
            page(&client, &visitor, status, errors, must_confirm).await
        }
    }
}

fn is_stale(error: &ApiError) -> bool {
    matches!(error, ApiError::Refused(refusal) if refusal.code == "reauthentication-required")
}

/// The errors of the forms; a wrong password belongs to this field.
fn form_errors(visitor: &Visitor, error: ApiError, field: &'static str) -> (StatusCode, FormErrors) {
    let t = Layout::of(visitor).t;
    match error {
        ApiError::Refused(refusal) if refusal.code == "invalid-credentials" => {
            let mut errors = FormErrors::none();
            errors.add(field, t.refusals.wrong_password);
            (refusal.status, errors)
        }
        error => FormErrors::from_api(t, error, &[("password", field, t.security.password)]),
    }
}

async fn page(
    client: &Client,
    visitor: &Visitor,
    status: StatusCode,
    errors: FormErrors,
    must_confirm: bool,
) -> PageResult {
    if visitor.user.is_none() {
        return Ok(visitor.redirect_to_sign_in());
    }
    let (authenticator, passkeys) =
        tokio::join!(authenticator::read(client, visitor), passkeys::list(client, visitor));
    let retry_after = errors.retry_after;
    let page = SecurityPage { layout: Layout::of(visitor), errors, must_confirm, authenticator, passkeys };
    Ok(render::form(status, retry_after, &page))
}
