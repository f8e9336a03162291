//! `/account`: the address, the devices and the password.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use common::{SessionId, Time};
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use super::Shown;
use super::card::Listed;
use crate::api::{ApiError, Reply};
use crate::client::Client;
use crate::faults::{Faults, Known};
use crate::form::Form;
use crate::frame::Frame;
use crate::text::{ENGLISH, Texts};
use crate::visitor::{Person, Visitor, pass_cookies};
use crate::when::When;
use crate::{device, render};

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    frame: Frame,
    person: Person,
    faults: Faults,
    /// `None`: they cannot be shown right now.
    devices: Option<Vec<Device>>,
}

/// Where somebody is signed in.
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
        self.user_agent.as_deref().filter(|name| !name.is_empty()).map(device::name)
    }

    fn since(&self) -> When {
        self.created_at.into()
    }

    fn last_seen(&self) -> When {
        self.last_seen_at.into()
    }
}

/// The account.
pub(crate) async fn show(State(client): State<Client>, visitor: Visitor) -> Shown {
    page(&client, &visitor, StatusCode::OK, Faults::none()).await
}

/// Changes the password or signs devices out, as the pressed button says.
pub(crate) async fn change(State(client): State<Client>, visitor: Visitor, form: Form) -> Shown {
    let (caller, api) = (&visitor.caller, &client.api);
    let (done, changed) = match form.get("action") {
        "revoke" => {
            let Ok(id) = form.get("session").parse::<SessionId>() else {
                return Err(common::Problem::not_found());
            };
            ("revoked", api.delete(caller, &format!("/api/users/sessions/{id}")).await)
        }
        "revoke-all" => ("revoked-all", api.delete(caller, "/api/users/sessions").await),
        _ => {
            let passwords = json!({ "current": form.get("current"), "new": form.get("new") });
            ("password", api.put(caller, "/api/users/password", &passwords).await)
        }
    };
    match changed {
        Ok(reply) => Ok(done_with(&reply, done)),
        Err(error) => {
            let (status, faults) = faults(error);
            page(&client, &visitor, status, faults).await
        }
    }
}

fn done_with(reply: &Reply, done: &str) -> Response {
    let mut response = render::see_other(&format!("/account?done={done}"));
    pass_cookies(&reply.headers, response.headers_mut());
    response
}

/// What a service said; a wrong current password is a fault of its field.
fn faults(error: ApiError) -> (StatusCode, Faults) {
    let t = &ENGLISH;
    match error {
        ApiError::Refused(refusal) if refusal.code == "invalid-credentials" => {
            let mut faults = Faults::none();
            faults.add("current", t.refusals.wrong_password);
            (refusal.status, faults)
        }
        error => Faults::told(t, error, &fields(t)),
    }
}

const fn fields(t: &Texts) -> [Known; 2] {
    [("current", "current", t.account.current), ("new", "new", t.account.new)]
}

async fn page(client: &Client, visitor: &Visitor, status: StatusCode, faults: Faults) -> Shown {
    let Some(person) = visitor.person.clone() else { return Ok(visitor.sent_to_sign_in()) };
    let asked = client.api.get(&visitor.caller, "/api/users/sessions").await;
    let devices = match asked.and_then(|reply| reply.json::<Listed<Device>>()) {
        Ok(listed) => Some(listed.items),
        Err(_) => None,
    };
    let wait = faults.retry_after;
    let page = AccountPage { frame: Frame::of(visitor), person, faults, devices };
    Ok(render::form(status, wait, &page))
}
