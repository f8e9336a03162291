//! `/api/users/export` and `/account/export`: everything that the services store about the visitor, as one JSON document.
//!
//! No service calls another one, and the pages call all of them with the visitor's session: so the document is composed here.

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use common::Problem;
use common::http::Caching;
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION};
use http::{HeaderValue, StatusCode};
use serde_json::{Map, Value};

use super::{PageResult, with_cursor};
use crate::api::{ApiError, Caller, ListReply};
use crate::client::Client;
use crate::visitor::Visitor;

/// The lists of the services: the member of the document, and the path.
const LISTS: [(&str, &str); 8] = [
    ("passkeys", "/api/users/passkeys"),
    ("activity", "/api/users/activity?limit=100"),
    ("ticketsListed", "/api/tickets/mine?role=selling&limit=100"),
    ("ticketsHeld", "/api/tickets/mine?role=holding&limit=100"),
    ("ticketsBought", "/api/tickets/mine?role=bought&limit=100"),
    ("orders", "/api/orders?limit=100"),
    ("payments", "/api/payments?limit=100"),
    ("sales", "/api/payments/statement?limit=100"),
];

/// The browser stores the document instead of showing it.
const ATTACHMENT: HeaderValue = HeaderValue::from_static("attachment; filename=\"tickets-account.json\"");

/// `GET /api/users/export`
pub(crate) async fn api(State(client): State<Client>, request: Request) -> PageResult {
    let caller = Caller::from_request(&request, &client.context);
    Ok(attachment(export(&client, &caller).await?))
}

/// `GET /account/export`
pub(crate) async fn download(State(client): State<Client>, visitor: Visitor) -> PageResult {
    if visitor.user.is_none() {
        return Ok(visitor.redirect_to_sign_in());
    }
    Ok(attachment(export(&client, &visitor.caller).await?))
}

fn attachment(document: Map<String, Value>) -> Response {
    let headers = [(CACHE_CONTROL, Caching::Private.header()), (CONTENT_DISPOSITION, ATTACHMENT)];
    (headers, Json(document)).into_response()
}

/// Auth's part, which refuses a caller without a session, and all lists.
async fn export(client: &Client, caller: &Caller) -> Result<Map<String, Value>, Problem> {
    let account = client.api.get(caller, "/api/users/export").await.and_then(|reply| reply.json());
    let mut document: Map<String, Value> = account.map_err(problem)?;
    for (name, path) in LISTS {
        let (mut items, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let page = with_cursor(path, cursor.as_deref());
            let page = client.api.get(caller, &page).await.and_then(|reply| reply.json::<ListReply<Value>>());
            let page = page.map_err(problem)?;
            items.extend(page.items);
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        document.insert(name.to_owned(), Value::Array(items));
    }
    Ok(document)
}

fn problem(error: ApiError) -> Problem {
    match error {
        ApiError::Refused(refusal) if refusal.status == StatusCode::UNAUTHORIZED => Problem::not_signed_in(),
        ApiError::Refused(_) | ApiError::Unavailable => Problem::unavailable(),
    }
}
