//! The pages of the mailbox: the list, and one email.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{Html, IntoResponse, Redirect, Response};

use super::api::get;
use crate::{Address, Email, MailSim};

/// The policy of an email's HTML: no script, no request, and a sandbox of its own. Links open in a new tab.
const HTML_CSP: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox";

#[derive(Template)]
#[template(path = "list.html")]
struct ListPage {
    emails: Vec<Arc<Email>>,
}

#[derive(Template)]
#[template(path = "email.html")]
struct EmailPage {
    email: Arc<Email>,
}

#[derive(Template)]
#[template(path = "missing.html")]
struct MissingPage;

impl ListPage {
    #[expect(clippy::unused_self, reason = "templates call methods")]
    fn names(&self, addresses: &[Address]) -> String {
        names(addresses)
    }
}

impl EmailPage {
    fn recipients(&self) -> String {
        names(&self.email.to)
    }
}

fn names(addresses: &[Address]) -> String {
    addresses.iter().map(|one| one.address.as_str()).collect::<Vec<_>>().join(", ")
}

/// `GET /`: the emails, newest first.
pub(super) async fn list(State(sim): State<MailSim>) -> Response {
    let emails = sim.with_mailbox(|mailbox| mailbox.emails().cloned().collect());
    render(StatusCode::OK, &ListPage { emails })
}

/// `GET /view/{id}`: one email.
pub(super) async fn show(State(sim): State<MailSim>, Path(id): Path<String>) -> Response {
    match get(&sim, &id) {
        Some(email) => render(StatusCode::OK, &EmailPage { email }),
        None => render(StatusCode::NOT_FOUND, &MissingPage),
    }
}

/// `GET /view/{id}/html`: the HTML of an email, for the frame of its page.
pub(super) async fn html(State(sim): State<MailSim>, Path(id): Path<String>) -> Response {
    let Some(email) = get(&sim, &id) else { return render(StatusCode::NOT_FOUND, &MissingPage) };
    // A link leaves the frame.
    let html = match email.html.split_once("<head>") {
        Some((before, after)) => format!("{before}<head><base target=\"_blank\">{after}"),
        None => format!("<base target=\"_blank\">{}", email.html),
    };
    ([(CONTENT_SECURITY_POLICY, HTML_CSP)], Html(html)).into_response()
}

/// `POST /clear`: deletes all emails.
pub(super) async fn clear(State(sim): State<MailSim>) -> Redirect {
    sim.with_mailbox(|mailbox| mailbox.remove(&[]));
    Redirect::to("/")
}

/// `GET /style.css`
pub(super) async fn style() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("../../assets/style.css"))
}

fn render(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(error) => {
            tracing::error!(%error, "cannot render a page");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
