//! `/auth/verify`, `/auth/forgotten` and `/auth/reset`: the pages of the links in emails.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use common::http::Query;
use http::StatusCode;
use serde_json::json;

use crate::api::ApiError;
use crate::client::Client;
use crate::form::{FieldNames, Form, FormErrors};
use crate::layout::Layout;
use crate::render;
use crate::visitor::{Visitor, redirect_with_cookies};

#[derive(Template)]
#[template(path = "verify.html")]
struct VerifyPage {
    layout: Layout,
    token: String,
    errors: FormErrors,
}

#[derive(Template)]
#[template(path = "forgotten.html")]
struct ForgottenPage {
    layout: Layout,
    /// As typed.
    email: String,
    /// Whether the request was accepted.
    is_sent: bool,
    errors: FormErrors,
}

#[derive(Template)]
#[template(path = "reset.html")]
struct ResetPage {
    layout: Layout,
    token: String,
    errors: FormErrors,
}

/// `GET /auth/verify`: a button, since programs that scan emails follow links and press none.
pub(crate) async fn show_verify(query: Query, visitor: Visitor) -> Response {
    let token = query.get("token").unwrap_or_default().to_owned();
    let page = VerifyPage { layout: Layout::of(&visitor), token, errors: FormErrors::none() };
    render::page(StatusCode::OK, &page)
}

/// `POST /auth/verify`: verifies the address, or changes it.
pub(crate) async fn verify(State(client): State<Client>, visitor: Visitor, form: Form) -> Response {
    let body = json!({ "token": form.get("token") });
    match client.api.post(&visitor.caller, "/api/users/verify", &body).await {
        Ok(reply) => {
            let page = if visitor.user.is_some() { "/account" } else { "/auth/signin" };
            redirect_with_cookies(&format!("{page}?done=verified"), &reply)
        }
        Err(error) => {
            let (status, errors) = errors(&visitor, error, &[]);
            let token = form.get("token").to_owned();
            let retry_after = errors.retry_after;
            render::form(status, retry_after, &VerifyPage { layout: Layout::of(&visitor), token, errors })
        }
    }
}

/// `GET /auth/forgotten`: the form for the address.
pub(crate) async fn show_forgotten(visitor: Visitor) -> Response {
    forgotten_page(&visitor, StatusCode::OK, "", false, FormErrors::none())
}

/// `POST /auth/forgotten`: requests a link. The page is the same whether or not the address has an account.
pub(crate) async fn forgotten(State(client): State<Client>, visitor: Visitor, form: Form) -> Response {
    let email = form.get("email");
    let body = json!({ "email": email });
    match client.api.post(&visitor.caller, "/api/users/password/forgotten", &body).await {
        Ok(_) => forgotten_page(&visitor, StatusCode::OK, email, true, FormErrors::none()),
        Err(error) => {
            let label = Layout::of(&visitor).t.auth.email;
            let (status, errors) = errors(&visitor, error, &[("email", "email", label)]);
            forgotten_page(&visitor, status, email, false, errors)
        }
    }
}

fn forgotten_page(
    visitor: &Visitor,
    status: StatusCode,
    email: &str,
    is_sent: bool,
    errors: FormErrors,
) -> Response {
    let retry_after = errors.retry_after;
    let page = ForgottenPage { layout: Layout::of(visitor), email: email.trim().to_owned(), is_sent, errors };
    render::form(status, retry_after, &page)
}

/// `GET /auth/reset`: the form for the new password.
pub(crate) async fn show_reset(query: Query, visitor: Visitor) -> Response {
    let token = query.get("token").unwrap_or_default().to_owned();
    let page = ResetPage { layout: Layout::of(&visitor), token, errors: FormErrors::none() };
    render::page(StatusCode::OK, &page)
}

/// `POST /auth/reset`: sets the password.
pub(crate) async fn reset(State(client): State<Client>, visitor: Visitor, form: Form) -> Response {
    let body = json!({ "token": form.get("token"), "new": form.get("new") });
    match client.api.post(&visitor.caller, "/api/users/password/reset", &body).await {
        Ok(reply) => redirect_with_cookies("/auth/signin?done=reset", &reply),
        Err(error) => {
            let label = Layout::of(&visitor).t.links.new;
            let (status, errors) = errors(&visitor, error, &[("new", "new", label)]);
            let token = form.get("token").to_owned();
            let retry_after = errors.retry_after;
            render::form(status, retry_after, &ResetPage { layout: Layout::of(&visitor), token, errors })
        }
    }
}

fn errors(visitor: &Visitor, error: ApiError, fields: &[FieldNames]) -> (StatusCode, FormErrors) {
    FormErrors::from_api(Layout::of(visitor).t, error, fields)
}
