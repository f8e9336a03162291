//! The form of signing in and up.

use askama::Template;
use http::StatusCode;

use crate::api::ApiError;
use crate::faults::{Faults, Known};
use crate::frame::{Frame, sign_in_for};
use crate::render;
use crate::text::Texts;
use crate::visitor::Visitor;

/// Which of the two.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    In,
    Up,
}

#[derive(Template)]
#[template(path = "sign.html")]
pub(super) struct SignPage {
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
    pub(super) fn blank(visitor: &Visitor, way: Way, next: &str) -> axum::response::Response {
        let page = Self::new(visitor, way, next, "", Faults::none());
        render::page(StatusCode::OK, &page)
    }

    /// The form again, with what is wrong with it.
    pub(super) fn again(
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

const fn fields(t: &Texts) -> [Known; 2] {
    [("email", "email", t.sign.email), ("password", "password", t.sign.password)]
}
