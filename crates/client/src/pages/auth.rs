//! `/auth/…`: sign in, sign up, sign out.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use common::http::Query;
use http::StatusCode;
use serde_json::json;

use super::{PageResult, factor};
use crate::api::ApiError;
use crate::client::Client;
use crate::form::{FieldNames, Form, FormErrors};
use crate::layout::Layout;
use crate::render;
use crate::return_to::{local_or_home, with_return_to};
use crate::text::Texts;
use crate::visitor::{Visitor, redirect_with_cookies};

/// The two forms, which differ in texts and in the service's route.
#[derive(Clone, Copy, PartialEq, Eq)]
enum AuthForm {
    SignIn,
    SignUp,
}

#[derive(Template)]
#[template(path = "auth.html")]
struct AuthPage {
    layout: Layout,
    form: AuthForm,
    /// As typed; the password is never kept.
    email: String,
    errors: FormErrors,
    /// The page to return to.
    next: String,
}

impl AuthPage {
    fn new(visitor: &Visitor, form: AuthForm, next: &str, email: &str, errors: FormErrors) -> Self {
        let (email, next) = (email.to_owned(), next.to_owned());
        Self { layout: Layout::of(visitor), form, email, errors, next }
    }

    fn is_sign_up(&self) -> bool {
        self.form == AuthForm::SignUp
    }

    fn action(&self) -> String {
        self.with_next(if self.is_sign_up() { "/auth/signup" } else { "/auth/signin" })
    }

    fn other_form(&self) -> String {
        self.with_next(if self.is_sign_up() { "/auth/signin" } else { "/auth/signup" })
    }

    fn with_next(&self, page: &str) -> String {
        if self.next == "/" { page.to_owned() } else { with_return_to(page, &self.next) }
    }
}

/// `GET /auth/signin`
pub(crate) async fn show_sign_in(query: Query, visitor: Visitor) -> Response {
    show(AuthForm::SignIn, &query, &visitor)
}

/// `GET /auth/signup`
pub(crate) async fn show_sign_up(query: Query, visitor: Visitor) -> Response {
    show(AuthForm::SignUp, &query, &visitor)
}

/// The empty form; a signed-in visitor is redirected at once.
fn show(form: AuthForm, query: &Query, visitor: &Visitor) -> Response {
    let next = local_or_home(query.get("next").unwrap_or_default());
    if visitor.user.is_some() {
        return render::see_other(next);
    }
    render::page(StatusCode::OK, &AuthPage::new(visitor, form, next, "", FormErrors::none()))
}

/// `POST /auth/signin`: starts a session.
pub(crate) async fn sign_in(
    State(client): State<Client>,
    query: Query,
    visitor: Visitor,
    form: Form,
) -> Response {
    submit(AuthForm::SignIn, &client, &query, &visitor, &form).await
}

/// `POST /auth/signup`: creates an account and starts a session.
pub(crate) async fn sign_up(
    State(client): State<Client>,
    query: Query,
    visitor: Visitor,
    form: Form,
) -> Response {
    submit(AuthForm::SignUp, &client, &query, &visitor, &form).await
}

async fn submit(form: AuthForm, client: &Client, query: &Query, visitor: &Visitor, sent: &Form) -> Response {
    let next = local_or_home(query.get("next").or(sent.filled("next")).unwrap_or_default());
    let email = sent.get("email");
    let credentials = json!({ "email": email, "password": sent.get("password") });
    let path = match form {
        AuthForm::SignIn => "/api/users/signin",
        AuthForm::SignUp => "/api/users/signup",
    };
    match client.api.post(&visitor.caller, path, &credentials).await {
        Ok(reply) => redirect_with_cookies(next, &reply),
        Err(ApiError::Refused(refusal)) if refusal.code == "second-factor-required" => {
            factor::redirect(client, &refusal, next)
        }
        Err(error) => redisplay(visitor, form, next, email, error),
    }
}

fn redisplay(visitor: &Visitor, form: AuthForm, next: &str, email: &str, error: ApiError) -> Response {
    let t = Layout::of(visitor).t;
    let (status, errors) = FormErrors::from_api(t, error, &fields(t));
    render::form(status, errors.retry_after, &AuthPage::new(visitor, form, next, email, errors))
}

const fn fields(t: &Texts) -> [FieldNames; 2] {
    [("email", "email", t.auth.email), ("password", "password", t.auth.password)]
}

/// `POST /auth/signout`: ends the session.
pub(crate) async fn sign_out(State(client): State<Client>, visitor: Visitor) -> PageResult {
    let reply = client.api.post(&visitor.caller, "/api/users/signout", &json!({})).await?;
    Ok(redirect_with_cookies("/?done=signed-out", &reply))
}
