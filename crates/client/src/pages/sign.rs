//! The form of signing in and up.

use askama::Template;
use common::http::Query;
use http::StatusCode;
use serde_json::json;

use super::Shown;
use crate::api::ApiError;
use crate::client::Client;
use crate::faults::{Faults, Known};
use crate::form::Form;
use crate::frame::{Frame, sign_in_for};
use crate::next::within_the_site;
use crate::render;
use crate::text::Texts;
use crate::visitor::{Visitor, pass_cookies};

/// Which of the two.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    In,
    Up,
}

#[derive(Template)]
#[template(path = "sign.html")]
struct SignPage {
    frame: Frame,
    way: Way,
    /// What was typed; never the password.
    email: String,
    faults: Faults,
    /// Where to go afterwards.
    next: String,
}

impl SignPage {
    /// The empty form.
    fn blank(visitor: &Visitor, way: Way, next: &str) -> axum::response::Response {
        let page = Self::new(visitor, way, next, "", Faults::none());
        render::page(StatusCode::OK, &page)
    }

    /// The form again, with what is wrong with it.
    fn again(
        visitor: &Visitor,
        way: Way,
        next: &str,
        email: &str,
        error: ApiError,
    ) -> axum::response::Response {
        let t = Frame::of(visitor).t;
        let (status, faults) = Faults::told(t, error, &fields(t));
        render::form(status, faults.retry_after, &Self::new(visitor, way, next, email, faults))
    }

    fn new(visitor: &Visitor, way: Way, next: &str, email: &str, faults: Faults) -> Self {
        let (email, next) = (email.to_owned(), next.to_owned());
        Self { frame: Frame::of(visitor), way, email, faults, next }
    }

    fn is_up(&self) -> bool {
        self.way == Way::Up
    }

    fn action(&self) -> String {
        self.with_next(if self.is_up() { "/auth/signup" } else { "/auth/signin" })
    }

    fn other(&self) -> String {
        self.with_next(if self.is_up() { "/auth/signin" } else { "/auth/signup" })
    }

    fn with_next(&self, page: &str) -> String {
        if self.next == "/" { page.to_owned() } else { sign_in_for(page, &self.next) }
    }
}

/// The form; whoever is signed in already goes on.
pub(super) fn show(way: Way, query: &Query, visitor: &Visitor) -> axum::response::Response {
    let next = within_the_site(query.get("next").unwrap_or_default());
    if visitor.person.is_some() { render::see_other(next) } else { SignPage::blank(visitor, way, next) }
}

/// Sends what was typed, and goes on, signed in.
pub(super) async fn send(way: Way, client: &Client, query: &Query, visitor: &Visitor, form: &Form) -> Shown {
    let next = within_the_site(query.get("next").or(form.filled("next")).unwrap_or_default());
    let email = form.get("email");
    let credentials = json!({ "email": email, "password": form.get("password") });
    let path = match way {
        Way::In => "/api/users/signin",
        Way::Up => "/api/users/signup",
    };
    match client.api.post(&visitor.caller, path, &credentials).await {
        Ok(reply) => {
            let mut response = render::see_other(next);
            pass_cookies(&reply.headers, response.headers_mut());
            Ok(response)
        }
        Err(error) => Ok(SignPage::again(visitor, way, next, email, error)),
    }
}

const fn fields(t: &Texts) -> [Known; 2] {
    [("email", "email", t.sign.email), ("password", "password", t.sign.password)]
}
