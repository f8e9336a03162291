//! `/account/security`: the ways in which the visitor signs in.

use askama::Template;
use axum::extract::State;
use common::Problem;
use http::StatusCode;

use super::PageResult;
use super::authenticator::{self, Authenticator};
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
    /// `None` while auth is unavailable.
    authenticator: Option<Authenticator>,
}

/// `GET /account/security`
pub(crate) async fn show(State(client): State<Client>, visitor: Visitor) -> PageResult {
    page(&client, &visitor, StatusCode::OK, FormErrors::none()).await
}

/// `POST /account/security`: sets an authenticator app up or removes it, depending on the pressed button.
pub(crate) async fn change(State(client): State<Client>, visitor: Visitor, form: Form) -> PageResult {
    let done = match form.get("action") {
        "begin-authenticator" => authenticator::begin(&client, &visitor, &form).await,
        "confirm-authenticator" => authenticator::confirm(&client, &visitor, &form).await,
        "remove-authenticator" => authenticator::remove(&client, &visitor, &form)
            .await
            .map(|reply| Ok(redirect_with_cookies("/account/security?done=authenticator-removed", &reply))),
        _ => return Err(Problem::not_found()),
    };
    match done {
        Ok(page) => page,
        Err(error) => {
            let (status, errors) = form_errors(&visitor, error);
            page(&client, &visitor, status, errors).await
        }
    }
}

/// The errors of the forms; a wrong password belongs to its field.
fn form_errors(visitor: &Visitor, error: ApiError) -> (StatusCode, FormErrors) {
    let t = Layout::of(visitor).t;
    match error {
        ApiError::Refused(refusal) if refusal.code == "invalid-credentials" => {
            let mut errors = FormErrors::none();
            errors.add("password", t.refusals.wrong_password);
            (refusal.status, errors)
        }
        error => FormErrors::from_api(t, error, &[("password", "password", t.security.password)]),
    }
}

async fn page(client: &Client, visitor: &Visitor, status: StatusCode, errors: FormErrors) -> PageResult {
    if visitor.user.is_none() {
        return Ok(visitor.redirect_to_sign_in());
    }
    let authenticator = authenticator::read(client, visitor).await;
    let retry_after = errors.retry_after;
    let page = SecurityPage { layout: Layout::of(visitor), errors, authenticator };
    Ok(render::form(status, retry_after, &page))
}
