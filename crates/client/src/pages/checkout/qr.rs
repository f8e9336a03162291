//! `GET /orders/{id}/qr.svg`: the URL of the order as a QR code.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use common::http::PathId;
use common::{OrderId, Problem};
use fast_qr::QRBuilder;
use fast_qr::convert::Builder;
use fast_qr::convert::svg::SvgBuilder;
use http::HeaderMap;
use http::header::CONTENT_TYPE;

use crate::client::Client;

/// The margin that scanners need, in modules (ISO/IEC 18004).
const QUIET_ZONE: usize = 4;

/// Needs no session: the code reveals only its own address.
pub(crate) async fn show(
    State(client): State<Client>,
    id: PathId<OrderId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let id = id.parse()?;
    let origin = client.origin(&headers).unwrap_or_default();
    let svg = code(&format!("{origin}/orders/{id}"))?;
    Ok(([(CONTENT_TYPE, "image/svg+xml")], svg).into_response())
}

/// Dark on light in both color schemes, because not all scanners read inverted codes.
fn code(url: &str) -> Result<String, Problem> {
    let code = QRBuilder::new(url).build().map_err(|error| Problem::internal(error.to_string()))?;
    Ok(SvgBuilder::default().margin(QUIET_ZONE).to_str(&code))
}

#[cfg(test)]
mod tests {
    use super::code;

    #[test]
    fn a_qr_code_has_neither_style_nor_script() {
        let svg = code("https://tickets.example/orders/0191").expect("a code");
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>"), "{svg}");
        assert!(!svg.contains("style") && !svg.contains("script"), "{svg}");
    }
}
