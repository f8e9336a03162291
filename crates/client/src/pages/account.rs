//! `/account`: the email address with its verification, the devices and the password.

use askama::Template;
use axum::extract::State;
use common::{Problem, SessionId, Time, user_agent};
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use super::PageResult;
use crate::api::{ApiError, ListReply};
use crate::client::Client;
use crate::datetime::TimeTag;
use crate::form::{FieldNames, Form, FormErrors};
use crate::layout::Layout;
use crate::render;
use crate::text::{ENGLISH, Texts};
use crate::visitor::{User, Visitor, redirect_with_cookies};

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    layout: Layout,
    user: User,
    errors: FormErrors,
    /// The new address as typed.
    new_email: String,
    /// `None` while auth is unavailable.
    devices: Option<Vec<Device>>,
}

/// A session of the user.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Device {
    id: SessionId,
    created_at: Time,
    last_seen_at: Time,
    user_agent: Option<String>,
    current: bool,
}

impl Device {
    fn name(&self) -> Option<String> {
        self.user_agent.as_deref().filter(|name| !name.is_empty()).map(user_agent::display_name)
    }

    fn since(&self) -> TimeTag {
        self.created_at.into()
    }

    fn last_seen(&self) -> TimeTag {
        self.last_seen_at.into()
    }
}

/// `GET /account`
pub(crate) async fn show(State(client): State<Client>, visitor: Visitor) -> PageResult {
    page(&client, &visitor, StatusCode::OK, FormErrors::none(), "").await
}

/// `POST /account`: changes the password or the address, sends the verification email again, or signs devices out,
/// depending on the pressed button.
pub(crate) async fn change(State(client): State<Client>, visitor: Visitor, form: Form) -> PageResult {
    let (caller, api) = (&visitor.caller, &client.api);
    let (done, result) = match form.get("action") {
        "revoke" => {
            let Ok(id) = form.get("session").parse::<SessionId>() else {
                return Err(Problem::not_found());
            };
            ("revoked", api.delete(caller, &format!("/api/users/sessions/{id}")).await)
        }
        "revoke-all" => ("revoked-all", api.delete(caller, "/api/users/sessions").await),
        "send-verification" => {
            ("verification", api.post(caller, "/api/users/verification", &json!({})).await)
        }
        "email" => {
            let change = json!({ "email": form.get("email"), "password": form.get("password") });
            ("email", api.put(caller, "/api/users/email", &change).await)
        }
        _ => {
            let passwords = json!({ "current": form.get("current"), "new": form.get("new") });
            ("password", api.put(caller, "/api/users/password", &passwords).await)
        }
    };
    match result {
        Ok(reply) => Ok(redirect_with_cookies(&format!("/account?done={done}"), &reply)),
        Err(error) => {
            let password = if done == "email" { "password" } else { "current" };
            let (status, errors) = form_errors(error, password);
            page(&client, &visitor, status, errors, form.get("email")).await
        }
    }
}

/// The errors of a form; a wrong current password belongs to the field `password`.
fn form_errors(error: ApiError, password: &'static str) -> (StatusCode, FormErrors) {
    let t = &ENGLISH;
    match error {
        ApiError::Refused(refusal) if refusal.code == "invalid-credentials" => {
            let mut errors = FormErrors::none();
            errors.add(password, t.refusals.wrong_password);
            (refusal.status, errors)
        }
        error => FormErrors::from_api(t, error, &fields(t)),
    }
}

const fn fields(t: &Texts) -> [FieldNames; 4] {
    [
        ("current", "current", t.account.current),
        ("new", "new", t.account.new),
        ("email", "email", t.account.new_email),
        ("password", "password", t.account.current),
    ]
}

async fn page(
    client: &Client,
    visitor: &Visitor,
    status: StatusCode,
    errors: FormErrors,
    new_email: &str,
) -> PageResult {
    let Some(user) = visitor.user.clone() else { return Ok(visitor.redirect_to_sign_in()) };
    let reply = client.api.get(&visitor.caller, "/api/users/sessions").await;
    let devices = reply.and_then(|reply| reply.json::<ListReply<Device>>()).ok().map(|list| list.items);
    let retry_after = errors.retry_after;
    let page =
        AccountPage { layout: Layout::of(visitor), user, errors, new_email: new_email.to_owned(), devices };
    Ok(render::form(status, retry_after, &page))
}
