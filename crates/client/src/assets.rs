//! The style, which is part of every page, and scripts and pictures, which are named by their content and kept by
//! browsers for ever.

use std::collections::HashMap;
use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use common::Problem;
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

const SCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

/// Name, kind and content of each.
const ASSETS: [(&str, &str, &str); 5] = [
    ("page.js", SCRIPT, include_str!("../assets/page.js")),
    ("home.js", SCRIPT, include_str!("../assets/home.js")),
    ("checkout.js", SCRIPT, include_str!("../assets/checkout.js")),
    ("empty.svg", SVG, include_str!("../assets/empty.svg")),
    ("logo.svg", SVG, include_str!("../assets/logo.svg")),
];

/// The whole design, some 6 KiB compressed. It stands in the page itself: a page that first has to fetch its style is
/// painted a third later.
pub(crate) const STYLE: &str = include_str!("../assets/style.css");

/// The addresses by name, and what stands there.
struct Shelf {
    addresses: HashMap<&'static str, String>,
    assets: HashMap<String, (&'static str, &'static str)>,
}

static SHELF: LazyLock<Shelf> = LazyLock::new(|| {
    let named = ASSETS.map(|(name, kind, content)| {
        let hash = digest(&SHA256, content.as_bytes());
        let hash = URL_SAFE_NO_PAD.encode(&hash.as_ref()[..9]);
        let file =
            name.rsplit_once('.').map_or_else(|| hash.clone(), |(stem, end)| format!("{stem}.{hash}.{end}"));
        (name, file, kind, content)
    });
    Shelf {
        addresses: named.iter().map(|(name, file, ..)| (*name, format!("/assets/{file}"))).collect(),
        assets: named.into_iter().map(|(_, file, kind, content)| (file, (kind, content))).collect(),
    }
});

/// The address of an asset: `/assets/<name>.<hash>.<end>`.
pub(crate) fn address(name: &str) -> &'static str {
    SHELF.addresses.get(name).map_or("", String::as_str)
}

/// `GET /assets/{file}`
pub(crate) async fn serve(Path(file): Path<String>) -> Result<Response, Problem> {
    let (kind, content) = SHELF.assets.get(&file).ok_or_else(Problem::not_found)?;
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(kind)),
        (CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
    ];
    Ok((headers, *content).into_response())
}
