//! `GET /orders/{id}/qr.svg`: the URL of the order as a QR code.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use common::http::PathId;
use common::{OrderId, Problem};
use http::HeaderMap;
use http::header::CONTENT_TYPE;

use crate::client::Client;
use crate::qr;

/// Needs no session: the code reveals only its own address.
pub(crate) async fn show(
    State(client): State<Client>,
    id: PathId<OrderId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let id = id.parse()?;
    let origin = client.origin(&headers).unwrap_or_default();
    let svg = qr::code(&format!("{origin}/orders/{id}"))?;
    Ok(([(CONTENT_TYPE, "image/svg+xml")], svg).into_response())
}
