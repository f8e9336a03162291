//! `/auth/factor`: the second factor of a sign-in.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use common::http::{HostCookie, Query};
use http::header::SET_COOKIE;
use http::{HeaderMap, StatusCode};
use serde_json::json;

use crate::api::{ApiError, Refusal};
use crate::client::Client;
use crate::form::{Form, FormErrors};
use crate::layout::Layout;
use crate::render;
use crate::return_to::{local_or_home, with_return_to};
use crate::visitor::{Visitor, redirect_with_cookies};

#[derive(Template)]
#[template(path = "factor.html")]
struct FactorPage {
    layout: Layout,
    errors: FormErrors,
    /// The page to return to.
    next: String,
}

impl FactorPage {
    fn action(&self) -> String {
        with_next("/auth/factor", &self.next)
    }

    fn sign_in(&self) -> String {
        with_next("/auth/signin", &self.next)
    }
}

fn with_next(page: &str, next: &str) -> String {
    if next == "/" { page.to_owned() } else { with_return_to(page, next) }
}

/// A redirect to the page, after a sign-in with the right password. The challenge waits in a cookie, so that no address
/// contains it.
pub(super) fn redirect(client: &Client, refusal: &Refusal, next: &str) -> Response {
    let mut response = render::see_other(&with_next("/auth/factor", next));
    let challenge = refusal.challenge.as_deref().unwrap_or_default();
    if let Some(cookie) = HostCookie::challenge(&client.context).set(challenge) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

fn challenge(client: &Client, headers: &HeaderMap) -> Option<String> {
    HostCookie::challenge(&client.context).values(headers).next().filter(|challenge| !challenge.is_empty())
}

/// `GET /auth/factor`: the form for the code.
pub(crate) async fn show(
    State(client): State<Client>,
    query: Query,
    headers: HeaderMap,
    visitor: Visitor,
) -> Response {
    let next = local_or_home(query.get("next").unwrap_or_default());
    if visitor.user.is_some() {
        return render::see_other(next);
    }
    if challenge(&client, &headers).is_none() {
        return render::see_other(&with_next("/auth/signin", next));
    }
    page(&visitor, StatusCode::OK, FormErrors::none(), next)
}

/// `POST /auth/factor`: completes the sign-in.
pub(crate) async fn send(
    State(client): State<Client>,
    query: Query,
    headers: HeaderMap,
    visitor: Visitor,
    form: Form,
) -> Response {
    let next = local_or_home(query.get("next").or(form.filled("next")).unwrap_or_default());
    let Some(challenge) = challenge(&client, &headers) else {
        return render::see_other(&with_next("/auth/signin", next));
    };
    let body = json!({ "challenge": challenge, "code": form.get("code") });
    match client.api.post(&visitor.caller, "/api/users/signin/factor", &body).await {
        Ok(reply) => {
            let mut response = redirect_with_cookies(next, &reply);
            if let Some(cookie) = HostCookie::challenge(&client.context).clear() {
                response.headers_mut().append(SET_COOKIE, cookie);
            }
            response
        }
        Err(error) => {
            let (status, errors) = errors(&visitor, error);
            page(&visitor, status, errors, next)
        }
    }
}

/// The errors of the form; a wrong code belongs to its field.
fn errors(visitor: &Visitor, error: ApiError) -> (StatusCode, FormErrors) {
    let t = Layout::of(visitor).t;
    match error {
        ApiError::Refused(refusal) if refusal.code == "invalid-code" => {
            let mut errors = FormErrors::none();
            errors.add("code", t.security.invalid_code);
            (refusal.status, errors)
        }
        error => FormErrors::from_api(t, error, &[("code", "code", t.factor.code)]),
    }
}

fn page(visitor: &Visitor, status: StatusCode, errors: FormErrors, next: &str) -> Response {
    let retry_after = errors.retry_after;
    let page = FactorPage { layout: Layout::of(visitor), errors, next: next.to_owned() };
    render::form(status, retry_after, &page)
}
