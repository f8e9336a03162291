//! `GET /orders/{id}/qr.svg`: the order's address as a picture that a door can read.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use common::http::PathId;
use common::{OrderId, Problem};
use fast_qr::QRBuilder;
use fast_qr::convert::Builder;
use fast_qr::convert::svg::SvgBuilder;
use http::HeaderMap;
use http::header::{CONTENT_TYPE, HOST};

use crate::client::Client;

/// What scanners want around a code, in modules (ISO/IEC 18004).
const QUIET_ZONE: usize = 4;

/// The picture. It tells no more than its own address does, so that nobody needs to be asked.
pub(super) async fn show(
    State(client): State<Client>,
    id: PathId<OrderId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let id = id.parse()?;
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let origin = client.context.public_url.clone().unwrap_or_else(|| format!("http://{host}"));
    let picture = code(&format!("{origin}/orders/{id}"))?;
    Ok(([(CONTENT_TYPE, "image/svg+xml")], picture).into_response())
}

/// Dark on light, whatever the page's colours are.
fn code(address: &str) -> Result<String, Problem> {
    let code = QRBuilder::new(address).build().map_err(|error| Problem::internal(error.to_string()))?;
    Ok(SvgBuilder::default().margin(QUIET_ZONE).to_str(&code))
}

#[cfg(test)]
mod tests {
    use super::code;

    #[test]
    fn an_address_becomes_a_picture_without_style_or_script() {
        let svg = code("https://tickets.example/orders/0191").expect("a code");
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>"), "{svg}");
        assert!(!svg.contains("style") && !svg.contains("script"), "{svg}");
    }
}
