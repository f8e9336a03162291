//! The rule against state-changing requests from other sites (CSRF).

use axum::extract::Request;
use http::header::{HOST, ORIGIN};
use http::{HeaderMap, StatusCode};

use crate::Problem;

pub(super) fn check(request: &Request, public_url: Option<&str>) -> Result<(), Problem> {
    if request.method().is_safe() || is_same_origin(request.headers(), public_url) {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::FORBIDDEN,
        "cross-site",
        "This request came from another site; send it from our own pages, or without browser headers.",
    ))
}

/// Fetch metadata where the browser sends it (<https://www.w3.org/TR/fetch-metadata/>), else the origin.
fn is_same_origin(headers: &HeaderMap, public_url: Option<&str>) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return site != "cross-site" && site != "same-site";
    }
    let Some(origin) = headers.get(ORIGIN) else { return true };
    let Ok(origin) = origin.to_str() else { return false };
    match public_url {
        Some(url) => origin.eq_ignore_ascii_case(url.trim_end_matches('/')),
        None => headers
            .get(HOST)
            .and_then(|host| host.to_str().ok())
            .is_some_and(|host| origin.eq_ignore_ascii_case(&format!("http://{host}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours(headers: &[(&'static str, &'static str)], public_url: Option<&str>) -> bool {
        let headers = headers
            .iter()
            .map(|(name, value)| (http::HeaderName::from_static(name), http::HeaderValue::from_static(value)))
            .collect();
        is_same_origin(&headers, public_url)
    }

    #[test]
    fn fetch_metadata_decides_before_the_origin() {
        assert!(ours(&[("sec-fetch-site", "same-origin"), ("origin", "https://evil.example")], None));
        assert!(ours(&[("sec-fetch-site", "none")], None));
        assert!(!ours(&[("sec-fetch-site", "cross-site")], None));
        assert!(!ours(
            &[("sec-fetch-site", "same-site"), ("origin", "https://us.example")],
            Some("https://us.example")
        ));
    }

    #[test]
    fn without_fetch_metadata_the_origin_must_be_ours() {
        assert!(ours(&[], None));
        assert!(ours(&[("host", "127.0.0.1:3000"), ("origin", "http://127.0.0.1:3000")], None));
        assert!(!ours(&[("host", "127.0.0.1:3000"), ("origin", "https://127.0.0.1:3000")], None));
        assert!(!ours(&[("host", "127.0.0.1:3000"), ("origin", "null")], None));
        assert!(ours(&[("origin", "https://us.example")], Some("https://us.example/")));
        assert!(!ours(
            &[("host", "us.example"), ("origin", "http://us.example")],
            Some("https://us.example")
        ));
    }
}
