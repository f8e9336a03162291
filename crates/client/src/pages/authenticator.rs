//! The visitor's authenticator app, a section of `/account/security`.

use askama::Template;
use axum::response::Response;
use common::{Problem, Time};
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use crate::api::{ApiError, Reply};
use crate::client::Client;
use crate::datetime::TimeTag;
use crate::form::{Form, FormErrors};
use crate::layout::Layout;
use crate::text::Texts;
use crate::visitor::Visitor;
use crate::{qr, render};

/// The longest `otpauth:` address, far above one with the longest email address: bounds the QR code.
const MAX_URI_LENGTH: usize = 700;

/// The state of the visitor's authenticator app.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Authenticator {
    since: Option<Time>,
    recovery_codes_left: usize,
}

/// An app that waits for its first code.
#[derive(Deserialize)]
struct NewAuthenticator {
    secret: String,
    uri: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RecoveryCodes {
    recovery_codes: Vec<String>,
}

#[derive(Template)]
#[template(path = "security/setup.html")]
struct SetupPage {
    layout: Layout,
    errors: FormErrors,
    secret: String,
    uri: String,
    /// The address as SVG.
    qr: String,
}

#[derive(Template)]
#[template(path = "security/recovery_codes.html")]
struct RecoveryCodesPage {
    layout: Layout,
    codes: Vec<String>,
}

impl Authenticator {
    /// Since when sign-ins require the app.
    pub(super) fn since(&self) -> Option<TimeTag> {
        self.since.map(TimeTag::from)
    }

    /// How many recovery codes are left.
    pub(super) fn codes_left(&self, t: &Texts) -> String {
        match self.recovery_codes_left {
            0 => t.security.codes_none.to_owned(),
            1 => t.security.codes_left_one.to_owned(),
            left => t.security.codes_left.replace("{n}", &left.to_string()),
        }
    }
}

/// The state of the visitor's app; `None` while auth is unavailable.
pub(super) async fn read(client: &Client, visitor: &Visitor) -> Option<Authenticator> {
    client.api.get(&visitor.caller, "/api/users/totp").await.and_then(|reply| reply.json()).ok()
}

/// Begins to set an app up, and returns the page with its secret.
pub(super) async fn begin(
    client: &Client,
    visitor: &Visitor,
    form: &Form,
) -> Result<Result<Response, Problem>, ApiError> {
    let password = json!({ "password": form.get("password") });
    let reply = client.api.post(&visitor.caller, "/api/users/totp", &password).await?;
    let new: NewAuthenticator = reply.json()?;
    Ok(setup(visitor, StatusCode::OK, FormErrors::none(), new))
}

/// Confirms the app by one of its codes, and returns the page with the recovery codes.
pub(super) async fn confirm(
    client: &Client,
    visitor: &Visitor,
    form: &Form,
) -> Result<Result<Response, Problem>, ApiError> {
    let code = json!({ "code": form.get("code") });
    let sent = client.api.post(&visitor.caller, "/api/users/totp/confirm", &code).await;
    let t = Layout::of(visitor).t;
    let error = match sent.and_then(|reply| reply.json::<RecoveryCodes>()) {
        Ok(RecoveryCodes { recovery_codes: codes }) => {
            let page = RecoveryCodesPage { layout: Layout::of(visitor), codes };
            return Ok(Ok(render::page(StatusCode::OK, &page)));
        }
        // The page shows the secret again, as the browser has it.
        Err(ApiError::Refused(refusal)) if refusal.code == "invalid-code" => {
            let mut errors = FormErrors::none();
            errors.add("code", t.security.invalid_code);
            (refusal.status, errors)
        }
        Err(error @ ApiError::Refused(_)) if form.get("code").is_empty() => {
            FormErrors::from_api(t, error, &[("code", "code", t.security.code)])
        }
        Err(error) => return Err(error),
    };
    let (status, errors) = error;
    let new = NewAuthenticator { secret: form.get("secret").to_owned(), uri: form.get("uri").to_owned() };
    Ok(setup(visitor, status, errors, new))
}

/// Removes the app.
pub(super) async fn remove(client: &Client, visitor: &Visitor, form: &Form) -> Result<Reply, ApiError> {
    let password = json!({ "password": form.get("password") });
    client.api.delete_with(&visitor.caller, "/api/users/totp", &password).await
}

fn setup(
    visitor: &Visitor,
    status: StatusCode,
    errors: FormErrors,
    new: NewAuthenticator,
) -> Result<Response, Problem> {
    let NewAuthenticator { secret, uri } = new;
    if !uri.starts_with("otpauth://totp/") || uri.len() > MAX_URI_LENGTH {
        return Ok(render::see_other("/account/security"));
    }
    let page = SetupPage { layout: Layout::of(visitor), errors, qr: qr::code(&uri)?, secret, uri };
    Ok(render::page(status, &page))
}
