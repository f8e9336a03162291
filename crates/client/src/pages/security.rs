//! `/account/security`: the ways in which the visitor signs in.

use askama::Template;
use axum::extract::State;
use http::StatusCode;

use super::PageResult;
use super::passkeys::{self, Passkey};
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
    passkeys: Option<Vec<Passkey>>,
}

/// `GET /account/security`
pub(crate) async fn show(State(client): State<Client>, visitor: Visitor) -> PageResult {
    page(&client, &visitor, StatusCode::OK, FormErrors::none()).await
}

/// `POST /account/security`: removes a passkey.
pub(crate) async fn change(State(client): State<Client>, visitor: Visitor, form: Form) -> PageResult {
    match passkeys::remove(&client, &visitor, &form).await? {
        Ok(reply) => Ok(redirect_with_cookies("/account/security?done=passkey-removed", &reply)),
        Err(error) => {
            let (status, errors) = FormErrors::from_api(Layout::of(&visitor).t, error, &[]);
            page(&client, &visitor, status, errors).await
        }
    }
}

async fn page(client: &Client, visitor: &Visitor, status: StatusCode, errors: FormErrors) -> PageResult {
    if visitor.user.is_none() {
        return Ok(visitor.redirect_to_sign_in());
    }
    let passkeys = passkeys::list(client, visitor).await;
    let retry_after = errors.retry_after;
    let page = SecurityPage { layout: Layout::of(visitor), errors, passkeys };
    Ok(render::form(status, retry_after, &page))
}
