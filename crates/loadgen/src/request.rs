//! Requests, and those that all contracts have in common.

use http::Method;
use serde_json::{Value, json};

/// The password of each account. The course's app takes 4 to 20 characters, the marketplace 15 and more.
const PASSWORD: &str = "wild geese at dawn";

/// A request of one operation.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) operation: &'static str,
    pub(crate) method: Method,
    /// A path of the target, or a whole URL.
    pub(crate) url: String,
    pub(crate) body: Option<Value>,
    /// A bearer token and a form.
    pub(crate) form: Option<(String, String)>,
    /// The status of success.
    pub(crate) success: u16,
    /// Whether others may have taken the ticket: then a refusal is as good as a success.
    pub(crate) is_contested: bool,
}

impl Request {
    pub(crate) fn new(operation: &'static str, method: Method, url: String, success: u16) -> Self {
        Self { operation, method, url, body: None, form: None, success, is_contested: false }
    }

    pub(crate) fn post(operation: &'static str, url: &str, success: u16, body: Value) -> Self {
        Self { body: Some(body), ..Self::new(operation, Method::POST, url.to_owned(), success) }
    }

    pub(crate) fn get(operation: &'static str, url: String) -> Self {
        Self::new(operation, Method::GET, url, 200)
    }

    pub(crate) fn sign_up(email: &str) -> Self {
        Self::post("sign-up", "/api/users/signup", 201, json!({ "email": email, "password": PASSWORD }))
    }

    pub(crate) fn sign_in(email: &str) -> Self {
        Self::post("sign-in", "/api/users/signin", 200, json!({ "email": email, "password": PASSWORD }))
    }

    pub(crate) fn current_user() -> Self {
        Self::get("current-user", "/api/users/currentuser".to_owned())
    }

    pub(crate) fn browse() -> Self {
        Self::get("browse", "/api/tickets".to_owned())
    }

    pub(crate) fn show(ticket: &str) -> Self {
        Self::get("show", format!("/api/tickets/{ticket}"))
    }

    pub(crate) fn read_order(order: &str) -> Self {
        Self::get("read-order", format!("/api/orders/{order}"))
    }

    pub(crate) fn cancel(order: &str) -> Self {
        Self::new("cancel", Method::DELETE, format!("/api/orders/{order}"), 204)
    }
}
